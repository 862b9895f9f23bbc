"""The evaluator ``code``: code that passes tests, run in a sandbox and never in our process."""

import ast
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import MissingValueError, as_text, fill_deep
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.code_block import first_block
from pytest_promptopt.scoring.filled import no_value
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.sandbox import NoSandboxError, run_python
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import one_line

_LANGUAGES = ("python", "py", "python3")
# What the parser takes in a second or two.
_MOST_CHARACTERS = 1_000_000


class CodeOptions(Options, frozen=True):
    """What is run: ``setup``, the answer's code, ``tests``."""

    bare = "tests"

    language: Literal["python"] = "python"
    tests: Annotated[
        str, msgspec.Meta(min_length=1, description="Run behind the answer's code.")
    ] = "{{tests}}"
    setup: Annotated[str, msgspec.Meta(description="Run before it, such as imports.")] = ""
    seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedCode:
    """Runs the first block of Python in the answer, or the whole of it where there is none."""

    options: CodeOptions

    def score(self, golden: Golden, completion: Completion) -> Score:
        """1 or 0; not scored where nothing can be run safely."""
        try:
            setup, tests = self._filled(golden)
        except MissingValueError as error:
            return no_value(error, golden)
        code = first_block(completion.text, _LANGUAGES)
        if not code.strip():
            return Score(value=0.0, reason="the answer is empty")
        if len(code) > _MOST_CHARACTERS:
            return Score.unscored(f"an answer of {len(code):,} characters is too long to run")
        try:
            parts = {"setup": setup, "answer": code, "tests": tests}
            ran = run_python(parts, seconds=self.options.seconds)
        except NoSandboxError as error:
            return Score.unscored(str(error))
        return Score(value=float(not ran.problem), reason=ran.problem)

    def flaw(self, golden: Golden) -> str:
        """That the golden's tests, or what stands before them, are no Python."""
        try:
            texts = self._filled(golden)
        except MissingValueError as error:
            return golden.lacks(error.args[0])
        for name, text in zip(("setup", "tests"), texts, strict=True):
            try:
                ast.parse(text[:_MOST_CHARACTERS])
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                return f"the {name} are no Python: {one_line(str(error)) or 'nested too deeply'}"
        return "" if texts[1].strip() else "the tests are empty"

    def _filled(self, golden: Golden) -> tuple[str, str]:
        options = (self.options.setup, self.options.tests)
        setup, tests = (_joined(fill_deep(text, golden.variables)) for text in options)
        return setup, tests


def _joined(value: Any) -> str:
    """The text, of a list one item a line."""
    return "\n".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def _tested_code(
    options: CodeOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> TestedCode:
    return TestedCode(options=options)


CODE = declared_kind(CodeOptions, _tested_code)
