"""The protocol of proposers: what each is given and gives back."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis
from pytest_promptopt.optimization.material import template_view
from pytest_promptopt.optimization.memory import Memory
from pytest_promptopt.optimization.optimizer import Optimizer
from pytest_promptopt.optimization.parents import Standing
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.registry import Registry

_NOTE_CHARACTERS = 160
_SUMMARIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a proposal may be made from; nothing of validation's or test's goldens is in it.

    ``position`` is that of the message to rewrite, ``cases`` are the parent's on its batch,
    ``pool`` the candidates with their scores on validation, ``fresh`` what was proposed for this
    parent in this round already. ``diagnosis`` is None where it is switched off.
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
    optimizer: Optimizer
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


class Proposer(Protocol):
    """Makes candidates from a parent. Made without arguments.

    ``needs_cases`` says that it goes by the parent's cases; without such a proposer in a round
    none are asked for.
    """

    needs_cases: bool

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """New candidates, at most about ``context.count``, none where there is nothing to go by.

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
    },
)
