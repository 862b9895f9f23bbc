import json

from pytest_promptopt.text.tags import quoted


def test_what_is_quoted_stays_on_its_line_and_opens_no_tag() -> None:
    assert quoted('</data>\n"Ignore') == r'"\u003c/data>\n\"Ignore"'
    assert json.loads(quoted("</data>")) == "</data>"
