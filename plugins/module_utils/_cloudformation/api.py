# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation and load balancer calls, each with its intent; nothing here decides anything."""

from __future__ import annotations

import contextlib
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import boto3_tags, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import fingerprint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import (
    DESCRIPTION,
    Leftover,
    left_behind,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    DENIED_CODES,
    ApiError,
    NotFoundError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every

LOAD_BALANCER_TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"


class Api:
    """The calls that a stack's operations need.

    :param client: of CloudFormation.
    :param elbv2: makes the client of Elastic Load Balancing when it is needed; one costs a tenth of a second.
    """

    def __init__(self, client: t.Any, elbv2: t.Callable[[], t.Any]) -> None:
        self.client = client
        self._elbv2 = elbv2

    def stack(self, name: str) -> Stack:
        """The stack by its name or ID; C(ABSENT) when there is none."""
        try:
            with intent(f"read the stack {name}"):
                found = self.client.describe_stacks(StackName=name, aws_retry=True)["Stacks"]
        except ApiError as error:
            if error.code == "ValidationError" and "does not exist" in error.why:
                return Stack(name)
            raise
        return Stack.from_api(found[0]) if found else Stack(name)

    def stacks(self) -> list[Stack]:
        """All stacks of the account in this region but nested ones, which are a part of theirs and have its tags.

        Source: CloudFormation API reference, Stack (ParentId); user guide, "Resource tags" (nested stacks get them).
        """
        with intent("list the stacks"):
            pages = self.client.get_paginator("describe_stacks").paginate()
            return [Stack.from_api(raw) for page in pages for raw in page["Stacks"] if not raw.get("ParentId")]

    def template(self, location: t.Mapping[str, str]) -> Template:
        """What a template asks for."""
        with intent("read the template" + (f" {location['TemplateURL']}" if "TemplateURL" in location else "")):
            raw = self.client.get_template_summary(**location, aws_retry=True)
        labels = _labels(raw.get("Metadata", ""))
        parameters = tuple(
            Parameter(
                key=entry["ParameterKey"],
                label=labels.get(entry["ParameterKey"], entry["ParameterKey"]),
                kind=entry.get("ParameterType", "String"),
                default=entry.get("DefaultValue"),
                no_echo=bool(entry.get("NoEcho", False)),
                allowed=tuple(entry.get("ParameterConstraints", {}).get("AllowedValues", [])),
            )
            for entry in raw.get("Parameters", [])
        )
        return Template(
            location=dict(location),
            parameters=parameters,
            capabilities=tuple(raw.get("Capabilities", [])),
            resource_types=tuple(raw.get("ResourceTypes", [])),
            resource_count=sum(
                len(entry.get("LogicalResourceIds", [])) for entry in raw.get("ResourceIdentifierSummaries", [])
            ),
        )

    def create(self, wanted: Wanted, template: Template, parameters: list[dict[str, t.Any]], token: str) -> str:
        """Begin to create; the stack's ID."""
        arguments = _common(wanted, template, parameters)
        if wanted.policy:
            arguments["StackPolicyBody"] = wanted.policy
        if "RetainExceptOnCreate" in _members(self.client, "CreateStack"):
            # A failed creation then leaves no bucket behind whose name the next one needs.
            arguments["RetainExceptOnCreate"] = True
        with intent(f"create the stack {wanted.name}"):
            answer = self.client.create_stack(
                StackName=wanted.name,
                EnableTerminationProtection=wanted.protected,
                ClientRequestToken=token,
                **arguments,
                aws_retry=True,
            )
        return str(answer["StackId"])

    def create_change_set(
        self, wanted: Wanted, template: Template, parameters: list[dict[str, t.Any]], name: str, kind: str, token: str
    ) -> str:
        """Begin to compute a change set; its ARN. A second call with the same token makes no second one."""
        with intent(f"compute the changes of the stack {wanted.name}"):
            answer = self.client.create_change_set(
                StackName=wanted.name,
                ChangeSetName=name,
                ChangeSetType=kind,
                Description=DESCRIPTION,
                ClientToken=token,
                **_common(wanted, template, parameters),
                aws_retry=True,
            )
        return str(answer["Id"])

    def change_set(self, arn: str) -> dict[str, t.Any]:
        """A change set with all pages of its changes."""
        with intent(f"read the change set {arn}"):
            answer: dict[str, t.Any] = self.client.describe_change_set(ChangeSetName=arn, aws_retry=True)
            changes, page = list(answer.get("Changes", [])), answer
            while page.get("NextToken"):
                page = self.client.describe_change_set(ChangeSetName=arn, NextToken=page["NextToken"], aws_retry=True)
                changes += page.get("Changes", [])
        return {**answer, "Changes": changes}

    def reviewed_change_set(self, stack: str, name: str) -> dict[str, t.Any] | None:
        """The change set of this name that waits to be executed, or C(None).

        One that was executed keeps its name (CloudFormation API reference, DescribeChangeSet, ExecutionStatus), and is
        what the stack is by now.
        """
        found = self.named_change_set(stack, name)
        return None if found is None or found.get("ExecutionStatus", "").startswith("EXECUTE_") else found

    def named_change_set(self, stack: str, name: str) -> dict[str, t.Any] | None:
        """The change set of this name, executed or not, or C(None)."""
        try:
            with intent(f"read the change set {name} of {stack}"):
                found = self.client.describe_change_set(StackName=stack, ChangeSetName=name, aws_retry=True)
        except NotFoundError:
            return None
        return self.change_set(found["ChangeSetId"]) if found.get("NextToken") else dict(found)

    def waiting_change_sets(self, stack: str) -> list[dict[str, t.Any]]:
        """Every change set of a stack, as DescribeChangeSet has it; one that goes meanwhile is left out."""
        found = []
        for entry in self.listed_change_sets(stack):
            with contextlib.suppress(NotFoundError):
                found.append(self.change_set(str(entry["ChangeSetId"])))
        return found

    def leftovers(self, stack: str) -> tuple[Leftover, ...]:
        """Change sets that runs left behind which were broken off; none when listing them is not allowed."""
        try:
            return left_behind(self.listed_change_sets(stack), datetime.datetime.now(datetime.timezone.utc))
        except ApiError as error:
            if error.code in DENIED_CODES:
                return ()
            raise

    def listed_change_sets(self, stack: str) -> list[t.Mapping[str, t.Any]]:
        """Every change set of a stack, as ListChangeSets has it."""
        with intent(f"list the change sets of {stack}"):
            pages = self.client.get_paginator("list_change_sets").paginate(StackName=stack)
            return [entry for page in pages for entry in page.get("Summaries", [])]

    def set_policy(self, stack: str, policy: str) -> None:
        """Set the stack policy, which protects resources from updates."""
        with intent(f"set the stack policy of {stack}"):
            self.client.set_stack_policy(StackName=stack, StackPolicyBody=policy, aws_retry=True)

    def policy(self, stack: str) -> str:
        """The stack policy, or empty."""
        with intent(f"read the stack policy of {stack}"):
            return str(self.client.get_stack_policy(StackName=stack, aws_retry=True).get("StackPolicyBody", ""))

    def fingerprint(self, stack: str) -> str:
        """Of the stack's template as it was given; empty when reading it is not allowed."""
        try:
            with intent(f"read the template of the stack {stack}"):
                body = self.client.get_template(StackName=stack, TemplateStage="Original", aws_retry=True)[
                    "TemplateBody"
                ]
        except ApiError as error:
            if error.code in DENIED_CODES:
                return ""
            raise
        return fingerprint(body)

    def validation_failures(self, arn: str) -> list[str]:
        """What validation found wrong with a change set, with the path in the template; empty when it cannot be read.

        DescribeEvents is newer than some SDKs that amazon.aws allows, and not every policy allows it.
        """
        if "DescribeEvents" not in self.client.meta.service_model.operation_names:
            return []
        try:
            with intent(f"read the events of the change set {arn}"):
                found = every(
                    self.client.describe_events, "OperationEvents", ChangeSetName=arn, Filters={"FailedEvents": True}
                )
        except ApiError:
            return []
        return [
            " ".join(filter(None, [event.get("ValidationPath", ""), event["ValidationStatusReason"]]))
            for event in found
            if event.get("ValidationStatusReason")
        ]

    def execute_change_set(self, arn: str, token: str) -> None:
        """Begin to carry out a change set."""
        with intent(f"execute the change set {arn}"):
            self.client.execute_change_set(ChangeSetName=arn, ClientRequestToken=token, aws_retry=True)

    def delete_change_set(self, arn: str) -> None:
        """Remove a change set that is not carried out."""
        with intent(f"delete the change set {arn}"):
            self.client.delete_change_set(ChangeSetName=arn, aws_retry=True)

    def protect(self, stack: str, protected: bool) -> None:
        """Switch termination protection."""
        with intent(f"set the termination protection of {stack}"):
            self.client.update_termination_protection(
                StackName=stack, EnableTerminationProtection=protected, aws_retry=True
            )

    def delete(self, stack: str, token: str, retain: t.Sequence[str] = ()) -> None:
        """Begin to delete."""
        arguments: dict[str, t.Any] = {"RetainResources": list(retain)} if retain else {}
        with intent(f"delete the stack {stack}"):
            self.client.delete_stack(StackName=stack, ClientRequestToken=token, **arguments, aws_retry=True)

    def continue_rollback(self, stack: str, token: str, skip: t.Sequence[str]) -> None:
        """Go on with a rollback of an update that had failed."""
        arguments: dict[str, t.Any] = {"ResourcesToSkip": list(skip)} if skip else {}
        with intent(f"continue the rollback of {stack}"):
            self.client.continue_update_rollback(StackName=stack, ClientRequestToken=token, **arguments, aws_retry=True)

    def cancel_update(self, stack: str, token: str) -> None:
        """Stop a running update, which AWS then rolls back."""
        with intent(f"cancel the update of {stack}"):
            self.client.cancel_update_stack(StackName=stack, ClientRequestToken=token, aws_retry=True)

    def resources(self, stack: str) -> list[dict[str, t.Any]]:
        """The stack's resources, as plain data."""
        with intent(f"list the resources of {stack}"):
            pages = self.client.get_paginator("list_stack_resources").paginate(StackName=stack)
            return [
                {
                    "logical_id": raw["LogicalResourceId"],
                    "physical_id": raw.get("PhysicalResourceId", ""),
                    "type": raw["ResourceType"],
                    "status": raw["ResourceStatus"],
                }
                for page in pages
                for raw in page["StackResourceSummaries"]
            ]

    def load_balancer(self, stack: Stack, dns_name: str = "") -> dict[str, str] | None:
        """The network load balancer that the stack made, with what alias records need, or C(None).

        :param dns_name: as the stack's output has it; then the stack's resources need not be listed.
        """
        named = self._load_balancer_named(dns_name) if dns_name else None
        if named:
            return _described(named)
        arns = [
            entry["physical_id"]
            for entry in self.resources(stack.id)
            # A stack whose deletion failed may have lost it already.
            if entry["type"] == LOAD_BALANCER_TYPE and entry["physical_id"] and entry["status"] != "DELETE_COMPLETE"
        ]
        if not arns:
            return None
        try:
            with intent(f"read the load balancer of {stack.name}"):
                found = every(self._elbv2().describe_load_balancers, "LoadBalancers", LoadBalancerArns=arns)
        except NotFoundError:
            # It goes, or went, while the stack still lists it.
            return None
        network = [raw for raw in found if raw.get("Type", "network") == "network"]
        if len(network) != 1:
            raise RunnerError(
                f"The stack {stack.name} has {len(network)} network load balancers, and a runner has one",
                next_step="Check that this stack is a runner's",
            )
        return _described(network[0])

    def _load_balancer_named(self, dns_name: str) -> t.Mapping[str, t.Any] | None:
        """The one with this DNS name, which AWS builds of the load balancer's name and an identifier."""
        name = dns_name.partition(".")[0].rpartition("-")[0]
        if not name:
            return None
        try:
            with intent(f"read the load balancer {dns_name}"):
                found = every(self._elbv2().describe_load_balancers, "LoadBalancers", Names=[name])
        except NotFoundError:
            return None
        return next((raw for raw in found if raw["DNSName"].lower() == dns_name.lower()), None)


def load_balancer_names(resources: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """DNS names of the network load balancers that a stack has or had, also of those that are gone.

    AWS builds such a name of the load balancer's name and identifier, which its ARN has too (Elastic Load Balancing
    user guide, "Network Load Balancers": name-id.elb.region.amazonaws.com).

    :param resources: of the stack, which CloudFormation lists for 90 days after its deletion too.
    """
    found = []
    for entry in resources:
        parts = str(entry["physical_id"]).split(":")
        kind, _slash, rest = parts[-1].partition("/")
        names = rest.split("/")
        network = kind == "loadbalancer" and names[0] == "net" and (len(parts), len(names)) == (6, 3)
        if entry["type"] == LOAD_BALANCER_TYPE and network:
            suffix = "amazonaws.com.cn" if parts[1] == "aws-cn" else "amazonaws.com"
            found.append(f"{names[1]}-{names[2]}.elb.{parts[3]}.{suffix}".lower())
    return found


def _described(raw: t.Mapping[str, t.Any]) -> dict[str, str]:
    """A load balancer as plain data."""
    return {
        "arn": raw["LoadBalancerArn"],
        "dns_name": raw["DNSName"],
        "canonical_hosted_zone_id": raw.get("CanonicalHostedZoneId", ""),
        "scheme": raw.get("Scheme", ""),
        "state": raw.get("State", {}).get("Code", ""),
        "ip_address_type": raw.get("IpAddressType", ""),
        "vpc_id": raw.get("VpcId", ""),
    }


def _members(client: t.Any, operation: str) -> t.Collection[str]:
    """The request fields that this botocore knows."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    return shape.members if shape else ()


def _labels(metadata: str) -> dict[str, str]:
    """Parameter labels of a template's AWS::CloudFormation::Interface, by logical ID."""
    import json

    try:
        interface = json.loads(metadata).get("AWS::CloudFormation::Interface", {})
        return {key: str(value.get("default", key)) for key, value in interface.get("ParameterLabels", {}).items()}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _common(wanted: Wanted, template: Template, parameters: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    # The template that the stack has is read by the stack's name, and used again by saying so.
    own = "StackName" in template.location
    location: dict[str, t.Any] = {"UsePreviousTemplate": True} if own else dict(template.location)
    arguments: dict[str, t.Any] = {
        **location,
        "Parameters": parameters,
        "Tags": boto3_tags(wanted.tags),
        "Capabilities": list(template.capabilities),
    }
    if wanted.role_arn:
        arguments["RoleARN"] = wanted.role_arn
    if wanted.notification_arns:
        arguments["NotificationARNs"] = list(wanted.notification_arns)
    return arguments
