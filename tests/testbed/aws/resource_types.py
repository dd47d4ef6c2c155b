# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resource types that templates of the runner may have and ministack lacks, and corrections to some it has."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid, now_iso
from ministack.services import ec2, iam, s3
from ministack.services.cloudformation.provisioners import (
    _REPLACING_PROPERTIES,
    _RESOURCE_HANDLERS,
    _STACK_TAG_PROPERTY,
    _ec2_sg_permissions,
    _physical_name,
)

from ..settings import Settings

Properties = dict[str, Any]
Attributes = dict[str, Any]


def partition() -> str:
    """The partition of the current region."""
    region = get_region()
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _arn(service: str, resource: str) -> str:
    return f"arn:{partition()}:{service}:{get_region()}:{get_account_id()}:{resource}"


@dataclass(frozen=True)
class NamedType:
    """A type whose physical ID is a name or an ARN and that needs no behaviour of its own."""

    resource_type: str
    name_property: str
    service: str
    arn_prefix: str
    attributes: Callable[[str, Properties], Attributes]
    # Properties of which another value means another resource.
    replacing: tuple[str, ...] = ()
    max_length: int = 40
    ref_is_arn: bool = False
    store: Any = field(default_factory=AccountRegionScopedDict)

    def arn(self, name: str) -> str:
        """The resource's ARN."""
        return _arn(self.service, f"{self.arn_prefix}{name}")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Attributes]:
        """Create the resource. Raises ValueError when the name is taken, as the service refuses it."""
        name = properties.get(self.name_property) or _physical_name(
            stack_name, logical_id, lowercase=True, max_len=self.max_length
        )
        if name in self.store:
            raise ValueError(_handler_error(f"{self.resource_type} {name} already exists", "AlreadyExists"))
        attributes = {**self.attributes(name, properties), "ARN": self.arn(name), "Arn": self.arn(name)}
        self.store[name] = {"Name": name, "Properties": properties, "Attributes": attributes, "Created": now_iso()}
        return (self.arn(name) if self.ref_is_arn else name), attributes

    def update(
        self, physical_id: str, before: Properties, after: Properties, stack_name: str, logical_id: str
    ) -> tuple[str, Attributes]:
        """Change the resource in place, or create its successor under a new name."""
        name = self._name(physical_id)
        wanted = after.get(self.name_property)
        if wanted and wanted != name:
            return self.create(logical_id, after, stack_name)
        del before
        record = self.store[name]
        record["Properties"] = after
        return physical_id, dict(record["Attributes"])

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the resource; one that is gone is no error."""
        del properties
        self.store.pop(self._name(physical_id), None)

    def _name(self, physical_id: str) -> str:
        return physical_id.removeprefix(self.arn("")) if self.ref_is_arn else physical_id


def _handler_error(message: str, code: str) -> str:
    """A service's refusal as CloudFormation reports it."""
    return f'Resource handler returned message: "{message}" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})'


def _nothing(name: str, properties: Properties) -> Attributes:
    del name, properties
    return {"Status": "active"}


def _memorydb_cluster(name: str, properties: Properties) -> Attributes:
    suffix = "".join(character for character in new_uuid() if character.isalnum())[:6]
    return {
        "ClusterEndpoint.Address": f"clustercfg.{name}.{suffix}.memorydb.{get_region()}.amazonaws.com",
        "ClusterEndpoint.Port": str(properties.get("Port", 6379)),
        "ParameterGroupStatus": "in-sync",
        "Status": "available",
    }


def _serverless_cache(name: str, properties: Properties) -> Attributes:
    del properties
    suffix = "".join(character for character in new_uuid() if character.isalnum())[:6]
    address = f"{name}-{suffix}.serverless.cache.{get_region()}.amazonaws.com"
    return {
        "Endpoint.Address": address,
        "Endpoint.Port": "6379",
        "ReaderEndpoint.Address": address,
        "ReaderEndpoint.Port": "6380",
        "CreateTime": now_iso(),
        "FullEngineVersion": "8.0",
        "Status": "available",
    }


