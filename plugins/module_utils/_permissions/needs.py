# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template's resources need of whoever deploys them, from its resource types. Pure.

CloudFormation calls the handlers of each type with the caller's rights, or with those of the stack's service role; the
registry names their permissions (C(schema)). It overstates: a handler's list has every feature of the type.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import handlers, schema
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.schema import Handlers

PASS_ROLE, SERVICE_LINKED_ROLE = "iam:PassRole", "iam:CreateServiceLinkedRole"
# Types that call no AWS service with anybody's rights but CloudFormation's own (user guide, "Wait conditions").
FREE = frozenset({"AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"})
# To which services a type hands a role (Service Authorization Reference and the services' guides, "pass a role").
PASSED_TO: t.Mapping[str, tuple[str, ...]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("application-autoscaling.amazonaws.com",),
    "AWS::CloudFormation::Stack": ("cloudformation.amazonaws.com",),
    "AWS::EC2::FlowLog": ("vpc-flow-logs.amazonaws.com",),
    "AWS::EC2::Instance": ("ec2.amazonaws.com",),
    "AWS::EC2::LaunchTemplate": ("ec2.amazonaws.com",),
    "AWS::ECS::CapacityProvider": ("ecs.amazonaws.com", "ec2.amazonaws.com"),
    "AWS::ECS::Service": ("ecs.amazonaws.com", "ecs-tasks.amazonaws.com"),
    "AWS::ECS::TaskDefinition": ("ecs-tasks.amazonaws.com",),
    "AWS::Events::Rule": ("events.amazonaws.com",),
    "AWS::IAM::InstanceProfile": ("ec2.amazonaws.com",),
    "AWS::Lambda::Function": ("lambda.amazonaws.com",),
    "AWS::Logs::SubscriptionFilter": ("logs.amazonaws.com",),
    "AWS::S3::Bucket": ("s3.amazonaws.com",),
    "AWS::Scheduler::Schedule": ("scheduler.amazonaws.com",),
}
# Whose service-linked role the first resource of a service makes in an account (the services' guides).
LINKED: t.Mapping[str, tuple[str, ...]] = {
    "AWS::ApplicationAutoScaling::": (
        "ecs.application-autoscaling.amazonaws.com",
        "dynamodb.application-autoscaling.amazonaws.com",
    ),
    "AWS::AutoScaling::": ("autoscaling.amazonaws.com",),
    "AWS::ECS::": ("ecs.amazonaws.com",),
    "AWS::ElastiCache::": ("elasticache.amazonaws.com",),
    "AWS::ElasticLoadBalancingV2::": ("elasticloadbalancing.amazonaws.com",),
    "AWS::MemoryDB::": ("memorydb.amazonaws.com",),
}
# Their names (the services' guides, "Using service-linked roles").
LINKED_ROLES: t.Mapping[str, str] = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "dynamodb.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "elasticache.amazonaws.com": "AWSServiceRoleForElastiCache",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "memorydb.amazonaws.com": "AWSServiceRoleForMemoryDB",
}
# A function or a topic behind a custom resource is called with CloudFormation's own rights; what it does is unknown.
CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


@dataclasses.dataclass(frozen=True)
class Needs:
    """What a template's resources need.

    :param types: the template's resource types, sorted.
    :param create: types by action that creating them takes; sorted by action.
    :param later: the same of further actions, which reading, updating and deleting takes.
    :param passed_to: services that get a role.
    :param linked: services whose service-linked role may have to be made.
    :param unknown: reason by type of which nothing is known.
    """

    types: tuple[str, ...] = ()
    create: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    later: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    passed_to: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    unknown: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action once, sorted."""
        return tuple(sorted({*self.create, *self.later}))


@functools.cache
def shipped() -> t.Mapping[str, Handlers]:
    """The handlers that the collection knows by itself."""
    return schema.shipped(handlers.HANDLERS)


def needs(types: t.Iterable[str], found: t.Mapping[str, Handlers | str]) -> Needs:
    """What these types need.

    :param found: handlers by type that the collection does not know by itself, or why they are not known.
    """
    every = sorted({name for name in types if name not in FREE})
    known = {**{name: own for name, own in found.items() if isinstance(own, Handlers)}, **shipped()}
    create: dict[str, set[str]] = {}
    later: dict[str, set[str]] = {}
    for name in every:
        own = known.get(name)
        if own:
            _add(create, own.create | ({SERVICE_LINKED_ROLE} if _linked(name) else set()), name, every)
            _add(create, {PASS_ROLE} if name in PASSED_TO else (), name, every)
            _add(later, own.later, name, every)
    return Needs(
        tuple(every),
        _sorted(create),
        _sorted({action: names for action, names in later.items() if action not in create}),
        tuple(sorted({service for name in every for service in PASSED_TO.get(name, ())})),
        tuple(sorted({service for name in every for service in _linked(name)})),
        {name: _reason(name, found) for name in every if name not in known},
    )


def unknown_to_the_collection(types: t.Iterable[str]) -> list[str]:
    """Types whose handlers only the registry itself can name."""
    return sorted({name for name in types if name not in shipped() and name not in FREE and not is_custom(name)})


def is_custom(name: str) -> bool:
    """Whether somebody's own function or topic makes it."""
    return name.startswith(CUSTOM)


def _reason(name: str, found: t.Mapping[str, Handlers | str]) -> str:
    if is_custom(name):
        return "a custom resource"
    reason = found.get(name)
    return reason if isinstance(reason, str) else "the registry names no handlers"


def _add(table: dict[str, set[str]], actions: t.Iterable[str], name: str, types: t.Collection[str]) -> None:
    for action in actions:
        if not _idle(action, types):
            table.setdefault(action, set()).add(name)


def _idle(action: str, types: t.Collection[str]) -> bool:
    """Whether it is for users and groups of IAM, which a type can have policies for, and the template has none of."""
    of_users = action.startswith("iam:") and action.endswith(("UserPolicy", "GroupPolicy", "UserPolicies", "ForUser"))
    return of_users and not {"AWS::IAM::User", "AWS::IAM::Group"} & set(types)


def _linked(name: str) -> tuple[str, ...]:
    return next((services for prefix, services in LINKED.items() if name.startswith(prefix)), ())


def _sorted(table: t.Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {action: tuple(sorted(table[action])) for action in sorted(table)}
