"""The kinds of evaluators that come with the package: the name of each, and where it is."""

from collections.abc import Mapping

# Each imported when a file first asks for it.
BUILT_IN_KINDS: Mapping[str, str] = {
    "string": "pytest_promptopt.scoring.text:STRING",
    "equals": "pytest_promptopt.scoring.text:EQUALS",
    "contains": "pytest_promptopt.scoring.text:CONTAINS",
    "regex": "pytest_promptopt.scoring.pattern:REGEX",
    "choice": "pytest_promptopt.scoring.choice:CHOICE",
    "multiple_choice": "pytest_promptopt.scoring.multiple_choice:MULTIPLE_CHOICE",
    "number": "pytest_promptopt.scoring.number:NUMBER",
    "json": "pytest_promptopt.scoring.structured:JSON",
    "yaml": "pytest_promptopt.scoring.yaml_text:YAML",
    "similarity": "pytest_promptopt.scoring.similarity:SIMILARITY",
    "distance": "pytest_promptopt.scoring.distance:DISTANCE",
    "f1": "pytest_promptopt.scoring.overlap:F1",
    "rouge": "pytest_promptopt.scoring.overlap:ROUGE",
    "bleu": "pytest_promptopt.scoring.translation:BLEU",
    "chrf": "pytest_promptopt.scoring.translation:CHRF",
    "embedding": "pytest_promptopt.scoring.embedding:EMBEDDING",
    "likelihood": "pytest_promptopt.scoring.likelihood:LIKELIHOOD",
    "perplexity": "pytest_promptopt.scoring.likelihood:PERPLEXITY",
    "length": "pytest_promptopt.scoring.length:LENGTH",
    "finish": "pytest_promptopt.scoring.finish:FINISH",
    "refusal": "pytest_promptopt.scoring.refusal:REFUSAL",
    "latency": "pytest_promptopt.scoring.spending:LATENCY",
    "cost": "pytest_promptopt.scoring.spending:COST",
    "tokens": "pytest_promptopt.scoring.spending:TOKENS",
    "language": "pytest_promptopt.scoring.language:LANGUAGE",
    "xml": "pytest_promptopt.scoring.xml_text:XML",
    "sql": "pytest_promptopt.scoring.sql_text:SQL",
    "code": "pytest_promptopt.scoring.tested_code:CODE",
    "python": "pytest_promptopt.scoring.code:PYTHON",
    "rubric": "pytest_promptopt.scoring.rubric:RUBRIC",
    "grounded": "pytest_promptopt.scoring.retrieval:GROUNDED",
    "answers": "pytest_promptopt.scoring.retrieval:ANSWERS",
    "context": "pytest_promptopt.scoring.retrieval:CONTEXT",
    "better": "pytest_promptopt.scoring.better:BETTER",
    "llm": "pytest_promptopt.scoring.judge:LLM",
    "uses": "pytest_promptopt.scoring.prompt_judge:USES",
}
KINDS = tuple(BUILT_IN_KINDS)
# What stands under these is a value of the user's, or what another tool may know.
WITHOUT_OPTIONS = frozenset({"string", "equals", "python", "llm", "uses"})
