# `make demo` and `make test` need nothing but Python: each makes the virtual environment and installs what it needs.
SHELL := bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# A release that installs and runs on a CPU, for these commands only; the package accepts a range (pyproject.toml).
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help demo picture test quick lint format docs tables clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamps are written last, so that an interrupted installation is taken up again.
$(VENV)/torch.stamp:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet $(TORCH)
	touch $@

$(VENV)/demo.stamp: pyproject.toml $(VENV)/torch.stamp
	$(BIN)/pip install --quiet --editable '.[cli,plot]'
	touch $@

$(VENV)/dev.stamp: pyproject.toml $(VENV)/torch.stamp
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

demo: $(VENV)/demo.stamp  ## search 2,532 really trained cells against random search, and draw it to demo-output/
	rm -rf demo-output
	$(BIN)/skpbnas demo --output demo-output

picture: demo  ## draw the picture of the README and of the documentation's first page again
	cp demo-output/search.png docs/_static/demo.png

test: lint  ## check style and types, and run all tests
	time -p $(BIN)/python -m pytest --numprocesses auto

quick: $(VENV)/dev.stamp  ## run the tests but for those marked slow
	$(BIN)/python -m pytest --numprocesses auto -m 'not slow'

lint: $(VENV)/dev.stamp  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp  ## put the code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/dev.stamp  ## build the documentation to docs/_build/html
	time -p $(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

benchmark-%: $(VENV)/dev.stamp  ## measure what a page of the documentation lacks, and write its tables
	$(BIN)/python -m benchmarks $*

tables: $(VENV)/dev.stamp  ## write the tables of the documentation from the results of the benchmarks
	$(BIN)/python -m benchmarks --tables

clean:  ## remove everything that the other targets made
	rm -rf $(VENV) demo-output build dist docs/_build docs/gallery docs/api .mypy_cache .pytest_cache .ruff_cache
