"""Proposals made for a test, from a file as a search makes them."""

from dataclasses import replace
from pathlib import Path

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.allowance import Spent
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.result import Result
from pytest_promptopt.optimization.verdict import SearchVerdict, VerdictKind
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.proposals.edit import Edit, edit_of
from pytest_promptopt.proposals.finding import proposal_of
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.providers.request import Model
from pytest_promptopt.statistics.comparison import Comparison
from pytest_promptopt.statistics.intervals import Interval

NAME = "prompts/a.prompt.yml"
FILE = b"""\
# who gets it
messages:
  - role: system
    content: 'Say who gets the ticket.'   # in a hurry
  - {role: user, content: "Ticket: {{ticket}}"}
testData:
  - {id: refund, ticket: My money back!, expected: billing}
"""
BETTER = Candidate(texts={0: "Answer billing or shipping."}, origin="reflect", note="Labels.")
SHOWN = Candidate(texts={1: "The ticket: {{ticket}}"}, demonstrations=("refund",))

IMPROVED = SearchVerdict(
    kind=VerdictKind.IMPROVED,
    sentence="Improved: +0.400 on 40 test goldens [+0.200, +0.600].",
    comparison=Comparison(
        pairs=40,
        fixed=17,
        broken=1,
        difference=0.4,
        interval=Interval(low=0.2, high=0.6),
        p_value=0.001,
        method="exact McNemar",
    ),
    before=0.5,
    after=0.9,
    fixed=("refund",),
    broken=("late",),
)
UNPROVEN = SearchVerdict(kind=VerdictKind.UNPROVEN, sentence="Unproven: 3 test goldens.")


def made(
    project: Path,
    candidate: Candidate = BETTER,
    *,
    content: bytes = FILE,
    verdict: SearchVerdict = IMPROVED,
    name: str = NAME,
) -> Proposal:
    """The candidate as a proposal for a file that is written with ``content``."""
    proposal, _ = made_with_edit(project, candidate, content=content, verdict=verdict, name=name)
    return proposal


def made_with_edit(
    project: Path,
    candidate: Candidate = BETTER,
    *,
    content: bytes = FILE,
    verdict: SearchVerdict = IMPROVED,
    name: str = NAME,
) -> tuple[Proposal, Edit]:
    """Like :func:`made`, with the edit that the search found."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    prompt = replace(read_prompt(path, root=project), location=name)
    subject = Subject(
        prompt=prompt,
        model=Model(provider="openai", name="m"),
        samples=1,
        evaluators=(),
        golden_evaluators={},
    )
    edit = edit_of(candidate, prompt, prompt.goldens, content)
    result = Result(
        chosen=candidate,
        reason="all 2 rounds are done",
        before=0.5,
        after=0.75,
        verdict=verdict,
        spent=Spent(task_calls=90, optimizer_calls=10, nano_usd=20_000_000),
    )
    proposal = proposal_of(
        candidate, edit, subject, result, run="0123456789ab", method="gepa", optimizer_model="o/m"
    )
    return proposal, edit
