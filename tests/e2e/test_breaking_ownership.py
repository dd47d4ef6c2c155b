# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refused deletions, mixed shells, former registrations: what is somebody else's, or cannot go, in rarer shapes."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.desired import no_registration
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_certificate
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_ownership_in_process import UNRELATED, one, owner, variables
from tests.e2e.test_strangers_in_process import OTHER_ID, TEAM, shared_endpoint, stack, torn_down
from tests.e2e.test_teardown import TEARDOWN, buckets_of, names_of, registered, there
from tests.fleet import client

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller
    from tests.fleet import Runner
    from tests.testbed.client import TestBed

CLUSTER = "AWS::ECS::Cluster"


def refuse_to_delete(testbed: TestBed, runner: Runner, kind: str) -> None:
    """From now on AWS cannot delete such a resource of the runner's stack."""
    where = {"region": runner.region, "stack_name": runner.name}
    testbed.fail_resource(**where, resource_type=kind, operation="DELETE", reason="It is in use", times=None)


def states(testbed: TestBed, runner: Runner, stack_id: str) -> dict[str, tuple[str, str]]:
    """Type and status of the stack's resources, by logical ID."""
    aws = client(testbed, "cloudformation", runner.region)
    pages = aws.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    found = [entry for page in pages for entry in page["StackResourceSummaries"]]
    return {entry["LogicalResourceId"]: (entry["ResourceType"], entry["ResourceStatus"]) for entry in found}


def test_what_cannot_be_deleted_is_left_behind_by_the_variable_that_the_failure_names(controller: Controller) -> None:
    """And switches that delete, given as text that says no, delete nothing: one play for both."""
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    fleet.deploy(testbed)
    stack_id = client(testbed, "cloudformation", runner.region).describe_stacks(StackName=runner.name)["Stacks"][0][
        "StackId"
    ]
    kept_buckets, names = buckets_of(testbed, runner), names_of(testbed, runner)
    assert (len(kept_buckets), len(names)) == (3, 2)
    refuse_to_delete(testbed, runner, CLUSTER)
    refused = stack(testbed, runner, state="absent", force=True)
    found = states(testbed, runner, stack_id)
    (cluster,) = (name for name, (kind, _state) in found.items() if kind == CLUSTER)
    assert found[cluster] == (CLUSTER, "DELETE_FAILED")
    assert "It is in use" in refused["msg"]
    assert f"gitpod_teardown_retain_resources: [{cluster}]" in refused["msg"]
    # Without it the next one fails in the same way; what the stack never had is told before anything is asked.
    assert f"gitpod_teardown_retain_resources: [{cluster}]" in stack(testbed, runner, state="absent", force=True)["msg"]
    typed_wrongly = stack(testbed, runner, state="absent", force=True, retain_resources=[cluster.lower()])
    assert f"has no resource {cluster.lower()}; nothing was changed" in typed_wrongly["msg"]

    gone = next(name for name, (_kind, state) in found.items() if state == "DELETE_COMPLETE")
    path = str(fleet.write_inventory(controller.directory / "fleet.yml"))
    said_no = {
        "gitpod_teardown_delete_buckets": "no",
        "gitpod_teardown_delete_environments": "0",
        "gitpod_dns_overwrite": "false",
        "gitpod_stack_allow_replacement": "",
    }
    told = {
        **said_no,
        "gitpod_teardown_confirm": runner.name,
        "gitpod_teardown_retain_resources": f"{cluster},{gone}",
    }
    extra = [part for name, value in told.items() for part in ("-e", f"{name}={value}")]
    plane = {"gitpod_api_endpoint": testbed.management_plane_url, "gitpod_api_token": testbed.api_token}
    run = controller.play(TEARDOWN, "-i", path, "--limit", runner.name, *extra, hosts={runner.name: plane})
    assert run.code == 0, run.output
    assert f"it leaves {cluster}, {gone} behind" in run.output
    assert states(testbed, runner, stack_id)[cluster] == (CLUSTER, "DELETE_SKIPPED")
    aws = client(testbed, "cloudformation", runner.region)
    assert aws.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert buckets_of(testbed, runner) == kept_buckets
    assert runner.id not in registered(testbed)


