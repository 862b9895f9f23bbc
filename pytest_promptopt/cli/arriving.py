"""An answer on a terminal while it arrives."""

from pytest_promptopt.cli.output import Output
from pytest_promptopt.text.terminal import PrintablePieces, joined_pairs


class Arriving:
    """Shows pieces as they come; what is not of the answer dim, or not at all without colours."""

    def __init__(self, out: Output) -> None:
        self._answer: list[str] = []
        self._out = out
        self._pieces = PrintablePieces()
        self._is_answer = True
        self._is_line_open = False

    def show(self, text: str, is_answer: bool) -> None:
        """Show the next piece."""
        if not is_answer and not self._out.has_colors:
            return
        if is_answer != self._is_answer:
            self.end()
            self._is_answer = is_answer
        if is_answer:
            self._answer.append(text)
        self._write(self._pieces.next(text))

    def has_shown(self, answer: str) -> bool:
        """Whether that is what was shown of the answer, but for blanks around it."""
        shown = joined_pairs("".join(self._answer)).strip()
        return bool(shown) and shown == answer.strip()

    def end(self) -> None:
        """End the line, if one is begun."""
        self._write(self._pieces.last())
        if self._is_line_open:
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._out.piece(text, is_dim=not self._is_answer)
            self._is_line_open = not text.endswith("\n")
