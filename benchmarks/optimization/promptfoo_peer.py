"""promptfoo's ``optimize``, on the same prompt, goldens, metric, models and cap."""

import json
import random
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import Environment
from benchmarks.optimization.cells import Cell
from benchmarks.optimization.endpoint import TASK, Endpoint
from benchmarks.optimization.found import Found
from benchmarks.optimization.peer_process import PeerProcess
from benchmarks.optimization.scoring import Metric, question_of
from benchmarks.peers.promptfoo import Promptfoo
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.splits import Splits
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Model

_ROUNDS = 3
_ASKED_A_ROUND = 4
"""The prompt so far and three candidates, on all goldens."""

_BEST = re.compile(r"^Best prompt\n(?P<prompt>.*?)\n=+$", re.MULTILINE | re.DOTALL)
_WHY = re.compile(r"^(?P<said>.+)\n\nThere were some errors", re.MULTILINE)
_OTHER_PLACEHOLDER = re.compile(r"\{\{(?!\s*input\s*\}\}).*?\}\}")
_ROLES = ("system", "user")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptfooPeer:
    """promptfoo, in an environment of its own in ``folder``."""

    folder: Path

    async def search(
        self,
        cell: Cell,
        subject: Subject,
        splits: Splits,
        *,
        provider: Provider,
        model: Model,
    ) -> Found:
        """What it finds, put into our own messages; raises NotInstalledError."""
        environment = Promptfoo().install(self.folder)
        goldens = (*splits.train, *splits.validation)
        drawn = random.Random(cell.seed).sample(goldens, _affordable(cell.needed_cap))
        metric = Metric(subject=subject, goldens=drawn)
        with (
            tempfile.TemporaryDirectory(prefix="benchmark-promptfoo-") as name,
            Endpoint(provider, model, metric, cap=cell.needed_cap, seed=cell.seed) as endpoint,
        ):
            folder = Path(name)
            content = json.dumps(_configuration(subject, drawn, endpoint.url))
            (folder / "promptfooconfig.yaml").write_text(content, "utf-8")
            printed, trouble = await _process(environment, folder, endpoint.url).run()
        why, best = _WHY.search(printed), _BEST.search(printed)
        if why is not None:
            return Found(reason=f"promptfoo failed: {why['said']}")
        if best is None:
            return Found(reason=trouble or "promptfoo named no best prompt")
        candidate = _candidate(subject, best["prompt"])
        if candidate is None:
            return Found(reason="promptfoo's best prompt has messages that the task has not")
        return Found(candidate=candidate, reason="it came to its end")


def _affordable(cap: int) -> int:
    """With so many goldens it comes to its end within the cap; it counts no calls itself."""
    return (cap - _ROUNDS) // (1 + _ROUNDS * _ASKED_A_ROUND)


def _configuration(subject: Subject, goldens: Sequence[Golden], url: str) -> Mapping[str, Any]:
    """A configuration (JSON is YAML)."""
    messages = [
        {"role": "system", "content": subject.prompt.messages[0].template.fill({})},
        {"role": "user", "content": "{{input}}"},
    ]
    provider = {"id": f"openai:chat:{TASK}", "config": dict(subject.prompt.parameters)}
    return {
        "prompts": [json.dumps(messages)],
        "providers": [provider],
        "tests": [
            {
                "vars": {"input": question_of(subject, golden)},
                "assert": [{"type": "webhook", "value": f"{url}/grade"}],
            }
            for golden in goldens
        ],
    }


def _process(environment: Environment, folder: Path, url: str) -> PeerProcess:
    return PeerProcess(
        name="promptfoo",
        command=(environment.program("promptfoo"), "optimize"),
        folder=folder,
        variables={
            **Promptfoo.variables,
            "NO_COLOR": "1",
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": url,
        },
    )


def _candidate(subject: Subject, prompt: str) -> Candidate | None:
    """Its messages as texts of ours; what is no list of messages is sent as one of the user's."""
    try:
        messages = json.loads(prompt)
        contents = {message["role"]: str(message["content"]) for message in messages}
    except (ValueError, TypeError, KeyError):
        messages, contents = [{}], {"user": prompt}
    if len(contents) < len(messages) or contents.keys() - set(_ROLES):
        return None
    before = {position: m.template.text for position, m in enumerate(subject.prompt.messages)}
    texts = {
        position: _OTHER_PLACEHOLDER.sub("", contents.get(role, ""))
        for position, role in enumerate(_ROLES)
    }
    changed = {position: text for position, text in texts.items() if text != before[position]}
    return Candidate(texts=changed, origin="promptfoo")
