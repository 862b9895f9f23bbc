"""A prompt as the page draws it after its mutants: each sentence by how many goldens hold it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.mutation_record import Cover, MutationRecord
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.reports.mutation import headline, particulars, remarks

_DARKEST = 3
_SIGNS = {Cover.UNTESTED: "?", Cover.USELESS: "✗", Cover.OPEN: "…"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadedText:
    """A piece of a message; ``label`` says what is known of it and ``sign`` is short for that.

    ``shade`` is the style; all three are empty where it is no sentence that has mutants.
    """

    text: str
    shade: str = ""
    sign: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMutation:
    """What the mutants showed; ``messages`` are none where the prompt is not known any more."""

    headline: str
    particulars: tuple[str, ...]
    messages: tuple[tuple[str, tuple[ShadedText, ...]], ...]
    remarks: tuple[str, ...]


def drawn_mutation(record: MutationRecord | None, prompt: Prompt | None) -> DrawnMutation | None:
    """The record with its ``prompt``; None in a run without mutants."""
    if record is None:
        return None
    messages = () if prompt is None else tuple(_messages(record, prompt))
    return DrawnMutation(
        headline=headline(record),
        particulars=tuple(particulars(record)),
        messages=messages,
        remarks=tuple(remarks(record)),
    )


def _messages(
    record: MutationRecord, prompt: Prompt
) -> Iterator[tuple[str, tuple[ShadedText, ...]]]:
    """Those that have mutants, with their roles."""
    for position, message in enumerate(prompt.messages):
        if any(sentence.message == position for sentence in record.sentences):
            yield message.role, tuple(_pieces(record, position, message.template.text))


def _pieces(record: MutationRecord, position: int, text: str) -> Iterator[ShadedText]:
    end = 0
    for number, sentence in enumerate(record.sentences):
        if sentence.message == position and end <= sentence.start < sentence.end <= len(text):
            yield ShadedText(text=text[end : sentence.start])
            yield _sentence(record, number, text[sentence.start : sentence.end])
            end = sentence.end
    yield ShadedText(text=text[end:])


def _sentence(record: MutationRecord, number: int, text: str) -> ShadedText:
    cover, holders = record.covers[number], record.holders(number)
    if cover is not Cover.HELD:
        return ShadedText(
            text=text,
            shade=cover.name.lower(),
            sign=_SIGNS[cover],
            label=cover.value,
        )
    shade, count = f"held-{min(len(holders), _DARKEST)}", counted(len(holders), "golden")
    label = f"held by {count}: {', '.join(holders)}"
    return ShadedText(text=text, shade=shade, sign=str(len(holders)), label=label)
