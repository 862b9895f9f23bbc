import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.client.rates import Minute, Rate, parse_rates
from pytest_promptopt.errors import UsageError


def test_limits_are_read_by_model() -> None:
    assert parse_rates(
        ["openai/gpt-5-mini = 500 rpm, 200k tpm", "", "a/c=50RPM", "a/b=1M tpm"]
    ) == {
        "openai/gpt-5-mini": Rate(requests=500, tokens=200_000),
        "a/c": Rate(requests=50),
        "a/b": Rate(tokens=1_000_000),
    }


@pytest.mark.parametrize(
    "line",
    ["openai/gpt-5-mini", "= 5 rpm", "a/b = 5", "a/b = 5 rps", "a/b = 0 rpm", "a/b = 5 rpm, 6 rpm",
     "a/b = 5 rpm; 6 tpm", "a/b ="],
)  # fmt: skip
def test_what_is_no_limit_is_a_usage_error(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_rates([line])

    assert str(caught.value) == (
        f"prompt_limits: found {line!r}, expected requests and tokens per minute "
        "like 'openai/gpt-5-mini = 500 rpm, 200k tpm'"
    )


@given(
    requests=st.integers(1, 20),
    tokens=st.integers(50, 500),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=60),
    gaps=st.lists(st.floats(0, 20), min_size=60, max_size=60),
)
def test_no_sixty_seconds_hold_more_than_the_rate(
    requests: int, tokens: int, sizes: list[int], gaps: list[float]
) -> None:
    minute = Minute(Rate(requests=requests, tokens=tokens))
    now = 0.0
    sent: list[tuple[float, int]] = []
    for size, gap in zip(sizes, gaps, strict=False):
        now += gap
        while wait := minute.wait_seconds(tokens=size, now_seconds=now):
            now += wait
        minute.book(tokens=size, now_seconds=now)
        sent.append((now, size))

    for at, _ in sent:
        within = [size for other, size in sent if at - 60 < other <= at]
        assert len(within) <= requests
        assert sum(within) <= tokens


def test_a_request_larger_than_the_rate_goes_alone() -> None:
    minute = Minute(Rate(tokens=100))

    assert minute.wait_seconds(tokens=500, now_seconds=0.0) == 0
    minute.book(tokens=500, now_seconds=0.0)
    assert minute.wait_seconds(tokens=1, now_seconds=10.0) == 50


def test_true_usage_takes_the_place_of_the_estimate() -> None:
    minute = Minute(Rate(tokens=100))
    booking = minute.book(tokens=90, now_seconds=0.0)
    assert minute.wait_seconds(tokens=50, now_seconds=0.0)

    minute.correct(booking, tokens=20)
    assert minute.wait_seconds(tokens=50, now_seconds=0.0) == 0

    assert minute.wait_seconds(tokens=100, now_seconds=61.0) == 0
    minute.correct(booking, tokens=90)
    assert minute.wait_seconds(tokens=100, now_seconds=61.0) == 0
