# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rerun that changes nothing against a hand-written playbook, and the status against an older checkout.

    python -m tests.benchmark.comparison --runners 16 --forks 5
    python -m tests.benchmark.comparison --runners 0 --status 50 --against ../baseline
    python -m tests.benchmark.comparison --runners 16 --status 50 --against ../baseline   # both, all in one run

The fleet is deployed once, by site.yml. Then ours and handwritten/site.yml, which amazon.aws alone carries, take turns
over the same runners on the same test bed, and so does the older checkout's site.yml where there is one. What counts
is the ratio of the medians; seconds alone say as much about the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import tempfile
import typing as t

import yaml

from tests.benchmark.measuring import Contestant, Cost, alternate, cost, counted, ratios, summary
from tests.benchmark.rollout import SITE, STATUS
from tests.e2e.harness import Controller
from tests.fleet import ACCOUNT, ZONE_ID, Fleet
from tests.testbed.client import TestBed

HANDWRITTEN = pathlib.Path(__file__).parent / "handwritten/site.yml"
# The guide's template and service, as the collection has them by default.
TEMPLATE_URL = "https://gitpod-flex-releases.s3.amazonaws.com/ec2/releases/20260105.12/gitpod-ec2-runner-enterprise-fargate-private-ecr.json"
SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
STACK_SECONDS = 2.0
LEAST_RATIO, MOST_CALLS, MOST_OF_OLD_STATUS = 4.5, 30.0, 1 / 3


def handwritten_inventory(fleet: Fleet, testbed: TestBed, privatelink: bool) -> dict[str, t.Any]:
    """The same runners as C(Fleet.inventory) has, in the variables of the hand-written playbook."""
    hosts = {
        runner.name: {
            "region": runner.region,
            "runner_id": runner.id,
            "exchange_token": fleet.tokens[runner.id],
            "vpc_id": runner.vpc_id,
            "availability_zones": runner.variables()["gitpod_availability_zones"],
            "ec2_subnet_ids": runner.subnet_ids("environments"),
            "load_balancer_subnet_ids": runner.subnet_ids("load balancer"),
            "domain_name": runner.domain,
            "certificate_arn": runner.certificate_arn,
            "runner_tags": runner.tags(),
        }
        for runner in fleet.runners
    }
    server, _colon, port = testbed.dns.rpartition(":")
    variables = {
        "account_id": ACCOUNT,
        "template_url": TEMPLATE_URL,
        "hosted_zone_id": ZONE_ID,
        "privatelink": privatelink,
        "management_plane_service": SERVICE,
        "dns_server": server,
        "dns_port": int(port),
        "https_port": testbed.https_port,
    }
    return {"runners": {"vars": variables, "hosts": hosts}}


def handwritten(controller: Controller, fleet: Fleet, forks: int, privatelink: bool) -> Contestant:
    """The hand-written playbook, with the control node's environment."""
    inventory = controller.directory / "handwritten.yml"
    content = handwritten_inventory(fleet, controller.testbed, privatelink)
    inventory.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    program = controller.command("")[0]
    command = (program, str(HANDWRITTEN), "-i", str(inventory), "--forks", str(forks))
    return Contestant("hand-written", command, controller.directory, controller.environment())


class Options(argparse.Namespace):
    """What the command line says."""

    runners: int
    forks: int
    repeats: int
    privatelink: bool
    at_least: float
    by: t.Literal["seconds", "processor_seconds"]
    most_calls: float
    status: int
    against: pathlib.Path | None
    status_at_most: float


