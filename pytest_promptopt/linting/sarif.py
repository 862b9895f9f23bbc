"""Findings as SARIF 2.1.0, which code hosts show beside the lines of a change."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from pytest_promptopt.linting.rule import Finding, Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding], rules: Sequence[Rule], *, version: str) -> str:
    """A log of one run; paths are relative to the project, with ``/``."""
    driver = {
        "name": "promptopt lint",
        "semanticVersion": version,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {"tool": {"driver": driver}, "results": [_result(finding) for finding in findings]}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def is_sarif(content: bytes) -> bool:
    """Whether a file's content is such a log, ours or another tool's."""
    try:
        log = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(log, dict) and isinstance(log.get("runs"), list)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.reason} ({rule.source})"},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": "warning"},
    }


def _result(finding: Finding) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": quote(finding.path)},
        "region": {"startLine": finding.line},
    }
    return {
        "ruleId": finding.code,
        "level": "warning",
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
    }
