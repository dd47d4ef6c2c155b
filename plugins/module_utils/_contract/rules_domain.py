# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the runner's domain and its certificate."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import partition_of

DOMAIN = "gitpod_domain_name"
# RFC 1035 section 2.3.4, as text without the trailing dot; the wildcard beside the domain has two characters more.
LONGEST_NAME = 253
LONGEST_DOMAIN = LONGEST_NAME - len("*.")
# ACM, RequestCertificate, DomainName: the common name has 64 characters at most (RFC 5280), further names 253. Ours is
# the domain, and the wildcard is a further name (_certificate.api), so its two characters do not count.
LONGEST_CERTIFICATE_NAME = 64
# What is longer is not looked at closely: neither a name nor the URL of one.
LONGEST_URL = 2048
_EXAMPLE = "Write, for example, gitpod.example.com"
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d*):(?P<resource>\S+)"
)
_EXAMPLE_ARN = "arn:aws:acm:us-east-1:123456789012:certificate/5d1c3a52-..."


def domain(inventory: Inventory) -> list[Problem]:
    """A bare domain name; the wildcard beside it is added by the collection."""
    value = inventory.text(DOMAIN).lower().rstrip(".")
    if not value:
        return []
    wrong = _wrong(value)
    if wrong:
        return [Problem(MALFORMED, DOMAIN, *wrong)]
    if len(value) > LONGEST_CERTIFICATE_NAME and _is_requested(inventory):
        summary = f"{quoted(value)} has {len(value)} characters, and ACM takes {LONGEST_CERTIFICATE_NAME} in a request."
        remediation = "Choose a shorter domain, or import a certificate that has it and set gitpod_certificate_arn."
        return [Problem(CONTRADICTORY, DOMAIN, summary, remediation)]
    return []


def _wrong(value: str) -> tuple[str, str] | None:
    """What is wrong with a name, and what to write."""
    shown = quoted(value)
    if len(value) > LONGEST_URL:
        return f"{shown} has {len(value):,} characters.", _EXAMPLE
    if "/" in value or ":" in value:
        return f"{shown} is a URL or has a port.", f"Write the bare name: {_host_of(value)}"
    if value.startswith("*."):
        return "The wildcard is added by the collection.", f"Write {quoted(value[2:])}"
    if not value.isascii():
        return f"{shown} has letters that DNS does not know.", _in_ascii(value)
    if _is_address(value):
        return f"{shown} is an address, not a name.", "Write a name: gitpod.example.com"
    fault = _fault(value)
    return (f"{shown} {fault}.", _EXAMPLE) if fault else None


def _is_requested(inventory: Inventory) -> bool:
    return inventory.switch("gitpod_certificate_request") and not inventory.text("gitpod_certificate_arn")


def _host_of(value: str) -> str:
    try:
        host = urllib.parse.urlsplit(value if "://" in value else f"//{value}").hostname
    except ValueError:
        host = ""
    return quoted(host or "gitpod.example.com")


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _fault(value: str) -> str:
    labels = value.split(".")
    wrong = next((label for label in labels if not _LABEL.fullmatch(label)), None)
    if wrong == "":
        return "has two dots in a row"
    if wrong is not None:
        return f"is not a domain name: {quoted(wrong)} is not 1 to 63 letters, digits and hyphens, hyphens inside only"
    if len(labels) < 2:  # noqa: PLR2004
        return "is not a domain name: it has no dot"
    if labels[-1].isdigit():
        # RFC 3696, section 2; and of digits alone, resolvers make an address (inet_aton(3): 123.456).
        return f"is not a domain name: no top-level domain is a number, as {quoted(labels[-1])} is"
    if len(value) > LONGEST_DOMAIN:
        return f"has {len(value)} characters, and with its wildcard DNS takes {LONGEST_DOMAIN}"
    return ""


def _in_ascii(value: str) -> str:
    """The name as DNS has it (RFC 5891: U-labels and A-labels), where it is one."""
    labels = []
    for label in re.split("[.\u3002\uff0e\uff61]", unicodedata.normalize("NFKC", value).lower()):
        plain = unicodedata.normalize("NFC", label)
        if not all(unicodedata.category(character)[0] in "LMN" or character == "-" for character in plain):
            return "Write a name of letters, digits and hyphens, such as gitpod.example.com"
        labels.append(plain if plain.isascii() else f"xn--{plain.encode('punycode').decode('ascii')}")
    ascii_name = ".".join(labels)
    if _fault(ascii_name):
        return "Write a name of letters, digits and hyphens, such as gitpod.example.com"
    return f"Write it as DNS has it: {ascii_name}"


def certificate(inventory: Inventory) -> list[Problem]:
    """An ACM certificate of the runner's own region, account and partition."""
    name, value = "gitpod_certificate_arn", inventory.text("gitpod_certificate_arn")
    if not value:
        return []
    match = _ARN.fullmatch(value)
    if not match or match["service"] != "acm" or not match["resource"].startswith("certificate/"):
        summary = f"{quoted(value)} is not the ARN of an ACM certificate."
        return [Problem(MALFORMED, name, summary, f"Write {_EXAMPLE_ARN}")]
    problems = []
    region, account = inventory.text("gitpod_region"), str(inventory.values.get("gitpod_account_id", ""))
    if region and match["region"] != region:
        summary = f"The certificate is in {quoted(match['region'])}, the runner in {quoted(region)}."
        remediation = "A load balancer takes certificates of its own region only: request or import one there."
        problems.append(Problem(CONTRADICTORY, name, summary, remediation))
    elif region and match["partition"] != partition_of(region):
        summary = (
            f"The region belongs to the partition {partition_of(region)}, the ARN to {quoted(match['partition'])}."
        )
        problems.append(Problem(CONTRADICTORY, name, summary, "Copy the ARN from the console of that partition."))
    if account and match["account"] != account:
        summary = f"The certificate belongs to account {quoted(match['account'])}, the runner to {quoted(account)}."
        problems.append(Problem(CONTRADICTORY, name, summary, "Use a certificate of the runner's account."))
    return problems


RULES = (domain, certificate)
