# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack as it is, and as it is wanted."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.status import ABSENT
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner, runner_id_among
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_NAME_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets

HIDDEN = "****"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A template's parameter as GetTemplateSummary describes it.

    :param label: the console's label, or the logical ID when the template has none.
    """

    key: str
    label: str
    kind: str = "String"
    default: str | None = None
    no_echo: bool = False
    allowed: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Template:
    """What is known of a template without reading it.

    :param location: the request's argument, TemplateURL or TemplateBody.
    :param capabilities: those that it needs.
    """

    location: t.Mapping[str, str]
    parameters: tuple[Parameter, ...]
    capabilities: tuple[str, ...] = ()
    resource_types: tuple[str, ...] = ()
    resource_count: int = 0


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack as DescribeStacks has it; C(status) is C(ABSENT) when there is none.

    :param parameters: values by logical ID, NoEcho ones as asterisks.
    :param protected: whether termination protection is on; C(None) where the answer does not tell, as lists of stacks
        did for years (cloud-custodian's recordings of 2018 to 2020) and the answer about a deleted stack does.
    """

    name: str
    status: str = ABSENT
    id: str = ""
    status_reason: str = ""
    parameters: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    outputs: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    protected: bool | None = False
    created: str = ""
    updated: str = ""
    role_arn: str = ""
    notification_arns: tuple[str, ...] = ()
    description: str = ""

    @classmethod
    def from_api(cls, raw: t.Mapping[str, t.Any]) -> Stack:
        """The stack from an element of DescribeStacks."""
        return cls(
            name=raw["StackName"],
            status=raw["StackStatus"],
            id=raw["StackId"],
            # AWS ends it with a stop, at times with a blank behind it, and what it is told in has a stop of its own.
            status_reason=raw.get("StackStatusReason", "").strip().rstrip(". "),
            parameters={entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in raw.get("Parameters", [])},
            outputs={entry["OutputKey"]: entry.get("OutputValue", "") for entry in raw.get("Outputs", [])},
            tags={entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])},
            protected=raw.get("EnableTerminationProtection"),
            created=_time(raw.get("CreationTime")),
            updated=_time(raw.get("LastUpdatedTime")),
            role_arn=raw.get("RoleARN", ""),
            notification_arns=tuple(raw.get("NotificationARNs", [])),
            description=raw.get("Description", ""),
        )

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "name": self.name,
            "id": self.id,
            "status": self.status,
            "status_reason": self.status_reason,
            # A proxy's password, which the template does not hide, was given by somebody else than this collection.
            "parameters": {name: without_secrets(value) for name, value in self.parameters.items()},
            "tags": dict(self.tags),
            "termination_protection": self.protected,
            "creation_time": self.created,
            "last_updated_time": self.updated,
        }


def _time(value: t.Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value or "")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the options ask for.

    :param parameters: label or logical ID to value.
    :param secrets: likewise, for values that are never shown and not sent again to an existing stack.
    :param renew_secrets: sends them to an existing stack too.
    :param cancel_update: whether a running update is cancelled instead of waited for.
    :param runner_id: of the runner whose stack it is.
    :param runner_name: likewise its name; without it, what the tags say.
    :param take_over: name of a stack that was made by hand and is taken over.
    :param fingerprint: of the template, empty when its content could not be read (`content.fingerprint`).
    :param keeps_template: whether it is the one that the stack has.
    :param running_version: the runner's own release, where it is known.
    """

    name: str
    parameters: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    secrets: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    purge_tags: bool = False
    role_arn: str = ""
    notification_arns: tuple[str, ...] = ()
    protected: bool = True
    recreate_failed: bool = True
    allow_replacement: bool = False
    review: bool = False
    policy: str = ""
    continue_rollback: bool = False
    skip_resources: tuple[str, ...] = ()
    cancel_update: bool = False
    runner_id: str = ""
    runner_name: str = ""
    take_over: str = ""
    fingerprint: str = ""
    keeps_template: bool = False
    running_version: str = ""
    allow_downgrade: bool = False
    renew_secrets: bool = False

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> Wanted:
        """From options of runner_stack, of which all but the name may be left out; the template is another matter."""
        policy = options.get("stack_policy") or ""
        return cls(
            name=options["name"],
            parameters=options.get("parameters") or {},
            secrets=options.get("secret_parameters") or {},
            renew_secrets=bool(options.get("renew_secrets")),
            capabilities=tuple(options.get("capabilities") or ()),
            tags={key: str(value) for key, value in (options.get("tags") or {}).items()},
            purge_tags=bool(options.get("purge_tags")),
            role_arn=options.get("service_role_arn") or "",
            notification_arns=tuple(options.get("notification_arns") or ()),
            protected=options.get("termination_protection", True),
            # What deletes or replaces does so for a real true alone, whoever hands the options in.
            recreate_failed=options.get("recreate_failed", True) is True,
            allow_replacement=options.get("allow_replacement") is True,
            allow_downgrade=options.get("allow_downgrade") is True,
            running_version=options.get("running_version") or "",
            review=bool(options.get("review")),
            policy=policy if isinstance(policy, str) else json.dumps(policy),
            continue_rollback=bool(options.get("continue_rollback")),
            skip_resources=tuple(options.get("skip_resources") or ()),
            cancel_update=bool(options.get("cancel_update")),
            runner_id=options.get("runner_id") or "",
            runner_name=options.get("runner_name") or "",
            take_over=options.get("take_over") or "",
        )

    @property
    def runner(self) -> Runner:
        """Whose the stack is to be, as far as the options say."""
        given = self.runner_id or runner_id_among(self.parameters)[1]
        return Runner(self.runner_name or self.tags.get(RUNNER_NAME_TAG, ""), given)
