import json

from pytest_promptopt.linting.linter import RULES
from pytest_promptopt.linting.rule import Finding
from pytest_promptopt.linting.sarif import sarif


def test_a_log_has_every_rule_and_where_each_finding_is() -> None:
    finding = Finding(path="my prompts/é.prompt.yml", line=3, code="PL104", message="x")
    log = json.loads(sarif([finding], RULES, version="1.0"))
    [run] = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [r.code for r in RULES]
    [result] = run["results"]
    assert result == {
        "ruleId": "PL104",
        "level": "warning",
        "message": {"text": "x"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "my%20prompts/%C3%A9.prompt.yml"},
                    "region": {"startLine": 3},
                }
            }
        ],
    }
