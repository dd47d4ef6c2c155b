# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person has to act on: the same thing once, and no consequences beside their cause."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import fleet_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import DOMAIN, REGION, RUNNER, anyones
from tests import report_samples, reports

ABSENT = "There is no load balancer."


def without_a_stack(region: str, status: str = "ROLLBACK_COMPLETE") -> dict[str, t.Any]:
    """A creation, or an update, that failed, and what the verification said of the runner afterwards."""
    found = report_samples.rolled_back(region)
    found["failure"] = {**found["failure"], "stack": {"status": status}}
    check = {"id": "load_balancer.state", "status": "fail", "summary": ABSENT, "remediation": "Deploy it."}
    found["verification"] = {"healthy": False, "missing": [], "checks": [check]}
    return found


def fleet(count: int, make: t.Callable[[str], dict[str, t.Any]]) -> Fleet:
    regions = [f"eu-west-{number}" for number in range(count)]
    return Fleet.of([runner_summary(make(region), f"gitpod-{region}", region) for region in regions], "x")


def test_what_differs_in_the_runners_own_names_alone_is_said_once() -> None:
    (entry,) = fleet(16, without_a_stack).attention
    assert len(entry.runners) == 16
    assert entry.message.startswith(f"The stack {RUNNER} failed. {reports.REASON}")
    (alone,) = fleet(1, without_a_stack).attention
    assert alone.message.startswith("The stack gitpod-eu-west-0 failed.")
    for text in ("\n".join(fleet_lines(fleet(16, without_a_stack))), markdown(fleet(16, without_a_stack))):
        assert " ".join(text.split()).count(reports.REASON) == 1


def test_where_the_reasons_differ_each_is_told() -> None:
    def different(region: str) -> dict[str, t.Any]:
        found = without_a_stack(region)
        message = f"The stack gitpod-{region} failed in {region}: quota {len(region) + int(region[-1])}"
        found["failure"] = {**found["failure"], "message": message}
        return found

    assert [len(entry.runners) for entry in fleet(3, different).attention] == [1, 1, 1]


@pytest.mark.parametrize(
    ("status", "told"), [("ROLLBACK_COMPLETE", False), ("CREATE_FAILED", False), ("UPDATE_ROLLBACK_COMPLETE", True)]
)
def test_what_only_follows_from_a_creation_that_failed_is_no_cause(status: str, told: bool) -> None:
    found = fleet(1, lambda region: without_a_stack(region, status))
    (entry,) = found.attention
    assert (ABSENT in [finding.summary for finding in entry.problems]) is told
    assert (ABSENT in str(summary(found))) is told
    # Whoever looks at the runner itself sees all of it.
    assert ABSENT in page(found)
    assert found.check_counts.failed == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gitpod-eu, in eu-west-1: *.eu.example.com", f"{RUNNER}, in {REGION}: *.{DOMAIN}"),
        ("gitpod-eu-2 is another, and so is my-gitpod-eu", "gitpod-eu-2 is another, and so is my-gitpod-eu"),
        ("the zone eu-west-1a", "the zone eu-west-1a"),
    ],
)
def test_a_name_is_taken_out_whole(text: str, shown: str) -> None:
    own = {"gitpod-eu": RUNNER, "eu-west-1": REGION, "eu.example.com": DOMAIN, "": RUNNER, "a": RUNNER}
    assert anyones(text, own) == shown


def test_what_is_waited_for_is_told_with_the_records_that_somebody_adds() -> None:
    found = report_samples.verified("eu-west-1")
    del found["verification"]
    found["dns"].update(in_progress=True, awaited_records=found["dns"]["records"])
    (entry,) = Fleet.of([runner_summary(found, "gitpod-eu", "eu-west-1")], "x").attention
    assert entry.title == "Waiting: dns"
    first, *records = entry.message.split("\n")
    assert first == "Add these records where the domain is kept:"
    assert [record.split()[:2] for record in records] == [
        ["eu-west-1.gitpod.example.com", "CNAME"],
        ["*.eu-west-1.gitpod.example.com", "CNAME"],
    ]
    assert records[0].split()[2].endswith(".elb.eu-west-1.amazonaws.com")
