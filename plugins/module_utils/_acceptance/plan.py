# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is next, from the phase of an environment and from what was asked of it. Pure.

Phases: creating, starting, running, updating, stopping, stopped, deleting, deleted (gitpod.v1.EnvironmentPhase). One
that a newer API adds is waited through.
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.model import RUN, STOP, Standing
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import (
    DELETED,
    DELETING,
    RUNNING,
    STOPPED,
    STOPPING,
)

# What to do next; C(DONE) ends the part, C(BROKEN) says that it will not come about.
WAIT, ASK, FORCE, DONE, BROKEN = "wait", "ask", "force", "done", "broken"
# An environment that is there before it ran will not run (ona_sdk.environments, _is_terminal_before_running).
ENDING = frozenset({STOPPING, STOPPED, DELETING, DELETED})


def next_move(standing: Standing) -> str:
    """One of the above."""
    if standing.part == RUN:
        return _until_it_runs(standing)
    return _until_it_has_stopped(standing) if standing.part == STOP else _until_it_is_gone(standing)


def _until_it_runs(standing: Standing) -> str:
    if standing.failures:
        return BROKEN
    if standing.phase == RUNNING:
        return DONE
    return BROKEN if standing.late or standing.phase in ENDING else WAIT


def _until_it_has_stopped(standing: Standing) -> str:
    """Stopping is asked for as often as it is refused, within its time."""
    if standing.phase in (STOPPED, DELETING, DELETED):
        return DONE
    if standing.late:
        return BROKEN
    return WAIT if standing.asked or standing.phase == STOPPING else ASK


def _until_it_is_gone(standing: Standing) -> str:
    """Deletion is asked for as often as it is refused; when its time is over, by force, and then no more."""
    if standing.phase == DELETED:
        return DONE
    if standing.late:
        return BROKEN if standing.forced else FORCE
    # What was begun without force may be what does not end.
    begun = standing.phase == DELETING and not standing.forced
    return WAIT if standing.asked or begun else ASK
