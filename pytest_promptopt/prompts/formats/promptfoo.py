"""A configuration of promptfoo as prompts and goldens of ours."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import (
    Imported,
    ImportedPrompt,
    golden,
    with_own_ids,
)
from pytest_promptopt.prompts.formats.promptfoo_assertions import Assertions
from pytest_promptopt.prompts.formats.promptfoo_prompts import ChatPrompt, read_prompts
from pytest_promptopt.prompts.formats.promptfoo_providers import read_providers
from pytest_promptopt.prompts.formats.promptfoo_tests import (
    TestCase,
    Tests,
    filled,
    provider_name,
)
from pytest_promptopt.prompts.formats.reading import (
    MOST_GOLDENS,
    NoCounterpartError,
    Reading,
    is_reference,
)
from pytest_promptopt.prompts.formats.shared import take_shared
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note
from pytest_promptopt.prompts.golden import slug

NAME = "promptfoo"
TESTS = "promptfoo-tests"
_KEYS = (
    "$schema",
    "description",
    "prompts",
    "providers",
    "targets",
    "tests",
    "defaultTest",
    "scenarios",
    "assertionTemplates",
)
_DEFAULT_KEYS = ("vars", "assert", "options")
_MARKS = ("prompts", "providers", "targets", "tests", "scenarios", "defaultTest", "redteam")


def is_promptfoo(data: Any) -> bool:
    """Whether it is such a configuration."""
    if not isinstance(data, Mapping) or "messages" in data:
        return False
    return sum(mark in data for mark in _MARKS) > 1


def read_promptfoo(spot: Spot, name: str, reading: Reading) -> Imported:
    """What the configuration says; raises :class:`PromptFileError` where it says nothing."""
    prompts, lost = read_prompts(spot.get("prompts"), reading)
    head: dict[Any, Any] = dict.fromkeys(lost)
    head |= read_providers(spot.get("providers") or spot.get("targets"), reading)
    head |= dict.fromkeys(reading.lose_keys(spot, _KEYS))
    default = _default(spot, reading)
    assertions = Assertions(reading=reading, root=spot)
    evaluators, cases = _cases(spot, default, assertions)
    if not prompts and not cases:
        message = "neither a prompt nor a test of it has a counterpart here"
        raise PromptFileError([*reading.losses, spot.problem(message)])
    goldens = with_own_ids([_golden(case, is_alone=not evaluators) for case in cases])
    if prompts:
        evaluators += take_shared(goldens)
    return Imported(
        format=NAME,
        location=spot.location,
        name=name,
        prompts=tuple(_named(prompts, name, spot, head, evaluators)),
        goldens=tuple(goldens),
        losses=reading.losses,
        checks=reading.checks,
    )


def is_tests(foreign: Foreign) -> bool:
    """Whether it has tests alone, as rows or as a list."""
    keys = foreign.keys
    return any(key.startswith("__expected") for key in keys) or {"vars", "assert"} <= keys


def read_tests(foreign: Foreign) -> Imported:
    """Goldens of a file of tests; raises :class:`PromptFileError`."""
    reading = foreign.reading
    location = reading.location(foreign.path)
    spot = Spot(value=foreign.path.name, path=foreign.path, location=location, line=1)
    tests = Tests(reading=reading, assertions=Assertions(reading=reading, root=spot))
    goldens = [_golden(case, is_alone=True) for case in tests.cases(spot)]
    if not goldens:
        raise PromptFileError([*reading.losses, spot.problem("no test of it has a counterpart")])
    return Imported(
        format=TESTS,
        location=location,
        name=foreign.name,
        goldens=tuple(with_own_ids(goldens)),
        losses=reading.losses,
        checks=reading.checks,
    )


def _default(spot: Spot, reading: Reading) -> Spot | None:
    """``defaultTest``, also where it stands in a file of its own."""
    default = spot.get("defaultTest")
    if default is None or not is_reference(default.value):
        return default
    try:
        [path] = reading.named(default, default.value)
        return reading.document(path)
    except (NoCounterpartError, PromptFileError, ValueError) as error:
        reading.lose(default, f"`defaultTest` has no counterpart: {error}")
        return None


def _cases(
    spot: Spot, default: Spot | None, assertions: Assertions
) -> tuple[list[Any], list[TestCase]]:
    """The evaluators of every test, with notes, and the tests."""
    reading = assertions.reading
    options = default.get("options") if default else None
    judge = provider_name(options)
    plain = Tests(reading=reading, assertions=assertions, judge=judge)
    variables, notes = plain.variables(default.get("vars") if default else None)
    evaluators = [*notes, *assertions.entries(default.get("assert") if default else None, judge)]
    if default is not None:
        evaluators += reading.lose_keys(default, _DEFAULT_KEYS, " of `defaultTest`")
    if options is not None:
        evaluators += reading.lose_keys(options, ("provider",), " of `defaultTest`'s options")
    tests = Tests(reading=reading, assertions=assertions, defaults=variables, judge=judge)
    cases: list[TestCase] = []
    for case in (*tests.cases(spot.get("tests")), *tests.scenarios(spot.get("scenarios"))):
        if len(cases) == MOST_GOLDENS:
            reading.lose(spot, f"only its first {MOST_GOLDENS:,} tests are taken")
            break
        cases.append(case)
    return evaluators, _merged(cases)


def _merged(cases: list[TestCase]) -> list[TestCase]:
    """Those without variables as one: they send the same, and differ in what is asked of it."""
    bare = [case for case in cases if not case.variables]
    if len(bare) < 2:
        return cases
    first = replace(
        bare[0],
        evaluators=tuple(one for case in bare for one in case.evaluators),
        notes=tuple(note for case in bare for note in case.notes),
        tags=tuple(dict.fromkeys(tag for case in bare for tag in case.tags)),
        description="",
    )
    return [first, *(case for case in cases if case.variables)]


def _golden(case: TestCase, *, is_alone: bool) -> dict[Any, Any]:
    """A test as a golden; where all that it asks for is one text, that is ``expected``."""
    variables = filled(case.variables)
    evaluators = list(case.evaluators)
    expected = None
    if is_alone and len(evaluators) == 1 and isinstance(evaluators[0], Mapping):
        wanted = evaluators[0].get("equals") if evaluators[0].keys() == {"equals"} else None
        if isinstance(wanted, str | int | float) and "{{" not in str(wanted):
            expected, evaluators = wanted, []
    more: dict[Any, Any] = dict.fromkeys(case.notes)
    more |= {"evaluators": evaluators} if evaluators else {}
    return golden(
        variables,
        expected=expected,
        tags=case.tags,
        description=case.description,
        is_judged=bool(evaluators) or not is_alone,
        more=more,
    )


def _named(
    prompts: list[ChatPrompt],
    name: str,
    spot: Spot,
    head: Mapping[Any, Any],
    evaluators: list[Any],
) -> Iterator[ImportedPrompt]:
    """Each prompt with a name of its own."""
    taken: set[str] = set()
    for number, prompt in enumerate(prompts, start=1):
        label = slug(prompt.label)[:40].lower().strip("-.")
        own = name if len(prompts) == 1 else f"{name}-{label or number}"
        own = f"{own}-{number}" if own in taken else own
        taken.add(own)
        yield ImportedPrompt(name=own, content=_content(prompt, spot, head, evaluators))


def _content(
    prompt: ChatPrompt, spot: Spot, head: Mapping[Any, Any], evaluators: list[Any]
) -> dict[Any, Any]:
    described = spot.get("description")
    content: dict[Any, Any] = {"name": prompt.title} if prompt.title else {}
    content |= {"description": str(described.value)} if described else {}
    content |= head
    own = dict(prompt.content)
    parameters = {**content.get("modelParameters", {}), **own.pop("modelParameters", {})}
    content |= own
    content |= {"modelParameters": parameters} if parameters else {}
    messages = [item for item in prompt.messages if not isinstance(item, Note)]
    content["messages"] = prompt.messages if messages else [{"role": "user", "content": ""}]
    return content | ({"evaluators": evaluators} if evaluators else {})
