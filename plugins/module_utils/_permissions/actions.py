# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an AWS permission of the collection is, and what it is limited to."""

from __future__ import annotations

import dataclasses
import typing as t

# Without a condition an action is always needed; these name the setting that brings it in.
PRIVATELINK = "gitpod_privatelink_enabled"
VPC_DNS = "gitpod_privatelink_enable_vpc_dns"
OWN_GROUP = "gitpod_privatelink_security_group_ids is empty"
ROUTE53 = "gitpod_dns_provider is route53"
PARAMETER = "gitpod_custom_ca begins with ssm:"
CA_IN_SECRETS = "gitpod_custom_ca begins with secretsmanager:"
UPLOAD = "gitpod_stack_template_bucket"
POLICY = "gitpod_stack_policy"
SERVICE_ROLE = "gitpod_stack_service_role_arn"
ROLLBACK = "gitpod_stack_continue_rollback"
DRIFT = "include_drift of runner_stack_info"
STATUS = "the playbook status.yml"
DETECT = "gitpod_status_drift is detect"
ADOPT = "the playbook adopt.yml"
TEARDOWN = "the playbook teardown.yml"
DELETE_BUCKETS = "gitpod_teardown_delete_buckets"
CANCEL = "gitpod_stack_cancel_update"
CERTIFICATE = "gitpod_certificate_request"
ASSUMED = "gitpod_dns_role_arn"
ASSOCIATED = "gitpod_dns_associate_vpc"
CLASSES = "gitpod_runner_settings_environment_classes"
PROBES = "gitpod_verify_probe_instances or gitpod_verify_probe_instance_tags"

Condition = t.Mapping[str, t.Mapping[str, t.Any]]
_MARK = "gitpod.enterprise_runner"


@dataclasses.dataclass(frozen=True)
class Scope:
    """What a statement of a policy is limited to.

    :param resources: ARNs with placeholders in angle brackets, or C(*).
    :param condition: as IAM has it.
    """

    resources: tuple[str, ...]
    condition: Condition = dataclasses.field(default_factory=dict)


def _arn(service: str, rest: str, region: str = "<region>", account: str = "<account>") -> str:
    return f"arn:<partition>:{service}:{region}:{account}:{rest}"


_ENDPOINTS, _GROUPS = _arn("ec2", "vpc-endpoint/*"), _arn("ec2", "security-group/*")
_STACK = _arn("cloudformation", "stack/<stack name>/*")
_ZONE = _arn("route53", "hostedzone/<hosted zone>", "", "")
# Names of buckets that CloudFormation makes begin with the stack's, in lower case (CloudFormation, "Name type").
_KEPT = _arn("s3", "<stack name in lower case>-*", "", "")
_ASKED_TAG: Condition = {"StringEquals": {"aws:RequestTag/gitpod:managed-by": _MARK}}
_OWN_TAG: Condition = {"StringEquals": {"aws:ResourceTag/gitpod:managed-by": _MARK}}

# Scopes by name; an action that is limited to several things has a statement for each.
ANY = "any"
STACK = "stack"
STACK_AND_SETS = "stack and change sets"
PASSED = "service role"
ZONE = "zone"
RECORDS = "records of the domain"
PRIVATE_NAME = "hidden zone of the endpoint"
CHANGE = "change"
BUCKET = "template bucket"
OBJECTS = "templates"
KEPT = "kept bucket"
KEPT_OBJECTS = "kept objects"
TEMPLATE = "vendor's templates"
CA_PARAMETER = "parameter of the CA"
CA_SECRET = "secret of the CA"  # noqa: S105 - a name
ROLE = "role of the zone's account"
CALLER = "caller"
ROLES = "roles"
PROFILES = "instance profiles"
QUOTAS = "quotas"
CERTIFICATES = "certificates"
NEW_CERTIFICATE = "new certificate"
VPC = "VPC"
NEW_ENDPOINT = "new endpoint"
ENDPOINT = "endpoint"
OWN_ENDPOINT = "own endpoint"
NETWORK = "network of the endpoint"
ATTACHED = "what is attached to the endpoint"
NEW_GROUP = "new group"
OWN_GROUPS = "own group"
TAGGED_AT_CREATION = "tagged at creation"
OWN_THINGS = "own endpoint or group"
DOCUMENT = "command document"
INSTANCES = "instances"

