from pathlib import Path

import jsonschema
import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.violations import prompt_schema

MESSAGES = "messages: [{role: user, content: 'Hi {{name}}'}]\n"


def read(root: Path, text: str) -> Prompt:
    path = root / "a.prompt.yml"
    path.write_text(text)
    return read_prompt(path, root=root)


def warnings(prompt: Prompt) -> list[str]:
    return [str(problem) for problem in prompt.problems]


def refusal(root: Path, text: str) -> str:
    with pytest.raises(PromptFileError) as caught:
        read(root, text)
    return str(caught.value)


def test_a_file_from_githubs_documentation_is_read_without_a_warning(tmp_path: Path) -> None:
    prompt = read(
        tmp_path,
        """\
name: Text Summarizer
description: Summarizes input text concisely
model: openai/gpt-4o-mini
modelParameters:
  temperature: 0.5
messages:
  - role: system
    content: You are a text summarizer. Your only job is to summarize text given to you.
  - role: user
    content: |
      Summarize the given text, beginning with "Summary -":
      <text>
      {{input}}
      </text>
testData:
  - input: |
      The quick brown fox jumped over the lazy dog.
      The dog was too tired to react.
    expected: Summary - A fox jumped over a lazy, unresponsive dog.
evaluators:
  - name: Output should start with 'Summary -'
    string:
      startsWith: 'Summary -'
  - name: Similarity
    uses: github/similarity
""",
    )
    assert warnings(prompt) == []
    assert prompt.name == "Text Summarizer"
    assert prompt.model == "openai/gpt-4o-mini"
    assert prompt.parameters == {"temperature": 0.5}
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.messages[1].line == 10
    assert [(spec.name, spec.kind, spec.line) for spec in prompt.evaluators] == [
        ("Output should start with 'Summary -'", "string", 21),
        ("Similarity", "uses", 24),
    ]
    assert prompt.goldens[0].line == 16
    assert prompt.goldens[0].expected == "Summary - A fox jumped over a lazy, unresponsive dog."


@pytest.mark.parametrize(
    "parameters",
    [
        "modelParameters: {maxTokens: 5, topP: 0.5}",
        "modelParameters: {max_tokens: 5, top_p: 0.5}",
        "modelParameters: {maxCompletionTokens: 5, topP: 0.5}",
        "config: {max_tokens: 5, top_p: 0.5}",
        "model: {name: openai/x, parameters: {maxTokens: 5, topP: 0.5}}",
    ],
)
def test_parameters_of_every_dialect_get_the_same_names(tmp_path: Path, parameters: str) -> None:
    prompt = read(tmp_path, f"{MESSAGES}{parameters}\n")
    assert prompt.parameters == {"max_tokens": 5, "top_p": 0.5}
    assert warnings(prompt) == []


def test_what_is_not_understood_is_told_with_its_line(tmp_path: Path) -> None:
    prompt = read(
        tmp_path,
        """\
version: 2
colour: red
messages:
  - role: user
    content: "{{#if x}}y{{/if}}"
    name: bob
modelParameters: {top_a: 0, logprobs: true}
gate: {min: 0.5, maxDrop: 0.1}
reducer: majority
""",
    )
    assert warnings(prompt) == [
        "a.prompt.yml:2: the key `colour` is not understood and has no effect",
        "a.prompt.yml:6: the message's key `name` is not understood and has no effect",
        "a.prompt.yml:7: the parameter `top_a` is not known; it is sent as it is",
        "a.prompt.yml:7: the parameter `logprobs` is not known; it is sent as it is",
        "a.prompt.yml:5: `{{#if x}}` stays text: it is no placeholder",
        "a.prompt.yml:5: `{{/if}}` stays text: it is no placeholder",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("responseFormat: json", "`responseFormat` cannot be 'json' (known: text"),
        ("responseFormat: {type: xml}", "`responseFormat` cannot be 'xml' (known: text"),
        ("modelParameters: {response_format: xml}", "`responseFormat` cannot be 'xml'"),
        ("answer: {aftre: x}", "a.prompt.yml:2: `answer.aftre` is not understood"),
        ("anwser: whole", "the key `anwser` is not understood; did you mean `answer`?"),
        ("sample: 3", "the key `sample` is not understood; did you mean `samples`?"),
    ],
)
def test_what_would_change_the_answers_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, f"{MESSAGES}{text}\n")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{equals: x, not: maybe}", "`evaluators[0].not` must be true or false, found text"),
        ("{equals: x, optional: 1}", "`evaluators[0].optional` must be true or false, found a num"),
        ("{equals: x, weight: 0}", "`evaluators[0].weight` must be above 0, found 0"),
        ("{equals: x, weight: 1e9}", "`evaluators[0].weight` must be at most 1000000, found"),
        ("{equals: x, wieght: 2}", "the key `wieght` is not understood; did you mean `weight`?"),
        ("{equals: x, optional: true}", "a.prompt.yml:2: all evaluators are optional, so that"),
    ],
)
def test_what_every_evaluator_takes_is_checked(tmp_path: Path, entry: str, told: str) -> None:
    assert told in refusal(
        tmp_path, f"evaluators:\n  - {entry}\n{MESSAGES}testData: [{{q: a}}, {{q: b}}]\n"
    )


