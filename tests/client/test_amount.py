from decimal import Decimal

import pytest

from pytest_promptopt.client.amount import parse_amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [("2", "2"), ("0.5", "0.5"), (".5", "0.5"), ("250k", "250000"), ("1.5M", "1500000"),
     ("1_000", "1000")],
)  # fmt: skip
def test_amounts_are_exact(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "-1", "1,000", "1e3", "k", "nan", "inf", "1kk", "١"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert parse_amount(text) is None
