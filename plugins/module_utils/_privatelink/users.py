# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runners use an endpoint or its security group, as its tags tell. Pure.

An endpoint with private DNS can exist once in a VPC, so the runners of one VPC share it. It belongs to the first, whom
the tags of `_tags.py` name, and each runner that uses it, the first too, has a tag of its own:
C(gitpod:used-by/<runner ID or name>) with the value C(<name> = <what it needs>), which lists subnets on an endpoint
and address ranges on a group. EC2 takes 50 tags a resource, 128 characters in a key and 256 in a value (EC2 User Guide,
"Tag your Amazon EC2 resources").
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import UUID, same_id
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY,
    MANAGED_BY_TAG,
    RUNNER_ID_TAG,
    RUNNER_NAME_TAG,
)

Tags = t.Mapping[str, str]

USED_BY_TAG = "gitpod:used-by/"
LONGEST_KEY, LONGEST_VALUE, MOST_TAGS = 128, 256, 50
# In place of needs that are not known, or that no value has room for.
_UNKNOWN = "*"
_NAME_TAG = "Name"

NOT_A_USER, RELEASE, REMOVE = "not a user", "release", "remove"


@dataclasses.dataclass(frozen=True)
class User:
    """A runner that uses an endpoint or a group.

    :param id: the runner's ID; empty where it is not known.
    :param needs: IDs of subnets or address ranges; C(None) when not known: then nothing that it could need is taken
        away.
    """

    name: str
    id: str = ""
    needs: frozenset[str] | None = None

    def is_same(self, other: User) -> bool:
        """Whether both are one runner: nothing that is known of both contradicts, and one thing is the same.

        One ID under two names is a copied inventory, and that is not the runner whose ID it is.
        """
        if self.id and other.id and not same_id(self.id, other.id):
            return False
        if self.name and other.name:
            return self.name == other.name
        return same_id(self.id, other.id)

    def as_result(self) -> dict[str, str]:
        """Plain data for a module's result."""
        return {"name": self.name, "id": self.id}

    @property
    def tag(self) -> tuple[str, str]:
        """Key and value of the tag that records the use."""
        listed = " ".join(sorted(self.needs or ()))
        value = f"{self.name} = {listed or _UNKNOWN}"
        if len(value) > LONGEST_VALUE:
            value = f"{self.name[: LONGEST_VALUE - 10]} = {_UNKNOWN}"
        return USED_BY_TAG + _fitting(self.id or self.name), value


def _fitting(who: str) -> str:
    """What has room in a tag's key; a long one is cut and keeps apart from its like by a digest."""
    room = LONGEST_KEY - len(USED_BY_TAG)
    return who if len(who) <= room else f"{who[: room - 13]}-{hashlib.sha256(who.encode()).hexdigest()[:12]}"


def is_ours(tags: Tags) -> bool:
    """Whether this collection made what has these tags, for a runner that they name.

    What a stack made carries the stack's tags, but is not ours. What names no runner is nobody's that is known.
    """
    named = any(key in (RUNNER_NAME_TAG, RUNNER_ID_TAG) or key.startswith(USED_BY_TAG) for key in tags)
    of_a_stack = any(key.startswith("aws:cloudformation:") for key in tags)
    return tags.get(MANAGED_BY_TAG) == MANAGED_BY and named and not of_a_stack


def owner(tags: Tags) -> User | None:
    """The runner for which this collection made it; C(None) for what others made, or where that is not told any more.

    The tag C(Name) tells nothing: it is anybody's to set.
    """
    name, identifier = tags.get(RUNNER_NAME_TAG, ""), tags.get(RUNNER_ID_TAG, "")
    return User(name, identifier) if is_ours(tags) and (name or identifier) else None


def users(tags: Tags) -> tuple[User, ...]:
    """Who uses it: those with a tag of their own, and the owner, also of what was made before there were such tags."""
    found = [_parsed(key, value) for key, value in sorted(tags.items()) if key.startswith(USED_BY_TAG)]
    first = owner(tags)
    if first and not any(user.is_same(first) for user in found):
        found.insert(0, first)
    return tuple(found)


def _parsed(key: str, value: str) -> User:
    who = key[len(USED_BY_TAG) :]
    name, separator, listed = value.rpartition(" = ")
    if not separator:
        # Somebody has changed the value.
        return User("", who) if UUID.fullmatch(who) else User(who)
    needs = None if listed.strip() in ("", _UNKNOWN) else frozenset(listed.split())
    return User(name, "" if who == _fitting(name) else who, needs)


def others(tags: Tags, me: User) -> tuple[User, ...]:
    """The users besides this runner."""
    return tuple(user for user in users(tags) if not user.is_same(me))


def names(found: t.Iterable[User]) -> list[str]:
    """The runners' names, each once and sorted."""
    return sorted({user.name or user.id for user in found})


def belongs_to(tags: Tags, me: User) -> bool:
    """Whether it is this runner's own: made for it, or used by it alone."""
    first = owner(tags)
    return is_ours(tags) and (bool(first and first.is_same(me)) or not others(tags, me))


