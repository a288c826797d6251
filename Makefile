# Every way to set up, run and check Vratar; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := core wire edge_agent hub firmware_sim
CODE := $(PACKAGES) tests benchmarks

.PHONY: help install demo test check format bench reference pictures lock clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/installed ## make .venv with everything, pinned and hashed

$(VENV)/installed: requirements.lock build.lock pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r build.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## a virtual site with gates, terminal and hub; ARGS=--script for a day in 45 s
	@$(BIN)/vratar-sim demo $(ARGS)

test: install ## everything CI runs: checks, then all tests
	@.ci/system-packages
	@$(MAKE) --no-print-directory check
	$(BIN)/pytest -n auto --dist loadfile -m "not realtime" $(ARGS)
	$(BIN)/pytest -m realtime $(ARGS)

check: install ## format, lint, types, import directions
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## write the format and the safe fixes
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: install ## the numbers of docs/benchmarks.md
	$(BIN)/python -m benchmarks $(ARGS)

reference: install ## write docs/reference: OpenAPI, wire schema, database schemas
	$(BIN)/python -m tests.docs.reference

pictures: install ## write docs/images with a real browser
	@.ci/system-packages
	$(BIN)/python -m tests.docs.pictures

lock: ## resolve the dependencies again (needs uv)
	uv pip compile --system-certs --universal --generate-hashes --no-header --no-emit-index-url \
		--python-version 3.11 --all-extras pyproject.toml -o requirements.lock

clean: ## forget the environment and what was built
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
