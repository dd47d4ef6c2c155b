# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test bed's answers have the keys of AWS's recorded ones, and every difference that there is, is explained."""

from __future__ import annotations

import fnmatch
import typing as t

import pytest
import yaml

from tests.testbed.contract import conversation, differences, operations, shapes

# Answered with an error in the conversation: nothing is being updated, and nothing has failed to be rolled back. Their
# answers have no keys, so nothing can differ.
WITHOUT_KEYS = {"cloudformation:CancelUpdateStack", "cloudformation:ContinueUpdateRollback"}


@pytest.fixture(scope="module")
def heard() -> conversation.Heard:
    return conversation.heard()


@pytest.fixture(scope="module")
def found(heard: conversation.Heard) -> list[differences.Difference]:
    return differences.all_of(heard.answers)


def test_every_operation_that_the_collection_calls_is_in_the_conversation(heard: conversation.Heard) -> None:
    assert set(operations.called()) - set(heard.answers) == WITHOUT_KEYS
    assert all(not getattr(shapes.output(operation), "members", {}) for operation in WITHOUT_KEYS)


def test_what_differs_and_is_read_has_a_reason(found: list[differences.Difference]) -> None:
    named = differences.that_matter(found)
    patterns = differences.reasons()
    unexplained = [one for one in named if not any(fnmatch.fnmatchcase(one.name, pattern) for pattern in patterns)]
    assert unexplained == [], "explain each in differences.yml, or make the test bed answer as AWS does"
    stale = [pattern for pattern in patterns if not any(fnmatch.fnmatchcase(one.name, pattern) for one in named)]
    assert stale == [], "nothing differs there any more"


def test_what_differs_from_recordings_and_is_not_read_is_listed(found: list[differences.Difference]) -> None:
    read = set(differences.that_matter(found))
    unread = {f"{one.name}: {one.kind}" for one in found if not one.weak and one not in read}
    assert unread == set(differences.unread())


def test_the_comparison_sees_what_is_planted() -> None:
    """A key that AWS always has, one that it never has, and one that comes at times only."""
    operation = "route53:GetChange"
    answers: shapes.Paths = {}
    for change in ({"Id": "C1", "Status": "INSYNC", "Comment": "one"}, {"Id": "C2"}):
        shapes.walk(shapes.output(operation), {"ChangeInfo": change}, "", answers)
    kinds: dict[str, t.Any] = {one.path: one.kind for one in differences.against_recordings(operation, answers)}
    assert kinds == {
        "ChangeInfo.SubmittedAt": differences.LACKS,
        "ChangeInfo.Status": differences.AT_TIMES,
        "ChangeInfo.Comment": differences.MORE,
    }


def test_every_behaviour_names_its_evidence_and_its_module() -> None:
    """docs/development.md shows the list; what is moved or removed must not stay in it."""
    directory = operations.ROOT / "tests/testbed"
    listed = yaml.safe_load((directory / "contract/behaviours.yml").read_text("utf-8"))
    assert {one["evidence"] for one in listed} == {"recorded", "documented", "guess"}
    assert [one["where"] for one in listed if not (directory / one["where"]).is_file()] == []
    assert all(one["behaviour"] and one["source"] for one in listed)
