# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of URLs, proxies, resolvers and address ranges."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _urls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
    listed,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import parse
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError

# "When configuring HTTP/HTTPS proxy, NO_PROXY must include ..." (guide, Proxy Configuration).
REQUIRED_NO_PROXY = (".internal", "169.254.0.0/16", "app.gitpod.io", ".amazonaws.com")
NO_PROXY = "gitpod_no_proxy"
PROXIES = ("gitpod_http_proxy", "gitpod_https_proxy")
HTTPS, BOTH = ("https",), ("http", "https")
# Schemes, what to write, and whether the URL itself is a secret, which no message repeats.
_URLS: t.Mapping[str, tuple[tuple[str, ...], str, bool]] = {
    "gitpod_api_endpoint": (HTTPS, "Write https://app.gitpod.io/api", False),
    "gitpod_stack_releases_url": (BOTH, "Write https://releases.gitpod.io, or your mirror's URL.", False),
    "gitpod_stack_template_url": (BOTH, "Write the URL of the template in S3.", False),
    "gitpod_report_notify": (HTTPS, "Copy the webhook's URL in one line.", True),
}
# CloudFormation's model, TemplateURL; no other URL that is meant is longer.
LONGEST_URL = 5120
_SERVERS = ("gitpod_resolvers", "gitpod_dns_authoritative_servers")
_RANGES, _ADMITTED = "gitpod_verify_accepted_ranges", "gitpod_network_endpoints_further_ranges"


def urls(inventory: Inventory) -> list[Problem]:
    """URLs that the collection asks, or hands its secrets to."""
    problems = []
    for name, (schemes, remediation, secret) in _URLS.items():
        value = inventory.text(name)
        fault = _urls.fault(value, schemes, credentials=secret) if value else ""
        if not fault and len(value) > LONGEST_URL:
            fault = f"has {len(value):,} characters, more than {LONGEST_URL:,}"
        if fault:
            shown = "The URL" if secret or "password" in fault else quoted(value)
            problems.append(Problem(MALFORMED, name, f"{shown} {fault}.", remediation))
    return problems


def proxy(inventory: Inventory) -> list[Problem]:
    """Proxy URLs, and the NO_PROXY entries without which a proxied runner does not start."""
    problems = []
    proxies = [name for name in PROXIES if inventory.text(name)]
    for name in proxies:
        fault = _urls.fault(inventory.text(name), BOTH)
        if fault:
            remediation = "Write http://host:port, without user and password: stack parameters can be read by many."
            problems.append(Problem(MALFORMED, name, f"The proxy's URL {fault}.", remediation))
    return problems + _no_proxy(inventory, bool(proxies))


def _no_proxy(inventory: Inventory, proxied: bool) -> list[Problem]:
    entries = inventory.items(NO_PROXY)
    broken = [entry for entry in entries if any(character.isspace() or character == "," for character in entry)]
    if broken:
        # One text with commas is what programs read, so an entry can hold neither.
        return [Problem(MALFORMED, NO_PROXY, f"Not one host or range each: {listed(broken)}.", "Write them as a list.")]
    if entries and not proxied:
        summary = "NO_PROXY entries are set, but no proxy is."
        remediation = "Set gitpod_http_proxy and gitpod_https_proxy, or remove the entries."
        return [Problem(CONTRADICTORY, NO_PROXY, summary, remediation)]
    absent = _urls.uncovered(REQUIRED_NO_PROXY, entries)
    # The runner reaches the management plane directly, whichever of its names the API endpoint has.
    plane = _urls.host_of(inventory.text("gitpod_api_endpoint"))
    if plane and plane not in absent and not _urls.bypasses(plane, entries):
        absent.append(plane)
    if proxied and absent:
        summary = f"A proxy is set, and these required entries are missing: {', '.join(absent)}."
        return [Problem(CONTRADICTORY, NO_PROXY, summary, "Add them to the list.")]
    return []


def servers(inventory: Inventory) -> list[Problem]:
    """DNS servers by address, because a name would itself have to be resolved."""
    problems = []
    for name in _SERVERS:
        wrong = [text for text in inventory.items(name) if not _is_server(text)]
        if wrong:
            remediation = "Write each as 192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or [2001:db8::53]:5353"
            problems.append(Problem(MALFORMED, name, f"Not the address of a server: {listed(wrong)}.", remediation))
    return problems


def _is_server(text: str) -> bool:
    try:
        parse(text)
    except InputError:
        return False
    return True


def ranges(inventory: Inventory) -> list[Problem]:
    """Networks as addresses with a prefix; a security group's rules of the endpoints are IPv4."""
    problems = []
    for name, versions, hint in (
        (_RANGES, (4, 6), "Write each as 198.51.100.0/24 or 2001:db8::/32."),
        (_ADMITTED, (4,), "Write each as 10.0.0.0/16."),
    ):
        wrong = [text for text in inventory.items(name) if _version(text) not in versions]
        if wrong:
            problems.append(Problem(MALFORMED, name, f"Not a range of addresses: {listed(wrong)}.", hint))
    return problems


def _version(text: str) -> int:
    """Of IP; 0 of what is no network."""
    try:
        return ipaddress.ip_network(text, strict=False).version
    except ValueError:
        return 0


RULES = (urls, proxy, servers, ranges)
