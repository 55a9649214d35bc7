# `make help` lists every command. Everything runs from .venv, which `make install` builds from requirements.lock.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .cache/tools
UV := $(shell command -v uv 2>/dev/null || echo $(TOOLS)/bin/uv)
PROJECTS := libs/contracts libs/runtime libs/readmodel libs/accounts libs/sandbox libs/testkit tools/cli tools/rehearsals services/ingestor services/catalog services/publisher services/janitor services/console
REHEARSED := libs/contracts libs/testkit libs/sandbox tools/rehearsals
DEPLOYED := $(filter-out libs/testkit libs/sandbox tools/rehearsals,$(PROJECTS))
MANIFESTS := pyproject.toml requirements.lock $(PROJECTS:%=%/pyproject.toml)
PRODUCTS ?= 200
SEED ?= 7
KEEP ?=
TRANSACTIONS ?=
SIZES ?=
WORKERS ?= 3
KILL ?=
BENCH ?=
SEEDS ?= 20
RATE ?=
MINUTES ?= 10

.PHONY: help install lock generated demo bench-publisher month bench-import bench-catalogue bench-latency bench-fairness bench-growth bench-start bench-console soak test test-cluster test-upgrade test-secured test-browser screenshots reliability test-unit test-kubernetes test-node test-images test-observability coverage lint types imports measure pace-constants check format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

$(TOOLS)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "shopsync needs Python 3.11 or newer: set PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check uv

$(VENV)/.installed: $(MANIFESTS) | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "shopsync needs Python 3.11 or newer: set PYTHON=/path/to/python3.11")'
	@$(UV) venv --quiet --allow-existing --python $$($(PYTHON) -c 'import sys; print(sys.executable)') $(VENV)
	@$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(PROJECTS:%=-e ./%)
	@$(BIN)/python -m compileall -q $(PROJECTS:%=%/src)
	@touch $@

install: $(VENV)/.installed ## build .venv from requirements.lock (uv is fetched when missing)

generated: install ## write what is made from code: JSON Schemas (refuses breaking changes), AsyncAPI documents, the tables of settings and topics, the chart's files
	@$(BIN)/python -m shopsync_contracts libs/contracts/schemas
	@$(BIN)/python docs/asyncapi.py
	@$(BIN)/python docs/tables.py
	@$(BIN)/python tests/support/reliability.py
	@$(BIN)/python deploy/helm/generated.py

demo: ## the whole pipeline on this machine, checked at the end: make demo [PRODUCTS=5000] [KEEP=1] [SEED=7] [TRANSACTIONS=1: beside a system that writes in Kafka transactions] [SIZES=1: what the products take]
	@began=$$(date +%s.%N); \
	$(MAKE) --no-print-directory --silent --question install 2>/dev/null || echo "installing what is pinned in requirements.lock into $(VENV) …"; \
	$(MAKE) --no-print-directory --silent install && echo "starting the demo …" && \
	SHOPSYNC_DEMO_BEGAN=$$began SHOPSYNC_DEMO_INSTALL_SECONDS=$$(echo "$$(date +%s.%N) $$began" | awk '{printf "%.1f", $$1 - $$2}') \
	$(BIN)/python -m shopsync_sandbox demo --products $(PRODUCTS) --seed $(SEED) $(if $(KEEP),--keep) $(if $(TRANSACTIONS),--transactions) $(if $(SIZES),--sizes)

bench-publisher: install ## 1,000 products of 20 shops at full rate, one throttled, one broken: make bench-publisher [KILL=1] [BENCH="--replicas 2"]
	@$(BIN)/python -m shopsync_sandbox bench-publisher --seed $(SEED) $(if $(KILL),--kill-every 4) $(BENCH)

bench-import: PRODUCTS = 100000
bench-import: install ## an import of 100,000 products, time and memory judged: make bench-import [PRODUCTS=1000000] [RATE=20]
	@$(BIN)/python -m shopsync_sandbox bench-import --products $(PRODUCTS) --seed $(SEED) $(if $(RATE),--rate $(RATE)) $(BENCH)

bench-catalogue: install ## the catalogue beside a raw loop, an ordinary FastStream service and Kafka Connect: make bench-catalogue [BENCH="--messages 5000 --rounds 1"]
	@$(BIN)/python -m shopsync_sandbox bench-catalogue --seed $(SEED) $(BENCH)

bench-latency: install ## how long a change takes until its snapshot can be read, beside the raw loop: make bench-latency [BENCH="--seconds 60"]
	@$(BIN)/python -m shopsync_sandbox bench-latency --seed $(SEED) $(BENCH)

bench-fairness: install ## one shop's edits while 100,000 changes of another shop wait: make bench-fairness [BENCH="--backlog 20000"]
	@$(BIN)/python -m shopsync_sandbox bench-fairness --seed $(SEED) $(BENCH)

bench-growth: install ## the catalogue with 1,000,000 products, with 1, 2 and 4 replicas, and its memory over 60,000 messages: make bench-growth [BENCH="--part memory"]
	@$(BIN)/python -m shopsync_sandbox bench-growth --seed $(SEED) $(BENCH)

bench-start: install ## how long each service takes to its first message, phase by phase: make bench-start [BENCH="--together"]
	@$(BIN)/python -m shopsync_sandbox bench-start $(BENCH)

