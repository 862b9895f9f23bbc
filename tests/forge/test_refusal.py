import pytest

from pytest_promptopt.forge.refusal import remedy_of, shown, words_of


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "Bad credentials"}', "Bad credentials"),
        (
            b'{"message": "Validation Failed", "errors": [{"message": "A pull request already '
            b'exists for acme:x."}, {"field": "base", "code": "invalid"}]}',
            "Validation Failed; A pull request already exists for acme:x.; base invalid",
        ),
        (
            b'{"message": "Unprocessable Entity", "errors": ["Line could not be resolved"]}',
            "Unprocessable Entity; Line could not be resolved",
        ),
        (b'{"message": null, "errors": [7, null, {}]}', ""),
        (b'{"message": {"a": 1}, "errors": "none"}', ""),
        (b"[]", ""),
        (b"<html>Unicorn!</html>", ""),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
    ],
)
def test_the_words_of_a_refusal_are_found_in_any_shape(body: bytes, words: str) -> None:
    assert words_of(body) == words


def test_what_is_shown_is_one_printable_line() -> None:
    text = "no\n::error::x \x1b[31m##[error]y \u202eevil\u200b"
    assert shown(text) == "no ::error::x [31m# #[error]y evil"


def test_what_is_shown_is_abbreviated() -> None:
    assert shown("x" * 5000) == "x" * 300 + "…"


@pytest.mark.parametrize(
    ("status", "said", "remedy"),
    [
        (401, "Bad credentials", "set GITHUB_TOKEN, or GH_TOKEN, anew"),
        (403, "Resource not accessible by integration", "`pull-requests: write`"),
        (403, "Resource not accessible by integration", "docs/ci.md"),
        (403, "Resource not accessible by personal access token", "`contents: write`"),
        (
            403,
            "GitHub Actions is not permitted to create or approve pull requests.",
            "Settings → Actions → General → Bridge permissions",
        ),
        (403, "Unable to create comment because issue is locked.", "Unlock the conversation"),
        (422, "lock prevents review", "Unlock the conversation"),
        (403, "User is blocked", "Use a token that may do this."),
        (404, "Not Found", "the token may not see it"),
        (307, "", "name the repository as it is called now"),
        (503, "", "https://www.githubstatus.com"),
    ],
)
def test_a_refusal_says_what_would_help(status: int, said: str, remedy: str) -> None:
    assert remedy in remedy_of(status, said)


def test_a_refusal_that_explains_itself_gets_no_remedy() -> None:
    assert remedy_of(422, "Line could not be resolved") == ""
