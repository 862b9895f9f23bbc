"""One search of dspy's; run in its own environment by :mod:`benchmarks.optimization.dspy_peer`.

Reads the job from stdin and writes ``{"instruction", "demonstrations"}`` to the file that the
command line names; a demonstration is told by its question.

The program is a single predictor whose messages are ours (instruction, worked examples,
question) and whose answer is the whole completion, in place of dspy's fields between markers: so
what is optimized is the same prompt as everywhere else. dspy's own requests to the optimizer
model stay as they are.
"""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import dspy

_THREADS = 16
_BATCH = 10
_BOOTSTRAP_SHARE = 5
_PASSES = 0.9
_TRIALS_PER_EVALUATION = 4
_LEAST_CANDIDATES = 4
"""With fewer it bootstraps no set of examples, since three of them are without."""

_REFLECTION_EVERY = 7
"""Of GEPA's calls one is a reflection: three goldens before it, three behind."""


class Plain(dspy.Adapter):
    """Our messages, and the completion as the answer."""

    def __call__(
        self,
        lm: Any,
        lm_kwargs: dict[str, Any],
        signature: Any,
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """The answers; an empty one counts as one."""
        messages = [{"role": "system", "content": signature.instructions}]
        for demo in demos:
            messages.append({"role": "user", "content": demo["question"]})
            messages.append({"role": "assistant", "content": demo["answer"]})
        messages.append({"role": "user", "content": inputs["question"]})
        outputs = lm(messages=messages, **lm_kwargs)
        texts = [output["text"] if isinstance(output, dict) else output for output in outputs]
        return [{"answer": text or ""} for text in texts]


class Student(dspy.Module):
    """The prompt."""

    def __init__(self, instruction: str) -> None:
        super().__init__()
        self.predict = dspy.Predict(dspy.Signature("question -> answer", instruction))

    def forward(self, question: str) -> Any:
        with dspy.context(adapter=Plain()):
            return self.predict(question=question)


def main() -> None:
    job = json.load(sys.stdin)
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=True)
    task = _model(job, "task", job["task_parameters"])
    optimizer = _model(job, "optimizer", job["optimizer_parameters"])
    dspy.configure(lm=task)
    search = {"mipro": _mipro, "gepa": _gepa}[job["optimizer"]]
    program = search(job, task, optimizer)
    found = {
        "instruction": program.predict.signature.instructions,
        "demonstrations": [demo["question"] for demo in program.predict.demos],
    }
    Path(sys.argv[1]).write_text(json.dumps(found), "utf-8")


def _model(job: dict[str, Any], role: str, parameters: dict[str, Any]) -> Any:
    return dspy.LM(
        f"openai/{role}", api_base=job["url"], api_key="none", num_retries=0, **parameters
    )


def _mipro(job: dict[str, Any], task: Any, optimizer: Any) -> Any:
    train, validation = _examples(job["train"]), _examples(job["validation"])
    train = train[: max(_BATCH, job["cap"] // _BOOTSTRAP_SHARE)]
    asked_before = len(train) + len(validation) + len(train) // _BATCH + 2
    evaluations = max(1, (job["cap"] - asked_before) // len(validation))
    candidates = max(_LEAST_CANDIDATES, evaluations * 2 // 3)
    teleprompter = dspy.MIPROv2(
        metric=lambda example, answered, _trace=None: _score(job, example, answered),
        metric_threshold=_PASSES,
        prompt_model=optimizer,
        task_model=task,
        auto=None,
        num_candidates=candidates,
        num_threads=_THREADS,
        seed=job["seed"],
    )
    return teleprompter.compile(
        Student(job["instruction"]),
        trainset=train,
        valset=validation,
        # Trials of a combination that was tried ask nothing; those beyond the cap find nothing.
        num_trials=_TRIALS_PER_EVALUATION * evaluations,
        minibatch=False,
        # It describes the program for each proposal, and this one is a single predictor.
        program_aware_proposer=False,
        view_data_batch_size=_BATCH,
    )


def _gepa(job: dict[str, Any], _task: Any, optimizer: Any) -> Any:
    def metric(
        example: Any, answered: Any, _trace: Any = None, _name: Any = None, _own: Any = None
    ) -> Any:
        score = _score(job, example, answered)
        feedback = "Right." if score >= _PASSES else f"Wrong: expected {example.answer!r}."
        return dspy.Prediction(score=score, feedback=feedback)

    validation = _examples(job["validation"])
    room = job["cap"] - len(validation)
    teleprompter = dspy.GEPA(
        metric=metric,
        max_metric_calls=job["cap"] - room // _REFLECTION_EVERY,
        reflection_lm=optimizer,
        num_threads=_THREADS,
        seed=job["seed"],
    )
    return teleprompter.compile(
        Student(job["instruction"]),
        trainset=_examples(job["train"]),
        valset=validation,
    )


def _examples(rows: list[dict[str, str]]) -> list[Any]:
    return [dspy.Example(**row).with_inputs("question") for row in rows]


def _score(job: dict[str, Any], example: Any, answered: Any) -> float:
    """What our own evaluator says."""
    body = {"question": example.question, "answer": answered.answer or ""}
    request = urllib.request.Request(f"{job['url']}/score", json.dumps(body).encode())
    with urllib.request.urlopen(request) as response:
        return float(json.load(response)["score"])


if __name__ == "__main__":
    main()
