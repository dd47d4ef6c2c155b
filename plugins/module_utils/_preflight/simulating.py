# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller may do, simulated by IAM with the resources and the context of the run's own calls.

Source: IAM API reference, SimulatePrincipalPolicy. Recorded answers: service control policies and permission boundaries
are evaluated; a policy that is limited to a region comes back as implicitDeny with the missing context key when the key
is not given (openshift/installer#1322); answers come in pages.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import error_code
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import actions as known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.actions import Action
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.registry import needed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.account import (
    ECS_ROLE,
    QUOTAS,
    STACKS,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.certificates import (
    Reference,
    parse_reference,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Decision
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import MANAGED_BY, MANAGED_BY_TAG

ALLOWED = "allowed"
# Results of one page.
LARGEST_PAGE = 1000
# What does not exist yet has some ID of its kind.
NEW_STACK = "00000000-0000-0000-0000-000000000000"
NEW_ENDPOINT, NEW_GROUP = "vpce-0a1b2c3d4e5f60718", "sg-0a1b2c3d4e5f60718"
Entry = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Ground:
    """What the resources' ARNs are made of.

    :param source: ARN of the principal whose policies are simulated.
    :param zone_id: of the domain's hosted zone; empty where it is not known.
    """

    caller: Caller
    wanted: Wanted
    source: str
    zone_id: str = ""

    def arn(self, service: str, rest: str, region: str | None = None, account: str | None = None) -> str:
        """An ARN of the caller's partition."""
        where = self.wanted.region if region is None else region
        owner = self.caller.account if account is None else account
        return f"arn:{self.caller.partition}:{service}:{where}:{owner}:{rest}"


def settings(wanted: Wanted) -> frozenset[str]:
    """The conditions of the permissions that hold."""
    # A zone of another account is written with other credentials, which are not simulated.
    own_zone = wanted.dns_provider == "route53" and not (wanted.dns_profile or wanted.dns_role_arn)
    holds = {
        known.NETWORK: wanted.network_endpoints,
        known.PRIVATELINK: wanted.privatelink_enabled,
        known.OWN_GROUP: wanted.privatelink_enabled and not wanted.privatelink_security_group_ids,
        known.VPC_DNS: wanted.privatelink_enabled and wanted.privatelink_enable_vpc_dns,
        known.ROUTE53: own_zone,
        known.ASSOCIATED: own_zone and wanted.dns_associate_vpc,
        known.ASSUMED: bool(wanted.dns_role_arn),
        known.PROBES: wanted.probe_instances,
        known.CLASSES: bool(wanted.instance_types) or wanted.declares_disks,
        known.PARAMETER: wanted.custom_ca.startswith("ssm:"),
        known.CA_IN_SECRETS: wanted.custom_ca.startswith("secretsmanager:"),
        known.UPLOAD: bool(wanted.template_bucket),
        known.POLICY: bool(wanted.stack_policy),
        known.SERVICE_ROLE: bool(wanted.service_role_arn),
        known.ROLLBACK: wanted.continue_rollback,
        known.CANCEL: wanted.cancel_update,
        known.CERTIFICATE: wanted.certificate_request,
    }
    return frozenset(setting for setting, true in holds.items() if true)


def simulated(wanted: Wanted) -> tuple[Action, ...]:
    """The actions of this run; whoever calls needs none to be told who they are."""
    return tuple(action for action in needed(settings(wanted)) if action.name != "sts:GetCallerIdentity")


def resources(ground: Ground) -> dict[str, tuple[str, ...]]:
    """The ARNs of each scope that the run's calls touch; a scope whose resource is not known is left out."""
    wanted, arn = ground.wanted, ground.arn
    stack = arn("cloudformation", f"stack/{wanted.stack_name}/{NEW_STACK}")
    zone = (arn("route53", f"hostedzone/{ground.zone_id}", "", ""),) if ground.zone_id else ()
    bucket = arn("s3", wanted.template_bucket, "", "") if wanted.template_bucket else ""
    parameter, secret = references(parse_reference(wanted.custom_ca))
    certificate = wanted.certificate_arn or arn("acm", f"certificate/{NEW_STACK}")
    role = arn("iam", f"role/aws-service-role/ecs.amazonaws.com/{ECS_ROLE}", "")
    found: dict[str, tuple[str, ...]] = {
        known.STACK: (stack,),
        known.STACK_AND_SETS: (stack, arn("cloudformation", f"changeSet/{wanted.stack_name}/{NEW_STACK}")),
        known.PASSED: (wanted.service_role_arn,),
        known.ZONE: zone,
        known.RECORDS: zone,
        known.PRIVATE_NAME: (arn("route53", "hostedzone/Z0A1B2C3D4E5F6", "", ""),),
        known.CHANGE: (arn("route53", "change/C0A1B2C3D4E5F6", "", ""),),
        known.BUCKET: (bucket,),
        known.OBJECTS: (f"{bucket}/template.json",) if bucket else (),
        known.TEMPLATE: (arn("s3", "gitpod-flex-releases/ec2/template.json", "", ""),),
        known.CA_PARAMETER: (arn("ssm", f"parameter/{parameter.lstrip('/')}"),) if parameter else (),
        known.CA_SECRET: (_secret(ground, secret),) if secret else (),
        known.ROLE: (wanted.dns_role_arn,),
        known.CALLER: (ground.source,),
        known.ROLES: (role,),
        known.PROFILES: (arn("iam", f"instance-profile/{wanted.stack_name}", ""),),
        known.QUOTAS: (arn("servicequotas", "/".join(QUOTAS[STACKS][:2])),),
        known.CERTIFICATES: (certificate,),
        known.NEW_CERTIFICATE: ("*",),
        **_network(ground),
        known.DOCUMENT: (arn("ssm", "document/AWS-RunShellScript", account=""),),
        known.INSTANCES: (arn("ec2", "instance/i-0a1b2c3d4e5f60718"),),
        known.ANY: ("*",),
    }
    return {scope: tuple(filter(None, arns)) for scope, arns in found.items() if any(arns)}


def _network(ground: Ground) -> dict[str, tuple[str, ...]]:
    """Of the scopes that endpoints and their security groups are in."""
    wanted, arn = ground.wanted, ground.arn
    endpoint, group = arn("ec2", f"vpc-endpoint/{NEW_ENDPOINT}"), arn("ec2", f"security-group/{NEW_GROUP}")
    vpc = arn("ec2", f"vpc/{wanted.vpc_id or 'vpc-0a1b2c3d4e5f60718'}")
    named = wanted.privatelink_subnet_ids if wanted.privatelink_enabled else wanted.ec2_subnet_ids
    subnets = tuple(arn("ec2", f"subnet/{subnet}") for subnet in named[:1])
    table = arn("ec2", "route-table/rtb-0a1b2c3d4e5f60718")
    return {
        known.VPC: (vpc,),
        known.NEW_ENDPOINT: (endpoint,),
        known.ENDPOINT: (endpoint,),
        known.OWN_ENDPOINT: (endpoint,),
        known.PLACE: (vpc, *subnets, group),
        known.ATTACHED: (*subnets, group),
        known.PLACES: (vpc, *subnets, table, group),
        known.ADDED: (*subnets, table, group),
        known.NEW_GROUP: (group,),
        known.OWN_GROUPS: (group,),
        known.TAGGED_AT_CREATION: (endpoint, group),
        known.OWN_THINGS: (endpoint, group),
    }


def references(authority: Reference | None) -> tuple[str, str]:
    """Name of the parameter, and name or ARN of the secret, that has the custom authority; empty for what is not."""
    if authority is None:
        return "", ""
    return (authority.name, "") if authority.service == "ssm" else ("", authority.name)


def _secret(ground: Ground, name: str) -> str:
    """A secret's ARN ends in a hyphen and six characters."""
    return name if name.startswith("arn:") else ground.arn("secretsmanager", f"secret:{name}-a1b2c3")


def context(wanted: Wanted) -> list[Entry]:
    """Condition keys of the run's calls, as policies that are scoped ask for them."""
    tags = {MANAGED_BY_TAG: MANAGED_BY}
    texts: dict[str, str] = {
        "aws:RequestedRegion": wanted.region,
        "ec2:Region": wanted.region,
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        **{f"aws:ResourceTag/{key}": value for key, value in tags.items()},
        **{f"ec2:ResourceTag/{key}": value for key, value in tags.items()},
        "ec2:CreateAction": "CreateVpcEndpoint",
        "cloudformation:CreateAction": "CreateStack",
        "iam:PassedToService": "cloudformation.amazonaws.com",
    }
    lists = {
        "aws:TagKeys": sorted(tags),
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [wanted.domain_name, f"\\052.{wanted.domain_name}"],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
        "route53:ChangeResourceRecordSetsActions": ["UPSERT"],
    }
    if wanted.service_role_arn:
        texts["cloudformation:RoleArn"] = wanted.service_role_arn
    entries = [entry(key, [value], "string") for key, value in texts.items() if value]
    return entries + [entry(key, values, "stringList") for key, values in lists.items() if all(values)]


def entry(key: str, values: list[str], kind: str) -> Entry:
    return {"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": kind}


def questions(ground: Ground) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Actions and ARNs of each request: few requests, because IAM lets few be made a second."""
    known_arns = resources(ground)
    groups: dict[str, tuple[set[str], set[str]]] = {}
    for action in simulated(ground.wanted):
        service = action.name.partition(":")[0]
        for scope in action.scopes:
            arns = known_arns.get(scope, ())
            # Each action of a request is decided for each of its ARNs, so that many of both stand apart.
            endpoints = ground.wanted.privatelink_enabled or ground.wanted.network_endpoints
            many = service == "ec2" and endpoints
            group = "*" if arns == ("*",) else service if many else "others"
            if arns:
                names, places = groups.setdefault(group, (set(), set()))
                names.add(action.name)
                places.update(arns)
    return [(tuple(sorted(names)), tuple(sorted(places))) for _group, (names, places) in sorted(groups.items())]


def simulation(iam: t.Any, caller: Caller, wanted: Wanted, zone_id: str) -> dict[str, Decision] | None:
    """Decision by action; C(None) for the root user and for federated users, which cannot be simulated.

    An action is allowed when it is for everything that its calls touch; one of which IAM said nothing is left out.
    """
    if caller.is_root or ":federated-user/" in caller.arn:
        return None
    source = caller.policy_source
    answers: dict[tuple[str, str], Decision] = {}
    for names, arns in questions(Ground(caller, wanted, source, zone_id)):
        source, results = simulate(iam, source, names, arns, context(wanted))
        for result in results:
            answers.update(decisions(result))
    return decided(Ground(caller, wanted, source, zone_id), answers)


def decided(ground: Ground, answers: t.Mapping[tuple[str, str], Decision]) -> dict[str, Decision]:
    """The worst decision of each action's resources.

    :param answers: by action and ARN.
    """
    known_arns = resources(ground)
    found: dict[str, Decision] = {}
    for action in simulated(ground.wanted):
        pairs = [(action.name, arn) for scope in action.scopes for arn in known_arns.get(scope, ())]
        if pairs and all(pair in answers for pair in pairs):
            found[action.name] = max((answers[pair] for pair in pairs), key=lambda decision: decision.weight)
    return found


def decisions(result: t.Mapping[str, t.Any]) -> dict[tuple[str, str], Decision]:
    """An element of EvaluationResults, for each of its resources."""
    name = result["EvalActionName"]
    by = ""
    if (result.get("PermissionsBoundaryDecisionDetail") or {}).get("AllowedByPermissionsBoundary") is False:
        by = "its permissions boundary"
    if (result.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations") is False:
        by = "a service control policy of the organization"
    specific = result.get("ResourceSpecificResults") or []
    if not specific:
        missing = tuple(sorted(result.get("MissingContextValues") or ()))
        return {(name, result["EvalResourceName"]): Decision(result["EvalDecision"], missing, by)}
    return {
        (name, one["EvalResourceName"]): Decision(
            one["EvalResourceDecision"],
            tuple(sorted(one.get("MissingContextValues") or result.get("MissingContextValues") or ())),
            by,
        )
        for one in specific
    }


def simulate(
    iam: t.Any, source: str, names: t.Sequence[str], arns: t.Sequence[str], entries: list[Entry]
) -> tuple[str, list[t.Any]]:
    """The ARN that was simulated, and all results; a session's ARN leaves out the path of its role."""
    arguments = {
        "ActionNames": list(names),
        "ResourceArns": list(arns),
        "ContextEntries": entries,
        "PaginationConfig": {"PageSize": LARGEST_PAGE},
    }
    pages = iam.get_paginator("simulate_principal_policy")

    def results(principal: str) -> list[t.Any]:
        found = pages.paginate(PolicySourceArn=principal, **arguments)
        return [result for page in found for result in page["EvaluationResults"]]

    try:
        return source, results(source)
    except iam.exceptions.ClientError as error:
        if error_code(error) != "NoSuchEntity" or ":role/" not in source:
            raise
        source = iam.get_role(RoleName=source.rsplit("/", 1)[-1], aws_retry=True)["Role"]["Arn"]
        return source, results(source)
