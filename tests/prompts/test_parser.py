import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.parser import parse_prompt
from pytest_promptopt.prompts.version import version_of

PATH = Path("/project/a.prompt.yml")
WORDS = st.sampled_from(
    ("id", "name", "parameters", "role", "user", "content", "type", "text", "schema", "title")
) | st.sampled_from(("json_schema", "json_object", "response_format", "temperature", "{{a}}", "{}"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
KEYS = ("name", "description", "model", "modelParameters", "config", "responseFormat", "jsonSchema")
MESSAGE = {"role": "user", "content": "Hi"}


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, VALUES)), VALUES)
def test_any_document_is_a_prompt_or_refused_with_a_line(
    data: dict[str, Any], message: Any
) -> None:
    for messages in ([MESSAGE], [MESSAGE, message], message):
        document = parse_document(json.dumps({**data, "messages": messages}), "a.prompt.yml")
        lines = [1]
        try:
            version_of(parse_prompt(document, PATH))
        except PromptFileError as error:
            lines = [problem.line for problem in error.problems]
        assert lines == [1]


def test_names_may_be_numbers_as_in_gh_models() -> None:
    text = "name: 2.10\ndescription: 5\nmessages: [{role: user, content: Hi}]\n"
    prompt = parse_prompt(parse_document(text, "a.prompt.yml"), PATH)
    assert (prompt.name, prompt.description) == ("2.10", "5")
