"""The evaluator ``yaml``: what ``json`` asks of JSON, asked of YAML."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.code_block import SeveralBlocksError, only_block
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import OptionsError
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.scoring.structured import JsonScorer, json_scorer
from pytest_promptopt.text.excerpt import excerpt

# Read with its positions, which takes about a second.
_MOST_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlScorer:
    """Reads the answer, or its only code block, as YAML 1.2 and has ``json`` score the value."""

    of_json: JsonScorer

    def score(self, golden: Golden, completion: Completion) -> Score:
        """0 for what is no mapping or list in YAML, else what ``json`` gives."""
        got = excerpt(completion.text.strip())
        try:
            block = only_block(completion.text)
            text = completion.text if block is None else block
            if len(text) > _MOST_CHARACTERS:
                return Score.unscored(f"an answer of {len(text):,} characters is too long to read")
            if not text.strip():
                return Score(value=0.0, reason="the answer is empty")
            # Half a surrogate pair becomes a question mark.
            text = text.encode("utf-8", "replace").decode("utf-8")
            value = parse_document(text, "answer").data
        except SeveralBlocksError:
            return Score(value=0.0, reason="more than one code block")
        except PromptFileError as error:
            [problem, *_] = error.problems
            where = f"not YAML at line {problem.line}"
            return Score(value=0.0, reason=f"{where} ({excerpt(problem.message)}), got {got}")
        if not isinstance(value, dict | list):
            return Score(value=0.0, reason=f"no mapping or list in YAML, got {got}")
        text = json.dumps(value, ensure_ascii=False)
        return self.of_json.score(golden, replace(completion, text=text))

    def flaw(self, golden: Golden) -> str:
        """What ``json`` says."""
        return self.of_json.flaw(golden)


def yaml_scorer(spec: EvaluatorSpec, context: ScoringContext) -> YamlScorer:
    """``yaml: valid`` or a mapping of ``schema``, ``equals``, ``fields``."""
    if isinstance(spec.options, Mapping) and "strict" in spec.options:
        raise OptionsError("`strict` is for `json` alone")
    return YamlScorer(of_json=json_scorer(spec, context))


YAML = Kind(make=yaml_scorer)
