# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person who adds the records where the domain is kept."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider

PROVIDER = Provider(
    name="manual",
    records="shown and written to files, for whoever keeps the zone",
    needs="somebody who adds them",
    by_hand=True,
    former_names=("external",),
)
