"""``migrate``: a prompt moved to another model, proven not to be worse."""

from typing import Any

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.testing.wire import Received, Reply, WireServer
from pytest_promptopt.work.migrate import Migration, migrate
from tests.project import Project

MODELS = """
TEAMS = {"charged": "billing", "parcel": "shipping", "send": "returns"}

def old(request):
    ticket = request.messages[-1].content
    return next((team for word, team in TEAMS.items() if word in ticket), "no idea")

def chatty(request):
    team = old(request)
    is_told = "exactly one of" in request.messages[0].content
    return team if is_told else f"I think {team}."

def poor(request):
    return "no"
"""
TICKETS = ("I was charged twice", "The parcel is late", "I want to send it back")
TEAMS = ("billing", "shipping", "returns")


@pytest.fixture
def moving(project: Project) -> Project:
    project.write("mover.py", MODELS)
    goldens = "\n".join(
        f'  - {{id: t{n}, ticket: "Case {n}. {TICKETS[n % 3]}", expected: {TEAMS[n % 3]}, '
        f"split: {'test' if n % 10 < 6 else 'train' if n % 10 < 8 else 'validation'}}}"
        for n in range(150)
    )
    project.write(
        "prompts/a.prompt.yml",
        "model: scripted:mover:old\n"
        "messages:\n"
        "  - {role: system, content: Route the ticket.}\n"
        "  - {role: user, content: 'Ticket: {{ticket}}'}\n"
        "evaluators:\n"
        "  - {name: same, equals: '{{expected}}'}\n"
        f"testData:\n{goldens}\n",
    )
    return project


def moved(to_model: str, **options: Any) -> Migration:
    return migrate("prompts/a.prompt.yml", to_model=f"scripted:mover:{to_model}", **options)


@pytest.mark.usefixtures("moving")
def test_where_the_new_model_falls_short_a_prompt_is_found_that_makes_up_for_it() -> None:
    migration = moved("chatty", optimize_set=["budget=600 calls"])
    [search] = migration.searches
    assert migration.is_good_enough
    assert search.proposal is not None
    assert search.proposal.is_proven
    assert "exactly one of" in search.proposal.texts[0].after
    assert [(c.key, c.before, c.after) for c in search.proposal.keys] == [
        ("model", "scripted:mover:old", "scripted:mover:chatty")
    ]


def test_from_one_maker_to_another_over_the_wire(
    moving: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams = {"charged": "billing", "parcel": "shipping", "send": "returns"}

    def answer(received: Received) -> Reply:
        team = next((team for word, team in teams.items() if word in received.question), "no idea")
        is_old = received.path.startswith("/v1/chat")
        is_told = "exactly one of" in str(received.body.get("system"))
        return Reply(text=team if is_old or is_told else f"I think {team}.")

    with WireServer(answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-old")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-new")
        migration = migrate(
            "prompts/a.prompt.yml",
            from_model="openai/gpt-4o-mini",
            to_model="anthropic/claude-haiku-4-5",
            optimize_set=["budget=600 calls"],
        )
    [search] = migration.searches
    assert migration.is_good_enough
    assert search.proposal is not None
    assert [(c.key, c.after) for c in search.proposal.keys] == [
        ("model", "anthropic/claude-haiku-4-5")
    ]
    paths = {received.path for received in server.received}
    assert paths == {"/v1/chat/completions", "/v1/messages"}


@pytest.mark.usefixtures("moving")
def test_where_it_scores_as_much_only_the_model_changes() -> None:
    [search] = moved("old", from_model="scripted:mover:chatty").searches
    assert search.result.reason.startswith("with the prompt as it is the new model scores no less")
    assert search.result.spent.optimizer_calls == 0
    assert search.result.verdict is not None
    assert search.result.verdict.kind is VerdictKind.NOT_INFERIOR
    # The file names that model already.
    assert search.proposal is None


@pytest.mark.usefixtures("moving")
def test_a_model_that_cannot_do_it_is_refused() -> None:
    migration = moved("poor", optimize_set=["budget=300 calls"])
    [search] = migration.searches
    assert not migration.is_good_enough
    assert search.proposal is None
    assert search.result.verdict is not None
    assert search.result.verdict.kind is not VerdictKind.NOT_INFERIOR


@pytest.mark.usefixtures("moving")
def test_what_cannot_be_shown_for_want_of_goldens_is_proposed_as_unproven() -> None:
    migration = moved("chatty", margin=0.01, optimize_set=["budget=600 calls"])
    [search] = migration.searches
    assert not migration.is_good_enough
    assert search.proposal is not None
    assert not search.proposal.is_proven
    assert search.result.verdict is not None
    assert search.result.verdict.sentence.startswith("Not shown to be at most 0.01 worse: ")
    assert search.result.verdict.needed is not None


@pytest.mark.usefixtures("moving")
def test_a_margin_out_of_range_is_refused() -> None:
    with pytest.raises(UsageError, match="the margin must be between 0 and 1, found 2"):
        moved("chatty", margin=2)


def test_the_command_marks_what_is_not_proven(
    moving: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["migrate", "prompts/a.prompt.yml", "--to", "scripted:mover:chatty"]
    assert main([*command, "--margin", "0.01", "--set", "budget=600 calls"]) == 1
    [name] = ProposalStore(moving.path).ids()
    assert capsys.readouterr().out.endswith(f"\nunproven; to take it: promptopt apply {name}\n")


def test_the_command_saves_what_it_proposes_and_says_how_to_take_it(
    moving: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["migrate", "prompts/a.prompt.yml", "--to", "scripted:mover:chatty"]
    assert main([*command, "--set", "budget=600 calls"]) == 0
    [name] = ProposalStore(moving.path).ids()
    out = capsys.readouterr().out
    assert "verdict: Not inferior at a margin of 0.05: " in out
    assert out.count("verdict: ") == 1
    assert '+model: "scripted:mover:chatty"' in out
    assert out.endswith(f"to take it: promptopt apply {name}\n")
    assert main(["apply", name]) == 0
    assert 'model: "scripted:mover:chatty"' in (moving.path / "prompts/a.prompt.yml").read_text()
