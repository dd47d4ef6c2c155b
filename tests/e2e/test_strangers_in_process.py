# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things of strangers in the place of a runner's: each is told, and nothing of it is changed, taken or deleted."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import finding as adopt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import operation as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import buckets, look
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_adopt_info,
    runner_certificate,
    runner_endpoint,
    runner_registration,
    runner_retained_buckets,
    runner_stack,
    runner_teardown_info,
)
from tests.e2e import looking
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_ownership_in_process import UNRELATED, one, owner, status, variables
from tests.fleet import client

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller
    from tests.fleet import Fleet, Runner
    from tests.testbed.client import TestBed

TEAM = [{"Key": "team", "Value": "payments"}]
OTHER_ID = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5cff"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


def stack(testbed: TestBed, runner: Runner, **options: t.Any) -> dict[str, t.Any]:
    """What runner_stack does about the runner's stack."""
    usual = {"name": runner.name, "runner_name": runner.name, "runner_id": runner.id}
    module = InProcessModule(
        testbed, runner_stack.ARGUMENT_SPEC, runner.region, template_url=testbed.template_url, **{**usual, **options}
    )
    return outcome(module, result.run)


def torn_down(testbed: TestBed, runner: Runner, **options: t.Any) -> dict[str, t.Any]:
    """What a teardown sees."""
    usual = {"name": runner.name, "runner_id": runner.id}
    module = InProcessModule(testbed, runner_teardown_info.ARGUMENT_SPEC, runner.region, **{**usual, **options})
    return outcome(module, look.run)


def by_hand(testbed: TestBed, fleet: Fleet, name: str, **parameters: str) -> None:
    """A stack of a runner from the console, in the first runner's region."""
    (runner,) = fleet.runners
    values = {**runner.parameters(fleet.tokens[runner.id]), **parameters}
    aws = client(testbed, "cloudformation", runner.region)
    aws.create_stack(
        StackName=name,
        TemplateURL=testbed.template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=CAPABILITIES,
    )
    aws.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


@pytest.mark.parametrize(("on_failure", "state"), [("DO_NOTHING", "CREATE_FAILED"), ("ROLLBACK", "ROLLBACK_COMPLETE")])
def test_an_unrelated_stack_whose_creation_failed_is_not_deleted(
    controller: Controller, on_failure: str, state: str
) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    _fleet, runner = one(testbed)
    aws = client(testbed, "cloudformation", runner.region)
    order = {"resource_type": "AWS::SQS::Queue", "operation": "CREATE", "reason": "No"}
    testbed.fail_resource(region=runner.region, stack_name=runner.name, **order)
    aws.create_stack(StackName=runner.name, TemplateBody=json.dumps(UNRELATED), Tags=TEAM, OnFailure=on_failure)
    for _look in range(200):
        if aws.describe_stacks(StackName=runner.name)["Stacks"][0]["StackStatus"] == state:
            break
    raw = variables(testbed, runner)
    found = owner(testbed, raw)
    assert (found["status"], found["action"]) == ("fail", "wait")
    assert f"{runner.name} ({state}) is not a runner's that is known" in found["summary"]
    testbed.clear_calls()
    for options in ({}, {"recreate_failed": True}, {"take_over": runner.name}, {"state": "absent", "force": True}):
        assert "nothing was changed" in stack(testbed, runner, **options)["msg"]
    assert controller.writes() == []


