# Lamsach. `make help` lists the targets. Each works from a bare clone with Python 3.11 or later and make.
VENV ?= .venv
BIN = $(VENV)/bin
DEMO ?= demo-out
# Size in MB of each benchmark log, and how many processes run the tests: one more than two processors, since some tests wait for programs.
SIZE ?= 200
WORKERS ?= 3
PYTEST_ARGS ?=
BENCH_ARGS ?=
SCANNER_ARGS ?=
RELEASE_ARGS ?=
KEY ?=
export VENV

.PHONY: help demo docs reference pictures serve test test-quick test-long test-windows test-container test-installed lint format bench soak federation chaos fuzz examples release scanner kernel lock carried upgrade install install-dev clean distclean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: install ## A made-up unit's month: hunt it, show table and report; on a terminal then a ministry's portal on loopback, until Ctrl-C
	@$(BIN)/lamsach demo $(DEMO)

serve: install ## The same ministry's portal, also without a terminal
	@$(BIN)/lamsach demo

test: install-dev ## Run the tests
	@$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

test-quick: install-dev ## Run the short tests, for every save
	@$(BIN)/python -m pytest -n $(WORKERS) --quick $(PYTEST_ARGS)

test-postgres: install-dev ## Run all of the portal's tests on PostgreSQL that may run there, and choose anew which of them `make test` runs
	@$(BIN)/python -m tests.portal.on_postgresql

test-long: install-dev ## Run the long tests: once more on PostgreSQL, by numba's own code and in English, simulations, thousands of values
	@$(BIN)/python -m pytest -m long -n 0 $(PYTEST_ARGS)

test-windows: install-dev ## Run the tests of the Windows scanner under Wine (builds its bundle first, from the internet)
	@$(BIN)/python -m pytest -m wine -n 0 $(PYTEST_ARGS)

test-container: install-dev ## Build the image and run it, where podman or docker is there (from the internet)
	@$(BIN)/python -m pytest -m container -n 0 $(PYTEST_ARGS)

test-installed: install-dev ## Install the wheel by uv, pipx and pip, and run it (from the internet)
	@$(BIN)/python -m pytest -m installed -n 0 $(PYTEST_ARGS)

lint: install-dev ## Check style, types and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-dev ## Put the code into the common style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install-dev ## Measure speed and memory against other programs; SIZE=5000 for logs of 5 GB
	@$(BIN)/python -m bench.run --size $(SIZE) $(BENCH_ARGS)

soak: install-dev ## Search ten million planted values for one that the sieve misses (an hour and a half of processor time)
	@$(BIN)/python -m pytest -m soak -n $(WORKERS) $(PYTEST_ARGS)

federation: install-dev ## A month of three portals that exchange files, against one that holds all units; FEDERATION_ARGS='--units 20000 --https'
	@$(BIN)/python -m tests.federation $(FEDERATION_ARGS)

chaos: install-dev ## A quarter of an hour of collecting, searching, acknowledging and reporting while processes are killed, disks fill and clocks jump
	@$(BIN)/python -m tests.chaos --seconds 600
	@$(BIN)/python -m tests.chaos --units 400

fuzz: install-dev ## Ten million hostile inputs for whatever reads what others wrote
	@$(BIN)/python -m tests.fuzz --inputs 10000000

reference: install-dev ## Write the tables of options, settings and log formats in docs/ from their declarations
	@$(BIN)/python scripts/reference.py

docs: reference ## Build the documentation as a site that works from a file, in site/
	@$(BIN)/python scripts/site/build.py site

pictures: install-dev ## Take the documentation's pictures anew from the demo's portal
	@$(BIN)/python scripts/pictures.py

examples: install ## Make the demo ministry's documents in docs/examples/ anew
	@$(BIN)/python -m lamsach.portal.demo.examples docs/examples

release: install-dev ## Build all that is handed out in dist/, with digests; KEY=key.pem signs them
	@$(BIN)/python packaging/release.py --out dist $(if $(KEY),--signing-key $(KEY)) $(RELEASE_ARGS)

scanner: install-dev ## Build the scanner and the hunt for people's computers in dist/; SCANNER_ARGS="--only windows" for one
	@$(BIN)/python packaging/release.py --out dist --only linux --only windows --only hunt $(SCANNER_ARGS)

kernel: install-dev ## Build the search's machine code for every platform; a wheel takes its own, a checkout builds its own by itself
	@$(BIN)/python -m lamsach.hunt.kernel.build all

lock: install-dev ## Write the three lock files anew after a change of pyproject.toml
	@UV=$(BIN)/uv sh scripts/lock.sh

carried: install-dev ## Take the warning lists and the style sheet that the package carries anew, the newest versions
	@folder=$$(mktemp -d) && $(BIN)/uv pip install --quiet --no-deps --target $$folder pymispwarninglists 'bootstrap-wrapper<6' && $(BIN)/python scripts/carried.py $$folder; rm -rf $$folder

upgrade: install-dev ## The same, with the newest versions
	@UV=$(BIN)/uv sh scripts/lock.sh upgrade

install: ## Make .venv with the hunt and the portal
	@sh scripts/install.sh run

install-dev: ## Make .venv with every extra and the tools of development
	@sh scripts/install.sh dev

clean: ## Remove what the other targets wrote, except .venv
	rm -rf $(DEMO) bench-out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove .venv too
	rm -rf $(VENV)
