"""Wrong input on purpose: one clear message, no traceback, and the other files go on."""

import pytest

from tests.project import PROMPT, Project

MESSAGES = 'messages: [{role: user, content: "{{q}}"}]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("messages: [\n", "prompts/bad.prompt.yml:2: broken YAML: did not find expected node*"),
        ("a: 1\na: 2\n", "*bad.prompt.yml:2: the key `a` stands twice (first on line 1)*"),
        ("a: &a [*a]\n", "*bad.prompt.yml:1: the alias *a contains itself"),
        ("a: " + "[" * 3000, "*bad.prompt.yml:1: nested more than 100 levels deep"),
        (
            "messages: 1\nname: []\n",
            "*bad.prompt.yml:1: `messages` must be a list, found a number (1)*",
        ),
        (
            "messages: 1\nname: []\n",
            "*bad.prompt.yml:2: `name` must be text or a number, found a list",
        ),
        (
            MESSAGES + "goldens: none.jsonl\n",
            "*bad.prompt.yml:2: goldens `none.jsonl` is not there*",
        ),
        (MESSAGES + "goldens: empty.jsonl\n", "*empty.jsonl:1: holds no goldens*"),
        (MESSAGES + "goldens: ../../x.jsonl\n", "*bad.prompt.yml:2: goldens*is not there*"),
        (MESSAGES + "testData: [{id: a}, {id: a}]\n", "*bad.prompt.yml:2: the id `a` is taken*"),
        (
            MESSAGES + "optimize: {rounds: many}\n",
            "*bad.prompt.yml:2: optimize: `rounds`: expected a whole number of at least 1*",
        ),
        (
            MESSAGES + "optimize: {proposers: {critque_edit: 4}}\n",
            "*bad.prompt.yml:2: optimize: 'critque_edit' is not known*mean `critique_edit`*",
        ),
        (
            MESSAGES + "optimize: {method: protogi}\n",
            "*bad.prompt.yml:2: optimize: 'protogi' is not a method*did you mean `protegi`*",
        ),
        (
            MESSAGES + "evaluators: [{number: {tolerence: 1}}]\n",
            "*bad.prompt.yml:2: `evaluators[[]0].number.tolerence`*did you mean `tolerance`*",
        ),
        (MESSAGES + "goldens: text.jsonl\n", "*text.jsonl:1: a golden must be a mapping*"),
    ],
)
def test_a_bad_file_is_one_message_and_does_not_stop_the_others(
    project: Project, text: str, message: str
) -> None:
    project.write("prompts/bad.prompt.yml", text)
    project.write("prompts/empty.jsonl", "")
    project.write("prompts/text.jsonl", '"text"\n')
    project.write("prompts/good.prompt.yml", PROMPT)
    result = project.run("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*site-packages*")


def error_of(project: Project, text: str, *arguments: str) -> str:
    project.write("prompts/a.prompt.yml", text)
    result = project.run("prompts/a.prompt.yml", *arguments)
    result.assert_outcomes(errors=1)
    result.stdout.no_fnmatch_line("*Traceback*")
    (line,) = (line for line in result.outlines if line.startswith("ERROR prompts/"))
    full = result.stdout.str()
    assert line in full
    return full


def test_a_placeholder_without_a_value_names_everything(project: Project) -> None:
    output = error_of(
        project, MESSAGES + "testData: [{id: x, z: 1}]\nmodel: scripted:answers.json\n"
    )
    assert (
        "prompts/a.prompt.yml:1: {{q}} has no value in golden x (prompts/a.prompt.yml:2)" in output
    )


def test_no_model_says_how_to_name_one(project: Project) -> None:
    output = error_of(project, MESSAGES + "testData: [{q: 1}]\n")
    assert "no model is named; add `model: provider/name` or give --prompt-model" in output


def test_an_unknown_provider_says_which_are_known(project: Project) -> None:
    output = error_of(project, MESSAGES + "testData: [{q: 1}]\nmodel: martian/x\n")
    assert "'martian'" in output
    assert "prompt_models" in output


def test_a_missing_key_is_one_line_naming_the_variable(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    output = error_of(project, MESSAGES + "testData: [{q: 1}]\nmodel: openai/gpt-5-mini\n")
    assert "set OPENAI_API_KEY" in output


def test_labels_that_no_golden_can_get_are_all_told_where_they_stand(project: Project) -> None:
    project.write("prompts/g.csv", "id,q,expected\n" + "".join(f"g{n},x,Sale\n" for n in range(30)))
    project.write(
        "prompts/a.prompt.yml",
        MESSAGES
        + "model: scripted:answers.json\n"
        + "testData: [{id: right, q: x, expected: sales}]\n"
        + "goldens: g.csv\nevaluators: [{choice: [refund_request, sales]}]\ngate: {min: 0.5}\n",
    )
    result = project.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    told = (
        'expected "Sale" is not among the labels (known: refund_request, sales); '
        "did you mean `sales`?"
    )
    result.stdout.fnmatch_lines(
        [
            f"prompts/g.csv:2: golden g0, evaluator `choice`: {told}",
            f"prompts/g.csv:21: golden g19, evaluator `choice`: {told}",
            "and 10 more like these",
        ]
    )


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ({"text": ""}, "the answer is empty"),
        ({"text": "1", "finish_reason": "length"}, "the answer was cut off at the token limit"),
        ({"text": "no", "finish_reason": "refusal"}, "the model refused to answer"),
    ],
)
def test_empty_cut_and_refused_answers_are_told(
    project: Project, answer: dict[str, str], note: str
) -> None:
    project.answers({"*": answer})
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run().stdout.fnmatch_lines([f"note: {note}*"])


def test_hostile_text_cannot_reach_the_terminal_or_a_ci_runner(project: Project) -> None:
    project.answers({"*": "\x1b[2J\n::error::pwned\n##[error]pwned\r::add-mask::x"})
    project.write("prompts/a.prompt.yml", PROMPT)
    output = project.run().stdout.str()
    assert "\x1b[2J" not in output
    assert not any(line.lstrip().startswith(("::", "##[")) for line in output.splitlines())


def test_a_value_with_placeholders_is_sent_as_it_is(project: Project) -> None:
    project.answers({"{{expected}} {{q}}": "as it is"})
    project.write(
        "prompts/a.prompt.yml",
        MESSAGES
        + "model: scripted:answers.json\n"
        + 'testData: [{q: "{{expected}} {{q}}", expected: as it is}]\n',
    )
    project.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prompt-samples", "0"], "*--prompt-samples: expected a whole number of at least 1*"),
        (["--prompt-samples", "two"], "*--prompt-samples: expected a whole number*found 'two'*"),
        (["--prompt-timeout", "-1"], "*--prompt-timeout: expected a number of seconds above 0*"),
        (["--prompt-budget", "much"], "*budget: found 'much'*"),
    ],
)
def test_options_that_cannot_be_meant_are_usage_errors(
    project: Project, arguments: list[str], message: str
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "Traceback" not in result.stderr.str()


def test_5_000_goldens_run(project: Project) -> None:
    lines = (f'{{"id": "g{n}", "q": "one", "expected": "1"}}' for n in range(5_000))
    project.write("prompts/g.jsonl", "\n".join(lines))
    project.write(
        "prompts/a.prompt.yml", MESSAGES + "model: scripted:answers.json\ngoldens: g.jsonl\n"
    )
    project.run("--co", "-qq").stdout.fnmatch_lines(["prompts/a.prompt.yml: 5000"])
