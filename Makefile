# Every target sets up what it needs (see run.py). ARGS passes words on: make test ARGS="-k score"
PYTHON ?= python3
ARGS ?=

.PHONY: demo run test lint bench faults lock clean

demo:
	$(PYTHON) run.py demo $(ARGS)

run:
	$(PYTHON) run.py run $(ARGS)

test:
	$(PYTHON) run.py test $(ARGS)

lint:
	$(PYTHON) run.py lint

bench:
	$(PYTHON) run.py bench $(ARGS)

# The long attack and fault cases; `make test` runs the short ones.
faults:
	MENTORCERT_LONG_FAULTS=1 $(PYTHON) run.py test tests/faults $(ARGS)

lock:
	$(PYTHON) run.py lock

# Keeps var/, which holds data.
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find app tests bench migrations -name __pycache__ -type d -prune -exec rm -rf {} +
