import logging

import pytest

from pytest_promptopt.providers.key_filter import KeyFilter

KEY = "sk-test-0123456789abcdef"


def test_a_key_is_replaced_in_messages_and_tracebacks_until_it_is_removed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("httpx2.below")
    caplog.set_level(logging.DEBUG, logger="httpx2.below")
    key_filter = KeyFilter(KEY)
    logger.debug("headers %s", {"x": KEY})
    try:
        raise ValueError(KEY)
    except ValueError:
        logger.exception("failed")
    assert "headers {'x': '[key]'}" in caplog.text
    assert "ValueError: [key]" in caplog.text
    assert KEY not in caplog.text
    key_filter.remove()
    logger.debug(KEY)
    assert KEY in caplog.text


def test_other_loggers_are_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="acme")
    logger = logging.getLogger("acme")
    key_filter = KeyFilter(KEY)
    logger.debug(KEY)
    key_filter.remove()
    assert KEY in caplog.text
