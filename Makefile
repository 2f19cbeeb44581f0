# Welkom. `make run` and `make test` do all set-up themselves on a fresh machine.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Debian's own, as in a shop: the units can see no other (systemd/README.md), and it is quicker than most. Else any.
PYTHON ?= $(shell /usr/bin/python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
STRICT ?=
# For two cores: a test waits, for a line, a beat or a browser, as long as it works.
WORKERS ?= 4
# Compiled once, not by each of the hundreds of processes that the suite starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test check prove lock example

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Welkom needs Python 3.11 or newer: set PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Preparing, once: a minute or two …"
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.run ## prepare .venv with what running needs

run: $(VENV)/.run ## a demo shop on this machine: hub, appliance, readers, a day that plays
	@exec $(BIN)/welkom demo

test: $(VENV)/.dev ## the whole suite, real browser included; STRICT=1 fails on anything left out
	@STRICT=$(STRICT) .ci/debian chromium chromium-headless-shell systemd libnss3-tools pcscd vsmartcard-vpcd udev dbus mosquitto postgresql strace
	STRICT=$(STRICT) $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: $(VENV)/.dev ## format, lint, strict types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

prove: $(VENV)/.dev ## every figure at full size; resumable; writes tests/bench/RESULTS.md
	@STRICT=1 .ci/debian chromium chromium-headless-shell systemd libnss3-tools pcscd vsmartcard-vpcd qemu-system-x86 dbus mosquitto postgresql strace
	$(BIN)/python -m tests.bench.prove --again $(AGAIN)

example: $(VENV)/.run ## write systemd/welkom.toml.example anew from the types
	$(BIN)/python -c 'from edge.config import example; print(example(), end="")' > systemd/welkom.toml.example

lock: ## resolve the requirements files anew, with hashes and no index line (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra build --extra hq --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra hq -c requirements-dev.txt pyproject.toml -o requirements-hq.txt
