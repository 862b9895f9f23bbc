"""promptfoo: a YAML file with its tests."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.environment import Environment, npm_environment
from benchmarks.peers.tool import INSTRUCTION, MODEL, Way, expected, question


class Promptfoo:
    """``promptfoo eval`` and its ``-j``; 0.121 is the last that runs on Node 20."""

    name = "promptfoo"
    ways = (Way(), Way(name="-j 500", arguments=("-j", "500")))
    variables: Mapping[str, str] = {
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
        "PROMPTFOO_DISABLE_SHARING": "1",
        "PROMPTFOO_CONFIG_DIR": ".promptfoo",
    }

    def install(self, folder: Path) -> Environment:
        """The package from npm."""
        return npm_environment(folder, "promptfoo@0.121.20")

    def write(self, project: Path, goldens: int) -> None:
        """A configuration (JSON is YAML)."""
        messages = [
            {"role": "system", "content": INSTRUCTION},
            {"role": "user", "content": "{{question}}"},
        ]
        configuration = {
            "prompts": [json.dumps(messages)],
            "providers": [f"openai:chat:{MODEL}"],
            "tests": [
                {
                    "vars": {"question": question(n)},
                    "assert": [{"type": "equals", "value": expected(n)}],
                }
                for n in range(goldens)
            ],
        }
        (project / "promptfooconfig.yaml").write_text(json.dumps(configuration))

    def command(self, environment: Environment, way: Way) -> tuple[str, ...]:
        """``promptfoo eval``, with a file that can be counted from."""
        promptfoo = environment.program("promptfoo")
        return (promptfoo, "eval", "--no-progress-bar", "-o", "out.json", *way.arguments)

    def scored(self, project: Path, output: str) -> int:  # noqa: ARG002
        """The successes that it counted."""
        path = project / "out.json"
        if not path.exists():
            return 0
        written: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return int(written["results"]["stats"]["successes"])
