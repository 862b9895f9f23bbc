"""The outcome of a finished search, and the proposal that it makes."""

from dataclasses import dataclass, replace
from pathlib import Path

from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.history.place import place_in
from pytest_promptopt.messages import Message
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.contradictions import contradictions
from pytest_promptopt.optimization.result import Result
from pytest_promptopt.optimization.verdict import SearchVerdict
from pytest_promptopt.prompts.document import decoded, parse_document
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.proposals.edit import Edit
from pytest_promptopt.proposals.patch import unified_patch
from pytest_promptopt.proposals.proposal import (
    KEYS,
    Gain,
    KeyChange,
    Proposal,
    ShownExamples,
    TextChange,
    blob_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A search that ended, and what it proposes, if anything."""

    search: SearchRecord
    proposal: Proposal | None


def proposal_of(
    candidate: Candidate,
    edit: Edit,
    subject: Subject,
    result: Result,
    *,
    run: str,
    method: str,
    optimizer_model: str,
) -> Proposal:
    """The candidate that ``result`` chose, with its ``edit`` of the subject's file."""
    prompt, spent = subject.prompt, result.spent
    return Proposal(
        prompt=subject.key,
        location=edit.location,
        blob=blob_id(edit.before),
        texts=_texts(candidate, prompt),
        demonstrations=_demonstrations(candidate, prompt),
        keys=_keys(edit),
        patch=unified_patch(_name(prompt.path, edit.location), edit.before, edit.after),
        candidate=candidate.id,
        origin=candidate.origin,
        note=candidate.note,
        run=run,
        method=method,
        model=str(subject.model),
        optimizer_model=optimizer_model,
        before=_rounded(result.before),
        after=_rounded(result.after),
        verdict=result.verdict.sentence if result.verdict else "",
        gain=_gain(result.verdict),
        calls=spent.calls,
        cost_usd=None if spent.unpriced else spent.cost_usd,
        contradictions=_contradictions(candidate, prompt),
    )


def _contradictions(candidate: Candidate, prompt: Prompt) -> tuple[str, ...]:
    without_examples = replace(candidate, demonstrations=())
    return contradictions(prompt, without_examples.apply_to(prompt, ()))


def _rounded(score: float | None) -> float | None:
    """Without what a sum leaves above 1."""
    return None if score is None else round(score, 9)


def _texts(candidate: Candidate, prompt: Prompt) -> tuple[TextChange, ...]:
    return tuple(
        TextChange(
            position=position,
            role=prompt.messages[position].role,
            before=prompt.messages[position].template.text,
            after=text,
        )
        for position, text in sorted(candidate.changed_texts(prompt, prompt.goldens).items())
    )


def _keys(edit: Edit) -> tuple[KeyChange, ...]:
    before, after = (
        parse_document(decoded(content, edit.location), edit.location).data
        for content in (edit.before, edit.after)
    )
    return tuple(
        KeyChange(key=key, before=before.get(key), after=after.get(key))
        for key in KEYS
        if before.get(key) != after.get(key)
    )


def _demonstrations(candidate: Candidate, prompt: Prompt) -> ShownExamples | None:
    if not candidate.demonstrations or candidate.shown_in is not None:
        return None
    shown = candidate.apply_to(prompt, prompt.goldens).messages
    at = max(n for n, message in enumerate(prompt.messages) if message.role == "user")
    added = shown[at : at + len(shown) - len(prompt.messages)]
    return ShownExamples(
        position=at,
        question=prompt.messages[at].template.text,
        messages=tuple(Message(role=m.role, content=m.template.text) for m in added),
    )


def _gain(verdict: SearchVerdict | None) -> Gain | None:
    if verdict is None or verdict.comparison is None:
        return None
    comparison = verdict.comparison
    before, after = _rounded(verdict.before), _rounded(verdict.after)
    if before is None or after is None:
        return None
    return Gain(
        goldens=comparison.pairs,
        before=before,
        after=after,
        difference=comparison.difference,
        interval=comparison.interval,
        margin=verdict.margin,
        fixed=verdict.fixed,
        broken=verdict.broken,
    )


def _name(path: Path, location: str) -> str:
    """The file's path from the root of its repository; without one, from that of the project."""
    root = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    place = None if root is None else place_in(root.resolve(), path)
    return location if place is None else place.as_posix()
