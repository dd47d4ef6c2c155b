# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about an endpoint that cannot be had as it is wanted. Pure."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Wanted

_CAUSES = {
    "rejected": "Gitpod, the owner of the service, has rejected the connection: ask them to admit this account",
    "expired": "Nobody accepted the connection in time: ask Gitpod to accept the next one",
}


def broken_advice(endpoint: Endpoint, wanted: Wanted) -> str:
    """What to do about an endpoint that will never work."""
    cause = _CAUSES.get(endpoint.state.lower(), "Remove the cause")
    if users.belongs_to(endpoint.tags, wanted.user):
        return f"{cause}; then have it replaced with replace_failed (gitpod_privatelink_replace_failed: true)"
    first = users.owner(endpoint.tags)
    if first:
        return (
            f"{cause}; then have the run of {first.name}, whose endpoint it is, replace it"
            " (gitpod_privatelink_replace_failed: true)"
        )
    return f"{cause}; then delete it, which only its maker should do, because this collection did not make it"
