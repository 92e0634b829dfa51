# Two commands: `make demo` runs the pocket study, `make test` the tests. Both set up .venv first, and again find it.
SHELL := /bin/bash
PYTHON ?= python3.11
CORES ?= $(shell nproc)
VENV := .venv
# Tools of the environment come first, so that no activation is needed.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# One thread per process: the workflow runs as many processes as there are cores.
export OMP_NUM_THREADS := 1

.PHONY: demo test test-fast lint format environment clean

demo: environment
	snakemake --cores $(CORES) --quiet host
	@echo "Figures: results/pocket/figures   Tables: results/pocket/tables"

test: environment lint
	pytest

test-fast: environment
	pytest -m "not slow"

lint: environment
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/rules
	snakemake --lint

format: environment
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow/rules

environment: $(VENV)/installed

# torch by itself first: with its CPU build in place, nothing else pulls in gigabytes of CUDA.
$(VENV)/installed: envs/requirements.txt envs/constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt -c envs/constraints.txt
	touch $@

clean:
	rm -rf results/*/ .snakemake
