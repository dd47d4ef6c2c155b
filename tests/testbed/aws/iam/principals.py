# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls, and which policies say what the caller may."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ministack.core.iam_evaluator import _resolve_managed_policy_document
from ministack.core.responses import request_scope
from ministack.services import iam, sts

from .. import identities

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_ENTITY = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):(?P<kind>user|role|group)/(?:[^/]+/)*(?P<name>[^/]+)")
_SESSION = re.compile(r"arn:[\w-]+:sts::(?P<account>\d{12}):assumed-role/(?P<name>[^/]+)/[^/]+")
_ACCOUNT = re.compile(r"\d{12}")
Documents = tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Principal:
    """A caller.

    :param arn: a session's, for a role that was assumed.
    :param identity: name and document (JSON) of each of its policies; a root user's is one that allows everything.
    :param boundary: the same of its permissions boundary, if it has one.
    :param session: document of the session's own policy, or empty.
    :param scps: the same of the service control policies that the test bed was told of.
    """

    arn: str
    account: str
    identity: Documents
    boundary: Documents = ()
    session: str = ""
    scps: Documents = ()

    @property
    def partition(self) -> str:
        """aws, aws-us-gov or aws-cn."""
        return self.arn.split(":")[1]

    @property
    def is_root(self) -> bool:
        """Whether nothing limits it: the account itself, or its operator, who is allowed everything."""
        return self.arn.endswith((":root", f":user/{identities.OPERATOR}"))

    @property
    def is_unlimited(self) -> bool:
        """Whether one policy allows everything and nothing stands beside it: no resource makes a difference then."""
        only = len(self.identity) == 1 and json.loads(self.identity[0][1]) == _EVERYTHING
        return only and not (self.boundary or self.session or self.scps)

    def question(self) -> dict[str, t.Any]:
        """As the judge takes it."""
        return {
            "arn": self.arn,
            "account": self.account,
            "identity": _policies(self.identity),
            "boundary": _policies(self.boundary),
            "session": json.loads(self.session) if self.session else None,
            "scps": [{"orgIdentifier": "r-test", "policies": _policies(self.scps)}] if self.scps else [],
        }

    def keys(self) -> dict[str, str | list[str]]:
        """Condition keys that every request of it has."""
        return {
            "aws:PrincipalArn": self._iam_arn(),
            "aws:PrincipalAccount": self.account,
            "aws:PrincipalType": "AssumedRole" if ":assumed-role/" in self.arn else "User",
        }

    def _iam_arn(self) -> str:
        """The role's ARN, with its path, for a session of it."""
        session = _SESSION.fullmatch(self.arn)
        role = iam._roles.get_scoped(self.account, None, session["name"]) if session else None
        return str(role["Arn"]) if role else self.arn


def _policies(documents: Documents) -> list[dict[str, t.Any]]:
    return [{"name": name, "policy": json.loads(document)} for name, document in documents]


def _text(document: t.Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _attached(arns: t.Iterable[str], account: str) -> Documents:
    found = ((arn, _resolve_managed_policy_document(arn, account)) for arn in arns)
    return tuple((arn.rsplit("/", 1)[-1], _text(document)) for arn, document in found if document)


def _inline(policies: t.Mapping[str, t.Any] | None) -> Documents:
    return tuple((name, _text(document)) for name, document in (policies or {}).items())


def _group_policies(name: str, account: str) -> Documents:
    group = iam._groups.get_scoped(account, None, name) or {}
    return (*_inline(iam._group_inline_policies.get(name)), *_attached(group.get("AttachedPolicies", []), account))


def _entity(kind: str, name: str, account: str, arn: str) -> Principal | None:
    stores = {"user": iam._users, "role": iam._roles, "group": iam._groups}
    record = stores[kind].get_scoped(account, None, name)
    if record is None:
        return None
    if kind == "group":
        return Principal(arn, account, _group_policies(name, account))
    inline = record.get("InlinePolicies") if kind == "role" else iam._user_inline_policies.get(name)
    identity = (*_inline(inline), *_attached(record.get("AttachedPolicies", []), account))
    if kind == "user":
        for group, members in list(iam._groups.items()):
            identity += _group_policies(group, account) if name in members.get("Users", []) else ()
    boundary = record.get("PermissionsBoundary")
    return Principal(arn, account, identity, _attached([boundary], account) if boundary else ())


def of_arn(arn: str) -> Principal | None:
    """The user, role or group of this ARN, or None where there is none.

    :raises ValueError: the ARN is of none of these kinds.
    """
    match = _ENTITY.fullmatch(arn)
    if not match:
        raise ValueError(arn)
    with request_scope(match["account"], "us-east-1"):
        return _entity(match["kind"], match["name"], match["account"], arn)


def root(account: str) -> Principal:
    """The account itself."""
    return Principal(f"arn:aws:iam::{account}:root", account, (("root", json.dumps(_EVERYTHING)),))


def of_key(access_key: str) -> Principal | None:
    """Whose access key it is, or None for a key that nobody has.

    An account's number as a key is the operator's (C(identities)).
    """
    session = sts._sessions.get(access_key)
    if session:
        account = str(session["AccountId"])
        with request_scope(account, "us-east-1"):
            return _of_session(session, account)
    for (account, key), record in list(iam._access_keys._data.items()):
        if key == access_key:
            with request_scope(account, "us-east-1"):
                name = str(record["UserName"])
                return _entity("user", name, account, str((iam._users.get(name) or {}).get("Arn", "")))
    if not _ACCOUNT.fullmatch(access_key):
        return None
    with request_scope(access_key, "us-east-1"):
        return _entity("user", identities.OPERATOR, access_key, identities.operator_arn(access_key))


def _of_session(session: t.Mapping[str, t.Any], account: str) -> Principal | None:
    arn = str(session["Arn"])
    match = _SESSION.fullmatch(arn)
    if not match:
        return root(account) if arn.endswith(":root") else of_arn(arn)
    found = _entity("role", match["name"], account, arn)
    policy = (session.get("SessionPolicies") or {}).get("Policy") or ""
    return dataclasses.replace(found, session=_text(policy) if policy else "") if found else None
