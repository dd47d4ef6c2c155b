# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of ansible-playbook costs: seconds, processor time, API calls, tasks and module processes.

Seconds depend on what else the machine does; processor time (user and system, of Ansible and of every process that it
starts) does so much less. Contestants take turns, so that both meet the same load.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time
import typing as t

from tests.e2e.harness import Controller, Run
from tests.fleet import Fleet
from tests.testbed.client import TestBed

# Seconds, and characters.
TIMEOUT, LAST_WORDS = 7200, 4000
Field = t.Literal["seconds", "processor_seconds"]
FIELDS: tuple[Field, ...] = ("seconds", "processor_seconds")
# Ansible says so for each module that it starts, from -vvv on.
MODULE = re.compile(r"Using module file ")
# Runs in another checkout, whose own harness knows the variables and the environment that it wants.
ASK = """
import json, pathlib, sys
from tests.e2e.harness import Controller
from tests.fleet import Fleet
from tests.testbed.client import TestBed
given = json.load(sys.stdin)
testbed, directory = TestBed(None, given["testbed"]), pathlib.Path(given["directory"])
fleet = Fleet.of(given["count"])
fleet.tokens.update(given["tokens"])
inventory = fleet.write_inventory(directory / "fleet.yml", gitpod_stack_releases_url=testbed.releases_url)
controller = Controller(testbed, directory, inventory)
json.dump({"command": controller.command(given["playbook"]), "environment": controller.environment()}, sys.stdout)
"""


@dataclasses.dataclass(frozen=True)
class Contestant:
    """Something to run, again and again: a command, where, and in which environment."""

    name: str
    command: tuple[str, ...]
    directory: pathlib.Path
    environment: dict[str, str]

    @classmethod
    def ours(cls, controller: Controller, playbook: str, *arguments: str) -> Contestant:
        """This checkout's playbook."""
        command = controller.command(playbook, *arguments)
        return cls("ours", tuple(command), controller.directory, controller.environment())

    @classmethod
    def of_checkout(
        cls, checkout: pathlib.Path, testbed: TestBed, fleet: Fleet, directory: pathlib.Path, playbook: str, *more: str
    ) -> Contestant:
        """The same playbook of another checkout of this project, with its own harness and inventory.

        :param checkout: its top directory.
        :raises subprocess.CalledProcessError: its harness is not as it should be.
        """
        directory.mkdir()
        collections_path = directory / "collections"
        link = collections_path / "ansible_collections/gitpod/enterprise_runner"
        link.parent.mkdir(parents=True)
        link.symlink_to(checkout.resolve())
        addresses = {key: value for key, value in vars(testbed).items() if not key.startswith("_")}
        given = {
            "testbed": addresses,
            "directory": str(directory),
            "count": len(fleet.runners),
            "tokens": fleet.tokens,
            "playbook": playbook,
        }
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(collections_path),
            "PYTHONPATH": str(checkout),
        }
        asked = subprocess.run(
            [sys.executable, "-c", ASK],
            input=json.dumps(given),
            cwd=checkout,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        said = json.loads(asked.stdout)
        return cls(str(checkout), (*said["command"], *more), directory, said["environment"])


@dataclasses.dataclass(frozen=True)
class Cost:
    """Of one run."""

    seconds: float
    processor_seconds: float
    calls: dict[str, int]
    run: Run


def processor_seconds() -> float:
    """User and system time of every process that this one started, theirs included, once it has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cost(contestant: Contestant, testbed: TestBed, *arguments: str) -> Cost:
    """Run it once.

    :raises SystemExit: it failed; with the end of its output.
    """
    testbed.clear_calls()
    used, started = processor_seconds(), time.monotonic()
    done = subprocess.run(
        [*contestant.command, *arguments],
        cwd=contestant.directory,
        env=contestant.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    seconds, used = time.monotonic() - started, processor_seconds() - used
    if done.returncode:
        ended = f"{contestant.name} ended with {done.returncode}"
        raise SystemExit(f"{ended}, its last words:\n{done.stdout[-LAST_WORDS:]}")
    calls = collections.Counter(call["service"] for call in testbed.calls())
    run = Run(done.returncode, done.stdout, contestant.directory / "artifacts")
    return Cost(seconds, used, dict(sorted(calls.items())), run)


def alternate(contestants: t.Sequence[Contestant], testbed: TestBed, repeats: int) -> dict[str, list[Cost]]:
    """Every contestant's costs by its name; they take turns."""
    costs: dict[str, list[Cost]] = {contestant.name: [] for contestant in contestants}
    for _turn in range(repeats):
        for contestant in contestants:
            found = cost(contestant, testbed)
            costs[contestant.name].append(found)
            told = f"{contestant.name}: {found.seconds:.1f} s, processor {found.processor_seconds:.1f} s\n"
            with contextlib.suppress(OSError):
                sys.stderr.write(told)
    return costs


def counts(run: Run) -> dict[str, int]:
    """How many tasks a run with -vvv had, results of them (each by a process of Ansible), and processes of modules."""
    counted = ("ok", "failed", "unreachable", "skipped", "ignored")
    return {
        "tasks": len(re.findall(r"^TASK \[", run.output, re.MULTILINE)),
        "results of tasks": sum(counters[key] for counters in run.recap.values() for key in counted),
        "module processes": len(MODULE.findall(run.output)),
    }


def counted(contestant: Contestant, testbed: TestBed) -> dict[str, int]:
    """Its counts, by a run of its own: Ansible tells of its modules only when it tells much else, which takes time."""
    return counts(cost(contestant, testbed, "-vvv").run)


def median(costs: t.Sequence[Cost], field: Field) -> float:
    """Of one of the figures."""
    return statistics.median(getattr(found, field) for found in costs)


def summary(costs: t.Sequence[Cost], runners: int) -> dict[str, t.Any]:
    """Medians, and the last run's calls and changes, to be printed."""
    last = costs[-1]
    return {
        "seconds": round(median(costs, "seconds"), 1),
        "processor_seconds": round(median(costs, "processor_seconds"), 1),
        "seconds of each run": [round(found.seconds, 1) for found in costs],
        "processor_seconds of each run": [round(found.processor_seconds, 1) for found in costs],
        "API calls a runner": round(sum(last.calls.values()) / runners, 1),
        "API calls a runner by service": {name: round(number / runners, 1) for name, number in last.calls.items()},
        "changed": last.run.changed,
    }


def ratios(upper: t.Sequence[Cost], lower: t.Sequence[Cost]) -> dict[str, float]:
    """The first's median divided by the other's, of seconds and of processor seconds."""
    return {field: round(median(upper, field) / median(lower, field), 3) for field in FIELDS}
