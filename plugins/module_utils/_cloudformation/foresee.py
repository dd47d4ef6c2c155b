# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would do with a stack, decided from what can be read: nothing is written, no change set is made.

The release or the template's hash, the parameters, the tags and the stack's own settings count. What someone changed by
hand in the stack's resources is drift, not a difference of the stack.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _stage_plan as plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import same
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.effects import (
    effects,
    step_back,
    target,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import Leftover, told
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Stack,
    Template,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.review import CHANGE_SET_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._documents import same_document
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import TEMPLATE_HASH_TAG, VERSION_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api

RECORD_TAGS = (VERSION_TAG, TEMPLATE_HASH_TAG)
Changes = t.Mapping[str, "tuple[str, str]"]


@dataclasses.dataclass(frozen=True)
class Present:
    """A stack, and what DescribeStacks does not tell of it.

    :param fingerprint: of its template, empty when it could not be read.
    :param policy: its stack policy, read only when one is wanted.
    :param reviewed: the change set that waits for approval, as DescribeChangeSet has it.
    :param leftovers: change sets of runs that were broken off.
    """

    stack: Stack
    fingerprint: str = ""
    policy: str = ""
    reviewed: t.Mapping[str, t.Any] | None = None
    leftovers: tuple[Leftover, ...] = ()


@dataclasses.dataclass(frozen=True)
class Difference:
    """What differs between a stack and what is wanted of it.

    :param template: C(None) when it cannot be told without a change set.
    :param parameters: before and after by label; secrets are never compared.
    :param tags: before and after by key, empty where there is no such tag.
    """

    template: bool | None = False
    parameters: Changes = dataclasses.field(default_factory=dict)
    tags: Changes = dataclasses.field(default_factory=dict)
    service_role: bool = False
    notifications: bool = False
    reviewed: bool = False
    protection: bool = False
    policy: bool = False
    leftovers: tuple[Leftover, ...] = ()

    @property
    def needs_change_set(self) -> bool:
        """Whether anything differs, or may, that is changed through a change set."""
        certain = self.parameters or self.tags or self.service_role or self.notifications or self.reviewed
        return self.template is not False or bool(certain)

    @property
    def of_tags_alone(self) -> bool:
        """Whether nothing differs but the stack's tags and its protection, so that no resource is another afterwards.

        Tags of every resource of the template are updated without interruption (resource types reference).
        """
        more = self.parameters or self.service_role or self.notifications or self.reviewed or self.policy
        return self.template is False and not more

    @property
    def certain(self) -> bool:
        """Whether anything surely differs."""
        return bool(self.reasons)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What surely differs, in sentences; tags that record the template say no more than that it differs."""
        named = {
            "the template is another one": self.template,
            "the service role is another one": self.service_role,
            "the notification topics are others": self.notifications,
            "a change set that was computed for review waits": self.reviewed,
            "the termination protection differs": self.protection,
            "the stack policy differs": self.policy,
            f"left behind: {told(self.leftovers)}": self.leftovers,
        }
        sentences = [sentence for sentence, holds in named.items() if holds]
        sentences += [_sentence(label, *values) for label, values in self.parameters.items()]
        sentences += [_sentence(f"tag {key}", *values) for key, values in self.tags.items()]
        return tuple(sentences)


def _sentence(name: str, before: str, after: str) -> str:
    return f"{name}: {before or '(none)'} becomes {after or '(none)'}"


def look(api: Api, wanted: Wanted, stack: Stack) -> Present:
    """Read what the difference is decided from; only what is wanted is asked for."""
    return Present(
        stack,
        fingerprint=api.fingerprint(stack.id) if wanted.fingerprint else "",
        policy=api.policy(stack.id) if wanted.policy else "",
        reviewed=api.reviewed_change_set(stack.name, CHANGE_SET_NAME),
        leftovers=api.leftovers(stack.id),
    )


def template_differs(wanted: Wanted, present: Present) -> bool | None:
    """Whether the stack's template is another one than is wanted; C(None) when it cannot be told.

    The templates themselves are compared where both could be read; otherwise what the stack's tags record.
    """
    if wanted.keeps_template:
        return False
    alike = same(wanted.fingerprint, present.fingerprint) if wanted.fingerprint and present.fingerprint else None
    if alike is not None:
        return not alike
    if wanted.fingerprint and present.fingerprint:
        # Another umlaut in the place of one: the hash of the content tells, where it was recorded.
        recorded, hashed = present.stack.tags.get(TEMPLATE_HASH_TAG), wanted.tags.get(TEMPLATE_HASH_TAG)
        return bool(recorded and hashed and recorded != hashed)
    record = {key: wanted.tags[key] for key in RECORD_TAGS if key in wanted.tags}
    if not record:
        return None
    return any(present.stack.tags.get(key) != value for key, value in record.items())


def tags_after(wanted: Wanted, present: Present) -> dict[str, str]:
    """The tags that an update leaves; a record of a template that was replaced does not stay."""
    if wanted.purge_tags:
        return dict(wanted.tags)
    kept = dict(present.stack.tags)
    if template_differs(wanted, present):
        kept = {key: value for key, value in kept.items() if key not in RECORD_TAGS}
    return {**kept, **wanted.tags}


def difference(wanted: Wanted, template: Template, present: Present) -> Difference:
    """What differs.

    :raises InputError: the values do not fit the template.
    """
    stack = present.stack
    values, secrets = parameters.resolve(template, wanted.parameters, wanted.secrets, stack.parameters.keys())
    renewed = {
        parameter.label: ("(hidden)", "(a new one)")
        for parameter in template.parameters
        if wanted.renew_secrets and parameter.key in secrets
    }
    after = tags_after(wanted, present)
    return Difference(
        template=template_differs(wanted, present),
        parameters={**parameters.differences(template, values, stack.parameters), **renewed},
        tags={
            key: (stack.tags.get(key, ""), after.get(key, ""))
            for key in sorted({*stack.tags, *after})
            if stack.tags.get(key) != after.get(key)
        },
        service_role=bool(wanted.role_arn) and wanted.role_arn != stack.role_arn,
        notifications=bool(wanted.notification_arns) and set(wanted.notification_arns) != set(stack.notification_arns),
        reviewed=present.reviewed is not None,
        protection=stack.protected is not None and wanted.protected != stack.protected,
        policy=bool(wanted.policy) and not same_document(wanted.policy, present.policy),
        leftovers=present.leftovers,
    )


def foresee(wanted: Wanted, template: Template, present: Present) -> StagePlan:
    """What runner_stack does for these options, and why."""
    stack = present.stack
    step = status.meaning(stack.status).present
    if step == status.CREATE or stack.status == "DELETE_IN_PROGRESS":
        return _plan(plan.CREATE, _absence(stack), *_release(wanted))
    if step == status.RECREATE or stack.status == "ROLLBACK_IN_PROGRESS":
        if not wanted.recreate_failed:
            return _plan(plan.WAIT, f"the stack is {stack.status} and gitpod_stack_recreate_failed is off: delete it")
        return _plan(plan.RECREATE, f"the stack is {stack.status}, its creation failed", *_release(wanted))
    if stack.status == "UPDATE_IN_PROGRESS" and wanted.cancel_update:
        return _plan(
            plan.UPDATE, f"the running update is cancelled ({stack.status}); what differs then is not known yet"
        )
    if step in (status.ATTACH, status.SETTLE):
        return _plan(plan.ATTACH, f"AWS is at work ({stack.status}); what differs afterwards is not known yet")
    if step == status.STOP:
        return _plan(plan.WAIT, f"the stack is {stack.status} and cannot be changed until that is repaired")
    if step == status.REPAIR and not wanted.continue_rollback:
        return _plan(
            plan.WAIT, f"the stack is {stack.status}: remove the cause, then set gitpod_stack_continue_rollback"
        )
    repairing = (f"the rollback is continued ({stack.status})",) if step == status.REPAIR else ()
    return _update(wanted, template, present, repairing)


def _plan(action: str, *reasons: str) -> StagePlan:
    return StagePlan("stack", action, reasons)


def _release(wanted: Wanted) -> tuple[str, ...]:
    return (f"the release {target(wanted)} is deployed",) if target(wanted) else ()


def _absence(stack: Stack) -> str:
    if stack.status == "DELETE_IN_PROGRESS":
        return f"the stack {stack.name} is being deleted"
    if stack.status == "REVIEW_IN_PROGRESS":
        return f"the stack {stack.name} has only a change set that waits for approval"
    return f"there is no stack {stack.name}"


def _update(wanted: Wanted, template: Template, present: Present, repairing: tuple[str, ...]) -> StagePlan:
    try:
        found = difference(wanted, template, present)
    except InputError as error:
        return _plan(plan.UNKNOWN, *repairing, error.what, *error.details.get("problems", ()))
    if present.stack.status == "UPDATE_FAILED":
        repairing = (*repairing, f"the stack is {present.stack.status}: its last update is not done")
    newer = step_back(wanted, present.stack)
    if newer and not wanted.allow_downgrade:
        return _plan(plan.WAIT, f"the release {target(wanted)} would be a downgrade: {newer}")
    if found.certain or repairing:
        reasons = (*repairing, *found.reasons, *effects(found.parameters))
        return StagePlan("stack", plan.UPDATE, reasons, keeps=not repairing and found.of_tags_alone)
    if found.template is None:
        return _plan(
            plan.UNKNOWN,
            "neither the template at its URL nor a record of it could be read, so only a change set can tell",
        )
    return _plan(plan.NOTHING)