bench-console: install ## 50 merchants at the console beside one alone, shops of 100,000 products: make bench-console [BENCH="--replicas 2"]
	@$(BIN)/python -m shopsync_sandbox bench-console --seed $(SEED) $(BENCH)

soak: install ## mixed load for ten minutes; memory, descriptors, tasks, threads and lag must stay flat: make soak [MINUTES=60]
	@$(BIN)/python -m shopsync_sandbox soak --minutes $(MINUTES) --seed $(SEED) $(BENCH)

month: install ## simulated months of a shop against a model of the rules, every night compared: make month [SEEDS=20]
	@SHOPSYNC_MONTH_SEEDS=1-$(SEEDS) $(BIN)/pytest tests/e2e/month -q -s --no-header --tb=no -o addopts=--import-mode=importlib

# A test file stays in one worker. Every worker starts a Kafka and a MongoDB of its own, when its first test needs them.
PARALLEL = $(if $(filter-out 0,$(WORKERS)),-n $(WORKERS) --dist loadfile --no-loadscope-reorder)

test: install ## every test: unit, integration, end to end: make test [WORKERS=0: in one process] [TESTS=services/catalog] (SHOPSYNC_KAFKA=auto|apache|embedded|docker|external)
	@$(BIN)/pytest $(PARALLEL) $(if $(TESTS),,--every-query) $(TESTS)

test-cluster: install ## three brokers, three members of MongoDB, disturbed links: docs/reliability.md gets the results: make test-cluster [TESTS=tests/cluster/test_links.py]
	@$(BIN)/pytest -m "cluster or not cluster" --reliability $(or $(TESTS),tests/cluster)

test-upgrade: install ## services of an older commit beside these, a restore and a rebuild while TikTok goes on: make test-upgrade
	@$(BIN)/pytest -m "upgrade or not upgrade" $(or $(TESTS),tests/upgrade)

test-secured: install ## every service as its own user on a Kafka and a MongoDB that refuse everything else, rights taken away: make test-secured
	@$(BIN)/pytest -m "secured or not secured" $(or $(TESTS),tests/secured)

test-browser: install ## the console in Chromium, as a merchant uses it (Debian's packages chromium and fonts-noto-cjk): make test-browser
	@$(BIN)/pytest -m "browser or not browser" $(or $(TESTS),tests/browser)

screenshots: install ## the console's pictures in docs/images/console, taken by the test of the whole way
	@$(BIN)/pytest -m "browser or not browser" tests/browser/test_whole_way.py --screenshots docs/images/console

reliability: install ## every test that docs/reliability.md names, and its results into that page
	@$(BIN)/pytest -m reliability --reliability

test-unit: install ## the tests that need neither Kafka nor MongoDB
	@$(BIN)/pytest $(PARALLEL) -m "not kafka and not mongo and not e2e and not kubernetes and not node and not images" $(TESTS)

test-kubernetes: install ## the chart in a real API server: kube-apiserver, etcd and helm are built from their Go modules, once
	@$(BIN)/pytest -m "kubernetes or not node" $(or $(TESTS),tests/kubernetes)

test-node: install ## the chart on one real node with the images of `make test-images`, and the demo's story told to its pods (Linux, as root, with containerd and the CNI plugins)
	@unshare --net $(BIN)/pytest -m node $(or $(TESTS),tests/kubernetes)

test-observability: install ## rules, dashboards and traces, by Prometheus' promtool, which is built from its Go module, once
	@$(BIN)/pytest -m "observability or not cluster" $(or $(TESTS),tests/observability)

test-images: install ## every image built and run, on the Docker engine that answers, else on one of its own (Debian's packages, as root)
	@$(BIN)/pytest -m images $(or $(TESTS),tests/images)

coverage: install ## which lines the unit tests run: a table, and .cache/coverage/html/index.html
	@$(BIN)/pytest $(PARALLEL) -m "not kafka and not mongo and not e2e and not kubernetes and not node and not images" --cov --cov-report=term --cov-report=html $(TESTS)

lint: install ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

measure: install ## modules, functions, imports up the layers and circles: make measure [ROOT=another tree]
	@$(BIN)/python tools/measure.py $(if $(ROOT),--root $(ROOT))

pace-constants: install ## what each constant of the publisher's pace does, by simulation
	@PYTHONPATH=services/publisher/tests/support $(BIN)/python -m pace_constants

types: install ## mypy, strict
	@$(BIN)/mypy

imports: install ## who may import whom
	@$(BIN)/lint-imports

check: lint types imports test ## everything the gate asks for

format: install ## format and fix what can be fixed by itself
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

clean: ## remove .venv and caches
	@rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate
OWN = $(foreach one,contracts runtime readmodel accounts testkit sandbox catalog,--no-emit-package shopsync-$(one))

lock: | $(UV) ## resolve the third-party packages again (UPGRADE=--upgrade takes newer versions)
	@$(LOCK) $(UPGRADE) $(OWN) --group dev --all-extras $(PROJECTS:%=%/pyproject.toml) -o requirements.lock
	@$(LOCK) -c requirements.lock $(OWN) $(DEPLOYED:%=%/pyproject.toml) -o deploy/requirements.lock
	@$(LOCK) -c requirements.lock $(OWN) $(REHEARSED:%=%/pyproject.toml) -o deploy/requirements-sandbox.lock
	@$(LOCK) -c requirements.lock deploy/requirements-build.in -o deploy/requirements-build.lock
