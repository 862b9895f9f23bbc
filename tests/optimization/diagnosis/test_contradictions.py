import pytest

from pytest_promptopt.optimization.diagnosis.contradictions import contradictions
from tests.optimization.world import prompt

KEYS = 'Is it spam? Answer with JSON: {"spam": true, "reason": "…"}.'
LABEL = "Give the label only, in lower case, with no other words."


@pytest.mark.parametrize(
    ("before", "after", "user", "said"),
    [
        ("Explain your choice.", f"Explain your choice. {LABEL}", "",
         [f'forbids the explanation that the prompt asks for: "{LABEL}"']),
        ("Explain your choice.", "Explain your choice.", f"\n{LABEL}",
         [f'forbids the explanation that the prompt asks for: "{LABEL}"']),
        ("Think step by step.", "Choose a team.", "",
         ["no longer asks for the explanation that the prompt asks for"]),
        ("Answer in JSON.", f"Answer in JSON. {LABEL}", "",
         [f'forbids the JSON that the prompt asks for: "{LABEL}"']),
        ("Answer in JSON.", "Answer with the team.", "",
         ["no longer asks for the JSON that the prompt asks for"]),
        (KEYS, f"{KEYS} Answer with the key spam. Give no other keys.", "",
         ['forbids keys that the prompt asks for, "reason": "Give no other keys."']),
        (KEYS, 'Answer with JSON that has "spam".', "",
         ['no longer names what the prompt names, "reason"']),
        (KEYS, f"{KEYS} Give the object only: no other keys. Keys: spam, reason.", "", []),
        (KEYS, f"{KEYS} Links make it likely.", "", []),
        ("Explain your choice.", "Explain your choice in one sentence, then name the team.", "",
         []),
        ("Choose a team.", f"Choose a team. {LABEL}", "", []),
        ("Do not explain your choice.", LABEL, "", []),
    ],
)  # fmt: skip
def test_what_a_new_text_forbids_or_drops_is_told(
    before: str, after: str, user: str, said: list[str]
) -> None:
    new = prompt(after, user=f"Ticket: {{{{ticket}}}}{user}")
    assert [*contradictions(prompt(before), new)] == said
