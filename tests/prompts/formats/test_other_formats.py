"""Files of other tools than promptfoo, told by their content and imported."""

import json
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from tests.prompts.formats.project import Foreign

EVAL = {
    "object": "eval",
    "name": "Routing",
    "data_source_config": {"type": "custom"},
    "testing_criteria": [
        {"type": "string_check", "name": "right", "input": "{{sample.output_text}}",
         "operation": "ilike", "reference": "{{item.team}}"},
        {"type": "text_similarity", "input": "{{ sample.output_text }}", "pass_threshold": 0.8,
         "evaluation_metric": "rouge_l", "reference": "{{item.team}}"},
        {"type": "label_model", "model": "gpt-4o", "labels": ["kind", "rude"],
         "passing_labels": ["kind"],
         "input": [{"role": "developer", "content": "Judge the tone."},
                   {"role": "user", "content": {"type": "input_text",
                                                "text": "{{sample.output_text}}"}}]},
        {"type": "score_model", "model": "gpt-4o", "range": [1, 5], "pass_threshold": 4,
         "input": [{"role": "user", "content": "How good? {{sample.output_text}}"}]},
        {"type": "python", "source": "def grade(): ..."},
        {"type": "string_check", "input": "{{sample.output_json.a}}", "operation": "eq",
         "reference": "x"},
    ],
    "runs": [{"data_source": {
        "type": "responses", "model": "gpt-4o-mini", "sampling_params": {"temperature": 0},
        "input_messages": {"type": "template", "template": [
            {"role": "developer", "content": "Route."},
            {"type": "message", "role": "user",
             "content": {"type": "input_text", "text": "{{item.ticket}}"}}]},
        "source": {"type": "file_content", "content": [{"item": {"ticket": "t", "team": "a"}}]},
    }}],
}  # fmt: skip


def test_an_eval_of_openai_is_prompt_goldens_and_graders(foreign: Foreign) -> None:
    result = foreign("routing.json", json.dumps(EVAL, indent=1))
    data = result.data("routing.prompt.yml")
    [right, alike, tone, score] = data.pop("evaluators")
    assert data == {
        "name": "Routing",
        "model": "openai/gpt-4o-mini",
        "modelParameters": {"temperature": 0},
        "messages": [
            {"role": "developer", "content": "Route."},
            {"role": "user", "content": "{{ticket}}"},
        ],
        "testData": [{"ticket": "t", "team": "a"}],
    }
    assert right == {"name": "right", "contains": {"all": "{{team}}"}}
    assert alike == {"rouge": {"to": "{{team}}", "variant": "L"}, "threshold": 0.8}
    assert tone["llm"]["systemPrompt"] == "Judge the tone."
    assert tone["llm"]["prompt"] == "{{completion}}\n\nAnswer with kind, rude."
    assert tone["llm"]["choices"] == [
        {"choice": "kind", "score": 1},
        {"choice": "rude", "score": 0},
    ]
    assert score["threshold"] == 0.75
    assert score["llm"]["choices"][3] == {"choice": "4", "score": 0.75}
    assert result.errors == []
    assert [line.split(": ", 1)[1] for line in result.told if "grader" in line] == [
        "the grader `python` has no counterpart: it runs code",
        "the grader `string_check` has no counterpart: it looks at parts of what a model said, "
        "not at its text",
    ]


def test_a_stored_prompt_is_a_prompt(foreign: Foreign) -> None:
    stored = {
        "id": "pmpt_1",
        "version": "2",
        "model": "gpt-5-mini",
        "instructions": "Be brief, {{name}}.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi {{ topic }}"}]},
            {"type": "function_call", "name": "f"},
        ],
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_object"}},
        "tools": [{"type": "web_search"}],
        "variables": {"name": "Ann", "topic": "cats"},
    }
    result = foreign("greet.json", json.dumps({"prompt": stored}))
    assert result.data() == {
        "model": "openai/gpt-5-mini",
        "modelParameters": {"reasoningEffort": "low"},
        "responseFormat": "json_object",
        "messages": [
            {"role": "system", "content": "Be brief, {{name}}."},
            {"role": "user", "content": "Hi {{topic}}"},
        ],
        "testData": [{"name": "Ann", "topic": "cats"}],
    }
    assert result.told == [
        "greet.json:1: the setting `tools` has no counterpart",
        "greet.json:1: a message of the role `None` has no counterpart",
    ]


