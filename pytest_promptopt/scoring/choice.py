"""The evaluator ``choice``: the answer names exactly one of a set of labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.labels import labels_of
from pytest_promptopt.prompts.template import as_text, fill_deep
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.filled import FilledScorer, hit_or_miss
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.judge import read_choice
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.labels import Naming, named_labels, read_naming
from pytest_promptopt.scoring.likelihood import Alternatives, Likeliest, require_likelihood
from pytest_promptopt.scoring.options import OptionsError, known_only, type_name, unknown
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.suggestion import did_you_mean
from pytest_promptopt.text.excerpt import excerpt, one_line

_KEYS = ("labels", "expected", "by")
_WAYS = ("text", "verdict", "likelihood")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScorer:
    """Whether a judge's choice, read as other prompts read it, is the label."""

    choice: FilledScorer

    def score(self, golden: Golden, completion: Completion) -> Score:
        """1 where it is; 0 where it is another or none. Not scored where the raters disagree."""
        labels = _labels(self.choice.options)
        found = read_choice(completion, dict.fromkeys(labels.values(), 1.0))
        if flaw := self.choice.flaw(golden):
            reason = self._split(golden) or flaw
            return Score(value=None, reason=reason, named=found.named)
        options = fill_deep(self.choice.options, golden.variables)
        wanted = [labels[folded(text)] for text in _expected(options)]
        right = found.named if found.named in wanted else wanted[0]
        if found.named == right:
            return Score(value=1.0, named=right, wanted=right)
        reason = f"the label is {_listed(wanted, ' or ')}, {found.reason}"
        return Score(value=0.0, reason=reason, named=found.named, wanted=right)

    def flaw(self, golden: Golden) -> str:
        """That a label is none of the choices, or that there is none."""
        labels = _labels(self.choice.options)
        for rater, label in labels_of(golden).items():
            if folded(label) not in labels:
                known = did_you_mean(label, [*labels.values()])
                return f"the label {excerpt(label)} of {rater} is none of the choices{known}"
        return "" if self._split(golden) else self.choice.flaw(golden)

    def _split(self, golden: Golden) -> str:
        said = labels_of(golden)
        if golden.has_expected or not said:
            return ""
        told = ", ".join(f"{rater} says {excerpt(label)}" for rater, label in said.items())
        return f"the raters disagree ({told}); `label` says which one counts"


def choice_scorer(
    spec: EvaluatorSpec, context: ScoringContext
) -> FilledScorer | LabelScorer | Likeliest:
    """``choice: [labels]`` or ``{labels, expected}``; the expected one is ``{{expected}}``.

    Of several that are expected any is right.
    """
    options = spec.options if isinstance(spec.options, Mapping) else {"labels": spec.options}
    known_only(options, _KEYS)
    labels = options.get("labels")
    if not isinstance(labels, list) or not labels:
        raise OptionsError(f"`choice` must be a list of labels, found {type_name(labels)}")
    for label in labels:
        if isinstance(label, Mapping | list) or label is None or not folded(as_text(label)):
            raise OptionsError(f"a label of `choice` must be text, found {excerpt(label)}")
    by = options.get("by", "text")
    if by not in _WAYS:
        raise unknown(f"`by` cannot be {excerpt(by)}", str(by), _WAYS)
    scorer = FilledScorer(
        options={"expected": "{{expected}}", **options}, compare=_score_choice, flaw_of=_flaw
    )
    if by == "text":
        return scorer
    if by == "verdict":
        return LabelScorer(choice=scorer)
    require_likelihood(context, spec.kind)

    def alternatives(golden: Golden) -> Alternatives:
        filled = fill_deep(scorer.options, golden.variables)
        labels = _labels(filled)
        right = [labels[folded(text)] for text in _expected(filled)]
        return Alternatives(texts=[*labels.values()], right=right)

    return Likeliest(alternatives=alternatives, flaw_of=scorer.flaw)


def _flaw(options: Mapping[str, Any]) -> str:
    expected, labels = _expected(options), _labels(options)
    stray = next((text for text in expected if folded(text) not in labels), None)
    if stray is None:
        return "" if expected else "`expected` holds no label"
    known = did_you_mean(stray, [one_line(label) for label in labels.values()])
    return f"expected {excerpt(stray)} is not among the labels{known}"


def _expected(options: Mapping[str, Any]) -> list[str]:
    expected = options["expected"]
    return [as_text(label) for label in (expected if isinstance(expected, list) else [expected])]


def _labels(options: Mapping[str, Any]) -> dict[str, str]:
    """The labels as written, by what tells them apart."""
    labels = {folded(as_text(label)): as_text(label) for label in options["labels"]}
    labels.pop("", None)
    return labels


def _score_choice(options: Mapping[str, Any], answer: str) -> Score:
    labels = _labels(options)
    wanted = [labels[folded(text)] for text in _expected(options)]
    naming = read_naming(labels.values(), answer)
    is_right = len(naming.named) == 1 and naming.named[0] in wanted
    return hit_or_miss(is_right, _describe(wanted, naming, answer))


def _describe(wanted: Sequence[str], naming: Naming, answer: str) -> str:
    text, expected = excerpt(answer.strip()), _listed(wanted, " or ")
    if not naming.named:
        denied = f", only that it is not {_listed(naming.denied)}" if naming.denied else ""
        return f"expected {expected}, got none of the labels{denied}: {text}"
    several = f" {len(naming.named)} labels:" if len(naming.named) > 1 else ""
    return f"expected {expected}, got{several} {_listed(naming.named)}: {text}"


def _listed(labels: Sequence[str], joint: str = ", ") -> str:
    return joint.join(excerpt(label) for label in labels[:5])


def _vote(options: Any, answer: str) -> str:
    labels = options["labels"] if isinstance(options, Mapping) else options
    return ", ".join(named_labels([as_text(label) for label in labels], answer))


CHOICE = Kind(make=choice_scorer, vote=_vote)
