"""Every option once: flag, ini key, default and help; and where prompt files are.

The command line, the ini file and the reference in the docs are made from ``OPTIONS``. Every
pytest run on the machine imports this, so it imports next to nothing.
"""

from typing import Any, Literal, NamedTuple

PROMPT_SUFFIXES = (".prompt.yml", ".prompt.yaml")
PROMPT_FOLDERS = ("prompts", ".github/prompts")

Kind = Literal["switch", "text", "texts", "integer", "seconds", "lines", "truth"]


class Option(NamedTuple):
    """One setting. ``flag`` or ``ini`` may be None where there is only the other.

    ``texts`` may be repeated on the command line, ``lines`` are only in the ini file, one a line.
    """

    name: str
    kind: Kind
    help: str
    flag: str | None = None
    ini: str | None = None
    default: Any = None
    metavar: str | None = None
    choices: tuple[str, ...] | None = None


def _option(
    flag: str, kind: Kind, help_text: str, *, has_ini: bool = True, **details: Any
) -> Option:
    name = flag.removeprefix("--prompt-").replace("-", "_")
    ini = f"prompt_{name}" if has_ini else None
    return Option(name=name, flag=flag, kind=kind, help=help_text, ini=ini, **details)


def _ini(ini: str, kind: Kind, help_text: str, **details: Any) -> Option:
    name = ini.removeprefix("prompt_")
    return Option(name=name, ini=ini, kind=kind, help=help_text, **details)