SCOPES: t.Mapping[str, Scope] = {
    ANY: Scope(("*",)),
    STACK: Scope((_STACK,)),
    STACK_AND_SETS: Scope((_STACK, _arn("cloudformation", "changeSet/*"))),
    PASSED: Scope(("<service role>",), {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}),
    ZONE: Scope((_ZONE,)),
    # Both names and the certificate's validation records; the wildcard's own name is \052 and the domain.
    RECORDS: Scope(
        (_ZONE,),
        {
            "ForAllValues:StringLike": {
                "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["<domain>", "*.<domain>"]
            }
        },
    ),
    PRIVATE_NAME: Scope((_arn("route53", "hostedzone/*", "", ""),)),
    CHANGE: Scope((_arn("route53", "change/*", "", ""),)),
    BUCKET: Scope((_arn("s3", "<template bucket>", "", ""),)),
    OBJECTS: Scope((_arn("s3", "<template bucket>/*", "", ""),)),
    KEPT: Scope((_KEPT,)),
    KEPT_OBJECTS: Scope((f"{_KEPT}/*",)),
    TEMPLATE: Scope((_arn("s3", "gitpod-flex-releases/*", "", ""),)),
    CA_PARAMETER: Scope((_arn("ssm", "parameter<path>"),)),
    # Secrets Manager adds a hyphen and six characters to a secret's name (user guide, "What's in a secret").
    CA_SECRET: Scope((_arn("secretsmanager", "secret:<secret>-??????"),)),
    ROLE: Scope(("<the role>",)),
    CALLER: Scope((_arn("iam", "role/*", ""), _arn("iam", "user/*", ""))),
    ROLES: Scope((_arn("iam", "role/*", ""),)),
    PROFILES: Scope((_arn("iam", "instance-profile/*", ""),)),
    QUOTAS: Scope((_arn("servicequotas", "*"),)),
    CERTIFICATES: Scope((_arn("acm", "certificate/*"),)),
    NEW_CERTIFICATE: Scope(("*",), _ASKED_TAG),
    VPC: Scope((_arn("ec2", "vpc/*"),)),
    NEW_ENDPOINT: Scope((_ENDPOINTS,), _ASKED_TAG),
    ENDPOINT: Scope((_ENDPOINTS,)),
    OWN_ENDPOINT: Scope((_ENDPOINTS,), _OWN_TAG),
    NETWORK: Scope((_arn("ec2", "vpc/*"), _arn("ec2", "subnet/*"), _GROUPS)),
    ATTACHED: Scope((_arn("ec2", "subnet/*"), _GROUPS)),
    NEW_GROUP: Scope((_GROUPS,), _ASKED_TAG),
    OWN_GROUPS: Scope((_GROUPS,), _OWN_TAG),
    TAGGED_AT_CREATION: Scope(
        (_ENDPOINTS, _GROUPS), {"StringEquals": {"ec2:CreateAction": ["CreateVpcEndpoint", "CreateSecurityGroup"]}}
    ),
    OWN_THINGS: Scope((_ENDPOINTS, _GROUPS), _OWN_TAG),
    DOCUMENT: Scope((_arn("ssm", "document/AWS-RunShellScript", account=""),)),
    INSTANCES: Scope((_arn("ec2", "instance/*"),)),
}


@dataclasses.dataclass(frozen=True)
class Action:
    """A permission.

    :param name: as IAM spells it, such as C(cloudformation:CreateStack).
    :param scopes: names of what it is limited to; one that touches several things needs it on each.
    :param when: setting without which it is not needed; empty for always.
    :param optional: whether the collection goes on without it, with less to say.
    """

    name: str
    scopes: tuple[str, ...] = (ANY,)
    when: str = ""
    optional: bool = False


def actions(
    service: str, *names: str, scopes: str | tuple[str, ...] = ANY, when: str = "", optional: bool = False
) -> list[Action]:
    """Several of one service with the same limits."""
    limits = (scopes,) if isinstance(scopes, str) else scopes
    return [Action(f"{service}:{name}", limits, when, optional) for name in names]
