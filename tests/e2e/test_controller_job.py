# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as a controller runs them: AWX's private data directory, ansible-runner's own events, artifacts handed on."""

from __future__ import annotations

import pathlib
import typing as t

from tests.awx_job import Job, run_job
from tests.e2e.harness import COLLECTION
from tests.e2e.test_fleet import fleet_of

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller
    from tests.testbed.client import TestBed

# AWX shows 1,024 bytes of an event and 4,000 events of a job by default (facts of AWX 24.6.1).
MOST_EVENTS, MOST_TEXT, MOST_OF_AN_EVENT = 400, 20_000, 1_000


def playbook(name: str) -> str:
    """The file of a project that a job template names: a playbook of a collection cannot be named (AWX 24.6.1)."""
    return f"---\n- name: From the collection\n  ansible.builtin.import_playbook: {COLLECTION}.{name}\n"


def job_of(controller: Controller, groups: dict[str, t.Any], name: str, **answers: t.Any) -> Job:
    """One job of a template."""
    said = {**controller.extra_variables(), **answers}
    directory = controller.directory / f"job-{len(list(controller.directory.glob('job-*')))}"
    return run_job(directory, playbook(name), groups, said, controller.environment())


def groups_of(fleet: t.Any) -> dict[str, t.Any]:
    """The inventory as a controller has it: variables of a group are each host's."""
    content = fleet.inventory()["gitpod_runners"]
    return {"gitpod_runners": {host: {**content["vars"], **own} for host, own in content["hosts"].items()}}


def measured(job: Job) -> tuple[int, int, int]:
    """Events, bytes of all text, and of the longest event but Ansible's own recap at the end."""
    sizes = [len(event["stdout"].encode()) for event in job.events]
    ours = [size for size, event in zip(sizes, job.events, strict=True) if event["event"] != "playbook_on_stats"]
    return len(sizes), sum(sizes), max(ours)


def test_sixteen_runners_fit_into_what_a_controller_shows(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    fleet, controller = fleet_of(running_testbed, tmp_path, 16)
    running_testbed.settings(stack_seconds=10)
    job = job_of(controller, groups_of(fleet), "site")
    assert job.code == 0, job.output
    events, text, longest = measured(job)
    assert (events <= MOST_EVENTS, text <= MOST_TEXT, longest <= MOST_OF_AN_EVENT) == (True,) * 3, (
        events,
        text,
        longest,
    )
    shown = [event["stdout"].strip() for event in job.events if event["stdout"].strip()]
    rows = [line for line in shown if line.startswith("verified ")]
    assert len(rows) == 16
    assert shown.index("16 runners: 16 verified") < shown.index(rows[0]), "totals come first"
    assert job.artifacts["gitpod_fleet_result"]["headline"] == "16 runners: 16 verified"


def test_slices_refuse_batches_before_anything_is_made(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    fleet, controller = fleet_of(running_testbed, tmp_path, 2)
    a_slice = {"awx_workflow_job_name": "Gitpod: roll out", "gitpod_rollout_batches": "1\n100%"}
    job = job_of(controller, groups_of(fleet), "site", **a_slice)
    assert job.code != 0
    assert "slices know nothing of each other" in job.output
    assert controller.writes() == []


def test_a_job_without_runners_fails(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    _fleet, controller = fleet_of(running_testbed, tmp_path, 1)
    job = job_of(controller, {"others": {"db": {}}}, "plan")
    assert job.code != 0
    assert "the inventory has no host in gitpod_runners" in job.output


def test_records_are_handed_over_and_a_later_job_verifies(controller: Controller) -> None:
    """A colleague adds the records once the job has ended; nothing waits for it."""
    host = "gitpod-ap-southeast-2"
    handed = controller.play(f"{COLLECTION}.site", "--limit", host, "-e", '{"gitpod_dns_hand_over": true}')
    assert handed.code == 0, handed.output
    assert "1 runner: 1 waiting" in handed.output
    assert "then run verify.yml" in handed.output
    report = handed.report(host)
    assert (report["state"], report["verification"]) == ("waiting", {})
    assert [record["type"] for record in report["dns"]["awaited_records"]] == ["CNAME", "CNAME"]
    assert '"gitpod_needed": true' in handed.output
    assert '"waits_for": "dns"' in handed.output
    verified = controller.play(f"{COLLECTION}.verify", "--limit", host)
    assert verified.code == 0, verified.output
    assert verified.report(host)["state"] == "verified"
