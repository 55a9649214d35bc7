# `make help` lists every command. Everything runs from .venv, which `make install` builds from requirements.lock.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .cache/tools
UV := $(shell command -v uv 2>/dev/null || echo $(TOOLS)/bin/uv)
PROJECTS := libs/contracts libs/runtime libs/sandbox libs/ops services/ingestor services/catalog services/publisher services/janitor
MANIFESTS := pyproject.toml requirements.lock $(PROJECTS:%=%/pyproject.toml)
PRODUCTS ?= 200
SEED ?= 7
KEEP ?=

.PHONY: help install lock schemas demo test test-unit lint types imports check format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(TOOLS)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "shopsync needs Python 3.11 or newer: set PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check uv

$(VENV)/.installed: $(MANIFESTS) | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "shopsync needs Python 3.11 or newer: set PYTHON=/path/to/python3.11")'
	@$(UV) venv --quiet --allow-existing --python $$($(PYTHON) -c 'import sys; print(sys.executable)') $(VENV)
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(PROJECTS:%=-e ./%)
	@touch $@

install: $(VENV)/.installed ## build .venv from requirements.lock (uv is fetched when missing)

lock: | $(UV) ## resolve the third-party packages again into requirements.lock and deploy/requirements.lock
	@$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		--python-version 3.11 --group dev $(PROJECTS:%=%/pyproject.toml) --no-emit-package shopsync-contracts \
		--no-emit-package shopsync-runtime $(UPGRADE) -o requirements.lock
