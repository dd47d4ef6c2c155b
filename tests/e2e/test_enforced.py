# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented policies, enforced: the test bed refuses what they do not allow; an independent simulator decides."""

from __future__ import annotations

import json
import shutil
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _permissions
from tests.e2e.deployer import ACCOUNT, ZONE, Deployer, Policies, documented, optional_actions, without
from tests.e2e.harness import COLLECTION, HOSTS, READING, Controller, Run
from tests.e2e.hurried import fresh, hurry
from tests.e2e.in_process import acting_as
from tests.e2e.looking import EXAMPLES, preflight
from tests.e2e.stories import LARGE, NAME, REGION, STORIES

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

US, EU, AP = HOSTS
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed (make debian-packages)")


def policies(*hosts: str) -> Policies:
    """The documented policies of all stages for runners of the example inventory."""
    found: Policies = {}
    for host in hosts:
        found |= documented(host, EXAMPLES[host])
    return found


def told(refusals: list[dict[str, t.Any]]) -> list[str]:
    """One line a refusal."""
    return [
        f"{entry['service']}:{entry['operation']}: "
        + (entry.get("error") or f"{entry['action']} on {entry['resource']}: {entry['decision']} {entry['context']}")
        for entry in refusals
    ]


def done(run: Run, controller: Controller) -> Run:
    """A run that succeeded, and to which nothing was refused."""
    refusals = told(controller.testbed.refusals())
    assert refusals == [], run.output
    assert run.code == 0, run.output
    return run


def extra(**variables: t.Any) -> tuple[str, str]:
    """Extra variables with their types."""
    return "-e", json.dumps(variables)


def test_a_runners_whole_life_under_the_documented_policies(controller: Controller) -> None:
    testbed = controller.testbed
    controller.credentials = Deployer(testbed, policies(*HOSTS)).environment
    testbed.enforce()
    play = lambda name, *more: done(controller.play(f"{COLLECTION}.{name}", *more), controller)  # noqa: E731
    play("site")
    assert play("site").changed == 0
    play("status", *extra(gitpod_status_drift="detect"))
    testbed.publish_release("20991231.1", "stable")
    released = {"gitpod_stack_releases_url": testbed.releases_url, "gitpod_stack_release_channel": "stable"}
    play("upgrade", *extra(**released))
    directory = str(controller.directory / "adopted")
    regions = ",".join(EXAMPLES[host]["gitpod_region"] for host in HOSTS)
    play("adopt", *extra(gitpod_adopt_regions=regions, gitpod_adopt_directory=directory))
    confirmed = extra(gitpod_teardown_confirm=",".join(HOSTS), gitpod_teardown_delete_buckets=True)
    play("teardown", *confirmed)


@pytest.mark.parametrize("story", STORIES)
def test_every_write_of_the_modules_is_documented(
    running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch, story: str
) -> None:
    testbed = hurry(running_testbed, monkeypatch)
    fresh(testbed)
    variables = {"gitpod_region": REGION, "gitpod_stack_template_bucket": LARGE["template_bucket"]}
    deployer = Deployer(testbed, documented(NAME, variables, **{"<hosted zone>": "*"}))
    testbed.enforce()
    for step in STORIES[story]:
        step.before(testbed)
        with acting_as(deployer.options):
            found = step.run(testbed)
        assert told(testbed.refusals()) == [], found
