# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many lines a terminal shows of a first run and of a rerun, with Ansible's default callback and with C(fleet).

    python -m tests.benchmark.terminal --runners 3 16 50
    python -m tests.benchmark.terminal --runners 50 --against ../older    # an older checkout too, with the default

Lines are those of the screen: what is wider than the terminal counts as often as it is broken, and what a board has
taken back counts not at all. docs/terminal.md has the table. Fifty runners take minutes, so no gate runs this.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import sys
import tempfile
import typing as t

from tests.benchmark.measuring import Contestant
from tests.benchmark.rollout import SITE
from tests.e2e.harness import Controller
from tests.fleet import Fleet
from tests.screen import Screen, watched
from tests.testbed.client import TestBed

# Ansible's names of the callbacks, as the table of docs/terminal.md calls them.
CALLBACKS = {"default": "ansible.builtin.default", "fleet": "gitpod.enterprise_runner.fleet"}
ROWS = 24


def lines(text: str, columns: int) -> int:
    """How many lines somebody sees who scrolls up; not the empty one behind the last."""
    screen = Screen(columns, ROWS)
    screen.feed(text)
    return len(screen.text.rstrip("\n").split("\n"))


def shown(contestant: Contestant, columns: int) -> int:
    """Lines of one run; one that fails ends the benchmark."""
    found = watched(contestant.command, contestant.directory, contestant.environment, columns, ROWS)
    if found.code:
        raise SystemExit(found.text)
    return lines(found.text, columns)


def measured(
    testbed: TestBed, directory: pathlib.Path, count: int, options: Options, against: pathlib.Path | None = None
) -> dict[str, list[int]]:
    """Lines of a first run and of a rerun, by callback.

    :param against: an older checkout, which is measured with the default callback alone.
    """
    found = {}
    for name in ["default"] if against else CALLBACKS:
        testbed.reset()
        testbed.settings(stack_seconds=options.stack_seconds)
        fleet = Fleet.of(count)
        fleet.seed(testbed)
        here = directory / f"{'older-' if against else ''}{name}-{count}"
        here.mkdir()
        forks = ("--forks", str(options.forks))
        if against:
            contestant = Contestant.of_checkout(against, testbed, fleet, here / "older", SITE, *forks)
        else:
            inventory = fleet.write_inventory(here / "fleet.yml", gitpod_stack_releases_url=testbed.releases_url)
            contestant = Contestant.ours(Controller(testbed, here, inventory), SITE, *forks)
        environment = {**contestant.environment, "ANSIBLE_STDOUT_CALLBACK": CALLBACKS[name]}
        environment.pop("ANSIBLE_SHOW_CUSTOM_STATS", None)
        contestant = dataclasses.replace(contestant, environment=environment)
        found[name] = [shown(contestant, options.columns) for _run in ("first", "again")]
    return found


class Options(argparse.Namespace):
    """What the command line says."""

    runners: list[int]
    forks: int
    columns: int
    stack_seconds: float
    against: pathlib.Path | None


def options_of(arguments: t.Sequence[str] | None = None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runners", type=int, nargs="+", default=[3, 16, 50])
    parser.add_argument("--forks", type=int, default=5)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--stack-seconds", type=float, default=8.0)
    parser.add_argument("--against", type=pathlib.Path, help="an older checkout's top directory, to be measured too")
    return parser.parse_args(arguments, namespace=Options())


def main() -> None:
    """Measure, and print the lines of a first run and of a rerun as JSON."""
    options = options_of()
    found: dict[str, t.Any] = {"columns": options.columns, "forks": options.forks}
    with (
        tempfile.TemporaryDirectory() as directory,
        TestBed.start(os.environ["TESTBED_PYTHON"], stack_seconds=options.stack_seconds) as testbed,
    ):
        for count in options.runners:
            found[f"{count} runners"] = measured(testbed, pathlib.Path(directory), count, options)
            if options.against:
                older = measured(testbed, pathlib.Path(directory), count, options, options.against)
                found[f"{count} runners"]["older"] = older["default"]
            sys.stderr.write(f"{count} runners: {found[f'{count} runners']}\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
