"""Rows of tasks that are made up here, by a seeded chance."""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Chance = random.Random
COUNT = 400
"""Rows of a task, which are more than its goldens: some are the same."""


class Row(NamedTuple):
    """What is asked and the only good answer."""

    asked: str
    expected: Any


def made(row: Callable[[Chance], Row]) -> Sequence[Row]:
    """Rows of that kind, always the same ones."""
    rng = random.Random(row.__name__)
    return [row(rng) for _ in range(COUNT)]


def question_type(rng: Chance) -> Row:
    """What kind of thing a question asks for."""
    kind, patterns = rng.choice(_QUESTIONS)
    pattern = rng.choice(patterns)
    return Row(pattern.format(thing=rng.choice(_THINGS)), kind)


def unit_conversion(rng: Chance) -> Row:
    """A measure in the next smaller unit."""
    large, small, factor = rng.choice(_UNITS)
    count = rng.choice([rng.randint(2, 60), rng.randint(3, 99) / 2])
    return Row(f"{count:g} {large}", f"{count * factor:g} {small}")


def negation(rng: Chance) -> Row:
    """A sentence and its denial."""
    who, verb = rng.choice(_SUBJECTS), rng.choice(_VERBS)
    rest = rng.choice(_ENDS)
    return Row(f"{who} {verb[0]} {rest}.", f"{who} {verb[1]} {rest}.")


def iso_date(rng: Chance) -> Row:
    """A date as people write it, and as files do."""
    year, month, day = rng.randint(1950, 2030), rng.randint(1, 12), rng.randint(1, 28)
    name = _MONTHS[month - 1]
    forms = (f"{day} {name} {year}", f"{name} {day}, {year}", f"the {_nth(day)} of {name} {year}")
    return Row(rng.choice(forms), f"{year}-{month:02}-{day:02}")


def order(rng: Chance) -> Row:
    """A sentence with an order, and its three fields."""
    item, city = rng.choice(_ITEMS), rng.choice(_CITIES)
    count = rng.randint(2, 12)
    sentence = rng.choice(_ORDERS).format(count=count, item=item, city=city)
    return Row(sentence, {"item": item, "quantity": count, "city": city})


def sorting(rng: Chance) -> Row:
    """Numbers, and the same from the largest down."""
    numbers = rng.sample(range(1, 100), rng.randint(4, 6))
    ordered = sorted(numbers, reverse=True)
    return Row(" ".join(map(str, numbers)), ", ".join(map(str, ordered)))


def written_out(rng: Chance) -> Row:
    """A note in short, and as a sentence."""
    kind, what = rng.choice(_NOTES)
    person, (short, day) = rng.choice(_PEOPLE), rng.choice(_DAYS)
    hour, half = rng.randint(1, 11), rng.choice(("am", "pm"))
    topic, subject = rng.choice(_TOPICS)
    return Row(
        f"{kind} w/ {person} {short} {hour}{half} re {topic}",
        f"There is a {what} with {person} on {day} at {hour} {half} about the {subject}.",
    )


def _nth(number: int) -> str:
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_QUESTIONS = (
    ("person", ("Who invented the {thing}?", "Whose idea was the {thing}?")),
    ("place", ("Where is the best {thing} made?", "In which town was the {thing} first seen?")),
    ("time", ("When did the {thing} come up?", "In what year did a {thing} first get sold?")),
    ("number", ("How many people own a {thing}?", "How much does a {thing} weigh?")),
    ("reason", ("Why did the {thing} get so popular?", "What makes people buy a {thing}?")),
    ("manner", ("How does a {thing} work?", "In what way is a {thing} cleaned?")),
)
_THINGS = (
    "telephone", "bicycle", "compass", "violin", "kettle", "microscope", "lamp", "stove",
    "typewriter", "camera", "clock", "piano", "umbrella", "zipper", "printing press", "tractor",
    "radio", "thermometer", "sewing machine", "elevator", "toaster", "parachute", "battery",
)  # fmt: skip
_UNITS = (
    ("km", "m", 1000), ("kg", "g", 1000), ("m", "cm", 100), ("cm", "mm", 10), ("h", "min", 60),
    ("min", "s", 60), ("l", "ml", 1000), ("t", "kg", 1000), ("days", "h", 24), ("g", "mg", 1000),
)  # fmt: skip
_SUBJECTS = (
    "Anna", "The old dog", "My neighbour", "The teacher", "Our bus driver", "The new clerk",
    "Peter", "The baker", "Her brother", "This company", "The nurse", "The captain",
)  # fmt: skip
_VERBS = (
    ("likes", "does not like"), ("is near", "is not near"), ("can see", "cannot see"),
    ("has found", "has not found"), ("wants", "does not want"), ("liked", "did not like"),
    ("will sell", "will not sell"), ("knows", "does not know"), ("paid for", "did not pay for"),
    ("remembered", "did not remember"),
)  # fmt: skip
_ENDS = (
    "the red house", "the small boat", "that song", "the long letter", "the garden",
    "the last train", "the green coat", "the broken window", "the harbour", "the first prize",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_ITEMS = (
    "chairs", "red mugs", "notebooks", "desk lamps", "towels", "garden hoses", "pillows",
    "wine glasses", "curtains", "picture frames", "blankets", "candles",
)  # fmt: skip
_CITIES = (
    "Lisbon", "Graz", "Leeds", "Turin", "Ghent", "Malmö", "Porto", "Basel", "Cork", "Lyon",
    "Kraków", "Utrecht",
)  # fmt: skip
_ORDERS = (
    "Please send {count} {item} to our office in {city}.",
    "We would like {count} {item}, to be delivered to {city}.",
    "Hello from {city}! Can I still get {count} {item} this week?",
    "The branch in {city} is out of {item}, so order another {count}.",
    "For {city} we need {item}: {count} of them, as always.",
)
_NOTES = (
    ("mtg", "meeting"),
    ("appt", "appointment"),
    ("conf", "conference"),
    ("disc", "discussion"),
)
_PEOPLE = ("Ana", "Tom", "Mrs Berg", "Dr Lang", "Iris", "Mr Okafor", "Jun", "Lena", "Omar", "Ruth")
_DAYS = (
    ("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday"), ("thu", "Thursday"),
    ("fri", "Friday"), ("sat", "Saturday"), ("sun", "Sunday"),
)  # fmt: skip
_TOPICS = (
    ("bdgt", "budget"), ("sched", "schedule"), ("contr", "contract"), ("proj", "project"),
    ("dept", "department"), ("mktg", "marketing"), ("pkg", "package"), ("temp", "temperature"),
    ("cert", "certificate"), ("equip", "equipment"), ("maint", "maintenance"), ("inv", "invoice"),
)  # fmt: skip
