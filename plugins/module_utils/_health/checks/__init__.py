# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of the network, group by group."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.check import Check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.checks import (
    dns,
    health,
    private_dns,
    tcp,
    tls,
)

ALL: tuple[Check, ...] = (*dns.CHECKS, *tcp.CHECKS, *tls.CHECKS, *health.CHECKS, *private_dns.CHECKS)