def departure(found: t.Collection[User], me: User) -> str:
    """What a runner that leaves does: C(NOT_A_USER) nothing, C(RELEASE) its own use alone, C(REMOVE) all of it.

    :param found: every user that is known, from the tags and from whatever else refers to the thing.
    """
    if not any(user.is_same(me) for user in found):
        return NOT_A_USER
    return REMOVE if all(user.is_same(me) for user in found) else RELEASE


def surplus(tags: Tags, me: User, now: t.Collection[str]) -> frozenset[str]:
    """What only this runner needed and needs no more; nothing, where somebody's needs are not known.

    :param now: what this runner needs from now on.
    """
    before = next((user for user in users(tags) if user.is_same(me)), None)
    rest = others(tags, me)
    if before is None or before.needs is None or any(user.needs is None for user in rest):
        return frozenset()
    return before.needs.difference(now, *(user.needs or () for user in rest))


def use_tags(tags: Tags, me: User) -> tuple[dict[str, str], tuple[str, ...]]:
    """The tag to set that records this runner's use, if it is not there, and keys of its outdated ones.

    :param me: with what it needs now.
    :raises RunnerError: there is no room for another tag, or another runner uses it under the same ID.
    """
    _refuse_copy(tags, me)
    key, value = me.tag
    outdated = tuple(found for found in _keys(tags, me) if found != key)
    if key not in tags and not outdated and len(_own(tags)) >= MOST_TAGS:
        raise RunnerError(
            f"There is no room for the tag {key}, by which a later teardown knows that {me.name} needs this",
            f"AWS takes {MOST_TAGS} tags",
            "Remove some of the resource's tags",
        )
    return ({} if tags.get(key) == value else {key: value}), outdated


def _refuse_copy(tags: Tags, me: User) -> None:
    """Stop where the ID is that of another runner, whose use the same tag records.

    :raises RunnerError: with the other's name.
    """
    first = next((user for user in others(tags, me) if same_id(user.id, me.id)), None)
    if first:
        raise RunnerError(
            f"The runner ID {me.id} of {me.name} is that of the runner {first.name}, which uses this; nothing was"
            " changed",
            "A runner is one host in one region, and two hosts with one ID are a copied inventory",
            "Set gitpod_runner_id to the ID of the host's own runner. If the host was renamed, its runner keeps its"
            f" name: gitpod_runner_name: {first.name}",
        )


def with_users(tags: Tags, more: t.Iterable[User], me: User) -> tuple[Tags, dict[str, str]]:
    """The tags with further users, and what they lack to name them; what these need is not known.

    :param me: who asks. A tag that has its name and no ID names it, and no other runner of the same name.
    """
    there = others(tags, me)
    further = [user for user in more if not user.is_same(me)]
    missing = (user for user in further if not any(user.is_same(known) for known in there))
    added = dict(dataclasses.replace(user, needs=None).tag for user in missing)
    # The same ID under another name: the tag of that key is replaced when this runner's is taken away.
    return {**tags, **added}, added


def _own(tags: Tags) -> list[str]:
    """Keys of the tags that count; AWS's own do not."""
    return [key for key in tags if not key.startswith("aws:")]


def _keys(tags: Tags, me: User) -> list[str]:
    return [
        key for key, value in sorted(tags.items()) if key.startswith(USED_BY_TAG) and _parsed(key, value).is_same(me)
    ]


def without(tags: Tags, me: User) -> tuple[dict[str, str], tuple[str, ...]]:
    """Tags to set and keys to remove when this runner leaves while others stay: what was its own becomes another's."""
    remove, first, rest = _keys(tags, me), owner(tags), others(tags, me)
    if not (first and first.is_same(me) and rest):
        return {}, tuple(remove)
    heir = min(rest, key=lambda user: (user.name, user.id))
    add = {RUNNER_NAME_TAG: heir.name}
    if tags.get(_NAME_TAG) in (first.name, me.name):
        add[_NAME_TAG] = heir.name
    if heir.id:
        add[RUNNER_ID_TAG] = heir.id
    elif RUNNER_ID_TAG in tags:
        remove.append(RUNNER_ID_TAG)
    return add, tuple(remove)


def tag_changes(tags: Tags, wanted: Tags, me: User, purge: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """Tags to set and keys to remove on what is ours; on another runner's, only this runner's use is recorded.

    :param wanted: the tags of this runner's own things.
    :param me: with what it needs now.
    :param purge: remove what is not wanted from what this runner alone uses.
    """
    add, remove = use_tags(tags, me)
    if belongs_to(tags, me):
        add = {**{key: value for key, value in wanted.items() if tags.get(key) != value}, **add}
    if purge and not others(tags, me):
        stray = set(tags) - set(wanted)
        remove += tuple(sorted(key for key in stray if not key.startswith(("aws:", USED_BY_TAG))))
    return add, remove


def kept(tags: Tags) -> dict[str, str]:
    """The tags that record uses, which what replaces it has to have too."""
    return {key: value for key, value in tags.items() if key.startswith(USED_BY_TAG)}
