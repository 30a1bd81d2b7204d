PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= auto
KILLS ?= 20

.PHONY: help demo test slow browser fuzz kills statistics check docs coverage mutants bench release-check clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    the whole way on built-in data: three candidates, three verdicts, three reports"
	@echo "make test    the tests, in minutes"
	@echo "make slow    whole campaigns, clusters, shards, and whatever else takes long"
	@echo "make browser the pages in a real Chromium, where the machine has one"
	@echo "make fuzz    the long runs with garbage and with generated requests"
	@echo "make kills   runs killed at random points and gone on with; KILLS=50 for more of them"
	@echo "make statistics   what the evidence promises, each tried a thousand times and more"
	@echo "make check   format, lint, types, layers"
	@echo "make docs    write the pages of docs/ that are made from the code"
	@echo "make coverage   which branches of diff, cost and gate their own tests take; fails below 95 %"
	@echo "make mutants   small changes of diff, cost and gate, and whether a test notices; MUTANTS='--sample 300'"
	@echo "make bench   speed beside floors and peers; BENCH='ENGINE W1-H --repeat 9' for some of it"
	@echo "make release-check   large recordings, a campaign of 100,000 cases, 1,000,000 that are judged: memory, time, growth; SHARE=0.1 for a tenth of them"
	@echo "make clean   remove the environment and what was built"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "understudy needs Python 3.11 or newer; set PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable '.[quality,dask,mcp,otel,openai]'
	touch $(READY)

demo: $(READY)
	$(BIN)/understudy demo

# What the tests start again and again is compiled once, whatever PYTHONDONTWRITEBYTECODE says.
test: $(READY)
	$(BIN)/python -m compileall -q -j 0 src
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal src tests

slow: $(READY)
	$(BIN)/python -m compileall -q -j 0 src
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m slow tests

check: $(READY)
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python -m understudy.reference docs

fuzz: $(READY)
	$(BIN)/python -m pip install -q --constraint constraints.txt --group fuzz || echo "atheris does not install here"
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m fuzz tests

kills: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m kills --kills $(KILLS) tests/campaign

browser: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m browser tests/browser

statistics: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m statistics tests/gate

coverage: $(READY)
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -q -p no:xdist $(foreach each,cost diff gate,tests/$(each) src/understudy/$(each))
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered --include='src/understudy/cost/*,src/understudy/diff/*,src/understudy/gate/*' --fail-under=95

mutants: $(READY)
	$(BIN)/python -m pip install -q --constraint constraints.txt --group mutation
	$(BIN)/python -m tests.release.mutants $(MUTANTS)

bench: $(READY)
	$(BIN)/python -m tests.benchmarks --publish $(BENCH)

release-check: $(READY)
	$(BIN)/python -m tests.release.traffic_memory $(SHARE)
	$(BIN)/python -m tests.release.campaign_growth $(SHARE)
	$(BIN)/python -m tests.release.judge_memory $(SHARE)
	$(MAKE) mutants

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
