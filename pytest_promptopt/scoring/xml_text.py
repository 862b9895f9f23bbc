"""The evaluator ``xml``: well-formed, with the elements that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.parsers import expat

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.code_block import SeveralBlocksError, bare_or_block
from pytest_promptopt.scoring.json_value import join_few
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt


class XmlOptions(Options, frozen=True):
    """Elements by their path from the root, such as order.customer.id; the share that is there."""

    elements: tuple[str, ...] = ()


class _EntityError(Exception):
    """The document declares entities, which are not expanded here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlScorer:
    """Whether the answer, or its only code block, is XML that has ``elements``."""

    elements: Sequence[str]

    def score(self, golden: Golden, completion: Completion) -> Score:  # noqa: ARG002
        """0 for what is not well-formed, else the share of the elements that are there."""
        try:
            missing = _missing(bare_or_block(completion.text, "<"), self.elements)
        except SeveralBlocksError:
            return Score(value=0.0, reason="more than one code block")
        except expat.ExpatError as error:
            where = f"line {error.lineno}, column {error.offset}"
            what = expat.ErrorString(error.code)
            got = excerpt(completion.text.strip())
            return Score(value=0.0, reason=f"not XML at {where} ({what}), got {got}")
        except _EntityError:
            return Score.unscored("it declares entities, which are not expanded")
        if not missing:
            return Score(value=1.0)
        share = 1 - len(missing) / len(self.elements)
        return Score(value=share, reason=f"missing: {join_few(map(excerpt, missing))}")


def _missing(text: str, elements: Sequence[str]) -> list[str]:
    """Which of ``elements`` are not there, in one pass."""
    wanted = {tuple(element.split(".")): element for element in elements}
    depths = {len(path) for path in wanted}
    missing, path = dict(wanted), list[str]()

    def start(name: str, _attributes: object) -> None:
        path.append(name)
        if len(path) in depths:
            missing.pop(tuple(path), None)

    def end(_name: str) -> None:
        path.pop()

    def refuse(*_declaration: object) -> None:
        raise _EntityError

    # The text is decoded already, whatever encoding it says it has.
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = refuse
    parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    return [*missing.values()]


def _xml_scorer(options: XmlOptions, _spec: EvaluatorSpec, _context: ScoringContext) -> XmlScorer:
    return XmlScorer(elements=options.elements)


XML = declared_kind(XmlOptions, _xml_scorer)