PROMPTY = """\
---
name: greeting
model:
  id: gpt-4o-mini
  provider: openai
  connection: {kind: key, apiKey: "${env:OPENAI_API_KEY}"}
  options: {temperature: 0.2, maxOutputTokens: 50}
inputs:
  - {name: name, kind: string, default: World}
  - {name: mood, kind: string}
tools: [{name: f}]
---
system:
You are friendly.

user:
{% if mood %}Hello {{name}}!{% endif %}
"""
PROMPTY_1 = """\
---
model:
  api: chat
  configuration: {type: azure_openai, azure_deployment: gpt-35}
  parameters: {max_tokens: 9}
sample: {q: a}
---
system:
Answer.

user:
{{q}}
"""
DOTPROMPT = """\
---
model: googleai/gemini-2.5-flash
config: {temperature: 0.7, topK: 20, stopSequences: [STOP]}
input:
  default: {name: Guest}
  schema: {name: string}
output:
  format: json
  schema:
    greeting: string, what to say
    tags?(array): string
    mood(enum): [glad, sad]
---
{{! a note }}
{{role "system"}}
You greet.
{{role "user"}}
Say hi to {{{name}}}. {{#if x}}loud{{/if}}
"""


def test_prompty_is_read_in_both_versions(foreign: Foreign) -> None:
    result = foreign("greet.prompty", PROMPTY)
    assert result.data() == {
        "name": "greeting",
        "model": "openai/gpt-4o-mini",
        "modelParameters": {"temperature": 0.2, "maxTokens": 50},
        "messages": [
            {"role": "system", "content": "You are friendly."},
            {"role": "user", "content": "{% if mood %}Hello {{name}}!{% endif %}"},
        ],
        "testData": [{"name": "World"}],
    }
    assert result.told == [
        "greet.prompty:11: `tools` has no counterpart",
        "greet.prompty:16: logic in a template stays text: {% if mood %}",
        "greet.prompty:16: logic in a template stays text: {% endif %}",
    ]
    bare = foreign("bare.prompty", "system:\nBe kind.\n\nuser:\n{{q}}\n").data()
    assert [message["role"] for message in bare["messages"]] == ["system", "user"]
    first = foreign("old.md", PROMPTY_1)
    assert first.result.imported.format == "prompty"
    assert first.data()["model"] == "openai/gpt-35"
    assert first.data()["testData"] == [{"q": "a"}]


