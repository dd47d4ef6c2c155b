# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's life on the test bed: check, create, repeat, change, delete, repeat."""

from __future__ import annotations

import json
import time
import typing as t

import pytest
import yaml

from tests.e2e.harness import COLLECTION, ROOT, Controller, Module

pytestmark = pytest.mark.both_cores
INVENTORY = yaml.safe_load((ROOT / "examples/inventory.yml").read_text("utf-8"))["gitpod_runners"]["hosts"]
US, AP = INVENTORY["gitpod-us-east-1"], INVENTORY["gitpod-ap-southeast-2"]
STACK: dict[str, t.Any] = {
    "region": "us-east-1",
    "name": "gitpod-us-east-1",
    "template_url": "https://releases.gitpod.io/ec2/stable/gitpod-ec2-runner-enterprise.json",
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


def test_the_stacks_life(controller: Controller) -> None:
    stack = Module(controller, "runner_stack")
    info = Module(controller, "runner_stack_info")
    assert stack(STACK, check=True)["operation"] == "create"
    assert controller.writes() == []
    assert info({"region": "us-east-1", "name": STACK["name"]})["exists"] is False

    created = stack(STACK)
    assert created["changed"] is True, created
    assert created["load_balancer"]["scheme"] == "internet-facing"
    assert {"LoadBalancerDNS", "EnvironmentRoleArn", "InstanceProfileNameOutput"} <= set(created["outputs"])
    assert "one-time" not in json.dumps(created)
    assert stack(STACK)["changed"] is False

    found = info({"region": "us-east-1", "runner_id": US["gitpod_runner_id"], "include_resources": True})
    assert found["stack"]["name"] == STACK["name"]
    assert len(found["resources"]) > 50
    assert "one-time" not in json.dumps(found)

    larger = {**STACK, "parameters": {**STACK["parameters"], "Runner Size": "large"}}
    changed = stack(larger)
    assert (changed["operation"], changed["stack"]["status"]) == ("update", "UPDATE_COMPLETE")
    assert "RunnerTask" in {entry["logical_id"] for entry in changed["changes"]}

    absent = {"region": "us-east-1", "name": STACK["name"], "state": "absent", "progress_interval": 0}
    assert "force=true" in stack(absent)["msg"]
    gone = stack({**absent, "force": True})
    assert gone["changed"] is True
    assert {entry["type"] for entry in gone["kept_resources"]} == {"AWS::S3::Bucket"}
    assert stack(absent)["changed"] is False


def test_the_records_life(controller: Controller) -> None:
    dns = Module(controller, "runner_dns")
    assert dns(DNS, check=True)["changed"] is True
    assert controller.writes() == []
    created = dns(DNS)
    assert [record["name"] for record in created["records"]] == ["*.us.gitpod.example.com", "us.gitpod.example.com"]
    assert dns(DNS)["changed"] is False
    controller.testbed.clear_calls()
    switched = dns({**DNS, "record_type": "cname"})
    assert {record["type"] for record in switched["records"]} == {"CNAME"}
    assert controller.writes() == ["route53:ChangeResourceRecordSets"], "one batch, or users see an outage"
    other = {**DNS, "record_type": "cname", "load_balancer_dns_name": "b-2.elb.us-east-1.amazonaws.com"}
    assert "point elsewhere" in dns(other)["msg"]
    assert dns({**other, "overwrite": True})["changed"] is True
    absent = {"region": "us-east-1", "domain_name": DNS["domain_name"], "state": "absent"}
    assert dns({**absent, "load_balancer_dns_name": DNS["load_balancer_dns_name"]})["changed"] is False
    removed = {**absent, "load_balancer_dns_name": other["load_balancer_dns_name"]}
    assert dns(removed)["changed"] is True
    assert dns(removed)["records"] == []


def test_the_endpoints_life(controller: Controller) -> None:
    endpoint = Module(controller, "runner_endpoint")
    assert endpoint(ENDPOINT, check=True)["changed"] is True
    assert controller.writes() == []
    created = endpoint(ENDPOINT)
    assert created["endpoint"]["state"] == "available", created
    assert "app.gitpod.io" in created["endpoint"]["dns_entries"]
    assert endpoint(ENDPOINT)["changed"] is False
    fewer = {**ENDPOINT, "subnet_ids": ENDPOINT["subnet_ids"][:1]}
    changed = endpoint(fewer)
    assert changed["endpoint"]["subnet_ids"] == ENDPOINT["subnet_ids"][:1]
    assert changed["endpoint"]["id"] == created["endpoint"]["id"]
    absent = {key: ENDPOINT[key] for key in ("region", "name", "vpc_id")} | {"state": "absent"}
    assert endpoint(absent)["changed"] is True
    assert endpoint(absent)["changed"] is False


def test_what_is_wrong_with_a_runner_is_told(controller: Controller) -> None:
    assert controller.play(f"{COLLECTION}.site", "--limit", "gitpod-us-east-1").code == 0
    health = Module(controller, "runner_health_info")
    variables = controller.extra_variables()
    options = {
        "domain_name": "us.gitpod.example.com",
        "resolvers": variables["gitpod_resolvers"],
        "port": variables["gitpod_verify_port"],
        "ca_path": variables["gitpod_verify_ca_path"],
        "timeout": 5,
    }
    assert health(options)["healthy"] is True
    for mode, expected in (("unhealthy", "health."), ("wrong_certificate", "tls.names"), ("refuse", "tls.")):
        controller.testbed.control("POST", "https", {"domain": "us.gitpod.example.com", "mode": mode})
        time.sleep(0.5)
        found = health(options)
        failed = [check for check in found["checks"] if check["status"] == "fail"]
        assert found["healthy"] is False, mode
        assert any(check["id"].startswith(expected) for check in failed), (mode, failed)
        assert all(check["remediation"] for check in failed)
