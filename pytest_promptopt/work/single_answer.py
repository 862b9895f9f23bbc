"""One answer of a prompt, without a score, as a function."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.scoring.answer_stream import AnswerStream, Show
from pytest_promptopt.suggestion import did_you_mean
from pytest_promptopt.work.engine import Engine
from pytest_promptopt.work.evaluate import OPTIONS, OnRemark, ignore, opened

_OF_NO_GOLDEN = "--var"


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleAnswer:
    """What a model said to a prompt; ``expected`` is the golden's, None where there is none."""

    trial: Trial
    model: str
    expected: str | None = None


def ask_once(
    path: str | Path,
    *,
    variables: Mapping[str, str],
    golden: str | None = None,
    on_piece: Show | None = None,
    on_remark: OnRemark = ignore,
    plugins: Sequence[object] = (),
    **options: Any,
) -> SingleAnswer:
    """The answer to the prompt file at ``path``, filled with ``variables``.

    ``golden`` is the id of one whose variables fill what these leave open. It is asked as in a
    run: from the cache, within the budget, with the same keys. ``on_piece`` is given the answer
    piece by piece, each with whether it is of the answer, where it is sent for and its provider
    can; ``on_remark`` is told what people should know, ``options`` are those of
    :func:`~pytest_promptopt.work.evaluate.evaluate`.

    Raises UsageError for a placeholder without a value, a variable without a placeholder, an
    unknown golden or no model; PromptFileError, and ProviderError where there is no answer.
    """
    with opened(path, options, OPTIONS, on_remark, plugins) as (files, engine, _):
        entry = engine.entries.read(files[0])[0]
        subject = entry.subject
        chosen = _filled(subject.prompt, variables, golden)
        for remark in filter(None, (*map(str, subject.problems), entry.retirement)):
            on_remark(remark)
        place = subject.prompt.answer
        completion = _asked(engine, subject.request(chosen, 0), place, on_piece)
        expected = as_text(chosen.expected) if chosen.has_expected else None
        trial = Trial(completion=completion, judgements={}, place=place)
        return SingleAnswer(trial=trial, model=str(subject.model), expected=expected)


def _asked(engine: Engine, request: Request, place: AnswerPlace, show: Show | None) -> Completion:
    """The answer; meanwhile its pieces are shown, in this thread and about ten times a second."""
    if show is None:
        return engine.bridge.wait(engine.client.complete(request))
    arrived: SimpleQueue[tuple[str, bool]] = SimpleQueue()
    answer = AnswerStream(show, is_answer=place.mark is None)

    def tell(text: str, *, is_reasoning: bool = False) -> None:
        arrived.put((text, is_reasoning))

    def show_all() -> None:
        while not arrived.empty():
            text, is_reasoning = arrived.get()
            answer.tell(text, is_reasoning=is_reasoning)

    try:
        watched = replace(request, tell=tell)
        return engine.bridge.wait(engine.client.complete(watched), show_all)
    finally:
        show_all()
        answer.end()


def _filled(prompt: Prompt, variables: Mapping[str, str], wanted: str | None) -> Golden:
    """The golden to ask for: that of the id, if any, with ``variables`` before its own."""
    _check_names(prompt, variables)
    nothing = Golden(id=_OF_NO_GOLDEN, variables={}, path=prompt.location, line=1)
    golden = nothing if wanted is None else prompt.golden(wanted)
    filled = replace(golden, variables={**golden.variables, **variables})
    if variables:
        filled = replace(filled, expected=None, expects_null=False)
    missing = [
        f"{prompt.location}:{message.line}: {{{{{name}}}}} has no value"
        for message in prompt.messages
        for name in message.template.missing(filled.variables)
    ]
    if missing:
        raise UsageError("\n".join([*dict.fromkeys(missing), _how_to_give(prompt, filled)]))
    return filled


def _check_names(prompt: Prompt, variables: Iterable[str]) -> None:
    templates = [message.template for message in prompt.messages]
    known = [*dict.fromkeys(name for t in templates for name in (*t.placeholders, *t.others))]
    for name in variables:
        # `{{user.name}}` is filled by that name and by a mapping `user`, which no text is.
        if name not in known:
            raise UsageError(
                f"{prompt.location}: there is no placeholder `{name}`{did_you_mean(name, known)}"
            )


def _how_to_give(prompt: Prompt, golden: Golden) -> str:
    names = [name for m in prompt.messages for name in m.template.missing(golden.variables)]
    given = " ".join(f"--var '{name}=…'" for name in dict.fromkeys(names))
    ids = [golden.id for golden in prompt.goldens]
    others = f", or those of a golden: --golden ID ({listed(ids)})" if ids else ""
    return f"give {given}{others if golden.id == _OF_NO_GOLDEN else ''}"
