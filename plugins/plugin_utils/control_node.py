# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the control node can judge: directories to write to, files to read, hosts that are named, its own proxies.

Looked at together with the contract, so that a run does not end without its report, or after an hour for a file.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Problem,
    listed,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import unreadable, unwritable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    token_of_the_environment,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import suffix_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import HOW_TO_WRITE_A_PROXY, proxy_of

ARTIFACTS = "gitpod_artifact_directory"
ACCEPTANCE = "gitpod_acceptance"
PROBES = "gitpod_verify_probe_hosts"
# What is asked without gitpod_api_endpoint.
API = "https://app.gitpod.io/api"
ROUTE53 = "route53"


class Library(t.NamedTuple):
    """What is imported, and what brings it."""

    module: str
    package: str


# By the variable whose value asks for it; requirements.txt has all of them. Route 53 is asked by its own API.
LIBRARIES: t.Mapping[str, Library] = {
    "gitpod_resolvers": Library("dns", "dnspython 2.4"),
    "gitpod_dns_provider": Library("dns", "dnspython 2.4"),
    "gitpod_api_token": Library("gitpod.v1", "gitpod-sdk 1.2.0"),
}
FILES = ("gitpod_api_ca_path", "gitpod_verify_ca_path")


def problems(values: Values, known_hosts: t.Container[str], own_proxies: bool = False) -> list[Problem]:
    """Of one host.

    :param known_hosts: the inventory's.
    :param own_proxies: whether the task has proxies of its own (C(environment)), so that this process's do not count.
    """
    found = [*directory(values, ARTIFACTS), *_files(values), *_probes(values, known_hosts), *_proof(values)]
    found += _libraries(values)
    return found if own_proxies else found + _proxies(values)


def has_own_proxies(environment: t.Any) -> bool:
    """Whether a task's keyword C(environment) may name a proxy.

    :param environment: dictionaries, or templates that are not filled in yet.
    """
    entries = environment if isinstance(environment, list) else [environment]
    names = [str(name) for entry in entries if entry for name in (entry if isinstance(entry, dict) else [entry])]
    return any(name.lower().endswith("_proxy") or "{{" in name for name in names)


def directory(values: Values, name: str) -> list[Problem]:
    """A directory that is written to."""
    path = str(values[name] or "")
    fault = unwritable(path) if path else ""
    if not fault:
        return []
    summary = f"Nothing can be written to {quoted(path)}: {fault}."
    return [Problem(MALFORMED, name, summary, "Set it to a directory on the control node that the run may write to.")]


def _files(values: Values) -> list[Problem]:
    told = {name: unreadable(str(values[name])) for name in FILES if values[name]}
    return [
        Problem(
            MALFORMED,
            name,
            f"{quoted(values[name])} cannot be read: {fault}.",
            "Name a file of the control node that the run may read, or leave it out.",
        )
        for name, fault in told.items()
        if fault
    ]


def _probes(values: Values, known_hosts: t.Container[str]) -> list[Problem]:
    unknown = [name for name in values[PROBES] if name not in known_hosts]
    if not unknown:
        return []
    summary = f"The inventory has no such hosts: {listed(unknown)}."
    return [Problem(MALFORMED, PROBES, summary, "Name hosts as the inventory does, or add them to it.")]


def _proof(values: Values) -> list[Problem]:
    """An acceptance needs a token, and comes after everything else; a token of the environment will do."""
    if not values[ACCEPTANCE] or values["gitpod_api_token"] or token_of_the_environment():
        return []
    summary = "An environment is only created with an API token, and none is given."
    advice = "Set gitpod_api_token, ONA_API_KEY or GITPOD_API_KEY, or leave it out."
    return [Problem(CONTRADICTORY, ACCEPTANCE, summary, advice)]


def _libraries(values: Values) -> list[Problem]:
    """What a later stage imports and this Python lacks, which is the modules' too; an hour into a run is late for it.

    A controller's default execution environment is such a one (AWX 24.6.1: no dnspython). Found, and not imported.
    """
    needed = {name: library for name, library in LIBRARIES.items() if values[name] not in (None, "", [], ROUTE53)}
    return [
        Problem(
            CONTRADICTORY,
            name,
            f"It needs the Python library {library.package}, which {sys.executable} does not have.",
            f"Install {library.package} there; of a controller's execution environment, build one that has it"
            " (docs/controller.md).",
        )
        for name, library in needed.items()
        if not installed(library.module)
    ]


@functools.lru_cache
def installed(module: str) -> bool:
    """Whether this Python has a library; a package that it is in may be missing as well."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _proxies(values: Values) -> list[Problem]:
    """Those of the environment that nobody gets through: each call would be tried for a minute first."""
    region = str(values["gitpod_region"] or "")
    asked = [os.environ.get("AWS_ENDPOINT_URL") or f"https://sts.{region}.{suffix_of(region)}"]
    if values["gitpod_api_token"]:
        asked.append(str(values["gitpod_api_endpoint"] or API))
    faulty = {proxy.variable: proxy.fault for url in asked if (proxy := proxy_of(url)) and proxy.fault}
    return [
        Problem(
            MALFORMED,
            name,
            f"The URL of the proxy in the environment variable {name} of the control node {fault}.",
            f"{HOW_TO_WRITE_A_PROXY}.",
        )
        for name, fault in faulty.items()
    ]
