"""The noise of a prompt: how often a golden misses that would have passed again, or did before."""

from dataclasses import dataclass
from math import ceil, log

ERROR = 0.05
"""How often a mutant that answers as the prompt does may be taken for noticed."""

MOST_DOUBTED = 10
"""Goldens at which one mutant is asked again; then it counts as not noticed."""

_MOST_TURNED = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Of ``passed`` goldens, ``turned`` missed when the same prompt was asked a second time."""

    passed: int
    turned: int

    @property
    def repeats(self) -> int:
        """So often must a mutant miss a golden, and the prompt itself pass it, to count.

        Let golden i pass with probability pᵢ, whatever is changed. That it passes c times and then
        misses c times is pᵢᶜ(1 − pᵢ)ᶜ ≤ pᵢ(1 − pᵢ) / 4ᶜ⁻¹, and over all goldens that is at most
        μ / 4ᶜ⁻¹, where μ = Σ pᵢ(1 − pᵢ) is what ``turned`` counts on average. Since the mean of
        μ / (n + 1) is under 1 for such a count n, c = 1 + ⌈log₄((n + 1) / ERROR)⌉ takes a mutant
        for noticed that is none in at most ``ERROR`` of the cases. Simulated
        (``benchmarks/mutation_noise.py``) that is 3.1 % at most.

        A single miss is not enough where nothing turned, at temperature 0 either: servers that
        batch are only nearly still, and with 40 goldens that pass 99.5 times in a hundred a fifth
        of such prompts' mutants would be taken for noticed.
        """
        return 1 + ceil(log((self.turned + 1) / ERROR, 4))

    @property
    def is_too_loud(self) -> bool:
        """Whether so many turned that the rest is not worth asking."""
        return self.turned > _MOST_TURNED * self.passed


def most_repeats(passed: int) -> int:
    """The most that :attr:`Noise.repeats` can be of a prompt that is not too loud."""
    turned = int(_MOST_TURNED * passed)
    return Noise(passed=passed, turned=turned).repeats
