"""Configurations of promptfoo, imported."""

from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError, UsageError
from tests.prompts.formats.project import Foreign

CONFIG = """\
description: Routing
prompts:
  - "Route {{ticket}}"
providers:
  - id: openai:chat:gpt-4o
    config: {temperature: 0, max_tokens: 9, apiKey: sk-secret}
  - anthropic:messages:claude-haiku-4-5
defaultTest:
  assert:
    - {type: not-icontains, value: sorry, weight: 2, metric: polite}
tests:
  - description: A refund
    vars: {ticket: "money back"}
    assert:
      - {type: equals, value: returns}
      - type: javascript
        value: |
          const x = 1;
          return x;
  - vars: {ticket: [late, lost]}
outputPath: out.csv
"""


def test_a_configuration_becomes_a_prompt_file(foreign: Foreign) -> None:
    result = foreign("evals/promptfooconfig.yaml", CONFIG)
    assert result.errors == []
    assert result.files == {
        "evals.prompt.yml": """\
description: Routing
# evals/promptfooconfig.yaml:6: the setting `apiKey` has no counterpart
model: openai/gpt-4o
modelParameters: {temperature: 0, maxTokens: 9}
# evals/promptfooconfig.yaml:7: a prompt file has one model: \
`pytest --prompt-model anthropic/claude-haiku-4-5` asks this model too
# evals/promptfooconfig.yaml:21: `outputPath` has no counterpart
messages: [{role: user, content: "Route {{ticket}}"}]
testData:
  - id: A-refund
    ticket: money back
    evaluators:
      - {equals: returns}
      # evals/promptfooconfig.yaml:16: `javascript` has no counterpart: it runs code: const x = 1; …
  - {ticket: late}
  - {ticket: lost}
evaluators: [{name: polite, contains: {none: sorry}, weight: 2}]
"""
    }
    assert [str(problem) for problem in result.result.imported.remarks] == [
        "evals/promptfooconfig.yaml:15: evaluator `equals`: blanks around the answer do not count "
        "here; where they must, write a `regex`"
    ]
    checks = result.result.imported.checks
    assert checks == {("not-icontains", True): 1, ("equals", True): 1, ("javascript", False): 1}


@pytest.mark.parametrize(
    ("assertion", "expected"),
    [
        ("{type: contains-all, value: [a, b]}",
         {"contains": {"all": ["a", "b"], "ignoreCase": False}}),
        ("{type: llm-rubric, value: Is kind}", {"rubric": {"criteria": "Is kind"}}),
        (
            "{type: llm-rubric, value: Is kind, threshold: 0.7, provider: openai:gpt-4o}",
            {
                "rubric": {"criteria": "Is kind", "graded": True, "model": "openai/gpt-4o"},
                "threshold": 0.7,
            },
        ),
        ("{type: not-regex, value: '^a'}", {"regex": {"pattern": "^a"}, "not": True}),
        ("{type: icontains, value: a, weight: 0}", {"contains": {"all": "a"}, "optional": True}),
        ("{type: similar, value: '{{answer | safe}}', threshold: 0.8}",
         {"embedding": {"to": "{{answer}}"}, "threshold": 0.8}),
        ("{type: is-json, value: file://schema.json}",
         {"json": {"schema": {"type": "object"}, "strict": True}}),
        ("{$ref: '#/assertionTemplates/short'}", {"length": {"maxCharacters": 9}}),
        ("{type: assert-set, assert: [{type: icontains, value: b}]}", {"contains": {"all": "b"}}),
        ("{type: javascript, value: output.length < 10}", {"length": {"maxCharacters": 9}}),
        ("{type: javascript, value: 'output.toLowerCase().includes(\"a\")'}",
         {"contains": {"all": "a"}}),
        ("{type: javascript, value: 'output === context.vars.answer'}", {"equals": "{{answer}}"}),
        ("{type: javascript, value: 'JSON.parse(output).a.b === 5'}",
         {"json": {"schema": {"type": "object", "required": ["a"], "properties": {"a": {
             "type": "object", "required": ["b"], "properties": {"b": {"const": 5}}}}}}}),
        ("{type: python, value: \"'Ahoy' not in output\"}",
         {"contains": {"none": "Ahoy", "ignoreCase": False}}),
        ("{type: latency, threshold: 2500}", {"latency": {"maxSeconds": 2.5}}),
    ],
)  # fmt: skip
def test_assertions_are_evaluators(
    foreign: Foreign, assertion: str, expected: dict[str, Any]
) -> None:
    config = (
        "prompts: ['Say {{x}}']\n"
        "assertionTemplates: {short: {type: javascript, value: output.length <= 9}}\n"
        f"defaultTest:\n  assert:\n    - {assertion}\n"
        "tests: [{vars: {x: a, answer: b}}]\n"
    )
    result = foreign("p.yaml", config, schema__json='{"type": "object"}')
    assert result.data("p.prompt.yml")["evaluators"] == [expected]
    assert result.errors == [] or expected.get("optional")


