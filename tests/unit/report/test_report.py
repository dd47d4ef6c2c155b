# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables and records as text."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import (
    external_records,
    fleet_table,
    runner_summary,
    zone_file_lines,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier


def test_the_fleet_table_is_sorted_and_aligned() -> None:
    lines = fleet_table(
        [
            {"region": "us-east-1", "runner": "gitpod-us", "stack": {"status": "CREATE_COMPLETE"}},
            {"region": "eu-central-1", "runner": "gitpod-eu", "stack": {"status": "CREATE_COMPLETE"}},
        ]
    )
    assert [line.split()[0] for line in lines[2:]] == ["eu-central-1", "us-east-1"]
    assert lines[0].index("stack") == lines[2].index("CREATE_COMPLETE") == lines[3].index("CREATE_COMPLETE")
    assert lines[3].endswith("-")


def test_control_characters_do_not_reach_the_terminal() -> None:
    text = "\n".join(fleet_table([{"region": "us-east-1", "runner": "evil\x1b[2J\nname"}]))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


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
    row = fleet_table([summary])[2]
    assert row.split("  ")[0] == "eu-central-1"
    for cell in (
        "gitpod-eu",
        "CREATE_COMPLETE",
        "internal, active",
        "eu.example.com",
        "available",
        "1 of 2 checks failed",
    ):
        assert cell in row


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
    lines = fleet_table([runner_summary({"failure": failure, "stack": started}, "gitpod-eu", "eu-central-1")])
    assert "ABSENT" in lines[2]
    assert lines[2].endswith("not reached")
    assert lines[-2:] == ["gitpod-eu failed: Start the stack", "  The exchange token is missing."]
