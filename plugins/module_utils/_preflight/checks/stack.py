# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack: its name and status, its template and parameters, and whether there is room for it."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread, known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    parameters,
    status,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import account, registering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG

EXISTS = "The stack exists, and takes no further one."


def exists(facts: Facts) -> bool:
    """Whether the stack exists; one in review does not."""
    found = known(facts.stack)
    return found is not None and status.exists(found.status)


@check(
    "stack.owner",
    asks="Is the stack that stands in this runner's place its own?",
    why="A name makes no stack this runner's: its tags do, or the runner's ID among its parameters. Whatever else"
    " stands there, in whichever status, is neither changed, taken over nor deleted (docs/ownership.md).",
    fix="Choose another `gitpod_stack_name`. A stack that was made by hand for this runner is taken over when"
    " `gitpod_stack_take_over` names it.",
)
def owner(wanted: Wanted, facts: Facts) -> Finding:
    """By the stack's tags, then by the runner's ID among its parameters."""
    found = known(registering.owned(wanted, facts))
    if found is None:
        return skipped("No stack was looked for.")
    evidence = {"stack": found.stack.name, **found.verdict.as_result()}
    if registering.would_be_anothers(wanted, facts):
        identifier = found.stack.tags[RUNNER_ID_TAG]
        return failed(
            f"The stack {found.stack.name} is that of the runner {identifier}, which the management plane does not"
            " have; a runner that is registered now gets another ID, with which it is another runner's.",
            "Set gitpod_runner_id to that ID if the runner is still there under another name; if it was deleted, take"
            " the stack down first (docs/teardown.md).",
            evidence,
        )
    if found.usable:
        told = f"The name {found.stack.name} is nobody's yet" if found.free else found.told
        return passed(f"{told}.", evidence)
    if found.readable and found.named:
        return warned(f"{found.told}.", "Its stage tells once the runner's ID is known.", evidence)
    return failed(f"{found.told}.", f"{found.advice}.", evidence)


@check(
    "stack.status",
    asks="Is the stack's name free, or the stack in a state to go on from?",
    why="In some states only a person can decide.",
    fix="Choose another `gitpod_stack_name`, or bring the stack into order: docs/watching.md has each status.",
)
def state(wanted: Wanted, facts: Facts) -> Finding:
    """By its status; of another's stack that is nobody's business."""
    owned = known(facts.owned)
    if owned is not None and not owned.readable:
        return skipped("The stack is not this runner's: see stack.owner.")
    found = known(facts.stack)
    if found is None or not status.exists(found.status):
        return passed(f"The name {wanted.stack_name} is free.")
    return _by_status(wanted, found)


def _by_status(wanted: Wanted, found: Stack) -> Finding:
    row = status.meaning(found.status)
    why = f" ({found.status_reason})" if found.status_reason else ""
    if row.present == status.STOP:
        return failed(
            f"{found.name} is {found.status}{why}; nothing can be done with it automatically.",
            "docs/watching.md says what to do in this status.",
        )
    if row.present == status.REPAIR and not wanted.continue_rollback:
        return failed(
            f"{found.name} is {found.status}{why}.", "Remove the cause, then set gitpod_stack_continue_rollback: true."
        )
    if row.present == status.REPAIR:
        return warned(f"{found.name} is {found.status}.", "Its rollback is continued.")
    if row.present == status.RECREATE or found.status == "ROLLBACK_IN_PROGRESS":
        return _by_failed_creation(wanted, found, why)
    if found.status == "UPDATE_IN_PROGRESS" and wanted.cancel_update:
        return warned(
            f"{found.name} is {found.status}.", "Its update is cancelled and rolled back (gitpod_stack_cancel_update)."
        )
    if row.in_progress:
        return warned(f"{found.name} is {found.status}.", "AWS is at work on it; the stage waits for the end first.")
    return passed(f"{found.name} is {found.status}.")


def _by_failed_creation(wanted: Wanted, found: Stack, why: str) -> Finding:
    if not wanted.recreate_failed:
        return failed(
            f"{found.name} is {found.status}{why}; its creation failed, and it can only be deleted.",
            "Delete it, or set gitpod_stack_recreate_failed: true, which deletes it and creates it again.",
        )
    if found.status == "ROLLBACK_IN_PROGRESS":
        return warned(
            f"{found.name} is {found.status}{why}.", "AWS is at work on it; then it is deleted and created again."
        )
    return warned(
        f"{found.name} is {found.status}{why}.",
        "It is deleted and created again, with a fresh exchange token (gitpod_stack_recreate_failed).",
    )