@pytest.mark.parametrize(
    ("assertion", "told"),
    [
        (
            "{type: javascript, value: file://check.js}",
            "`file://check.js` is code, which is not run",
        ),
        ("{type: python, value: 'import os'}", "it runs code: import os"),
        (
            '{type: javascript, value: "output.length > 3 ? 1 : 0.5"}',
            "it runs code: output.length > 3",
        ),
        ("{type: moderation}", "the type `moderation` is not understood"),
        ("{type: equals, value: a, transform: output.a}", "`transform` changes what is looked at"),
        ("{type: contains, value: '{{x | upper}}'}", "a filter or expression in a template"),
        ("{type: assert-set, threshold: 0.5, assert: []}", "lets some of its assertions miss"),
        ("{type: llm-rubric, value: https://a.example/x}", ""),
        ("{type: is-json, value: file://../out.json}", "leads outside the project"),
        ("{type: is-json, value: file://none.json}", "is not there"),
        ("{value: a}", "an assertion needs a `type`"),
    ],
)
def test_what_has_no_counterpart_is_told_where_it_stands(
    foreign: Foreign, assertion: str, told: str
) -> None:
    (foreign.folder.parent / "out.json").write_text("{}")
    tests = f"tests:\n  - vars: {{x: a}}\n    assert:\n      - {assertion}\n"
    config = f"prompts: ['Say {{{{x}}}}']\n{tests}"
    result = foreign("p.yaml", config)
    if told:
        [line] = result.told
        assert line.startswith("p.yaml:5: ")
        assert told in line
        assert f"# {line}\n" in result.files["p.prompt.yml"]
    else:
        assert result.told == []


def test_a_table_says_assertions_in_its_cells(foreign: Foreign) -> None:
    table = (
        "q,answer,__expected,__expected2,__metadata:kind,__x\n"
        'a,"1,10",b,,easy,\n'
        'b,2,is-json,"contains-any: x, y",hard,z\n'
        "c,3,similar(0.9): {{answer}},not-equals:q,,\n"
    )
    result = foreign(
        "p.yaml", "prompts: 'Say {{q}} {{answer}}'\ntests: file://t.csv\n", t__csv=table
    )
    contains = {"contains": {"any": ["x", "y"], "ignoreCase": False}}
    assert result.data()["testData"] == [
        {"q": "a", "answer": "1,10", "expected": "b", "tags": ["easy"]},
        {"q": "b", "answer": "2", "tags": ["hard"],
         "evaluators": [{"json": {"strict": True}}, contains]},
        {
            "q": "c",
            "answer": "3",
            "evaluators": [
                {"embedding": {"to": "{{answer}}"}, "threshold": 0.9},
                {"equals": "q", "not": True},
            ],
        },
    ]  # fmt: skip
    assert "t.csv:3: the column `__x` has no counterpart" in result.told


def test_lists_in_cells_may_have_several_lines(foreign: Foreign) -> None:
    table = 'q,__metadata:kinds[],__expected\na,"x\ny, z","contains-all: b\nc, d"\n'
    [golden] = foreign("p.yaml", "prompts: '{{q}}'\ntests: t.csv\n", t__csv=table).data()[
        "testData"
    ]
    assert golden["tags"] == ["x", "y", "z"]
    [evaluator] = golden["evaluators"]
    assert evaluator["contains"]["all"] == ["b", "c", "d"]


