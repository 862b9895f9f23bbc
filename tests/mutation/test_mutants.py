import textwrap
from pathlib import Path

import pytest

from pytest_promptopt.mutation.mutants import Mutants
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.proposals.edit import edit_of
from tests.mutation.world import mutants_in, subject_of

TAIL = """\
  - {role: user, content: "{{ticket}}"}
testData:
  - {id: a, ticket: x, expected: billing}
evaluators:
  - {name: team, choice: [billing, shipping, returns]}
"""


def in_block(said: str, style: str = "|") -> str:
    head = f"model: scripted:model\nmessages:\n  - role: system\n    content: {style}\n"
    return head + textwrap.indent(said, "      ") + "\n" + TAIL


def changes(found: Mutants) -> set[tuple[str, str, str]]:
    return {(mutant.kind.value, mutant.before, mutant.after) for mutant in found.chosen}


@pytest.mark.parametrize(
    ("said", "kind", "before", "after"),
    [
        ("Do not explain.", "negated", "Do not explain.", "Explain."),
        ("Always greet.", "negated", "Always greet.", "Never greet."),
        ("You must greet.", "negated", "You must greet.", "You must not greet."),
        ("Answer in one word.", "negated", "Answer in one word.", "Do not answer in one word."),
        ("Nenne nie den Namen.", "negated", "Nenne nie den Namen.", "Nenne den Namen."),
        ("Réponds toujours vite.", "negated", "Réponds toujours vite.", "Réponds jamais vite."),
        ("不要解释。", "negated", "不要解释。", "请解释。"),
        ("Refunds: returns.", "with another label", "Refunds: returns.", "Refunds: billing."),
        ("Billing: billing, shipping or returns.", "with another label",
         "Billing: billing, shipping or returns.", "Billing: billing, shipping."),
        ("At most 20 words.", "with another number", "At most 20 words.", "At most 10 words."),
        ("Use at most five words.", "with another number", "Use at most five words.",
         "Use at most 10 words."),
        ("Give it as JSON.", "without its format", "Give it as JSON.", "Give it."),
        ("Write it in lower case.", "without its format", "Write it in lower case.", "Write it."),
        ("You are a clerk.", "in another role", "You are a clerk.", "You are a poet."),
        ("Du bist ein Helfer.", "in another role", "Du bist ein Helfer.", "Du bist ein Dichter."),
        ("Think step by step.", "without its cue", "Think step by step.", "Think."),
        ("Nenne nur das Team.", "without its cue", "Nenne nur das Team.", "Nenne das Team."),
        ("只回答一个词。", "without its cue", "只回答一个词。", "回答一个词。"),
    ],
)  # fmt: skip
def test_a_sentence_is_broken_in_every_way_that_it_offers(
    tmp_path: Path, said: str, kind: str, before: str, after: str
) -> None:
    found = changes(mutants_in(tmp_path, in_block(f"{said}\n\nMore of this.")))
    assert (kind, before, after) in found
    assert ("dropped", before, "") in found


def test_sentences_are_found_across_lines_in_lists_and_in_languages_without_blanks(
    tmp_path: Path,
) -> None:
    said = """\
        # Rules
        1. Answer at once, e.g. today. Keep to what is asked by
           the customer.
        - "One. Two" is quoted.

        ```
        Not. This.
        ```
        请用中文回答。不要解释。
    """
    found = mutants_in(tmp_path, in_block(textwrap.dedent(said)))
    text = subject_of(tmp_path, in_block(textwrap.dedent(said)))[0].prompt.messages[0].template.text
    assert [" ".join(text[slice(*s.span)].split()) for s in found.sentences] == [
        "Answer at once, e.g. today.",
        "Keep to what is asked by the customer.",
        '"One. Two" is quoted.',
        "请用中文回答。",
        "不要解释。",
    ]


EXAMPLES = """\
model: scripted:model
messages:
  - role: system
    content: |
      Route the ticket.

      Input: my card
      Output: billing

      Input: my parcel
      Output: shipping
  - {role: user, content: lost parcel}
  - {role: assistant, content: shipping}
  - {role: user, content: my money}
  - {role: assistant, content: billing}
"""


def test_examples_are_left_out_or_get_the_answer_of_another(tmp_path: Path) -> None:
    mutants = mutants_in(
        tmp_path, EXAMPLES.replace("      Input: my p", "      Wait.\n\n      Input: my p") + TAIL
    )
    places = [(sentence.message, sentence.span) for sentence in mutants.sentences]
    assert places == sorted(places)
    found = changes(mutants)
    swapped = "with another answer"
    assert ("dropped", "Input: my card Output: billing", "") in found
    assert (swapped, "Input: my card Output: billing", "Input: my card Output: shipping") in found
    assert (swapped, "shipping", "billing") in found
    assert (swapped, "billing", "shipping") in found


def test_no_mutant_loses_a_placeholder_empties_a_message_or_comes_twice(tmp_path: Path) -> None:
    said = "Ticket: {{ticket}}. Do not explain {{ticket}}. Same rule. Same rule."
    found = mutants_in(tmp_path, in_block(said))
    assert all(Template(mutant.text).placeholders == ("ticket",) for mutant in found.chosen)
    texts = [" ".join(mutant.text.split()) for mutant in found.chosen]
    assert len(set(texts)) == len(texts)
    alone = mutants_in(tmp_path, in_block("Do not explain."))
    assert {mutant.kind.value for mutant in alone.chosen} == {"negated"}


SAID = "Do not say: 'yes' # ever.\n- Answer \"billing\" or shipping: only one.\n\nUse 20 words.\n"


@pytest.mark.parametrize("style", ["|", "|-", "|+", ">", "flow", "single", "double", "example"])
def test_every_mutant_can_be_written_into_the_file_and_reads_as_meant(
    tmp_path: Path, style: str
) -> None:
    content = {
        "flow": "  - {role: system, content: Do not say it. Use 20}",
        "single": "  - role: system\n    content: 'Don''t. Use 20: x'",
        "double": '  - role: system\n    content: "Never. Use \\u0041 20."',
    }
    head = "model: scripted:model\nmessages:\n"
    quoted = {name: f"{head}{message}\n" for name, message in content.items()}
    quoted["example"] = EXAMPLES
    text = quoted[style] + TAIL if style in quoted else in_block(SAID, style)
    subject, before = subject_of(tmp_path, text)
    found = mutants_in(tmp_path, text)
    assert len(found.chosen) > 1
    for mutant in found.chosen:
        edit = edit_of(mutant.candidate, subject.prompt, (), before)
        (tmp_path / "a.prompt.yml").write_bytes(edit.after)
        read = read_prompt(tmp_path / "a.prompt.yml", root=tmp_path)
        assert read.messages[mutant.message].template.text == mutant.text
