# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks made by hand become an inventory without secrets, and site.yml with it changes nothing but tags."""

from __future__ import annotations

import json
import pathlib
import time
import typing as t

import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import finding
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_adopt_info
from tests.e2e.harness import Controller, Run
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.test_teardown import add_endpoint
from tests.executed import executes
from tests.fleet import Fleet, Runner, _point, client
from tests.reader import Reader

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

ADOPT = "ansible-playbook gitpod.enterprise_runner.adopt -e gitpod_adopt_regions=eu-central-1,us-east-1"
SITE = "ansible-playbook gitpod.enterprise_runner.site -i gitpod-inventory/hosts.yml"
PASSWORD = "hunter2-s3cr3t"
MORE = {
    "EgressPlain": f"http://proxyuser:{PASSWORD}@proxy.example.com:3128",
    "EgressExceptions": ".internal,169.254.0.0/16,app.gitpod.io,.amazonaws.com",
    "TrustBundle": "{{resolve:ssm:/gitpod/ca-certificate}}",
    "RunnerSize": "large",
}


def by_hand(testbed: TestBed, fleet: Fleet, runner: Runner, more: dict[str, str]) -> None:
    """A stack from the console: no tags, no protection."""
    values = {**runner.parameters(fleet.tokens[runner.id]), **more}
    client(testbed, "cloudformation", runner.region).create_stack(
        StackName=runner.name,
        TemplateURL=testbed.template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )


def stack_of(testbed: TestBed, runner: Runner) -> dict[str, t.Any]:
    found: dict[str, t.Any] = client(testbed, "cloudformation", runner.region).describe_stacks(StackName=runner.name)[
        "Stacks"
    ][0]
    return found


def physical_ids(testbed: TestBed, runner: Runner) -> dict[str, str]:
    pages = client(testbed, "cloudformation", runner.region).get_paginator("list_stack_resources")
    return {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages.paginate(StackName=runner.name)
        for entry in page["StackResourceSummaries"]
    }