def test_tests_without_variables_are_one_golden(foreign: Foreign) -> None:
    config = """\
prompts: ["Say something"]
tests:
  - {description: One, assert: [{type: icontains, value: a}]}
  - {description: Two, assert: [{type: equals, value: b}]}
"""
    result = foreign("p.yaml", config)
    assert result.data()["testData"] == [
        {"evaluators": [{"contains": {"all": "a"}}, {"equals": "b"}]}
    ]
    assert result.errors == []


def test_what_all_tests_ask_for_stands_once(foreign: Foreign) -> None:
    table = (
        "q,__expected,__expected2\na,icontains:x,llm-rubric:kind\nb,icontains:y,llm-rubric:kind\n"
    )
    data = foreign("p.yaml", "prompts: 'Say {{q}}'\ntests: file://t.csv\n", t__csv=table).data()
    assert data["testData"] == [{"q": "a", "expected": "x"}, {"q": "b", "expected": "y"}]
    assert data["evaluators"] == [
        {"rubric": {"criteria": "kind"}},
        {"contains": {"all": "{{expected}}"}},
    ]


def test_prompts_stand_in_files_of_many_kinds(foreign: Foreign) -> None:
    chat = (
        '[{"role": "system", "content": {{ rules | dump }}},\n'
        ' {"role": "user", "content": "{{q}}"}]'
    )
    result = foreign(
        "p.yaml",
        "prompts: [file://two.txt, 'chat*.json', {label: Third one, raw: 'Do {{q}}'}, file://f.py:x]\n"
        "tests: file://t.jsonl\n",
        two__txt="Say {{q}}\n---\n{% if q %}Say {{q}}{% endif %}\n",
        chat1__json=chat,
        t__jsonl='{"vars": {"q": 1.10, "rules": "Be kind."}}\n{"vars": {"q": "b", "rules": "c"}}\n',
    )
    assert [*result.files] == [
        "p-two.prompt.yml",
        "p-two-2.prompt.yml",
        "p-chat1.prompt.yml",
        "p-third-one.prompt.yml",
        "p.goldens.jsonl",
    ]
    assert result.data("p-chat1.prompt.yml")["messages"] == [
        {"role": "system", "content": "{{rules}}"},
        {"role": "user", "content": "{{q}}"},
    ]
    assert result.data("p-third-one.prompt.yml")["name"] == "Third one"
    assert result.files["p.goldens.jsonl"].startswith('{"q": 1.10, ')
    assert result.told == [
        "two.txt:3: logic in a template stays text: {% if q %}",
        "two.txt:3: logic in a template stays text: {% endif %}",
        "p.yaml:1: the prompt has no counterpart: `file://f.py:x` is code, which is not run",
    ]


def test_scenarios_are_every_set_of_variables_with_every_test(foreign: Foreign) -> None:
    config = """\
prompts: ["{{lang}} {{text}} {{tone}}"]
defaultTest: {vars: {tone: dry, whole: "{{lang}}!"}}
scenarios:
  - config:
      - {vars: {lang: fr}, assert: [{type: icontains, value: le}]}
      - vars: {lang: de}
    tests:
      - vars: {text: Hi}
      - {vars: {text: Bye, tone: warm}, assert: [{type: is-refusal}]}
"""
    goldens = foreign("s.yaml", config).data()["testData"]
    assert [(g["lang"], g["text"], g["tone"], g["whole"]) for g in goldens] == [
        ("fr", "Hi", "dry", "fr!"),
        ("fr", "Bye", "warm", "fr!"),
        ("de", "Hi", "dry", "de!"),
        ("de", "Bye", "warm", "de!"),
    ]
    assert goldens[1]["evaluators"] == [{"contains": {"all": "le"}}, {"refusal": True}]


def test_variables_that_are_called_like_keys_of_ours_stay_variables(foreign: Foreign) -> None:
    config = "prompts: ['{{id}} {{tags}}']\ntests: [{vars: {id: 7, tags: x, Tagz: y}}]\n"
    result = foreign("p.yaml", config)
    assert result.data()["testData"] == [{"vars": {"id": 7, "tags": "x", "Tagz": "y"}}]


