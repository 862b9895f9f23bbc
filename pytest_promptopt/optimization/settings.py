"""Every setting of a search, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pytest_promptopt.client.budget import Budget
from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.acceptance import ACCEPTANCES
from pytest_promptopt.optimization.allowance import Caps
from pytest_promptopt.optimization.batches import BATCHES
from pytest_promptopt.optimization.parents import CHOOSERS
from pytest_promptopt.prompts.parameters import snake_case
from pytest_promptopt.scoring.options import type_name
from pytest_promptopt.suggestion import did_you_mean

_BUDGET = Budget.parse("300 calls")
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


def _count(default: int | None, least: int, what: str) -> Any:
    metadata = {"kind": "count", "least": least, "is_optional": default is None, "help": what}
    return field(default=default, metadata=metadata)


def _share(default: float | None, most: float, what: str) -> Any:
    metadata = {"kind": "share", "most": most, "is_optional": default is None, "help": what}
    return field(default=default, metadata=metadata)


def _choice(default: str, choices: tuple[str, ...], what: str) -> Any:
    return field(default=default, metadata={"kind": "text", "choices": choices, "help": what})


def _other(kind: str, default: Any, what: str) -> Any:
    metadata = {"kind": kind, "help": what}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizeSettings:
    """The settings of one search; each field tells in its metadata what it means.

    ``proposers`` map a proposer's name to how many candidates it makes for a parent; ``stages``
    are those of the first rounds, one a round, where they are others. ``editable`` are positions
    of messages, None where the defaults decide. ``own`` are settings that proposers of other
    packages bring, by the proposer's name: written ``NAME.FIELD``, and read by whoever makes the
    proposer.
    """

    method: str = "protegi"
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seed: int = _count(0, 0, "Same seed, same answers: same result.")
    budget: Budget | None = field(
        default=_BUDGET,
        metadata={"kind": "budget", "help": "Cap on everything: calls, tokens or usd."},
    )
    task_calls: int | None = _count(None, 1, "Cap on calls of the task model and judges.")
    optimizer_calls: int | None = _count(None, 1, "Cap on calls of the optimizer model.")
    tokens: int | None = _count(None, 1, "Cap on tokens.")
    cost_usd: float | None = _share(None, 1e9, "Cap on money.")

    rounds: int = _count(6, 1, "Rounds at most.")
    patience: int = _count(0, 0, "Rounds without a better candidate before it stops; 0: all.")
    samples: int = _count(1, 1, "Answers per golden while searching.")
    measure: str = _choice(
        "accuracy",
        ("accuracy", "log-probability"),
        "What candidates are chosen by: answers, or the likelihood of what is expected.",
    )

    parents: str = _choice(
        "beam",
        tuple(CHOOSERS),
        "Which candidates are worked on.",
    )
    parent_count: int = _count(4, 1, "Parents a round.")
    batch: str = _choice(
        "random",
        tuple(BATCHES),
        "Which goldens of `train` a proposal is made from.",
    )
    batch_size: int = _count(64, 1, "Goldens in a batch.")

    stages: tuple[Mapping[str, int], ...] = _other(
        "stages", (), "Proposers of the first rounds, if others."
    )
    proposers: Mapping[str, int] = _other("counts", {}, "Proposers and their proposals a parent.")
    paraphrase_edits: bool = _other("flag", False, "Paraphrase the round's new edits too.")
    most_candidates: int = _count(32, 1, "Candidates a round that are raced.")
    screen: int = _count(4, 0, "Missed goldens that screen what is too many; 0: in order.")
    group_size: int = _count(4, 1, "Wrong cases shown for one critique.")
    shown: int = _count(5, 1, "Goldens shown where a prompt is induced or a trajectory goes on.")
    induction: str = _choice(
        "forward", ("forward", "infill", "customized"), "How a prompt is induced."
    )
    frame: str = _other("text", "", "What the task is about, for induction: customized.")
    reflection: str = _choice("pe2", ("pe2", "reflexion", "gepa"), "How `reflect` asks.")
    step_size: int | None = _count(None, 1, "Words that one edit may change at most.")
    length_cap: int | None = _count(None, 1, "Words that a prompt may have at most.")
    momentum: bool = _other("flag", False, "Summarise edits and show the summaries.")
    history: int = _count(0, 0, "Scored prompts shown to the optimizer model.")
    reflections: int = _count(0, 0, "Last reflections shown to the optimizer model.")
    demonstrations: int = _count(0, 0, "Worked examples from `train` that may be added.")

    allocator: str = _other("text", "racing", "How evaluations are spent on candidates.")
    spending: str = _choice(
        "planned",
        ("planned", "shares"),
        "Whether rounds are shrunk to the caps beforehand, or share what these leave.",
    )
    pulls: int = _count(2048, 1, "Answers a round that a selector may spend.")
    keep: int = _count(4, 1, "Candidates that a race leaves.")
    exploration: float = _share(1.0, 100, "The constant c of UCB and UCB-E.")
    block: int = _count(5, 1, "Goldens per block of a race, or of the first stage.")
    race_level: float = _share(0.1, 1, "Level at which a race drops a candidate.")
    acceptance: str = _choice(
        "any", tuple(ACCEPTANCES), "What a candidate must show against its parent."
    )
    acceptance_level: float = _share(0.1, 1, "Level of acceptance: proven.")

    temperature: float = _share(0.7, 2, "Of the optimizer model.")
    reply_tokens: int = _count(2000, 1, "Tokens that a reply of the optimizer model may have.")
    reply: str = _choice("tags", ("tags", "json"), "Form of the optimizer model's replies.")

    diagnosis: bool = _other("flag", True, "Compute what is amiss first, and tell it.")
    headroom: bool = _other("flag", True, "Look first whether there is anything to gain.")
    headroom_samples: int = _count(2, 1, "Answers to each golden that headroom looks at.")
    headroom_goldens: int = _count(30, 1, "Goldens that headroom and diagnosis look at.")
    remember: bool = _other("flag", True, "Use and keep the memory that outlives the run.")
    max_tokens: int | None = _count(
        None, 1, "Tokens that an answer may take on average, those of its prompt included."
    )
    editable: tuple[int, ...] | None = _other("positions", None, "Messages that may change.")
    confidence: float = _share(0.95, 1, "Of the verdict's interval.")

    @property
    def shares_caps(self) -> bool:
        """Whether rounds share what the caps leave."""
        return self.spending == "shares"

    @property
    def proposer_names(self) -> tuple[str, ...]:
        """Every proposer that may be asked, each once."""
        return tuple(dict.fromkeys(name for c in (*self.stages, self.proposers) for name in c))

    def proposers_of(self, number: int) -> Mapping[str, int]:
        """The proposers of round ``number``, from 1."""
        return self.stages[number - 1] if number <= len(self.stages) else self.proposers

    @property
    def caps(self) -> Caps:
        """Everything that limits the search."""
        caps = Caps(
            task_calls=self.task_calls,
            optimizer_calls=self.optimizer_calls,
            tokens=self.tokens,
            cost_usd=self.cost_usd,
        )
        return caps if self.budget is None else caps.with_budget(self.budget)


def override(
    settings: OptimizeSettings, overrides: Mapping[str, Any], where: str
) -> OptimizeSettings:
    """``settings`` with ``overrides``: values from YAML, or text from a command line.

    Raises :class:`UsageError` that starts with ``where``.
    """
    known = {item.name: item for item in fields(settings) if item.metadata}
    values: dict[str, Any] = {}
    own = {name: dict(set_before) for name, set_before in settings.own.items()}
    for key, raw in overrides.items():
        proposer, dot, own_field = str(key).partition(".")
        if dot:
            own.setdefault(proposer, {})[own_field] = raw
            continue
        name = snake_case(str(key))
        if name not in known:
            raise UsageError(f"{where}: `{key}` is not a setting{did_you_mean(name, known)}")
        metadata = known[name].metadata
        try:
            values[name] = _READERS[metadata["kind"]](raw, metadata)
        except ValueError as error:
            raise UsageError(f"{where}: `{key}`: {error}") from None
    if "proposers" in values and "stages" not in values:
        # What is asked for takes the place of all but what a method begins with.
        values["stages"] = settings.stages[:1]
    found = replace(settings, **values, own=own)
    shown = {"demonstrations", "examples"}
    if found.demonstrations and not shown & set(found.proposer_names):
        found = replace(found, proposers={**found.proposers, "demonstrations": 1})
    return found


def _read_count(raw: Any, metadata: Mapping[str, Any]) -> int | None:
    least = metadata["least"]
    if _is_none(raw) and metadata.get("is_optional"):
        return None
    value = _number(raw)
    if value is None or value % 1 or value < least:
        raise ValueError(f"expected a whole number of at least {least}, found {_found(raw)}")
    return int(value)


def _read_share(raw: Any, metadata: Mapping[str, Any]) -> float | None:
    most = metadata["most"]
    if _is_none(raw) and metadata.get("is_optional"):
        return None
    value = _number(raw)
    if value is None or not 0 <= value <= most:
        raise ValueError(f"expected a number from 0 to {most:g}, found {_found(raw)}")
    return value


def _read_text(raw: Any, metadata: Mapping[str, Any]) -> str:
    choices = metadata.get("choices")
    if not isinstance(raw, str):
        raise ValueError(f"expected text, found {_found(raw)}")
    if choices and raw not in choices:
        raise ValueError(f"{raw!r} is not one of the choices{did_you_mean(raw, choices)}")
    return raw


def _read_flag(raw: Any, _metadata: Mapping[str, Any]) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).lower()
    if text not in _YES | _NO:
        raise ValueError(f"expected true or false, found {_found(raw)}")
    return text in _YES


def _read_budget(raw: Any, _metadata: Mapping[str, Any]) -> Budget | None:
    if _is_none(raw):
        return None
    if not isinstance(raw, str):
        raise ValueError(f"expected an amount like '300 calls', found {_found(raw)}")
    try:
        return Budget.parse(raw)
    except UsageError as error:
        raise ValueError(str(error)) from None


def _read_counts(raw: Any, _metadata: Mapping[str, Any]) -> Mapping[str, int]:
    """``{paraphrase: 2}``, or ``paraphrase:2,reflect`` on a command line."""
    if isinstance(raw, str):
        pairs = [part.partition(":") for part in raw.split(",") if part.strip()]
        raw = {name.strip(): count.strip() or 1 for name, _, count in pairs}
    if not isinstance(raw, Mapping):
        raise ValueError(f"expected names with their counts, found {_found(raw)}")
    return {str(name): _read_count(n, {"least": 1}) or 1 for name, n in raw.items()}


def _read_stages(raw: Any, metadata: Mapping[str, Any]) -> tuple[Mapping[str, int], ...]:
    """``[{induce: 5}, {paraphrase: 2}]``, or ``induce:5;paraphrase:2`` on a command line."""
    if isinstance(raw, str):
        raw = raw.split(";")
    if not isinstance(raw, list | tuple):
        raw = [raw]
    return tuple(_read_counts(stage, metadata) for stage in raw)


def _read_positions(raw: Any, _metadata: Mapping[str, Any]) -> tuple[int, ...] | None:
    """``[0, 2]``, or ``0,2`` on a command line: messages by their position from 0."""
    if _is_none(raw):
        return None
    parts = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple):
        parts = [parts]
    numbers = [_number(part) for part in parts]
    if not numbers or any(n is None or n % 1 or n < 0 for n in numbers):
        raise ValueError(f"expected positions of messages from 0, found {_found(raw)}")
    return tuple(sorted({int(n) for n in numbers if n is not None}))


def _is_none(raw: Any) -> bool:
    return raw is None or raw == "none"


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return None
    try:
        value = float(raw)
    except (TypeError, ValueError):
        return None
    return value if abs(value) < 1e15 else None


def _found(raw: Any) -> str:
    return repr(raw)[:60] if isinstance(raw, str | int | float) else type_name(raw)


_READERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "count": _read_count,
    "share": _read_share,
    "text": _read_text,
    "flag": _read_flag,
    "budget": _read_budget,
    "counts": _read_counts,
    "stages": _read_stages,
    "positions": _read_positions,
}
