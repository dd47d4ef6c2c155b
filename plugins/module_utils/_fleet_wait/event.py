# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a part is, as an event for a board. Pure."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait import model
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.model import Part
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import (
    FAILED,
    QUEUED,
    ROLLING_BACK,
    RUNNING,
    Event,
)

# A part's kind and the stage of site.yml that it belongs to.
STAGES = {model.STACK: "stack", model.ENDPOINT: "privatelink", model.CERTIFICATE: "certificate"}


def event_of(part: Part) -> Event:
    """What a board shows of a part."""
    stage, snapshot = STAGES[part.kind], part.snapshot
    if part.outcome == model.FAILED:
        return Event(part.host, stage, FAILED, part.cause)
    if part.outcome == model.DONE:
        whole = snapshot.total if snapshot else None
        return Event(part.host, stage, QUEUED, "complete", whole, whole)
    if snapshot is None:
        return Event(part.host, stage, RUNNING, part.state)
    return Event(
        part.host,
        stage,
        ROLLING_BACK if snapshot.rolling_back else RUNNING,
        f"{snapshot.resource} {snapshot.resource_status}" if snapshot.resource else snapshot.status,
        snapshot.done,
        snapshot.total,
        snapshot.elapsed,
    )