NAMED_TYPES = (
    NamedType(
        "AWS::MemoryDB::Cluster",
        "ClusterName",
        "memorydb",
        "cluster/",
        _memorydb_cluster,
        ("ClusterName", "SubnetGroupName", "TLSEnabled", "KmsKeyId", "Port", "DataTiering"),
    ),
    NamedType(
        "AWS::MemoryDB::SubnetGroup", "SubnetGroupName", "memorydb", "subnetgroup/", _nothing, ("SubnetGroupName",), 255
    ),
    NamedType(
        "AWS::MemoryDB::ParameterGroup",
        "ParameterGroupName",
        "memorydb",
        "parametergroup/",
        _nothing,
        ("ParameterGroupName", "Family", "Description"),
        255,
    ),
    NamedType("AWS::MemoryDB::User", "UserName", "memorydb", "user/", _nothing, ("UserName",)),
    NamedType("AWS::MemoryDB::ACL", "ACLName", "memorydb", "acl/", _nothing, ("ACLName",)),
    NamedType(
        "AWS::ElastiCache::ServerlessCache",
        "ServerlessCacheName",
        "elasticache",
        "serverlesscache:",
        _serverless_cache,
        ("ServerlessCacheName", "SubnetIds", "KmsKeyId"),
    ),
    NamedType(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "PolicyName",
        "autoscaling",
        "scalingPolicy:",
        _nothing,
        ("PolicyName", "ScalingTargetId", "ServiceNamespace", "ResourceId", "ScalableDimension"),
        255,
        ref_is_arn=True,
    ),
)

_scalable_targets = AccountRegionScopedDict()


def _scalable_target_create(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Attributes]:
    del logical_id, stack_name
    parts = [str(properties[key]) for key in ("ResourceId", "ScalableDimension", "ServiceNamespace")]
    physical_id = "|".join(parts)
    _scalable_targets[physical_id] = properties
    return physical_id, {"Id": physical_id}


def _scalable_target_update(
    physical_id: str, before: Properties, after: Properties, stack_name: str
) -> tuple[str, Attributes]:
    del physical_id, before
    return _scalable_target_create("", after, stack_name)


def _scalable_target_delete(physical_id: str, properties: Properties) -> None:
    del properties
    _scalable_targets.pop(physical_id, None)


def _group(properties: Properties) -> dict[str, Any]:
    group_id = properties.get("GroupId", "")
    group: dict[str, Any] | None = ec2._security_groups.get(group_id)
    if group is None:
        message = f"The security group '{group_id}' does not exist (Service: Ec2, Status Code: 400)"
        raise ValueError(_handler_error(message, "NotFound"))
    return group


