# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out the plans for an endpoint and for its security group, each call a step of the journal."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group, GroupPlan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group_api import GroupApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import (
    Journal,
    Mode,
    look_again,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import Plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import is_refused

# With the pauses of wait.PACE about half a minute, in which EC2 shows what was just made.
ATTEMPTS = 6
Seen = t.TypeVar("Seen")
Done = t.TypeVar("Done")


def until_it_stands(
    look: t.Callable[[], Seen], carry_out: t.Callable[[Seen], Done], found: Seen, mode: Mode, journal: Journal
) -> Done:
    """Carry out; after a conflict, a lost answer or another run's change all of it again, a bounded number of times.

    :param look: at what there is.
    :param found: the first look.
    :raises RunnerError: the last failure.
    """
    failure: RunnerError = RunnerError("There was no time for a first look")
    for attempt, _elapsed in enumerate(poll(mode.clock, mode.timeout, wait.PACE), 1):
        try:
            found = found if attempt == 1 else look()
            return carry_out(found)
        except ApiError as error:
            failure = error
            moved_on = not is_refused(error) and (look_again(error, journal) or look() != found)
            if attempt == ATTEMPTS or not moved_on:
                break
    raise failure


def change_endpoint(api: Api, current: Endpoint, todo: Plan, mode: Mode, journal: Journal) -> None:
    """Tag, modify and untag an endpoint that is there."""
    said = todo.said
    if todo.add_tags:
        with journal.step(*said["tag"]):
            api.tag(current.id, todo.add_tags, ())
    if todo.modify_first:
        with journal.step(*said["modify"]):
            _modify(api, current, todo.modify_first, mode)
        wait.settle(api, current, mode)
    if todo.modify:
        with journal.step(*said["modify"]):
            _modify(api, current, todo.modify, mode)
    if todo.remove_tags:
        with journal.step(*said["untag"]):
            api.tag(current.id, {}, todo.remove_tags)


def _modify(api: Api, current: Endpoint, arguments: t.Mapping[str, t.Any], mode: Mode) -> None:
    """Modify; an endpoint that AWS is at work on is waited for when it takes no change meanwhile."""
    try:
        api.modify(current.id, arguments)
    except ApiError as error:
        if error.code != "IncorrectState":
            raise
        wait.settle(api, current, mode)
        api.modify(current.id, arguments)


def change_group(groups: GroupApi, current: Group, todo: GroupPlan, journal: Journal) -> None:
    """Tag, open, close and untag a group that is there; tags first, so that each rule has somebody who needs it."""
    said = todo.said
    if todo.add_tags and not todo.create:
        with journal.step(said["tag"]):
            groups.tag(current.id, todo.add_tags, ())
    if todo.admit:
        with journal.step(said["admit"]):
            groups.admit(current.id, todo.admit)
    if todo.revoke:
        with journal.step(said["revoke"]):
            groups.revoke(current.id, todo.revoke)
    if todo.remove_tags:
        with journal.step(said["untag"]):
            groups.tag(current.id, {}, todo.remove_tags)
