# What a developer does here. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help machine setup demo test lint rust pytest faults bench wheel clean

VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
CARGO := cargo
WORKSPACE := --manifest-path native/Cargo.toml
# Outside the temporary folder of a wheel's build, so that a second build is incremental.
export CARGO_TARGET_DIR ?= $(CURDIR)/native/target

PROJECT := pyproject.toml setup.cfg
NATIVE := rust-toolchain.toml native/Cargo.toml native/Cargo.lock $(wildcard native/*/Cargo.toml) \
          $(shell find native/kernels native/python -name '*.rs' 2>/dev/null)

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: machine $(VENV)/.native $(VENV)/.jars ## Make .venv with the package, its native module and Delta's jars

machine:
	@.ci/check-machine >/dev/null

$(VENV)/.made:
	@python=$$(.ci/check-machine) && echo "Making $(VENV) with $$python" && "$$python" -m venv $(VENV)
	@# The pip of 2023 that comes with Python 3.11 fails on lxml's extras.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
	@touch $@

$(VENV)/.installed: $(PROJECT) | $(VENV)/.made
	@echo "Installing the package and what it needs; the native module takes a minute or two the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.native

# Only the native sources changed: no resolving, nothing fetched, Cargo builds what is new.
$(VENV)/.native: $(NATIVE) | $(VENV)/.installed
	@if [ ! -e $@ ] || [ -n "$$(find $(NATIVE) -newer $@)" ]; then \
	    echo "Building the native module" && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . && \
	    touch $@; \
	fi

$(VENV)/.jars: $(VENV)/.installed | $(VENV)/.native
	@echo "Fetching Delta's jars"
	@$(BIN)/python -m spark_llmdata.session --fetch-jars
	@touch $@

# One process: Spark starts once for the run, the comparison with the labels and the report.
demo: setup ## Make a crawl with known defects, build a corpus from it, say what was found and missed; see build/demo
	@$(BIN)/llmdata demo $(DEMO)

test: lint rust pytest ## Everything: lint, Rust tests, Python tests

lint: setup ## Formatting, style, types, layers; of Python and of Rust
	@$(BIN)/ruff format --quiet --check --diff .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(CARGO) fmt $(WORKSPACE) --all --check
	@$(CARGO) clippy $(WORKSPACE) --quiet --locked --workspace --all-targets -- -D warnings

# As with Hypothesis: the gate tries the same examples every time, the search for new ones goes on elsewhere.
rust: ## The kernels' own tests
	@$${CI:+env PROPTEST_RNG_SEED=1} $(CARGO) test $(WORKSPACE) --quiet --locked

# Most of a test on Spark is waiting for its driver: two at a time, each with a session of its own.
pytest: setup ## The Python tests; PYTEST_ARGS="-k why" picks some, PYTEST_ARGS="-n 0 --pdb" stops where one fails
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

faults: setup ## Kill runs in a hundred ways and continue them; FAULTS_ARGS="--only random" picks a group (hours)
	@$(BIN)/python -m tests.faults $(FAULTS_ARGS)

bench: setup ## Measure against peers and the machine; BENCH_ARGS="reuse --repeat 1" picks, see benchmarks/README.md
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

wheel: setup ## A wheel of this machine's kind, in dist/
	@rm -rf build/lib* build/bdist*
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist

clean: ## Remove all that was built: .venv, native/target, build, dist
	@rm -rf $(VENV) native/target build dist *.egg-info spark_llmdata/_native*.so
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
