# daumoi: two commands do everything, `make run` and `make test`. Both are safe to repeat.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
PORT ?= 8021

.DEFAULT_GOAL := help
BUILT := daumoi/console/static/built/.made
NODE_MODULES := frontend/node_modules/.made

.PHONY: help env frontend run test check bench soak

help: ## Say what there is
	@echo "daumoi, the hub of an epidemic response. Targets:"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 14

env: $(STAMP) ## Make the environment in .venv (the other targets do it by themselves)

# umask 022: as root, PostgreSQL runs as an account of its own, which has to read its programs here.
$(STAMP): requirements/dev.txt requirements/runtime.in pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing. On Debian or Ubuntu: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; $(PYTHON) is older. Name another with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "making the environment in $(VENV) (once; about a minute)"
	@umask 022; test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@umask 022; $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@umask 022; $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

frontend: $(BUILT) ## Build the styles and scripts of the pages (the other targets do it by themselves)

$(NODE_MODULES): frontend/package-lock.json
	@node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' 2>/dev/null && command -v npm >/dev/null || { echo "Node 20 or later with npm is needed to build the pages; a running hub does not need it. On Debian 13 or Ubuntu 25: apt-get install nodejs npm. On older ones take it from the maker of Node."; exit 1; }
	@echo "fetching what the pages of staff are built with: styles, htmx, charts (once)"
	@cd frontend && npm ci --silent
	@touch $(NODE_MODULES)

$(BUILT): $(NODE_MODULES) $(wildcard frontend/*.json frontend/*.mjs frontend/src/*)
	@cd frontend && npm run --silent build -- --logLevel warn
	@touch $(BUILT)

run: env frontend ## Start the whole hub with a demo, and print its address
	@$(BIN)/daumoi up --demo-if-empty --port $(PORT)

# Three at a time, also on two cores: they wait for processes to start and pages to load. Alone what measures time or kills.
test: env frontend ## Run every test
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/abuse --ignore tests/crash --ignore tests/fanout
	@$(BIN)/python -m pytest tests/abuse tests/crash tests/fanout

check: env ## Check style, types, layers and the repository's own rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/repository

bench: env ## Measure, with the limit and a peer beside each figure (half an hour; ARGS=--quick: three minutes)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: env ## Run the long tests at full size
	@$(BIN)/python -m pytest -m soak --timeout 7200
