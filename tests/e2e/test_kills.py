# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are broken off: what they say, which processes stay, and how the next run goes on."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time
import typing as t
import uuid

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result
from tests.e2e.harness import Controller
from tests.e2e.test_fleet import SITE, UPGRADE, extra, fleet_of, releases
from tests.e2e.test_teardown import TEARDOWN, names_of, stack_exists
from tests.e2e.test_upgrade import (
    begin,
    inventory,
    operations,
    stack_module,
    wait_until_updated,
)
from tests.fleet import ZONE_ID, Fleet, Runner, client, template_url

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testbed.client import TestBed

# The stable channel's newest, and one that an upgrade goes back to.
STABLE, OTHER = "20260105.12", "20260112.3"
# Every process of a run inherits it.
MARK = "GITPOD_TESTS_RUN"
COPY = re.compile(r"(/\S+/AnsiballZ_\w+\.py)")
WAITING = "waiting for 1 stack"
GOES_ON = "AWS goes on by itself with what was begun"


class Broken:
    """A run of ansible-playbook in a session of its own, which may be broken off."""

    def __init__(self, controller: Controller, *arguments: str) -> None:
        self.mark = uuid.uuid4().hex
        self._log = controller.directory / f"{self.mark}.log"
        controller.warm = False
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                controller.command(*arguments),
                cwd=controller.directory,
                env={**controller.environment(), MARK: self.mark, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._log.read_text("utf-8", "replace")

    def wait_until(self, condition: t.Callable[[], bool], seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.output
            assert self.process.poll() is None, self.output
            time.sleep(0.1)

    def broken_off(self, signum: int) -> None:
        """Send the signal to its process group, and wait for its end."""
        os.killpg(self.process.pid, signum)
        self.process.wait(timeout=120)

    def processes(self) -> list[str]:
        """Command lines of the processes that are left of it."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        return found

    def left_after(self, seconds: float) -> list[str]:
        """Those that are left once so many seconds have passed, or as soon as none is."""
        deadline = time.monotonic() + seconds
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.processes()


@pytest.fixture
def upgraded(running_testbed: TestBed, tmp_path: pathlib.Path) -> Iterator[tuple[Fleet, Controller]]:
    """One runner with the stable release, on a slow AWS; its inventory names no release."""
    testbed = running_testbed
    fleet, controller = fleet_of(testbed, tmp_path, 1, gitpod_stack_releases_url=testbed.releases_url)
    fleet.deploy(testbed, template_url(STABLE), STABLE)
    yield fleet, controller
    testbed.settings(stack_seconds=1.5)


def test_an_upgrade_that_is_broken_off_leaves_no_process_and_is_attached_to(
    upgraded: tuple[Fleet, Controller],
) -> None:
    fleet, controller = upgraded
    testbed = controller.testbed
    # It goes on until everybody has looked, on a machine of any speed.
    testbed.settings(stack_seconds=600)
    testbed.clear_calls()
    arguments = (UPGRADE, *extra(gitpod_stack_release_version=OTHER))
    # SIGTERM and SIGHUP go the same way, and have their unit tests.
    for signum in (signal.SIGKILL, signal.SIGINT):
        run = Broken(controller, *arguments)
        run.wait_until(lambda run=run: WAITING in run.output)  # type: ignore[misc]
        copies = {path for command in run.processes() for path in COPY.findall(command)}
        # Ansible's main process and its worker, and with pipelining a module that has no copy.
        assert len(run.processes()) > len(["main", "worker"])
        run.broken_off(signum)
        assert run.left_after(10) == [], signal.Signals(signum).name
        # SIGKILL leaves nobody to say it; the wait has said so at its beginning.
        told = GOES_ON if signum != signal.SIGKILL else "if this is broken off, AWS goes on"
        assert told in run.output, (signal.Signals(signum).name, run.output)
        left = [path for path in copies if pathlib.Path(path).exists()]
        assert left == [], "a module's copy has its options in it"
    assert len(operations(testbed, "ExecuteChangeSet")) == 1, "each rerun attached"

    # site.yml attaches too, and leaves the release that is being deployed.
    site = Broken(controller, SITE)
    site.wait_until(lambda: WAITING in site.output)
    testbed.settings(stack_seconds=1, hurry=True)
    assert site.process.wait(timeout=300) == 0, site.output
    assert releases(testbed, fleet) == dict.fromkeys(fleet.names, OTHER)
    again = controller.play(SITE)
    assert (again.code, again.changed) == (0, 0), again.output
    assert len(operations(testbed, "ExecuteChangeSet")) == 1
    assert releases(testbed, fleet) == dict.fromkeys(fleet.names, OTHER)


def test_an_upgrade_that_was_killed_before_its_verification_is_verified_by_the_next(
    upgraded: tuple[Fleet, Controller],
) -> None:
    fleet, controller = upgraded
    testbed = controller.testbed
    (runner,) = fleet.runners
    raw = inventory(testbed, fleet, gitpod_stack_release_version=OTHER)
    # A change set that was computed, and no more.
    left = result.run(stack_module(testbed, {**raw[runner.name], "gitpod_stack_review": True}, check=False))
    assert left["operation"] == "review"
    # This executes it, as it was reviewed; AWS keeps it under its name.
    begin(testbed, raw[runner.name])
    wait_until_updated(testbed, fleet, runner.name)
    testbed.control("POST", "https", {"domain": runner.domain, "mode": "unhealthy"})
    testbed.clear_calls()
    wanted = extra(gitpod_stack_release_version=OTHER, gitpod_verify_wait=1)
    unhealthy = controller.play(UPGRADE, *wanted)
    assert unhealthy.code != 0, unhealthy.output
    assert "already there" in unhealthy.output
    assert "503" in unhealthy.report(runner.name)["failure"]["message"]
    testbed.control("POST", "https", {"domain": runner.domain, "mode": "healthy"})
    finished = controller.play(UPGRADE, *wanted)
    assert (finished.code, finished.changed) == (0, 0), finished.output
    assert finished.report(runner.name)["verification"]["healthy"] is True
    assert operations(testbed, "ExecuteChangeSet") == []
    assert operations(testbed, "CreateChangeSet") == []


def test_a_teardown_during_a_creation_leaves_no_record_of_the_load_balancer(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    """Another run, which waited for the stack, writes the records after the teardown has looked."""
    testbed = running_testbed
    fleet, controller = fleet_of(testbed, tmp_path, 1)
    (runner,) = fleet.runners
    testbed.settings(stack_seconds=120)
    fleet._create(testbed, runner, template_url(STABLE), {})
    balancer(testbed, runner)
    run = Broken(controller, TEARDOWN, "-e", f"gitpod_teardown_confirm={runner.name}")
    run.wait_until(lambda: "this goes, in this order" in run.output)
    point(testbed, runner)
    assert len(names_of(testbed, runner)) == len(["domain", "wildcard"])
    run.wait_until(lambda: "DeleteStack" in {call["operation"] for call in testbed.calls()})
    testbed.settings(stack_seconds=1, hurry=True)
    assert run.process.wait(timeout=120) == 0, run.output
    assert not stack_exists(testbed, runner)
    assert names_of(testbed, runner) == [], run.output

    # Records that somebody's own deletion left are known by the stack that AWS remembers.
    point(testbed, runner, "left-0123456789abcdef.elb.us-east-1.amazonaws.com")
    foreign = controller.play(TEARDOWN, "-e", f"gitpod_teardown_confirm={runner.name}")
    assert foreign.code == 0, foreign.output
    assert len(names_of(testbed, runner)) == len(["domain", "wildcard"]), "another's load balancer is not the runner's"


def balancer(testbed: TestBed, runner: Runner) -> dict[str, t.Any]:
    """The runner's load balancer, as soon as there is one."""
    elbv2, deadline = client(testbed, "elbv2", runner.region), time.monotonic() + 90
    while time.monotonic() < deadline:
        for found in elbv2.describe_load_balancers()["LoadBalancers"]:
            return dict(found)
        time.sleep(0.2)
    raise TimeoutError(f"{runner.name} has no load balancer")


def point(testbed: TestBed, runner: Runner, name: str = "") -> None:
    """Point both names to the runner's load balancer, or to another name."""
    route53 = client(testbed, "route53", "us-east-1")
    record: dict[str, t.Any] = {"Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": f"{name}."}]}
    if not name:
        found = balancer(testbed, runner)
        alias = {"HostedZoneId": found["CanonicalHostedZoneId"], "DNSName": found["DNSName"]}
        record = {"Type": "A", "AliasTarget": {**alias, "EvaluateTargetHealth": True}}
    changes = [
        {"Action": "CREATE", "ResourceRecordSet": {"Name": entry, **record}}
        for entry in (f"{runner.domain}.", f"*.{runner.domain}.")
    ]
    route53.change_resource_record_sets(HostedZoneId=ZONE_ID, ChangeBatch={"Changes": changes})
