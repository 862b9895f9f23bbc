"""The names that others build on, kept from release to release; nothing else is."""

from pytest_promptopt.errors import (
    BudgetError,
    HistoryError,
    PromptFileError,
    PromptInputError,
    PromptNotFoundError,
    PromptoptError,
    ProviderError,
    ScorerError,
    UsageError,
)
from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import Failure, PromptRecord, Run
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.messages import Message
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.proposers.proposer import ProposerCost
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request, Usage
from pytest_promptopt.runtime import LoadedPrompt, load_prompt
from pytest_promptopt.scoring.kinds import Kind
from pytest_promptopt.scoring.options import OptionsError as EvaluatorOptionsError
from pytest_promptopt.scoring.score import Score, Scorer, Threshold
from pytest_promptopt.work.evaluate import evaluate
from pytest_promptopt.work.migrate import Migration, migrate
from pytest_promptopt.work.optimize import Optimized, Search, optimize

__all__ = [
    "Answer",
    "BudgetError",
    "Completion",
    "Decision",
    "EvaluatorOptionsError",
    "Failure",
    "Golden",
    "GoldenResult",
    "HistoryError",
    "Kind",
    "LoadedPrompt",
    "Mark",
    "Message",
    "Migration",
    "Optimized",
    "Outcome",
    "PromptFileError",
    "PromptInputError",
    "PromptNotFoundError",
    "PromptRecord",
    "PromptoptError",
    "Proposal",
    "ProposalStore",
    "ProposerCost",
    "Provider",
    "ProviderError",
    "Question",
    "Request",
    "Run",
    "Score",
    "Scorer",
    "ScorerError",
    "Search",
    "SearchRecord",
    "Threshold",
    "Usage",
    "UsageError",
    "Verdict",
    "evaluate",
    "load_prompt",
    "migrate",
    "optimize",
]
