"""Text of models, goldens and prompts made harmless where it is shown on GitHub.

There it could notify people, close issues, load images, show links that are not ours, hide or
imitate what we say, or start a line that a CI runner takes for a command. What is written with
backslashes and entities reads as it did; references are broken by a zero-width space, which is
the only thing that keeps GitHub from linking them.
"""

import re

from pytest_promptopt.text.terminal import printable

_BREAK = "&#8203;"
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "$": "&#36;"}
# A zero width joiner is for emoji and for scripts that join letters; beside ASCII it only hides.
_LONE_JOINER = re.compile(r"\u200d(?=[\x00-\x7f]|\Z)|(?<![^\x00-\x7f])\u200d")
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_BACKTICKS = re.compile("`+")
# A colon before a word and another one is an emoji (`:tada:`). Seven digits of a commit's id are
# a link to it, whatever stands before them.
_SPECIAL = re.compile(
    r"www(?=\.)|\bgh-(?=\d)|:(?=[/:]|[\w+-]+:)|[0-9a-f]{6}(?=[0-9a-f])|[@#<>&$\\`*_~|\[\]]",
    re.IGNORECASE,
)
_LINE_START = re.compile(r"^(\d*)([-+=.)])")


def in_log(text: str) -> str:
    """``text`` for a log that a CI runner reads: no line of it is a command (``::``, ``##[``)."""
    return _COMMAND.sub(r"\1: ", _LONE_JOINER.sub(r"\\u200d", printable(text)))


def in_fence(text: str, info: str = "") -> str:
    """``text`` as a block of code that nothing in it can close; ``info`` is the language."""
    shown = in_log(text)
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{info}\n{shown.rstrip(chr(10))}\n{fence}"


def inline(text: str, *, limit: int = 300) -> str:
    """``text`` on one line of Markdown, also in a table, cut to ``limit`` characters.

    It shows what it says and does nothing: no markup, HTML, link, image, mention or reference.
    """
    line = " ".join(in_log(text[: limit * 4]).split())
    shown = line if len(line) <= limit else f"{line[: limit - 1]}…"
    return _LINE_START.sub(r"\1\\\2", _SPECIAL.sub(_harmless, shown))


def command_data(text: str) -> str:
    """``text`` as the message of a workflow command."""
    shown = in_log(text)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """``text`` as the value of a workflow command's property, such as ``file``."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def _harmless(found: re.Match[str]) -> str:
    text = found[0]
    if text in _ENTITIES:
        return _ENTITIES[text]
    if text in {"@", ":"} or len(text) > 1:
        return f"{text}{_BREAK}"
    return f"\\#{_BREAK}" if text == "#" else f"\\{text}"
