# `make eval` and `make test` need Python 3.11 or later, pip, git and make, nothing else.

PYTHON ?= python3
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

# The tests start many Pythons, each of which would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: eval test test-code check docs whole parts test-local cover lock clean

# Score prompts/ live on the embedded model.
eval: $(VENV)/.eval
	$(BIN)/pytest --prompt-eval prompts

# Everything but the coverage.
test: test-code test-local

# Make of before 4.0 mixes the parts' lines.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

# Side by side, since types are checked in one process and tests wait at times. Each part is shown
# when it is done.
test-code: $(VENV)/.test
	$(MAKE) --no-print-directory --jobs 3 $(SYNC) check whole parts

check: docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The pages as a site, .site/html/index.html; a link that leads nowhere fails it.
docs: $(VENV)/.test
	$(BIN)/python docs/website.py

# In two processes that share nothing: workers would collect all tests twice. Their halves take
# about as long, and a new folder is among the parts.
WHOLE := client contracts plugin publishing reports work

whole: $(VENV)/.test
	$(BIN)/pytest -m "not local_model" $(WHOLE:%=tests/%)

parts: $(VENV)/.test
	$(BIN)/pytest -m "not local_model" $(WHOLE:%=--ignore tests/%)

# In one process and after the others: two servers with a model would starve each other. Where
# nothing else runs, threads that wait for each other may spin.
test-local: $(VENV)/.test
	GOMP_SPINCOUNT=20000 $(BIN)/pytest -m local_model tests/local tests/providers

# All tests again with more random examples and with their coverage, which takes twice the time.
cover: $(VENV)/.test
	$(BIN)/coverage erase
	# In one process: in workers under coverage the tests that start workers themselves hang.
	$(BIN)/coverage run -m pytest -m "not local_model" --hypothesis-profile many
	$(BIN)/coverage run -m pytest -m local_model tests/local tests/providers
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.eval: $(VENV)/bin/pip pyproject.toml requirements/eval.txt
	$(PIP) install --require-hashes --requirement requirements/eval.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.test: $(VENV)/.eval requirements/dev.txt
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	# Looks for what keeps people out of the HTML report; tests without it are left out.
	-command -v npm && npm install --prefix $(VENV) --no-save --no-package-lock --ignore-scripts axe-core@4.14.1
	touch $@

# Take the newest releases into requirements/.
lock: $(VENV)/bin/pip
	$(PIP) install uv
	$(LOCK) pyproject.toml --group build --extra local --extra local-weights --output-file requirements/eval.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements/eval.txt --output-file requirements/dev.txt
	$(LOCK) --group release --output-file requirements/release.txt

clean:
	rm -rf $(VENV) .promptopt .site dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
