# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks, group by group."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import Check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import (
    addresses,
    capacity,
    certificate,
    custom_ca,
    dns,
    endpoint_acls,
    identity,
    images,
    management_plane,
    network,
    network_endpoints,
    permissions,
    privatelink,
    proxy,
    quotas,
    release,
    security_group,
    stack,
    targets,
)

IDENTITY = "identity"

ALL: tuple[Check, ...] = (
    *identity.CHECKS,
    *network.CHECKS,
    *addresses.CHECKS,
    *targets.CHECKS,
    *network_endpoints.CHECKS,
    *endpoint_acls.CHECKS,
    *security_group.CHECKS,
    *proxy.CHECKS,
    *custom_ca.CHECKS,
    *certificate.CHECKS,
    *dns.CHECKS,
    *privatelink.CHECKS,
    *stack.CHECKS,
    *quotas.CHECKS,
    *release.CHECKS,
    *capacity.CHECKS,
    *permissions.CHECKS,
    *images.CHECKS,
    *management_plane.CHECKS,
)
