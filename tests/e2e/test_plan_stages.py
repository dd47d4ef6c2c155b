# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records and endpoints that someone changed by hand: the whole look foresees the repair, and then nothing more."""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as privatelink
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import SERVICE_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation as route53
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_dns,
    runner_endpoint,
)
from tests.e2e.harness import READING, Controller
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.looking import prerequisites, stack_variables
from tests.e2e.test_modules import AP, STACK
from tests.e2e.test_plan import TAGS as STACK_TAGS
from tests.e2e.test_plan import Stack

AP_NAME, AP_REGION = "gitpod-ap-southeast-2", "ap-southeast-2"
GROUP_NAME = f"{AP_NAME}-management-plane"
TAGS = {"team": "platform", **ownership_tags(AP_NAME, None)}
STACK_ID = STACK["parameters"]["Runner ID"]


def look(controller: Controller, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """What runner_preflight_info returns."""
    found = prerequisites(controller.testbed, {str(variables["gitpod_runner_name"]): variables})
    assert "failed" not in found, found
    return found


def action(found: dict[str, t.Any], stage: str) -> str:
    return next(str(plan["action"]) for plan in found["plan"] if plan["stage"] == stage)


class Records:
    """The records of the runner in us-east-1, and what someone does to them by hand."""

    region = STACK["region"]

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.stack = Stack(controller, tags={**STACK_TAGS, **ownership_tags(STACK["name"], STACK_ID)})
        self.load_balancer = self.stack.run()["load_balancer"]
        self.options: dict[str, t.Any] = {}
        self.route53 = self.stack.module().client("route53")
        zones = self.route53.list_hosted_zones()["HostedZones"]
        self.zone = next(zone["Id"] for zone in zones if zone["Name"] == "gitpod.example.com.")

    def run(self) -> dict[str, t.Any]:
        options = {
            "domain_name": STACK["parameters"]["Domain Name"],
            "load_balancer_dns_name": self.load_balancer["dns_name"],
            "load_balancer_hosted_zone_id": self.load_balancer["canonical_hosted_zone_id"],
            **{name.removeprefix("dns_"): value for name, value in self.options.items()},
        }
        module = InProcessModule(self.controller.testbed, runner_dns.ARGUMENT_SPEC, self.region, **options)
        return outcome(module, route53.run)

    def look(self) -> dict[str, t.Any]:
        changes = {f"gitpod_{name}": value for name, value in self.options.items()}
        inventory = {**stack_variables(self.region, self.stack.options), "gitpod_runner_id": STACK_ID}
        return look(self.controller, {**inventory, **changes})

    def change(self, kind: str, record: dict[str, t.Any]) -> None:
        batch = {"Changes": [{"Action": kind, "ResourceRecordSet": record}]}
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=batch)

    def of(self, name: str) -> dict[str, t.Any]:
        found = self.route53.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return next(dict(record) for record in found if record["Name"] == name)


def wildcard_gone(records: Records) -> None:
    records.change("DELETE", records.of("\\052.us.gitpod.example.com."))


def both_gone(records: Records) -> None:
    wildcard_gone(records)
    records.change("DELETE", records.of("us.gitpod.example.com."))


def health_not_evaluated(records: Records) -> None:
    record = records.of("us.gitpod.example.com.")
    record["AliasTarget"]["EvaluateTargetHealth"] = False
    records.change("UPSERT", record)


