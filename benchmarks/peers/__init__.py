"""The tools that are compared."""

from benchmarks.peers.deepeval import DeepEval
from benchmarks.peers.inspect_ai import InspectAI
from benchmarks.peers.ours import Ours
from benchmarks.peers.plain import Plain
from benchmarks.peers.promptfoo import Promptfoo
from benchmarks.peers.pydantic_evals import PydanticEvals
from benchmarks.peers.tool import Tool

TOOLS: tuple[Tool, ...] = (
    Ours(),
    Plain(),
    PydanticEvals(),
    InspectAI(),
    DeepEval(),
    Promptfoo(),
)