def test_a_goldens_own_evaluators_are_checked_too(tmp_path: Path) -> None:
    told = refusal(
        tmp_path, f"{MESSAGES}testData: [{{q: a, evaluators: [{{equals: x, not: 1}}]}}]\n"
    )
    assert "evaluator `evaluator 1`: `not` must be true or false, found 1" in told


def test_all_violations_of_the_schema_are_told_in_file_order(tmp_path: Path) -> None:
    message = refusal(
        tmp_path,
        """\
modelParameters:
  temperature: hot
messages:
  - role: robot
    content: {a: 1}
gate: {min: 2}
testData: {a: 1}
samples: 0
""",
    )
    assert (
        message
        == """\
a.prompt.yml:2: `modelParameters.temperature` must be a number, found text ('hot')
a.prompt.yml:4: `messages[0].role` cannot be 'robot' (known: system, developer, user, assistant)
a.prompt.yml:5: `messages[0].content` must be text or a number or a list, found a mapping; quote it
a.prompt.yml:6: `gate.min` must be at most 1, found 2; for 2 % write 0.02
a.prompt.yml:7: `testData` must be a list, found a mapping; begin each entry with `- `
a.prompt.yml:8: `samples` must be at least 1, found 0"""
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mesages: [{role: user, content: x}]", "`mesages` is not understood; did you mean `mess"),
        (f"{MESSAGES}evaluatrs: []", "the key `evaluatrs` is not understood; did you mean `evalua"),
        (
            f"{MESSAGES}testdata: []",
            "the key `testdata` is not understood; did you mean `testData`",
        ),
        (
            f"{MESSAGES}response_format: text",
            "the key `response_format` is not understood; did you",
        ),
        (
            f"{MESSAGES}modelParamters: {{}}",
            "the key `modelParamters` is not understood; did you mean `modelParameters`?",
        ),
        (
            f"{MESSAGES}modelParameters: {{maxToken: 5}}",
            "the parameter `maxToken` is not understood; did you mean `max_tokens`?",
        ),
        (
            f"{MESSAGES}config: {{temprature: 0}}",
            "the parameter `temprature` is not understood; did you mean `temperature`?",
        ),
        (
            "messages: [{role: user, content: x, contents: y}]",
            "the message's key `contents` is not understood; did you mean `content`?",
        ),
        ("messages: [{rle: user, content: x}]", "`messages[0].rle` is not understood; did you"),
        ("messages: [{role: sytem, content: x}]", "user, assistant); did you mean `system`?"),
        (f"{MESSAGES}optimize: {{ruonds: 3}}", "`optimize.ruonds` is not understood (known: "),
        (f"{MESSAGES}optimize: 300 calls", "`optimize` must be a mapping, found text ('300 calls'"),
        (
            f"{MESSAGES}gate: 0.85",
            "`gate` must be a mapping, found a number (0.85); write `gate: {",
        ),
        (f"{MESSAGES}gate: 85", "found a number (85); write `gate: {min: 0.85}`"),
        (f"{MESSAGES}gate: {{min: '0.8'}}", "`gate.min` must be a number, found text ('0.8')"),
        (f"{MESSAGES}testData: g.csv", "found text ('g.csv'); files of goldens are named under `g"),
        (f"{MESSAGES}goldens: [1]", "`goldens[0]` must be text or a mapping, found a number (1)"),
        ("messages: []", "`messages` holds nothing"),
        ("messages: hi", "must be a list, found text ('hi'); write `messages: [{role: user,"),
        ("messages: [{role: user}]", "`messages[0].content` is missing, found `role`"),
    ],
)
def test_a_slip_is_told_with_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    text = f"{text}\n"
    found = refusal(tmp_path, text)
    assert found.startswith(f"a.prompt.yml:{text.count(chr(10))}: ")
    assert message in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "a.prompt.yml:1: expected a mapping with `messages:`, found a list"),
        ("name: x\n", "a.prompt.yml:1: `messages` is missing, found `name`"),
        (f"{MESSAGES}jsonSchema: '{{'\n", "a.prompt.yml:2: jsonSchema is not JSON"),
        (f"{MESSAGES}jsonSchema: '[1]'\n", "a.prompt.yml:2: jsonSchema must be a JSON Schema"),
        (f"{MESSAGES}jsonSchema: '{{\"maximum\": NaN}}'\n", "jsonSchema is not JSON: NaN is not"),
        (f"{MESSAGES}jsonSchema: '{'[' * 300 + ']' * 300}'\n", "nested more than 100 levels deep"),
        (f"{MESSAGES}jsonSchema: {{type: 5}}\n", "a.prompt.yml:2: jsonSchema is not a JSON Schema"),
        (
            f"{MESSAGES}responseFormat: json_schema\n",
            "a.prompt.yml:2: responseFormat is json_schema, but there is no jsonSchema",
        ),
    ],
)
def test_files_that_cannot_be_used_say_why(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "schema",
    [
        "{name: n, strict: true, schema: {type: object}}",
        '\'{"name": "n", "strict": true, "schema": {"type": "object"}}\'',
        "{type: json_schema, json_schema: {name: n, strict: true, schema: {type: object}}}",
    ],
)
def test_json_schemas_come_as_yaml_or_as_a_string(tmp_path: Path, schema: str) -> None:
    prompt = read(tmp_path, f"{MESSAGES}jsonSchema: {schema}\n")
    assert prompt.response_format == "json_schema"
    assert prompt.json_schema == {"name": "n", "strict": True, "schema": {"type": "object"}}


