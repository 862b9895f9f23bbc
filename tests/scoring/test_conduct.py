"""How an answer came about: its length and end, what it took, and refusals."""

from typing import Any

import pytest

from pytest_promptopt.providers.request import Completion, FinishReason, Usage
from pytest_promptopt.scoring.score import Score, Scorer
from tests.scoring.entries import complaint, evaluator, golden, score


def scored(entry: Any, **answer: Any) -> Score:
    scorer = evaluator(entry).scorer
    assert isinstance(scorer, Scorer)
    return scorer.score(golden(), Completion(**{"text": "Bern", **answer}))


@pytest.mark.parametrize(
    ("text", "words", "characters", "sentences"),
    [
        ("", 0, 0, 0),
        (" \n", 0, 0, 0),
        ("One two.", 2, 8, 1),
        ("It costs $3.50, i.e. little. Really!", 6, 36, 2),
        ("Dr. No met J. Bond e.g. in Prague.", 8, 34, 1),
        ('He said: "No." Then he left…', 6, 28, 2),
        ("Wait... what?! Yes", 3, 18, 2),
        ("- first\n- second\n\nand a last", 7, 28, 3),
        ("1. one thing\n2. two things", 6, 26, 2),
        ("他来了。她走了。", 8, 8, 2),
        ("cafe\u0301 au lait", 3, 12, 1),
    ],
)
def test_words_characters_and_sentences_are_counted(
    text: str, words: int, characters: int, sentences: int
) -> None:
    for unit, count in {"Words": words, "Characters": characters, "Sentences": sentences}.items():
        exact = {"length": {f"min{unit}": count, f"max{unit}": count}}
        assert scored(exact, text=text) == Score(value=1.0), unit


def test_a_length_out_of_bounds_says_by_how_much() -> None:
    entry = {"length": {"maxWords": 1, "minCharacters": 20, "maxTokens": 5}}
    result = scored(entry, text="Bern is", usage=Usage(output_tokens=1_234))
    assert result.value == 0
    assert result.reason == (
        "2 words, expected 1 at most; 7 characters, expected 20 at least; "
        "1,234 tokens, expected 5 at most"
    )


def test_tokens_that_nobody_counted_are_not_scored() -> None:
    for entry in ({"length": {"maxTokens": 5}}, {"tokens": 5}):
        result = scored(entry, usage=Usage(output_tokens=3, is_known=False))
        assert result == Score.unscored("the provider did not count tokens")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"length": {}}, "`length`: it bounds nothing; write `maxWords: 50`"),
        (
            {"length": {"minWords": 5, "maxWords": 4}},
            "`length`: `minWords` 5 is above `maxWords` 4",
        ),
        ({"length": {"maxWords": -1}}, "`length`: `maxWords`: expected a whole number >= 0"),
        ({"length": {"maxWords": 1.5}}, "`maxWords`: expected a whole number, got a number"),
        ({"length": {"maxWord": 1}}, "did you mean `maxWords`?"),
        ({"latency": 2}, "`latency` must be a mapping of `maxSeconds`, found a number"),
        ({"latency": {}}, "`latency`: object missing required field `maxSeconds`"),
        ({"cost": {"maxUsd": "0.1"}}, "`cost`: `maxUsd`: expected a number, got text"),
        ({"tokens": None}, "`tokens`: object missing required field `max`"),
        ({"finish": "stopped"}, "`reason` cannot be 'stopped' (known: stop, length, refusal"),
        ({"refusal": "never"}, "`refusal`: `expected`: expected true or false, got text"),
    ],
)
def test_bounds_that_cannot_be_meant_are_told(entry: Any, message: str) -> None:
    assert message in complaint(entry)


def test_what_an_answer_took_is_told_where_it_is_too_much() -> None:
    late = scored({"latency": {"maxSeconds": 2}}, latency_seconds=2.5)
    assert late == Score(value=0.0, reason="2.5 s, expected 2 s at most")
    dear = scored({"cost": {"maxUsd": 0.001}}, cost_usd=0.0025)
    assert dear == Score(value=0.0, reason="0.0025 usd, expected 0.001 usd at most")
    assert scored({"cost": {"maxUsd": 0.001}}, cost_usd=0.001).value == 1
    assert scored({"cost": {"maxUsd": 0.001}}).reason == (
        "the price of the model is not known; ini `prompt_prices` tells it"
    )
    long = scored({"tokens": 1000}, usage=Usage(output_tokens=1001))
    assert long == Score(value=0.0, reason="1,001 tokens, expected 1,000 tokens at most")


