"""A prompt of ours as a file of another tool."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_promptopt.errors import Problem, Severity, UsageError
from pytest_promptopt.prompts.formats.promptfoo_assert_export import (
    assertions,
    check_placeholders,
)
from pytest_promptopt.prompts.formats.reading import NoCounterpartError
from pytest_promptopt.prompts.formats.yaml_text import yaml_text
from pytest_promptopt.prompts.golden import RESERVED_KEYS, EvaluatorSpec, Golden
from pytest_promptopt.prompts.parameters import camel_case
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.use import used_variables
from pytest_promptopt.suggestion import did_you_mean

_CHAT = {"openai": "openai:chat", "anthropic": "anthropic:messages"}
# What promptfoo reads or runs a file by, and fills in, also in values.
_FILE = re.compile(r"\A\s*file://")
_ACTED_ON = re.compile(r"\A\s*file://|\{\{|\{%|\{#")
_ROLES = {"system": "system", "user": "user", "assistant": "model"}
# Dotprompt's own words for settings of a model.
_DOTPROMPT_NAMES = {"max_tokens": "maxOutputTokens", "stop": "stopSequences"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The text of a file for another tool, and what of the prompt it does not hold."""

    text: str
    losses: tuple[Problem, ...]


def export_prompt(prompt: Prompt, to: str) -> Export:
    """The prompt as a file of the tool ``to``; raises :class:`UsageError` for an unknown one."""
    make = EXPORTS.get(to)
    if make is None:
        raise UsageError(f"there is no format `{to}` to export to{did_you_mean(to, EXPORTS)}")
    losses = _Losses(prompt)
    return Export(text=make(prompt, losses), losses=tuple(losses.problems))


@dataclass(slots=True)
class _Losses:
    """What has no counterpart in the other tool."""

    prompt: Prompt
    problems: list[Problem] = field(default_factory=list)

    def tell(self, message: str, *, path: str = "", line: int = 1) -> None:
        self.problems.append(
            Problem(
                path=path or self.prompt.location,
                line=line,
                message=f"no counterpart there: {message}",
                severity=Severity.WARNING,
            )
        )

    def tell_settings(self) -> None:
        """The settings of a prompt that no other tool has."""
        prompt = self.prompt
        if prompt.gate is not None:
            self.tell("`gate`", line=prompt.gate.line)
        if prompt.answer.mark is not None:
            self.tell("`answer`")
        if prompt.samples != 1:
            self.tell("`samples`")
        if prompt.optimize is not None:
            self.tell("`optimize`", line=prompt.optimize.line)


def _promptfoo(prompt: Prompt, losses: _Losses) -> str:
    losses.tell_settings()
    content: dict[str, Any] = {"description": prompt.description or prompt.name}
    content["prompts"] = [{"label": prompt.name, "raw": _raw(prompt, losses)}]
    if provider := _provider(prompt, losses):
        content["providers"] = [provider]
    if prompt.evaluators:
        shared = [one for spec in prompt.evaluators for one in _assertions(spec, losses)]
        content |= {"defaultTest": {"assert": shared}} if shared else {}
    used = used_variables(prompt, prompt.evaluators)
    content["tests"] = [_test(golden, prompt, used, losses) for golden in prompt.goldens]
    return yaml_text(content)


def _raw(prompt: Prompt, losses: _Losses) -> str:
    """The text of the only message, or a chat in JSON."""
    for message in prompt.messages:
        try:
            check_placeholders(message.template.text)
        except NoCounterpartError as error:
            losses.tell(f"a message in which {error}", line=message.line)
    if [message.role for message in prompt.messages] == ["user"]:
        only = prompt.messages[0]
        if _is_acted_on(only.template.text, _FILE):
            losses.tell("a message that begins with `file://`, which is read", line=only.line)
        return only.template.text
    chat = [{"role": m.role, "content": m.template.text} for m in prompt.messages]
    return json.dumps(chat, ensure_ascii=False, indent=1)


def _provider(prompt: Prompt, losses: _Losses) -> dict[str, Any]:
    family, slash, name = (prompt.model or "").partition("/")
    if not slash and prompt.model:
        family, name = ("anthropic" if family.startswith("claude") else "openai"), prompt.model
    if family not in _CHAT:
        losses.tell(f"the model `{prompt.model}`" if prompt.model else "a prompt without `model`")
        return {}
    config = dict(prompt.parameters)
    if prompt.response_format == "json_schema":
        config["response_format"] = {"type": "json_schema", "json_schema": prompt.json_schema}
    elif prompt.response_format == "json_object":
        config["response_format"] = {"type": "json_object"}
    return {"id": f"{_CHAT[family]}:{name}", **({"config": config} if config else {})}


