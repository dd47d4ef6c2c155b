# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One runner with everything that a run can make, and what there is of it in AWS and at the management plane.

Only an API token is given, so the run registers the runner; PrivateLink is on, so it makes an endpoint and its group.
What an undisturbed run leaves is the measure: after a disturbance, and one more run, there has to be the same, neither
more (something doubled) nor less (something lost).
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import typing as t

from tests import collection
from tests.e2e.harness import Controller, Run
from tests.fleet import ZONE_ID, Fleet, client
from tests.testbed.client import TestBed

collection.install()

if t.TYPE_CHECKING:
    from collections.abc import Iterator

Things = collections.Counter[str]
PLAYBOOKS = {name: f"gitpod.enterprise_runner.{name}" for name in ("site", "upgrade", "teardown")}
OLD, NEW = "20260115.2", "20260220.1"
STACK_SECONDS = 1.5
LONGEST = 600.0


@dataclasses.dataclass
class Scene:
    """A test bed with one runner to be deployed."""

    testbed: TestBed
    directory: pathlib.Path
    fleet: Fleet = dataclasses.field(default_factory=lambda: Fleet.of(1))
    aws_endpoint_url: str = ""
    management_plane_url: str = ""

    @classmethod
    @contextlib.contextmanager
    def start(cls) -> Iterator[Scene]:
        """A test bed of its own, so that several scenes can go on at once."""
        with (
            tempfile.TemporaryDirectory(prefix="gitpod-campaign-") as directory,
            TestBed.start(os.environ["TESTBED_PYTHON"], stack_seconds=STACK_SECONDS) as testbed,
        ):
            yield cls(testbed, pathlib.Path(directory))

    def reset(self) -> None:
        """Nothing but the network and the certificate; nobody is registered."""
        self.testbed.reset()
        self.testbed.settings(stack_seconds=STACK_SECONDS)
        self.fleet.seed(self.testbed)
        registered = self.testbed.control("POST", "management", {})["runners"]
        self.testbed.control("POST", "management", {"remove_runners": list(registered)})
        self.testbed.publish_release(OLD, "stable")

    def controller(self) -> Controller:
        """A control node with an API token."""
        runner = self.fleet.runners[0]
        inventory = self.fleet.write_inventory(
            self.directory / "fleet.yml",
            gitpod_api_token=self.testbed.api_token,
            gitpod_api_endpoint=self.management_plane_url or self.testbed.management_plane_url,
            gitpod_stack_releases_url=self.testbed.releases_url,
            gitpod_stack_release_version=OLD,
            gitpod_privatelink_enabled=True,
            gitpod_teardown_confirm=runner.name,
        )
        text = inventory.read_text("utf-8").splitlines()
        kept = [line for line in text if "gitpod_exchange_token:" not in line and "gitpod_runner_id:" not in line]
        inventory.write_text("\n".join(kept) + "\n", "utf-8")
        return Controller(self.testbed, self.directory, inventory)

    def start_playbook(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Begin a playbook in a process group of its own; its output goes to a file of its number."""
        controller = self.controller()
        controller.warm = False
        environment = controller.environment()
        if self.aws_endpoint_url:
            environment["AWS_ENDPOINT_URL"] = self.aws_endpoint_url
        more = ["-e", f"gitpod_stack_release_version=v{NEW}"] if name == "upgrade" else []
        return subprocess.Popen(
            controller.command(PLAYBOOKS[name], *more, *arguments),
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def play(self, name: str, *arguments: str) -> Run:
        """Run a playbook to its end.

        :raises subprocess.TimeoutExpired: it did not end in ten minutes, so something waits without bound.
        """
        process = self.start_playbook(name, *arguments)
        try:
            output, _errors = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
        return Run(process.returncode, output, self.directory / "artifacts")

    def prepare(self, name: str) -> None:
        """What has to be there before a playbook: nothing before site, and a runner before the others."""
        self.reset()
        if name == "site":
            return
        first = self.play("site")
        if first.code:
            raise RuntimeError(f"The runner could not be deployed:\n{first.output[-4000:]}")
        self.publish_newer()

    def publish_newer(self) -> None:
        """There is a release to upgrade to."""
        self.testbed.publish_release(NEW, "stable")

    def called(self, times: int) -> bool:
        """Whether AWS was called so often since its calls were last forgotten."""
        return times < 1 or bool(self.testbed.control("GET", f"calls?since={times - 1}")["calls"])

    def things(self) -> Things:
        """How many of each kind there are, of what this runner's runs make."""
        runner, found = self.fleet.runners[0], Things()
        ec2 = client(self.testbed, "ec2", runner.region)
        of_vpc = [{"Name": "vpc-id", "Values": [runner.vpc_id]}]
        gone = ("deleted", "deleting")
        for stack in client(self.testbed, "cloudformation", runner.region).list_stacks()["StackSummaries"]:
            if stack["StackStatus"] != "DELETE_COMPLETE":
                found[f"stack {stack['StackStatus']}"] += 1
                sets = client(self.testbed, "cloudformation", runner.region).list_change_sets(
                    StackName=stack["StackId"]
                )
                found["change set"] += sum(entry["ExecutionStatus"] == "AVAILABLE" for entry in sets["Summaries"])
        endpoints = ec2.describe_vpc_endpoints(Filters=of_vpc)["VpcEndpoints"]
        found["endpoint"] += sum(endpoint["State"].lower() not in gone for endpoint in endpoints)
        found["group"] += len(ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"])
        records = client(self.testbed, "route53", "us-east-1").list_resource_record_sets(HostedZoneId=ZONE_ID)
        for record in records["ResourceRecordSets"]:
            found["record"] += record["Name"].rstrip(".").endswith(runner.domain)
        management = self.testbed.control("POST", "management", {})
        found["registration"] += len(management["runners"])
        return +found

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until no operation goes on in AWS."""
        deadline = time.monotonic() + seconds
        while any("IN_PROGRESS" in thing for thing in self.things()) and time.monotonic() < deadline:
            time.sleep(0.3)


def kill(process: subprocess.Popen[str]) -> None:
    """End a process and everything that it started, as a machine that goes down does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