def test_mixed_change_sets_in_a_shell_are_told_and_left(controller: Controller) -> None:
    """Ours waits for approval, and somebody has put another beside it: executing or deleting would end theirs."""
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    aws = client(testbed, "cloudformation", runner.region)
    parameters = runner.parameters(fleet.tokens[runner.id])
    assert stack(testbed, runner, parameters=parameters, review=True)["operation"] == "review"
    theirs = {"StackName": runner.name, "ChangeSetName": "theirs"}
    aws.create_change_set(**theirs, ChangeSetType="CREATE", TemplateBody=json.dumps(UNRELATED), Tags=TEAM)
    aws.get_waiter("change_set_create_complete").wait(**theirs, WaiterConfig={"Delay": 1})
    found = owner(testbed, variables(testbed, runner))
    assert (found["status"], found["action"]) == ("fail", "wait")
    assert "team=payments" in found["summary"]
    assert "theirs), delete it in the console" in found["remediation"]
    testbed.clear_calls()
    for options in ({}, {"state": "absent", "force": True}, {"take_over": runner.name}, {"review": True}):
        refused = stack(testbed, runner, parameters=parameters, **options)
        assert "of the change set theirs" in refused["msg"], options
        assert "Choose another gitpod_stack_name" in refused["msg"]
    seen = torn_down(testbed, runner)["stack"]
    assert (seen["ours"], seen["empty"]) == (False, False)
    assert controller.writes() == []
    aws.delete_change_set(**theirs)
    assert stack(testbed, runner, parameters=parameters)["operation"] == "create"


def test_the_pending_request_of_a_former_runner_of_the_name_is_not_attached_to(controller: Controller) -> None:
    """It was registered anew within ACM's hour, in which equal tokens are answered with the first request."""
    testbed = controller.testbed
    _fleet, runner = one(testbed)

    def certified(runner_id: str, **options: t.Any) -> dict[str, t.Any]:
        given = {"name": runner.name, "runner_id": runner_id, "domain_name": runner.domain, **options}
        module = InProcessModule(testbed, runner_certificate.ARGUMENT_SPEC, runner.region, **given, timeout=5)
        return outcome(module, certificate.run)

    for entry in client(testbed, "acm", runner.region).list_certificates()["CertificateSummaryList"]:
        client(testbed, "acm", runner.region).delete_certificate(CertificateArn=entry["CertificateArn"])
    former = certified(OTHER_ID, wait=False)["certificate"]["arn"]
    own = certified(runner.id, wait=False)
    assert (own["requested"], own["certificate"]["arn"] != former) == (True, True)
    assert certified(runner.id, wait=False)["certificate"]["arn"] == own["certificate"]["arn"]
    gone = certified(runner.id, state="absent")
    assert gone["actions"] == [f"delete the certificate {own['certificate']['arn']}"]


def test_a_second_stack_with_the_runner_s_id_keeps_the_endpoint(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    fleet.deploy(testbed)
    made = shared_endpoint(testbed, runner)
    aws = client(testbed, "cloudformation", runner.region)
    aws.create_stack(
        StackName="console-made",
        TemplateBody=json.dumps({**UNRELATED, "Parameters": {"Id": {"Type": "String"}, "Vpc": {"Type": "String"}}}),
        Parameters=[
            {"ParameterKey": "Id", "ParameterValue": runner.id},
            {"ParameterKey": "Vpc", "ParameterValue": runner.vpc_id},
        ],
    )
    aws.get_waiter("stack_create_complete").wait(StackName="console-made", WaiterConfig={"Delay": 1})
    seen = torn_down(testbed, runner)
    (told,) = seen["endpoints"]
    assert told["shared_with"] == ["console-made"]
    plane = {"gitpod_api_token": testbed.api_token}
    assert no_registration(plane, seen) == "the stack console-made has this runner's ID and stays"
    left = shared_endpoint(testbed, runner, state="absent", also_used_by=told["also_used_by"])
    assert left["endpoint"]["id"] == made["endpoint"]["id"]
    assert left["endpoint"]["tags"]["gitpod:runner-name"] == "console-made"
    assert there(testbed, runner)[0] == [made["endpoint"]["id"]]
