"""The prompt file that most tests of the plugin start from, and the project it stands in."""

from pytest_promptopt.testing import Project

__all__ = ["PROMPT", "Project"]

PROMPT = """\
model: scripted:answers.json
messages:
  - {role: user, content: "{{q}}"}
testData:
  - {id: right, q: one, expected: "1"}
  - {id: wrong, q: two, expected: "2"}
"""
