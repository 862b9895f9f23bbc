"""The protocol of proposers: what each is given and gives back."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Protocol

from pytest_promptopt.codec import from_json
from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, Wanted
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis
from pytest_promptopt.optimization.material import template_view
from pytest_promptopt.optimization.memory import Memory
from pytest_promptopt.optimization.optimizer import Allotment
from pytest_promptopt.optimization.parents import Standing
from pytest_promptopt.optimization.registered import registered
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.registry import Registry
from pytest_promptopt.suggestion import did_you_mean
from pytest_promptopt.text.raised import raised_by

_NOTE_CHARACTERS = 160
_SUMMARIES = 3


Trial = Callable[[Wanted], Awaitable[Mapping[str, Mapping[str, Case]]]]
"""Scores candidates on goldens: the cases by the candidate's id and the golden's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a proposal may be made from; nothing of validation's or test's goldens is in it.

    ``position`` is that of the message to rewrite, ``cases`` are the parent's on its batch,
    ``pool`` the candidates with their scores on validation, ``fresh`` what was proposed for this
    parent in this round already. ``diagnosis`` is None where it is switched off. ``trial`` asks
    candidates that pass the guards goldens of ``train``.
    """

    prompt: Prompt
    position: int
    editable: Sequence[int]
    parent: Candidate
    cases: Sequence[Case]
    train: Sequence[Golden]
    pool: Sequence[Standing]
    fresh: Sequence[Candidate]
    memory: Memory
    diagnosis: Diagnosis | None
    settings: OptimizeSettings
    optimizer: Allotment
    trial: Trial
    count: int
    rng: random.Random

    @property
    def text(self) -> str:
        """The parent's text of the message to rewrite."""
        return self.parent.text(self.prompt, self.position)

    @property
    def errors(self) -> list[Case]:
        """The cases that the parent missed."""
        return [case for case in self.cases if not case.passed]

    @property
    def template(self) -> str:
        """The parent's whole prompt, the message to rewrite marked."""
        return template_view(self.prompt, self.parent, self.position)

    @property
    def keep(self) -> str:
        """What a request says about placeholders."""
        original = self.prompt.messages[self.position].template
        names = [f"{{{{{name}}}}}" for name in original.placeholders]
        if not names:
            return "Use no placeholders in double braces."
        return f"It must contain, exactly like this: {' '.join(names)}."

    @property
    def limits(self) -> str:
        """What a request says about the size of an edit."""
        settings = self.settings
        limits = []
        if settings.step_size is not None:
            limits.append(f"Change at most {settings.step_size} words.")
        if settings.length_cap is not None:
            limits.append(f"Write at most {settings.length_cap} words.")
        return " ".join(limits)

    @property
    def facts(self) -> str:
        """What a request says of the diagnosis; nothing where there is none."""
        if self.diagnosis is None:
            return ""
        return f"What is known, computed from the examples:\n{self.diagnosis.as_text()}\n"

    @property
    def tried(self) -> str:
        """What a request says of earlier tries, those of other runs included."""
        told = self.memory.as_text(summaries=_SUMMARIES if self.settings.momentum else 0)
        return f"Tried before:\n{told}\n" if told else ""

    def values(self, **more: str) -> Mapping[str, str]:
        """The values that meta prompts may ask for, and ``more``."""
        return {
            "template": self.template,
            "keep": self.keep,
            "limits": self.limits,
            "facts": self.facts,
            "tried": self.tried,
            **more,
        }

    def child(self, text: str, *, origin: str, note: str = "") -> Candidate:
        """The parent with another text of the message to rewrite."""
        line = " ".join(note.split())
        shown = line if len(line) <= _NOTE_CHARACTERS else f"{line[: _NOTE_CHARACTERS - 1]}…"
        return self.parent.child(self.position, text, origin=origin, note=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted of a proposer: ``count`` candidates, after ``fresh`` others were proposed."""

    count: int
    fresh: int
    settings: OptimizeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposerCost:
    """The most that a proposer takes and makes for one parent.

    ``calls`` are those of the optimizer model, ``answers`` those of candidates that it tries.
    """

    calls: int = 0
    candidates: int
    answers: int = 0


class Proposer(Protocol):
    """Makes candidates from a parent.

    ``needs_cases`` says that it goes by the parent's cases; without such a proposer in a round
    none are asked for. One that is a dataclass is made from its settings, which are its fields:
    ``optimize: {NAME.FIELD: VALUE}``; others are made without arguments.

    Two attributes may be left out. ``requests`` are the paths of its own requests to the
    optimizer model. ``cost(order: Order) -> ProposerCost`` says what it takes; without it, it is
    held to a call and a candidate for each that is wanted. What is asked beyond its cost ends
    the search, what is made beyond it is left out.
    """

    needs_cases: bool

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """New candidates, about ``context.count``, none where there is nothing to go by.

        Draws by ``context.rng`` alone and asks ``context.optimizer`` in a fixed order. They are
        guarded by whoever called.
        """
        ...


_HERE = "pytest_promptopt.optimization.proposers"

PROPOSERS: Registry[type[Proposer]] = Registry(
    "pytest_promptopt.proposers",
    {
        "paraphrase": f"{_HERE}.paraphrase:Paraphrase",
        "critique_edit": f"{_HERE}.critique_edit:CritiqueEdit",
        "trajectory": f"{_HERE}.trajectory:Trajectory",
        "reflect": f"{_HERE}.reflect:Reflect",
        "induce": f"{_HERE}.induce:Induce",
        "merge": f"{_HERE}.merge:Merge",
        "demonstrations": f"{_HERE}.demonstrations:Demonstrations",
        "contract": f"{_HERE}.contract:Contract",
        "stated": f"{_HERE}.stated:Stated",
        "examples": f"{_HERE}.examples:Examples",
        "combine": f"{_HERE}.combine:Combine",
        "layout": f"{_HERE}.layout:Layout",
        "prune": f"{_HERE}.prune:Prune",
        "hypotheses": f"{_HERE}.hypotheses:Hypotheses",
        "reasoning": f"{_HERE}.reasoning:Reasoning",
    },
)


def made_proposer(name: str, settings: OptimizeSettings) -> Proposer:
    """The proposer of that name with its own settings; raises :class:`UsageError`."""
    kind = registered(PROPOSERS, name, "proposer")
    own = settings.own.get(name, {})
    known: list[str] = [item.name for item in fields(kind)] if is_dataclass(kind) else []
    for key in own:
        if not known:
            raise UsageError(f"`{name}.{key}`: `{name}` has no settings of its own")
        if key not in known:
            raise UsageError(f"`{name}.{key}` is not a setting{did_you_mean(key, known)}")
    try:
        made = from_json(kind, dict(own), strict=False) if known else kind()
    except ValueError as error:
        raise UsageError(f"`{name}`: {error}") from None
    except Exception as error:
        raise UsageError(f"the proposer `{name}` raised {raised_by(error)}") from error
    for wanted in ("needs_cases", "propose"):
        if not hasattr(made, wanted):
            raise UsageError(f"the proposer `{name}` has no `{wanted}`, which every proposer has")
    return made


def cost_of(proposer: Proposer, order: Order) -> ProposerCost:
    """What the proposer states, or what it is held to where it states nothing."""
    cost = getattr(proposer, "cost", None)
    if cost is None:
        return ProposerCost(calls=order.count, candidates=order.count)
    whose = f"the `cost` of the proposer {type(proposer).__name__}"
    try:
        stated = cost(order)
    except Exception as error:
        raise UsageError(f"{whose} raised {raised_by(error)}") from error
    if not isinstance(stated, ProposerCost):
        raise UsageError(f"{whose} gave {type(stated).__name__}, expected a ProposerCost")
    return stated


def requests_of(proposer: Proposer) -> Sequence[Path]:
    """The paths of the proposer's own requests."""
    return [*map(Path, getattr(proposer, "requests", ()))]
