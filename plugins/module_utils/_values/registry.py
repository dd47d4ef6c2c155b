# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every inventory variable, by the role that documents it."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import declared as adopt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import declared as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import declared as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import declared as dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import declared as privatelink
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import declared as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import declared as settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import declared as status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import declared as teardown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import report, rollout, shared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import declared as verification

ROLES: t.Mapping[str, tuple[Variable, ...]] = {
    "gitpod_prerequisites": shared.VARIABLES,
    "gitpod_rollout": rollout.VARIABLES,
    "gitpod_certificate": certificate.VARIABLES,
    "gitpod_registration": registration.VARIABLES,
    "gitpod_privatelink": privatelink.VARIABLES,
    "gitpod_stack": stack.VARIABLES,
    "gitpod_dns": dns.VARIABLES,
    "gitpod_verify": verification.VARIABLES,
    "gitpod_report": report.VARIABLES,
    "gitpod_runner_settings": settings.VARIABLES,
    "gitpod_status": status.VARIABLES,
    "gitpod_adopt": adopt.VARIABLES,
    "gitpod_teardown": teardown.VARIABLES,
}


@functools.lru_cache(maxsize=1)
def variables() -> t.Mapping[str, Variable]:
    """All of them by name.

    :raises ValueError: one is declared twice, or falls back to one that nobody declares.
    """
    found: dict[str, Variable] = {}
    for declared in ROLES.values():
        for variable in declared:
            if variable.name in found:
                raise ValueError(f"{variable.name} is declared twice")
            found[variable.name] = variable
    for variable in found.values():
        unknown = set(variable.fallback) - set(found)
        if unknown:
            raise ValueError(f"{variable.name} falls back to {', '.join(sorted(unknown))}, which nobody declares")
    return found
