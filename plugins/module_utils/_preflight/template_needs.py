# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the template's resources need, and whether whoever deploys them has it: the caller, or the stack's service role.

Source: CloudFormation API reference, DescribeType; IAM API reference, SimulatePrincipalPolicy (no wildcards in action
names); IAM user guide, "AWS global condition context keys" (C(aws:CalledVia) of calls that CloudFormation makes with a
caller's rights; with a service role's it is not there).
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.needs import (
    LINKED_ROLES,
    PASS_ROLE,
    SERVICE_LINKED_ROLE,
    Needs,
    needs,
    unknown_to_the_collection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.place import WORLDWIDE, Place
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.schema import Handlers, of_schema
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import simulating
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Decision
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.simulating import Entry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags

Decisions = dict[str, Decision]
CHECK = "permissions.template"
CLOUDFORMATION = "cloudformation.amazonaws.com"
NAMED = "CAPABILITY_NAMED_IAM"
# Which condition key tells for whom each of these is, one at a time.
KEYED = {PASS_ROLE: "iam:PassedToService", SERVICE_LINKED_ROLE: "iam:AWSServiceName"}


def gather(look: Gathering, wanted: Wanted) -> None:
    """What the template's resources need, and whether whoever deploys them has it."""

    def read_type(name: str) -> Handlers | str:
        # The registry says the same to all runners with the same credentials in a region.
        key = ("resource type", look.profile, wanted.region, name)
        return look.pool.once(key, lambda: handlers(look.clients("cloudformation"), name))

    def needed() -> Needs | None:
        template = look.known("template")
        if template is None:
            return None
        others = unknown_to_the_collection(template.resource_types)
        return needs(template.resource_types, {name: read_type(name) for name in others})

    def simulate() -> Decisions | None:
        caller, found, template = look.known("caller"), look.known("template_needs"), look.known("template")
        # A stack that is there was deployed with these permissions; asking again takes five requests a runner.
        if not (caller and found and found.actions) or is_there(look.found("stack")):
            return None
        role = deployer(wanted, look.found("stack"))
        return simulation(look.clients("iam"), caller, wanted, role, (template, found))

    # It takes some thirty requests of a limited service where much is refused.
    asked = not {CHECK, CHECK.partition(".")[0]} & set(wanted.prerequisites_skip)
    look.ask("template_needs", "cloudformation:DescribeType", needed)
    look.ask("template_simulation", "iam:SimulatePrincipalPolicy", simulate, asked)


def is_there(stack: t.Any) -> bool:
    """Whether the runner's stack exists."""
    return isinstance(stack, Stack) and status.exists(stack.status)


def deployer(wanted: Wanted, stack: t.Any) -> str:
    """The service role that CloudFormation acts with: the inventory's, or the one the stack has; empty for the caller.

    Source: CloudFormation user guide, "CloudFormation service role": a stack keeps its role for later operations.
    """
    kept = stack.role_arn if isinstance(stack, Stack) and status.exists(stack.status) else ""
    return wanted.service_role_arn or kept


def place(wanted: Wanted, caller: Caller, template: Template) -> Place:
    """Where the resources will be."""
    named = NAMED in template.capabilities
    return Place(caller.partition, wanted.region, caller.account, wanted.stack_name, named)


def handlers(cloudformation: t.Any, name: str) -> Handlers | str:
    """The handlers of a type that the collection does not know by itself, or why they are not known."""
    try:
        with intent(f"read the resource type {name}"):
            answer = cloudformation.describe_type(Type="RESOURCE", TypeName=name, aws_retry=True)
        return of_schema(json.loads(answer.get("Schema") or "{}")) or "the registry names no handlers"
    except ApiError as error:
        return f"cloudformation:DescribeType: {error.code or error.why}"
    except ValueError:
        return "its schema is no JSON"


@dataclasses.dataclass
class Asker:
    """Asks IAM about one principal.

    :param source: ARN of the principal whose policies are simulated; once it is found under a path, with that.
    :param tags: the stack's own, which CloudFormation hands on to its resources.
    :param called_via: whether CloudFormation's calls are made with a caller's rights, not with a service role's.
    """

    iam: t.Any
    source: str
    place: Place
    tags: t.Mapping[str, str]
    called_via: bool

    def decided(
        self, actions: t.Iterable[str], arns: t.Sequence[str], more: t.Mapping[str, str] | None = None
    ) -> dict[tuple[str, str], Decision]:
        """Decision by action and ARN, in one request.

        :param actions: of the region's services, or of those with one endpoint for all.
        :param more: condition keys besides those of every call.
        :raises RunnerError: the service role is there under another path, where CloudFormation will not find it.
        """
        names = sorted(actions)
        if not names:
            return {}
        entries = self._context(_service(names[0]), more or {})
        source, results = simulating.simulate(self.iam, self.source, names, list(arns), entries)
        if source != self.source and not self.called_via:
            raise RunnerError(f"the role's ARN is {source}", next_step="Correct gitpod_stack_service_role_arn")
        self.source = source
        return {pair: decision for result in results for pair, decision in simulating.decisions(result).items()}

    def best(self, actions: t.Iterable[str], arns: t.Sequence[str]) -> Decisions:
        """By action, the best decision of all resources: a policy may be limited to one of a service's kinds."""
        found: Decisions = {}
        for (name, _arn), decision in self.decided(actions, arns).items():
            found[name] = min(found.get(name, decision), decision, key=lambda one: one.weight)
        return found

    def _context(self, service: str, more: t.Mapping[str, str]) -> list[Entry]:
        texts = {
            "aws:RequestedRegion": self.place.requested_region(service),
            **{f"aws:{kind}Tag/{key}": value for key, value in self.tags.items() for kind in ("Request", "Resource")},
            **more,
        }
        lists = {"aws:TagKeys": sorted(self.tags)}
        if self.called_via:
            texts.update({"aws:CalledViaFirst": CLOUDFORMATION, "aws:CalledViaLast": CLOUDFORMATION})
            lists["aws:CalledVia"] = [CLOUDFORMATION]
        return [
            *(simulating.entry(key, [value], "string") for key, value in texts.items()),
            *(simulating.entry(key, values, "stringList") for key, values in lists.items()),
            simulating.entry("aws:ViaAWSService", ["true" if self.called_via else "false"], "boolean"),
        ]


def simulation(iam: t.Any, caller: Caller, wanted: Wanted, role: str, seen: tuple[Template, Needs]) -> Decisions | None:
    """Decision by action, or by C(action for service); C(None) where nobody's policies can be simulated.

    :param role: the service role, or empty for the caller.
    """
    if not role and (caller.is_root or ":federated-user/" in caller.arn):
        return None
    template, needed = seen
    tags = ownership_tags(wanted.name, wanted.runner_id)
    asker = Asker(iam, role or caller.policy_source, place(wanted, caller, template), tags, not role)
    found = _plain(asker, [action for action in needed.actions if "*" not in action and action not in KEYED])
    if PASS_ROLE in needed.actions:
        services = asker.place.receivers(needed.passed_to)
        found.update(_keyed(asker, PASS_ROLE, dict.fromkeys(services, asker.place.examples("iam")[1])))
    if SERVICE_LINKED_ROLE in needed.actions:
        roles = {
            name: asker.place.linked_role(name, LINKED_ROLES.get(name, "AWSServiceRole")) for name in needed.linked
        }
        found.update(_keyed(asker, SERVICE_LINKED_ROLE, roles))
    return found


def _plain(asker: Asker, actions: t.Sequence[str]) -> Decisions:
    """The region's in one request; only what is not allowed for all resources is asked again, service by service."""
    worldwide = {action for action in actions if _service(action) in WORLDWIDE}
    found = asker.best(set(actions) - worldwide, ["*"])
    left = [action for action in actions if action in worldwide or not (action in found and found[action].allowed)]
    for service, several in itertools.groupby(left, _service):
        arns = asker.place.examples(service)
        if service in WORLDWIDE or len(arns) > 1:
            found.update(asker.best(several, arns))
    return found


def _keyed(asker: Asker, action: str, arns: t.Mapping[str, str]) -> Decisions:
    """Passing a role, or making a service-linked one: one request, and where a policy asks for which, one a service.

    :param arns: of the role, by the service that gets it.
    """
    if not arns:
        return asker.best([action], asker.place.examples("iam")[1:2])
    first = list(asker.decided([action], sorted(set(arns.values()))).values())
    if not any(decision.missing for decision in first):
        return {action: max(first, key=lambda one: one.weight)} if first else {}
    found: Decisions = {}
    for service, arn in arns.items():
        decision = asker.decided([action], [arn], {KEYED[action]: service}).get((action, arn))
        if decision:
            found[f"{action} for {service}"] = decision
    return found


def _service(action: str) -> str:
    return action.partition(":")[0]
