from tests.forge.github.asking import COMMENTS, Client
from tests.forge.github_server import FakeGitHub


def test_a_list_comes_in_pages(client: Client, github: FakeGitHub, opened: int) -> None:
    for number in range(31):
        github.add_comment_as("ada", "acme/shop", opened, str(number))
    first = client.ask("GET", COMMENTS)
    assert [one["body"] for one in first.content] == [str(number) for number in range(30)]
    [following, last] = first.headers["Link"].split(", ")
    url, _, relation = following.partition("; ")
    assert relation == 'rel="next"'
    assert last == f'{url}; rel="last"'
    assert url.startswith(f"<{github.api_url}/repositories/")
    second = client.send("GET", url.strip("<>"), None, {})
    assert [one["body"] for one in second.content] == ["30"]
    assert 'rel="prev"' in second.headers["Link"]
    assert 'rel="next"' not in second.headers["Link"]


def test_a_page_has_at_most_a_hundred_items(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    for number in range(101):
        github.add_comment_as("ada", "acme/shop", opened, str(number))
    assert len(client.ask("GET", COMMENTS, query={"per_page": 1000}).content) == 100
    assert client.ask("GET", COMMENTS, query={"per_page": 100, "page": 3}).content == []
