"""The evaluator ``python``: a function of the project."""

import copy
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

from pytest_promptopt.errors import ScorerError
from pytest_promptopt.project.code import CodeError
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import ForeignError, OptionsError
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.scoring.time_limit import OvertimeError
from pytest_promptopt.text.excerpt import excerpt, one_line

_NAME = re.compile(r"[\w.]+:\w+")
_SHOWN_OF_AN_ERROR = 400
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
        except (KeyboardInterrupt, OvertimeError):
            raise
        # Not merely exceptions: pytest.skip() and sys.exit() would leave the golden out.
        except BaseException as error:
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
    try:
        return float(value) if isinstance(value, Real) else None
    except OverflowError:
        return None


def python_scorer(spec: EvaluatorSpec, context: ScoringContext) -> PythonScorer:
    """``python: module:function``, imported from the project; never code in the file itself."""
    if spec.from_golden:
        raise OptionsError("`python` may stand in prompt files only, not in goldens")
    if not isinstance(spec.options, str) or not _NAME.fullmatch(spec.options):
        raise ForeignError(
            f"`python` must be `module:function`, found {excerpt(spec.options)}; "
            "code in a prompt file is never run: put it into a function of the project"
        )
    try:
        function = context.code.function(spec.options)
    except CodeError as error:
        raise OptionsError(one_line(str(error), _SHOWN_OF_AN_ERROR)) from error
    if not _takes(function):
        raise OptionsError(f"`{spec.options}` must take two arguments: (answer, variables)")
    return PythonScorer(
        function=function,
        name=spec.options,
        location=f"{spec.path}:{spec.line}",
    )


def _takes(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind("answer", {})
    except TypeError:
        return False
    return True


PYTHON = Kind(make=python_scorer)
