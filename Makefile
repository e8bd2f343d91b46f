# Every target sets itself up: a clean clone needs Python 3.11 or newer, make, and nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
FOLLOW := $(BIN)/python requirements/sources.py # runs pip or uv with the mirror, proxy and certificates of both
MONTH ?= 2024-08

.PHONY: help setup wheels monitor test test-slow faults docker-test check format peers licences audit lock clean
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# PYTHON, EXTRAS and WHEELS reach the script as environment variables. It ends at once where nothing is to be done.
setup: ## make the environment in .venv (EXTRAS= leaves deepchecks out, PYTHON=python3.12 chooses)
	@sh requirements/set_up.sh

wheels: ## download all packages into wheels/, which `make setup` then installs from, without a network
	@WHEELS= sh requirements/set_up.sh
	@$(FOLLOW) $(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
	    --only-binary :all: --dest wheels $(patsubst %,--requirement %,$(wildcard requirements/*.lock))

monitor: setup ## run the whole pipeline on the demo (MONTH=2024-10 for another month)
	@$(BIN)/python -m flows.monitor --month $(MONTH)

test: setup ## run the fast tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile

# Three at a time on two cores, here and below: many of them wait for servers and heartbeats.
test-slow: setup ## run the slow tests
	@$(BIN)/python -m pytest -m "slow and not (fault or bad_input or attack)" -n 3 --dist loadfile

faults: setup ## break the real parts, feed bad data, attack; ends with one line of counts
	@$(BIN)/python -m pytest -p tests.faults.tally -m "fault or bad_input or attack" -n 3 --dist loadfile

# Not in memory, where other tests keep their files: the engine may be in another place, and mounts some of them.
docker-test: setup ## build the images, run the compose stack on this machine's Docker engine, break it, clean up
	@TMPDIR=$${TMPDIR:-/tmp} $(BIN)/python -m pytest -x -v -m docker -p no:cacheprovider tests/docker

check: setup ## ruff, mypy, and the layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup ## put the code into its form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

peers: setup ## make the environments of Evidently, NannyML, MLflow and BentoML, for the benchmarks only
	@for peer in evidently nannyml mlflow bentoml; do \
	    $(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/peers/$$peer && \
	    $(FOLLOW) $(BIN)/uv pip sync --quiet --require-hashes --python .venv/peers/$$peer/bin/python \
	        benchmarks/peers/$$peer.lock || exit 1; \
	done

licences: setup ## list every installed package with its licence
	@$(BIN)/pip-licenses --from=mixed --with-system
	@echo 'deepchecks is AGPL-3.0. It draws three pages for information, in a process of its own, and can be left out:'
	@echo '  make setup EXTRAS="docker s3"'

audit: setup ## ask the advisory service about the lock
	@$(BIN)/python -m deployments.audit

# Base is what the pipeline needs; each extra's file holds what it adds. Packages that base has for some platforms only
# are in both. A mirror in pip.conf is not asked: it may lack the files of other platforms, and so their hashes.
COMPILE = UV_SYSTEM_CERTS=$${UV_SYSTEM_CERTS:-1} $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --no-emit-index-url --upgrade pyproject.toml
lock: setup ## renew requirements/; then make test test-slow
	@$(COMPILE) --output-file requirements/base.lock
	@known=$$(grep -E '^[^ ]+==' requirements/base.lock | grep -vE 'platform|os_name|implementation' | sed 's/==.*//' | sort -u); \
	done=(--constraint requirements/base.lock); \
	for extra in deepchecks embedded docker s3 onnx skops dask dev; do \
	    $(COMPILE) --extra $$extra "$${done[@]}" $$(printf -- '--no-emit-package %s ' $$known) \
	        --output-file requirements/$$extra.lock || exit 1; \
	    done+=(--constraint requirements/$$extra.lock); \
	done

clean: ## remove the environment, the demo's database, results and models
	@folder=$$(cat .loanwatch/where 2>/dev/null); if [ "$$(cat "$$folder/home" 2>/dev/null)" = "$(CURDIR)/.loanwatch" ]; then \
	    rm -rf "$$folder"; fi # where root's data lies, unless they belong to the folder that this one was copied from
	@rm -rf .venv .loanwatch results models
