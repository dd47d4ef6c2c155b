# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's life on the test bed: check, create, repeat, change, delete, repeat."""

from __future__ import annotations

import json
import typing as t

import yaml

from tests.e2e.harness import ROOT, Controller, Step, run_steps

INVENTORY = yaml.safe_load((ROOT / "examples/inventory.yml").read_text("utf-8"))["gitpod_runners"]["hosts"]
US, AP = INVENTORY["gitpod-us-east-1"], INVENTORY["gitpod-ap-southeast-2"]
STACK: dict[str, t.Any] = {
    "region": "us-east-1",
    "name": "gitpod-us-east-1",
    "template_url": "https://releases.gitpod.io/ec2/releases/20260105.12/gitpod-ec2-runner-enterprise-fargate-private-ecr.json",
    "parameters": {
        "Runner ID": US["gitpod_runner_id"],
        "VPC": US["gitpod_vpc_id"],
        "Availability Zones": US["gitpod_availability_zones"],
        "EC2 Instances Subnet": US["gitpod_ec2_subnet_ids"],
        "Loadbalance Subnets": US["gitpod_load_balancer_subnet_ids"],
        "Load Balancer Visibility": "internet-facing",
        "Domain Name": US["gitpod_domain_name"],
        "Certificate ARN": US["gitpod_certificate_arn"],
    },
    "secret_parameters": {"Exchange Token": "one-time"},
    "progress_interval": 0,
}
DNS: dict[str, t.Any] = {
    "region": "us-east-1",
    "domain_name": "us.gitpod.example.com",
    "load_balancer_dns_name": "a-1.elb.us-east-1.amazonaws.com",
    "load_balancer_hosted_zone_id": "Z26RNL4JYFTOTI",
}
ENDPOINT: dict[str, t.Any] = {
    "region": "ap-southeast-2",
    "name": "gitpod-ap-southeast-2",
    "vpc_id": AP["gitpod_vpc_id"],
    "subnet_ids": AP["gitpod_ec2_subnet_ids"],
    "tags": {"gitpod:managed-by": "gitpod.enterprise_runner"},
}


def test_check_mode_writes_nothing(controller: Controller) -> None:
    stack, info, dns, endpoint = run_steps(
        controller,
        Step("runner_stack", STACK, check=True),
        Step("runner_stack_info", {"region": "us-east-1", "name": STACK["name"]}),
        Step("runner_dns", DNS, check=True),
        Step("runner_endpoint", ENDPOINT, check=True),
    )
    assert (stack["operation"], stack["changed"]) == ("create", True)
    assert info["exists"] is False
    assert dns["changed"] is True
    assert endpoint["changed"] is True
    assert controller.writes() == []


def test_the_stacks_life(controller: Controller) -> None:
    larger = {**STACK, "parameters": {**STACK["parameters"], "Runner Size": "large"}}
    absent = {"region": "us-east-1", "name": STACK["name"], "state": "absent", "progress_interval": 0}
    by_runner = {"region": "us-east-1", "runner_id": US["gitpod_runner_id"], "include_resources": True}
    created, again, found, changed, refused, gone, still = run_steps(
        controller,
        Step("runner_stack", STACK),
        Step("runner_stack", STACK),
        Step("runner_stack_info", by_runner),
        Step("runner_stack", larger),
        Step("runner_stack", absent),
        Step("runner_stack", {**absent, "force": True}),
        Step("runner_stack", absent),
    )
    assert created["changed"] is True, created
    assert created["load_balancer"]["scheme"] == "internet-facing"
    assert {"LoadBalancerDNS", "EnvironmentRoleArn", "InstanceProfileNameOutput"} <= set(created["outputs"])
    assert again["changed"] is False
    assert found["stack"]["name"] == STACK["name"]
    assert len(found["resources"]) > 50
    assert "one-time" not in json.dumps([created, again, found, changed])
    assert (changed["operation"], changed["stack"]["status"]) == ("update", "UPDATE_COMPLETE")
    assert "RunnerTask" in {entry["logical_id"] for entry in changed["changes"]}
    assert "force=true" in refused["msg"]
    assert gone["changed"] is True
    assert {entry["type"] for entry in gone["kept_resources"]} == {"AWS::S3::Bucket"}
    assert still["changed"] is False


def test_the_records_life(controller: Controller) -> None:
    controller.testbed.add_load_balancers(DNS["load_balancer_dns_name"])
    other = {**DNS, "record_type": "cname", "load_balancer_dns_name": "b-2.elb.us-east-1.amazonaws.com"}
    absent = {"region": "us-east-1", "domain_name": DNS["domain_name"], "state": "absent"}
    removed = {**absent, "load_balancer_dns_name": other["load_balancer_dns_name"]}
    created, again, switched, conflict, replaced, foreign, gone, still = run_steps(
        controller,
        Step("runner_dns", DNS),
        Step("runner_dns", DNS),
        Step("runner_dns", {**DNS, "record_type": "cname"}),
        Step("runner_dns", other),
        Step("runner_dns", {**other, "overwrite": True}),
        Step("runner_dns", {**absent, "load_balancer_dns_name": DNS["load_balancer_dns_name"]}),
        Step("runner_dns", removed),
        Step("runner_dns", removed),
    )
    assert created["changed"] is True
    assert [record["name"] for record in created["records"]] == ["*.us.gitpod.example.com", "us.gitpod.example.com"]
    assert again["changed"] is False
    assert {record["type"] for record in switched["records"]} == {"CNAME"}
    assert "point elsewhere" in conflict["msg"]
    assert replaced["changed"] is True
    assert foreign["changed"] is False
    assert gone["changed"] is True
    assert still["changed"] is False
    assert still["records"] == []
    # One batch each for creating, switching, replacing and removing, or users see an outage.
    assert controller.writes() == ["route53:ChangeResourceRecordSets"] * 4


def test_the_endpoints_life(controller: Controller) -> None:
    fewer = {**ENDPOINT, "subnet_ids": ENDPOINT["subnet_ids"][:1]}
    absent = {key: ENDPOINT[key] for key in ("region", "name", "vpc_id")} | {"state": "absent"}
    created, again, changed, gone, still = run_steps(
        controller,
        Step("runner_endpoint", ENDPOINT),
        Step("runner_endpoint", ENDPOINT),
        Step("runner_endpoint", fewer),
        Step("runner_endpoint", absent),
        Step("runner_endpoint", absent),
    )
    assert created["endpoint"]["state"] == "available", created
    assert "app.gitpod.io" in created["endpoint"]["dns_entries"]
    assert again["changed"] is False
    assert changed["endpoint"]["subnet_ids"] == ENDPOINT["subnet_ids"][:1]
    assert changed["endpoint"]["id"] == created["endpoint"]["id"]
    assert gone["changed"] is True
    assert still["changed"] is False