OPTIONS = (
    _option(
        "--prompt-eval",
        "switch",
        "Collect prompt files (*.prompt.yml) and score them against their goldens. "
        "Without it the plugin does nothing.",
        has_ini=False,
    ),
    _option(
        "--prompt-lint",
        "switch",
        "Also lint prompt files and their goldens, as an item each; without --prompt-eval that is "
        "all, and no model is asked.",
        has_ini=False,
    ),
    _option(
        "--prompt-model",
        "texts",
        "Use this model instead of the one in the file, such as openai/gpt-5-mini, "
        "anthropic/claude-sonnet-4-5, local/qwen2.5-coder-0.5b or local:path/to/file.gguf; "
        "repeat it to compare models on the same goldens.",
        metavar="MODEL",
    ),
    _option(
        "--prompt-judge-model",
        "text",
        "Use this model for judging instead of those in the files; default: the judge's own, "
        "else the prompt's.",
        metavar="MODEL",
    ),
    _option(
        "--prompt-samples",
        "integer",
        "Answers per golden; its score is their mean. Default: the file's `samples`, else 1.",
        metavar="N",
    ),
    _option(
        "--prompt-base",
        "text",
        "Also score prompts as they stand at the merge base with REF, on the same goldens. "
        "Default: in a pull or merge request on GitHub Actions or GitLab CI, its target branch.",
        metavar="REF",
    ),
    _option(
        "--prompt-changed",
        "switch",
        "Only prompts whose content differs from the base: text, model, parameters, goldens, "
        "evaluators, gate, scorers' code.",
        has_ini=False,
    ),
    _option(
        "--prompt-save-scores",
        "switch",
        "Write the scores to .promptopt/scores.jsonl, which is made to be committed.",
        has_ini=False,
    ),
    _option(
        "--prompt-responses",
        "text",
        "live: the cache, else the model. record: the same, and written beside the prompts. "
        "replay: recordings only, no network.",
        default="live",
        choices=("live", "record", "replay"),
    ),
    _option(
        "--prompt-no-cache",
        "switch",
        "Ask the model even where the cache has the answer.",
        has_ini=False,
    ),
    _option(
        "--prompt-no-code",
        "switch",
        "Call no function that a prompt file or a model's name names: for a checkout that nobody "
        "has reviewed. Default in a job for a fork's pull request.",
        has_ini=False,
    ),
    _option("--prompt-cache-clear", "switch", "Empty the cache first.", has_ini=False),
    _option(
        "--prompt-concurrency",
        "integer",
        "Most calls in flight to one provider: adaptive, from half of N. Default: from 16 to 256.",
        metavar="N",
    ),
    _option(
        "--prompt-max-retries",
        "integer",
        "Further tries of a call that met a passing fault.",
        default=6,
        metavar="N",
    ),
    _option(
        "--prompt-timeout",
        "seconds",
        "Seconds that one call, or the scoring of one golden, may take.",
        default=120.0,
        metavar="S",
    ),
    _option(
        "--prompt-budget",
        "text",
        "Hard stop for the whole run: '2 usd', '500 calls' or '1M tokens'.",
        metavar="AMOUNT",
    ),
    _option(
        "--prompt-until-decided",
        "switch",
        "Ask the goldens of a prompt with a gate in a random order, and only until its verdict on "
        "`min` and `maxDrop` is sure; the rest is not needed.",
        has_ini=False,
    ),
    _option(
        "--prompt-plan",
        "switch",
        "Say what would run and what it would cost, then stop.",
        has_ini=False,
    ),
    _option(
        "--prompt-optimize",
        "switch",
        "After scoring, rewrite the prompts that fall short, and prove the gain on goldens that "
        "the search never saw.",
        has_ini=False,
    ),
    _option(
        "--prompt-optimize-all",
        "switch",
        "Optimize every prompt that ran, also those that hold their gate.",
        has_ini=False,
    ),
    _option(
        "--prompt-optimize-method",
        "text",
        "race, ape, protegi, opro, pe2, reflexion or gepa. Default: the file's "
        "`optimize: {method: …}`, else race.",
        metavar="METHOD",
    ),
    _option(
        "--prompt-optimize-set",
        "texts",
        "A setting of the method, such as budget='500 calls' or seed=1; wins over the file's "
        "`optimize:`. May be repeated.",
        metavar="KEY=VALUE",
    ),
    _option(
        "--prompt-optimizer-model",
        "text",
        "The model that proposes new prompts. Default: the prompt's own.",
        metavar="MODEL",
    ),
    _option(
        "--prompt-mutate",
        "switch",
        "After scoring, break each prompt a little in many ways, and tell which of its sentences "
        "no golden would miss.",
        has_ini=False,
    ),
    _option(
        "--prompt-propose",
        "text",
        "What to do with an improvement. patch: only save it. apply: edit the file, if the gain is "
        "proven. On GitHub Actions, comment: comment on the pull request, with the diff. suggest: "
        "also a suggestion in a review, else a pull request onto the branch. pr: also the pull "
        "request.",
        default="patch",
        choices=("patch", "apply", "comment", "suggest", "pr"),
    ),
    _option(
        "--prompt-report",
        "texts",
        "Write a report to PATH, whose ending says which: .html to look at, .json, or .md as for a "
        "comment on a pull request. May be repeated.",
        has_ini=False,
        metavar="PATH",
    ),
    _ini(
        "prompt_paths",
        "lines",
        "Folders whose prompt files are collected where no path is given, one a line.",
        default=list(PROMPT_FOLDERS),
    ),
    _ini(
        "prompt_gate_adjust",
        "text",
        "Judge all gates of a run together, so that chance fails none by their number alone. none: "
        "each by itself. holm: one error for all. bh: few false alarms among those that fail.",
        default="none",
        choices=("none", "holm", "bh"),
    ),
    _ini(
        "prompt_python_modules",
        "lines",
        "Installed modules whose functions `python:` may name, one a line; those of the project "
        "always may.",
        default=[],
    ),
    _ini(
        "prompt_models",
        "lines",
        "Other names for models: NAME = provider/model [BASE_URL [KEY_VARIABLE]].",
        default=[],
    ),
    _ini("prompt_cache_dir", "text", "Folder of the cache.", default=".promptopt/cache"),
    _ini(
        "prompt_limits",
        "lines",
        "Limits per model: MODEL = 500 rpm, 200k tpm.",
        default=[],
    ),
    _ini(
        "prompt_prices",
        "lines",
        "Prices in USD per million tokens: MODEL = 0.25 in, 2.00 out.",
        default=[],
    ),
    _ini(
        "prompt_local_deterministic",
        "truth",
        "Make local models answer the same on every run, about four times slower on short prompts.",
        default=False,
    ),
)
