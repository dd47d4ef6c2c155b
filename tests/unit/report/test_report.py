# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner's document, the table on screen, and records as text."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.records import (
    external_records,
    zone_file_lines,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import fleet_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from tests import report_samples


def below_the_counts(lines: list[str]) -> list[str]:
    """The table, and what follows."""
    return lines[lines.index("") + 1 :]


def test_the_fleet_table_is_sorted_and_aligned() -> None:
    fleet = Fleet.of(
        [
            {"region": "us-east-1", "runner": "gitpod-us", "stack": {"status": "CREATE_COMPLETE"}},
            {"region": "eu-central-1", "runner": "gitpod-eu", "stack": {"status": "CREATE_COMPLETE"}},
        ],
        "x",
    )
    lines = below_the_counts(fleet_lines(fleet))
    assert [line.split()[1] for line in lines[2:4]] == ["gitpod-eu", "gitpod-us"]
    assert lines[0].index("stack") == lines[2].index("CREATE_COMPLETE") == lines[3].index("CREATE_COMPLETE")
    assert "endpoint" not in lines[0], "what nobody has is no column"


@pytest.mark.parametrize("width", [80, 100, 132])
@pytest.mark.parametrize(("count", "kinds"), report_samples.FLEETS.values())
def test_the_screen_fits_the_terminal_and_has_the_release(count: int, kinds: tuple[str, ...], width: int) -> None:
    fleet = report_samples.fleet(count, *kinds)
    lines = fleet_lines(fleet, width)
    assert max(map(len, lines)) <= width
    rows = {line.split()[1]: line for line in below_the_counts(lines)[2 : 2 + count]}
    assert [name for name in rows if fleet.runners] == [runner.name for runner in fleet.runners]
    assert [runner.name for runner in fleet.runners if runner.release not in rows[runner.name]] == []
    assert lines[:2] == [fleet.headline, fleet.checks_line], "a controller shows the beginning"


def test_control_characters_do_not_reach_the_terminal() -> None:
    lines = fleet_lines(Fleet.of([{"region": "us-east-1", "runner": "evil\x1b[2J\nname"}], "x"))
    assert "\x1b" not in "\n".join(lines)
    assert [line for line in lines if "\n" in line] == []


def test_both_names_are_recorded() -> None:
    records = external_records("Gitpod.Example.com.", "LB-1.elb.us-east-1.amazonaws.com", 300)
    assert [record["name"] for record in records] == ["gitpod.example.com", "*.gitpod.example.com"]
    assert {record["value"] for record in records} == {"lb-1.elb.us-east-1.amazonaws.com"}


def test_zone_file_lines_are_absolute_names() -> None:
    lines = zone_file_lines(external_records("gitpod.example.com", "lb.elb.amazonaws.com", 300))
    assert lines[0].split() == ["gitpod.example.com.", "300", "IN", "CNAME", "lb.elb.amazonaws.com."]
    assert lines[1].split()[0] == "*.gitpod.example.com."


def test_a_dynamic_reference_gets_its_braces() -> None:
    values = {"gitpod_custom_ca": "ssm:/gitpod/ca"}
    assert parameters(values, Earlier())["Custom CA Certificate"] == "{{resolve:ssm:/gitpod/ca}}"
    assert "Custom CA Certificate" not in parameters({}, Earlier())


def test_a_summary_picks_what_a_report_tells_and_nothing_else() -> None:
    stages = {
        "stack": {
            "stack": {"name": "eu", "status": "CREATE_COMPLETE", "parameters": {"Token": "s3cr3t"}},
            "load_balancer": {"scheme": "internal", "state": "active", "dns_name": "lb.example"},
            "invocation": {"module_args": {"secret": "s3cr3t"}},
        },
        "dns": {"records": external_records("eu.example.com", "lb.example", 300)},
        "endpoint": {"endpoint": {"id": "vpce-1", "state": "available"}},
        "verification": {
            "healthy": False,
            "checks": [{"id": "dns.domain", "status": "fail"}, {"id": "x", "status": "pass"}],
        },
    }
    summary = runner_summary(stages, "gitpod-eu", "eu-central-1")
    assert "s3cr3t" not in str(summary)
    row = Fleet.of([summary], "x").runners[0].row
    assert row == {
        "state": "failed",
        "runner": "gitpod-eu",
        "region": "eu-central-1",
        "stack": "CREATE_COMPLETE",
        "release": "",
        "domain": "eu.example.com",
        "load balancer": "internal, active",
        "endpoint": "available",
        "prerequisites": "",
        "verification": "1 passed, 1 failed",
    }


def test_a_certificate_is_told_as_its_stage_hands_it_on() -> None:
    handed_on = {
        "changed": True,
        "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
        "requested": True,
        "status": "ISSUED",
        "not_after": "2027-12-24T00:00:00+00:00",
        "validation_records": [{"name": "_1.eu.example.com"}],
    }
    summary = runner_summary({"certificate": handed_on}, "gitpod-eu", "eu-central-1")
    assert summary["certificate"] == {
        "arn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
        "requested": True,
        "status": "ISSUED",
        "not_after": "2027-12-24T00:00:00+00:00",
    }
    stages = {entry["stage"]: entry["state"] for entry in summary["stages"]}
    assert stages["certificate"] == "changed"
    assert runner_summary({}, "gitpod-eu", "eu-central-1")["certificate"] == {}


def test_a_failure_is_told_under_the_table() -> None:
    failure = {"task": "Start the stack", "message": "The exchange token is missing.", "stack": {"status": "ABSENT"}}
    started = {"stack": {"status": "CREATE_IN_PROGRESS"}}
    summary = runner_summary({"failure": failure, "stack": started}, "gitpod-eu", "eu-central-1")
    lines = below_the_counts(fleet_lines(Fleet.of([summary], "x")))
    assert "ABSENT" in lines[2]
    assert lines[2].endswith("not reached")
    assert lines[4:6] == ["gitpod-eu: Start the stack failed", "  The exchange token is missing."]
