"""The use of variables: how a prompt's placeholders and its goldens' variables go together."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pytest_promptopt.errors import Problem, Severity
from pytest_promptopt.prompts.golden import JUDGED, RESERVED_KEYS, EvaluatorSpec, Golden
from pytest_promptopt.prompts.kinds import KINDS
from pytest_promptopt.prompts.labels import AUTHORS, LABEL, RATERS
from pytest_promptopt.prompts.lettered import KIND as MULTIPLE_CHOICE
from pytest_promptopt.prompts.lettered import is_shuffled
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import MissingValueError, Template, templates_in

_SHOWN = 60
_SHOWN_NAMES = 5
# Code and built-in judges are given all variables, by placeholder or not.
_SEEING_ALL = ("python", "uses")
# What people write beside an example for themselves.
_NOTES = frozenset({"comment", "comments", "description", "note", "notes", "source"})
_LOGIC = re.compile(r"\{%.{0,200}?%\}|<%.{0,200}?%>", re.DOTALL)
_FILE = re.compile(r"\s*file://\S+\s*")
_THREE_BRACES = re.compile(r"(?<!\{)(\{{3}[^\S\n]*([^\W\d][\w.-]*)[^\S\n]*\}{3})(?!\})")
_WORD = re.compile(r"\w+(?:-\w+)*")


def used_variables(prompt: Prompt, evaluators: Iterable[EvaluatorSpec]) -> set[str]:
    """The names that placeholders of the messages and evaluators ask for."""
    templates = [message.template for message in prompt.messages]
    for spec in evaluators:
        templates += templates_in(spec.options)
    return {name for template in templates for name in template.variables}


def check_use(prompt: Prompt) -> Iterator[Problem]:
    """What is sent as it stands though a value was meant, and values that nothing sends."""
    names = {name for golden in prompt.goldens for name in golden.variables}
    found = [
        _problem(prompt.location, message.line, f"{token} stays text{_remedy(token, names)}")
        for message in prompt.messages
        for token in _stays(message.template, names)
    ]
    yield from found
    yield from _stays_in_evaluators(prompt.evaluators, names)
    yield from _filled_in_some(prompt)
    yield from _files_as_values(prompt)
    yield from _in_three_braces(prompt)
    if _asks_the_same(prompt) or (len(prompt.goldens) == 1 and _sends_nothing(prompt, found)):
        message = _all_the_same(prompt, names, found)
        yield Problem(path=prompt.location, line=prompt.messages[-1].line, message=message)
    else:
        yield from _unused(prompt)
    yield from _options_unseen(prompt)


def _stays(template: Template, names: set[str]) -> list[str]:
    """What looks like a template to some tool and is none here."""
    text = template.text
    tokens = [token for name, token in template.others.items() if name not in names]
    tokens += _LOGIC.findall(text)
    tokens += [text.strip()] if _FILE.fullmatch(text) else []
    for name in sorted(names - {*template.variables, *RESERVED_KEYS}):
        form = next((form for form in _other_forms(name) if form in text), None)
        tokens += [form] if form else []
    return [_shown(token) for token in dict.fromkeys(tokens)]


def _other_forms(name: str) -> tuple[str, ...]:
    """How other tools write the variable; the last is a part of the first."""
    return f"${{{name}}}", f"%({name})s", f"[[{name}]]", f"{{{name}}}"


def _shown(token: str) -> str:
    line = " ".join(token.split())
    return f"`{line[:_SHOWN]}…`" if len(line) > _SHOWN else f"`{line}`"


def _remedy(token: str, names: Collection[str]) -> str:
    if token.startswith("`file://"):
        return ": no file is read; write its text here"
    meant = next((word for word in _WORD.findall(token) if word in names), None)
    return f"; write {{{{{meant}}}}}" if meant else ": it is no placeholder"


def _stays_in_evaluators(
    evaluators: Iterable[EvaluatorSpec], names: Collection[str]
) -> Iterator[Problem]:
    known = {*names, *JUDGED}
    for spec in evaluators:
        for template in templates_in(spec.options):
            tokens = [token for name, token in template.others.items() if name not in known]
            for token in map(_shown, tokens):
                message = f"evaluator `{spec.name}`: {token} stays text{_remedy(token, known)}"
                yield _problem(spec.path, spec.line, message)


def _in_three_braces(prompt: Prompt) -> Iterator[Problem]:
    """Values that another tool would send bare, and that are sent in braces here."""
    for message in prompt.messages:
        for told in _three_braces(message.template):
            yield _problem(prompt.location, message.line, told)
    for spec in prompt.evaluators:
        for template in templates_in(spec.options):
            for told in _three_braces(template):
                yield _problem(spec.path, spec.line, f"evaluator `{spec.name}`: {told}")


def _three_braces(template: Template) -> Iterator[str]:
    for token, name in _THREE_BRACES.findall(template.text):
        yield f"`{token}` keeps a brace on either side of the value; without, write {{{{{name}}}}}"


def _filled_in_some(prompt: Prompt) -> Iterator[Problem]:
    """Goldens without a value for what is filled in others."""
    others = {name for message in prompt.messages for name in message.template.others}
    for name in sorted(others):
        lacking = [golden for golden in prompt.goldens if name not in golden.variables]
        if len(lacking) < len(prompt.goldens):
            for golden in lacking:
                message = f"{golden.lacks(name)} in golden {golden.id}"
                yield Problem(path=golden.path, line=golden.line, message=message)


def _files_as_values(prompt: Prompt) -> Iterator[Problem]:
    sent = {name for message in prompt.messages for name in message.template.variables}
    for golden in prompt.goldens:
        for name in sent & golden.variables.keys():
            value = golden.variables[name]
            if isinstance(value, str) and _FILE.fullmatch(value):
                message = f"`{name}` is {_shown(value)}: no file is read; put its text here"
                yield _problem(golden.path, golden.line, message)
                return


def _asks_the_same(prompt: Prompt) -> bool:
    """Whether several goldens send one text though it is not the same that they give."""
    if len(prompt.goldens) < 2:
        return False
    first, *others = prompt.goldens
    inputs = _inputs(first)
    if inputs and all(_inputs(other) == inputs for other in others):
        return False
    sent = _filled(prompt.messages, first)
    return sent is not None and all(_filled(prompt.messages, other) == sent for other in others)


def _sends_nothing(prompt: Prompt, stays: Collection[Problem]) -> bool:
    """Whether no value of the golden's is sent, though another tool's template stands there."""
    templates = [message.template for message in prompt.messages]
    sent = {name for template in templates for name in (*template.variables, *template.others)}
    inputs = _inputs(prompt.goldens[0])
    return bool(stays and inputs) and not sent & inputs.keys()


def _inputs(golden: Golden) -> Mapping[str, Any]:
    return {key: value for key, value in golden.variables.items() if key not in RESERVED_KEYS}


def _filled(messages: Iterable[MessageTemplate], golden: Golden) -> list[str] | None:
    try:
        return [message.template.fill(golden.variables) for message in messages]
    except MissingValueError:
        return None


def _all_the_same(prompt: Prompt, names: Collection[str], stays: Collection[Problem]) -> str:
    own = [name for name in sorted(names) if name not in RESERVED_KEYS]
    lacking = f"no placeholder uses {_listed(own)}" if own else "they have no variables"
    count = len(prompt.goldens)
    sent = (
        "nothing of the golden is sent" if count == 1 else f"all {count} goldens send the same text"
    )
    text = f"{sent}: {lacking}"
    told = "; ".join(problem.message for problem in [*stays][:_SHOWN_NAMES])
    return f"{text} ({told})" if told else f"{text}; write {{{{{own[0]}}}}}" if own else text


def _options_unseen(prompt: Prompt) -> Iterator[Problem]:
    """Options that the model is to choose from, and that no message shows."""
    specs = [spec for spec in prompt.all_evaluators if spec.kind == MULTIPLE_CHOICE]
    sent = {name for message in prompt.messages for name in message.template.variables}
    golden = next((golden for golden in prompt.goldens if "options" in golden.variables), None)
    if not specs or "options" in sent or golden is None:
        return
    if shuffled := next(filter(is_shuffled, specs), None):
        message = (
            f"evaluator `{shuffled.name}`: `shuffle` orders what the model does not see; "
            "put {{options}} into a message"
        )
        yield Problem(path=shuffled.path, line=shuffled.line, message=message)
        return
    message = "no message shows `options`; put {{options}} there, or the lettered lines themselves"
    yield _problem(golden.path, golden.line, message)


def unused_variables(prompt: Prompt) -> Mapping[str, Golden]:
    """The variables that neither a placeholder nor an evaluator uses, each with its first golden.

    None where an evaluator sees all variables, or may.
    """
    specs = prompt.all_evaluators
    if any(spec.kind in _SEEING_ALL or spec.kind not in KINDS for spec in specs):
        return {}
    used = {*used_variables(prompt, specs), *RESERVED_KEYS, *_NOTES}
    used |= {LABEL, RATERS, *AUTHORS} if prompt.choices else set()
    used |= {"options"} if any(spec.kind == MULTIPLE_CHOICE for spec in specs) else set()
    first: dict[str, Golden] = {}
    for golden in prompt.goldens:
        for name in golden.variables.keys() - used:
            first.setdefault(name, golden)
    return {name: first[name] for name in sorted(first) if not name.startswith("_")}


def _unused(prompt: Prompt) -> Iterator[Problem]:
    unused = unused_variables(prompt)
    if unused:
        golden = next(iter(unused.values()))
        message = f"no placeholder uses {_listed([*unused])}, which has no effect then"
        yield _problem(golden.path, golden.line, message)


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN_NAMES])
    rest = len(names) - _SHOWN_NAMES
    return f"{shown} and {rest} more" if rest > 0 else shown


def _problem(path: str, line: int, message: str) -> Problem:
    return Problem(path=path, line=line, message=message, severity=Severity.WARNING)
