# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of tokens, keys and of references to secrets. No message repeats a secret."""

from __future__ import annotations

import base64
import binascii
import re

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _custom_ca
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry

API_TOKEN, EXCHANGE_TOKEN = "gitpod_api_token", "gitpod_exchange_token"
CUSTOM_CA = "gitpod_custom_ca"
KEY_SECRET = "gitpod_dns_key_secret"  # noqa: S105 - name of a variable
# AWX 24.6.1 shows a password question's answer so, an empty one too (awx.md).
AWX_PLACEHOLDER = "$encrypted$"
_TOKENS = (API_TOKEN, EXCHANGE_TOKEN, *(name for provider in registry.ALL for name in provider.tokens))
_BRACES = re.compile(r"\{\{-?[\s'\"]*resolve\s*:(?P<reference>[^{}]*)\}\}", re.IGNORECASE)


def bare_reference(text: str) -> str:
    """The reference inside CloudFormation's braces, such as the guide's C(ssm:/gitpod/ca-cert), or empty.

    :param text: what the inventory says before its templates are filled in. To Ansible the braces are a template, and
        the colon a syntax error in it, so this is how the cause is recognised.
    """
    match = _BRACES.search(text)
    found = re.sub(r"[\s'\"]|-$", "", match["reference"]) if match else ""
    return found if _custom_ca.kind_of(found) == _custom_ca.REFERENCE else ""


def custom_ca(inventory: Inventory) -> list[Problem]:
    """A reference to a parameter or a secret without braces, which are Jinja2 to Ansible; PEM; or a URL."""
    value = inventory.text(CUSTOM_CA)
    kind = _custom_ca.kind_of(value)
    if not value or kind:
        return _too_long(value) if kind == _custom_ca.PEM else []
    if _custom_ca.is_block(value):
        return [Problem(MALFORMED, CUSTOM_CA, _not_certificates(value), CERTIFICATES)]
    remediation = "Write ssm:/path, ssm:/path:version or secretsmanager:id; the collection adds the braces."
    if "://" in value:
        summary = f"{quoted(value)} is no URL that a runner reads."
        return [Problem(MALFORMED, CUSTOM_CA, summary, "Write s3://bucket/key or https://..., or ssm:/path.")]
    bare = bare_reference(value) or value.removeprefix("resolve:")
    if "{" in value or "}" in value or value.startswith("resolve:"):
        hint = f"Write {quoted(bare)}; the collection adds the braces." if _custom_ca.kind_of(bare) else remediation
        return [Problem(MALFORMED, CUSTOM_CA, "The reference has braces or the word resolve.", hint)]
    if value.startswith("ssm-secure:"):
        # CloudFormation user guide: ssm-secure works in a fixed list of properties only.
        summary = "CloudFormation resolves ssm-secure in few properties only, not in this parameter."
        return [
            Problem(MALFORMED, CUSTOM_CA, summary, "Keep the certificate as a String in Parameter Store: ssm:/path")
        ]
    if value.startswith(("/", "arn:")):
        kind = "ssm" if value.startswith("/") else "secretsmanager"
        summary = f"{quoted(value)} does not say which service keeps it."
        return [Problem(MALFORMED, CUSTOM_CA, summary, f"Write {quoted(f'{kind}:{value}')}")]
    return [Problem(MALFORMED, CUSTOM_CA, f"{quoted(value)} is not a reference.", remediation)]


CERTIFICATES = (
    "Give certificates with their BEGIN and END lines, and nothing else; better, keep them in Parameter Store or in"
    " Secrets Manager, and write ssm:/path:version or secretsmanager:id."
)
# CloudFormation quotas, "Parameters".
_LONGEST = 4_096


def _not_certificates(text: str) -> str:
    private = "PRIVATE KEY-----" in text
    # Whoever may read a stack may read its parameters.
    return (
        "It holds a private key, which nobody needs." if private else "It is not one certificate in PEM form or more."
    )


def _too_long(text: str) -> list[Problem]:
    size = len(text.encode())
    if size <= _LONGEST:
        return []
    summary = f"The certificates have {size:,} bytes, and CloudFormation takes {_LONGEST:,} of a parameter's value."
    remediation = "Keep them in Secrets Manager, and write secretsmanager:id, or leave out those that are not needed."
    return [Problem(MALFORMED, CUSTOM_CA, summary, remediation)]


def is_token(text: str) -> bool:
    """Whether it is one word of characters that a header can carry."""
    return all("!" <= character <= "~" for character in text)


def tokens(inventory: Inventory) -> list[Problem]:
    """Each token is one word of characters that a header can carry."""
    problems = []
    for name in _TOKENS:
        value = inventory.values.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            summary = "The token is a number, and YAML may have changed its digits."
            problems.append(Problem(MALFORMED, name, summary, "Write it in quotes, and with -e as JSON."))
        elif inventory.text(name) == AWX_PLACEHOLDER:
            summary = "It is what a controller shows in place of a secret, not the secret."
            problems.append(
                Problem(MALFORMED, name, summary, "Enter the secret once more in the survey or credential.")
            )
        elif not is_token(inventory.text(name)):
            summary = "The token has blanks, line breaks or other characters in it that no token has."
            problems.append(Problem(MALFORMED, name, summary, "Copy it as one word."))
    return problems


def exchange_token(inventory: Inventory) -> list[Problem]:
    """An exchange token is its runner's."""
    if not inventory.text(API_TOKEN) or inventory.text("gitpod_runner_id") or not inventory.text(EXCHANGE_TOKEN):
        return []
    summary = "An exchange token is given without the ID of its runner, and gitpod_api_token registers one."
    remediation = "Add gitpod_runner_id, or leave the exchange token out: one is minted when it is needed."
    return [Problem(CONTRADICTORY, EXCHANGE_TOKEN, summary, remediation)]


def key_secret(inventory: Inventory) -> list[Problem]:
    """A TSIG key's secret is Base64, as key files have it and dnspython reads it."""
    value = inventory.text(KEY_SECRET)
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return [Problem(MALFORMED, KEY_SECRET, "The secret is not Base64.", "Copy it from the key file in one line.")]
    return []


RULES = (custom_ca, tokens, exchange_token, key_secret)
