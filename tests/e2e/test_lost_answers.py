# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every write that the collection makes in AWS, carried out while its answer is lost: the run converges by itself.

Which writes there are is not written down: a first run of each story tells, and then each of them loses its answer in
turn. Nothing is doubled, nothing is left behind, and the same run again changes nothing.
"""

from __future__ import annotations

import typing as t

import botocore.endpoint
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.registry import all_actions
from tests.e2e.harness import READING
from tests.e2e.hurried import fresh, hurry
from tests.e2e.stories import STORIES, Step, landscape, writes

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

# What changes nothing that anybody keeps, or is no operation of its own (tags that a creation gives).
# Permissions that go with another call, and commands that change nothing.
NO_WRITES = frozenset(
    {
        "acm:AddTagsToCertificate",
        "cloudformation:DetectStackResourceDrift",
        "cloudformation:TagResource",
        "iam:PassRole",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "ssm:CancelCommand",
        "ssm:SendCommand",
        "sts:AssumeRole",
        "vpce:AllowMultiRegion",
    }
)
# IAM's names of permissions that differ from the operation's.
OPERATIONS = {"s3:DeleteObject": "s3:DeleteObjects", "s3:DeleteObjectVersion": "s3:DeleteObjects"}
DETECT = "cloudformation:DetectStackDrift"
NEVER = "never sent again"
# A step's result, the writes that it makes, and what there is afterwards.
Played = tuple[dict[str, t.Any], list[str], dict[str, t.Any]]
PLAYED: dict[str, list[Played]] = {}


@pytest.fixture
def testbed(running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> TestBed:
    return hurry(running_testbed, monkeypatch)


def play(testbed: TestBed, step: Step) -> tuple[dict[str, t.Any], list[str]]:
    """A step's result, and the writes that it made."""
    step.before(testbed)
    testbed.clear_calls()
    found = step.run(testbed)
    return found, writes(testbed)


def clean(testbed: TestBed, story: str) -> list[Played]:
    """Each step of a story as it is when no answer is lost."""
    if story not in PLAYED:
        fresh(testbed)
        PLAYED[story] = [(*play(testbed, step), landscape(testbed)) for step in STORIES[story]]
    return PLAYED[story]


def lose(testbed: TestBed, write: str, number: int) -> None:
    """Let the answer of the C(number)th such call be lost, which AWS carries out."""
    service, _colon, operation = write.partition(":")
    testbed.add_fault(
        service=service,
        operation=operation,
        error="InternalServerError",
        message="We encountered an internal error. Please try again.",
        status=500,
        times=1,
        skip=number,
        after=True,
    )


def essence(found: dict[str, t.Any]) -> dict[str, t.Any]:
    """What a reader makes of a result."""
    return {key: found.get(key) for key in ("failed", "msg", "changed", "operation", "in_progress")}


# How AWS answers a second call with the same token; where no token is, there is nothing to tell apart.
SENT_AGAIN = {
    name: ("refused", "ignored") if "stack" in {step.module for step in steps} else ("ignored",)
    for name, steps in STORIES.items()
}
CASES = [(name, again) for name in STORIES for again in (*SENT_AGAIN[name], NEVER)]


@pytest.mark.parametrize(("story", "again"), CASES)
def test_a_write_whose_answer_was_lost_converges(
    testbed: TestBed, monkeypatch: pytest.MonkeyPatch, story: str, again: str
) -> None:
    """Each play of the story loses another write of each step, until each was lost."""
    steps, usual = STORIES[story], clean(testbed, story)
    if again == NEVER:
        monkeypatch.setattr(botocore.endpoint.Endpoint, "_needs_retry", lambda *_arguments, **_named: False)
    problems: list[str] = []
    for place in range(max(len(made) for _found, made, _after in usual)):
        fresh(testbed, repeated_tokens="ignored" if again == NEVER else again)
        for number, (step, expected) in enumerate(zip(steps, usual, strict=True), 1):
            problems += [f"{story}, step {number}, {told}" for told in lost_once(testbed, step, expected, place)]
    assert problems == []


def lost_once(testbed: TestBed, step: Step, expected: Played, place: int) -> t.Iterator[str]:
    """Play a step in which one write loses its answer; what is not as it would be otherwise."""
    wanted, made, after = expected
    step.before(testbed)
    where = "nothing lost"
    if place < len(made):
        where = f"{made[place]} lost"
        lose(testbed, made[place], made[:place].count(made[place]))
    found = step.run(testbed)
    testbed.control("DELETE", "faults")
    if essence(found) != essence(wanted):
        yield f"{where}: {essence(found)} instead of {essence(wanted)}"
    there = landscape(testbed)
    yield from (f"{where}: {key} {there[key]} instead of {after[key]}" for key in after if there[key] != after[key])
    if step.repeats and place < len(made):
        repeated = step.run(testbed)
        if repeated.get("changed", True):
            yield f"{where}, and the same run again: {essence(repeated)}"


def test_the_stories_make_every_write_that_the_collection_makes(testbed: TestBed) -> None:
    seen = {write for name in STORIES for _found, made, _after in clean(testbed, name) for write in made}
    allowed = {OPERATIONS.get(name, name) for name in all_actions()} - NO_WRITES
    reading = tuple(f":{prefix}" for prefix in READING)
    assert seen - {DETECT} == {name for name in allowed if not any(prefix in name for prefix in reading)} - {DETECT}
    assert all(not found.get("failed") for name in STORIES for found, _made, _after in clean(testbed, name)[-1:])
