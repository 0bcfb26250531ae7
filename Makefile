# Everything is done through these targets. They install what they need into the checkout: .venv, .tools, .sandbox.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.ONESHELL:

PYTHON := .venv/bin/python
SYSTEM ?= hosting
# The hosting system's stacks are called as their environment: prod; the others' have their system before it: chat-prod.
STACK ?= $(if $(filter-out hosting,$(SYSTEM)),$(SYSTEM)-)sandbox
BASE ?= HEAD
STACKS ?=

.PHONY: help setup up down preview review test debian-packages lint types bench picture dashboard docs clean

help:  ## What can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.venv/installed: requirements.txt requirements-dev.txt
	@echo "Installing the Python packages into .venv …"
	python3 -m venv .venv
	$(PYTHON) -m pip install --disable-pip-version-check --progress-bar off -r requirements-dev.txt \
		| awk '/^Collecting/ && ++n % 20 == 0 { print "  " n " packages …"; fflush() } \
			/^Installing/ { print "  all are here; installing them …"; fflush() }'
	touch $@

setup: .venv/installed  ## Install the engine, the servers and the Python packages into the checkout
	@$(PYTHON) -m engine setup

up: setup  ## Bring SYSTEM=hosting|chat|sensors up in the simulated clouds, policies on, and say what was built
	@$(PYTHON) -m sandbox up --stack $(STACK)

preview: setup  ## Preview STACK=dev|prod|sandbox|chat-dev|… against the simulated clouds, policies on
	@$(PYTHON) -m sandbox preview --stack $(STACK)

review: setup  ## Say what the work at hand changes in STACKS (all) compared with BASE (HEAD), policies on
	@$(PYTHON) -m review $(BASE) $(STACKS)

down: setup  ## Destroy all stacks and remove the simulated clouds
	@$(PYTHON) -m sandbox down

lint: .venv/installed  ## ruff
	@$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: .venv/installed  ## mypy, strict
	@$(PYTHON) -m mypy

debian-packages: .venv/installed  ## Install the programs that tests use, as root; elsewhere say how
	@$(PYTHON) -m engine debian tests/debian-packages.txt

test: setup debian-packages lint types  ## Lint, types, unit, policy, machine and engine tests
	@$(PYTHON) -m pytest -n 2 --dist worksteal

bench: setup  ## Measure time and memory, print a table and write build/bench.json
	@$(PYTHON) -m bench

picture: setup debian-packages  ## Draw the topology from the state of the sandbox stack
	@$(PYTHON) -m docs.picture

dashboard: setup debian-packages  ## Take the picture of the sensors' dashboard, after make up SYSTEM=sensors
	@$(PYTHON) -m docs.dashboard

docs: .venv/installed  ## Write what the documents take from the code
	@$(PYTHON) -m settings schema
	$(PYTHON) -m docs.flows
	$(PYTHON) -m docs.settings
	$(PYTHON) -m docs.policies
	$(PYTHON) -m docs.chat_flows

clean: down  ## Remove also what was installed and built
	@rm -rf .venv .tools .sandbox build
