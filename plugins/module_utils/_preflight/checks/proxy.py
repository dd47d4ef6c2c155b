# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy: what has to go through it, and what must not."""

from __future__ import annotations

import ipaddress
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules import (
    REQUIRED_NO_PROXY,
    partition_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import DIALLED
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

NONE = "No proxy is set."
LARGEST_PORT = 65535


def proxies(wanted: Wanted) -> dict[str, str]:
    """The proxies that are set, by variable."""
    both = {"gitpod_http_proxy": wanted.http_proxy, "gitpod_https_proxy": wanted.https_proxy}
    return {name: value for name, value in both.items() if value}


def bypasses(host: str, entries: tuple[str, ...]) -> bool:
    """Whether NO_PROXY keeps a host off the proxy, as most programs read it: a suffix with or without its dot, a name,
    an address range, or an asterisk."""
    for entry in (entry.strip().lower() for entry in entries):
        bare = entry.removeprefix("*").removeprefix(".")
        if entry == "*" or (bare and (host == bare or host.endswith(f".{bare}"))):
            return True
    return False


def contains_address(address: str, entries: tuple[str, ...]) -> bool:
    """Whether an address is kept off the proxy, by itself or by a range."""
    for entry in entries:
        try:
            if ipaddress.ip_address(address) in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False


@check(
    "proxy.url",
    asks="Are the proxies URLs of the form `http://host:port`, without a password?",
    why="Stack parameters and task definitions can be read by many; a malformed URL leaves no way out.",
    fix="Write `http://host:port` in `gitpod_http_proxy` and `gitpod_https_proxy`; set both or none.",
)
def url(wanted: Wanted, _facts: Facts) -> Finding:
    """Both, and their secrets are never shown."""
    given = proxies(wanted)
    if not given:
        return skipped(NONE)
    problems = [problem for name, value in given.items() for problem in _problems(name, value)]
    if problems:
        return failed(f"{'; '.join(problems)}.", "Write http://host:port, without user and password.")
    if len(given) == 1:
        return warned(
            f"Only {next(iter(given))} is set.", "Set both: most programs use one of them for each kind of address."
        )
    return passed("Both have the form that is expected.")


def _problems(name: str, value: str) -> list[str]:
    try:
        parts = urllib.parse.urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and 0 < (parts.port or 80) <= LARGEST_PORT
    except ValueError:
        return [f"{name} is not a URL"]
    if not usable:
        return [f"{name} is not a URL of a proxy"]
    return [f"{name} holds a user or a password"] if parts.username or parts.password else []


@check(
    "proxy.no_proxy",
    asks="Has `gitpod_no_proxy` the entries that the vendor's guide demands?",
    why=f"NO_PROXY must include {', '.join(REQUIRED_NO_PROXY)} (vendor's guide, Proxy Configuration).",
    fix="Add the entries that are named.",
)
def no_proxy(wanted: Wanted, _facts: Facts) -> Finding:
    """A wider entry that covers one of them counts too."""
    if not proxies(wanted):
        return skipped(NONE)
    entries = wanted.no_proxy
    absent = [entry for entry in REQUIRED_NO_PROXY if entry not in entries]
    if absent:
        return failed(f"Missing: {', '.join(absent)}.", "Add them to gitpod_no_proxy.")
    if not contains_address("169.254.169.254", entries):
        return warned("The instance metadata address goes through the proxy.", "Add 169.254.0.0/16 to gitpod_no_proxy.")
    return passed(f"{', '.join(entries)}.")


@check(
    "proxy.aws_endpoints",
    asks="Do the AWS APIs that the runner needs bypass the proxy?",
    why="The runner reaches these directly over 443; through a proxy that inspects TLS their signatures or certificates"
    " fail.",
    fix="Add `.amazonaws.com` (in China `.amazonaws.com.cn`) to `gitpod_no_proxy`.",
)
def aws_endpoints(wanted: Wanted, _facts: Facts) -> Finding:
    """By the hosts' names in the region."""
    if not proxies(wanted):
        return skipped(NONE)
    suffix = "amazonaws.com.cn" if partition_of(wanted.region) == "aws-cn" else "amazonaws.com"
    hosts = [f"{service}.{wanted.region}.{suffix}" for service in DIALLED]
    through = [host for host in hosts if not bypasses(host, wanted.no_proxy)]
    if through:
        return failed(f"Through the proxy: {', '.join(through)}.", f"Add .{suffix} to gitpod_no_proxy.")
    return passed(f"{', '.join(DIALLED)} bypass it.")


CHECKS = (url, no_proxy, aws_endpoints)
