"""The answer in what a model says, told apart from its reasoning while it arrives."""

from collections.abc import Callable

from pytest_promptopt.scoring.answer import CLOSING, OPENING

_LONGEST_MARK = 100
_FIRST = ("<", "[", "◁")
_LAST = (">", "]", "▷")
# Of formats in which the answer is known only at the end.
_CHANNEL = "<|"

Show = Callable[[str, bool], object]


class AnswerStream:
    """Hands pieces to ``show``, each with whether it is of the answer, as far as is known by then.

    A mark that begins reasoning counts at the beginning, and after reasoning. Where the whole
    says otherwise in the end (a mark that a server swallowed, a second answer), what was shown
    as the answer is not :func:`~pytest_promptopt.scoring.answer.read_answer`'s.
    Without ``is_answer`` nothing of it is one.
    """

    def __init__(self, show: Show, *, is_answer: bool = True) -> None:
        self._show = show
        self._is_answer = is_answer
        self._held = ""
        self._take = self._begin if is_answer else self._pass

    def tell(self, text: str, *, is_reasoning: bool = False) -> None:
        """Take the next piece of the answer, or of the reasoning beside it."""
        if is_reasoning:
            self._show(text, False)
            return
        held, self._held = self._held + text, ""
        self._take(held)

    def end(self) -> None:
        """Show what was held back."""
        held, self._held = self._held, ""
        if held.strip():
            self._show(held, self._is_answer and self._take != self._reason)

    def _begin(self, text: str) -> None:
        begun = text.lstrip()
        may_be_mark = begun.startswith(_FIRST) and len(begun) < _LONGEST_MARK
        if not begun or (may_be_mark and not any(map(begun.__contains__, _LAST))):
            self._held = begun
        elif (opening := OPENING.match(begun)) is not None:
            self._take = self._reason
            self._take(begun[opening.end() :])
        else:
            self._is_answer = not begun.startswith(_CHANNEL)
            self._take = self._pass
            self._take(begun)

    def _reason(self, text: str) -> None:
        closing = CLOSING.search(text)
        if closing is not None:
            self._show_if_any(text[: closing.start()], is_answer=False)
            self._take = self._begin
            self._take(text[closing.end() :])
            return
        # A mark may have been cut in two.
        near_end = max(0, len(text) - _LONGEST_MARK)
        begun = max(text.rfind(sign, near_end) for sign in _FIRST)
        self._held = text[begun:] if begun >= 0 else ""
        self._show_if_any(text.removesuffix(self._held), is_answer=False)

    def _pass(self, text: str) -> None:
        self._show_if_any(text, is_answer=self._is_answer)

    def _show_if_any(self, text: str, *, is_answer: bool) -> None:
        if text:
            self._show(text, is_answer)
