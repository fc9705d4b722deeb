# Everything a person or a machine runs, by name. `make` alone lists it.
VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.ready
BENCHES := $(notdir $(basename $(wildcard tests/benchmarks/bench_*.py)))

.PHONY: help run test lint check bench setup
help:
	@echo 'make run               open the app on its demo project (without a display: run the demo, leave pictures)'
	@echo 'make run VIDEO=a.mp4   open the app on a film of your own'
	@echo 'make test              run the tests'
	@echo 'make lint              formatting, linting, layer contracts, types, dependencies, dead code'
	@echo 'make check             lint, then test: what runs before a change is accepted'
	@echo 'make bench             print the speeds; needs ten quiet minutes'

$(READY): pyproject.toml constraints.txt packaging/bootstrap.py
	python3 packaging/bootstrap.py $(VENV)

setup: $(READY)

run: $(READY)
	$(PYTHON) -m poseapp demo $(if $(VIDEO),--video "$(VIDEO)")

test: $(READY)
	QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered

lint: $(READY)
	$(VENV)/bin/ruff format --check poseapp tests packaging
	$(VENV)/bin/ruff check poseapp tests packaging
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pyright
	$(VENV)/bin/deptry .
	$(VENV)/bin/vulture

check: lint test

bench: $(READY)
	for bench in $(BENCHES); do QT_QPA_PLATFORM=offscreen $(PYTHON) -m tests.benchmarks.$$bench || exit; done
