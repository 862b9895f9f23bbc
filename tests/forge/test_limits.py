import pytest

from pytest_promptopt.forge.limits import asked_wait_seconds

NOW = 1_000_000.0


@pytest.mark.parametrize("status", [403, 429])
def test_retry_after_names_the_wait(status: int) -> None:
    headers = {"retry-after": "17", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000040"}
    assert asked_wait_seconds(status, headers, "", now=NOW) == 17.0


def test_without_it_the_wait_lasts_until_the_limit_is_reset() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000040"}
    assert asked_wait_seconds(403, headers, "", now=NOW) == 40.0


@pytest.mark.parametrize("days", [-1, 1])
def test_a_wrong_clock_of_this_machine_changes_no_wait(days: int) -> None:
    headers = {
        "date": "Mon, 12 Jan 1970 13:46:40 GMT",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1000040",
    }
    assert asked_wait_seconds(403, headers, "", now=NOW + days * 86_400) == 40.0


@pytest.mark.parametrize(
    "headers",
    [{"retry-after": "0"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "999999"}],
)
def test_a_wait_that_is_over_is_a_second(headers: dict[str, str]) -> None:
    assert asked_wait_seconds(429, headers, "", now=NOW) == 1.0


@pytest.mark.parametrize(
    ("status", "said", "headers"),
    [
        (403, "You have exceeded a secondary rate limit. Please wait.", {}),
        (429, "", {}),
        (429, "", {"retry-after": "soon"}),
        (429, "", {"retry-after": "-1"}),
        (429, "", {"retry-after": "inf"}),
    ],
)
def test_a_limit_that_names_no_time_is_waited_for_a_minute(
    status: int, said: str, headers: dict[str, str]
) -> None:
    assert asked_wait_seconds(status, headers, said, now=NOW) == 60.0


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {}),
        (403, {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": "1000040"}),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000040"}),
        (503, {"retry-after": "5"}),
    ],
)
def test_other_answers_are_about_no_limit(status: int, headers: dict[str, str]) -> None:
    said = "Resource not accessible by integration"
    assert asked_wait_seconds(status, headers, said, now=NOW) is None