def options_of(arguments: t.Sequence[str] | None = None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runners", type=int, default=16, help="of the rerun; 0 leaves it out")
    parser.add_argument("--forks", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3, help="timed runs of each; the median counts")
    parser.add_argument(
        "--privatelink", action="store_true", help="every runner has an endpoint to the management plane"
    )
    parser.add_argument("--at-least", type=float, default=LEAST_RATIO, help="hand-written time / our time")
    parser.add_argument(
        "--by",
        choices=("seconds", "processor_seconds"),
        default="seconds",
        help="what both limits are about; seconds say little while the machine does something else",
    )
    parser.add_argument("--most-calls", type=float, default=MOST_CALLS, help="API calls a runner of our rerun")
    parser.add_argument("--status", type=int, default=0, help="runners whose status is told; needs --against")
    parser.add_argument("--against", type=pathlib.Path, help="an older checkout's top directory, to be run too")
    parser.add_argument("--status-at-most", type=float, default=MOST_OF_OLD_STATUS, help="our time / the older's")
    options = parser.parse_args(arguments, namespace=Options())
    if options.status and not options.against:
        parser.error("--status needs --against DIR: a time alone says nothing")
    return options


def rerun(testbed: TestBed, directory: pathlib.Path, options: Options) -> tuple[dict[str, t.Any], list[str]]:
    """Deploy the fleet, then let it be run again and again by all; figures, and what is not as wanted."""
    fleet = Fleet.of(options.runners)
    fleet.seed(testbed)
    variables = {"gitpod_privatelink_enabled": True} if options.privatelink else {}
    inventory = fleet.write_inventory(
        directory / "fleet.yml", gitpod_stack_releases_url=testbed.releases_url, **variables
    )
    controller = Controller(testbed, directory, inventory)
    ours = Contestant.ours(controller, SITE, "--forks", str(options.forks))
    by_hand = handwritten(controller, fleet, options.forks, options.privatelink)
    contestants = [ours, by_hand]
    if options.against:
        more = ("--forks", str(options.forks), "-e", json.dumps(variables))
        contestants.append(Contestant.of_checkout(options.against, testbed, fleet, directory / "older", SITE, *more))
    first = cost(ours, testbed)
    # The first run by hand takes over what it has to, such as a security group's outbound rules; it is no rerun yet.
    taken_over = cost(by_hand, testbed)
    costs = alternate(contestants, testbed, options.repeats)
    found: dict[str, t.Any] = {"runners": options.runners, "forks": options.forks}
    found["seconds of the first run"] = round(first.seconds, 1)
    found["changed by the hand-written playbook's first run"] = taken_over.run.changed
    for contestant in contestants:
        found[contestant.name] = {
            **summary(costs[contestant.name], options.runners),
            **counted(contestant, testbed),
        }
    ratio = ratios(costs[by_hand.name], costs[ours.name])
    found["ratio hand-written / ours"] = ratio
    if options.against:
        found["ratio older / ours"] = ratios(costs[str(options.against)], costs[ours.name])
    return found, faults_of_rerun(costs[ours.name], ratio[options.by], options)


def faults_of_rerun(costs: t.Sequence[Cost], ratio: float, options: Options) -> list[str]:
    """What of the rerun is not as wanted, each as a sentence."""
    calls = max(sum(found.calls.values()) for found in costs) / options.runners
    faults = []
    if ratio < options.at_least:
        faults.append(f"A rerun is {ratio} times as fast as by hand; wanted are {options.at_least}.")
    if calls > options.most_calls:
        faults.append(f"A rerun makes {calls:.1f} API calls a runner; allowed are {options.most_calls:g}.")
    if any(found.run.changed for found in costs):
        faults.append("A rerun changed something.")
    return faults


def status(testbed: TestBed, directory: pathlib.Path, options: Options) -> tuple[dict[str, t.Any], list[str]]:
    """The status of a deployed fleet by both checkouts in turns; figures, and what is not as wanted."""
    assert options.against
    directory.mkdir()
    testbed.reset()
    fleet = Fleet.of(options.status)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    inventory = fleet.write_inventory(directory / "fleet.yml", gitpod_stack_releases_url=testbed.releases_url)
    forks = ("--forks", str(options.forks))
    ours = Contestant.ours(Controller(testbed, directory, inventory), STATUS, *forks)
    older = Contestant.of_checkout(options.against, testbed, fleet, directory / "older", STATUS, *forks)
    costs = alternate([ours, older], testbed, options.repeats)
    shares = ratios(costs[ours.name], costs[older.name])
    found: dict[str, t.Any] = {"runners": options.status, "forks": options.forks}
    for contestant in ours, older:
        found[contestant.name] = {
            **summary(costs[contestant.name], options.status),
            **counted(contestant, testbed),
        }
    found["ratio ours / older"] = shares
    faults = []
    share = shares[options.by]
    if share > options.status_at_most:
        faults.append(
            f"The status takes {share:.2f} of the older one's time; allowed are {options.status_at_most:.2f}."
        )
    return found, faults


def main() -> int:
    """Measure and print; 1 when something is not as wanted."""
    options = options_of()
    found: dict[str, t.Any] = {"processors": os.cpu_count(), "load before": round(os.getloadavg()[0], 1)}
    faults: list[str] = []
    with (
        tempfile.TemporaryDirectory() as directory,
        TestBed.start(os.environ["TESTBED_PYTHON"], stack_seconds=STACK_SECONDS) as testbed,
    ):
        here = pathlib.Path(directory)
        if options.runners:
            found["rerun"], wrong = rerun(testbed, here, options)
            faults += wrong
        if options.status:
            found["status"], wrong = status(testbed, here / "status", options)
            faults += wrong
    sys.stdout.write(json.dumps(found, indent=2) + "\n" + "".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
