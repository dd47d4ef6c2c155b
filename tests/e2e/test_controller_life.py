# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/controller.md followed on the stand-in for AWX: set up, approved, upgraded, proved and taken down, job by job.

Every job template runs at least once as AWX runs it, its survey answered as people do: blanks, line ends, CRLF, a
choice, and left out. All answers of every survey are in tests/unit/controller/test_answers.py, without plays.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import templates
from tests.controller.awx import Awx, serving
from tests.controller.in_process import set_up
from tests.controller.launching import Launcher, Step
from tests.e2e.test_acceptance_in_process import QUICK
from tests.e2e.test_fleet import fleet_of
from tests.fleet import client

if t.TYPE_CHECKING:
    from tests.awx_job import Job
    from tests.fleet import Fleet
    from tests.testbed.client import TestBed

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = ROOT / "examples/awx"
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
OLD, NEW = "20251203.4", "20260105.12"
BUCKET, PREFIX = "example-gitpod-reports", "production"
ANSWERS: dict[str, dict[str, str]] = {
    "prerequisites": {
        "gitpod_expected_environments": " 3\r\n",
        "gitpod_prerequisites_skip": "capacity.size\r\n\r\n",
        "gitpod_prerequisites_warn_only": "capacity.large, \n",
    },
    "status": {
        "gitpod_status_fail_on": "stack\nhealth\n",
        "gitpod_status_drift": "skip",
        "gitpod_status_certificate_days": "7\n",
    },
    "acceptance": {
        "gitpod_acceptance_environment_class": "Small\n",
        "gitpod_acceptance_repository": "",
        "gitpod_acceptance_timeout": " 60\r\n",
    },
    "adopt": {"gitpod_adopt_regions": "us-east-1\nus-east-2\n", "gitpod_adopt_include_managed": "true"},
}


