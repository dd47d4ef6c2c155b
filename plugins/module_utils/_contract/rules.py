# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of single values and across values, from the vendor's setup guide. Each rule returns its problems."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
)

# "When configuring HTTP/HTTPS proxy, NO_PROXY must include ..." (guide, Proxy Configuration).
REQUIRED_NO_PROXY = (".internal", "169.254.0.0/16", "app.gitpod.io", ".amazonaws.com")
ZONE_COUNTS = (2, 3)
MAXIMUM_DOMAIN_LENGTH = 253
# Of a runner in the management plane (SDK, message gitpod.v1.CreateRunnerRequest).
SHORTEST_NAME, LONGEST_NAME = 3, 127

_PATTERNS: dict[str, tuple[str, str]] = {
    "gitpod_region": (r"[a-z]{2}(-[a-z]+)+-\d", "a region's name such as us-east-1"),
    "gitpod_account_id": (r"\d{12}", "twelve digits, quoted so that YAML keeps leading zeros"),
    "gitpod_runner_id": (
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "the UUID under Settings, Runners in the Gitpod dashboard",
    ),
    "gitpod_vpc_id": (r"vpc-[0-9a-f]{8,17}", "a VPC ID such as vpc-0a7d5c3e1f9b80246"),
    "gitpod_load_balancer_security_group_id": (r"sg-[0-9a-f]{8,17}", "a security group such as sg-0b3d5f7a9c1e24681"),
}
_LIST_PATTERNS: dict[str, tuple[str, str]] = {
    "gitpod_availability_zones": (r"[a-z]{2}(-[a-z]+)+-\d[a-z]", "zone names such as us-east-1a"),
    "gitpod_ec2_subnet_ids": (r"subnet-[0-9a-f]{8,17}", "subnet IDs such as subnet-0a1e2c4b6d8f01351"),
    "gitpod_load_balancer_subnet_ids": (r"subnet-[0-9a-f]{8,17}", "subnet IDs such as subnet-0a1e2c4b6d8f01351"),
}
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d*):(?P<resource>.+)"
)
_CA_REFERENCE = re.compile(r"(ssm:/?[A-Za-z0-9_./-]+(:\d+)?|secretsmanager:[A-Za-z0-9_./:+=@!-]+)")


def identifiers(inventory: Inventory) -> list[Problem]:
    """Identifiers that have AWS's or Gitpod's fixed form."""
    problems = []
    for name, (pattern, form) in _PATTERNS.items():
        value = inventory.values.get(name)
        if value is not None and not isinstance(value, (list, dict)) and not re.fullmatch(pattern, str(value)):
            problems.append(Problem(MALFORMED, name, f"{str(value)!r} has not the form of {form}.", f"Write {form}."))
    for name, (pattern, form) in _LIST_PATTERNS.items():
        wrong = [item for item in inventory.items(name) if not re.fullmatch(pattern, item)]
        if wrong:
            problems.append(Problem(MALFORMED, name, f"Not {form}: {', '.join(wrong)}.", f"Write a list of {form}."))
    return problems


def zones_and_subnets(inventory: Inventory) -> list[Problem]:
    """Two or three zones of the region, and as many subnets of each kind, none twice (guide, Network Configuration)."""
    problems = []
    zones = inventory.items("gitpod_availability_zones")
    region = inventory.text("gitpod_region")
    if zones and len(zones) not in ZONE_COUNTS:
        problems.append(
            Problem(CONTRADICTORY, "gitpod_availability_zones", f"{len(zones)} zones are named.", "Name two or three.")
        )
    foreign = [zone for zone in zones if region and not zone.startswith(region)]
    if foreign:
        summary = f"Zones of another region than {region}: {', '.join(foreign)}."
        problems.append(
            Problem(CONTRADICTORY, "gitpod_availability_zones", summary, f"Name zones of {region}, such as {region}a.")
        )
    for name in ("gitpod_availability_zones", "gitpod_ec2_subnet_ids", "gitpod_load_balancer_subnet_ids"):
        problems.extend(_repeated(name, inventory.items(name)))
    for name in ("gitpod_ec2_subnet_ids", "gitpod_load_balancer_subnet_ids"):
        subnets = inventory.items(name)
        if subnets and zones and len(subnets) != len(zones):
            summary = f"{len(subnets)} subnets for {len(zones)} Availability Zones."
            problems.append(Problem(CONTRADICTORY, name, summary, "Name one subnet for each Availability Zone."))
    return problems


