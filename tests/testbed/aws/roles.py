# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AssumeRole, of roles that exist and trust the caller; and which roles trust a service.

Recorded: the shape of the answer, without PackedPolicySize where no session policy was given, and the refusals of
malformed ARNs and session names (recordings, sts/assume_role). The refusal of a role that does not exist or does not
trust is one and the same in the IAM user guide ("Troubleshoot IAM roles"). Lengths: STS API reference, AssumeRole.
"""

from __future__ import annotations

import datetime
import json
import re
import time
import typing as t
import uuid
from xml.sax.saxutils import escape

from ministack.core.iam_evaluator import EvalContext, evaluate_trust_policy
from ministack.core.responses import request_scope
from ministack.services import iam, sts

from . import identities
from .requests import Call, refusal

OPERATION = ("sts", "AssumeRole")
_ROLE = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):role/(?:[^/]+/)*(?P<name>[\w+=,.@-]+)")
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")
_SESSION_NAME = re.compile(r"[\w+=,.@-]*", re.ASCII)
# Characters of a session's name, and seconds of a session; a chained one lasts an hour at most.
SHORTEST_NAME, LONGEST_NAME, SHORTEST, HOUR = 2, 64, 900, 3600


def add(account: str, name: str, trust: t.Mapping[str, t.Any], policy: t.Mapping[str, t.Any] | None = None) -> None:
    """A role that trusts a principal, as a trust policy names it.

    :param policy: what the role may, or None for everything.
    :raises ValueError: ministack refused to create it.
    """
    statement = {"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    allowed = json.dumps(policy or identities.EVERYTHING)
    with request_scope(account, "us-east-1"):
        for answered in (
            iam._create_role({"RoleName": [name], "AssumeRolePolicyDocument": [document]}),
            iam._put_role_policy({"RoleName": [name], "PolicyName": ["own"], "PolicyDocument": [allowed]}),
        ):
            if answered[0] != 200:
                raise ValueError(f"no role {name} in {account}: {answered}")


def find(arn: str) -> dict[str, t.Any] | None:
    """The role of this very ARN, path and all, or None."""
    match = _ROLE.fullmatch(arn)
    role = iam._roles.get_scoped(match["account"], None, match["name"]) if match else None
    return role if role and role["Arn"] == arn else None


def trusts_service(arn: str, service: str) -> bool:
    """Whether the role exists and its trust policy names the service."""
    role = find(arn)
    document = json.loads(role["AssumeRolePolicyDocument"]) if role else {}
    statements = document.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal")
        named = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and service in ([named] if isinstance(named, str) else named):
            return True
    return False


def _name_problem(name: str) -> str:
    if len(name) < SHORTEST_NAME:
        return f"Member must have length greater than or equal to {SHORTEST_NAME}"
    if len(name) > LONGEST_NAME:
        return f"Member must have length less than or equal to {LONGEST_NAME}"
    return "" if _SESSION_NAME.fullmatch(name) else r"Member must satisfy regular expression pattern: [\w+=,.@-]*"


def _invalid(call: Call, chained: bool) -> str:
    """Why the request is refused before anybody's rights matter, or empty."""
    name, arn = str(call.parameters.get("RoleSessionName", "")), str(call.parameters.get("RoleArn", ""))
    if problem := _name_problem(name):
        return (
            f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: {problem}"
        )
    if not _ARN.fullmatch(arn):
        return f"{arn} is invalid"
    seconds = int(call.parameters.get("DurationSeconds", HOUR))
    if seconds < SHORTEST:
        return (
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint:"
            f" Member must have value greater than or equal to {SHORTEST}"
        )
    if chained and seconds > HOUR:
        return "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    role = find(arn)
    if role and seconds > int(role.get("MaxSessionDuration", HOUR)):
        return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    return ""


def _trusted(call: Call, role: t.Mapping[str, t.Any], caller: identities.Credential) -> bool:
    given = {
        "sts:externalid": call.parameters.get("ExternalId"),
        "sts:rolesessionname": call.parameters["RoleSessionName"],
    }
    context = EvalContext(
        principal_arn=caller.arn,
        principal_type="AssumedRole" if caller.token else "User",
        principal_account=caller.account,
        action="sts:AssumeRole",
        resource_arn=str(role["Arn"]),
        region=call.region,
        service_context=given,
    )
    return bool(evaluate_trust_policy(role["AssumeRolePolicyDocument"], caller.arn, context))


def answer(call: Call) -> identities.Answer:
    """AssumeRole's answer to a caller that is known."""
    caller = identities.of_key(call.account)
    if caller is None:
        raise ValueError(f"{call.account} is nobody's key")
    if problem := _invalid(call, chained=bool(caller.token)):
        return refusal("sts", "ValidationError", escape(problem), 400)
    arn = str(call.parameters["RoleArn"])
    role = find(arn)
    if role is None or not _trusted(call, role, caller):
        sentence = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        return refusal("sts", "AccessDenied", escape(sentence), 403)
    return 200, "text/xml", _session(call, role, caller).encode()


def _session(call: Call, role: t.Mapping[str, t.Any], caller: identities.Credential) -> str:
    """A new session of the role, as XML; its ARN is without the role's path (recordings, iam/role_with_path)."""
    name, seconds = call.parameters["RoleSessionName"], int(call.parameters.get("DurationSeconds", HOUR))
    partition, account = str(role["Arn"]).split(":")[1], str(role["Arn"]).split(":")[4]
    arn = f"arn:{partition}:sts::{account}:assumed-role/{role['RoleName']}/{name}"
    key, secret, token = sts._gen_session_access_key(), sts._gen_secret(), sts._gen_session_token()
    expires = time.time() + seconds
    policy = call.parameters.get("Policy", "")
    session = {
        "Arn": arn,
        "UserId": f"{role['RoleId']}:{name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": expires,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
        "SourceAccessKeyId": call.account,
        "SourcePrincipalArn": caller.arn,
        "SessionTags": [],
        "SessionPolicies": {"Policy": policy, "PolicyArns": []} if policy else None,
    }
    sts.register_session(key, session)
    until = datetime.datetime.fromtimestamp(int(expires), datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    packed = "<PackedPolicySize>1</PackedPolicySize>" if policy else ""
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        f"<AssumedRoleUser><AssumedRoleId>{role['RoleId']}:{name}</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
        f"<SessionToken>{token}</SessionToken><Expiration>{until}</Expiration></Credentials>{packed}"
        f"</AssumeRoleResult><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        "</AssumeRoleResponse>"
    )
