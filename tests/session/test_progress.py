from pytest_promptopt.client.retries import Wait
from pytest_promptopt.providers.request import Model
from pytest_promptopt.reports.terminal import describe_wait
from pytest_promptopt.session.progress import Work, fitting


def test_work_is_shown_as_a_bar_until_it_is_done() -> None:
    work = Work()
    work.report("putting tiny together", 45, 100)
    assert work.text == "putting tiny together [#########-----------]  45%"
    work.report("putting tiny together", 100, 100)
    assert work.text == ""


def test_as_many_parts_are_drawn_as_there_is_room_for() -> None:
    parts = ("12/500 answers", "4.0/s", "2 min left")
    assert fitting(parts, 80) == " 12/500 answers, 4.0/s, 2 min left"
    assert fitting(parts, 22) == " 12/500 answers, 4.0/s"
    assert fitting(parts, 21) == " 12/500 answers"
    assert fitting(parts, 5) == ""


def test_who_is_waited_for_is_told_with_the_try() -> None:
    model = Model(provider="openai", name="x", base_url="http://127.0.0.1:9/v1")
    wait = Wait(model=model, since_seconds=100.0, attempt=2)
    assert describe_wait(None, 500.0) == ""
    assert describe_wait(wait, 105.0) == ""
    assert describe_wait(wait, 175.0) == (
        "openai/x at http://127.0.0.1:9/v1 has not answered for 1 min 15 s (try 2)"
    )
