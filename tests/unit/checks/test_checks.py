# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is, what it finds, and what could not be read: one shape for prerequisites, verification and status."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Declares,
    Finding,
    evaluate,
    failed,
    passed,
    skipped,
    unverifiable,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread, known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError

Facts = dict[str, t.Any]
check = Declares[str, Facts]("docs/verification.md")
REFUSED = ApiError("Could not read x", "not authorized", "Allow the caller to read x", "AccessDenied", "read x")


@check(
    "cake.taste", asks="Is it good?", why="Guests stay.", fix="Add sugar.", only_if=lambda wanted, _facts: bool(wanted)
)
def taste(wanted: str, facts: Facts) -> Finding:
    found = known(facts["taste"])
    return passed(f"It is {found}.", {"found": found}) if found == wanted else failed(f"It is {found}.", "Add sugar.")


def only(wanted: str, fact: t.Any) -> dict[str, t.Any]:
    (result,) = evaluate((taste,), wanted, {"taste": fact})
    return result.as_result()


def test_a_declared_check_gives_one_shape_of_result() -> None:
    assert only("sweet", "sweet") == {
        "id": "cake.taste",
        "status": "pass",
        "summary": "It is sweet.",
        "remediation": "",
        "evidence": {"found": "sweet"},
        "unverifiable": False,
        "docs": "docs/verification.md#caketaste",
    }
    assert only("sweet", "sour")["status"] == "fail"
    assert evaluate((taste,), "", {"taste": "sour"}) == [], "it has no meaning where nothing is wanted"


@pytest.mark.parametrize(
    ("unread", "words", "advice"),
    [
        (Unread("ec2:Taste", "no", "AccessDenied"), "ec2:Taste is not allowed: no", "Allow ec2:Taste"),
        (Unread("ask the cook", "timed out"), "ask the cook failed: timed out", ""),
    ],
)
def test_a_fact_that_could_not_be_read_skips_the_check_as_unverifiable(unread: Unread, words: str, advice: str) -> None:
    found = only("sweet", unread)
    assert (found["status"], found["unverifiable"]) == ("skip", True)
    assert words in found["summary"]
    assert found["remediation"].startswith(advice)
    assert bool(found["remediation"]) is bool(advice)


def test_the_same_check_over_other_facts_keeps_its_name_and_its_documentation() -> None:
    other = taste.over(lambda _wanted, _facts: unverifiable("the kitchen is closed.", "Come back tomorrow."))
    (found,) = evaluate((other,), None, None)
    assert (found.identifier, found.docs, found.unverifiable) == (taste.id, taste.anchor, True)
    assert found.summary == "Not verifiable from here: the kitchen is closed."


def test_what_was_measured_stands_with_every_verdict() -> None:
    always = check("cake.size", asks="?", why="", fix="", measured=lambda _wanted, facts: {"size": facts["size"]})
    for finding in (passed("Yes."), warned("Nearly.", "Wait."), failed("No.", "Wait."), skipped("Who knows.")):
        measured = always(lambda _wanted, _facts, finding=finding: finding)  # type: ignore[misc]
        assert measured.run("", {"size": 3}).evidence == {"size": 3}


def test_a_finding_has_one_of_four_statuses() -> None:
    with pytest.raises(ValueError, match="no status good"):
        Finding("good", "It is.")


@pytest.mark.parametrize(
    ("error", "action", "expected", "told"),
    [
        (
            REFUSED,
            "",
            Unread("read x", "not authorized", "AccessDenied", "Allow the caller to read x"),
            "Could not read x. not authorized. Allow the caller to read x.",
        ),
        (REFUSED, "s3:GetX", Unread("s3:GetX", "not authorized", "AccessDenied", "Allow the caller to read x"), ""),
        (ApiError("The API refuses", "a reason", code="gone"), "", Unread("", "The API refuses. a reason", "gone"), ""),
        (
            RunnerError("No SDK", "", "Install it"),
            "",
            Unread("", "No SDK", "", "Install it", decided=True),
            "No SDK. Install it.",
        ),
    ],
)
def test_an_exception_tells_what_was_tried_why_it_failed_and_what_to_do(
    error: RunnerError, action: str, expected: Unread, told: str
) -> None:
    unread = Unread.of(error, action)
    assert unread == expected
    assert unread.forbidden is (expected.code == "AccessDenied")
    assert unread.told == told or not told
    assert unread.permission == (unread.action if unread.forbidden else "")