def test_a_script_is_read_as_data_and_never_run(foreign: Foreign) -> None:
    script = """\
const fs = require('fs'); // { not: this }
module.exports = {
  description: 'It\\'s a test',
  prompts: [`Say {{q}}
again`, myPrompt],
  providers: ["openai:gpt-4o", { id: 'python:x.py' }],
  tests: [
    { vars: { q: 'a', n: -1.5, 'k-b': true }, assert: [{ type: 'equals', value: "b" }] },
    ...more.map((x) => ({ vars: { q: x } })),
    { vars: { q: fs.readFileSync('x', 'utf8') + "," } },
  ],
};
"""
    result = foreign("promptfooconfig.js", script)
    data = result.data()
    assert data["description"] == "It's a test"
    assert data["messages"] == [{"role": "user", "content": "Say {{q}}\nagain"}]
    assert data["testData"][0] == {"q": "a", "n": -1.5, "k-b": True, "expected": "b"}
    assert [line.rpartition(": ")[0] for line in result.told[:3]] == [
        "promptfooconfig.js:5: code is not run, so that this is left out",
        "promptfooconfig.js:9: code is not run, so that this is left out",
        "promptfooconfig.js:10: code is not run, so that this is left out",
    ]
    assert "promptfooconfig.js:6: the provider has no counterpart" in result.told[3]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("p.yaml", "prompts: [a\n", "p.yaml:2: broken YAML"),
        ("p.yaml", "a: &a [*a]\n", "p.yaml:1: the alias *a contains itself"),
        ("p.json", b"\xff\xfe{\x00", "p.json:1: byte 0xff is not UTF-8; save the file as UTF-8"),
        ("p.yaml", "", "p.yaml:1: the file is empty"),
        ("p.yaml", "a: 1\n", "p.yaml:1: is in no format that is known"),
        ("p.js", "module.exports = build();", "p.js:1: exports no object that is data"),
        ("p.prompt.yml", "messages: [{role: user, content: a}]\n", "is a prompt file already"),
        (
            "p.yaml",
            "prompts: [file://x.py]\ntests: [https://a.example/t.csv]\n",
            "nothing is fetched",
        ),
        ("p.yaml", "[" * 300 + "]" * 300, "nested more than 100 levels deep"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(
    foreign: Foreign, name: str, text: str | bytes, told: str
) -> None:
    with pytest.raises(PromptFileError, match="p") as raised:
        foreign(name, text)
    assert told in str(raised.value)


def test_files_that_name_themselves_are_told(foreign: Foreign) -> None:
    config = "prompts: 'Say {{q}}'\ntests: [file://t.yaml, {vars: file://v.yaml}]\n"
    result = foreign(
        "p.yaml",
        config,
        t__yaml="- file://t.yaml\n- {vars: {q: a}}\n",
        v__yaml="[file://w.yaml, {q: b}]",
        w__yaml="[file://v.yaml]",
    )
    assert result.data()["testData"] == [{"q": "a"}, {"q": "b"}]
    assert result.told == [
        "t.yaml:1: the tests have no counterpart: `t.yaml` names itself",
        "w.yaml:1: the variables have no counterpart: `v.yaml` names itself",
    ]
    assert [p.message for p in result.result.problems] == [
        "2 of 2 goldens have neither `expected` nor evaluators, and are not scored before there are"
    ]


def test_an_unknown_format_names_the_nearest(foreign: Foreign) -> None:
    with pytest.raises(UsageError, match="did you mean `promptfoo`"):
        foreign("p.yaml", "a: 1\n", "promptfo")


def test_lists_that_make_too_many_tests_are_cut_and_told(
    foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_promptopt.prompts.formats.promptfoo_tests.MOST_GOLDENS", 100)
    values = ", ".join(map(str, range(20)))
    config = (
        f"prompts: ['{{{{a}}}}{{{{b}}}}']\ntests: [{{vars: {{a: [{values}], b: [{values}]}}}}]\n"
    )
    result = foreign("p.yaml", config)
    assert len(result.result.imported.goldens) == 100
    assert result.told[0] == "p.yaml:2: its lists of variables make more than 100 tests"
