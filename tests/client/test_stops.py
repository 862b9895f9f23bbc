import pytest

from pytest_promptopt.client.stops import Stops
from pytest_promptopt.errors import RefusedError
from pytest_promptopt.providers.request import Model
from tests.client.asking import MINI

LARGE = Model(provider="openai", name="gpt-5")
ELSEWHERE = Model(provider="openai", name="gpt-5-mini", base_url="http://127.0.0.1:1/v1")


def is_stopped(stops: Stops, model: Model) -> bool:
    try:
        stops.check(model)
    except RefusedError:
        return True
    return False


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_a_refused_key_stops_the_endpoint(status: int) -> None:
    stops = Stops()
    stops.refused(MINI, RefusedError("no", status=status))

    assert is_stopped(stops, MINI)
    assert is_stopped(stops, LARGE)
    assert not is_stopped(stops, ELSEWHERE)


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_model_or_parameter_stops_the_model(status: int) -> None:
    stops = Stops()
    stops.refused(MINI, RefusedError("no", status=status))

    assert is_stopped(stops, MINI)
    assert not is_stopped(stops, LARGE)


@pytest.mark.parametrize("status", [400, 403])
def test_a_model_that_has_answered_refuses_single_requests(status: int) -> None:
    stops = Stops()
    stops.answered(MINI)
    stops.refused(MINI, RefusedError("too long", status=status))

    assert not is_stopped(stops, MINI)


def test_an_answer_lifts_the_stop_by_a_400_but_not_by_a_404() -> None:
    stops = Stops()
    stops.refused(MINI, RefusedError("too long", status=400))
    stops.refused(LARGE, RefusedError("gone", status=404))
    stops.answered(MINI)
    stops.answered(LARGE)

    assert not is_stopped(stops, MINI)
    assert is_stopped(stops, LARGE)


def test_the_first_refusal_is_the_one_that_is_told() -> None:
    stops = Stops()
    stops.refused(MINI, RefusedError("first", status=401))
    stops.refused(MINI, RefusedError("second", status=401))

    with pytest.raises(RefusedError, match="first"):
        stops.check(MINI)


@pytest.mark.parametrize("status", [400, 403])
def test_a_refusal_of_one_input_stops_nothing(status: int) -> None:
    stops = Stops()
    stops.refused(MINI, RefusedError("flagged", status=status, is_about_input=True))

    assert not is_stopped(stops, MINI)
