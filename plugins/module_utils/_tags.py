# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags by which the collection finds again what it created (DESIGN.md, "The way of the data")."""

from __future__ import annotations

RUNNER_ID_TAG = "gitpod:runner-id"
RUNNER_NAME_TAG = "gitpod:runner-name"
MANAGED_BY_TAG = "gitpod:managed-by"
MANAGED_BY = "gitpod.enterprise_runner"
# Of what one stage makes for all runners of a VPC, so that no other stage takes it for its own.
PURPOSE_TAG = "gitpod:purpose"


def ownership_tags(runner_name: str, runner_id: str | None) -> dict[str, str]:
    """Tags that every created resource carries; without a runner's ID, or its name, that tag is left out."""
    tags = {MANAGED_BY_TAG: MANAGED_BY}
    if runner_name:
        tags[RUNNER_NAME_TAG] = runner_name
    if runner_id:
        tags[RUNNER_ID_TAG] = runner_id
    return tags
