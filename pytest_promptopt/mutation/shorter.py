"""The shorter prompt: without the sentences that change no answer, if it is as good."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.evaluation.board import Variant, results_board
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.mutation_record import Cover, MutationRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.mutation.asking import Sender, asked_once
from pytest_promptopt.mutation.mutants import Mutants
from pytest_promptopt.mutation.sentences import Bounds
from pytest_promptopt.optimization.candidate import GIVEN, Candidate
from pytest_promptopt.optimization.editable import own_text
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import GateSettings, Prompt
from pytest_promptopt.providers.provider import Provider

ORIGIN = "mutation"
_ROUNDING = 1e-9
_LEFTOVERS = (
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*(?:[-*•+–]|\d{1,3}[.)])[ \t]*(?:\n|\Z)", re.MULTILINE), ""),
    (re.compile(r"\A\n+"), ""),
    (re.compile(r"\n{3,}"), "\n\n"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shorter:
    """The shorter prompt beside the one in the file, on the goldens that both answered."""

    candidate: Candidate
    before: Evaluation
    after: Evaluation
    calls: int

    @property
    def broken(self) -> list[str]:
        """Goldens that passed and do not any more."""
        passed = {result.id for result in self.before.having(Outcome.PASSED)}
        return [r.id for r in self.after.results if r.id in passed and r.outcome is Outcome.MISSED]

    @property
    def sentence(self) -> str:
        """What it scores, and on what."""
        before, after = self.before.score or 0.0, self.after.score or 0.0
        goldens = counted(len(self.after.results), "golden")
        return (
            f"Shorter, and as good: {after:.3f}, was {before:.3f}, on the {goldens} that it was "
            "found on; no unseen golden was asked."
        )


def shorter_candidate(prompt: Prompt, mutants: Mutants, record: MutationRecord) -> Candidate | None:
    """The prompt without its useless sentences; None where there is none to take away."""
    cuts: dict[int, list[Bounds]] = {}
    spans = {(s.message, s.span): s.cut for s in mutants.sentences}
    useless = _useless(record)
    for message, span in useless:
        cut = spans[message, span]
        if cut is not None:
            cuts.setdefault(message, []).append(cut)
    texts = {n: _without(prompt.messages[n].template.text, found) for n, found in cuts.items()}
    changed = Candidate(texts=texts).apply_to(prompt, ())
    texts = {n: text for n, text in texts.items() if own_text(changed, n)}
    note = f"Without {counted(len(useless), 'sentence')} that changed no answer."
    return Candidate(texts=texts, origin=ORIGIN, parent=GIVEN, note=note) if texts else None


def _useless(record: MutationRecord) -> list[tuple[int, Bounds]]:
    pairs = zip(record.sentences, record.covers, strict=True)
    return [(s.message, (s.start, s.end)) for s, of in pairs if of is Cover.USELESS]


def _without(text: str, cuts: Sequence[Bounds]) -> str:
    """The text without the characters in ``cuts``, which may overlap, and what they leave behind.

    Which is marks of lists, blanks at ends of lines, and lines without anything, unless the text
    has such by itself.
    """
    kept = "".join(_kept(text, cuts))
    for leftover, instead in _LEFTOVERS:
        kept = kept if leftover.search(text) else leftover.sub(instead, kept)
    return kept


def _kept(text: str, cuts: Sequence[Bounds]) -> Iterator[str]:
    end = 0
    for cut in sorted(cuts):
        yield text[end : max(cut[0], end)]
        end = max(cut[1], end)
    yield text[end:]


async def compare_shorter(
    subject: Subject, candidate: Candidate, goldens: Sequence[Golden], provider: Provider
) -> Shorter | None:
    """Both asked the goldens; None where the shorter one is not as good, or was not answered.

    As good is what breaks no golden, scores no less, and holds the gate if the other does.
    """
    subject, sender = asked_once(subject), Sender(provider)
    board = results_board(sender)
    given = Variant(id=GIVEN, subject=subject)
    prompt = candidate.apply_to(subject.prompt, ())
    variant = Variant(id=candidate.id, subject=replace(subject, prompt=prompt))
    await board.ask([(given, goldens), (variant, goldens)])
    before, after = (_evaluation(subject, board.known(side.id)) for side in (given, variant))
    shorter = Shorter(candidate=candidate, before=before, after=after, calls=sender.calls)
    return shorter if _is_as_good(subject.prompt.gate, shorter) else None


def _evaluation(subject: Subject, found: Mapping[str, GoldenResult]) -> Evaluation:
    return Evaluation(location=subject.prompt.location, results=tuple(found.values()))


def _is_as_good(gate: GateSettings | None, shorter: Shorter) -> bool:
    before, after = shorter.before, shorter.after
    is_whole = {r.id for r in before.results} == {r.id for r in after.results}
    if not is_whole or shorter.broken or (after.score or 0.0) < (before.score or 0.0) - _ROUNDING:
        return False
    return gate is None or judge(gate, after).passed or not judge(gate, before).passed
