"""The evaluator ``json``: valid, by schema, by value, by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import MissingValueError, fill_deep
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.filled import hit_or_miss, no_value
from pytest_promptopt.scoring.json_value import (
    ABSENT,
    NotJsonError,
    describe_differences,
    join_few,
    read_json,
    same_value,
    value_at,
    with_tidy_keys,
)
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import OptionsError, flag_option, known_only, type_name
from pytest_promptopt.scoring.schema import SchemaCheck, UncheckableError
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt

_KEYS = ("schema", "equals", "fields", "strict", "anywhere", "lenient")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonScorer:
    """Reads the answer as JSON, holds it against ``schema`` and compares it.

    ``equals`` is the whole value that is expected, ``fields`` are single ones by their path;
    at most one of the two is there.
    """

    strict: bool
    anywhere: bool
    lenient: bool
    schema: SchemaCheck | None
    comparison: Mapping[str, Any]

    def score(self, golden: Golden, completion: Completion) -> Score:
        """0 for what is not JSON or breaks the schema, else what the comparison gives."""
        try:
            expected = fill_deep(self.comparison, golden.variables)
        except MissingValueError as error:
            return no_value(error, golden)
        if flaw := _flaw(expected):
            return Score.unscored(flaw)
        try:
            found = read_json(
                completion.text, strict=self.strict, anywhere=self.anywhere, lenient=self.lenient
            )
            violations = self.schema.violations(found) if self.schema else ""
        except NotJsonError as error:
            shown = excerpt(completion.text.strip())
            return Score(value=0.0, reason=f"not the JSON expected: {error}, got {shown}")
        except UncheckableError as error:
            return Score.unscored(str(error))
        if violations:
            return Score(value=0.0, reason=violations)
        return _compare(expected, found)

    def flaw(self, golden: Golden) -> str:
        """Why ``golden`` expects what is no JSON, lacks a field or breaks the schema."""
        try:
            expected = fill_deep(self.comparison, golden.variables)
            return _flaw(expected) or self._refusal(expected)
        except MissingValueError as error:
            return golden.lacks(error.args[0])
        except UncheckableError:
            return ""

    def _refusal(self, expected: Mapping[str, Any]) -> str:
        if self.schema is None or not expected:
            return ""
        if "equals" in expected:
            violations = self.schema.violations(_parsed(expected["equals"]))
        else:
            violations = self.schema.violations(_top_fields(expected), of_part=True)
        return f"the schema refuses what is expected: {violations}" if violations else ""


def _flaw(expected: Mapping[str, Any]) -> str:
    key = "equals" if "equals" in expected else "expected"
    value = _parsed(expected.get(key))
    if isinstance(value, str) and (key == "expected" or value.lstrip().startswith(("{", "["))):
        return f"expected {excerpt(value)} is not JSON"
    missing = [path for path in expected.get("paths", ()) if value_at(value, path) is ABSENT]
    return f"`expected` has no {join_few(iter(missing))}" if missing else ""


def _top_fields(expected: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is compared of the fields that are not inside of others."""
    if "fields" in expected:
        return {path: value for path, value in expected["fields"].items() if "." not in path}
    source = _parsed(expected["expected"])
    wanted = {path.partition(".")[0] for path in expected["paths"]}
    return {key: value for key, value in source.items() if key in wanted}


def json_scorer(spec: EvaluatorSpec, context: ScoringContext) -> JsonScorer:
    """``json: valid`` or a mapping.

    What is wanted of the value is ``schema``, ``equals`` and ``fields``; what text is taken for it
    ``strict``, ``anywhere`` and ``lenient``, as of :func:`~.json_value.read_json`.
    """
    options = {} if spec.options in (None, "valid", True) else spec.options
    if not isinstance(options, Mapping):
        raise OptionsError(f"`json` must be `valid` or a mapping, found {excerpt(options)}")
    known_only(options, _KEYS)
    if "equals" in options and "fields" in options:
        raise OptionsError("`json` has both `equals` and `fields`; one of them says it all")
    strict, anywhere = flag_option(options, "strict"), flag_option(options, "anywhere")
    if strict and anywhere:
        raise OptionsError("`json` has both `strict` and `anywhere`, which say the contrary")
    return JsonScorer(
        strict=strict,
        anywhere=anywhere,
        lenient=flag_option(options, "lenient"),
        schema=_schema(options.get("schema"), context),
        comparison=_comparison(options),
    )


def _schema(wanted: Any, context: ScoringContext) -> SchemaCheck | None:
    if wanted is None or wanted is False:
        return None
    if wanted is True:
        if context.json_schema is None:
            raise OptionsError("`schema: true` means the prompt's jsonSchema, which is not there")
        wanted = context.json_schema["schema"]
    if not isinstance(wanted, Mapping):
        raise OptionsError(f"`schema` must be true or a schema, found {type_name(wanted)}")
    return SchemaCheck(wanted["schema"] if isinstance(wanted.get("schema"), Mapping) else wanted)


def _comparison(options: Mapping[str, Any]) -> Mapping[str, Any]:
    if "fields" not in options:
        return {key: value for key, value in options.items() if key == "equals"}
    match options["fields"]:
        case list() as paths if paths and all(isinstance(path, str) for path in paths):
            return {"paths": paths, "expected": "{{expected}}"}
        case Mapping() as fields if fields:
            return {"fields": {str(path): value for path, value in fields.items()}}
        case other:
            raise OptionsError(
                f"`fields` must be names or a mapping of names to values, found {excerpt(other)}"
            )


def _compare(expected: Mapping[str, Any], found: Any) -> Score:
    if "equals" in expected:
        differences = describe_differences(_parsed(expected["equals"]), found)
        return hit_or_miss(not differences, differences)
    if "fields" in expected:
        return _score_fields(expected["fields"], found)
    if "paths" in expected:
        source = _parsed(expected["expected"])
        fields = {path: value_at(source, path) for path in expected["paths"]}
        return _score_fields(fields, found)
    return Score(value=1.0)


def _parsed(value: Any) -> Any:
    """Text that is JSON stands for what it says, as goldens from CSV have nothing but text.

    Its keys are written one way, as :func:`read_json` gives them.
    """
    if not isinstance(value, str):
        return with_tidy_keys(value)
    try:
        return read_json(value)
    except NotJsonError:
        return value


def _score_fields(fields: Mapping[str, Any], found: Any) -> Score:
    values = {path: value_at(found, path) for path in fields}
    right = sum(same_value(wanted, values[path]) for path, wanted in fields.items())
    return Score(value=right / len(fields), reason=join_few(_wrong_fields(fields, values)))


def _wrong_fields(fields: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    for path, wanted in fields.items():
        if values[path] is ABSENT:
            yield f"{path}: missing, expected {excerpt(wanted)}"
        elif not same_value(wanted, values[path]):
            yield f"{path}: expected {excerpt(wanted)}, got {excerpt(values[path])}"


JSON = Kind(make=json_scorer)
