"""The noise that gives mutants away which break nothing: ``python -m benchmarks.mutation_noise``.

Mutants that answer as the prompt does, on goldens that pass at random: the share that is taken
for noticed, by a single miss and by :class:`pytest_promptopt.mutation.noise.Noise`. And the share
of mutants that do break a golden and are noticed.
"""

import random
from collections.abc import Callable, Sequence

from pytest_promptopt.mutation.noise import MOST_DOUBTED, Noise

RUNS = 400
MUTANTS = 20
RATES: dict[str, Callable[[random.Random], float]] = {
    "all pass 99.9 %": lambda _: 0.999,
    "all pass 99.5 %": lambda _: 0.995,
    "all pass 99 %": lambda _: 0.99,
    "all pass 95 %": lambda _: 0.95,
    "all pass 90 %": lambda _: 0.90,
    "one in five passes half": lambda rng: 0.5 if rng.random() < 0.2 else 1.0,
    "one in twenty passes half": lambda rng: 0.5 if rng.random() < 0.05 else 1.0,
    "any rate": lambda rng: rng.random() ** 0.2,
}


def main() -> None:
    """Print the table."""
    print(f"{'goldens':26} {'n':>4} {'too loud':>9} {'one miss':>9} {'repeated':>9} {'broken':>9}")
    for name, rate in RATES.items():
        for goldens in (10, 40, 150):
            loud, single, repeated, broken = _simulated(rate, goldens)
            shares = " ".join(f"{100 * share:8.1f}%" for share in (loud, single, repeated, broken))
            print(f"{name:26} {goldens:4} {shares}")


def _simulated(rate: Callable[[random.Random], float], goldens: int) -> Sequence[float]:
    rng = random.Random(1)
    loud = single = repeated = broken = mutants = 0
    for _ in range(RUNS):
        rates = [rate(rng) for _ in range(goldens)]
        passed = [p for p in rates if rng.random() < p]
        again = [p for p in passed if rng.random() < p]
        noise = Noise(passed=len(passed), turned=len(passed) - len(again))
        if noise.is_too_loud or not again:
            loud += 1
            continue
        holds = [all(rng.random() < p for _ in range(noise.repeats - 2)) for p in again]
        for _ in range(MUTANTS):
            mutants += 1
            single += any(rng.random() >= p for p in again)
            repeated += _is_noticed(again, holds, noise.repeats, rng)
            hit = rng.randrange(len(again))
            rates_now = [0.02 if n == hit else p for n, p in enumerate(again)]
            broken += _is_noticed(rates_now, holds, noise.repeats, rng)
    most = max(mutants, 1)
    return loud / RUNS, single / most, repeated / most, broken / most


def _is_noticed(
    rates: Sequence[float], holds: Sequence[bool], repeats: int, rng: random.Random
) -> bool:
    doubted = 0
    for rate, is_held in zip(rates, holds, strict=True):
        if doubted < MOST_DOUBTED and rng.random() >= rate:
            doubted += 1
            if is_held and all(rng.random() >= rate for _ in range(repeats - 1)):
                return True
    return False


if __name__ == "__main__":
    main()