class World:
    """A controller with two runners to come, and where its jobs run."""

    def __init__(self, awx: Awx, testbed: TestBed, directory: pathlib.Path) -> None:
        self.fleet, self.controller = fleet_of(testbed, directory, 2)
        self.testbed, self.written_before_the_approval = testbed, [""]
        environment = self.controller.environment()
        # The credential brings them.
        keys = {name: environment.pop(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        differs = {**self.controller.extra_variables(), "gitpod_adopt_directory": str(directory / "adopted")}
        # Whatever a job writes is gone with it but for this.
        self.s3 = client(testbed, "s3", "us-east-1")
        self.s3.create_bucket(Bucket=BUCKET)
        differs |= {"gitpod_report_upload": f"s3://{BUCKET}/{PREFIX}", "gitpod_report_upload_region": "us-east-1"}
        self.given = described(self.fleet, testbed, keys, differs)
        self.jobs = Launcher(awx, directory, PROJECT, environment)

    def job(self, template: str, **answers: str) -> Job:
        """A job of a template, with its answers unless others are given."""
        title = f"Gitpod {templates.BY_ID[template].title}"
        return self.jobs.launch(title, answers or ANSWERS[template])

    def workflow(self, title: str, **answers: str) -> dict[str, Step]:
        """A workflow's nodes by their names, in their order."""
        self.testbed.clear_calls()
        return {step.node: step for step in self.jobs.run(f"Gitpod {title}", answers, self._approves)}

    def _approves(self) -> bool:
        self.written_before_the_approval = self.controller.writes()
        return True

    def kept(self) -> set[str]:
        """What is in S3, but for what each run left by itself."""
        names = [entry["Key"].removeprefix(f"{PREFIX}/") for entry in self._objects()]
        return {name for name in names if not name.startswith("runs/")}

    def _objects(self) -> list[dict[str, t.Any]]:
        return list(self.s3.list_objects_v2(Bucket=BUCKET)["Contents"])

    def releases(self) -> list[str]:
        """What the stacks' tags record, by runner."""
        found = []
        for runner in self.fleet.runners:
            cloudformation = client(self.testbed, "cloudformation", runner.region)
            (stack,) = cloudformation.describe_stacks(StackName=runner.name)["Stacks"]
            found += [tag["Value"] for tag in stack["Tags"] if tag["Key"] == "gitpod:release-version"]
        return found


def described(fleet: Fleet, testbed: TestBed, keys: dict[str, str], differs: dict[str, t.Any]) -> dict[str, t.Any]:
    """The variables of docs/controller.md's second step; one runner has an exchange token, the other is registered.

    :param differs: what is otherwise than in the real world, for every job.
    """
    first, second = fleet.runners
    registered = {name: value for name, value in second.variables().items() if name != "gitpod_runner_id"}
    return {
        "gitpod_controller_organization": "Platform",
        "gitpod_controller_execution_environment_image": "quay.example.com/gitpod/runner-ee:0.1.0",
        "gitpod_controller_project_url": "https://git.example.com/platform/gitpod-runners.git",
        "gitpod_controller_managed_credentials": ["api_token", "exchange_tokens", "aws"],
        "gitpod_controller_api_token": testbed.api_token,
        "gitpod_controller_exchange_tokens": {first.name: fleet.tokens[first.id]},
        "gitpod_controller_aws_access_key": keys["AWS_ACCESS_KEY_ID"],
        "gitpod_controller_aws_secret_key": keys["AWS_SECRET_ACCESS_KEY"],
        "gitpod_controller_inventory_variables": {
            "gitpod_account_id": "123456789012",
            "gitpod_api_endpoint": testbed.management_plane_url,
        },
        "gitpod_controller_runners": {first.name: first.variables(), second.name: registered},
        "gitpod_controller_groups": {"production": {"children": ["region_us_east_1", "region_us_east_2"]}},
        "gitpod_controller_extra_variables": differs,
    }


@pytest.fixture(scope="module")
def awx() -> t.Iterator[Awx]:
    with serving(path.name for path in PROJECT.glob("*.yml")) as found:
        yield found


def ended(steps: dict[str, Step]) -> dict[str, t.Any]:
    """Whether each node's job was successful; an approval has none."""
    return {name: None if step.job is None else step.job.code == 0 for name, step in steps.items()}


def handed_on(steps: dict[str, Step], node: str) -> dict[str, t.Any]:
    """The artifacts of a node."""
    job = steps[node].job
    return job.artifacts if job else {}


def shown(steps: dict[str, Step]) -> str:
    return "\n".join(step.job.output for step in steps.values() if step.job)


def test_from_nothing_to_approved_upgraded_proved_and_gone(
    running_testbed: TestBed, awx: Awx, tmp_path: pathlib.Path
) -> None:
    world = World(awx, running_testbed, tmp_path)
    set_up(awx, world.given, PLAYBOOKS)
    one, two = world.fleet.names

    checked = world.job("prerequisites")
    assert checked.code == 0, checked.output

    rollout = world.workflow("planned rollout", gitpod_stack_release_version=f" v{OLD}\r\n")
    assert world.written_before_the_approval == []
    assert ended(rollout) == {"plan": True, "needed": True, "approve": None, "rollout": True}, shown(rollout)
    plan = handed_on(rollout, "plan")
    assert (plan["gitpod_needed"], plan["gitpod_plan_result"]["headline"]) == (True, "2 runners: 2 to do")
    first = plan["gitpod_plan_result"]["runners"][0]
    assert (first["host"], first["actions"]["stack"], len(first["changes"]) > 0) == (one, "create", True)
    result = handed_on(rollout, "rollout")
    assert (result["gitpod_needed"], result["gitpod_fleet_result"]["headline"]) == (False, "2 runners: 2 verified")
    assert world.releases() == [OLD, OLD]

    upgrade = world.workflow("upgrade with a canary", gitpod_stack_release_version=f"v{NEW}")
    assert ended(upgrade) == {"canary": True, "plan": True, "needed": True, "approve": None, "rest": True}, shown(
        upgrade
    )
    (planned,) = handed_on(upgrade, "plan")["gitpod_plan_result"]["runners"]
    assert (planned["host"], planned["from"], planned["release"]) == (two, f"v{OLD}", f"v{NEW}")
    assert world.releases() == [NEW, NEW]

    # No change waits, so nobody is asked.
    review = world.workflow("reviewed rollout")
    assert ended(review) == {"review": True, "needed": False, "verify": True}, shown(review)
    assert "Nothing is needed (2 runners: 2 verified)" in shown(review)
    assert handed_on(review, "verify")["gitpod_fleet_result"]["headline"] == "2 runners: 2 verified"

    classes = [{"runner_id": runner.id, "name": "Small"} for runner in world.fleet.runners]
    lives = {runner.id: {"seconds": QUICK} for runner in world.fleet.runners}
    running_testbed.control("POST", "management", {"add_classes": classes, "environments": lives})
    for template in ("status", "acceptance", "adopt"):
        job = world.job(template)
        assert job.code == 0, job.output
    kept = {"fleet.html", "fleet.json", "fleet.md", "status.json", f"{one}.json", f"{two}.json"}
    assert kept <= world.kept()
    assert any(name.startswith("adopted/") for name in world.kept())
    gone = world.job("teardown", gitpod_teardown_confirm=f"{one}\r\n{two}\r\n")
    assert gone.code == 0, gone.output
    assert world.jobs.launched == {f"Gitpod {template.title}" for template in templates.ALL}
