# Every target sets itself up: a clean clone needs Python 3.11 or newer, make, and nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do $$p -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
MONTH ?= 2024-08

.venv/.ready: $(wildcard requirements/*.lock) pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
	    echo "loanwatch needs Python 3.11 or newer, and none is on the PATH."; \
	    echo "Install one (for instance with your system's packages or pyenv), or name it: make PYTHON=/path/to/python3.13"; \
	    exit 2; fi
	@echo "setting up .venv (once) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -m1 -oE '^uv==[^ ]+' requirements/dev.lock)"
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/*.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

.PHONY: help setup peers monitor test test-slow faults check format licences audit lock clean
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: .venv/.ready ## make the environment in .venv

monitor: .venv/.ready ## run the whole pipeline on the demo (MONTH=2024-10 for another month)
	@$(BIN)/python -m flows.monitor --month $(MONTH)

test: .venv/.ready ## run the fast tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: .venv/.ready ## run the slow tests
	@$(BIN)/python -m pytest -m "slow and not (fault or bad_input or attack)" -n 2 --dist loadfile

faults: .venv/.ready ## break the real parts, feed bad data, attack; ends with one line of counts
	@$(BIN)/python -m pytest -p tests.faults.tally -m "fault or bad_input or attack" -n 2 --dist loadfile

check: .venv/.ready ## ruff, mypy, and the layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.ready ## put the code into its form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

peers: .venv/.ready ## make the environments of Evidently and NannyML, for the benchmarks only
	@for peer in evidently nannyml; do \
	    $(BIN)/uv venv --quiet --clear --python $(PYTHON) .venv/peers/$$peer && \
	    $(BIN)/uv pip sync --quiet --require-hashes --python .venv/peers/$$peer/bin/python benchmarks/peers/$$peer.lock || exit 1; \
	done

licences: .venv/.ready ## list every installed package with its licence
	@$(BIN)/pip-licenses --from=mixed --with-system

audit: .venv/.ready ## ask the advisory service about the lock
	@$(BIN)/python -m deployments.audit

# Base is what the pipeline needs; each extra's file holds what it adds. Packages that base has for some platforms only
# are in both.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --no-emit-index-url --upgrade pyproject.toml
lock: .venv/.ready ## renew requirements/; then make test test-slow
	@$(COMPILE) --output-file requirements/base.lock
	@known=$$(grep -E '^[^ ]+==' requirements/base.lock | grep -vE 'platform|os_name|implementation' | sed 's/==.*//' | sort -u); \
	done=(--constraint requirements/base.lock); \
	for extra in deepchecks embedded docker s3 dev; do \
	    $(COMPILE) --extra $$extra "$${done[@]}" $$(printf -- '--no-emit-package %s ' $$known) \
	        --output-file requirements/$$extra.lock || exit 1; \
	    done+=(--constraint requirements/$$extra.lock); \
	done

clean: ## remove the environment, the demo's database, results and models
	@[ ! -f .loanwatch/where ] || rm -rf "$$(cat .loanwatch/where)" # where root's data lies
	@rm -rf .venv .loanwatch results models
