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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import (
    account,
    gather_network,
    registering,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts, Quota
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG

# Virtual processors of an environment when its class is not known: those of the vendor's regular class.
VCPUS_EACH = 4
# Share of a quota from which on its use is worth a warning.
NEARLY = 0.9
EXISTS = "The stack exists, and takes no further one."
RAISE = "Ask for more under Service Quotas (console: Service Quotas, AWS services), or remove what is not used."


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


def room(quota: Quota | None, needed: float, what: str) -> Finding:
    """Whether today's use and what comes on top stay within the limit."""
    limit = known(quota.limit) if quota else None
    used = known(quota.used) if quota else None
    if limit is None or used is None:
        return skipped(f"The limit or the use of {what} is not known.")
    shown = f"{used:g} of {limit:g} {what} in use, {needed:g} more needed."
    if used + needed > limit:
        return failed(shown, RAISE)
    if used + needed > NEARLY * limit:
        return warned(shown, f"It is nearly used up. {RAISE}")
    return passed(shown)


@check(
    "stack.quota_stacks",
    asks="Is there room for another stack?",
    why="CloudFormation refuses further stacks at the quota.",
    fix="Ask for more under Service Quotas, or delete stacks that are not used.",
)
def quota_stacks(_wanted: Wanted, facts: Facts) -> Finding:
    """Only when a stack is going to be created."""
    if exists(facts):
        return skipped(EXISTS)
    return room(facts.quotas.get(account.STACKS), 1, "stacks")


@check(
    "stack.quota_load_balancers",
    asks="Is there room for another network load balancer?",
    why="The stack fails at its load balancer when the region's quota is used up.",
    fix="Ask for more under Service Quotas, or delete load balancers that are not used.",
)
def quota_load_balancers(_wanted: Wanted, facts: Facts) -> Finding:
    """Only when a stack is going to be created."""
    if exists(facts):
        return skipped(EXISTS)
    return room(facts.quotas.get(account.LOAD_BALANCERS), 1, "network load balancers")


@check(
    "stack.quota_vcpus",
    asks="Are there virtual processors for `gitpod_expected_environments`?",
    why=f"Environments are EC2 instances; at the quota of on-demand standard instances they do not start. An"
    f" environment is counted with {VCPUS_EACH} processors, because its class is chosen later.",
    fix="Ask for more under Service Quotas (EC2, Running On-Demand Standard instances).",
)
def quota_vcpus(wanted: Wanted, facts: Facts) -> Finding:
    """The runner is deployed without them, so this is never more than a warning."""
    found = room(facts.quotas.get(account.VCPUS), VCPUS_EACH * wanted.expected_environments, "vCPUs")
    return Finding("warn", found.summary, found.remediation) if found.status == "fail" else found


@check(
    "stack.quota_endpoints",
    asks="Is there room for the interface endpoints in the VPC?",
    why="AWS refuses further interface endpoints in a VPC at the quota.",
    fix="Ask for more under Service Quotas (VPC, Interface VPC endpoints per VPC).",
)
def quota_endpoints(wanted: Wanted, facts: Facts) -> Finding:
    """Only when some are going to be created: that to the management plane, and those for services of AWS."""
    if not (wanted.privatelink_enabled or wanted.network_endpoints):
        return skipped("No endpoint is asked for (gitpod_privatelink_enabled, gitpod_network_endpoints).")
    there = [entry.endpoint for entry in known(facts.endpoints) or () if entry.kind == "Interface"]
    found = any(entry.service_name == wanted.privatelink_service_name for entry in there)
    coming = int(wanted.privatelink_enabled and not found) + gather_network.coming(wanted, facts.network_endpoints)
    if not coming:
        return skipped("The endpoints exist.")
    quota = facts.quotas.get(account.ENDPOINTS)
    return room(Quota(quota.limit if quota else None, float(len(there))), coming, "interface endpoints of the VPC")


@check(
    "stack.quota_addresses",
    asks="Are Elastic IP addresses left?",
    why="Templates that make a NAT gateway or a load balancer with fixed addresses need some; whether this one does is"
    " not known before it is deployed.",
    fix="Ask for more under Service Quotas (EC2, EC2-VPC Elastic IPs), or release addresses that are not used.",
)
def quota_addresses(_wanted: Wanted, facts: Facts) -> Finding:
    """Only for a template that has them among its resources."""
    if exists(facts):
        return skipped(EXISTS)
    seen = known_template(facts)
    if seen is not None and "AWS::EC2::EIP" not in seen.resource_types:
        return skipped("The template allocates none.")
    return room(facts.quotas.get(account.ADDRESSES), 1, "Elastic IP addresses")


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
    quota_stacks,
    quota_load_balancers,
    quota_vcpus,
    quota_endpoints,
    quota_addresses,
    ecs_role,
)
