"""The gates of a run judged together, so that chance fails none by their number alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_promptopt.evaluation.certainty import percent
from pytest_promptopt.evaluation.part import MAX_DROP, MIN, Finding
from pytest_promptopt.evaluation.verdict import LimitTest, Verdict, with_findings
from pytest_promptopt.statistics.correction import discovery_divisors, level_divisors

_METHODS = {"holm": level_divisors, "bh": discovery_divisors}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """All tests of a run on one kind of limit, by what they are on, and their shares of error."""

    method: str
    tests: Mapping[str, LimitTest]
    divisors: Mapping[str, float]

    def judged(self, key: str) -> LimitTest:
        """The test on ``key``, with what is left of what it failed."""
        test, divisor = self.tests[key], self.divisors[key]
        asked = f"with {len(self.tests):,} limits on {test.limit} judged together ({self.method})"
        takes = f"{asked} that takes {percent(1 - test.error / divisor)} confidence"
        if test.strength >= divisor:
            fails = tuple(_told(found, f"FAIL also {asked}") for found in test.fails)
        else:
            fails = tuple(_told(found.softer or found, takes) for found in test.fails)
        return replace(test, fails=fails, adjusted=self.method)


def judged_together(verdicts: Mapping[str, Verdict], method: str) -> Mapping[str, Verdict]:
    """The verdicts of a run by what they are on, without FAILs that their number alone may explain.

    ``method`` is `none`, `holm` or `bh`. Tests on ``min`` are judged together, and so are those on
    ``maxDrop``, each kind apart as within a prompt, whose parts are one test. No verdict gets
    worse; a test that is alone stays as it is. Any order of the verdicts gives the same.
    """
    families = {limit: _family(verdicts, limit, method) for limit in (MIN, MAX_DROP)}
    return {key: _adjusted(key, verdict, families) for key, verdict in verdicts.items()}


def _family(verdicts: Mapping[str, Verdict], limit: str, method: str) -> _Family | None:
    """None where nothing is adjusted."""
    tests = {
        key: test
        for key, verdict in verdicts.items()
        for test in verdict.tests
        if test.limit == limit
    }
    if len(tests) < 2 or method not in _METHODS:
        return None
    rejecting = {key: test.strength.__ge__ for key, test in tests.items()}
    return _Family(method=method, tests=tests, divisors=_METHODS[method](rejecting))


def _adjusted(key: str, verdict: Verdict, families: Mapping[str, _Family | None]) -> Verdict:
    found = [(test, families[test.limit]) for test in verdict.tests]
    tests = tuple(family.judged(key) if family else test for test, family in found)
    if tests == verdict.tests or verdict.besides is None:
        return replace(verdict, tests=tests)
    return replace(
        with_findings(verdict.besides, [finding for test in tests for finding in test.fails]),
        tests=tests,
        besides=verdict.besides,
    )


def _told(finding: Finding, more: str) -> Finding:
    return replace(finding, text=f"{finding.text}; {more}")
