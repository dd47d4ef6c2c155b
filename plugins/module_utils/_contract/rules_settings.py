# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the registration's settings, and of checks that are named: what would be noticed at the very end."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    MISSING,
    Inventory,
    Problem,
    listed,
    nearest,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import checks as health
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import SETTINGS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    metrics_faults,
    window_faults,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import (
    declared,
    desired,
    environment_class,
    integration,
    llm,
    warm_pool,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import fault as url_fault
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import EXPECTED_ENVIRONMENTS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import checks as verification
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import vantage

WINDOW, METRICS = "gitpod_registration_update_window", "gitpod_registration_metrics"
REQUIRED = "gitpod_verify_required"
EXPECTED, RUNNING = "gitpod_expected_environments", "gitpod_expected_running_environments"
REPOSITORY = "gitpod_acceptance_repository"
INTEGRATIONS = "gitpod_runner_settings_scm_integrations"
# What two entries of a list are of that are one and the same.
WORDS: t.Mapping[str, str] = {
    "environment_classes": "display name",
    "scm_integrations": "system and host",
    "sharing": "group",
    "llm_integrations": "endpoint",
    "warm_pools": "project and environment class",
}
# A name or an IPv4 address (RFC 1123, section 2.1), or an IPv6 address in brackets; a port or none.
_HOST = re.compile(r"([A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
HIGHEST_PORT = 65_535
_VERIFIED = tuple(
    sorted(
        {
            *(check.id for check in verification.ALL),
            *(check.id for check in health.ALL),
            *(check.id for check in vantage.CHECKS),
        }
    )
)


def registration(inventory: Inventory) -> list[Problem]:
    """What the management plane refuses of a registration's settings."""
    faults = {WINDOW: window_faults(inventory.mapping(WINDOW)), METRICS: metrics_faults(inventory.mapping(METRICS))}
    url = inventory.mapping(METRICS).get("url")
    if isinstance(url, str) and url_fault(url, ("http", "https"), credentials=True):
        faults[METRICS].append(f"its url {url_fault(url, ('http', 'https'), credentials=True)}")
    return [
        Problem(CONTRADICTORY, name, f"{'; '.join(found)}.", "Correct it, or leave it out to keep the present one.")
        for name, found in faults.items()
        if found
    ]


def expected(inventory: Inventory) -> list[Problem]:
    """No more environments run than there are."""
    total, running = inventory.values.get(EXPECTED) or EXPECTED_ENVIRONMENTS, inventory.values.get(RUNNING)
    if not isinstance(total, int) or not isinstance(running, int) or running <= total:
        return []
    summary = f"{running} environments run at one time, and {EXPECTED} has {total} in all, stopped ones among them."
    return [Problem(CONTRADICTORY, RUNNING, summary, f"Raise {EXPECTED}, which counts stopped ones too.")]


def checks(inventory: Inventory) -> list[Problem]:
    """Checks that are required are checks that there are; of the prerequisites' own, the look at them tells."""
    unknown = [pattern for pattern in inventory.items(REQUIRED) if not fnmatch.filter(_VERIFIED, pattern)]
    if not unknown:
        return []
    close = nearest(unknown[0], _VERIFIED)
    hint = f"Did you mean {close}?" if close else "They are listed in docs/verification.md."
    return [Problem(MALFORMED, REQUIRED, f"There is no such check: {listed(unknown)}.", hint)]


def integrations(inventory: Inventory) -> list[Problem]:
    """Hosts and issuers, which are sent once all else is there; no message repeats what stands beside a secret."""
    given = inventory.values.get(INTEGRATIONS)
    entries = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    problems = []
    for number, entry in enumerate(entries, 1):
        host, issuer = entry.get("host"), entry.get("issuer_url")
        if isinstance(host, str) and not _is_host(host):
            summary = f"Entry {number}: host is not the name of a host, with a port or without."
            problems.append(Problem(MALFORMED, INTEGRATIONS, summary, "Write it without scheme, such as github.com"))
            continue
        fault = url_fault(issuer) if isinstance(issuer, str) and issuer else ""
        if fault:
            summary = f"Entry {number}: issuer_url {fault}."
            problems.append(Problem(MALFORMED, INTEGRATIONS, summary, "Copy the issuer's https URL in one line."))
        try:
            integration.wanted_of(entry)
        except InputError as error:
            # Its words are names of options.
            problems.append(Problem(CONTRADICTORY, INTEGRATIONS, f"Entry {number}: {error.why}.", "Correct it."))
    return problems


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    return found is not None and 0 < int((found[3] or ":443")[1:]) <= HIGHEST_PORT


def entries(inventory: Inventory) -> list[Problem]:
    """Classes, models and warm pools that can never be so, which their stages would tell after the deployment."""
    judges: dict[str, t.Callable[[t.Mapping[str, t.Any]], t.Any]] = {
        desired.CLASSES: environment_class.wanted_of,
        desired.MODELS: llm.wanted_of,
        desired.POOLS: warm_pool.wanted_of,
    }
    problems = []
    for name, judge in judges.items():
        given = inventory.values.get(name)
        for number, entry in enumerate(given if isinstance(given, list) else [], 1):
            try:
                judge(entry)
            except InputError as error:
                problems.append(Problem(CONTRADICTORY, name, f"Entry {number}: {error.why}.", "Correct it."))
    return problems


def doubled(inventory: Inventory) -> list[Problem]:
    """Each thing is declared once: of two entries that differ, each run would write both, one after the other."""
    problems = []
    for name, kind in desired.KINDS.items():
        given = inventory.values.get(f"{desired.PREFIX}{name}")
        found: dict[tuple[str, ...], list[int]] = {}
        for number, entry in enumerate(given if isinstance(given, list) else [], 1):
            found.setdefault(kind.key(entry), []).append(number)
        for numbers in found.values():
            if len(numbers) > 1:
                summary = f"Entries {' and '.join(map(str, numbers))} are of the same {WORDS[name]}."
                problems.append(Problem(CONTRADICTORY, f"{desired.PREFIX}{name}", summary, "Keep one of them."))
    return problems


def token(inventory: Inventory) -> list[Problem]:
    """Who declares what the management plane keeps needs a token for it; without one, nobody would keep it."""
    named = [variable.name for variable in (*SETTINGS, *declared.VARIABLES)]
    given = [name for name in named if inventory.values.get(name) not in (None, [], {})]
    if not given or inventory.values.get("gitpod_api_token"):
        return []
    return [
        Problem(MISSING, "gitpod_api_token", f"Not set, but needed for {listed(given)}.", "Set it, or leave them out.")
    ]


def repository(inventory: Inventory) -> list[Problem]:
    """Of the acceptance, whose environment is made after an upgrade's canary, say. The URL is never repeated."""
    url = inventory.text(REPOSITORY)
    fault = url_fault(url) if url else ""
    if not fault:
        return []
    advice = "Write it as https://github.com/owner/name; who may read it, the user of the API token decides."
    return [Problem(MALFORMED, REPOSITORY, f"It {fault}.", advice)]


RULES = (registration, checks, integrations, expected, entries, doubled, token, repository)
