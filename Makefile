# Everything runs in .venv, which is made on demand from the pinned requirements.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTHON ?= $(shell for it in python3.11 python3.12 python3.13 python3; do \
	$$it -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$it && break; done)
N ?= 20000
EXAMPLES ?= 100
BACKEND ?= local
DEMO_ARGS ?=
RUN_ARGS ?=
CLOUD_ARGS ?=
BENCH_ARGS ?=
PYTEST_ARGS ?= -n 2 --dist worksteal
SERVICES := $(wildcard services/*/requirements.in)
IMAGES := $(wildcard modal_gpu/images/*.in)
# Programs that name old releases of much that we use.
APART := $(addprefix modal_gpu/images/,boltz2.in chai1.in rfantibody.in) $(wildcard requirements/models-*.in)
MODELS := .venv-models

.DEFAULT_GOAL := help
.PHONY: help demo test test-models test-models-boltz2 test-models-chai run cloud-local check soak bench package lint terraform openapi provider-schema pins clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/$(if $(filter gcp,$(BACKEND)),.cloud,.embedded) ## Dock the sample screen and compare it with measurements (DEMO_ARGS=…, BACKEND=gcp).
	@$(if $(filter gcp,$(BACKEND)),$(BIN)/python -m local.cloud --port 0) $(BIN)/omtx demo $(DEMO_ARGS)

test: $(VENV)/.dev ## Run all tests (PYTEST_ARGS=…).
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-models: test-models-boltz2 test-models-chai ## Run the models' own programs without weights (docs/models.md).

test-models-boltz2: $(MODELS)/boltz2/.made ## Run the real Boltz-2 without its weights.
	@OMP_NUM_THREADS=1 $(MODELS)/boltz2/bin/python -m pytest -p no:cacheprovider --confcutdir tests/models \
		-W default tests/models

test-models-chai: $(MODELS)/chai1/.made ## Run the real Chai-1 without its weights.
	@OMP_NUM_THREADS=1 $(MODELS)/chai1/bin/python -m pytest -p no:cacheprovider --confcutdir tests/models \
		-W default --disable-warnings tests/models

run: $(VENV)/.embedded ## Run the platform on 127.0.0.1 in the foreground (RUN_ARGS=…).
	@$(BIN)/omtx up $(RUN_ARGS)

cloud-local: $(VENV)/.cloud ## Run the cloud backend on 127.0.0.1, on Google's emulators (CLOUD_ARGS=…).
	@$(BIN)/python -m local.cloud $(CLOUD_ARGS)

check: lint ## Check style, types, import layers, README commands, packages, infrastructure.
	$(BIN)/python -m pytest tests/repo
	$(MAKE) --no-print-directory terraform

lint: $(VENV)/.dev ## Check style, types and import layers alone.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports

soak: $(VENV)/.dev ## Run N random fault schedules (N=20000), and ask every route EXAMPLES times (100).
	@$(BIN)/python -m pytest tests/faults --schedules $(N)
	@EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/services/test_document_and_answers.py

bench: $(VENV)/.bench ## Measure against a Celery chord and Vina's command line; JSON (BENCH_ARGS=…).
	@$(BIN)/python -m bench $(BENCH_ARGS)

package: $(VENV)/.embedded ## Package every function for the cloud, in build/functions.
	@$(BIN)/python -m infra.package

terraform: $(VENV)/.dev ## Check the infrastructure, without an account.
	@$(BIN)/python -m infra.proof

openapi: $(VENV)/.dev ## Write docs/openapi.json from the code of the routes.
	@$(BIN)/python -m local.reference

provider-schema: $(VENV)/.dev ## Read the names and types of Terraform's provider again, from npm.
	@$(BIN)/python -m infra.proof --extract

pins: ## Pin the newest releases of what the .in files name.
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed" >&2; exit 1; }
	@set -e; for it in embedded cloud dev bench; do PYTHON=$(PYTHON) requirements/freeze requirements/$$it.in; done
	@set -e; for it in $(APART); do PYTHON=$(PYTHON) requirements/freeze $$it; done
	@set -e; for it in $(SERVICES) $(filter-out $(APART),$(IMAGES)); do PYTHON=$(PYTHON) requirements/freeze $$it requirements/dev.txt; done

clean: ## Remove .venv, .venv-models, caches and build products; the state in .omtx stays.
	@rm -rf $(VENV) $(MODELS) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer is needed, as python3.11 or python3 on the PATH" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment; on Debian install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.embedded: requirements/embedded.txt pyproject.toml $(VENV)/.made
	@echo "installing requirements/embedded.txt"
	@$(PIP) --requirement requirements/embedded.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.cloud: requirements/cloud.txt $(VENV)/.embedded
	@echo "installing requirements/cloud.txt"
	@$(PIP) --requirement requirements/cloud.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.embedded
	@echo "installing requirements/dev.txt"
	@$(PIP) --requirement requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.embedded
	@echo "installing requirements/bench.txt"
	@$(PIP) --requirement requirements/bench.txt
	@touch $@

$(MODELS)/%/.made: requirements/models-%.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed" >&2; exit 1; }
	@echo "making $(MODELS)/$*, some minutes and gigabytes"
	@rm -rf $(MODELS)/$* && $(PYTHON) -m venv $(MODELS)/$*
	@$(MODELS)/$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@$(if $(filter chai1,$*),$(MODELS)/$*/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps chai_lab==0.6.1) # it names an older torch than there is for a processor
	@touch $@
