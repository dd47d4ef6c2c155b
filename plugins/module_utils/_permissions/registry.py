# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every AWS permission that the collection uses, by stage: the one place where they are listed.

The prerequisites simulate them, docs/permissions.md and docs/policies are generated from them, and tests hold them
equal to the calls in the code and to the calls that the test bed saw.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.actions import Action
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.stages import STAGES


def all_actions() -> dict[str, Action]:
    """Every action once; one that some stage cannot do without is not optional."""
    found: dict[str, Action] = {}
    for stage in STAGES.values():
        for action in stage:
            if action.name not in found or found[action.name].optional:
                found[action.name] = action
    return found


def needed(settings: t.Collection[str]) -> tuple[Action, ...]:
    """The actions of all stages with these settings, each once.

    :param settings: conditions that hold.
    """
    found: dict[str, Action] = {}
    for stage in STAGES.values():
        for action in stage:
            if action.when and action.when not in settings:
                continue
            known = found.get(action.name)
            if known is None:
                found[action.name] = action
                continue
            scopes = tuple(dict.fromkeys((*known.scopes, *action.scopes)))
            found[action.name] = Action(action.name, scopes, known.when, known.optional and action.optional)
    return tuple(found.values())


def conditions(stage: str) -> list[tuple[str, list[str]]]:
    """Setting and the actions that it brings in."""
    found: dict[str, set[str]] = {}
    for action in STAGES[stage]:
        if action.when:
            found.setdefault(action.when, set()).add(action.name)
    return [(when, sorted(names)) for when, names in found.items()]