def points_elsewhere(records: Records) -> None:
    records.options["dns_overwrite"] = True
    both_gone(records)
    plain = {"Name": "us.gitpod.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    records.change("CREATE", plain)


def another_kind(records: Records) -> None:
    records.options["dns_record_type"] = "cname"


def test_records_by_hand(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    records = Records(controller)
    first = records.look()
    assert action(first, "dns") == "create"
    # The inventory has no gitpod_domain_name: the stages are handed the one that is deployed.
    assert first["deployed"]["gitpod_domain_name"] == STACK["parameters"]["Domain Name"]
    assert records.run()["changed"] is True
    cases = {
        wildcard_gone: "create",
        both_gone: "create",
        health_not_evaluated: "update",
        points_elsewhere: "update",
        another_kind: "update",
    }
    for differ, expected in cases.items():
        controller.testbed.clear_calls()
        found = records.look()
        assert [plan["stage"] for plan in found["plan"] if plan["needed"]] == [], f"before {differ.__name__}"
        assert len(found["seen"]["dns"]["records"]) == 2
        assert controller.writes() == [], "looking writes nothing"
        differ(records)
        assert action(records.look(), "dns") == expected, differ.__name__
        repaired = records.run()
        assert repaired["changed"] is True, (differ.__name__, repaired)
        assert records.run()["changed"] is False, differ.__name__
    assert action(records.look(), "dns") == "nothing"


class Path:
    """The endpoint in ap-southeast-2 with the security group that is kept for it, and what someone does to them."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.options: dict[str, t.Any] = {}
        self.ec2 = self.module().client("ec2")

    def module(self) -> InProcessModule:
        options = {
            "name": AP_NAME,
            "vpc_id": AP["gitpod_vpc_id"],
            "subnet_ids": AP["gitpod_ec2_subnet_ids"],
            "security_group_name": GROUP_NAME,
            "tags": TAGS,
            "timeout": 30,
            **self.options,
        }
        return InProcessModule(self.controller.testbed, runner_endpoint.ARGUMENT_SPEC, AP_REGION, **options)

    @property
    def group(self) -> str:
        named = [{"Name": "group-name", "Values": [GROUP_NAME]}]
        return str(self.ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"])

    def run(self) -> dict[str, t.Any]:
        return outcome(self.module(), privatelink.run)

    def look(self) -> dict[str, t.Any]:
        return look(
            self.controller,
            {
                "gitpod_region": AP_REGION,
                "gitpod_runner_name": AP_NAME,
                "gitpod_vpc_id": AP["gitpod_vpc_id"],
                "gitpod_ec2_subnet_ids": AP["gitpod_ec2_subnet_ids"],
                "gitpod_privatelink_enabled": True,
                "gitpod_tags": {"team": "platform"},
                "gitpod_stack_template_url": STACK["template_url"],
                **{f"gitpod_privatelink_{name}": value for name, value in self.options.items()},
            },
        )

    @property
    def endpoints(self) -> list[dict[str, t.Any]]:
        """Of the management plane's service; the VPC has others."""
        found = self.ec2.describe_vpc_endpoints()["VpcEndpoints"]
        return [dict(entry) for entry in found if entry["ServiceName"] == SERVICE_NAME]

    @property
    def endpoint(self) -> dict[str, t.Any]:
        return next(entry for entry in self.endpoints if entry["State"].lower() not in ("deleting", "deleted"))

    def modify(self, **changes: t.Any) -> None:
        self.ec2.modify_vpc_endpoint(VpcEndpointId=self.endpoint["VpcEndpointId"], **changes)
        self.settle()

    def settle(self) -> None:
        deadline = time.monotonic() + 20
        while self.endpoint["State"] != "available" and time.monotonic() < deadline:
            time.sleep(0.1)


def another_group(path: Path) -> None:
    foreign = path.ec2.create_security_group(GroupName="other", Description="other", VpcId=AP["gitpod_vpc_id"])
    path.modify(AddSecurityGroupIds=[foreign["GroupId"]], RemoveSecurityGroupIds=[path.group])


def a_subnet_less(path: Path) -> None:
    path.modify(RemoveSubnetIds=AP["gitpod_ec2_subnet_ids"][:1])


def private_dns_off(path: Path) -> None:
    path.modify(PrivateDnsEnabled=False)


def tag_gone(path: Path) -> None:
    path.ec2.delete_tags(Resources=[path.endpoint["VpcEndpointId"]], Tags=[{"Key": "team"}])


def endpoint_gone(path: Path) -> None:
    path.ec2.delete_vpc_endpoints(VpcEndpointIds=[path.endpoint["VpcEndpointId"]])
    deadline = time.monotonic() + 20
    while path.endpoints and time.monotonic() < deadline:
        time.sleep(0.1)


def rules_gone(path: Path) -> None:
    present = path.ec2.describe_security_groups(GroupIds=[path.group])["SecurityGroups"][0]["IpPermissions"]
    path.ec2.revoke_security_group_ingress(GroupId=path.group, IpPermissions=present)


def rule_more(path: Path) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    path.ec2.authorize_security_group_ingress(GroupId=path.group, IpPermissions=[rule])


def group_tag_gone(path: Path) -> None:
    path.ec2.delete_tags(Resources=[path.group], Tags=[{"Key": "team"}])


def test_endpoints_by_hand(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=0.2)
    path = Path(controller)
    assert action(path.look(), "privatelink") == "create"
    assert path.run()["changed"] is True
    cases = {
        another_group: "update",
        a_subnet_less: "update",
        private_dns_off: "update",
        tag_gone: "update",
        rules_gone: "update",
        rule_more: "update",
        group_tag_gone: "update",
        endpoint_gone: "create",
    }
    for differ, expected in cases.items():
        controller.testbed.clear_calls()
        found = path.look()
        assert action(found, "privatelink") == "nothing", (f"before {differ.__name__}", found["plan"][2])
        assert found["seen"]["privatelink"]["endpoint"]["state"] == "available"
        assert all(call["operation"].startswith(READING) for call in controller.testbed.calls())
        differ(path)
        foreseen = path.look()
        assert action(foreseen, "privatelink") == expected, (differ.__name__, foreseen["plan"][2])
        assert "failed" not in path.run(), differ.__name__
        assert path.run()["changed"] is False, differ.__name__
    assert action(path.look(), "privatelink") == "nothing"
    beside_a_runner_that_was_deployed_by_hand(path)


def beside_a_runner_that_was_deployed_by_hand(path: Path) -> None:
    """The look foresees what the run does: it takes nothing away that the other may need, and says so."""
    aws = path.module().client("cloudformation")
    keys = {"RunnerID": "0193e7a1-0000-7000-8000-00000000beef", "VPC": AP["gitpod_vpc_id"]}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Parameters": {key: {"Type": "String"} for key in keys},
    }
    aws.create_stack(
        StackName="by-hand",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in keys.items()],
    )
    aws.get_waiter("stack_create_complete").wait(StackName="by-hand", WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})
    rule_more(path)
    path.options = {"private_dns_enabled": False}
    for told in ("by-hand in vpc-", "it is not known who else needs it (the stacks could not be listed"):
        foreseen = next(plan for plan in path.look()["plan"] if plan["stage"] == "privatelink")
        done = path.run()
        assert (foreseen["action"], done["changed"]) == ("nothing", False), (foreseen, done)
        assert foreseen["reasons"][1:] == done["left_alone"]
        assert len(done["left_alone"]) == 2
        assert all(told in line for line in done["left_alone"]), done["left_alone"]
        fault = {"service": "cloudformation", "operation": "DescribeStacks", "error": "AccessDenied"}
        path.controller.testbed.add_fault(**fault, message="no")
