import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.forge.address import check_address, check_repository, check_token


@pytest.mark.parametrize(
    ("address", "checked"),
    [
        ("https://api.github.com", "https://api.github.com"),
        ("https://ghe.example:8443/api/v3/", "https://ghe.example:8443/api/v3"),
        ("http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080/api/v3"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_address_loses_the_slash_at_its_end(address: str, checked: str) -> None:
    assert check_address(address, "GITHUB_API_URL") == checked


@pytest.mark.parametrize(
    "address",
    [
        "",
        "api.github.com",
        "ftp://api.github.com",
        "https://someone:secret@api.github.com",
        "https://api.github.com\\@evil.example",
        "https://api.github.com?page=1",
        "https://api.github.com/\n",
        "https://a..b",
        "https://api.github.com:99999",
        f"https://{'a' * 64}.example",
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_address(address, "GITHUB_API_URL")
    assert str(caught.value) == "GITHUB_API_URL must be an address such as https://api.github.com"


@pytest.mark.parametrize("host", ["api.github.com", "127.0.0.1.example", "192.168.0.1", "127.1"])
def test_plain_http_is_for_this_machine_only(host: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_address(f"http://{host}", "GITHUB_API_URL")
    assert str(caught.value) == (
        "GITHUB_API_URL must begin with https://: no token is sent in the open"
    )


@pytest.mark.parametrize("repository", ["acme/shop", "Acme-2/.github", "a/b.c_d-e"])
def test_a_repository_is_taken_as_it_is(repository: str) -> None:
    assert check_repository(repository, "GITHUB_REPOSITORY") == repository


@pytest.mark.parametrize(
    "repository", ["", "shop", "acme/", "acme/..", "../shop", "acme/shop/pulls", "a/b?c", "a/b\n"]
)
def test_what_is_no_repository_is_refused(repository: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_repository(repository, "GITHUB_REPOSITORY")
    assert str(caught.value) == (
        "GITHUB_REPOSITORY must be a repository such as octocat/hello-world"
    )


@pytest.mark.parametrize("token", ["", "ghs_a b", "ghs_a\nb", "ghs_é"])
def test_a_token_that_no_header_carries_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_token(token, "GITHUB_TOKEN")
    assert str(caught.value) == (
        "GITHUB_TOKEN holds characters that no HTTP header can carry: set it again without "
        "spaces and line breaks"
    )
