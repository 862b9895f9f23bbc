"""The kinds of evaluators that are built in."""

# Kind to the ScorerFactory that makes its scorer, imported when a file first asks for it.
KINDS = {
    "string": "pytest_promptopt.scoring.text:string_scorer",
    "equals": "pytest_promptopt.scoring.text:equals_scorer",
    "contains": "pytest_promptopt.scoring.text:contains_scorer",
    "regex": "pytest_promptopt.scoring.pattern:regex_scorer",
    "choice": "pytest_promptopt.scoring.choice:choice_scorer",
    "number": "pytest_promptopt.scoring.number:number_scorer",
    "json": "pytest_promptopt.scoring.structured:json_scorer",
    "similarity": "pytest_promptopt.scoring.similarity:similarity_scorer",
    "python": "pytest_promptopt.scoring.code:python_scorer",
    "llm": "pytest_promptopt.scoring.judge:llm_scorer",
    "uses": "pytest_promptopt.scoring.builtin_judges:builtin_judge",
}
