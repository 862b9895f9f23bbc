import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.replies import CutOffError, Form, ReplyError
from pytest_promptopt.providers.request import Completion, FinishReason

TAGS = Form(tag="prompt")
JSON = Form(tag="prompt", kind="json", count=2)


def read(text: str, form: Form = TAGS) -> tuple[str, ...]:
    return form.read(Completion(text=text))


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("<prompt>a</prompt>", ("a",)),
        ("Sure!\n<prompt>\n a\nb \n</prompt>\nDone.", ("a\nb",)),
        ("<prompt>a</prompt><prompt>b</prompt>", ("a",)),
        ("<think>maybe <prompt>x</prompt></think> <prompt>a</prompt>", ("a",)),
        ("<prompt>a <b>bold</b></prompt>", ("a <b>bold</b>",)),
        ("<prompt></prompt><prompt>a</prompt>", ("a",)),
        ('{"prompt": " a "}', ("a",)),
        ('```json\n{"prompt": "a", "why": "b"}\n```', ("a",)),
        ('{"why": "<prompt>a</prompt>"}', ("a",)),
    ],
)
def test_texts_in_tags(text: str, texts: tuple[str, ...]) -> None:
    assert read(text) == texts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a", "<prompt> is missing"),
        ('{"prompt": ["a"]}', "<prompt> is missing"),
        ('{"text": "a"}', "<prompt> is missing"),
        ('["a"]', "<prompt> is missing"),
        ("<prompt>a", "</prompt> is missing"),
        ("<prompt>a<prompt>b</prompt>", "</prompt> is missing"),
        ("<prompt>a</prompt></prompt>", "</prompt> stands where nothing was opened"),
        ("<prompt> \n</prompt>", "there is no prompt in the reply"),
    ],
)
def test_anything_else_is_no_reply(text: str, told: str) -> None:
    with pytest.raises(ReplyError) as caught:
        read(text)
    assert str(caught.value) == told


def test_more_than_asked_for_is_left_out() -> None:
    reply = "<prompt>a</prompt><prompt>b</prompt><prompt>c</prompt>"
    assert read(reply, Form(tag="prompt", count=2)) == ("a", "b")


def test_a_reply_at_the_token_limit_is_cut_off() -> None:
    cut = Completion(text="<prompt>a</prompt>", finish_reason=FinishReason.LENGTH)
    with pytest.raises(CutOffError):
        TAGS.read(cut)
    with pytest.raises(CutOffError):
        read("<think>and then <prompt>a</prompt>")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the reply is not JSON"),
        ("[" * 100_000, "the reply is not JSON"),
        ("[]", 'the reply is not an object with a list of texts under "items"'),
        ('{"items": [1]}', 'the reply is not an object with a list of texts under "items"'),
        ('{"items": []}', "there is no prompt in the reply"),
    ],
)
def test_json_that_is_something_else(text: str, told: str) -> None:
    with pytest.raises(ReplyError) as caught:
        read(text, JSON)
    assert str(caught.value) == told


def test_texts_in_json() -> None:
    assert read('{"items": [" a ", "b", "c"]}', JSON) == ("a", "b")
    assert JSON.json_schema is not None
    assert JSON.json_schema["schema"]["properties"]["items"]["maxItems"] == 2


@given(st.text(alphabet="<>/prompthik \n") | st.text())
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        texts = read(text)
    except ReplyError:
        return
    assert len(texts) == 1
    assert texts[0].strip() == texts[0] != ""