def test_a_console_made_stack_of_another_runner_is_told_in_the_prerequisites(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    by_hand(testbed, fleet, runner.name, InstallationKey=OTHER_ID)
    for named in ({}, {"gitpod_stack_take_over": runner.name}):
        found = owner(testbed, {**variables(testbed, runner), **named})
        assert (found["status"], found["action"]) == ("fail", "wait")
        assert f"belongs to the runner {OTHER_ID}" in found["summary"]
    seen = torn_down(testbed, runner, take_over=runner.name)["stack"]
    assert (seen["ours"], seen["was_here"]) == (False, False)


def test_what_waits_for_somebody_s_approval_is_not_made_obsolete(controller: Controller) -> None:
    """CreateStack and ExecuteChangeSet end every other change set of the stack."""
    testbed = controller.testbed
    _fleet, runner = one(testbed)
    aws = client(testbed, "cloudformation", runner.region)
    name = {"StackName": runner.name, "ChangeSetName": "ours-to-approve"}
    aws.create_change_set(**name, ChangeSetType="CREATE", TemplateBody=json.dumps(UNRELATED), Tags=TEAM)
    aws.get_waiter("change_set_create_complete").wait(**name, WaiterConfig={"Delay": 1})
    found = owner(testbed, variables(testbed, runner))
    assert (found["status"], found["action"]) == ("fail", "wait")
    assert "of the change set ours-to-approve" in found["summary"]
    testbed.clear_calls()
    for options in ({}, {"state": "absent", "force": True}, {"runner_name": None, "runner_id": None}):
        assert "nothing was changed" in stack(testbed, runner, **options)["msg"]
    assert controller.writes() == []
    assert aws.describe_change_set(**name)["ExecutionStatus"] == "AVAILABLE"
    aws.delete_change_set(**name)
    assert owner(testbed, variables(testbed, runner))["status"] == "pass", "an empty shell is nobody's"


def test_a_copied_inventory_takes_neither_stack_nor_endpoint(controller: Controller) -> None:
    """Everything was copied but the host's name: the ID, the name of the stack, and its taking over."""
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    fleet.deploy(testbed)
    made = shared_endpoint(testbed, runner)
    assert made["changed"], made
    testbed.clear_calls()
    copied = {"gitpod_runner_name": "copy", "gitpod_stack_name": runner.name, "gitpod_stack_take_over": runner.name}
    found = owner(testbed, {**variables(testbed, runner), **copied, "gitpod_domain_name": "copy.gitpod.example.com"})
    assert (found["status"], found["action"]) == ("fail", "wait")
    assert f"belongs to the runner {runner.name}" in found["summary"]
    assert f"gitpod_runner_name: {runner.name}" in found["remediation"]
    for options in ({}, {"take_over": runner.name}, {"state": "absent", "force": True, "take_over": runner.name}):
        refused = stack(testbed, runner, runner_name="copy", **options)
        assert f"belongs to the runner {runner.name}" in refused["msg"], options
    told = shared_endpoint(testbed, runner, name="copy")
    assert f"is that of the runner {runner.name}" in told["msg"]
    assert not shared_endpoint(testbed, runner, name="copy", state="absent")["changed"]
    seen = torn_down(testbed, runner, runner_name="copy", take_over=runner.name)
    assert (seen["stack"]["ours"], seen["endpoints"], seen["security_groups"]) == (False, [], [])
    assert controller.writes() == []


def shared_endpoint(testbed: TestBed, runner: Runner, **options: t.Any) -> dict[str, t.Any]:
    """What runner_endpoint does for the runner's VPC."""
    usual: dict[str, t.Any] = {
        "name": runner.name,
        "runner_id": runner.id,
        "vpc_id": runner.vpc_id,
        "subnet_ids": runner.subnet_ids("environments"),
        "security_group_name": f"{runner.name}-management-plane",
        "timeout": 20,
    }
    module = InProcessModule(testbed, runner_endpoint.ARGUMENT_SPEC, runner.region, **{**usual, **options})
    return outcome(module, endpoint.run)


def test_a_teardown_leaves_the_endpoint_to_a_runner_whose_stack_is_in_the_vpc(controller: Controller) -> None:
    """Private DNS serves everybody in the VPC; who was deployed by hand has no tag that says so."""
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    fleet.deploy(testbed)
    made = shared_endpoint(testbed, runner)
    alone = torn_down(testbed, runner)
    assert [entry["shared_with"] for entry in alone["endpoints"]] == [[]]
    by_hand(testbed, fleet, "by-hand", InstallationKey=OTHER_ID)
    (told,) = torn_down(testbed, runner)["endpoints"]
    (group,) = torn_down(testbed, runner)["security_groups"]
    assert (told["shared_with"], group["shared_with"]) == (["by-hand"], ["by-hand"])
    assert told["also_used_by"] == [{"name": "by-hand", "id": OTHER_ID}]
    left = shared_endpoint(testbed, runner, state="absent", also_used_by=told["also_used_by"])
    assert (left["endpoint"]["id"], left["shared_with"]) == (made["endpoint"]["id"], ["by-hand"])
    assert left["endpoint"]["subnet_ids"] == made["endpoint"]["subnet_ids"], "what the other needs is not known"
    assert left["security_group"]["rules"] == made["security_group"]["rules"]
    assert left["endpoint"]["tags"]["gitpod:runner-name"] == "by-hand"
    assert torn_down(testbed, runner)["endpoints"] == []


def test_an_endpoint_stays_with_a_stack_that_is_not_taken_over(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    by_hand(testbed, fleet, runner.name)
    shared_endpoint(testbed, runner)
    stays = torn_down(testbed, runner)
    assert (stays["stack"]["relation"], stays["endpoints"], stays["security_groups"]) == ("by_hand", [], [])
    goes = torn_down(testbed, runner, take_over=runner.name)
    assert (goes["stack"]["ours"], len(goes["endpoints"]), len(goes["security_groups"])) == (True, 1, 1)


def test_a_bucket_of_a_stranger_with_the_name_of_one_that_was_left_stays(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    fleet.deploy(testbed)
    assert stack(testbed, runner, state="absent", force=True)["changed"]
    s3 = client(testbed, "s3", runner.region)

    def cleaning(**options: t.Any) -> list[dict[str, t.Any]]:
        options = {"name": runner.name, "runner_id": runner.id, **options}
        module = InProcessModule(testbed, runner_retained_buckets.ARGUMENT_SPEC, runner.region, **options)
        found: list[dict[str, t.Any]] = outcome(module, buckets.run)["buckets"]
        return found

    anew, imported, kept = (entry["name"] for entry in cleaning())
    s3.delete_bucket(Bucket=anew)
    where = {} if runner.region == "us-east-1" else {"LocationConstraint": runner.region}
    s3.create_bucket(Bucket=anew, **({"CreateBucketConfiguration": where} if where else {}))
    s3.put_object(Bucket=anew, Key="theirs", Body=b"x")
    # Who imports a bucket into another stack has CloudFormation tag it anew.
    tag = {"Key": "aws:cloudformation:stack-id", "Value": "arn:aws:cloudformation:us-east-1:1:stack/theirs/1"}
    s3.put_bucket_tagging(Bucket=imported, Tagging={"TagSet": [tag]})
    assert [entry["name"] for entry in cleaning()] == [kept]
    assert [entry["name"] for entry in torn_down(testbed, runner)["retained_buckets"]] == [kept]
    testbed.add_fault(service="s3", operation="GetBucketTagging", error="AccessDenied", status=403)
    unsure = {entry["name"]: entry["ours"] for entry in cleaning(state="absent")}
    assert unsure == dict.fromkeys((anew, imported, kept), False)
    testbed.control("DELETE", "faults")
    cleaning(state="absent")
    assert {entry["Name"] for entry in s3.list_buckets()["Buckets"]} & {anew, imported, kept} == {anew, imported}


def test_a_certificate_that_another_load_balancer_serves_stays(controller: Controller) -> None:
    testbed = controller.testbed
    _fleet, runner = one(testbed)
    acm, elb = client(testbed, "acm", runner.region), client(testbed, "elbv2", runner.region)
    arn = acm.request_certificate(
        DomainName=runner.domain,
        SubjectAlternativeNames=[runner.domain, f"*.{runner.domain}"],
        ValidationMethod="DNS",
        Tags=[{"Key": key, "Value": value} for key, value in runner.tags().items()],
    )["CertificateArn"]
    (balancer,) = elb.create_load_balancer(Name="theirs", Subnets=runner.subnet_ids("environments"), Type="network")[
        "LoadBalancers"
    ]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="TLS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:x:1:targetgroup/t/1"}],
    )["Listeners"][0]["ListenerArn"]
    options: dict[str, t.Any] = {
        "name": runner.name,
        "runner_id": runner.id,
        "domain_name": runner.domain,
        "state": "absent",
    }

    def absent(**more: t.Any) -> dict[str, t.Any]:
        module = InProcessModule(testbed, runner_certificate.ARGUMENT_SPEC, runner.region, **options, **more)
        return outcome(module, certificate.run)

    left = absent(load_balancer_arn="arn:aws:elasticloadbalancing:x:1:loadbalancer/net/own/1")
    assert (left["changed"], left["actions"]) == (False, [])
    assert balancer["LoadBalancerArn"] in left["left_alone"][0]
    elb.delete_listener(ListenerArn=listener)
    gone = absent()
    assert gone["actions"] == [f"delete the certificate {arn}"]
    assert gone["reasons"] == [f"its tag gitpod:runner-id is {runner.id}"]


