# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a rollout over many regions takes, beside one region alone, and what it and a status cost in API calls.

`make benchmark` deploys one runner alone, then a fleet with few forks, on a test bed whose stacks take as long as is
asked for, and prints the makespan as a multiple of the one runner's time, and of the slowest stack's own time. On AWS a
stack takes 20 to 25 minutes; the shorter the simulated one, the larger the share of Ansible's own work, which grows
with the number of runners and shrinks with the number of processors. It then reads the status of as many runners as
asked for.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import sys
import tempfile
import time
import typing as t

from tests.e2e.harness import Controller
from tests.fleet import Fleet, Runner, client
from tests.testbed.client import TestBed

SITE, STATUS = "gitpod.enterprise_runner.site", "gitpod.enterprise_runner.status"
# Of one runner alone, and of the time that a stack takes by itself.
MOST, MOST_OF_STACK = 1.15, 1.06


def prepared(testbed: TestBed, directory: pathlib.Path, count: int) -> Controller:
    """An empty AWS with what a fleet finds there, and a control node with its inventory."""
    testbed.reset()
    fleet = Fleet.of(count)
    fleet.seed(testbed)
    inventory = fleet.write_inventory(directory / "fleet.yml", gitpod_stack_releases_url=testbed.releases_url)
    controller = Controller(testbed, directory, inventory)
    _awaken(testbed)
    testbed.clear_calls()
    return controller


def _awaken(testbed: TestBed) -> None:
    """Have the simulator of IAM's policies running, as AWS has; starting it takes the test bed a second or two."""
    region = Fleet.of(1).runners[0].region
    caller = client(testbed, "sts", region).get_caller_identity()["Arn"]
    client(testbed, "iam", region).simulate_principal_policy(PolicySourceArn=caller, ActionNames=["ec2:DescribeVpcs"])


def timed(controller: Controller, playbook: str, *arguments: str) -> float:
    """Seconds that a run takes; one that fails ends the benchmark."""
    started = time.monotonic()
    run = controller.play(playbook, *arguments, timeout=7200)
    if run.code:
        raise SystemExit(run.output)
    return time.monotonic() - started


def calls(testbed: TestBed) -> dict[str, int]:
    """API calls by service."""
    return dict(sorted(collections.Counter(call["service"] for call in testbed.calls()).items()))


def own_seconds(testbed: TestBed, runner: Runner) -> float:
    """How long the runner's stack itself took to be created, by its own events."""
    pages = client(testbed, "cloudformation", runner.region).get_paginator("describe_stack_events")
    events = [event for page in pages.paginate(StackName=runner.name) for event in page["StackEvents"]]
    own = [event["Timestamp"] for event in events if event["PhysicalResourceId"] == event["StackId"]]
    return float((max(own) - min(own)).total_seconds())


def rollout(testbed: TestBed, directory: pathlib.Path, count: int, forks: int) -> dict[str, t.Any]:
    """One runner alone, then all, then all again with nothing to do."""
    alone = timed(prepared(testbed, directory, 1), SITE)
    controller = prepared(testbed, directory, count)
    together = timed(controller, SITE, "--forks", str(forks))
    first = calls(testbed)
    own = max(own_seconds(testbed, runner) for runner in Fleet.of(count).runners)
    testbed.clear_calls()
    again = timed(controller, SITE, "--forks", str(forks))
    return {
        "runners": count,
        "forks": forks,
        "seconds of one runner alone": round(alone, 1),
        "seconds of all": round(together, 1),
        "makespan as a multiple of one runner's time": round(together / alone, 3),
        "seconds of the slowest stack itself": round(own, 1),
        "makespan as a multiple of the slowest stack's own time": round(together / own, 3),
        "API calls a runner": {service: round(number / count, 1) for service, number in first.items()},
        "seconds of a rerun": round(again, 1),
        "API calls a runner of a rerun": {
            service: round(number / count, 1) for service, number in calls(testbed).items()
        },
    }


def status(testbed: TestBed, directory: pathlib.Path, count: int, forks: int) -> dict[str, t.Any]:
    """The status of a deployed fleet."""
    testbed.reset()
    testbed.settings(stack_seconds=2)
    fleet = Fleet.of(count)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    inventory = fleet.write_inventory(directory / "fleet.yml", gitpod_stack_releases_url=testbed.releases_url)
    testbed.clear_calls()
    seconds = timed(Controller(testbed, directory, inventory), STATUS, "--forks", str(forks))
    return {
        "runners": count,
        "forks": forks,
        "seconds": round(seconds, 1),
        "seconds a runner": round(seconds / count, 2),
        "API calls a runner": {service: round(number / count, 1) for service, number in calls(testbed).items()},
    }


def main() -> int:
    """Measure and print; 1 when the makespan is more than the wanted multiple."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runners", type=int, default=16)
    parser.add_argument("--forks", type=int, default=5)
    parser.add_argument("--stack-seconds", type=float, default=600.0)
    parser.add_argument("--status-runners", type=int, default=50)
    parser.add_argument("--at-most", type=float, default=MOST_OF_STACK, help="makespan / the slowest stack's own time")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        TestBed.start(os.environ["TESTBED_PYTHON"], stack_seconds=options.stack_seconds) as testbed,
    ):
        here = pathlib.Path(directory)
        found: dict[str, t.Any] = {"stack seconds": options.stack_seconds, "processors": os.cpu_count()}
        found["rollout"] = rollout(testbed, here, options.runners, options.forks)
        found["status"] = status(testbed, here, options.status_runners, options.forks)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    made = found["rollout"]
    within = made["makespan as a multiple of one runner's time"] <= MOST
    return 0 if within and made["makespan as a multiple of the slowest stack's own time"] <= options.at_most else 1


if __name__ == "__main__":
    sys.exit(main())
