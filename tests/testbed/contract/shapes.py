# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys the structures of an answer have, by botocore's description of the operation.

A path is where in the answer: C(Stacks[].Outputs[]) for the entries of a list, the empty text for the answer itself.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import typing as t

import botocore.session

# What botocore itself adds to an answer.
OWN = "ResponseMetadata"


@dataclasses.dataclass
class Seen:
    """How often a path was there, and how often each of its keys.

    :param files: which recordings had it.
    """

    times: int = 0
    keys: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    files: set[str] = dataclasses.field(default_factory=set)

    @property
    def always(self) -> set[str]:
        """Keys of every structure at this path."""
        return {key for key, times in self.keys.items() if times == self.times}

    @property
    def sometimes(self) -> set[str]:
        """Keys of some of them."""
        return set(self.keys) - self.always


Paths = dict[str, Seen]


@functools.cache
def service(name: str) -> t.Any:
    """botocore's model of a service."""
    return botocore.session.get_session().get_service_model(name)


def is_operation(operation: str) -> bool:
    """Whether botocore knows it."""
    name, _colon, rest = operation.partition(":")
    known = name in botocore.session.get_session().get_available_services()
    return known and rest in service(name).operation_names


def output(operation: str) -> t.Any:
    """The structure of an operation's answer, as C(service:Operation), or None for an empty one."""
    name, _colon, rest = operation.partition(":")
    return service(name).operation_model(rest).output_shape


def walk(shape: t.Any, value: t.Any, path: str, found: Paths, source: str = "") -> None:
    """Note the keys of a value and of everything in it that the model calls a structure; free maps have none."""
    if shape is None:
        return
    if shape.type_name == "structure" and isinstance(value, t.Mapping):
        seen = found.setdefault(path, Seen())
        seen.times += 1
        seen.files.add(source)
        for key, inner in value.items():
            if key in shape.members:
                seen.keys[key] += 1
                walk(shape.members[key], inner, f"{path}.{key}".lstrip("."), found, source)
    elif shape.type_name == "list" and isinstance(value, list):
        for inner in value:
            walk(shape.member, inner, f"{path}[]", found, source)


def structures(shape: t.Any, path: str = "", depth: int = 2) -> t.Iterator[tuple[str, t.Any]]:
    """Paths and structures of a model, as deep as recordings may begin."""
    if shape is None:
        return
    if shape.type_name == "structure":
        yield path, shape
        if depth:
            for name, member in shape.members.items():
                yield from structures(member, f"{path}.{name}".lstrip("."), depth - 1)
    elif shape.type_name == "list":
        yield from structures(shape.member, f"{path}[]", depth)


def types(shape: t.Any, path: str) -> t.Mapping[str, str]:
    """The type of each key of the structure at a path."""
    for part in [part for part in path.replace("[]", ".[]").split(".") if part]:
        shape = shape.member if part == "[]" else shape.members[part]
    return {name: str(member.type_name) for name, member in shape.members.items()}
