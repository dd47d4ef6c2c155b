# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift in a runner's status: compared now, as it was compared last, or left out."""

from __future__ import annotations

import typing as t

from tests.e2e import looking
from tests.e2e.test_stack_in_process import OPTIONS, REGION, client, run

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller

COMPARING = {"DetectStackDrift", "DescribeStackDriftDetectionStatus"}


def status(controller: Controller, drift: str, **more: t.Any) -> dict[str, t.Any]:
    """One look at the runner."""
    controller.testbed.clear_calls()
    inventory = {
        "gitpod_region": REGION,
        "gitpod_runner_name": OPTIONS["name"],
        "gitpod_domain_name": OPTIONS["parameters"]["Domain Name"],
        "gitpod_resolvers": [controller.testbed.dns],
        "gitpod_status_port": controller.testbed.https_port,
        "gitpod_verify_ca_path": controller.testbed.ca_file,
        "gitpod_runner_id": OPTIONS["parameters"]["Runner ID"],
        "gitpod_status_drift": drift,
        "gitpod_stack_releases_url": controller.testbed.releases_url,
        **more,
    }
    found = looking.status(controller.testbed, inventory)
    assert not found.get("failed"), found
    return {**found, "told": next(check for check in found["checks"] if check["id"] == "drift")}


def called(controller: Controller) -> set[str]:
    """The operations of CloudFormation since the look began."""
    return {call["operation"] for call in controller.testbed.calls() if call["service"] == "cloudformation"}


def test_the_last_comparison_is_read_and_none_is_begun(controller: Controller) -> None:
    run(controller)
    never = status(controller, "last")
    assert (never["drift"]["status"], never["told"]["status"]) == ("NOT_CHECKED", "skip")
    assert "has never compared" in never["told"]["summary"]
    assert "gitpod_status_drift: detect" in never["told"]["remediation"]
    assert called(controller) == {"DescribeStacks"}

    assert status(controller, "detect")["told"]["status"] == "pass"
    assert called(controller) >= COMPARING
    # What happens after the comparison is not seen, so the verdict says from when it is.
    logs = client(controller, "logs")
    name = logs.describe_log_groups()["logGroups"][0]["logGroupName"]
    logs.put_retention_policy(logGroupName=name, retentionInDays=1)
    before = status(controller, "last")
    assert before["told"]["status"] == "pass"
    assert before["drift"]["compared"][:10] in before["told"]["summary"]
    assert not called(controller) & COMPARING

    now = status(controller, "detect")
    last = status(controller, "last")
    assert "RetentionInDays" in last["told"]["summary"]
    assert last["told"]["status"] == "warn"
    assert last["drift"]["resources"] == now["drift"]["resources"]
    assert called(controller) == {"DescribeStacks", "DescribeStackResourceDrifts"}
    assert controller.writes() == []

    skipped = status(controller, "skip")
    assert skipped["drift"] is None
    assert skipped["told"]["summary"] == "Not asked for."
    assert called(controller) == {"DescribeStacks"}

    # Where it may not be read, the permission that is named is the one that is missing.
    for drift, operation in ("detect", "DetectStackDrift"), ("last", "DescribeStackResourceDrifts"):
        controller.testbed.add_fault(
            service="cloudformation", operation=operation, error="AccessDenied", message="not authorized"
        )
        refused = status(controller, drift)["told"]
        assert refused["status"] == "skip"
        assert f"cloudformation:{operation}" in refused["remediation"]
        controller.testbed.control("DELETE", "faults")


def test_a_domain_that_the_inventory_leaves_out_is_the_stacks(controller: Controller) -> None:
    run(controller)

    def names(**more: t.Any) -> dict[str, dict[str, t.Any]]:
        found = status(controller, "skip", **more)
        return {check["id"]: check for check in found["checks"] if check["id"] in ("dns", "health")}

    declared = names()
    assert OPTIONS["parameters"]["Domain Name"] in declared["dns"]["summary"], "there is no record yet"
    assert names(gitpod_domain_name="") == declared
    assert called(controller) == {"DescribeStacks", "GetTemplateSummary"}

    controller.testbed.add_fault(
        service="cloudformation", operation="GetTemplateSummary", error="AccessDenied", message="not authorized"
    )
    for check in names(gitpod_domain_name="").values():
        assert check["status"] == "skip"
        assert "cloudformation:GetTemplateSummary" in check["remediation"]
    controller.testbed.control("DELETE", "faults")


def test_a_stack_that_waits_for_approval_is_told_as_that(controller: Controller) -> None:
    run(controller, review=True)
    (told,) = (check for check in status(controller, "skip")["checks"] if check["id"] == "stack")
    assert told["status"] == "fail"
    assert "is in review: nothing of it was created yet" in told["summary"]
    assert "gitpod_stack_review" in told["remediation"]
