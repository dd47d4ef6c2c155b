# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate that was shown: which counts, when it ends, and what it covers. Pure."""

from __future__ import annotations

import datetime

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Certificate,
    Observations,
)


def worst_certificate(seen: Observations) -> tuple[Certificate, str] | None:
    """The certificate that ends first, and the TLS version it was shown over."""
    shown = [(item.certificate, item.protocol) for item in seen.connections if item.certificate]
    return min(shown, key=lambda pair: pair[0].not_after, default=None)


def days_left(certificate: Certificate, today: datetime.datetime) -> int:
    """Whole days until the certificate ends, rounded down; negative afterwards."""
    return (certificate.not_after - today) // datetime.timedelta(days=1)


def covers(certificate: Certificate, name: str) -> bool:
    """Whether a client accepts the certificate for the name: exactly, or by a wildcard of one label (RFC 9525, 6.3)."""
    _first, _dot, parent = name.partition(".")
    return name in certificate.names or f"*.{parent}" in certificate.names
