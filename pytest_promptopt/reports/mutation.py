"""The words in which all reports say what the mutants of a prompt showed."""

from collections.abc import Iterator, Sequence

from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.evaluation.mutation_record import (
    Cover,
    Fate,
    MutantRecord,
    MutationRecord,
    SentenceRecord,
)

_SHOWN = 5
_MOST_REMARKS = 40


def told(record: MutationRecord) -> Iterator[str]:
    """All that there is to say, a line each; of very many remarks the first."""
    yield headline(record)
    yield from particulars(record)
    found = [*remarks(record)]
    yield from found[:_MOST_REMARKS]
    if len(found) > _MOST_REMARKS:
        yield f"and {len(found) - _MOST_REMARKS} more (whole in the JSON report)"


def headline(record: MutationRecord) -> str:
    """The score, or why there is none."""
    noticed, judged = len(record.having(Fate.NOTICED)), counted(len(record.hits), "mutant")
    score, interval = record.score, record.interval
    if score is not None and interval is not None:
        return (
            f"mutation score {score:.2f} (95 % interval {interval.low:.2f} to {interval.high:.2f}):"
            f" goldens noticed {noticed} of {judged}"
        )
    if record.having(Fate.OPEN):
        return f"mutation score: not known yet; so far goldens noticed {noticed} of {judged}"
    return f"mutation score: none; {record.remark or 'no mutant changed an answer'}"


def particulars(record: MutationRecord) -> Iterator[str]:
    """What the score is over, and what it leaves out."""
    turned = f", {record.turned} of which missed when asked again" if record.turned else ""
    yield (
        f"asked: the {record.reliable} of {counted(record.goldens, 'golden')} that the prompt "
        f"passed twice{turned}; {counted(record.calls, 'call')}"
    )
    if record.mutants:
        yield f"a golden noticed a mutant by missing {record.repeats} times in a row"
    if equal := len(record.having(Fate.EQUAL)):
        word = "is" if equal == 1 else "are"
        yield f"{counted(equal, 'mutant')} changed no answer, and {word} left out of the score"
    if left_out := record.left_out:
        yield f"{left_out:,} more mutants were not asked"
    if undecided := len(record.having(Fate.OPEN)):
        why = record.remark or "some of their answers did not come"
        yield f"{counted(undecided, 'mutant')} not decided: {why}"


def remarks(record: MutationRecord) -> Iterator[str]:
    """What no golden holds: untested sentences, changes that go unseen, and useless sentences."""
    for section in (_untested, _unseen, _useless):
        for number, sentence in enumerate(record.sentences):
            yield from section(record, number, sentence, record.covers[number])


def _untested(
    record: MutationRecord, number: int, sentence: SentenceRecord, cover: Cover
) -> Iterator[str]:
    if cover is Cover.UNTESTED:
        mutants = record.of(number)
        also = "add an evaluator that minds, or " if any(m.changed for m in mutants) else ""
        told = f"no golden notices it {_in_words(mutants)}"
        yield _remark("untested", sentence, f"{told}; {also}write {sentence.advice}")


def _unseen(
    record: MutationRecord, number: int, sentence: SentenceRecord, cover: Cover
) -> Iterator[str]:
    unseen = [m for m in record.of(number) if m.fate in {Fate.UNNOTICED, Fate.EQUAL}]
    if cover is Cover.HELD and unseen:
        changes = [_change(mutant) for mutant in unseen]
        yield _remark("partly tested", sentence, f"unseen: {listed(changes, _SHOWN)}")


def _useless(
    record: MutationRecord, number: int, sentence: SentenceRecord, cover: Cover
) -> Iterator[str]:
    if cover is Cover.USELESS:
        told = f"no answer changes with it {_in_words(record.of(number))}"
        yield _remark("useless", sentence, f"{told}; delete it")


def _remark(kind: str, sentence: SentenceRecord, text: str) -> str:
    return f"{kind}, line {sentence.line}: “{sentence.text}”: {text}"


def _in_words(mutants: Sequence[MutantRecord]) -> str:
    """How the sentence was broken, and where that changed an answer."""
    kinds = " or ".join(dict.fromkeys(mutant.kind for mutant in mutants))
    changed = dict.fromkeys(golden for mutant in mutants for golden in mutant.changed)
    where = f", though answers change at {listed([*changed], _SHOWN)}" if changed else ""
    return f"{kinds}{where}"


def _change(mutant: MutantRecord) -> str:
    return f"“{mutant.before}” → “{mutant.after}”" if mutant.after else mutant.kind
