"""A given answer and how likely it was, from llama.cpp's server.

A grammar leaves the model only one text to write. The server lists the probabilities that its
tokens had before the grammar ruled out the others. Of the ways to cut the text into tokens the
likeliest is taken token by token, which is nearly always the usual one where the answer is
likely at all; where another beginning is likelier, the answer comes out less likely than it is.
The end of the answer counts as a token.
"""

from dataclasses import replace

from pytest_promptopt.errors import RefusedError
from pytest_promptopt.providers.request import Completion, Request


def forced(request: Request) -> Request:
    """An ordinary request that can only be answered by the ``forced_answer``.

    Raises RefusedError for a text that no model can write.
    """
    answer = request.forced_answer or ""
    if "\0" in answer or any("\ud800" <= character <= "\udfff" for character in answer):
        raise RefusedError(
            f"{request.model} cannot be made to answer with NUL or with half a surrogate pair"
        )
    parameters = {"temperature": 0, "logprobs": True, "grammar": grammar_of(answer)}
    return replace(request, forced_answer=None, parameters={**request.parameters, **parameters})


def require_forced(request: Request, completion: Completion) -> None:
    """Raise RefusedError unless the answer is the forced one, with its log-probability."""
    if completion.text != request.forced_answer or completion.log_probability is None:
        raise RefusedError(f"{request.model} did not give the answer that it was to give")


def grammar_of(text: str) -> str:
    """A grammar in GBNF, the language of llama.cpp, whose only sentence is ``text``."""
    return f'root ::= "{"".join(map(_literal, text))}"'


def _literal(character: str) -> str:
    is_plain = character.isascii() and (character.isalnum() or character == " ")
    return character if is_plain else f"\\U{ord(character):08X}"
