# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: the accounts that exist, their operators' access keys, and what each service says to keys of nobody.

An account's number is the access key of its operator, an IAM user that may do everything; other keys are those that
the simulated IAM and STS gave out. The signature of every call is computed anew.

Sources of the refusals: recordings sts/region_not_enabled, and the services' lists of common errors (query protocols:
InvalidClientTokenId and SignatureDoesNotMatch, 403; JSON protocols: UnrecognizedClientException and
InvalidSignatureException, 400; EC2: AuthFailure, 401; S3: InvalidAccessKeyId, 403).
"""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t
import urllib.parse

from ministack.core import sigv4
from ministack.core.responses import request_scope
from ministack.core.router import extract_access_key_id
from ministack.services import iam, sts

from . import control
from .requests import Call, protocol, refusal

Answer = tuple[int, str, bytes]
OPERATOR = "gitpod-operator"
SECRET = "test"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# Regions that an account has to enable (AWS Account Management, "Enable or disable AWS Regions in your account").
OPT_IN = frozenset(
    (
        *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
        *("ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2"),
        *("il-central-1", "me-central-1", "me-south-1", "mx-central-1"),
    )
)
# Services of no region, which answer whatever region the client was made for.
_GLOBAL = frozenset({"iam", "route53"})
_accounts: set[str] = set()
_enabled: set[str] = set()


@dataclasses.dataclass(frozen=True)
class Credential:
    """Whose keys they are.

    :param token: of a session, or empty.
    :param expires: seconds since 1970, or 0 for never.
    """

    arn: str
    user_id: str
    account: str
    secret: str
    token: str = ""
    expires: float = 0.0


def operator_arn(account: str) -> str:
    """The ARN of the user whose access key the account's number is."""
    return f"arn:aws:iam::{account}:user/{OPERATOR}"


def add_account(account: str) -> None:
    """An account with its operator.

    :raises ValueError: ministack refused to create the user.
    """
    user = {"UserName": [OPERATOR]}
    policy = {**user, "PolicyName": ["everything"], "PolicyDocument": [json.dumps(EVERYTHING)]}
    with request_scope(account, "us-east-1"):
        for answered in (iam._create_user(user), iam._put_user_policy(policy)):
            if answered[0] != 200:
                raise ValueError(f"no operator in {account}: {answered}")
    _accounts.add(account)


def enable_region(region: str) -> None:
    """The accounts have enabled it."""
    _enabled.add(region)


def clear() -> None:
    """No account, and no region that had to be enabled."""
    _accounts.clear()
    _enabled.clear()


def of_key(access_key: str) -> Credential | None:
    """Whose access key it is, or None for a key of nobody."""
    session = sts._sessions.get(access_key)
    if session:
        return Credential(
            str(session["Arn"]),
            str(session["UserId"]),
            str(session["AccountId"]),
            str(session["SecretAccessKey"]),
            str(session["SessionToken"]),
            float(session["Expiration"]),
        )
    if access_key in _accounts:
        return _user(access_key, OPERATOR, SECRET)
    for (account, *_region, key), record in list(iam._access_keys._data.items()):
        if key == access_key and record.get("Status", "Active") == "Active":
            return _user(account, str(record["UserName"]), str(record["SecretAccessKey"]))
    return None


def _user(account: str, name: str, secret: str) -> Credential | None:
    user = iam._users.get_scoped(account, None, name)
    return Credential(str(user["Arn"]), str(user["UserId"]), account, secret) if user else None


_NOBODY = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
# Code by kind of fault for the query protocols, the JSON protocols, EC2 and S3, each with its status.
_CODES: t.Mapping[str, t.Mapping[str, tuple[str, int]]] = {
    "nobody": {
        "query": ("InvalidClientTokenId", 403),
        "json": ("UnrecognizedClientException", 400),
        "ec2": ("AuthFailure", 401),
        "s3": ("InvalidAccessKeyId", 403),
    },
    "expired": {
        "query": ("ExpiredToken", 403),
        "json": ("ExpiredTokenException", 400),
        "ec2": ("RequestExpired", 400),
        "s3": ("ExpiredToken", 400),
    },
    "signature": {
        "query": ("SignatureDoesNotMatch", 403),
        "json": ("InvalidSignatureException", 400),
        "ec2": ("AuthFailure", 401),
        "s3": ("SignatureDoesNotMatch", 403),
    },
}
_MESSAGES: t.Mapping[tuple[str, str], str] = {
    ("nobody", "s3"): "The AWS Access Key Id you provided does not exist in our records.",
    ("nobody", "ec2"): "AWS was not able to validate the provided access credentials",
    ("signature", "ec2"): "AWS was not able to validate the provided access credentials",
    ("expired", "ec2"): "Request has expired.",
    ("expired", "s3"): "The provided token has expired.",
}
_FALLBACK = {"nobody": _NOBODY, "expired": _EXPIRED, "signature": sigv4.SIGNATURE_MISMATCH}


def _family(service: str) -> str:
    if service in ("ec2", "s3"):
        return service
    return "json" if protocol(service) in ("json", "rest-json") else "query"


def _refused(service: str, fault: str) -> Answer:
    family = _family(service)
    code, status = _CODES[fault][family]
    return refusal(service, code, _MESSAGES.get((fault, family), _FALLBACK[fault]), status)


@dataclasses.dataclass(frozen=True)
class Signed:
    """A request as it was signed; the path as it came over the wire."""

    method: str
    path: str
    query: str
    headers: t.Mapping[str, str]
    body: bytes


def refused(call: Call, request: Signed) -> Answer | None:
    """What the service says to a caller that it does not know, or None for one that it does."""
    known = of_key(call.account)
    closed = call.region in OPT_IN - _enabled and call.service not in _GLOBAL
    if known is None or closed:
        return _refused(call.service, "nobody")
    if request.headers.get("x-amz-security-token", "") != known.token:
        return _refused(call.service, "nobody")
    if known.expires and known.expires < time.time():
        return _refused(call.service, "expired")
    return _refused(call.service, "signature") if not _right(known, request) else None


def _right(known: Credential, request: Signed) -> bool:
    signature = sigv4.parse_header_signature(request.headers)
    if isinstance(signature, tuple):
        return False
    query = urllib.parse.parse_qs(request.query, keep_blank_values=True)
    arguments = (request.method, request.path, query, request.headers, request.body)
    return sigv4.header_signature_failure(signature, known.secret, *arguments) is None


def _caller_identity(headers: dict[str, str], query_params: t.Any = None) -> dict[str, t.Any]:
    """In the place of ministack's function: the caller that C(refused) has let in."""
    access_key = extract_access_key_id(headers, query_params)
    known = of_key(access_key)
    if known is None:
        raise ValueError(f"{access_key} is nobody's key")
    return {"accessKey": access_key, "accountId": known.account, "userArn": known.arn, "userId": known.user_id}


def handle_accounts(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST adds C(accounts), by number; the answer has every one with its operator's ARN."""
    for account in body["accounts"] if method == "POST" else ():
        if account not in _accounts:
            add_account(account)
    return {"accounts": {account: operator_arn(account) for account in sorted(_accounts)}}


def handle_regions(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST enables a C(region) that accounts have to enable."""
    if method == "POST":
        enable_region(body["region"])
    return {"not_enabled": sorted(OPT_IN - _enabled)}


def install(_settings: t.Any) -> None:
    """Change ministack's STS in place, and offer the accounts."""
    sts._caller_identity = _caller_identity
    control.register("/_testbed/accounts", handle_accounts)
    control.register("/_testbed/regions", handle_regions)
