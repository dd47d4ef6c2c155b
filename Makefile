# make demo: the main job on a simulated AWS.   make test: every gate and test.   docs/development.md explains the rest.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
# The newest other Python, for the newest ansible-core: from PATH, or beside this one, where pyenv keeps them. Without
# one, its tests are left out and make says so.
BESIDE := $(shell $(PYTHON) -c 'import pathlib, sys; print(pathlib.Path(sys.base_prefix).parent)' 2>/dev/null)
NEWEST_PYTHON ?= $(shell for candidate in python3.13 $(BESIDE)/3.13*/bin/python python3.12 $(BESIDE)/3.12*/bin/python; do \
    "$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1 && echo "$$candidate" && break; done)
# Looked for once, and not at each mention.
NEWEST_PYTHON := $(NEWEST_PYTHON)
MAIN := .venv/main/bin
NEWEST := .venv/newest/bin
TESTBED := .venv/testbed/bin
JOBS ?= $(shell nproc)
# One more than there are processors: what waits leaves one idle. The end-to-end tests have as many workers of their own
# besides.
ONE_MORE := $(shell expr $(JOBS) + 1)
WORKERS ?= $(ONE_MORE)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.work/collections
export ANSIBLE_HOME := $(CURDIR)/.work/ansible-home
export TESTBED_PYTHON := $(CURDIR)/$(TESTBED)/python
export PYTHONPATH := $(CURDIR)

GATES := sanity ruff mypy yamllint docs-check docs-site ansible-lint antsibull cfn-lint workflows release-check
# The longest first, so that the short ones fill the gaps.
TESTS := e2e $(if $(NEWEST_PYTHON),e2e-newest) sanity testbed molecule demo unit $(if $(NEWEST_PYTHON),unit-newest)

.PHONY: help demo test gates venvs debian-packages docs clean benchmark campaign $(GATES) unit testbed e2e molecule unit-newest e2e-newest

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

demo: .venv/main/.runtime .venv/testbed/.ready .work/collections/.linked ## Three regions from nothing to verified, on a simulated AWS
	rm -rf .work/demo
	$(MAIN)/ansible-galaxy collection build --output-path .work/demo >/dev/null
	ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/.work/demo/collections \
	    $(MAIN)/ansible-galaxy collection install --no-deps --collections-path .work/demo/collections \
	    .work/demo/gitpod-enterprise_runner-*.tar.gz >/dev/null
	exec $(MAIN)/python -m tests.demo --ansible-playbook $(MAIN)/ansible-playbook --testbed-python $(TESTBED)/python \
	    --collections .work/demo/collections --artifacts artifacts

test: ## Every gate and every test, in parallel where independent
	@test -n "$(NEWEST_PYTHON)" || echo "No second Python (3.12 or 3.13) found: tests of the newest ansible-core are left out"
	$(MAKE) -j$(JOBS) venvs debian-packages
	$(MAKE) -j$(ONE_MORE) --output-sync=target $(TESTS) $(GATES)

gates: venvs ## Every gate, no test
	$(MAKE) -j$(JOBS) --output-sync=target $(GATES)

debian-packages: ## Programs that some tests need and pip cannot install; as root, and only what is missing
	$(PYTHON) tests/debian_packages.py

venvs: .venv/main/.lint .venv/testbed/.ready .venv/iam/.ready .venv/aws/.ready $(if $(NEWEST_PYTHON),.venv/newest/.ready) .work/collections/.awx

.venv/main/.runtime: tests/requirements/runtime.txt
	$(PYTHON) -m venv .venv/main
	$(MAIN)/pip install --quiet --no-compile --requirement tests/requirements/runtime.txt
	touch $@

.venv/main/.lint: tests/requirements/lint.txt tests/requirements/test.txt .venv/main/.runtime
	$(MAIN)/pip install --quiet --no-compile --requirement tests/requirements/lint.txt
	touch $@

.venv/newest/.ready: tests/requirements/test.txt tests/requirements/runtime.txt
	$(NEWEST_PYTHON) -m venv .venv/newest
	$(NEWEST)/pip install --quiet --no-compile --requirement tests/requirements/test.txt
	touch $@

# The emulator pins its own botocore, so the test bed lives apart.
.venv/testbed/.ready: tests/testbed/requirements.txt
	$(PYTHON) -m venv .venv/testbed
	$(TESTBED)/pip install --quiet --no-compile --requirement tests/testbed/requirements.txt
	touch $@

.venv/aws/.ready: tests/requirements/aws.txt .venv/main/.runtime
	rm -rf .venv/aws
	$(MAIN)/pip install --quiet --no-compile --no-deps --target .venv/aws --requirement tests/requirements/aws.txt
	touch $@

# The simulator of IAM that the test bed asks; a tool of the tests alone, which is never shipped. Without Node, the tests
# that need it are skipped.
.venv/iam/.ready: tests/iam/package.json tests/iam/package-lock.json | debian-packages
	mkdir -p .venv/iam
	cp tests/iam/package.json tests/iam/package-lock.json .venv/iam/
	if command -v npm >/dev/null; then
	    (cd .venv/iam && npm ci --silent --no-audit --no-fund --ignore-scripts)
	    touch $@
	fi

# The checkout under the name by which Ansible, Python and mypy find it.
.work/collections/.linked:
	mkdir -p .work/collections/ansible_collections/gitpod
	ln -sfn $(CURDIR) .work/collections/ansible_collections/gitpod/enterprise_runner
	touch $@

# Every ansible-core is given the same awx.awx; newer versions of the PyPI package "ansible" have none.
.work/collections/.awx: tests/requirements/runtime.txt tests/awx_collection.py .venv/main/.runtime .work/collections/.linked
	$(MAIN)/python -m tests.awx_collection
	touch $@

ruff:
	$(MAIN)/ruff check .
	$(MAIN)/ruff format --check .

mypy:
	$(MAIN)/mypy -p ansible_collections.gitpod.enterprise_runner.plugins
	$(MAIN)/mypy -p tests.testbed -p tests.e2e -p tests.benchmark -p tests.campaign -p tests.faults -p tests.controller -m tests.awx_collection -m tests.demo -m tests.documented -m tests.fleet -m tests.loopback -m tests.executed -m tests.reader -m tests.galaxy -m tests.publishing -m tests.wheels -m tests.judges -m tests.sanity -p docs.docsite

yamllint:
	$(MAIN)/yamllint --strict .

docs: .venv/main/.lint ## Rewrite what the READMEs repeat
	$(MAIN)/python docs/resource_handlers.py
	$(MAIN)/python docs/reference.py

docs-check:
	$(MAIN)/python docs/resource_handlers.py --check
	$(MAIN)/python docs/reference.py --check

# The reference by antsibull-docs, docs/*.md beside it; then every link, anchor and width is looked at.
docs-site: .venv/main/.lint .work/collections/.linked ## The documentation as a site, .work/site/html
	$(MAIN)/python -m docs.docsite.build
	$(MAIN)/python -m docs.docsite.look

ansible-lint:
	PATH=$(CURDIR)/$(MAIN):$$PATH ansible-lint --nocolor

# The linter asks git for the files of amazon.aws, whose fragments ours uses; below .venv git would find the checkout.
antsibull:
	PATH=$(CURDIR)/$(MAIN):$$PATH GIT_CEILING_DIRECTORIES=$(CURDIR)/.venv antsibull-docs lint-collection-docs \
	    --plugin-docs --validate-collection-refs dependent --disallow-unknown-collection-refs .

# In a copy: version, changelog, commit, tag, build, and the import as Galaxy does it.
release-check: ## What the next release would meet; changes nothing
	$(MAIN)/python .ci/release.py --rehearse

cfn-lint:
	$(MAIN)/cfn-lint tests/testbed/template/gitpod-ec2-runner-enterprise-fargate-private-ecr.json

workflows:
	$(MAIN)/zizmor --offline --quiet .github

sanity:
	$(MAIN)/python tests/sanity.py

unit:
	$(MAIN)/python -m pytest -q tests/unit

# Without those of the checkout itself: its documents, commands and releases are the same whichever ansible-core runs.
unit-newest:
	$(NEWEST)/python -m pytest -q -p no:cacheprovider --ignore tests/unit/project tests/unit

testbed:
	$(TESTBED)/python -m pytest -q -p no:cacheprovider tests/testbed/tests

e2e:
	NEWEST_CORE=$(NEWEST_PYTHON) $(MAIN)/python -m pytest -q -n $(WORKERS) --dist worksteal tests/e2e

# Each module in a Python of its own there (tests/e2e/warm_python.py).
e2e-newest: export TESTS_COLD := 1
e2e-newest:
	$(NEWEST)/python -m pytest -q -p no:cacheprovider -m 'both_cores or newest_core' tests/e2e

# SCENARIO=dns plays one alone. The runs share packed modules, as those of the end-to-end tests do.
molecule: export TESTS_PAYLOADS := $(CURDIR)/.work/molecule
molecule: export ANSIBLE_CALLBACK_PLUGINS := $(CURDIR)/tests/e2e/callback
molecule:
	rm -rf $$TESTS_PAYLOADS
	cd extensions && PATH=$(CURDIR)/$(MAIN):$$PATH python -m tests.with_testbed --stack-seconds 1 -- \
	    molecule test $(if $(SCENARIO),--scenario-name $(SCENARIO),--all)

clean: ## Remove everything that make created
	rm -rf .venv .work artifacts

benchmark: venvs ## What watching, rollouts and status cost; takes about half an hour
	$(MAIN)/python -m tests.benchmark.watching
	$(MAIN)/python -m tests.benchmark.rollout
	$(MAIN)/python -m tests.benchmark.comparison

campaign: venvs ## Faults, kills, races, bad values and settings by the hundred; takes hours. ARGS="kills --count 10" for a part
	$(MAIN)/python -m tests.campaign $(ARGS)