def test_dotprompt_is_read_with_its_schema(foreign: Foreign) -> None:
    result = foreign("greet.prompt", DOTPROMPT)
    data = result.data()
    assert data["messages"] == [
        {"role": "system", "content": "You greet."},
        {"role": "user", "content": "Say hi to {{name}}. {{#if x}}loud{{/if}}"},
    ]
    assert data["modelParameters"] == {"temperature": 0.7, "topK": 20, "stop": ["STOP"]}
    assert data["testData"] == [{"name": "Guest"}]
    assert data["jsonSchema"]["schema"] == {
        "type": "object",
        "properties": {
            "greeting": {"type": "string", "description": "what to say"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "mood": {"enum": ["glad", "sad"]},
        },
        "required": ["greeting", "mood"],
        "additionalProperties": False,
    }
    assert result.told == [
        "greet.prompt:2: `googleai/gemini-2.5-flash` is no model that is known here: map it to an "
        "endpoint in ini `prompt_models`",
        "greet.prompt:18: a helper or logic of Handlebars stays text: {{#if x}}",
        "greet.prompt:18: a helper or logic of Handlebars stays text: {{/if}}",
    ]


@pytest.mark.parametrize(
    ("name", "text", "format_name", "goldens"),
    [
        (
            "g.json",
            '[{"input": "a", "actual_output": null, "expected_output": "b", "name": "One",'
            ' "retrieval_context": ["x", "y"], "additional_metadata": {"kind": "easy"}}]',
            "deepeval",
            [{"id": "One", "input": "a", "retrieval_context": ["x", "y"], "expected": "b",
              "tags": ["easy"]}],
        ),
        (
            "g.csv",
            "input,actual_output,expected_output,retrieval_context\na,,b,x|y\n",
            "deepeval",
            [{"input": "a", "retrieval_context": ["x", "y"], "expected": "b"}],
        ),
        (
            "g.json",
            '[{"input": "a", "actualOutput": "x", "expectedOutput": "b"}]',
            "deepeval",
            [{"input": "a", "expected": "b"}],
        ),
        (
            "t.csv",
            "q,__expected\na,b\nc,icontains:d\n",
            "promptfoo-tests",
            [{"q": "a", "expected": "b"},
             {"q": "c", "evaluators": [{"contains": {"all": "d"}}]}],
        ),
        (
            "t.json",
            '[{"vars": {"q": "a"}, "assert": [{"type": "equals", "value": "b"}]}]',
            "promptfoo-tests",
            [{"q": "a", "expected": "b"}],
        ),
        (
            "s.jsonl",
            '{"input": "2+2?", "choices": ["3", "4"], "target": "B", "id": 7}\n'
            '{"input": [{"role": "user", "content": "hi"}], "target": ["a", "b"], "id": 7}\n',
            "inspect",
            [
                {"id": "7", "input": "2+2?", "options": ["3", "4"], "expected": "B"},
                {"id": "7-2", "input": "hi", "expected": ["a", "b"]},
            ],
        ),
        (
            "l.jsonl",
            '{"id": "x", "inputs": {"q": "a", "k": 1.50}, "outputs": {"answer": "b"},'
            ' "metadata": {"split": "base"}, "split": "test"}\n',
            "langsmith",
            [{"q": "a", "k": 1.5, "expected": "b", "tags": ["base"], "split": "test"}],
        ),
        (
            "l.csv",
            'input_q,output_answer\na,"{""x"": 1}"\n',
            "langsmith",
            [{"q": "a", "expected": {"x": 1}}],
        ),
        (
            "f.csv",
            'id,datasetId,input,expectedOutput,metadata\n1,d,"{""q"": ""a""}","""b""",\n',
            "langfuse",
            [{"q": "a", "expected": "b"}],
        ),
        (
            "f.json",
            '[{"id": "1", "input": "a", "expectedOutput": {"answer": "b"}, "status": "ACTIVE"}]',
            "langfuse",
            [{"input": "a", "expected": "b"}],
        ),
        ("t.csv", "Question;Ground Truth\na;b\n", "table", [{"Question": "a", "expected": "b"}]),
        ("t.tsv", "id\ttags\tlabel\n5\tx\ty\n", "table",
         [{"vars": {"id": "5", "tags": "x"}, "expected": "y"}]),
        ("e.jsonl", '{"item": {"q": "a", "id": 3}}\n', "openai-evals",
         [{"vars": {"q": "a", "id": 3}}]),
        ("e.jsonl", '{"input": "a", "ideal": "b"}\n', "openai-evals",
         [{"input": "a", "expected": "b"}]),
    ],
)  # fmt: skip
def test_data_sets_are_goldens(
    foreign: Foreign, name: str, text: str, format_name: str, goldens: list[Any]
) -> None:
    result = foreign(name, text)
    assert result.result.imported.format == format_name
    assert list(result.files) == [f"{name[0]}.goldens.jsonl"]
    assert result.data() == goldens


def test_what_a_row_holds_besides_is_told(foreign: Foreign) -> None:
    result = foreign(
        "s.jsonl",
        '{"input": [{"role": "system", "content": "x"}, {"role": "user", "content": "a"}], '
        '"target": "b", "sandbox": "docker"}\n5\n',
    )
    assert result.told == [
        "s.jsonl:1: `sandbox` of a sample has no counterpart",
        "s.jsonl:1: of a chat what the user says last is taken; the rest belongs in a prompt",
        "s.jsonl:2: a row must be a mapping",
    ]
    assert foreign("t.csv", "q\na\n").told == [
        "t.csv:2: no column says what is expected: call one `expected`"
    ]


def test_a_format_can_be_forced(foreign: Foreign) -> None:
    rows = '[{"input": "a", "expected_output": "b", "actual_output": ""}]'
    assert foreign("g.json", rows, "table").data() == [
        {"input": "a", "actual_output": "", "expected": "b"}
    ]
    with pytest.raises(PromptFileError, match=r"g\.json:1: "):
        foreign("g.json", '{"a": 1}', "langsmith")
