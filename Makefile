# Two commands on a fresh machine: `make demo` and `make test`. `make check` is everything CI runs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MINOR := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# The lock, and what this minor version of Python needs besides it.
LOCKS := requirements/dev.txt $(wildcard requirements/only-$(MINOR).txt)
# Compiled modules are kept, or every process of every test would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench lock docs new-machine format clean nightly prove evidence release sim fuzz programs

$(READY): $(LOCKS) pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "QFS needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --require-hashes $(addprefix -r ,$(LOCKS))
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $(READY)

demo: $(READY)
	@$(BIN)/python -m examples.demo

test: $(READY)
	$(BIN)/python -m pytest -n auto $(PYTEST_OPTIONS)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix -q .

lock: $(READY)
	$(BIN)/qfs lock

# Everything that CI runs. Each line stops at the first failure.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.docs --check
	$(BIN)/qfs audit qfs
	$(MAKE) --no-print-directory test PYTEST_OPTIONS="--cov --cov-report=term:skip-covered"
	$(MAKE) --no-print-directory sim
	$(BIN)/qfs evidence check
	$(BIN)/qfs build . --accept-unexercised

bench: $(READY)
	$(BIN)/python -m benchmarks $(NAME)

docs: $(READY)
	$(BIN)/python -m tools.docs
	$(BIN)/python -m tools.rule_pages

new-machine: $(READY)
	$(BIN)/python -m tools.new_machine $(NAME)

evidence: $(READY)
	$(BIN)/qfs evidence write

# PATHS=tests/certmath runs, and records, that room alone.
nightly: $(READY)
	$(BIN)/python -m tools.nightly $(PATHS)
	$(if $(PATHS),,$(MAKE) --no-print-directory sim SEEDS=100000 RECORD=audit/nightly/sim.json)

# One seed is one world and all that happens to its disk; a failure prints the seed.
SEEDS := 1000
FIRST := 0
sim: $(READY)
	$(BIN)/python -m tests.sim --seeds $(SEEDS) --first $(FIRST) $(if $(RECORD),--record $(RECORD))

# Audit programs put together by chance, beside what they do in several processes.
PROGRAMS := 10000
programs: $(READY)
	$(BIN)/python -m tests.scan.generated --count $(PROGRAMS) --first $(FIRST)
	$(BIN)/python -m tests.scan.woven --count $(PROGRAMS) --first $(FIRST)

# Fuzz every decoder for so many seconds each; Atheris lives in an environment of its own.
fuzz: $(READY)
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/pip install -q --require-hashes -r requirements/fuzz.txt
	.venv-fuzz/bin/python -m tests.fuzz.run --seconds $(or $(SECONDS),60) $(if $(TARGET),--target $(TARGET))

prove: $(READY)
	$(BIN)/python -m tools.certmath_prove

# make release KEY=release.pem PUBLIC_KEY=release.pub.pem
release: $(READY)
	@test -n "$(KEY)" -a -n "$(PUBLIC_KEY)" || { echo "make release KEY=release.pem PUBLIC_KEY=release.pub.pem" >&2; exit 2; }
	$(BIN)/python -m tools.release --key $(KEY) --public-key $(PUBLIC_KEY) $(RELEASE_OPTIONS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .qfs