def test_the_registration_of_a_runner_that_runs_elsewhere_stays(controller: Controller) -> None:
    """The ID was copied into another account's inventory: no stack is seen there, but the management plane has one."""
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    fleet.deploy(testbed)
    options: dict[str, t.Any] = {
        "api_url": testbed.management_plane_url,
        "api_token": testbed.api_token,
        "ca_path": testbed.ca_file,
        "name": "copy",
        "runner_id": runner.id,
        "region": runner.region,
        "state": "absent",
    }

    def absent(**more: t.Any) -> dict[str, t.Any]:
        given = {**options, **more}
        region = given.pop("region")
        module = InProcessModule(testbed, runner_registration.ARGUMENT_SPEC, region, **given)
        module.params["region"] = region
        return outcome(module, registration.run)

    assert "so its stack exists" in absent()["msg"]
    assert "nothing was changed" in absent(region="sa-east-1", stack_exists=False)["msg"], "a runner never moves"
    assert absent(stack_exists=False)["reason"] == f"its ID is {runner.id}"


def test_an_alias_record_that_was_found_is_planned_as_nothing(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    fleet.deploy(testbed)
    module = InProcessModule(testbed, runner_adopt_info.ARGUMENT_SPEC, runner.region, include_managed=True)
    (found,) = outcome(module, adopt.run)["runners"]
    written = found["variables"]
    assert written["gitpod_dns_provider"] == "route53"
    assert "gitpod_dns_record_type" not in written, "an alias is what the stage makes by itself"
    raw = {**written, "gitpod_runner_name": runner.name, "gitpod_stack_template_url": testbed.template_url}
    planned = {entry["stage"]: entry for entry in looking.prerequisites(testbed, {runner.name: raw})["plan"]}
    assert (planned["dns"]["action"], planned["dns"]["needed"]) == ("nothing", False), planned["dns"]


def test_a_stack_that_was_taken_over_is_adopted_under_the_name_of_its_tags(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.2)
    fleet, runner = one(testbed)
    by_hand(testbed, fleet, "by-hand")
    assert stack(testbed, runner, take_over="by-hand")["stack"]["name"] == "by-hand"
    module = InProcessModule(testbed, runner_adopt_info.ARGUMENT_SPEC, runner.region, include_managed=True)
    (found,) = outcome(module, adopt.run)["runners"]
    written = {**found["variables"], "gitpod_stack_template_url": testbed.template_url}
    assert owner(testbed, written)["status"] == "pass"
    assert status(testbed, variables(testbed, runner, **{name: written[name] for name in TAKEN}))["name"] == "by-hand"


TAKEN = ("gitpod_runner_name", "gitpod_stack_name")