@pytest.mark.parametrize("reason", [*FinishReason])
def test_an_answer_ends_by_itself_or_as_is_asked(reason: FinishReason) -> None:
    assert scored({"finish": None}, finish_reason=reason).value == (reason is FinishReason.STOP)
    assert scored({"finish": reason.value}, finish_reason=reason).value == 1


@pytest.mark.parametrize("kind", ["finish", "sql", "xml", "yaml", "refusal", "multiple_choice"])
def test_a_kind_that_is_true_has_no_options(kind: str) -> None:
    assert evaluator({kind: True}).scorer == evaluator({kind: None}).scorer


def test_how_an_answer_ended_is_said() -> None:
    assert scored({"finish": "stop"}, finish_reason=FinishReason.LENGTH).reason == (
        "the answer was cut off at its limit"
    )


REFUSALS = (
    "",
    "I am sorry, I cannot help with that",
    "I'm not able to assist with this request",
    "I apologize, but I cannot do that",
    "As an AI language model, I cannot help with that",
    "I’m sorry, but I can’t provide instructions for that.",
    "I cannot assist with that request",
    "That would not be appropriate",
    "I must respectfully decline.",
    "Unfortunately I can't assist",
    "My apologies, but that is something I can't do.",
    "I don't feel comfortable helping with that.",
    "Tut mir leid, dabei kann ich dir nicht helfen.",
    "Je ne peux pas vous aider avec cette demande.",
    "Lo siento, pero no puedo ayudar con eso.",
    "抱歉，我无法回答这个问题。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
)
ANSWERS = (
    "Bern",
    "I'm sorry to hear that your parcel is late. It will arrive on Monday.",
    "I can't find order 17. Did you mean order 18?",
    "I can't help but admire the question: it is 42.",
    "You cannot help with that unless you are an admin.",
    "Users who write 'I cannot log in' should reset their password.",
    "Das kann man nicht genau sagen, etwa 5 Euro.",
    "The refund was declined because the card had expired.",
    "抱歉让您久等了，退款已经到账。",
    "A long answer. " * 30 + "I cannot help with that.",
)


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_told_by_its_opening(text: str) -> None:
    assert scored({"refusal": True}, text=text).value == 1
    result = scored({"refusal": False}, text=text)
    assert result.value == 0
    assert result.reason


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_no_refusal_for_a_word_in_it(text: str) -> None:
    assert scored({"refusal": False}, text=text).value == 1
    assert scored({"refusal": None}, text=text).value == 0


def test_the_provider_may_call_an_answer_a_refusal() -> None:
    result = scored({"refusal": False}, text="No.", finish_reason=FinishReason.REFUSAL)
    assert result == Score(value=0.0, reason='the provider calls it a refusal: "No."')


@pytest.mark.parametrize(
    ("expected", "text", "value"),
    [
        ("de", "Die Rechnung wurde am 5. Mai an die Firma gesendet.", 1),
        ("de-AT", "Die Rechnung wurde am 5. Mai an die Firma gesendet.", 1),
        (["fr", "it"], "Il conto è scaduto e deve essere pagato entro venerdì.", 1),
        ("en", "Il conto è scaduto e deve essere pagato entro venerdì.", 0),
        ("zh", "你好，您的订单已经发货，预计星期一到达。", 1),
        ("nb", "Regningen ble sendt i går og må betales innen fredag.", 1),
        ("de", "OK", None),
        ("de", "", None),
        ("de", "12345", None),
    ],
)
def test_the_language_of_an_answer_is_told_or_not_scored(
    expected: Any, text: str, value: float | None
) -> None:
    assert score({"language": "{{expected}}"}, text, expected=expected).value == value


def test_what_is_no_language_is_told() -> None:
    result = score({"language": "xx"}, "Hello there, how are you today?")
    assert result == Score.unscored('"xx" is no code of a language')
