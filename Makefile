# Two commands are enough: `make run` serves the app, `make test` proves it. Both install what they need.
VENV ?= .venv
export SHELFWATCH_VENV := $(VENV)

.PHONY: run test test-train test-ops lint format bench bench-serve bench-audits bench-page images dashboards docs lock clean

run: ## install and serve on http://127.0.0.1:8000
	@scripts/install run
	@exec $(VENV)/bin/shelfwatch serve

test: ## install and run every test
	@scripts/install dev
	@scripts/install-browser
	@scripts/install-postgres
	@scripts/install-prometheus
	@scripts/install-helm
	$(VENV)/bin/python -m pytest

test-train: ## the tests of the train extra; installs torch, which is large
	@SHELFWATCH_VENV=$(VENV)-train scripts/install train
	$(VENV)-train/bin/python -m pytest -m train

test-ops: ## build both images and run them, Compose's own reading, checkov, gitleaks; as root on Debian
	@scripts/install dev
	@scripts/install-helm
	@scripts/install-ops
	$(VENV)/bin/python -m pytest -m ops tests/ops

lint: ## ruff, mypy, import-linter and the web checkers
	@scripts/install dev
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@scripts/lint-infra
	@if [ -d node_modules ]; then npm run --silent check; else echo "web checks skipped: run npm ci first"; fi

format: ## let ruff mend what it can
	@scripts/install dev
	$(VENV)/bin/ruff check --fix . && $(VENV)/bin/ruff format .

bench: ## the packaged models against their peers, the whole path by stage; BENCH="--data dataset.yaml" adds AP
	@scripts/install dev
	PYTHONPATH=scripts $(VENV)/bin/python -m bench --write $(BENCH)

bench-serve: ## the service under load against a bare loop and LitServe; BENCH="--litserve PYTHON" names one that has it
	@scripts/install dev
	PYTHONPATH=scripts $(VENV)/bin/python -m bench_serve --write $(BENCH)

bench-audits: ## reading with a thousand and with a million audits, on SQLite and PostgreSQL
	@scripts/install dev
	@scripts/install-postgres
	PYTHONPATH=scripts $(VENV)/bin/python -m bench_audits --write

bench-page: ## the page in a browser: paints, frames, long tasks; BENCH="--lighthouse PROGRAM" adds its scores
	@scripts/install dev
	@scripts/install-browser
	PYTHONPATH=scripts $(VENV)/bin/python -m bench_page --write $(BENCH)

images: ## re-make the screenshots and the drawn shelf in images/
	@scripts/install dev
	@scripts/install-browser
	$(VENV)/bin/python scripts/make_images.py
	$(VENV)/bin/python scripts/make_shelf.py

dashboards: ## re-make infra/grafana/dashboards from scripts/dashboards
	@scripts/install dev
	PYTHONPATH=scripts $(VENV)/bin/python -m dashboards

docs: ## re-make the reference pages of docs/ from the code
	@scripts/install dev
	$(VENV)/bin/python scripts/make_reference.py

lock: ## re-make requirements/*.txt from pyproject.toml
	scripts/lock

clean: ## remove environments and caches
	rm -rf $(VENV) $(VENV)-train node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
