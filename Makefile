# make demo: the main job on a simulated AWS.   make test: every gate and test.   docs/development.md explains the rest.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
VENV := .venv/main
BIN := $(VENV)/bin
JOBS ?= $(shell nproc)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONWARNINGS := ignore::DeprecationWarning:ansible
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.work/collections
export ANSIBLE_HOME := $(CURDIR)/.work/ansible-home

.PHONY: help test lint ruff mypy yamllint unit clean

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

test: $(VENV)/.lint .work/collections/.linked ## Every gate and every test, in parallel
	$(MAKE) -j$(JOBS) --output-sync=target ruff mypy yamllint unit

$(VENV)/.runtime: tests/requirements/runtime.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement tests/requirements/runtime.txt
	touch $@

$(VENV)/.lint: tests/requirements/lint.txt tests/requirements/test.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet --requirement tests/requirements/lint.txt
	touch $@

# The checkout under the name by which Ansible, Python and mypy find it.
.work/collections/.linked:
	mkdir -p .work/collections/ansible_collections/gitpod
	ln -sfn $(CURDIR) .work/collections/ansible_collections/gitpod/enterprise_runner
	touch $@

ruff: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: $(VENV)/.lint .work/collections/.linked
	$(BIN)/mypy -p ansible_collections.gitpod.enterprise_runner.plugins

yamllint: $(VENV)/.lint
	$(BIN)/yamllint --strict .

unit: $(VENV)/.lint .work/collections/.linked
	$(BIN)/python -m pytest -q tests/unit

clean: ## Remove everything that make created
	rm -rf .venv .work artifacts
