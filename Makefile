# Every command of the project. Needs make and Python 3.11 or later; everything else comes from PyPI on first use.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo run test test-kubernetes test-browser test-containers check faults faults-points faults-broken bench bench-groupes install python

export UV_PYTHON_DOWNLOADS := never
export MAKE_STARTED := $(shell date +%s)

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv/bin/uv)
BIN := .venv/bin
# What other groups have installed (a browser, the benchmarks' library) stays: only what is missing is added.
PACKAGES := contracts chassis registration scheduling notification feedback local portal crm
SYNC := $(UV) sync --frozen --inexact --quiet --python $(PYTHON)

help: ## this table
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install ## the whole platform at work, from nothing; Ctrl-C ends it (ONCE=1: ends by itself, checked)
	@$(BIN)/ateliers demo $(if $(filter-out 0,$(ONCE)),--once)

run: install ## the platform without the scenario; data kept in ./var
	@$(BIN)/ateliers run

test: install ## every test (a real Kafka and PostgreSQL included)
	@$(BIN)/pytest --numprocesses 2 --dist loadfile

faults: install ## what the platform promises, under faults, for 10 minutes (SEED=n, MINUTES=n; LONG=1: 1,000,000 events, 1,000 faults)
	@$(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(filter-out 0,$(LONG)),--long)

faults-points: install ## a process dies at each named step of subscriber, relay and mailer
	@$(BIN)/python -m tests.faults.crash_points

faults-broken: install ## services built wrongly on purpose are found out by the same checker
	@$(BIN)/python -m tests.faults.broken

test-kubernetes: install ## the manifests, rendered and checked against the schemas of Kubernetes, KEDA and Strimzi (needs Go)
	@$(SYNC) --group kubernetes
	@$(BIN)/python deploy/kubernetes/tools.py
	@$(BIN)/pytest tests/kubernetes

test-containers: install ## the images and docker-compose.yml, on the Docker engine that answers here
	@docker info > /dev/null 2>&1 || { echo "make test-containers: no Docker engine answers; start one and try again." >&2; exit 1; }
	@$(SYNC) --group containers
	@docker compose --profile demo build --quiet
	@$(BIN)/pytest tests/containers --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-browser: install ## every page in a real browser, at two widths (a Chromium of the system, or CHROMIUM=path)
	@$(SYNC) --group browser
	@$(BIN)/pytest tests/browser

check: install ## format, lint, types, architecture, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(addprefix -p ,$(PACKAGES)) -p tests.faults
	$(BIN)/mypy deploy/kubernetes/generate.py deploy/kubernetes/tools.py
	$(BIN)/lint-imports
	$(BIN)/python -m contracts.generate --check
	$(BIN)/python deploy/kubernetes/generate.py --check

bench: install ## delivery, registration and mail against the obvious and the bare, as ratios of one run
	@$(SYNC) --group bench
	@$(BIN)/python -m bench

bench-groupes: install ## groupes from file to checked result, 60 to 100,000 people, against a bound and other ways (LONG=1: 1,000,000; PAGE=file)
	@$(BIN)/python -m bench.groupes $(if $(filter-out 0,$(LONG)),--long) $(if $(PAGE),--page $(PAGE))

install: python $(filter .tools/%,$(UV))
	@$(SYNC)

python:
	@$(if $(PYTHON),,echo "Python 3.11 or later is needed: python3 is older or missing." >&2; exit 1)

.tools/uv/bin/uv: | python
	@$(PYTHON) -m venv .tools/uv && .tools/uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
