# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of tags, the inventory's and the collection's own together.

Sources: AWS General Reference, "Tag naming limits and requirements" (keys 1 to 128 characters, values 0 to 256,
letters, digits, blanks and _.:/=+-@ in most services, 50 a resource, aws: reserved in keys and values in any case);
botocore's CloudFormation model, TagValue (at least 1 character, which botocore enforces before it sends) and Tags (50);
for keys that differ in case only, IAM's words "Duplicate tag keys found" to a stack's tags (serverless#7885).
"""

from __future__ import annotations

import typing as t
import unicodedata

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    MOST_ENTRIES,
    Inventory,
    Problem,
    listed,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import TEMPLATE_HASH_TAG, VERSION_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY_TAG,
    PURPOSE_TAG,
    RUNNER_ID_TAG,
    RUNNER_NAME_TAG,
)

SHARED, STACK = "gitpod_tags", "gitpod_stack_tags"
ENDPOINT, CERTIFICATE = "gitpod_privatelink_tags", "gitpod_certificate_tags"
NETWORK = "gitpod_network_endpoints_tags"
VARIABLES = (SHARED, STACK, NETWORK, ENDPOINT, CERTIFICATE)
OWN = frozenset({RUNNER_ID_TAG, RUNNER_NAME_TAG, MANAGED_BY_TAG, VERSION_TAG, TEMPLATE_HASH_TAG})
# Of one kind of thing alone, and nobody else's to set on any.
_RESERVED = OWN | {PURPOSE_TAG}
# The collection's tags of each kind of thing: the endpoint also has a Name, which the inventory may set.
_OWN_OF: t.Mapping[str, frozenset[str]] = {
    STACK: OWN,
    NETWORK: frozenset({RUNNER_ID_TAG, RUNNER_NAME_TAG, MANAGED_BY_TAG, PURPOSE_TAG, "Name"}),
    ENDPOINT: frozenset({RUNNER_ID_TAG, RUNNER_NAME_TAG, MANAGED_BY_TAG, "Name"}),
    CERTIFICATE: frozenset({RUNNER_NAME_TAG, MANAGED_BY_TAG}),
}
_MADE_WHEN = {
    NETWORK: "gitpod_network_endpoints",
    ENDPOINT: "gitpod_privatelink_enabled",
    CERTIFICATE: "gitpod_certificate_request",
}
# CloudFormation takes no empty value, and hands the stack's tags on to everything in it; EC2 takes any character.
_FILLED = (SHARED, STACK)
_ANY_CHARACTER = (NETWORK, ENDPOINT)
MOST_TAGS = 50
LONGEST_KEY, LONGEST_VALUE = 128, 256
_PUNCTUATION = frozenset("_.:/=+-@")


def strange_characters(text: str) -> list[str]:
    """Characters that most services refuse in tags: neither letters nor digits nor blanks nor C(_.:/=+-@)."""
    return sorted(
        {
            character
            for character in text
            if character not in _PUNCTUATION and unicodedata.category(character)[0] not in "LNZ"
        }
    )


def single_tags(inventory: Inventory) -> list[Problem]:
    """Each tag by itself; a number or a truth value counts as its text, as the door hands it on."""
    problems = []
    for name in VARIABLES:
        faults = [fault for key, value in inventory.mapping(name).items() if (fault := _fault(name, key, value))]
        if faults:
            more = len(faults) - MOST_ENTRIES
            told = "; ".join(faults[:MOST_ENTRIES]) + (f"; and {more} more" if more > 0 else "")
            problems.append(
                Problem(MALFORMED, name, f"{told}.", 'Write each tag as one text, such as team: "platform".')
            )
    return problems


def _fault(name: str, key: t.Any, value: t.Any) -> str:
    if not isinstance(key, str) or not key:
        return f"the key {quoted(key)} is not text" if key else "a key is empty"
    if key.lower().startswith("aws:"):
        return f"the key {quoted(key)} begins with aws:, which is reserved to AWS"
    if key in _RESERVED:
        return f"the key {quoted(key)} is the collection's own, by which it finds again what it created"
    if len(key) > LONGEST_KEY:
        return f"the key {quoted(key)} has {len(key)} characters, and AWS takes {LONGEST_KEY}"
    if value is None:
        return f"the tag {quoted(key)} has no value"
    if isinstance(value, float) or not isinstance(value, (str, int)):
        return f"the value of {quoted(key)} is {_kind(value)}, not text"
    return _value_fault(name, key, str(value))


def _kind(value: t.Any) -> str:
    kinds = {dict: "a dictionary", list: "a list", float: "a number that YAML may have shortened"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def _value_fault(name: str, key: str, value: str) -> str:
    if not value and name in _FILLED:
        return f"the tag {quoted(key)} has an empty value, which CloudFormation does not take"
    if len(value) > LONGEST_VALUE:
        return f"the value of {quoted(key)} has {len(value)} characters, and AWS takes {LONGEST_VALUE}"
    if value.lower().startswith("aws:"):
        return f"the value of {quoted(key)} begins with aws:, which is reserved to AWS"
    for what, text in (("key", key), ("value of", value)):
        strange = [] if name in _ANY_CHARACTER else strange_characters(text)
        if strange:
            # The value may hold what is not to be repeated at length; the characters suffice.
            place = f"the key {quoted(key)}" if what == "key" else f"the value of {quoted(key)}"
            return f"{place} has {listed(strange)} in it; letters, digits, blanks and _.:/=+-@ are allowed"
    return ""


def together(inventory: Inventory) -> list[Problem]:
    """All tags of a thing: no more than AWS takes, and of the stack's, none that differ in case only."""
    problems: list[Problem] = []
    shared = inventory.mapping(SHARED)
    for name, own in _OWN_OF.items():
        if name in _MADE_WHEN and not inventory.switch(_MADE_WHEN[name]):
            continue
        keys = {str(key) for key in (*shared, *inventory.mapping(name))}
        blamed = name if inventory.mapping(name) else SHARED
        if len(keys | own) > MOST_TAGS and blamed not in {problem.variable for problem in problems}:
            added = len(own - keys)
            summary = f"{len(keys)} tags with {SHARED}, and {added} of the collection's own, are more than {MOST_TAGS}."
            problems.append(Problem(CONTRADICTORY, blamed, summary, f"Keep {MOST_TAGS - len(own)} at most."))
    return problems + _differing_in_case(inventory)


def _differing_in_case(inventory: Inventory) -> list[Problem]:
    keys = OWN | {str(key) for name in (SHARED, STACK) for key in inventory.mapping(name)}
    folded: dict[str, list[str]] = {}
    for key in sorted(keys):
        folded.setdefault(key.lower(), []).append(key)
    twice = [spelling for spellings in folded.values() if len(spellings) > 1 for spelling in spellings]
    if not twice:
        return []
    blamed = STACK if any(key in inventory.mapping(STACK) for key in twice) else SHARED
    summary = f"{listed(twice)} differ in case only, and the stack's IAM roles take one of them."
    return [Problem(CONTRADICTORY, blamed, summary, "Write each key in one way.")]


RULES = (single_tags, together)
