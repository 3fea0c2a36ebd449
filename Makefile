# Two commands for a newcomer: `make demo` and `make test`. Needs Python 3.11 or newer; uses uv where it is found, else gets it by pip.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
# Tiny nets are slower with many threads, and pytest already runs one process a core. What pytest has rewritten of test modules and of
# hypothesis is kept, which is half of the time until the first test.
TEST_ENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

WANTED = --quiet --constraint constraints.txt --editable ".$(1)"

UV_INSTALL = pip install --python "$(RUN)/python"

# What is installed is compiled, which uv leaves undone, or every process that imports torch does it anew where bytecode is not written.
# A third of it is never imported.
UNUSED = /(tests|testing/_internal|networkx|pip|setuptools)/
compile = -@"$(1)/bin/python" -m compileall -qq -j 0 -x '$(UNUSED)' "$(1)/lib"

# uv writes the gigabytes of torch in a tenth of pip's time. Where it cannot be had, or does not know the index that pip knows, pip it is.
ifdef UV
MAKE_VENV = uv venv --quiet --allow-existing --python "$(PYTHON)" "$(VENV)"
install_extras = uv $(UV_INSTALL) $(WANTED)
else
MAKE_VENV = "$(PYTHON)" -m venv "$(VENV)"
install_extras = "$(RUN)/uv" $(UV_INSTALL) $(WANTED) || "$(RUN)/python" -m pip install $(WANTED)
endif

# Plug-ins by name: of one that is found by itself, pytest rewrites every module of its package, which for an editable install is all
# of dlbench, once a process.
TEST_ENV += PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
PLUGINS := $(addprefix -p ,xdist.plugin _hypothesis_pytestplugin dlbench.pytest_plugin)
PYTEST = -m pytest $(PLUGINS) --numprocesses auto --maxprocesses 8 --dist worksteal $(ARGS)

# An end of the ranges in pyproject.toml: $(1) is its name, $(2) what uv calls it. The virtual environment is its own, one a Python.
END = $(VENV)-$(1)-$(notdir $(PYTHON))
END_UV = $(or $(UV),"$(RUN)/uv")
define test_end
$(END_UV) venv --quiet --allow-existing --python "$(PYTHON)" "$(END)"
$(END_UV) pip install --quiet --upgrade --resolution $(2) --python "$(END)/bin/python" --editable ".[test]"
$(call compile,$(END))
$(TEST_ENV) "$(END)/bin/python" $(PYTEST)
endef

.DEFAULT_GOAL := help
.PHONY: help demo install test test-extras test-lowest test-newest lint format bench screens record generated schema keys reference results wheel clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## install into .venv and run the nine-layer lesson on the CPU, in the dashboard on a terminal (no network data)
	$(RUN)/dlbench run xor-nine-layers --device cpu

install: $(VENV)/.installed ## install dlbench into .venv, editable

test: $(VENV)/.test ## install the test tools and run the tests, but for those of test-extras
	$(RUN)/python -m compileall -q dlbench
	$(TEST_ENV) $(RUN)/python $(PYTEST) -m "not extras"

test-extras: $(VENV)/.test-extras ## the tests that take long for what they test: a small chaos, a benchmark, the built wheel
	$(RUN)/python -m compileall -q dlbench
	$(TEST_ENV) $(RUN)/python $(PYTEST) -m extras

test-lowest: | $(if $(UV),,$(VENV)/.installer) ## the tests with the lowest versions that pyproject.toml allows; PYTHON=python3.13 takes another Python
	$(call test_end,lowest,lowest-direct)

test-newest: | $(if $(UV),,$(VENV)/.installer) ## the same with the newest, whatever constraints.txt says
	$(call test_end,newest,highest)

lint: $(VENV)/.lint ## ruff (rules and format) and mypy --strict
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

format: $(VENV)/.lint ## let ruff repair what it can
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

bench: $(VENV)/.bench ## measure the speed against peers, side by side
	$(RUN)/python -m benchmarks $(ARGS)

screens: $(VENV)/.installed ## make the pictures in docs/screens: a recipe is trained and photographed
	$(RUN)/python docs/make_screens.py

record: $(VENV)/.installed ## measure the diagnosis and write its record into docs/diagnosis.md: minutes
	$(RUN)/python docs/make_record.py

generated: schema keys reference results ## write every file that is made of others; tests/test_generated.py compares

schema: $(VENV)/.installed ## write recipes/recipe.schema.json, which editors check recipes with
	$(RUN)/dlbench schema > recipes/recipe.schema.json.new
	mv recipes/recipe.schema.json.new recipes/recipe.schema.json

keys: $(VENV)/.installed ## write the table of keys into docs/dashboard.md
	$(RUN)/python docs/make_keys.py

reference: $(VENV)/.installed ## write docs/recipe-reference.md: every key of a recipe
	$(RUN)/python docs/make_reference.py

results: $(VENV)/.installed ## write results/README.md: the kept reports beside the lecture's numbers
	$(RUN)/python docs/make_results.py

wheel: $(VENV)/.installed ## build the wheel into dist/
	"$(RUN)/python" -m pip --version >/dev/null 2>&1 || "$(RUN)/python" -m ensurepip
	"$(RUN)/python" -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove .venv, caches and builds; runs under results/ stay
	rm -rf "$(VENV)" "$(VENV)"-* dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'dlbench needs Python 3.11 or newer, and "$(PYTHON)" is not; name another: make $(MAKECMDGOALS) PYTHON=python3.12' >&2; exit 2; }
	$(MAKE_VENV)

# A virtual environment that uv made has no pip, and needs none.
$(VENV)/.installer: | $(RUN)/python
ifndef UV
	@"$(RUN)/python" -m pip --version >/dev/null 2>&1 || "$(RUN)/python" -m ensurepip
	-@"$(RUN)/python" -m pip install --quiet --disable-pip-version-check uv
endif
	@touch $@

# Each of them installs dlbench too.
EXTRAS = .test .test-extras .lint .bench
$(addprefix $(VENV)/,.installed $(EXTRAS)): pyproject.toml constraints.txt | $(VENV)/.installer
	$(call install_extras,$(if $(filter $(EXTRAS),$(@F)),[$(patsubst .%,%,$(@F))]))
	$(call compile,$(VENV))
	@touch $@ "$(VENV)/.installed"
