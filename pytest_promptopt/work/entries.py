"""The subjects that a prompt file gives: one a model, each with its base."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from pytest_promptopt.errors import PromptFileError, UsageError
from pytest_promptopt.evaluation.base import Base, BaseRecord, compare_with_base
from pytest_promptopt.evaluation.correction import JudgeRecord
from pytest_promptopt.evaluation.evaluation import Choice
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, build_subject
from pytest_promptopt.history.baseline import Baseline, BasePrompt
from pytest_promptopt.prompts.content import ScoredContent, content_of
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.library import project_of
from pytest_promptopt.prompts.prompt import OptimizeSpec, Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.version import version_of
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.retirement import retirement_notice, utc_today


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A subject and what it is compared with; ``base`` is None in a run without one.

    ``is_unchanged`` means that its content is that of the base. ``content`` is what its score is
    kept by, None in a run that keeps none. ``version`` is the prompt's. ``retirement`` tells that
    its model ends. ``judges`` are the judges' own prompts by the evaluators' names, where the gate
    asks for their agreement. ``record`` is what is known of it before anything is asked.
    """

    subject: Subject
    version: str
    base: Base | None = None
    is_unchanged: bool = False
    content: ScoredContent | None = None
    retirement: str = ""
    judges: Mapping[str, Subject] = field(default_factory=dict)
    record: PromptRecord = field(init=False)

    def __post_init__(self) -> None:
        # Read for each golden.
        object.__setattr__(self, "record", self._record())

    def _record(self) -> PromptRecord:
        subject = self.subject
        return PromptRecord(
            key=subject.key,
            location=subject.prompt.location,
            model=str(subject.model or ""),
            goldens=len(subject.prompt.goldens),
            samples=subject.samples,
            has_gate=subject.prompt.gate is not None,
            content=self.content,
            version=self.version,
            base=self.base.record if self.base else None,
            retirement=self.retirement,
            choices=_choices(subject.prompt.choices),
            judges=tuple(_judges(subject)),
            labels=sum(map(len, subject.labels.values())),
        )

    def asked(self, goldens: Iterable[Golden]) -> Iterator[tuple[Subject, Golden]]:
        """What has to be asked about ``goldens``, in the order in which it will be wanted."""
        for golden in goldens:
            yield self.subject, golden
            if self.base is not None and self.base.subject is not None:
                yield self.base.subject, golden

    def asked_by_gate(self) -> Iterator[tuple[Subject, Golden]]:
        """The judges' own goldens, where the gate wants to know how far these agree."""
        for judge in self.judges.values():
            for golden in judge.prompt.goldens:
                yield judge, golden


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReader:
    """Reads prompt files the way this run wants them.

    ``models`` stand in for the file's own; with more than one, subjects are told apart by them.
    ``today`` is what the days on which models end are compared with.
    """

    settings: SubjectSettings
    models: tuple[str, ...] = ()
    baseline: Baseline | None = None
    saves_scores: bool = False
    today: Callable[[], date] = utc_today

    def read(self, path: Path) -> tuple[Entry, ...]:
        """What the file at ``path`` gives to evaluate; raises PromptFileError."""
        root = project_of(path, self.settings.root)
        prompt = read_prompt(path, root=root)
        if prompt.optimize is not None:
            _check_optimize(prompt.location, prompt.optimize)
        found = self.baseline.prompt(prompt, root=root) if self.baseline else None
        is_unchanged = self._is_unchanged(prompt, found, root)
        content = ScoredContent.of(content_of(prompt, root=root)) if self.saves_scores else None
        today, version = self.today(), version_of(prompt)
        return tuple(
            Entry(
                subject=base.compared_with(subject) if base else subject,
                version=version,
                base=base,
                is_unchanged=is_unchanged,
                content=content,
                retirement=retirement_notice(subject.model, today) if subject.model else "",
                judges=self._judges(subject, settings, root),
            )
            for subject, settings in self._subjects(prompt)
            for base in [self._base(subject, found, settings)]
        )

    def optimizer_model(self, subject: Subject, name: str | None) -> Model:
        """The model of that name, by default the subject's own; raises UsageError."""
        if name is not None:
            return self.settings.resolve_model(name)
        if subject.model is None:
            raise UsageError(subject.model_error)
        return subject.model

    def _subjects(self, prompt: Prompt) -> Iterator[tuple[Subject, SubjectSettings]]:
        for model in self.models or (None,):
            settings = replace(self.settings, model=model)
            suffix = f"[{model}]" if len(self.models) > 1 else ""
            yield replace(build_subject(prompt, settings), suffix=suffix), settings

    def _judges(
        self, subject: Subject, settings: SubjectSettings, root: Path
    ) -> Mapping[str, Subject]:
        """The judges as they are asked here, with their goldens, if the gate wants to know them."""
        prompt = subject.prompt
        if prompt.gate is None or prompt.gate.min_agreement is None:
            return {}
        found = {}
        for spec in prompt.all_evaluators:
            if spec.judge is not None:
                judge = read_prompt(spec.judge.path, root=root)
                model = settings.judge_model or judge.model or settings.model or prompt.model
                asked = build_subject(judge, replace(settings, model=model))
                found[spec.name] = replace(asked, suffix=f"@{asked.model or 'judge'}")
        return found

    def _base(
        self, head: Subject, found: BasePrompt | None, settings: SubjectSettings
    ) -> Base | None:
        if self.baseline is None or found is None:
            return None
        label = self.baseline.label
        if found.prompt is None:
            remark = found.problem or f"the prompt is new since {label}"
            return Base(record=BaseRecord(label=label, remark=remark))
        return compare_with_base(head, found.prompt, label=label, settings=settings)

    def _is_unchanged(self, prompt: Prompt, found: BasePrompt | None, root: Path) -> bool:
        if self.baseline is None or found is None or found.prompt is None:
            return False
        before = content_of(found.prompt, files=self.baseline.files, root=root)
        return not content_of(prompt, root=root).changed_parts(before)


def _choices(scores: Mapping[str, float]) -> tuple[Choice, ...]:
    return tuple(Choice(choice=choice, score=score) for choice, score in scores.items())


def _judges(subject: Subject) -> Iterator[JudgeRecord]:
    """What scores its answers by a model's opinion."""
    files = {s.name: s.judge.location for s in subject.prompt.all_evaluators if s.judge}
    for name, judge in subject.judges.items():
        yield JudgeRecord(name=name, choices=_choices(judge.choices), location=files.get(name, ""))


def _check_optimize(location: str, spec: OptimizeSpec) -> None:
    """Raise PromptFileError where a search could not start with what stands in the file."""
    from pytest_promptopt.optimization.presets import settings_in_file

    try:
        settings_in_file(spec.settings, "optimize")
    except UsageError as error:
        problem = str(error)
    else:
        return
    raise PromptFileError.at(location, spec.line, problem)
