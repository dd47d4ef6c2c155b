# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change sets as plain data, and what in them is dangerous."""

from __future__ import annotations

import typing as t

# Losing one of these loses data or an address that clients have; their replacement or removal needs consent.
STATEFUL_TYPES = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::EC2::Volume",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::MemoryDB::Cluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    }
)
# StatusReason of a change set that found nothing to do; it is then FAILED.
NO_CHANGES = ("didn't contain changes", "no updates are to be performed")


def is_empty(status: str, reason: str) -> bool:
    """Whether a failed change set says that there is nothing to do."""
    return status == "FAILED" and any(text in reason.lower() for text in NO_CHANGES)


def change(raw: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One change from an element of DescribeChangeSet."""
    resource = raw.get("ResourceChange", {})
    properties = {
        detail["Target"].get("Name") or detail["Target"].get("Attribute", "")
        for detail in resource.get("Details", [])
        if detail.get("Target")
    }
    return {
        "action": resource.get("Action", ""),
        "logical_id": resource.get("LogicalResourceId", ""),
        "physical_id": resource.get("PhysicalResourceId", ""),
        "type": resource.get("ResourceType", ""),
        "replacement": resource.get("Replacement", "False"),
        "properties": sorted(name for name in properties if name),
    }


def dangerous(changes: t.Iterable[t.Mapping[str, t.Any]]) -> list[t.Mapping[str, t.Any]]:
    """Stateful resources that would surely be replaced or removed."""
    return [
        entry
        for entry in changes
        if entry["type"] in STATEFUL_TYPES and (entry["action"] == "Remove" or entry["replacement"] == "True")
    ]


def describe(entry: t.Mapping[str, t.Any]) -> str:
    """One change as a line of a diff."""
    words = {"True": ", replaced", "Conditional": ", replaced if a value that is known only then differs"}
    properties = f": {', '.join(entry['properties'])}" if entry["properties"] else ""
    return f"{entry['action']} {entry['logical_id']} ({entry['type']}){words.get(entry['replacement'], '')}{properties}"


def summary(changes: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The changes as lines; resources of which only tags change are counted, because a stack's tags touch them all."""
    only_tags = [entry for entry in changes if entry["action"] == "Modify" and entry["properties"] == ["Tags"]]
    lines = [describe(entry) for entry in changes if entry not in only_tags]
    if only_tags:
        lines.append(f"Modify the tags of {len(only_tags)} resource{'' if len(only_tags) == 1 else 's'}")
    return lines
