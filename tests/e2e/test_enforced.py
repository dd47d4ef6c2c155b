# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented policies, enforced: the test bed refuses what they do not allow; an independent simulator decides."""

from __future__ import annotations

import shutil
import typing as t

import pytest

from tests.e2e.deployer import Deployer, Policies, documented
from tests.e2e.harness import COLLECTION, HOSTS, Controller, Run
from tests.e2e.looking import EXAMPLES

SITE, STATUS, TEARDOWN = f"{COLLECTION}.site", f"{COLLECTION}.status", f"{COLLECTION}.teardown"
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed (make debian-packages)")


def policies(*hosts: str) -> Policies:
    found: Policies = {}
    for host in hosts:
        found |= documented(host, EXAMPLES[host])
    return found


def told(refusals: list[dict[str, t.Any]]) -> list[str]:
    """One line a refusal."""
    return [
        f"{entry['service']}:{entry['operation']}: "
        + (entry.get("error") or f"{entry['action']} on {entry['resource']} {entry['decision']}")
        for entry in refusals
    ]


def done(run: Run, controller: Controller) -> Run:
    """A run that succeeded, and to which nothing was refused."""
    refusals = told(controller.testbed.refusals())
    assert run.code == 0, f"{refusals}\n{run.output}"
    assert refusals == []
    return run


def test_a_runners_whole_life_under_the_documented_policies(controller: Controller) -> None:
    testbed = controller.testbed
    controller.credentials = Deployer(testbed, policies(*HOSTS)).environment
    testbed.enforce()
    done(controller.play(SITE), controller)
    again = done(controller.play(SITE), controller)
    assert again.changed == 0
    done(controller.play(STATUS), controller)
