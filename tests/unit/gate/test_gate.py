# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate says everything of the whole fleet once, in lines that fit, and nothing raw."""

from __future__ import annotations

import json
import re
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    Counts,
    Finding,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import (
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from tests import gate_samples
from tests.gate_samples import ACLS, EMAIL, FIRST, SUBNETS, ZONES, check, host, look

WIDTHS = (80, 100)


def cells(lines: list[str], name: str) -> list[str]:
    return next(line.split() for line in lines if line.startswith(f"  {name}"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [3, 16, 50])
def test_it_fits_the_terminal_and_breaks_no_name(count: int, width: int) -> None:
    found = gate_samples.fleets()[count]
    lines = found.lines(width)
    assert max(map(len, lines)) <= width
    told = " ".join(lines)
    for runner in found.runners:
        assert re.search(rf"(?<![\w-]){runner.name}(?![\w-])", told), runner.name
    assert not [line for line in lines if re.search(r"\w-$", line)]


def test_totals_come_first_and_the_decision_last() -> None:
    lines = gate_samples.fleets()[16].lines(100)
    assert lines[0] == "The gate: 16 runners, 12 with something to do, 1 with nothing to do, 3 refused"
    assert lines[1] == "Checks: 560 passed, 14 not verifiable, 126 not made, 2 warnings, 3 failed"
    assert lines[2].startswith("Cost: about 219.00 USD a month more, for 10 interface endpoints in 30 zones;")
    assert " ".join(lines[-2:]) == (
        "13 runners go on; 3 of 16 runners are refused (gitpod-us-west-2, gitpod-eu-central-1, gitpod-us-gov-west-1)."
    )


def test_a_row_a_runner_under_what_will_be_done_with_it() -> None:
    lines = gate_samples.fleets()[3].lines(80)
    assert lines[lines.index("create privatelink, stack, dns") + 1].split() == (
        ["gitpod-ap-southeast-2", "ap-southeast-2", "20260105.12", "-", "-", "14.60", "+"]
    )
    assert lines[lines.index("update stack; look at dns") + 1].split() == (
        ["gitpod-eu-central-1", "eu-central-1", "20251203.4", "-", "1", "-"]
    )
    assert lines[lines.index("nothing") + 1].split()[0] == "gitpod-us-east-1"
    # What creates needs no reason; what changes has one.
    assert "      gitpod-eu-central-1: Runner Size: small becomes large" in lines
    assert "create stack, because" not in lines


def test_what_is_the_same_for_several_is_said_once() -> None:
    fleet = [host(f"runner-{number}", "eu-west-1", look(EMAIL, ACLS, **FIRST)) for number in range(16)]
    text = "\n".join(gate(fleet).lines(100))
    assert text.count(EMAIL["summary"]) == 1
    assert text.count(EMAIL["remediation"]) == 1
    assert f"all 16 runners: {EMAIL['summary']}" in text
    assert "Checks: 640 passed, 16 not verifiable, 144 not made, 16 warnings" in text


def test_what_is_wrong_in_other_words_shares_what_to_do() -> None:
    def small(number: int) -> dict[str, t.Any]:
        return check("network.addresses", "fail", f"subnet-{number} has 8 free.", "Name larger subnets.")

    fleet = [host(f"runner-{number}", "eu-west-1", look(small(number))) for number in range(9)]
    lines = gate(fleet).lines(80)
    assert sum("Name larger subnets." in line for line in lines) == 1
    assert [f"      runner-{number}: subnet-{number} has 8 free." in lines for number in range(9)] == [True] * 9


def test_warnings_in_many_wordings_are_cut_short_unless_asked_for() -> None:
    warned = [check("stack.age", "warn", f"{number} days old.", "Upgrade.") for number in range(9)]
    fleet = [host(f"runner-{number}", "eu-west-1", look(warned[number])) for number in range(9)]
    assert "      and 4 more, each in its own words; -v shows them" in gate(fleet).lines(80)
    assert all(
        f"      runner-{number}: {number} days old." in gate(fleet).lines(80, verbose=True) for number in range(9)
    )


def test_a_large_fleet_folds_rows_that_are_alike_and_says_so() -> None:
    found = gate_samples.fleets()[50]
    folded, every = found.lines(80), found.lines(80, verbose=True)
    assert "Rows that are alike are folded; -v shows each." in folded
    assert cells(folded, "44 runners")[:3] == ["44", "runners,", "each"]
    # Those with a problem or a warning keep rows of their own.
    assert cells(folded, "team-02-us-west-2") == ["team-02-us-west-2", "us-west-2", "-", "1", "-", "-"]
    assert "Rows that are alike are folded; -v shows each." not in every
    rows = [line for line in every if re.match(r"  team-\S+ +\S+-\d +\S+ +[\d-]+ ", line)]
    assert len(rows) == 50


def test_a_folded_name_that_does_not_tell_its_region_has_it_beside_it() -> None:
    fleet = [host(f"team-{number}", "eu-west-1", look(**FIRST)) for number in range(21)]
    assert "team-20 (eu-west-1)" in " ".join(gate(fleet).lines(80))


def test_verbose_lists_what_passed_and_why_something_is_created() -> None:
    fleet = [host("one", "eu-west-1", look(stack=("create", "there is no stack yet")))]
    text = "\n".join(gate(fleet).lines(100, verbose=True))
    assert "pass  network.passed0" in text
    assert "create stack, because\n      one: there is no stack yet" in text
    assert "docs/prerequisites.md#networkpassed0" in text


def test_every_host_has_all_its_problems() -> None:
    fleet = [host("one", "eu-west-1", look(SUBNETS), ZONES)]
    found = gate(fleet)
    assert [entry["id"] for entry in found.as_result()["runners"]["one"]["problems"]] == [ZONES["id"], SUBNETS["id"]]
    assert cells(found.lines(80), "one")[2:4] == ["20260105.12", "2"]
    assert {"FAIL  contract.gitpod_availability_zones", "FAIL  network.subnets"} <= set(found.lines(80))


def test_what_is_missing_is_made_good_by_a_stack_that_exists_and_by_no_other() -> None:
    missing = {**ZONES, "kind": "missing"}
    assert not Runner.of(host("one", "eu-west-1", look(exists=True), missing)).refused
    assert Runner.of(host("one", "eu-west-1", look(exists=False), missing)).refused
    unreadable = {**look(), "stack_exists": None}
    assert Runner.of(host("one", "eu-west-1", unreadable, missing)).refused
    assert Runner.of(host("one", "eu-west-1", look(exists=True), ZONES)).refused


@pytest.mark.parametrize("seen", [{}, None, {"failed": True, "msg": "No such profile."}, {"failed": True}])
def test_a_runner_that_nobody_could_look_at_is_refused(seen: t.Any) -> None:
    found = gate([host("one", "eu-west-1", seen), host("two", "eu-west-1", look())])
    assert list(found.decision.refused) == ["one"]
    assert found.decision.go == ("two",)


def test_an_unknown_status_is_no_pass_and_an_unknown_action_is_something_to_do() -> None:
    found = gate([host("one", "eu-west-1", {**look(), "checks": [check("a.b", "odd")]})])
    assert found.as_result()["checks"]["failed"] == 1
    seen = look()
    next(stage for stage in seen["plan"] if stage["stage"] == "stack")["action"] = "move"
    moved = gate([host("one", "eu-west-1", seen)])
    assert moved.as_result()["runners"]["one"]["state"] == "to do"
    assert "move stack" in moved.lines(80)


def test_what_was_not_looked_at_never_counts_as_passed() -> None:
    counts = Counts.of(
        [Finding.of(ACLS), Finding.of(check("proxy.url", "skip", "No proxy.")), Finding.of(check("a.b"))]
    )
    assert counts.phrase() == "1 passed, 1 not verifiable, 1 not made"
    assert Counts().phrase() == "none made"


def test_what_is_not_verifiable_is_what_its_check_says_and_is_shown_also_without_a_remedy() -> None:
    dropped = check("network.acls", "skip", "Could not look: the connection was reset.", unverifiable=True)
    unneeded = check("dns.zone", "skip", "No domain.", "Name one in gitpod_domain_name.")
    found = gate([host("one", "eu-west-1", look(dropped, unneeded))])
    assert (found.as_result()["checks"]["unverifiable"], found.as_result()["checks"]["not_made"]) == (1, 10)
    lines = found.lines(80)
    assert "      one: Could not look: the connection was reset." in lines
    assert "skip  dns.zone" not in lines


@pytest.mark.parametrize("status", ["pass", "warn", "fail"])
def test_only_what_was_skipped_is_not_verifiable(status: str) -> None:
    assert not Finding.of(check("network.acls", status, unverifiable=True)).unverifiable


def test_two_runners_of_one_name_are_shown_by_their_hosts() -> None:
    fleet = [{**host(name, "eu-west-1", look()), "name": "twin"} for name in ("left", "right")]
    text = "\n".join(gate(fleet).lines(80))
    assert "left" in text
    assert "right" in text
    assert "twin" not in text


HOSTILE = "\x1b[2J\r\n\x07\u202eevil\x9b1A"


def test_nothing_from_outside_reaches_the_terminal_raw() -> None:
    seen = look(check(HOSTILE, "fail", HOSTILE, HOSTILE), stack=("update", HOSTILE))
    hostile = {"id": HOSTILE, "summary": HOSTILE, "remediation": HOSTILE, "variable": HOSTILE}
    fleet = [
        {**host(HOSTILE, HOSTILE, seen, hostile), "name": HOSTILE},
        host("one", HOSTILE, {"failed": True, "msg": HOSTILE}),
        host("two", HOSTILE, {**look(), "plan": [{"stage": HOSTILE, "action": HOSTILE, "reasons": [HOSTILE]}]}),
    ]
    found = gate(fleet, [[HOSTILE], ["elsewhere\x1b", "one", "two"]])
    for verbose in (False, True):
        lines = found.lines(80, verbose)
        assert "evil" in "".join(lines)
        assert [line for line in lines if not line.isprintable()] == []
    assert all(message.isprintable() for message in found.decision.refused.values())
    assert found.decision.message.isprintable()


def test_no_line_and_no_message_is_longer_than_a_log_takes() -> None:
    long = "x" * 3000
    problems = [{**ZONES, "id": f"contract.{number}", "summary": "ü" * 300} for number in range(20)]
    fleet = [
        host(long, "eu-west-1", look(check("a.b", "fail", long, long))),
        host("many", "eu-west-1", look(), *problems),
        host("one", "eu-west-1", look()),
    ]
    found = gate(fleet, [[long], ["many", "one"]])
    told = [*found.lines(80), *found.decision.refused.values(), *found.decision.held.values(), found.decision.message]
    assert max(len(line.encode()) for line in told) <= 1000
    assert found.decision.refused["many"].endswith("more, in the table.")


def test_a_long_name_keeps_both_its_ends_in_the_table() -> None:
    name = f"gitpod-{'a' * 100}-eu-west-1"
    lines = gate([host(name, "eu-west-1", look())]).lines(80)
    row = next(line for line in lines if "..." in line)
    assert len(row) <= 80
    assert row.strip().startswith("gitpod-a")
    assert "a-eu-west-1  eu-west-1" in row


def test_the_result_is_small_plain_data() -> None:
    result = gate_samples.fleets()[50].as_result()
    assert json.loads(json.dumps(result)) == result
    assert len(json.dumps(result)) < 50_000
    assert result["states"] == {"to do": 0, "nothing to do": 0, "refused": 3, "held": 47}
    assert result["runners"]["team-01-sa-east-1"] == {
        "name": "team-01-sa-east-1",
        "region": "sa-east-1",
        "state": "held",
        "checks": {"passed": 40, "unverifiable": 1, "not_made": 9, "warnings": 1, "failed": 0},
        "problems": [{key: EMAIL[key] for key in ("id", "status", "summary", "remediation", "docs")}],
        "actions": {
            "certificate": "nothing",
            "registration": "nothing",
            "network_endpoints": "nothing",
            "privatelink": "create",
            "stack": "create",
            "dns": "create",
        },
        "release": "20260105.12",
        "monthly_cost": {"amount": 21.9, "currency": "USD", "not_estimated": ["stack"]},
    }


@pytest.mark.parametrize(
    ("release", "told"),
    [
        ({}, ""),
        ({"target": "20260105.12"}, "20260105.12"),
        ({"exists": True, "deployed": "20251203.4", "target": "20251203.4"}, "20251203.4"),
        ({"exists": True, "deployed": "20251203.4", "target": "20260105.12"}, "20251203.4 to 20260105.12"),
        ({"exists": True}, "not recorded"),
        ({"exists": True, "target": "20260105.12"}, "not recorded to 20260105.12"),
        (
            {"exists": True, "deployed": "20251203.4", "target": "20251203.4", "running": "20260105.12"},
            "20251203.4, runs 20260105.12",
        ),
    ],
)
def test_each_runners_release_is_in_its_row(release: dict[str, t.Any], told: str) -> None:
    found = gate([host("one", "eu-west-1", {**look(), "release": release})])
    assert found.as_result()["runners"]["one"]["release"] == told
    for width in (60, 80, 120):
        row = next(line for line in found.lines(width) if line.startswith("  one "))
        assert told[:10] in row
        assert len(row) <= max(width, 70)


def test_no_runner_is_told_too() -> None:
    assert gate([]).lines(80) == ["The gate: no runner"]
    assert gate([]).decision.begins is False


def test_the_document_shows_what_is_printed() -> None:
    text = (gate_samples.ROOT / "docs/gate.md").read_text("utf-8")
    shown = "\n".join(line.rstrip() for line in gate_samples.fleets()[3].lines(100))
    assert f"```text\n{shown}\n```" in text


def test_clean_text_stays_as_it_is() -> None:
    assert clean("gitpod-eu-central-1: Größe 20 %") == "gitpod-eu-central-1: Größe 20 %"
