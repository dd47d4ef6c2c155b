# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy: what has to go through it, and what must not."""

from __future__ import annotations

import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules import REQUIRED_NO_PROXY
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import DIALLED
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Service
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import suffix_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import bypasses, host_of, uncovered

NONE = "No proxy is set."
# Whichever: the registry may be the vendor's or a mirror's.
ACCOUNT = "123456789012"
LARGEST_PORT = 65535


def proxies(wanted: Wanted) -> dict[str, str]:
    """The proxies that are set, by variable."""
    both = {"gitpod_http_proxy": wanted.http_proxy, "gitpod_https_proxy": wanted.https_proxy}
    return {name: value for name, value in both.items() if value}


def api_host(wanted: Wanted, facts: Facts) -> str:
    """The host at which the runner will reach the management plane: of what is set, or of the template's default.

    Empty where neither is known.
    """
    url = wanted.api_endpoint
    if not url and not isinstance(facts.template, Unread) and facts.template is not None:
        found = parameters.find("API Endpoint", facts.template.parameters)
        url = (found[0].default or "") if len(found) == 1 else ""
    return host_of(url)


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
    absent = uncovered(REQUIRED_NO_PROXY, entries)
    if absent:
        return failed(f"Missing: {', '.join(absent)}.", "Add them to gitpod_no_proxy.")
    if not bypasses("169.254.169.254", entries):
        return warned("The instance metadata address goes through the proxy.", "Add 169.254.0.0/16 to gitpod_no_proxy.")
    return passed(f"{', '.join(entries)}.")


@check(
    "proxy.aws_endpoints",
    asks="Do the AWS APIs that the runner needs bypass the proxy?",
    why="The runner reaches these directly over 443; through a proxy that inspects TLS their signatures or certificates"
    " fail.",
    fix="Add `.amazonaws.com` (in China `.amazonaws.com.cn`, in the European Sovereign Cloud `.amazonaws.eu`) to"
    " `gitpod_no_proxy`.",
)
def aws_endpoints(wanted: Wanted, _facts: Facts) -> Finding:
    """By the hosts' names in the region."""
    if not proxies(wanted):
        return skipped(NONE)
    suffix = suffix_of(wanted.region)
    hosts = [f"{name}.{suffix}" for name in _dialled(wanted.region)]
    through = [host for host in hosts if not bypasses(host, wanted.no_proxy)]
    if through:
        return failed(f"Through the proxy: {', '.join(through)}.", f"Add .{suffix} to gitpod_no_proxy.")
    return passed(f"{', '.join(DIALLED)} bypass it.")


def _dialled(region: str) -> list[str]:
    """The hosts of the services that the runner dials, without what all names of the partition end in.

    Registries are below the second of ECR's, buckets below S3's, each of an account or a bucket that is not known yet
    (ECR and S3 API references, "Endpoints").
    """
    places = {"ecr.api": f"api.ecr.{region}", "ecr.dkr": f"{ACCOUNT}.dkr.ecr.{region}"}
    return [places.get(service, f"{service}.{region}") for service in DIALLED]


@check(
    "proxy.management_plane",
    asks="Does the management plane bypass the proxy, by the name that the API endpoint has?",
    why="The runner keeps a connection to the API endpoint's host, app.gitpod.io or app.ona.com, which has to be in"
    " NO_PROXY; with PrivateLink the proxy would take it past the endpoint. Environments ask for both names: the one"
    " that is not in NO_PROXY, the proxy has to let through.",
    fix="Add the API endpoint's host to `gitpod_no_proxy`.",
)
def management_plane(wanted: Wanted, facts: Facts) -> Finding:
    """The API endpoint's host, and with PrivateLink the service's private name."""
    if not proxies(wanted):
        return skipped(NONE)
    host = api_host(wanted, facts)
    if not host:
        return skipped("The API endpoint is not known (gitpod_api_endpoint).")
    service = facts.service if wanted.privatelink_enabled and isinstance(facts.service, Service) else None
    hosts = dict.fromkeys((host, *(service.private_names if service else ())))
    through = [name for name in hosts if not bypasses(name, wanted.no_proxy)]
    if through:
        return failed(f"Through the proxy: {', '.join(through)}.", f"Add {', '.join(through)} to gitpod_no_proxy.")
    return passed(f"{', '.join(hosts)} {'bypass' if len(hosts) > 1 else 'bypasses'} it.")


CHECKS = (url, no_proxy, aws_endpoints, management_plane)
