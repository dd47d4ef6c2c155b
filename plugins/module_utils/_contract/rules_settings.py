# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the registration's settings, and of checks that are named: what would be noticed at the very end."""

from __future__ import annotations

import fnmatch

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
    listed,
    nearest,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import checks as health
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    metrics_faults,
    window_faults,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import fault as url_fault
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import checks as verification
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import vantage

WINDOW, METRICS = "gitpod_registration_update_window", "gitpod_registration_metrics"
REQUIRED = "gitpod_verify_required"
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


def checks(inventory: Inventory) -> list[Problem]:
    """Checks that are required are checks that there are; of the prerequisites' own, the look at them tells."""
    unknown = [pattern for pattern in inventory.items(REQUIRED) if not fnmatch.filter(_VERIFIED, pattern)]
    if not unknown:
        return []
    close = nearest(unknown[0], _VERIFIED)
    hint = f"Did you mean {close}?" if close else "They are listed in docs/verification.md."
    return [Problem(MALFORMED, REQUIRED, f"There is no such check: {listed(unknown)}.", hint)]


RULES = (registration, checks)
