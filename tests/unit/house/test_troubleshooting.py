# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/troubleshooting.md quotes messages that the code says, and has each that ends a task."""

from __future__ import annotations

import collections
import functools
import importlib.util
import pathlib
import re

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _credentials
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.checks import ALL as OF_THE_NETWORK
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import failures
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import ALL as PREREQUISITES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.checks import ALL as VERIFICATION
from tests.unit.house.messages import FILLED, ROOT, Book, Said, begins, everything, of_file

PAGE = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
# Where ansible-core says what the page quotes of it.
OF_ANSIBLE = (
    "cli/__init__.py",
    "cli/playbook.py",
    "galaxy/collection/__init__.py",
    "inventory/manager.py",
    "module_utils/basic.py",
    "parsing/mod_args.py",
    "parsing/vault/__init__.py",
    "plugins/loader.py",
)
# Not on the page, and why.
UNSEEN = {
    "...; nothing was changed": "whose a stack is stands before it, and is quoted by itself",
}
# Of a message that ends a task, this share has to be quoted, so that no short beginning stands for all of them.
SHARE = 0.6
# What the page has at least: a table that is written otherwise would hold nothing.
ENOUGH = 250


def sections() -> dict[str, str]:
    """Text of each section by its heading."""
    parts = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def quoted(text: str) -> list[str]:
    """Messages in the first column of tables that begin with one, and in headings."""
    found, heads = [], False
    for line in text.splitlines():
        heads = line.startswith("| Message |") or (heads and line.startswith("|"))
        match = re.match(r"\| `(.*?)` \|", line) if heads else re.match(r"### `(.*)`$", line)
        if match:
            found.append(match[1])
    return found


MESSAGES = [(section, message) for section, text in sections().items() for message in quoted(text)]


@functools.cache
def of_the_collection() -> Book:
    """What the collection says; what is put together of several texts, as it is then."""
    return Book([*everything(), *(Said(why, "failures.py") for why in refusals())])


def refusals() -> set[str]:
    """What each way of the management plane to refuse means."""
    found = (*vars(failures).values(), *failures.MEANINGS.values())
    return {meaning.why for meaning in found if isinstance(meaning, failures.Meaning)}


@functools.cache
def of_ansible() -> Book:
    """What ansible-core says in these files; its code is only read."""
    found = importlib.util.find_spec("ansible")
    assert found
    assert found.origin
    return Book(said for name in OF_ANSIBLE for said in of_file(pathlib.Path(found.origin).parent / name))


@pytest.mark.parametrize("section", sections())
def test_each_message_of_the_page_is_said_by_the_code(section: str) -> None:
    books = [of_the_collection(), *([of_ansible()] if section == "Ansible itself" else [])]
    messages = quoted(sections()[section])
    gone = [message for message in messages if not any(book.says(message) for book in books)]
    assert gone == [], "nothing says so (any more)"


def test_a_message_stands_once_in_a_section() -> None:
    assert len(MESSAGES) > ENOUGH
    assert [entry for entry, count in collections.Counter(MESSAGES).items() if count > 1] == []


@pytest.mark.parametrize(
    "invented",
    [
        "The stack ... has exploded",
        "The stack ... filed",
        "The sta",
        "...",
        "Stack ... failed",
        "nothing was changed",
        "has no environment class of which an environment could be made",
        "The runner ... environment class of which an environment could be made",
        "The release would be a downgrade of ...; nothing was changed",
    ],
)
def test_what_the_code_does_not_say_so_is_not_found(invented: str) -> None:
    assert not of_the_collection().says(invented)


def test_a_message_is_found_with_its_places_and_as_a_beginning() -> None:
    said = "The release ... would be a downgrade of ...; nothing was changed"
    assert begins(said, said)
    assert begins(said, "The release ... would be a downgrade of ...")
    assert not begins(said, "The release ...")
    assert begins("Could not ...", "Could not ...")


def is_quoted(text: str) -> bool:
    """Whether the page has enough of it."""
    enough = SHARE * len(text.replace(FILLED, ""))
    return any(begins(text, message) and len(message.replace(FILLED, "")) >= enough for _section, message in MESSAGES)


def test_each_message_that_ends_a_task_is_on_the_page() -> None:
    ending = {said.text: said.where for said in everything() if said.ends}
    assert len(ending) > ENOUGH / 2
    left_out = {text: where for text, where in ending.items() if text not in UNSEEN and not is_quoted(text)}
    assert left_out == {}, "add them to docs/troubleshooting.md, or to UNSEEN with the reason"
    assert set(UNSEEN) <= set(ending)


def test_each_way_of_the_management_plane_to_refuse_is_on_the_page() -> None:
    assert len(refusals()) > len(failures.MEANINGS)
    assert [why for why in sorted(refusals()) if not is_quoted(why)] == []


def test_each_way_of_credentials_to_fail_is_on_the_page() -> None:
    steps = set(map(_credentials.next_step_for_credentials, _credentials.CREDENTIAL_CODES))
    assert "" not in steps
    # Long ones begin with what has happened.
    there = [message for _section, message in MESSAGES]
    assert [step for step in sorted(steps) if not any(begins(step, message) for message in there)] == []


def test_checks_that_the_page_names_exist() -> None:
    known = {check.id for checks in (PREREQUISITES, VERIFICATION, OF_THE_NETWORK) for check in checks}
    groups = {name.partition(".")[0] for name in known}
    named = {word for word in re.findall(r"`([a-z_]+\.[a-z_]+)`", PAGE) if word.partition(".")[0] in groups}
    assert named
    assert named - known == set()