def host(directory: pathlib.Path, name: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = yaml.safe_load((directory / f"host_vars/{name}.yml").read_text("utf-8"))
    return found


def says_what_there_is(directory: pathlib.Path, one: Runner, two: Runner, group: str) -> None:
    """The files of both hosts, the second of which has an endpoint with this security group."""
    found = host(directory, one.name)
    expected = one.variables()
    assert {key: found[key] for key in expected} == expected
    assert found["gitpod_custom_ca"] == "ssm:/gitpod/ca-certificate"
    assert found["gitpod_stack_parameters"] == {"Runner Size": "large"}
    assert found["gitpod_stack_termination_protection"] is False
    assert found["gitpod_stack_take_over"] == one.name
    assert "gitpod_http_proxy" not in found
    assert "HTTP Proxy holds a user or a password" in (directory / f"host_vars/{one.name}.yml").read_text("utf-8")
    other = host(directory, two.name)
    assert other["gitpod_privatelink_enabled"] is True
    assert other["gitpod_privatelink_security_group_ids"] == [group]


@executes(
    ADOPT,
    SITE,
    f"{SITE} --check --diff",
    "ansible-playbook gitpod.enterprise_runner.upgrade -i gitpod-inventory/hosts.yml",
)
def test_site_with_the_adopted_inventory_changes_nothing_but_tags(controller: Controller) -> None:
    testbed = controller.testbed
    # Of the two regions that the pages name.
    fleet = Fleet((Runner(0), Runner(5), Runner(21)))
    fleet.seed(testbed)
    one, two, managed = fleet.runners
    certificate = pathlib.Path(testbed.ca_file).read_text("utf-8")
    client(testbed, "ssm", one.region).put_parameter(Name="/gitpod/ca-certificate", Type="String", Value=certificate)
    by_hand(testbed, fleet, one, MORE)
    by_hand(testbed, fleet, two, {})
    fleet._create(testbed, managed, "", {})
    for runner in fleet.runners:
        _point(testbed, runner, time.monotonic() + 60)
    endpoint, group = add_endpoint(testbed, two, "made-by-hand", {"team": "network"})
    before = {runner.name: (stack_of(testbed, runner), physical_ids(testbed, runner)) for runner in (one, two)}
    testbed.clear_calls()

    directory = controller.directory / "gitpod-inventory"
    reader = Reader(controller.directory, controller.environment())
    # As in a controller's job, whose files go with it.
    answers = {**controller.extra_variables(), "awx_job_id": 7}
    (controller.directory / "testbed.json").write_text(json.dumps(answers), "utf-8")
    reader.laid_over = "-e @testbed.json"

    def run(text: str) -> Run:
        answer = reader.types(text)
        assert answer.code == 0, answer.output
        return Run(answer.code, answer.output, controller.artifacts)

    adopted = run(ADOPT)
    assert controller.writes() == []
    assert "2 runners found" in adopted.output
    assert "gone with the job; the inventory stays where gitpod_report_upload names a place" in adopted.output
    assert sorted(path.name for path in (directory / "host_vars").iterdir()) == [f"{two.name}.yml", f"{one.name}.yml"]
    texts = [adopted.output, *(path.read_text("utf-8") for path in directory.rglob("*.yml"))]
    for secret in (PASSWORD, fleet.tokens[one.id], fleet.tokens[two.id]):
        assert [text for text in texts if secret in text] == []

    says_what_there_is(directory, one, two, group)
    testbed.clear_calls()
    run(SITE)
    assert {write.split(":")[1] for write in controller.writes()} <= {"CreateChangeSet", "ExecuteChangeSet"}
    for runner in (one, two):
        stack, resources = before[runner.name]
        now = stack_of(testbed, runner)
        assert {entry["Key"]: entry["Value"] for entry in now["Tags"]}.items() >= runner.tags().items()
        assert now["Parameters"] == stack["Parameters"]
        assert now["EnableTerminationProtection"] is False
        assert physical_ids(testbed, runner) == resources
    again = run(f"{SITE} --check --diff")
    assert again.changed == 0
    assert again.report(two.name)["endpoint"]["id"] == endpoint
    upgraded = run("ansible-playbook gitpod.enterprise_runner.upgrade -i gitpod-inventory/hosts.yml")
    assert {upgraded.report(runner.name)["stack"]["release_version"] for runner in (one, two)} == {"20260105.12"}


def test_what_is_no_runner_is_left_out_and_names_are_checked(controller: Controller) -> None:
    testbed = controller.testbed
    fleet = Fleet.of(1)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    (runner,) = fleet.runners
    other = '{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup"}}, "Outputs": {"LoadBalancerDNS": {"Value": "x"},'
    other += ' "EnvironmentRoleArn": {"Value": "y"}}}'
    client(testbed, "cloudformation", runner.region).create_stack(StackName="no-runner", TemplateBody=other)

    def adopt(**options: t.Any) -> dict[str, t.Any]:
        return outcome(InProcessModule(testbed, runner_adopt_info.ARGUMENT_SPEC, runner.region, **options), finding.run)

    assert adopt()["runners"] == []
    everything = adopt(include_managed=True)["runners"]
    assert [entry["stack"] for entry in everything] == [runner.name]
    assert everything[0]["variables"]["gitpod_dns_provider"] == "route53"
    assert "gitpod_stack_take_over" not in everything[0]["variables"], "it has this collection's tags already"
    assert "not a runner's" in adopt(names=["no-runner"])["msg"]
    assert "There is no stack nothing" in adopt(names=["nothing"])["msg"]
    testbed.add_fault(service="route53", operation="ListHostedZones", error="AccessDenied", status=403)
    notes = adopt(include_managed=True)["runners"][0]["notes"]
    assert any("the zones could not be read (AccessDenied)" in note for note in notes)