def _repeated(name: str, items: t.Sequence[str]) -> list[Problem]:
    twice = sorted({item for item in items if items.count(item) > 1})
    return [Problem(CONTRADICTORY, name, f"Named twice: {', '.join(twice)}.", "Name each once.")] if twice else []


def domain(inventory: Inventory) -> list[Problem]:
    """A bare domain name; the wildcard beside it is added by the collection."""
    name, value = "gitpod_domain_name", inventory.text("gitpod_domain_name").lower().rstrip(".")
    if not value:
        return []
    if "://" in value or "/" in value or ":" in value:
        bare = urllib.parse.urlsplit(value if "://" in value else f"//{value}").hostname or "yourdomain.com"
        return [Problem(MALFORMED, name, f"{value!r} is a URL.", f"Write the bare name: {bare}")]
    if value.startswith("*."):
        return [Problem(MALFORMED, name, "The wildcard is added by the collection.", f"Write {value[2:]}")]
    labels = value.split(".")
    if len(labels) < 2 or len(value) > MAXIMUM_DOMAIN_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004
        return [Problem(MALFORMED, name, f"{value!r} is not a domain name.", "Write, for example, gitpod.example.com.")]
    return []


def certificate(inventory: Inventory) -> list[Problem]:
    """An ACM certificate of the runner's own region, account and partition."""
    name, value = "gitpod_certificate_arn", inventory.text("gitpod_certificate_arn")
    if not value:
        return []
    match = _ARN.fullmatch(value)
    if not match or match["service"] != "acm" or not match["resource"].startswith("certificate/"):
        example = "arn:aws:acm:us-east-1:123456789012:certificate/5d1c3a52-..."
        return [Problem(MALFORMED, name, f"{value!r} is not the ARN of an ACM certificate.", f"Write {example}")]
    problems = []
    region, account = inventory.text("gitpod_region"), str(inventory.values.get("gitpod_account_id", ""))
    if region and match["region"] != region:
        summary = f"The certificate is in {match['region']}, the runner in {region}."
        remediation = f"A load balancer takes certificates of its own region only: request or import one in {region}."
        problems.append(Problem(CONTRADICTORY, name, summary, remediation))
    elif region and match["partition"] != partition_of(region):
        summary = f"Region {region} belongs to the partition {partition_of(region)}, the ARN to {match['partition']}."
        problems.append(Problem(CONTRADICTORY, name, summary, "Copy the ARN from the console of that partition."))
    if account and match["account"] != account:
        summary = f"The certificate belongs to account {match['account']}, the runner to {account}."
        problems.append(Problem(CONTRADICTORY, name, summary, "Use a certificate of the runner's account."))
    return problems


def partition_of(region: str) -> str:
    """The AWS partition by the region's prefix (AWS General Reference, ARN namespaces)."""
    prefixes = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}
    return next((partition for prefix, partition in prefixes.items() if region.startswith(prefix)), "aws")