def test_a_bare_json_schema_is_wrapped(tmp_path: Path) -> None:
    prompt = read(tmp_path, f"{MESSAGES}jsonSchema: {{type: object, title: My answer}}\n")
    assert prompt.json_schema == {
        "name": "My-answer",
        "schema": {"type": "object", "title": "My answer"},
    }


def test_inline_goldens_and_files_are_joined(tmp_path: Path) -> None:
    (tmp_path / "g.jsonl").write_text('{"id": "b", "name": "Bo"}\n')
    text = f"{MESSAGES}testData: [{{id: a, name: Al}}]\ngoldens: [g.jsonl]\n"
    assert [golden.id for golden in read(tmp_path, text).goldens] == ["a", "b"]


def test_developer_messages_and_text_parts_are_read(tmp_path: Path) -> None:
    prompt = read(
        tmp_path,
        "messages:\n"
        "  - {role: developer, content: Be kind.}\n"
        "  - {role: user, content: [{type: text, text: 'a '}, {type: text, text: b}]}\n",
    )
    assert [(m.role, m.template.text) for m in prompt.messages] == [
        ("system", "Be kind."),
        ("user", "a b"),
    ]


def test_the_published_schema_is_valid_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(prompt_schema())


def test_5_000_goldens_are_read_in_order(tmp_path: Path) -> None:
    lines = (f'{{"name": "n{number}"}}' for number in range(5_000))
    (tmp_path / "g.jsonl").write_text("\n".join(lines))
    prompt = read(tmp_path, f"{MESSAGES}goldens: g.jsonl\n")
    assert len({golden.id for golden in prompt.goldens}) == 5_000
    assert prompt.goldens[-1].line == 5_000


def test_messages_that_ran_under_gh_models_are_read(tmp_path: Path) -> None:
    prompt = read(
        tmp_path,
        """\
messages:
  - {role: System, content: 42}
  - {role: USER, content: null}
  - {role: assistant, content: 1.50}
testData: [{expected: a}]
evaluators: []
""",
    )
    said = [(message.role, message.template.text) for message in prompt.messages]
    assert said == [("system", "42"), ("user", ""), ("assistant", "1.50")]
    assert prompt.evaluators == ()


@pytest.mark.parametrize(
    "text",
    [
        "evaluatrs: []",
        "colour: red",
        "gate: {minimum: 1}",
        "gate: {tags: {a: {mni: 1}}}",
        "optimize: {ruonds: 1}",
        "evaluators: [{number: {tolerence: 1}}]",
        "evaluators: [{json: {field: [a]}}]",
        "evaluators: [{string: {equal: a}}]",
        "evaluators: [{llm: {promt: a, choices: []}}]",
        "gate: {min: 1, evaluators: {string: {mni: 1}}}",
    ],
)
def test_an_editor_shows_the_same_unknown_keys(text: str) -> None:
    data = parse_document(f"{MESSAGES}{text}\n", "a.prompt.yml").data
    [error] = jsonschema.Draft202012Validator(prompt_schema()).iter_errors(data)
    assert error.validator == "additionalProperties"


def test_a_name_of_an_evaluator_may_be_a_number(tmp_path: Path) -> None:
    entries = "evaluators: [{name: 5, equals: x}, {name: 1.0, string: {contains: a}}]"
    prompt = read(tmp_path, f"{MESSAGES}testData: [{{name: Ann}}]\n{entries}")
    assert [spec.name for spec in prompt.evaluators] == ["5", "1.0"]