def _rule_handlers(list_name: str) -> dict[str, Any]:
    """The handlers of a security group rule that is a resource of its own; its properties identify it."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Attributes]:
        del logical_id, stack_name
        _group(properties)[list_name].extend(_ec2_sg_permissions([properties]))
        rule_id = f"sgr-0{new_uuid().replace('-', '')[:16]}"
        return rule_id, {"Id": rule_id}

    def delete(physical_id: str, properties: Properties) -> None:
        del physical_id
        group = ec2._security_groups.get(properties.get("GroupId", ""))
        for permission in _ec2_sg_permissions([properties]) if group else []:
            if permission in group[list_name]:
                group[list_name].remove(permission)

    def update(physical_id: str, before: Properties, after: Properties, stack_name: str) -> tuple[str, Attributes]:
        del physical_id, before
        return create("", after, stack_name)

    return {"create": create, "update": update, "delete": delete}


def _instance_profile_handlers(original: dict[str, Any]) -> dict[str, Any]:
    """ministack identifies an instance profile by its ARN; for AWS the physical ID, and so Ref, is the name."""

    def arn(name: str) -> str:
        profile = iam._instance_profiles.get(name)
        return str(profile["Arn"]) if profile else name

    def named(result: tuple[str, Attributes]) -> tuple[str, Attributes]:
        return result[0].rsplit("/", 1)[-1], result[1]

    def create(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Attributes]:
        return named(original["create"](logical_id, properties, stack_name))

    def update(
        physical_id: str, before: Properties, after: Properties, stack_name: str, logical_id: str
    ) -> tuple[str, Attributes]:
        return named(original["update"](arn(physical_id), before, after, stack_name, logical_id))

    def delete(physical_id: str, properties: Properties) -> None:
        original["delete"](arn(physical_id), properties)

    return {**original, "create": create, "update": update, "delete": delete}


def _bucket_handlers(original: dict[str, Any]) -> dict[str, Any]:
    """ministack's buckets have no tags of their stack; AWS's do, and keep them when the stack goes without them."""

    def tagged(result: tuple[str, Attributes], properties: Properties) -> tuple[str, Attributes]:
        s3._bucket_tags[result[0]] = {entry["Key"]: str(entry["Value"]) for entry in properties.get("Tags") or []}
        return result

    def create(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Attributes]:
        return tagged(original["create"](logical_id, properties, stack_name), properties)

    def update(physical_id: str, before: Properties, after: Properties, stack_name: str) -> tuple[str, Attributes]:
        return tagged(original["update"](physical_id, before, after, stack_name), after)

    return {**original, "create": create, "update": update}


# Properties that ministack does not know to replace the resource; from the resource reference ("Update requires").
_MORE_REPLACING: dict[str, tuple[str, ...]] = {
    "AWS::EC2::SecurityGroup": ("GroupDescription", "GroupName", "VpcId"),
    "AWS::EC2::SecurityGroupIngress": (
        "CidrIp", "CidrIpv6", "FromPort", "ToPort", "GroupId", "IpProtocol", "SourceSecurityGroupId",
        "SourcePrefixListId",
    ),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateName",),
    "AWS::ECS::Cluster": ("ClusterName",),
    "AWS::ECS::Service": ("Cluster", "LaunchType", "Role", "SchedulingStrategy", "ServiceName", "DeploymentController"),
    "AWS::ECS::TaskDefinition": (
        "ContainerDefinitions", "Cpu", "Memory", "ExecutionRoleArn", "TaskRoleArn", "Family", "NetworkMode",
        "RequiresCompatibilities", "RuntimePlatform", "Volumes", "EphemeralStorage",
    ),
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn",),
    "AWS::Events::Rule": ("Name", "EventBusName"),
    "AWS::IAM::Policy": (),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ("Name", "Vpc"),
    "AWS::ServiceDiscovery::Service": ("Name", "NamespaceId"),
    "AWS::SQS::QueuePolicy": (),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("ResourceId", "ScalableDimension", "ServiceNamespace"),
}  # fmt: skip


def _install_named_types() -> None:
    for kind in NAMED_TYPES:
        _RESOURCE_HANDLERS.setdefault(
            kind.resource_type,
            {"create": kind.create, "update": kind.update, "update_with_logical_id": True, "delete": kind.delete},
        )
        _REPLACING_PROPERTIES.setdefault(kind.resource_type, kind.replacing)


def reset() -> None:
    """Forget every resource of the types above, in all accounts and regions."""
    for kind in NAMED_TYPES:
        kind.store.clear()
    _scalable_targets.clear()


def install(settings: Settings) -> None:
    """Register the types with ministack's CloudFormation; call it once, before the first request."""
    del settings
    _install_named_types()
    _RESOURCE_HANDLERS.setdefault(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {"create": _scalable_target_create, "update": _scalable_target_update, "delete": _scalable_target_delete},
    )
    for direction in ("Ingress", "Egress"):
        list_name = "IpPermissions" if direction == "Ingress" else "IpPermissionsEgress"
        _RESOURCE_HANDLERS.setdefault(f"AWS::EC2::SecurityGroup{direction}", _rule_handlers(list_name))
    _STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    _RESOURCE_HANDLERS["AWS::S3::Bucket"] = _bucket_handlers(_RESOURCE_HANDLERS["AWS::S3::Bucket"])
    profile = _RESOURCE_HANDLERS["AWS::IAM::InstanceProfile"]
    _RESOURCE_HANDLERS["AWS::IAM::InstanceProfile"] = _instance_profile_handlers(profile)
    for resource_type, properties in _MORE_REPLACING.items():
        _REPLACING_PROPERTIES.setdefault(resource_type, properties)
