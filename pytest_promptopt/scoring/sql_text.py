"""The evaluator ``sql``: statements that a dialect of SQL reads."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.code_block import SeveralBlocksError, only_block
from pytest_promptopt.scoring.extras import extra_module
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options, unknown
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt

# sqlglot reads this much in about a third of a second.
_MOST_CHARACTERS = 50_000


class SqlOptions(Options, frozen=True):
    """The dialect, by sqlglot's name of it; without one, what most of them read."""

    bare = "dialect"

    dialect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlScorer:
    """Whether the answer, or its only code block, is SQL in ``dialect``."""

    dialect: str | None
    sqlglot: Any

    def score(self, golden: Golden, completion: Completion) -> Score:  # noqa: ARG002
        """1 or 0; not scored where the statement is one that sqlglot does not read."""
        try:
            text = only_block(completion.text)
        except SeveralBlocksError:
            return Score(value=0.0, reason="more than one code block")
        text = completion.text if text is None else text
        if len(text) > _MOST_CHARACTERS:
            return Score.unscored(f"an answer of {len(text):,} characters is too long to parse")
        try:
            with _silenced("sqlglot"):
                statements = self.sqlglot.parse(text, dialect=self.dialect)
        except RecursionError:
            return Score.unscored("nested too deeply to parse")
        except self.sqlglot.errors.SqlglotError as error:
            return Score(value=0.0, reason=f"not SQL{_place(error)}, got {excerpt(text.strip())}")
        return self._judged([statement for statement in statements if statement], text)

    def _judged(self, statements: list[Any], text: str) -> Score:
        expressions, got = self.sqlglot.expressions, excerpt(text.strip())
        if any(isinstance(statement, expressions.Command) for statement in statements):
            return Score.unscored(f"it has a statement that sqlglot does not parse: {got}")
        # A word or two by themselves are an expression, but no statement.
        words = (expressions.Condition, expressions.Alias)
        if not statements or any(isinstance(statement, words) for statement in statements):
            return Score(value=0.0, reason=f"no statement of SQL, got {got}")
        return Score(value=1.0)


def _place(error: Any) -> str:
    for found in getattr(error, "errors", ()):
        return f" at line {found['line']}, column {found['col']} ({excerpt(found['description'])})"
    return ""


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_disabled


def _sql_scorer(options: SqlOptions, spec: EvaluatorSpec, _context: ScoringContext) -> SqlScorer:
    sqlglot = extra_module("sqlglot", "sql", spec.kind)
    known = sorted(dialect.value for dialect in sqlglot.Dialects if dialect.value)
    if options.dialect is not None and options.dialect not in known:
        raise unknown(f"the dialect `{options.dialect}` is not known", options.dialect, known)
    return SqlScorer(dialect=options.dialect, sqlglot=sqlglot)


SQL = declared_kind(SqlOptions, _sql_scorer)