def _assertions(spec: EvaluatorSpec, losses: _Losses) -> list[dict[str, Any]]:
    if spec.kind == "embedding":
        losses.tell(
            f"the encoder of `{spec.name}`; its figures differ", path=spec.path, line=spec.line
        )
    try:
        made = assertions(spec)
        if any(_is_acted_on(one.get("value"), _FILE) for one in made):
            raise NoCounterpartError("a text that begins with `file://` is read or run there")
        return made
    except NoCounterpartError as error:
        losses.tell(f"evaluator `{spec.name}` ({error})", path=spec.path, line=spec.line)
        return []


def _test(golden: Golden, prompt: Prompt, used: set[str], losses: _Losses) -> dict[str, Any]:
    variables = {
        name: value
        for name, value in golden.variables.items()
        if name not in RESERVED_KEYS or name in used
    }
    test: dict[str, Any] = {}
    if "id" in golden.variables and "id" not in used:
        test["description"] = golden.id
    test["vars"] = variables
    _tell_acted_on(golden, {**variables, "expected": golden.expected}, losses)
    made = [one for spec in golden.evaluators for one in _assertions(spec, losses)]
    if golden.has_expected and not golden.evaluators and not prompt.evaluators:
        made.append({"type": "equals", "value": golden.expected})
    test |= {"assert": made} if made else {}
    test |= {"metadata": {"tags": list(golden.tags)}} if golden.tags else {}
    if any(isinstance(value, list) for value in variables.values()):
        test["options"] = {"disableVarExpansion": True}
    for key, usual in (("weight", 1.0), ("required", False), ("split", None), ("cluster", "")):
        if getattr(golden, key) != usual:
            losses.tell(f"`{key}` of golden {golden.id}", path=golden.path, line=golden.line)
    return test


def _tell_acted_on(golden: Golden, values: Mapping[str, Any], losses: _Losses) -> None:
    for name, value in values.items():
        if _is_acted_on(value, _ACTED_ON):
            message = f"`{name}` of golden {golden.id} as text: it is filled in or read there"
            losses.tell(message, path=golden.path, line=golden.line)


def _is_acted_on(value: Any, by: re.Pattern[str]) -> bool:
    """Whether it is found in a text of ``value``."""
    match value:
        case str():
            return by.search(value) is not None
        case Mapping():
            return any(_is_acted_on(item, by) for item in value.values())
        case list() | tuple():
            return any(_is_acted_on(item, by) for item in value)
        case _:
            return False


def _dotprompt(prompt: Prompt, losses: _Losses) -> str:
    losses.tell_settings()
    for spec in prompt.evaluators:
        losses.tell(f"evaluator `{spec.name}`", path=spec.path, line=spec.line)
    if prompt.goldens:
        first = prompt.goldens[0]
        losses.tell(f"the goldens, {len(prompt.goldens)} in all", path=first.path, line=first.line)
    front: dict[str, Any] = {"name": prompt.name}
    front |= {"description": prompt.description} if prompt.description else {}
    front |= {"model": prompt.model} if prompt.model else {}
    if prompt.parameters:
        config = prompt.parameters.items()
        front["config"] = {_DOTPROMPT_NAMES.get(k) or camel_case(k): v for k, v in config}
    if names := [*dict.fromkeys(n for m in prompt.messages for n in m.template.placeholders)]:
        front["input"] = {"schema": {name.partition(".")[0]: "any" for name in names}}
    if prompt.response_format != "text":
        schema = {"schema": prompt.json_schema["schema"]} if prompt.json_schema else {}
        front["output"] = {"format": "json", **schema}
    return f"---\n{yaml_text(front)}---\n{''.join(_parts(prompt, losses))}"


def _parts(prompt: Prompt, losses: _Losses) -> Iterator[str]:
    for message in prompt.messages:
        text = message.template.text
        if "{{{{" in text or message.template.others or text != text.strip():
            losses.tell(
                "a message with blanks around it or braces that are text", line=message.line
            )
        yield f'{{{{role "{_ROLES[message.role]}"}}}}\n{text}\n'


EXPORTS: Mapping[str, Callable[[Prompt, _Losses], str]] = {
    "promptfoo": _promptfoo,
    "dotprompt": _dotprompt,
}
