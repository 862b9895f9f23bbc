from typing import Any

import pytest

from pytest_promptopt.prompts.formats.expressions import entries_of


def field(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    made = {"type": "object", "properties": {name: schema}, "required": [name]}
    return {"json": {"schema": made}}


@pytest.mark.parametrize(
    ("expression", "entries"),
    [
        ("output.length > 0;", [{"length": {"minCharacters": 1}}]),
        ("len(output.split()) <= 5", [{"length": {"maxWords": 5}}]),
        ("output.length <= 280 ? 1 : 0", [{"length": {"maxCharacters": 280}}]),
        (
            "// long enough\nreturn output && output.trim().length >= 2 && !output.includes('x')",
            [{"length": {"minCharacters": 2}}, {"contains": {"none": "x", "ignoreCase": False}}],
        ),
        (
            "output.toLowerCase().includes('a') ||\noutput.toLowerCase().includes('b')",
            [{"contains": {"any": ["a", "b"]}}],
        ),
        (
            "const v = output.toLowerCase();\nreturn ['a b', 'c'].some((s) => v.includes(s));",
            [{"contains": {"any": ["a b", "c"]}}],
        ),
        (
            "const o = JSON.parse(output);\nreturn o.n >= 2 && ['x'].includes(o.kind)",
            [field("n", {"type": "number", "minimum": 2}), field("kind", {"enum": ["x"]})],
        ),
        (
            "(() => { try { const o = JSON.parse(output.replace(/^```json|```$/g, '').trim()); "
            "return typeof o.n !== 'undefined' && String(o.n) === '5'; } "
            "catch (e) { return false; } })()",
            [field("n", {}), field("n", {"enum": ["5", 5]})],
        ),
        (
            "(() => { const d = JSON.parse(output); return typeof d.a === 'string' && "
            "d.a.toLowerCase().includes('b 1') && d.b.toLowerCase() === 'x'; })()",
            [
                field("a", {"type": "string"}),
                field("a", {"type": "string", "pattern": "[bB]\\ 1"}),
                field("b", {"type": "string", "pattern": "^[xX]$"}),
            ],
        ),
        (
            "output.tags.includes('a')",
            [
                field(
                    "tags",
                    {
                        "anyOf": [
                            {"type": "string", "pattern": "a"},
                            {"type": "array", "contains": {"const": "a"}},
                        ]
                    },
                )
            ],
        ),
        ("output?.done === true", [field("done", {"const": True})]),
        (r"/^a\/b/i.test(output)", [{"regex": {"pattern": "^a/b", "flags": "i"}}]),
        ("output != 'it\\'s'", [{"equals": "it's", "not": True}]),
        (
            "output.startsWith(context.vars.head)",
            [{"type": "starts-with", "value": "{{head}}"}],
        ),
    ],
)
def test_an_expression_that_says_no_more_than_an_evaluator_is_one(
    expression: str, entries: list[dict[str, Any]]
) -> None:
    assert entries_of(expression) == entries


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "output",
        "true",
        "output.length > 3 ? 1 : 0.5",
        "output.length > 3 || output.length < 1",
        "output.includes('a') || output.toLowerCase().includes('b')",
        "!output.includes('a') || output.includes('b')",
        "output.includes('a') && (output.includes('b') || output.includes('c'))",
        "output.toLowerCase().includes('A')",
        "output.items.length > 3",
        "const v = output.trim();\nif (!v) { return 0 }\nreturn v.length > 3",
        "require('fs').readFileSync(output).length > 3",
        "output.length > limit",
        "output.length > 3" + " " * 3_000 + "&& x",
    ],
)
def test_an_expression_that_says_more_is_none(expression: str) -> None:
    assert entries_of(expression) is None
