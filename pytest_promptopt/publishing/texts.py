"""Texts on the forge beside the report: markers, suggestions and pull requests.

Texts of models, goldens and prompts go through :mod:`~pytest_promptopt.text.markdown`.
"""

import re

from pytest_promptopt.proposals.commits import commit_message
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.text.markdown import inline

TRAILER = "Prompt-Proposal:"
"""What a commit of ours ends with."""

_NOT_IN_MARKER = re.compile(r"[^\w./ -]|-(?=-)", re.ASCII)


def comment_marker(name: str) -> str:
    """The first line of the comment that the job called ``name`` keeps; shown to nobody."""
    return f"<!-- pytest-promptopt {_NOT_IN_MARKER.sub('_', name)} -->"


def proposal_marker(proposal: Proposal, commit: str = "") -> str:
    """The first line of what offers ``proposal`` for the branch at ``commit``."""
    return f"<!-- pytest-promptopt proposal {proposal.id} {commit}".rstrip() + " -->"


def is_for(text: str, proposal: Proposal) -> bool:
    """Whether a text of ours offers this very proposal, for whatever commit."""
    return text.startswith(f"<!-- pytest-promptopt proposal {proposal.id} ")


def pull_request_title(proposal: Proposal) -> str:
    """What the commit says first."""
    return commit_message(proposal).partition("\n")[0]


def pull_request_body(proposal: Proposal, commit: str) -> str:
    """Why one should merge it, and how it was found."""
    lines = [
        proposal_marker(proposal, commit),
        "",
        *_claim(proposal),
        "",
        f"Found by {inline(proposal.method)} with {inline(proposal.optimizer_model)} for "
        f"{inline(proposal.model)}, in {proposal.calls:,} calls. Only the prompt's text changes. "
        "Close this pull request to have it proposed no more.",
    ]
    return "\n".join(lines) + "\n"


def suggestion_text(proposal: Proposal, block: str) -> str:
    """A comment on lines, with the ``block`` that a click commits."""
    return "\n".join([proposal_marker(proposal), "", *_claim(proposal), "", block]) + "\n"


def fork_label(repository: str | None, commit: str) -> str:
    """What stands above results that nobody but the fork's own code vouches for."""
    source = inline(repository) if repository else "a fork that is gone"
    return f"> Reported by the code of {source} at {commit[:9]}, which nobody here has checked.\n\n"


def _claim(proposal: Proposal) -> list[str]:
    gain = proposal.gain
    claim = [inline(proposal.verdict, limit=500)]
    if gain is not None:
        claim = [
            f"**{gain.after:.3f}, was {gain.before:.3f}** on {gain.goldens} goldens that the "
            f"search never saw: {claim[0]}"
        ]
    return claim
