# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runner's state means, area by area, and how a fleet looks."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.status import TABLE
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.areas import AREAS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.judge import alerts, judge
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.look import result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.model import (
    Phase,
    Seen,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.table import status_lines, summary

NOW = datetime.datetime(2026, 11, 24, 18, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
WANTED = Wanted(domain="eu.gitpod.example.com", endpoint=True, runner_id="0192f3c8")
STACK = Stack("gitpod-eu", "CREATE_COMPLETE", "arn:stack", tags={"gitpod:release-version": "20260115.2"})
REFUSED = Unread("acm:DescribeCertificate", "not authorized", "AccessDeniedException")
DRIFTED: dict[str, t.Any] = {
    "status": "DRIFTED",
    "resources": [
        {
            "logical_id": "RunnerLog",
            "type": "AWS::Logs::LogGroup",
            "status": "MODIFIED",
            "differences": [{"property": "/RetentionInDays", "kind": "NOT_EQUAL"}],
        }
    ],
}


def seen(**facts: t.Any) -> Seen:
    """A runner in order, but for these facts."""
    good: dict[str, t.Any] = {
        "stack": STACK,
        "now": NOW,
        "newest": "20260115.2",
        "drift": {"status": "IN_SYNC", "resources": []},
        "certificate": Certificate("arn:acm", "ISSUED", expires=NOW + 90 * DAY),
        "endpoints": (Endpoint("vpce-1", "available"),),
        "checks": (Result("dns.domain", "pass", "Fine."), Result("health.domain", "pass", "Fine.")),
        "runner": Phase("active"),
    }
    return Seen(**{**good, **facts})


def verdicts(found: Seen, wanted: Wanted = WANTED) -> dict[str, Result]:
    return {check.identifier: check for check in judge(wanted, found)}


def test_a_runner_in_order_has_a_verdict_for_each_area_and_no_alert() -> None:
    checks = judge(WANTED, seen())
    assert [check.identifier for check in checks] == list(AREAS)
    assert {check.status for check in checks} == {"pass"}
    assert alerts(checks, AREAS) == []


@pytest.mark.parametrize(
    ("area", "facts", "status", "text"),
    [
        ("stack", {"stack": Stack("gitpod-eu")}, "fail", "no stack gitpod-eu"),
        ("stack", {"stack": Stack("gitpod-eu", "ROLLBACK_COMPLETE", status_reason="Boom")}, "fail", "Boom"),
        ("stack", {"stack": Stack("gitpod-eu", "UPDATE_ROLLBACK_COMPLETE")}, "warn", "rolled back"),
        ("stack", {"stack": Stack("gitpod-eu", "UPDATE_IN_PROGRESS")}, "warn", "UPDATE_IN_PROGRESS"),
        ("version", {"newest": "20260115.10"}, "warn", "20260115.2; newest in stable is 20260115.10"),
        ("version", {"newest": "20250101.1"}, "pass", "20260115.2"),
        ("version", {"newest": Unread("read the release manifest", "timed out")}, "skip", "timed out"),
        ("version", {"stack": Stack("gitpod-eu", "CREATE_COMPLETE")}, "skip", "records no release"),
        ("drift", {"drift": DRIFTED}, "warn", "RunnerLog (AWS::Logs::LogGroup) /RetentionInDays"),
        ("drift", {"drift": {"status": "NOT_CHECKED", "resources": []}}, "skip", "has never compared"),
        ("drift", {"drift": {"status": "UNKNOWN", "resources": []}}, "skip", "UNKNOWN"),
        ("drift", {"drift": None}, "skip", "no finished stack"),
        (
            "certificate",
            {"certificate": Certificate("arn:acm", "ISSUED", expires=NOW + 29.5 * DAY)},
            "warn",
            "29 days left",
        ),
        (
            "certificate",
            {"certificate": Certificate("arn:acm", "ISSUED", expires=NOW - DAY)},
            "fail",
            "ended 1 days ago",
        ),
        ("certificate", {"certificate": Certificate("arn:acm", "PENDING_VALIDATION")}, "fail", "PENDING_VALIDATION"),
        ("certificate", {"certificate": REFUSED}, "skip", "is not allowed"),
        ("certificate", {"certificate": None}, "skip", "no certificate"),
        ("dns", {"checks": (Result("dns.wildcard", "fail", "Does not exist.", "Create it."),)}, "fail", "not exist"),
        ("health", {"checks": (Result("tls.names", "fail", "Another name."),)}, "fail", "Another name"),
        ("health", {"checks": ()}, "skip", "No domain name"),
        ("endpoint", {"endpoints": ()}, "fail", "no endpoint"),
        # Nobody could be asked for it.
        ("endpoint", {"endpoints": None}, "skip", "No VPC is known"),
        ("endpoint", {"endpoints": REFUSED}, "skip", "is not allowed"),
        ("endpoint", {"endpoints": (Endpoint("vpce-1", "pendingAcceptance"),)}, "fail", "pendingAcceptance"),
        ("endpoint", {"endpoints": (Endpoint("vpce-1", "pending"),)}, "warn", "pending"),
        (
            "endpoint",
            {"endpoints": (Endpoint("vpce-1", "failed"), Endpoint("vpce-2", "available"))},
            "pass",
            "vpce-2",
        ),
        ("phase", {"runner": Phase("degraded", message="cannot pull images")}, "fail", "cannot pull images"),
        ("phase", {"runner": Phase("created")}, "fail", "created"),
        ("phase", {"runner": None}, "skip", "No API token"),
    ],
)
def test_what_is_wrong_is_told_in_its_area_alone(area: str, facts: dict[str, t.Any], status: str, text: str) -> None:
    found = verdicts(seen(**facts))
    assert found[area].status == status
    assert text in found[area].summary
    assert status in ("pass", "skip") or found[area].remediation or area in ("health",)


@pytest.mark.parametrize("status", TABLE)
def test_every_stack_status_has_a_verdict(status: str) -> None:
    found = verdicts(seen(stack=Stack("gitpod-eu", status)))["stack"]
    assert (found.status == "pass") == (status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"))


def test_warnings_alert_only_where_they_ask_for_something() -> None:
    checks = [Result(area, "warn", "Hm.") for area in AREAS]
    assert {check.identifier for check in alerts(checks, AREAS)} == {"stack", "version", "drift", "certificate"}
    assert [check.identifier for check in alerts(checks, ["certificate", "health"])] == ["certificate"]
    assert alerts([Result("health", "skip", "Hm.")], AREAS) == []


BEHIND = Stack("gitpod-eu", "UPDATE_COMPLETE", "arn:stack", tags={"gitpod:release-version": "20251203.4"})


def drift(kind: str, status: str, *properties: str) -> dict[str, t.Any]:
    return {
        "logical_id": "Thing",
        "type": kind,
        "status": status,
        "differences": [{"property": name, "kind": "NOT_EQUAL"} for name in properties],
    }


@pytest.mark.parametrize(
    ("stack", "runner", "newest", "status", "text"),
    [
        # It has updated itself: nobody has to.
        (BEHIND, Phase("active", "20260115.2"), "20260115.2", "pass", "updated itself to 20260115.2, its stack's"),
        (BEHIND, Phase("active", "20260115.10"), "20260115.2", "pass", "template is of 20251203.4"),
        (Stack("e", "CREATE_COMPLETE"), Phase("active", "20260115.2"), "20260115.2", "pass", "its stack records none"),
        (BEHIND, Phase("active", "20260105.1"), "20260115.2", "warn", "updated itself to 20260105.1"),
        (BEHIND, Phase("active", "20251203.4"), "20260115.2", "warn", "20251203.4; newest in stable is 20260115.2"),
        # Its window has not come yet, or it has had its time: another infrastructure version, say.
        (BEHIND, Phase("active", "20251203.4", "", True, "stable"), "20261120.1", "pass", "by itself"),
        (BEHIND, Phase("active", "20251203.4", "", True, "stable"), "20261115.1", "warn", "newest in stable"),
        (BEHIND, Phase("active", "20251203.4", "", True, "latest"), "20261120.1", "warn", "newest in stable"),
        # The stack was updated, and its services have not come up.
        (STACK, Phase("active", "20251203.4"), "20260115.2", "warn", "runs 20251203.4, its stack's template"),
    ],
)
def test_the_runners_own_version_is_told_apart_from_its_stacks(
    stack: Stack, runner: Phase, newest: str, status: str, text: str
) -> None:
    found = verdicts(seen(stack=stack, runner=runner, newest=newest))["version"]
    assert (found.status, text in found.summary) == (status, True), found.summary


SERVICE, TASK = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"


@pytest.mark.parametrize(
    ("version", "resources", "status"),
    [
        ("20260115.2", [drift(SERVICE, "MODIFIED", "/TaskDefinition")], "pass"),
        ("20260115.2", [drift(SERVICE, "MODIFIED", "/TaskDefinition"), drift(TASK, "DELETED")], "pass"),
        # Without an API token nobody says what runs.
        ("", [drift(SERVICE, "MODIFIED", "/TaskDefinition")], "pass"),
        ("20260115.2", [drift(SERVICE, "MODIFIED", "/TaskDefinition", "/DesiredCount")], "warn"),
        ("20260115.2", [drift(SERVICE, "MODIFIED", "/DesiredCount")], "warn"),
        ("20260115.2", [drift(SERVICE, "DELETED")], "warn"),
        ("20260115.2", [drift(TASK, "MODIFIED", "/Cpu")], "warn"),
        ("20260115.2", [drift(SERVICE, "MODIFIED", "/TaskDefinition"), *DRIFTED["resources"]], "warn"),
        # It runs what its stack has, so somebody else has pointed the service elsewhere.
        ("20251203.4", [drift(SERVICE, "MODIFIED", "/TaskDefinition")], "warn"),
    ],
)
def test_the_updaters_work_is_no_drift_to_undo(version: str, resources: list[dict[str, t.Any]], status: str) -> None:
    facts = {"stack": BEHIND, "runner": Phase("active", version)}
    found = verdicts(seen(drift={"status": "DRIFTED", "resources": resources}, **facts))["drift"]
    assert found.status == status
    assert ("Undo" in found.remediation) == (status == "warn")
    assert all(entry["type"] in found.summary for entry in resources)


def line(host: str, **facts: t.Any) -> dict[str, t.Any]:
    found = seen(**facts)
    status = result(WANTED, found, judge(WANTED, found), [])
    return {"region": "eu-central-1", "runner": host, "status": {"checks": status["checks"]}}


def test_the_table_is_sorted_and_tells_below_it_what_to_do() -> None:
    text = status_lines([line("b", drift=DRIFTED), line("a"), {"region": "us-east-1", "runner": "c", "failure": "No"}])
    assert [row.split()[1] for row in text[4:7]] == ["a", "b", "c"]
    assert "WARN" in text[5]
    assert "UNKNOWN" in text[6]
    assert any("RunnerLog" in row for row in text[7:])
    assert any("-> Undo it" in row for row in text[7:])
    assert text[0] == "3 runners: 1 failing, 1 with warnings, 1 in order"


def test_what_differs_in_the_runners_own_names_alone_is_told_once() -> None:
    def absent(name: str, domain: str) -> dict[str, t.Any]:
        told = f"There is no stack {name} for {domain} in eu-central-1."
        check = {"id": "stack", "status": "fail", "summary": told, "remediation": "Deploy it with site.yml."}
        return {"region": "eu-central-1", "runner": name, "domain": domain, "status": {"checks": [check]}}

    rows = [absent("runner-a", "a.example.com"), absent("runner-b", "b.example.com"), line("c", drift=DRIFTED)]
    text = status_lines(rows)
    below = text[text.index("2 runners (runner-a, runner-b)") :]
    assert below[1] == "  stack FAIL: There is no stack <runner> for <domain> in <region>."
    assert sum("There is no stack" in row for row in text) == 1
    assert "c" in text, "another reason is another's"
    assert "  stack FAIL: There is no stack runner-a for a.example.com in eu-central-1." in status_lines(rows[:1])


def test_what_could_not_be_looked_at_is_not_in_order() -> None:
    unread = Unread("acm:DescribeCertificate", "Connection was closed", "", "Run again")
    text = status_lines([line("a", certificate=unread), line("b")])
    assert text[4].split().count("?") == 1
    assert "  certificate ?: Could not look: acm:DescribeCertificate failed: Connection was closed." in text
    assert "    -> Run again." in text
    assert text[0] == "2 runners: 1 not wholly seen, 1 in order"


def test_the_artifact_tells_who_needs_attention_and_what_to_do() -> None:
    rows = [line("b", drift=DRIFTED), line("a"), {"region": "us-east-1", "runner": "c", "failure": "No"}]
    told = summary([{"alerts": [], "failure": "", **row} for row in rows])
    assert (told["runners"], told["headline"], told["needed"]) == (3, text_of(rows), True)
    assert told["alerts"] == {"c": []}
    changed, unseen = told["attention"]
    assert (changed["runner"], changed["problems"][0]["id"], unseen["failure"]) == ("b", "drift", "No")
    assert "Undo it" in changed["problems"][0]["remediation"]
    assert summary([{"alerts": [], "failure": "", **line("a")}])["needed"] is False


def text_of(rows: list[t.Any]) -> str:
    return status_lines(rows)[0]


def test_hostile_words_do_not_reach_the_terminal() -> None:
    text = "\n".join(status_lines([line("evil\x1b[2J", runner=Phase("degraded", message="\x1b[31mred\r\nline"))]))
    assert "\x1b" not in text
    assert "\r" not in text
