# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner with PrivateLink on the test bed, everything that can break of it, and the module that looks at it."""

from __future__ import annotations

import contextlib
import json
import typing as t

import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_endpoint,
    runner_stack,
)
from tests.e2e.harness import EXAMPLE, ROOT
from tests.e2e.in_process import InProcessModule, outcome
from tests.e2e.looking import verification

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testbed.client import TestBed

Result = dict[str, t.Any]
REGION, NAME = "ap-southeast-2", "gitpod-ap-southeast-2"
HOSTS = yaml.safe_load(EXAMPLE.read_text("utf-8"))["gitpod_runners"]["hosts"]
HOST = HOSTS[NAME]
TEMPLATE = ROOT / "tests/testbed/template/gitpod-ec2-runner-enterprise-fargate-private-ecr.json"


class Bed:
    """A deployed runner with its endpoint, and the module that looks at it."""

    def __init__(self, testbed: TestBed) -> None:
        self.testbed = testbed
        self.endpoint_id = ""

    def client(self, service: str) -> t.Any:
        """Someone else's."""
        return InProcessModule(self.testbed, {}, REGION).client(service)

    def deploy(self) -> None:
        """The stack with its exchange token, and the endpoint."""
        options: Result = {
            "name": NAME,
            "template_url": self.testbed.template_url,
            "parameters": {
                "Runner ID": HOST["gitpod_runner_id"],
                "VPC": HOST["gitpod_vpc_id"],
                "Availability Zones": HOST["gitpod_availability_zones"],
                "EC2 Instances Subnet": HOST["gitpod_ec2_subnet_ids"],
                "Loadbalance Subnets": HOST["gitpod_load_balancer_subnet_ids"],
                "Load Balancer Visibility": "internal",
                "Domain Name": HOST["gitpod_domain_name"],
                "Certificate ARN": HOST["gitpod_certificate_arn"],
            },
            "secret_parameters": {"Exchange Token": self.testbed.exchange_tokens[REGION]},
        }
        made = outcome(InProcessModule(self.testbed, runner_stack.ARGUMENT_SPEC, REGION, **options), stack.run)
        assert made.get("stack", {}).get("status") == "CREATE_COMPLETE", made
        wanted = {"name": NAME, "vpc_id": HOST["gitpod_vpc_id"], "subnet_ids": HOST["gitpod_ec2_subnet_ids"]}
        made = outcome(InProcessModule(self.testbed, runner_endpoint.ARGUMENT_SPEC, REGION, **wanted), endpoint.run)
        self.endpoint_id = made["endpoint"]["id"]

    def look(self, check: bool = False, earlier: Result | None = None, **changes: t.Any) -> Result:
        """What runner_verification_info says, of a runner that is to have everything.

        :param changes: of its variables, without the prefix C(gitpod_); C(None) leaves one out.
        """
        usual = {
            "region": REGION,
            "runner_name": NAME,
            "runner_id": HOST["gitpod_runner_id"],
            "vpc_id": HOST["gitpod_vpc_id"],
            "ec2_subnet_ids": HOST["gitpod_ec2_subnet_ids"],
            "domain_name": HOST["gitpod_domain_name"],
            "privatelink_enabled": True,
            "api_endpoint": self.testbed.management_plane_url,
            "api_token": self.testbed.api_token,
            "verify_from_control_node": False,
            "verify_wait": 0,
            "verify_phase_wait": 0,
        }
        given = {f"gitpod_{name}": value for name, value in {**usual, **changes}.items() if value is not None}
        return verification(self.testbed, given, check=check, earlier=earlier or {})

    def output(self, name: str) -> str:
        """One of the stack's outputs."""
        found = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]["Outputs"]
        return str(next(entry["OutputValue"] for entry in found if entry["OutputKey"] == name))

    def order(self, **order: t.Any) -> None:
        """What AWS does to the endpoint."""
        self.testbed.control("POST", f"endpoints/{self.endpoint_id}", {"state": "available", **order})

    @contextlib.contextmanager
    def denied(self, service: str, operation_name: str, error: str = "AccessDenied") -> Iterator[None]:
        """One call that the credentials may not make."""
        self.testbed.add_fault(service=service, operation=operation_name, error=error, message="not authorized")
        try:
            yield
        finally:
            self.testbed.control("DELETE", "faults")

    @contextlib.contextmanager
    def targets(self, state: str, **order: t.Any) -> Iterator[None]:
        """The health that AWS reports."""
        self.testbed.control("POST", "targets", {"region": REGION, "state": state, **order})
        try:
            yield
        finally:
            self.testbed.control("DELETE", "targets")
            self.healthy()

    def healthy(self) -> None:
        """Targets, without the while that they need to start."""
        self.testbed.control("POST", "targets", {"region": REGION, "state": "healthy"})

    @contextlib.contextmanager
    def phase(self, phase: str, message: str) -> Iterator[None]:
        """What the runner says of itself."""
        identifier = HOST["gitpod_runner_id"]
        self.testbed.control("POST", "management", {"runner_id": identifier, "phase": phase, "message": message})
        try:
            yield
        finally:
            self.testbed.control("POST", "management", {"runner_id": identifier, "phase": "active"})

    @contextlib.contextmanager
    def template_without(self, output: str) -> Iterator[None]:
        """The stack of a template that lacks an output."""
        cloudformation = self.client("cloudformation")
        template = json.loads(TEMPLATE.read_text("utf-8"))
        parameters = [{"ParameterKey": key, "UsePreviousValue": True} for key in template["Parameters"]]
        kept = {key: value for key, value in template["Outputs"].items() if key != output}
        for outputs in (kept, template["Outputs"]):
            cloudformation.update_stack(
                StackName=NAME,
                TemplateBody=json.dumps({**template, "Outputs": outputs}),
                Parameters=parameters,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            )
            cloudformation.get_waiter("stack_update_complete").wait(
                StackName=NAME, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
            )
            if outputs is kept:
                yield

    @contextlib.contextmanager
    def without_role(self) -> Iterator[None]:
        """Someone removes the role that environments use."""
        iam, name = self.client("iam"), self.output("EnvironmentRoleArn").rsplit("/", 1)[-1]
        role = iam.get_role(RoleName=name)["Role"]
        _emptied(iam, name)
        iam.delete_role(RoleName=name)
        yield
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))

    @contextlib.contextmanager
    def without_profile(self) -> Iterator[None]:
        """Someone removes the instance profile."""
        iam, name = self.client("iam"), self.output("InstanceProfileNameOutput").rsplit("/", 1)[-1]
        for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
        iam.delete_instance_profile(InstanceProfileName=name)
        yield
        iam.create_instance_profile(InstanceProfileName=name)

    @contextlib.contextmanager
    def endpoint_orders(self, **order: t.Any) -> Iterator[None]:
        """An endpoint in another state, or with other addresses."""
        self.order(**order)
        yield
        self.order()

    @contextlib.contextmanager
    def private_dns_off(self) -> Iterator[None]:
        """Someone switches it off."""
        ec2 = self.client("ec2")
        ec2.modify_vpc_endpoint(VpcEndpointId=self.endpoint_id, PrivateDnsEnabled=False)
        yield
        ec2.modify_vpc_endpoint(VpcEndpointId=self.endpoint_id, PrivateDnsEnabled=True)


def _emptied(iam: t.Any, role: str) -> None:
    """Without what AWS wants gone before the role itself."""
    for profile in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
        name = profile["InstanceProfileName"]
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
