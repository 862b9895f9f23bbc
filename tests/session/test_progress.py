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
