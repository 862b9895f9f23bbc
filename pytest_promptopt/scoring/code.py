"""The evaluator ``python``: a function of the project."""

import copy
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from numbers import Real
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import ScorerError
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.context import ScoringContext
from pytest_promptopt.scoring.excerpt import excerpt, one_line
from pytest_promptopt.scoring.options import ForeignError, OptionsError
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.suggestion import did_you_mean

_NAME = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<function>[^\W\d]\w*)")
# What adding up shares may be off by: 1.0000000000000002 means 1.
_ROUNDING = 1e-9
_ALLOWED = "True, False, None, a number in [0, 1], (score, reason) or {score, reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonScorer:
    """Calls ``function(answer, variables)`` with the text and a copy of the golden's variables.

    The function gives a truth value or a number in [0, 1], None for "not scored", or
    ``(score, reason)`` or ``{"score": …, "reason": …}``.
    """

    function: Callable[..., Any]
    name: str
    location: str

    def score(self, golden: Golden, completion: Completion) -> Score:
        """What the function says.

        Raises :class:`ScorerError` where it raises, or gives anything else.
        """
        try:
            result = self.function(completion.text, copy.deepcopy(dict(golden.variables)))
        except Exception as error:
            raise ScorerError(
                f"{self.location}: {self.name} raised {type(error).__name__} for golden {golden.id}"
            ) from error
        match result:
            case (value, str(reason)):
                return self._score(value, reason)
            case {"score": value, **rest} if rest.keys() <= {"reason"}:
                return self._score(value, str(rest.get("reason") or ""))
            case value:
                return self._score(value, "")

    def _score(self, value: Any, reason: str) -> Score:
        if value is None:
            return Score.unscored(reason or f"{self.name} gave None")
        number = _number(value)
        if number is not None and -_ROUNDING <= number <= 1 + _ROUNDING:
            number = min(max(number, 0.0), 1.0)
            return Score(value=number, reason=reason or self._default_reason(number))
        raise ScorerError(
            f"{self.location}: {self.name} gave {excerpt(value)}; a scorer gives {_ALLOWED}"
        )

    def _default_reason(self, value: float) -> str:
        return "" if value == 1 else f"{self.name} gave {value:g}"


def _number(value: Any) -> float | None:
    """The number that ``value`` is, also where it is a scalar of numpy's or the like."""
    if not isinstance(value, Real) and callable(getattr(value, "item", None)):
        try:
            value = value.item()
        except (TypeError, ValueError):
            return None
    return float(value) if isinstance(value, Real) else None


def python_scorer(spec: EvaluatorSpec, context: ScoringContext) -> PythonScorer:
    """``python: module:function``, imported from the project; never code in the file itself."""
    if spec.from_golden:
        raise OptionsError("`python` may stand in prompt files only, not in goldens")
    found = _NAME.fullmatch(spec.options) if isinstance(spec.options, str) else None
    if found is None:
        raise ForeignError(
            f"`python` must be `module:function`, found {excerpt(spec.options)}; "
            "code in a prompt file is never run: put it into a function of the project"
        )
    return PythonScorer(
        function=_import(found["module"], found["function"], context.root),
        name=spec.options,
        location=f"{spec.path}:{spec.line}",
    )


def _import(module_name: str, function_name: str, root: Path) -> Callable[..., Any]:
    # As pytest does for the directory of a conftest.py.
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    # An import runs the project's code, which may raise anything.
    try:
        module = import_module(module_name)
    except (Exception, SystemExit) as error:
        raise OptionsError(
            f"`{module_name}` cannot be imported from {root}: "
            f"{type(error).__name__}: {one_line(str(error))}"
        ) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        known = [name for name, value in vars(module).items() if inspect.isfunction(value)]
        raise OptionsError(
            f"`{module_name}` has no function `{function_name}`{did_you_mean(function_name, known)}"
        )
    if inspect.iscoroutinefunction(function):
        raise OptionsError(f"`{module_name}:{function_name}` is async; it must be a plain function")
    typed: Callable[..., Any] = function
    return typed
