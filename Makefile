# Everything that is done with this repository. `make` alone lists it.
# Needs Python 3.11 or newer, pip and make; all else goes into .venv.

SHELL := /bin/bash
comma := ,
space := $() $()
.DEFAULT_GOAL := help

PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	command -v $$python >/dev/null 2>&1 \
	&& $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
FRAMEWORKS := fastapi flask django fasthtml sanic litestar
EXTRAS := $(subst $(space),$(comma),$(FRAMEWORKS)),starlette,tailwind,rusty,bench,dev
FRAMEWORK ?= fastapi
ARGS ?=
PORT ?=

.PHONY: help demo test lint types format bench soak constraints clean

help: ## List what there is to do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The recipe is one command without a shell around it, so that Ctrl-C ends it without a complaint.
demo: .venv/runtime-$(FRAMEWORK) ## Make a shop in .demo/ and run it (FRAMEWORK=django PORT=8000)
	@$(BIN)/python demo/run.py $(PORT)

test: .venv/complete ## Run the tests (ARGS="tests/unit -k name")
	$(BIN)/python -m pytest -m "not soak" $(ARGS)

lint: .venv/complete ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/complete ## Check the types of the sources and of the public interface
	$(BIN)/pyright
	PATH="$(CURDIR)/$(BIN):$$PATH" pyright --ignoreexternal --verifytypes nitro # it asks PATH's python

format: .venv/complete ## Format the sources
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: .venv/complete ## Compare the speed with the peers; prints ratios
	$(BIN)/python -m benchmarks $(ARGS)

soak: .venv/complete ## Run the slow tests
	$(BIN)/python -m pytest -m soak $(ARGS)

# Run it with the oldest Python that must work: newer releases of a package may refuse that one.
constraints: $(BIN)/python ## Pin the newest versions of all dependencies anew
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --no-header --no-annotate \
		--no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		$(foreach extra,$(subst $(comma), ,$(EXTRAS)),--extra $(extra)) \
		--output-file constraints.txt pyproject.toml

clean: ## Remove the environment, the demo and what tools leave behind
	rm -rf .venv .demo .cache .hypothesis .pytest_cache .ruff_cache build dist src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- the environment: a stamp file says what it holds -----------------------------------------------

# Debian parts ensurepip from Python; then the system's pip installs one into the environment.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found" >&2; exit 2; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null && $(PYTHON) -m venv .venv \
		|| { $(PYTHON) -m venv --clear --without-pip .venv \
			&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

.venv/runtime-%: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Nitro for $*"
	@$(PIP_INSTALL) --editable '.[$*,tailwind]' pydantic-settings
	@touch $@

.venv/complete: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Nitro and its tools"
	@$(PIP_INSTALL) --editable '.[$(EXTRAS)]'
	@touch $@ $(FRAMEWORKS:%=.venv/runtime-%)
