# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks at AWS and at the management plane, group by group."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.check import Check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.checks import (
    endpoint,
    load_balancer,
    network_endpoints,
    runner,
    stack,
    targets,
)

ALL: tuple[Check, ...] = (
    *stack.CHECKS,
    *load_balancer.CHECKS,
    *targets.CHECKS,
    *endpoint.CHECKS,
    *network_endpoints.CHECKS,
    *runner.CHECKS,
)