@check(
    "stack.template",
    asks="Can CloudFormation read the template?",
    why="CloudFormation reads templates from S3 only, with the caller's permissions.",
    fix="Correct `gitpod_stack_template_url` or the release, or allow `cloudformation:GetTemplateSummary`.",
)
def template(_wanted: Wanted, facts: Facts) -> Finding:
    """GetTemplateSummary reads it as CreateStack will."""
    found = facts.template
    if isinstance(found, Unread) and (found.decided or found.code in TEMPLATE_CODES):
        return failed(
            f"{found.message.rstrip('.')}.",
            found.remedy or "Correct gitpod_stack_template_url or the release; CloudFormation reads from S3 only.",
        )
    if isinstance(found, Unread) and not found.forbidden:
        return failed(f"The template could not be read: {found.message.rstrip('.')}.", found.remedy or "Run again.")
    seen = known(found)
    if seen is None:
        return skipped("The template is not known before it is uploaded (gitpod_stack_template_bucket).")
    own = "the stack itself, whose release stays" if "StackName" in seen.location else "the content that is given"
    where = seen.location.get("TemplateURL", own)
    return passed(f"{seen.resource_count} resources, {len(seen.parameters)} parameters, from {where}.")


# How CloudFormation says that it cannot read a template, or that it is none (API reference, GetTemplateSummary).
TEMPLATE_CODES = frozenset({"ValidationError"})
# Stands for what the registration will give.
AWAITED = "known-after-registration"


def known_template(facts: Facts) -> Template | None:
    """The template; C(None) when it could not be read, which its own check says."""
    return None if isinstance(facts.template, Unread) else facts.template


@check(
    "stack.parameters",
    asks="Do the values fit the template's parameters?",
    why="Parameters are matched by their labels, because logical IDs change between releases; what does not match, is"
    " not allowed or is missing would fail the stack or leave a default in place.",
    fix="Correct the values that are named, or name parameters by their logical IDs in `gitpod_stack_parameters`.",
)
def values(wanted: Wanted, facts: Facts) -> Finding:
    """As the stack's own module matches them."""
    seen = known_template(facts)
    if seen is None:
        return skipped("The template is not known.")
    if not wanted.parameters:
        return skipped("No values are given.")
    found = known(facts.stack)
    kept = set(found.parameters) if found and status.exists(found.status) and not _recreated(found) else set()
    identity, token = (
        ({"Runner ID": AWAITED}, {"Exchange Token": AWAITED}) if _awaits(wanted) and not kept else ({}, {})
    )
    if wanted.certificate_request and not wanted.certificate_arn:
        # The stage certificate finds or requests it, and hands its ARN on.
        kept |= {parameter.key for parameter in parameters.find("Certificate ARN", seen.parameters)}
    try:
        given, _secret = parameters.resolve(
            seen, {**identity, **wanted.parameters}, {**token, **wanted.secret_parameters}, kept
        )
    except InputError as error:
        return failed(f"{'; '.join(error.details.get('problems', [error.what]))}.", f"{error.next_step}.")
    return passed(f"All {len(given)} values have a parameter, and every parameter has a value.")


def _awaits(wanted: Wanted) -> bool:
    """Whether the stage of the registration gives the runner's ID and its exchange token."""
    return bool(wanted.api_token) and (not wanted.runner_id or "runner_id" in wanted.left_out)


def _recreated(found: Stack) -> bool:
    return status.meaning(found.status).present == status.RECREATE


@check(
    "stack.capabilities",
    asks="Are the capabilities acknowledged that the template needs?",
    why="CloudFormation creates IAM resources only when the caller acknowledges it (vendor's guide, Acknowledge"
    " Capabilities).",
    fix="Add them to `gitpod_stack_capabilities`.",
)
def capabilities(wanted: Wanted, facts: Facts) -> Finding:
    """Those that GetTemplateSummary names."""
    seen = known_template(facts)
    if seen is None:
        return skipped("The template is not known.")
    absent = [name for name in seen.capabilities if name not in wanted.capabilities]
    if absent:
        return failed(f"Not acknowledged: {', '.join(absent)}.", "Add them to gitpod_stack_capabilities.")
    return passed(f"{', '.join(seen.capabilities) or 'None is needed'}.")


@check(
    "stack.ecs_role",
    asks="Does the service-linked role of ECS exist?",
    why="In a fresh account ECS makes AWSServiceRoleForECS at its first use, which the deploying principal must be"
    " allowed to do; otherwise the cluster fails with: Unable to assume the service linked role.",
    fix="`aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`, once an account.",
)
def ecs_role(_wanted: Wanted, facts: Facts) -> Finding:
    """Once for each account, before its first stack."""
    if exists(facts):
        return skipped(EXISTS)
    found = known(facts.ecs_role)
    if found is None:
        return skipped("It was not looked for.")
    if found:
        return passed(f"{account.ECS_ROLE} exists.")
    return warned(
        f"{account.ECS_ROLE} does not exist; ECS makes it when the deploying principal may.",
        "To be safe, run once: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
    )


CHECKS = (
    owner,
    state,
    template,
    values,
    capabilities,
    ecs_role,
)
