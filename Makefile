# Two commands: `make evaluation` and `make test`. Both set up their own environment once.
SHELL := /bin/sh
PYTHON ?= python3
# Paths and messages hold accents, whatever the locale of the caller.
export PYTHONUTF8 := 1
# Python reads .pth files in the locale's encoding: a relative path keeps an accented folder out of them.
RELATIVE := for link in .venv/lib/python3*/site-packages/*ess_impact*.pth; do echo ../../../../src > "$$link"; done
BIN := .venv/bin

.PHONY: evaluation test lint fuzz bench requirements clean

evaluation: .venv/run.done
	@$(BIN)/ess-impact example build/campagne_exemple --quiet
	@$(BIN)/ess-impact evaluate build/campagne_exemple --out build/pas_de_calais

test: .venv/dev.done .venv-f4/done lint
	@$(BIN)/python -m pytest -q -n 2 --cov --cov-report=term

lint: .venv/dev.done
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# A hundred thousand mutated expressions of a stranger; the tests run a seeded sample of them.
fuzz: .venv/dev.done
	@FUZZ_CASES=$${FUZZ_CASES:-100000} $(BIN)/python -m pytest -q -s -p no:cacheprovider tests/fuzz

bench: .venv/dev.done
	@$(BIN)/python bench/run.py
	@$(BIN)/python bench/submissions.py

# The stamp holds the requirements: a second call installs nothing.
.venv/run.done: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installation (une seule fois) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(RELATIVE)
	@touch $@

.venv/dev.done: requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installation (une seule fois) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(RELATIVE)
	@touch $@ .venv/run.done

# The public Validata service checks files with frictionless 4; the development environment holds version 5.
.venv-f4/done: requirements/frictionless4.txt
	@test -x .venv-f4/bin/python || $(PYTHON) -m venv .venv-f4
	@.venv-f4/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/frictionless4.txt
	@touch $@

requirements:
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
	  pyproject.toml --extra livre --group install -o requirements/run.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
	  pyproject.toml --extra livre --group dev -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
	  requirements/frictionless4.in -o requirements/frictionless4.txt

clean:
	rm -rf build dist
