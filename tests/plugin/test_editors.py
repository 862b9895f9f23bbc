"""The schema that editors are given refuses what a run refuses, and takes what it takes."""

import json
from importlib import resources

import jsonschema

from pytest_promptopt.prompts.document import parse_document
from tests.project import Project

HEAD = """\
model: scripted:answers.json
messages: [{role: user, content: "{{q}}"}]
"""
GOLDENS = "testData: [{id: a, q: one, expected: '1'}]\n"
REQUIRED = "testData: [{id: a, q: one, expected: '1', required: true}]\n"

MISTAKES = (
    "mesages: []",
    "evaluators: [{choise: [a, b]}]",
    "evaluators: [{Equals: '1'}]",
    "evaluators: [{simmilarty: {to: a}, threshold: 1}]",
    "evaluators: [{equals: '1', treshold: 1}]",
    "evaluators: [{equals: '1', nmae: x}]",
    "evaluators: [{equals: '1', threshold: 2}]",
    "evaluators: [{similarity: {to: a}}]",
    "evaluators: [{equals: '1', not: 1}]",
    "evaluators: [{equals: '1', weight: 0}]",
    "evaluators: [{equals: '1', optional: maybe}]",
    "evaluators: [{contains: {all: a, ignoreCase: 1}}]",
    "evaluators: [{number: {percent: 1}}]",
    "evaluators: [{json: {lenient: 1}}]",
    "answer: hole",
    "answer: {aftre: x}",
    "answer: {after: x, tag: y}",
    "answer: {line: lst}",
    "answer: {tag: <a>}",
    "evaluators: [{similarity: [a], threshold: 1}]",
    "evaluators: [{json: valdi}]",
    "evaluators: [{json: {equals: 1, fields: [a]}}]",
    "evaluators: [{choice: a}]",
    "evaluators: [{choice: []}]",
    "evaluators: [{regex: {}}]",
    "evaluators: [{regex: [a]}]",
    "evaluators: [{contains: {}}]",
    "evaluators: [{contains: []}]",
    "evaluators: [{contains: {ignoreCase: true}}]",
    "evaluators: [{contains: {any: [a], ignoreCase: 1}}]",
    "evaluators: [{number: [1]}]",
    "evaluators: [{number: {tolerence: 1}}]",
    "evaluators: [{string: {startWith: a}}]",
    "evaluators: [{llm: {promt: a, choices: []}}]",
    "evaluators: [{uses: github/similarty}]",
    "evaluators: [{f1: '1'}]",
    "evaluators: [{f1: [], threshold: 1}]",
    "evaluators: [{rouge: {varaint: 1}, threshold: 1}]",
    "evaluators: [{rouge: {variant: M}, threshold: 1}]",
    "evaluators: [{chrf: {to: {a: 1}, threshold: 1}}]",
    "evaluators: [{length: 5}]",
    "evaluators: [{length: {maxWord: 5}}]",
    "evaluators: [{latency: {maxSeconds: 0}}]",
    "evaluators: [{cost: {}}]",
    "evaluators: [{tokens: -1}]",
    "evaluators: [{finish: stopped}]",
    "evaluators: [{refusal: never}]",
    "evaluators: [{xml: wellformed}]",
    "modelParameters: {temprature: 0}",
    "modelParameters: {tempreture: 0}",
    "modelParameters: {maxToken: 1}",
    "modelParameters: {topp: 1}",
    "config: {max-tokns: 1}",
    "responseFormat: json",
    "responseFormat: {type: xml}",
    "reducer: majorty",
    "reducer: at-least-0",
    "sample: 3",
    "samples: 0",
    "gate: {}",
    "gate: {confidence: 0.9}",
    "gate: {tags: {}}",
    "gate: {minimum: 0.5}",
    "gate: {min: 1, unscored: 1.5}",
    "gate: {min: 1, evaluators: {expected: {}}}",
    "gate: {min: 1, evaluators: {expected: {inconclusive: pass}}}",
    "optimize: {method: protgei}",
    "optimize: {ruonds: 1}",
    "optimize: {rounds: 0}",
    "optimize: {rounds: many}",
    "optimize: {acceptance: bettr}",
    "optimize: {race_level: 3}",
)
GOOD = (
    "evaluators: [{name: x, string: {equals: '1'}, description: y}]",
    "evaluators: [{type: contains, value: '1'}, {type: regex, pattern: a, flags: i}]",
    "evaluators: [{regex: a, flags: i}, {regex: {pattern: a}}, {equals: 1, threshold: 0.5}]",
    "evaluators: [{similarity: {to: a, threshold: 0.5}}, {similarity: {to: a}, threshold: 1}]",
    "evaluators: [{similarity: a, threshold: 1}, {similarity: null, threshold: 1}]",
    "evaluators: [{json: valid}, {json: {equals: 1}}, {number: {expected: 1, tolerance: 1}}]",
    "evaluators: [{uses: azure/hate}, {uses: github/fluency}]",
    "evaluators: [{choice: ['1', '2']}, {choice: {labels: ['1', '2']}}]",
    "evaluators: [{contains: {any: [a], ignoreCase: false}}, {contains: a}, {contains: [a, b]}]",
    "evaluators: [{f1: ['1', 2], threshold: 1}, {rouge: {variant: 1, threshold: 0.5}}]",
    "evaluators: [{length: {maxWords: 5}}, {finish: }, {latency: {maxSeconds: 0.5}}]",
    "evaluators: [{tokens: 5}, {xml: valid}, {sql: mysql}, {language: [de, en]}, {refusal: false}]",
    "modelParameters: {temperature: 0, maxTokens: 1, top_p: 1, max-completion-tokens: 1}",
    "modelParameters: {TOP_K: 1, StopSequences: [a], min_tokens: 1, responseFormat: text}",
    "responseFormat: json_object",
    "responseFormat: {type: text}",
    "reducer: at-least-1",
    "gate: {min: 1}",
    "gate: {maxDrop: 0, unscored: 3}",
    "gate: {evaluators: {expected: {min: 1}}}",
    "optimize: {}",
    "optimize: {method: gepa, rounds: 2, race_level: '0.5', step_size: none, budget: 9 calls}",
    "optimize: {editable: [0], stages: [{paraphrase: 1}], momentum: yes, acceptance: better}",
)


def refused_by_editors(text: str) -> bool:
    file = resources.files("pytest_promptopt.prompts") / "schema" / "prompt.schema.json"
    schema = json.loads(file.read_text("utf-8"))
    data = parse_document(text, "a.prompt.yml").data
    return not jsonschema.Draft202012Validator(schema).is_valid(data)


def test_editors_refuse_what_a_run_refuses_and_nothing_else(project: Project) -> None:
    project.answers({"one": "1"})
    files = {text: f"{HEAD}{GOLDENS}{text}\n" for text in (*MISTAKES, *GOOD)}
    files["required"] = f"{HEAD}{REQUIRED}gate: {{}}\n"
    for number, text in enumerate(files.values()):
        project.write(f"prompts/{number}.prompt.yml", text)
    output = project.run("--collect-only", "-q").stdout.str()
    by_run = [text for n, text in enumerate(files) if f"prompts/{n}.prompt.yml::a\n" not in output]
    by_editors = [text for text, file in files.items() if refused_by_editors(file)]
    assert by_run == by_editors == [*MISTAKES]