def proxy(inventory: Inventory) -> list[Problem]:
    """Proxy URLs, and the NO_PROXY entries without which a proxied runner does not start."""
    problems = []
    proxies = [name for name in ("gitpod_http_proxy", "gitpod_https_proxy") if inventory.text(name)]
    for name in proxies:
        problems.extend(_proxy_url(name, inventory.text(name)))
    entries = inventory.items("gitpod_no_proxy")
    absent = [entry for entry in REQUIRED_NO_PROXY if entry not in entries]
    if proxies and absent:
        summary = f"A proxy is set, and these required entries are missing: {', '.join(absent)}."
        problems.append(Problem(CONTRADICTORY, "gitpod_no_proxy", summary, "Add them to the list."))
    if entries and not proxies:
        summary = "NO_PROXY entries are set, but no proxy is."
        remediation = "Set gitpod_http_proxy and gitpod_https_proxy, or remove the entries."
        problems.append(Problem(CONTRADICTORY, "gitpod_no_proxy", summary, remediation))
    return problems


def _proxy_url(name: str, value: str) -> list[Problem]:
    remediation = "Write http://host:port, without user and password: stack parameters can be read by many."
    try:
        url = urllib.parse.urlsplit(value)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        return [Problem(MALFORMED, name, "Not a URL.", remediation)]
    if url.username or url.password:
        return [Problem(MALFORMED, name, "The URL holds a user or a password.", remediation)]
    return [] if usable else [Problem(MALFORMED, name, "Not a proxy URL.", remediation)]


def custom_ca(inventory: Inventory) -> list[Problem]:
    """A reference to Parameter Store or Secrets Manager without braces, which are Jinja2 to Ansible."""
    name, value = "gitpod_custom_ca", inventory.text("gitpod_custom_ca")
    if not value:
        return []
    remediation = "Write ssm:/path/of/parameter or secretsmanager:secret-id; the collection adds the braces."
    if "{" in value or "}" in value or value.startswith("resolve:"):
        return [Problem(MALFORMED, name, "The reference has braces or the word resolve.", remediation)]
    if not _CA_REFERENCE.fullmatch(value):
        return [Problem(MALFORMED, name, "Not a reference to a parameter or a secret.", remediation)]
    return []


def registration(inventory: Inventory) -> list[Problem]:
    """An API token is one word, a runner's name has the length that is allowed, an exchange token is its runner's."""
    problems = []
    token, name = inventory.text("gitpod_api_token"), inventory.text("gitpod_runner_name")
    if token and any(character.isspace() for character in token):
        problems.append(
            Problem(MALFORMED, "gitpod_api_token", "The token has spaces or line breaks in it.", "Copy it as one word.")
        )
    if not token or inventory.text("gitpod_runner_id"):
        return problems
    if name and not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        summary = f"{name!r} cannot be registered: it has {len(name)} characters."
        remediation = f"Choose a name of {SHORTEST_NAME} to {LONGEST_NAME} characters."
        problems.append(Problem(MALFORMED, "gitpod_runner_name", summary, remediation))
    if inventory.text("gitpod_exchange_token"):
        summary = "An exchange token is given without the ID of its runner, and gitpod_api_token registers one."
        remediation = "Add gitpod_runner_id, or leave the exchange token out: one is minted when it is needed."
        problems.append(Problem(CONTRADICTORY, "gitpod_exchange_token", summary, remediation))
    return problems


def api_endpoint(inventory: Inventory) -> list[Problem]:
    """HTTPS, except on loopback, where there is no wire to listen on."""
    name, value = "gitpod_api_endpoint", inventory.text("gitpod_api_endpoint")
    if not value:
        return []
    remediation = "Write https://app.gitpod.io/api"
    try:
        url = urllib.parse.urlsplit(value)
        host = url.hostname or ""
    except ValueError:
        return [Problem(MALFORMED, name, "Not a URL.", remediation)]
    loopback = host == "localhost" or host.startswith("127.")
    if not host or not (url.scheme == "https" or (url.scheme == "http" and loopback)):
        return [Problem(MALFORMED, name, f"{value!r} is not an https URL.", remediation)]
    return []


RULES: tuple[t.Callable[[Inventory], list[Problem]], ...] = (
    zones_and_subnets,
    domain,
    certificate,
    proxy,
    custom_ca,
    api_endpoint,
    registration,
)
