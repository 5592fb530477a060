# Everything runs from a virtual environment that is made here on first use, from any Python
# 3.11 or newer. Choose another one, or another place:
#
#     make test PYTHON=/opt/python3.13/bin/python3 VENV=../venv
#
# Further arguments of a command go into ARGS:   make test ARGS="-k memory -x"

VENV ?= .venv
ARGS ?=
BIN   = $(VENV)/bin

# The newest Python that is new enough and can make environments (Debian ships that apart).
USABLE  = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
              if $$python -c '$(USABLE)' >/dev/null 2>&1; then command -v $$python; break; fi; \
          done)

# The resolved values, so that no recipe searches again.
PYTHON := $(PYTHON)

define NO_PYTHON
simfw needs Python 3.11 or newer with its venv module, and found none on PATH.
Install one (Debian, Ubuntu: apt install python3 python3-venv) or name it:
    make $(MAKECMDGOALS) PYTHON=/path/to/python3
endef
export NO_PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint bench guests clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.cc  ## a compiled guest and Python call each other
	$(BIN)/python examples/hello/main.py $(ARGS)

test: $(VENV)/.test  ## the tests (ARGS="-m slow" or "-m tools" for those that take more)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: $(VENV)/.dev  ## style, format and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m basedpyright --pythonpath $(BIN)/python

bench: $(VENV)/.bench  ## measure simfw beside unicorn, wasmtime and cffi
	$(BIN)/python -m benchmarks $(ARGS)

guests: $(VENV)/.cc  ## build the committed ELF files of the examples again
	$(BIN)/python examples/build_guests.py $(ARGS)

clean:  ## remove the environment and every cache
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@if [ -z '$(PYTHON)' ]; then echo "$$NO_PYTHON" >&2; exit 1; fi
	@'$(PYTHON)' -c '$(USABLE)' || { echo "$$NO_PYTHON" >&2; exit 1; }
	'$(PYTHON)' -m venv --clear $(VENV)

# One stamp file for each extra of pyproject.toml, and for those that it includes: what is there
# is not installed again.
$(VENV)/.cc:    COVERS = cc
$(VENV)/.test:  COVERS = test cc
$(VENV)/.dev:   COVERS = dev test cc
$(VENV)/.bench: COVERS = bench cc
$(VENV)/.cc $(VENV)/.test $(VENV)/.dev $(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --editable '.[$(firstword $(COVERS))]'
	@touch $(COVERS:%=$(VENV)/.%)
