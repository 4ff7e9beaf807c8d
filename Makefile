# What a person types and what CI types are the same. Needs Python 3.11 or later, Node, make and git; uv is used if it is there.

PYTHON ?= python3
UV ?= $(shell command -v uv 2>/dev/null)
# Two tests a core, up to eight: many of them wait for a node, a server or a browser most of their time.
JOBS ?= $(shell $(PYTHON) -c 'import os; n = os.cpu_count() or 1; print(max(n, min(2 * n, 8)))')
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
TOOLCHAIN := $(BIN)/python tools/toolchain.py
SOURCES := $(wildcard smartchain tests tools scripts benchmarks)

# This machine's own package settings choose the index, and nothing else: an installation holds what the lock says.
export PIP_USER = 0
export PIP_CONSTRAINT = /dev/null
export PIP_REQUIRE_VIRTUALENV = 0
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1
export UV_INDEX_STRATEGY = unsafe-best-match
# The command line starts hundreds of times in the tests: what was compiled once is kept.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_DEPS PIP_NO_BINARY PIP_ONLY_BINARY
unexport UV_CONSTRAINT UV_OVERRIDE UV_TARGET UV_PREFIX UV_PYTHON UV_NO_DEPS

ifneq ($(UV),)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
COMPILE := --compile-bytecode
CREATE := $(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV)
else
# pip compiles one file after the other: all cores do it afterwards, but for what is no Python of this version.
COMPILE := --no-compile
BYTECODE := $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
INSTALL := $(BIN)/python -m pip install --quiet
CREATE := $(PYTHON) -m venv $(VENV)
endif
LOCKED := $(INSTALL) $(COMPILE) --require-hashes

.PHONY: help demo demo-double-spend setup test test-long check format bench compile lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## wallets pay each other, the chain is assembled and verified: in process, nothing else needed
	@$(BIN)/smartchain demo $(ARGS)

demo-double-spend: setup ## what a ledger is for: coins spent twice are refused, a forged spending is found out
	@$(BIN)/python scripts/double_spend.py

setup: $(VENV)/.dev ## everything for development: package, ape, test tools, anvil, forge, cast, solc, ethers, viem
	@$(TOOLCHAIN) --link $(BIN)
	@$(BIN)/python tools/javascript.py >/dev/null

test: setup ## every test but the long ones; ARGS="-k name" chooses
	@$(BIN)/pytest -n $(JOBS) $(ARGS)

test-long: setup ## every test, the long ones in full
	@$(BIN)/pytest -n $(JOBS) -m "long or not long" $(ARGS)

check: setup ## lint, format and types, in Python and Solidity
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict $(SOURCES)
	FOUNDRY_SOLC="$$($(TOOLCHAIN) --print-bin)/solc-v0.8.37" && export FOUNDRY_SOLC \
		&& $(BIN)/forge fmt --check && $(BIN)/forge lint --deny notes

format: setup ## put Python and Solidity into the house's form
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format
	@$(BIN)/forge fmt

bench: setup ## measure; the tables in benchmarks/ are written by this
	@for program in benchmarks/gas.py benchmarks/index.py; do echo "== $$program" && $(BIN)/python "$$program" $(ARGS) || exit 1; done

compile: setup ## compile the contracts and write the artifacts that the package ships
	@SOLCX_BINARY_PATH="$$($(TOOLCHAIN) --print-bin)" $(BIN)/python tools/compile.py $(ARGS)

lock: ## write requirements/*.txt anew; ARGS=--upgrade takes the newest versions
	@$(PYTHON) tools/lock.py $(ARGS)

clean: ## remove the environment and everything built, but no database
	rm -rf $(VENV) .build build dist out cache .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: what is installed already is not looked at again.

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON) is not Python 3.11 or later ($$($(PYTHON) --version 2>&1 | tail -1)): name one, as in make PYTHON=python3.12 demo" >&2; exit 1; }
	@echo "creating $(VENV) by $$($(PYTHON) --version)" >&2
	@$(CREATE)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing the package and its demo" >&2
	@$(LOCKED) -r requirements/demo.txt
	@$(BYTECODE)
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# Three of ape's own needs come as source only: what builds them is in a lock too, and is installed first.
$(VENV)/.dev: requirements/build.txt requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing the package, ape and the test tools" >&2
	@$(LOCKED) -r requirements/build.txt
	@$(LOCKED) --no-build-isolation -r requirements/dev.txt
	@$(BYTECODE)
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.demo
