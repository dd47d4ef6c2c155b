# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which test executes a command of the documentation, and which commands none can.

    @executes("ansible-playbook gitpod.enterprise_runner.status -i inventory.yml")
    def test_...

says that the test runs this command. It cannot be said falsely: whoever starts the command calls C(ran) with it, and a
test that has not run exactly what it says fails. tests/unit/project/test_commands.py reads these marks from all tests,
and fails for a command of the pages that has none, that make test itself does not run, and that C(EXCUSED) does not
have. docs/development.md prints C(EXCUSED).
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pathlib
import re
import shlex
import subprocess
import sys
import typing as t

from tests.documented import ROOT, Command

Words = tuple[str, ...]
Test = t.TypeVar("Test", bound=t.Callable[..., t.Any])

# Commands that no test executes: why not, and what is done instead.
EXCUSED: dict[str, tuple[str, str]] = {
    ".venv/main/bin/pre-commit install": (
        "writes into the checkout's `.git`",
        "the hooks themselves are run in a clone: `tests/unit/project/test_alone.py`",
    ),
    ".venv/main/bin/python .ci/release.py 1.2.0": (
        "commits and tags",
        "the same program makes a version in a copy: `tests/unit/project/test_releasing.py`",
    ),
    "git push --atomic origin main v1.2.0": (
        "publishes the tag",
        "the workflow's push goes to a repository on disk: `tests/unit/project/test_workflows.py`",
    ),
    "make molecule SCENARIO=dns": (
        "is a part of `make molecule`",
        "`make test` runs every scenario, this one among them",
    ),
    "make test PYTHON=python3.12 NEWEST_PYTHON=": (
        "is all tests once more, with another Python",
        "the workflows run it for each pair of the matrix, as soon as they run at all",
    ),
    ".venv/main/bin/python .ci/release.py 1.2.0 --publish": (
        "publishes on Galaxy and pushes a tag",
        "`make release-check` does everything up to publishing, in a copy",
    ),
    "ansible-builder build --file examples/awx/execution-environment.yml"
    " --tag quay.example.com/gitpod/runner-ee:0.1.0": (
        "needs a container engine and a registry",
        "the program creates and introspects the same file: `tests/unit/controller/test_project.py`",
    ),
    "ansible-test sanity": (
        "downloads pip from a bucket of the internet",
        "`make sanity` runs the same with pip from PyPI: `tests/sanity.py`",
    ),
    "aws configure list-profiles": (
        "a command of AWS CLI 2 alone, which is on no package index; it only reads `~/.aws/config`",
        "a shell reads the line",
    ),
    "aws sso login": (
        "a command of AWS CLI 2 alone, which is on no package index; it opens AWS's login in a browser",
        "a shell reads the line",
    ),
    "make benchmark": (
        "takes half an hour",
        "make knows the target, and each program of it answers `--help`; its numbers are in [fleet.md](fleet.md)",
    ),
    "make campaign": (
        "takes hours",
        "make knows the target; what it has found lately is in [reliability.md](reliability.md)",
    ),
    'make campaign ARGS="kills --count 10"': (
        "takes a quarter of an hour",
        "make knows the target; `tests/e2e/test_kills.py` kills runs in the same way",
    ),
    "python -m tests.campaign.settings": (
        "takes half an hour",
        "`tests/e2e/test_settings.py` runs its cases, several put together in one run",
    ),
    "python -m tests.benchmark.terminal --runners 3 16 50": (
        "takes a quarter of an hour",
        "its parser takes the options; `tests/e2e/test_terminal.py` counts the lines of a smaller run",
    ),
    ".venv/main/bin/python -m docs.docsite.look --pictures": (
        "leaves two minutes of pictures for people to look at",
        "`make docs-site` runs it without pictures",
    ),
    "make docs": (
        "rewrites the checkout",
        "`make docs-check` has both of its programs compare what they would write",
    ),
    "terraform destroy": (
        "takes away what the vendor's Terraform module made in AWS, which no test has",
        "nothing: Terraform is no part of the tests",
    ),
}


def excused() -> str:
    """The table of docs/development.md."""
    rows = ["| Command | Why no test executes it | Instead |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| `{text}` | {why} | {instead} |" for text, (why, instead) in EXCUSED.items())])


# What tests that run at this moment have executed, the innermost last.
_running: list[set[Words]] = []


def words_of(text: str) -> Words:
    """A command as a shell splits it: blanks and a comment at its end make no other one of it."""
    return tuple(shlex.split(text, comments=True))


def executes(*commands: str) -> t.Callable[[Test], Test]:
    """The test executes these commands of the documentation, each of them, and no other one.

    :raises AssertionError: (when the test has passed) it did not.
    """

    def mark(test: Test) -> Test:
        @functools.wraps(test)
        def watched(*arguments: t.Any, **named: t.Any) -> t.Any:
            _running.append(set())
            try:
                found = test(*arguments, **named)
            finally:
                executed = _running.pop()
            assert executed == {words_of(command) for command in commands}
            return found

        watched.__dict__["executed_commands"] = commands
        return t.cast("Test", watched)

    return mark


def ran(text: str) -> None:
    """This command is executed now; called by what starts it."""
    if _running:
        _running[-1].add(words_of(text))


def marked() -> dict[Words, str]:
    """Every command that a test executes, and the test."""
    found: dict[Words, str] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "@executes(" in path.read_text("utf-8"):
            module = _imported(path)
            for name, thing in vars(module).items():
                for text in getattr(thing, "executed_commands", ()):
                    found[words_of(text)] = f"{path.relative_to(ROOT)}::{name}"
    return found


def _imported(path: pathlib.Path) -> t.Any:
    """A module of tests, whether it is in a package or not."""
    found = importlib.util.spec_from_file_location(f"marked_{path.stem}", path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    # Dataclasses look for their own module.
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def lines_of_make(*targets: str) -> list[str]:
    """What make would run for these, its own calls of make followed."""
    # A make around this one would hand its options on.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    # A machine without a second Python leaves its tests out; here it is asked what a whole run has.
    command = ["make", "--dry-run", "NEWEST_PYTHON=python3", *targets]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    lines = (line.strip() for line in done.stdout.splitlines())
    return [line for line in lines if line and not re.match(r"make(\[\d+\]:| -)", line)]


def by_make_test(command: Command, lines: t.Collection[str]) -> bool:
    """Does C(make test), which is what CI runs, execute this?

    :param lines: what C(make test) runs.
    """
    if command.program != "make":
        return bool({text := " ".join(command.words), f".venv/main/bin/python {text}"} & set(lines))
    if command.words[1:] == ["test"]:
        return True
    told = lines_of_make(*command.words[1:])
    return bool(told) and set(told) <= set(lines)


def is_part(command: Words, executed: t.Iterable[Words]) -> bool:
    """Do the words, in a sentence, only name the beginning of a command that is executed?"""
    return len(command) > 1 and any(known[: len(command)] == command for known in executed)
