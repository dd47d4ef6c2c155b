# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The custom authority, whose content is parsed and never kept."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

try:
    from cryptography import x509

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

import datetime

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    CaBundle,
    CaCertificate,
)

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# Parts of an ARN of Secrets Manager, which holds colons itself.
_ARN_PARTS = 7
# Secrets Manager's words, which come with the code of many other refusals (localstack's validated snapshots).
LEAVING = "marked for deletion"


@dataclasses.dataclass(frozen=True)
class Reference:
    """A dynamic reference of CloudFormation, without its braces.

    :param service: C(ssm) or C(secretsmanager).
    :param version: number of the parameter's version, or ID of the secret's.
    :param key: key in the secret's JSON, or empty for the whole text.
    """

    service: str
    name: str
    version: str = ""
    key: str = ""
    stage: str = ""

    def at(self, version: str) -> str:
        """The same of one version, which never changes, as the inventory has it."""
        if self.service == "ssm":
            return f"ssm:{self.name}:{version}"
        return f"secretsmanager:{self.name}:SecretString:{self.key}::{version}"


def parse_reference(text: str) -> Reference | None:
    """C(ssm:/path[:version]) or C(secretsmanager:id[:SecretString[:key[:stage[:version]]]]), with or without
    C({{resolve:...}}); C(None) for anything else."""
    bare = re.sub(r"^\{\{\s*resolve:|\}\}$", "", text.strip()).strip()
    service, _colon, rest = bare.partition(":")
    if service == "ssm" and rest:
        name, _colon, version = rest.partition(":")
        return Reference(service, name, version)
    if service != "secretsmanager" or not rest:
        return None
    parts = rest.split(":")
    length = _ARN_PARTS if parts[0] == "arn" else 1
    _kind, key, stage, version = ([*parts[length:], "", "", "", ""])[:4]
    return Reference(service, ":".join(parts[:length]), version, key, stage)


def custom_ca(reference: Reference, clients: t.Callable[[str], t.Any]) -> CaBundle:
    """What the reference leads to.

    :raises RunnerError: it is of a kind that CloudFormation does not resolve, or cannot be parsed here.
    """
    _require_cryptography()
    if reference.service == "ssm":
        name = f"{reference.name}:{reference.version}" if reference.version else reference.name
        found = clients("ssm").get_parameter(Name=name, aws_retry=True)["Parameter"]
        # A SecureString arrives encrypted, and CloudFormation does not resolve it with ssm.
        bundle = CaBundle((), encrypted=True) if found["Type"] == "SecureString" else parse_bundle(found["Value"])
        return dataclasses.replace(bundle, version=str(found.get("Version", "")), changed=found.get("LastModifiedDate"))
    arguments = {"SecretId": reference.name, "VersionStage": reference.stage, "VersionId": reference.version}
    given = {key: value for key, value in arguments.items() if value}
    try:
        with intent(f"read the secret {reference.name}"):
            answer = clients("secretsmanager").get_secret_value(**given, aws_retry=True)
    except ApiError as error:
        if error.code == "InvalidRequestException" and LEAVING in error.why:
            return CaBundle((), leaving=True)
        raise
    bundle = parse_bundle(_part(answer.get("SecretString", ""), reference.key))
    return dataclasses.replace(bundle, version=answer.get("VersionId", ""), changed=answer.get("CreatedDate"))


def parsed_bundle(text: str) -> CaBundle:
    """The certificates that an inventory has itself.

    :raises RunnerError: they cannot be parsed here.
    """
    _require_cryptography()
    return parse_bundle(text)


def _require_cryptography() -> None:
    if not HAS_CRYPTOGRAPHY:
        raise RunnerError("The Python library cryptography is not installed where the module runs")


def _part(text: str, key: str) -> str:
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def parse_bundle(text: str) -> CaBundle:
    """The certificates of a PEM text: subjects and dates, nothing else."""
    found, unreadable = [], 0
    for block in _BLOCK.findall(text):
        try:
            parsed = x509.load_pem_x509_certificate(block.encode())
            found.append(CaCertificate(parsed.subject.rfc4514_string(), _expiry(parsed), _is_authority(parsed)))
        except ValueError:
            unreadable += 1
    return CaBundle(tuple(found), unreadable, "PRIVATE KEY-----" in text)


def _expiry(parsed: t.Any) -> datetime.datetime:
    # cryptography 42 and newer; older ones give a naive time in UTC.
    aware = getattr(parsed, "not_valid_after_utc", None)
    return aware or parsed.not_valid_after.replace(tzinfo=datetime.timezone.utc)


def _is_authority(parsed: t.Any) -> bool:
    try:
        return bool(parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
