# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One model, four renderings: the same counts, the same release and the same reasons in each."""

from __future__ import annotations

import functools
import html
import json
import re
import typing as t

import jsonschema
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_report import documents
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import Counts, Finding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import fleet_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.stages import stages_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import STATES, runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from tests import report_samples, reports
from tests.unit.report.test_report_fleet import SCHEMA

PHRASE = re.compile(r"(\d+) (not verifiable|not made|passed|warnings?|failed)")
KEYS = {"not verifiable": "unverifiable", "not made": "not_made", "warning": "warnings"}
FLEETS = list(report_samples.FLEETS.values())
# Other sizes and mixes, such as one runner alone, and more that fail than do not.
MIXED: list[tuple[int, tuple[str, ...]]] = [
    (1, ()),
    (1, ("refused",)),
    (2, ("unhealthy", "unhealthy")),
    (7, ("waiting", "rolled back", "rolled back", "unhealthy")),
    (33, ("held", "refused", "refused", "waiting", "waiting", *["rolled back"] * 14)),
]


def counted(text: str) -> dict[str, int]:
    """What a phrase counts, without what it does not name."""
    return {KEYS.get(word, word): int(number) for number, word in PHRASE.findall(text)}


def something(counts: t.Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}


@functools.cache
def rendered(count: int, kinds: tuple[str, ...]) -> dict[str, str]:
    """The four renderings, the page as text without tags, what is shown to nobody's eyes left out."""
    fleet = report_samples.fleet(count, *kinds)
    files = documents(fleet)
    body = files["fleet.html"].split("<main>")[1].split("<script>")[0]
    page = re.sub(r'<span class="brief" aria-hidden="true">.*?</span>', "", body)
    page = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.replace("<wbr>", ""))))
    screen = "\n".join(fleet_lines(fleet, 400))
    return {"screen": screen, "markdown": files["fleet.md"], "json": files["fleet.json"], "page": page}


@pytest.mark.parametrize(("count", "kinds"), [*FLEETS, *MIXED])
def test_all_four_count_the_same(count: int, kinds: tuple[str, ...]) -> None:
    found = rendered(count, kinds)
    document = json.loads(found["json"])
    states = something({state: document["counts"][state] for state in STATES})
    runners = "1 runner" if count == 1 else f"{count} runners"
    headline = f"{runners}: {', '.join(f'{number} {state}' for state, number in states.items())}"
    for name in ("screen", "markdown"):
        assert headline in found[name].splitlines(), name
    shown = {
        "unverified" if word == "not verified" else word: int(number)
        for number, word in re.findall(
            r"(\d+) (not verified|verified|waiting|failed) ", found["page"].split("Checks:")[0]
        )
    }
    assert something(shown) == states
    # The checks of all, and of each.
    for name in ("screen", "markdown", "page"):
        (line,) = re.findall(r"Checks: ([^\n]*?)(?:\n|$| Needs attention| Fleet)", found[name])
        assert counted(line) == something(document["checks"]), name
    rows = {
        "screen": {line.split()[1]: line for line in found["screen"].split("\n\n", 1)[1].splitlines()[2 : 2 + count]},
        "markdown": {
            line.split("|")[2].strip(): line for line in found["markdown"].splitlines() if line.startswith("| ")
        },
    }
    for runner in document["runners"]:
        total = {kind: sum(runner["checks"][stage][kind] for stage in runner["checks"]) for kind in document["checks"]}
        for name, lines in rows.items():
            told: dict[str, int] = {}
            for number, word in PHRASE.findall(lines[runner["runner"]]):
                told[KEYS.get(word, word)] = told.get(KEYS.get(word, word), 0) + int(number)
            assert told == something(total), (name, runner["runner"])
        for stage in ("prerequisites", "verification"):
            phrase = Counts(**runner["checks"][stage]).phrase()
            assert phrase == "none made" or phrase in found["page"]
            checks = runner[stage].get("checks") or []
            assert Counts.of(map(Finding.of, checks)).as_result() == runner["checks"][stage]


@pytest.mark.parametrize(("count", "kinds"), FLEETS)
def test_every_rendering_has_the_release_of_every_runner(count: int, kinds: tuple[str, ...]) -> None:
    found = rendered(count, kinds)
    fleet = report_samples.fleet(count, *kinds)
    told = [runner for runner in fleet.runners if runner.release]
    assert len(told) >= count - 1
    for runner in told:
        row = next(line for line in found["screen"].splitlines() if f" {runner.name} " in line)
        assert runner.release in row
        line = next(line for line in found["markdown"].splitlines() if f"| {runner.name} |" in line)
        assert runner.release in line.replace("\\", "")
        assert re.search(rf"{runner.name} .{{0,120}}{re.escape(runner.release)}", found["page"])


@pytest.mark.parametrize("name", ["screen", "markdown", "page"])
def test_what_needs_attention_is_whole_and_said_once(name: str) -> None:
    count, kinds = report_samples.FLEETS["failing"]
    text = " ".join(rendered(count, kinds)[name].replace("\\", "").split())
    attention = text.split("Needs attention")[1].split(" Fleet ")[0] if name == "page" else text
    for problem in report_samples.FAILURES:
        # The message of the gate has only the first.
        assert attention.count(problem["summary"]) == 1, problem
        assert attention.count(problem["remediation"]) == 1
    assert attention.count("Create the role once, then run again.") == 1
    assert attention.count(reports.REASON) == 1
    assert attention.count("Remove the cause and run again; what is done stays done.") == 1, "of twelve runners"
    assert attention.index(reports.REASON) < attention.index("Not begun"), "causes before what they held back"


def test_a_long_message_is_whole_everywhere() -> None:
    words = " ".join(f"word{number}" for number in range(400))
    failure = {"task": "Start the stack", "message": words, "register": "__gitpod_stack_x", "action": "x"}
    fleet = Fleet.of([runner_summary({"failure": failure}, "one", "eu-west-1")], "x")
    files = documents(fleet)
    for text in (files["fleet.md"], files["fleet.html"], files["fleet.json"], " ".join(fleet_lines(fleet, 80))):
        assert words in " ".join(text.split())


def test_markdown_is_a_summary() -> None:
    lines = {name: rendered(*of)["markdown"].count("\n") for name, of in report_samples.FLEETS.items()}
    assert lines["3"] < 30
    assert lines["16"] < 60
    assert lines["50"] < 100


def test_everything_stays_in_the_json_files() -> None:
    count, kinds = report_samples.FLEETS["failing"]
    fleet = json.loads(rendered(count, kinds)["json"])
    jsonschema.validate(fleet, SCHEMA)
    by_name = {runner["runner"]: runner for runner in fleet["runners"]}
    refused = by_name["gitpod-us-east-2"]
    assert {check["id"] for check in refused["prerequisites"]["checks"] if check["status"] == "fail"} == {
        failure["id"] for failure in report_samples.FAILURES
    }
    assert refused["failure"]["message"].endswith("And 1 more.")


def stage(name: str, found: t.Mapping[str, t.Any]) -> str:
    return next(entry["state"] for entry in stages_of(found) if entry["stage"] == name)


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ([{"id": "a", "status": "pass"}, {"id": "b", "status": "fail"}], "failed"),
        ([{"id": "a", "status": "pass"}, {"id": "b", "status": "warn"}], "warning"),
        ([{"id": "a", "status": "pass"}, {"id": "b", "status": "skip"}], "passed"),
        ([{"id": "b", "status": "skip", "unverifiable": True}], "left out"),
        ([{"id": "a", "status": "a status that nobody knows"}], "failed"),
        ([], "left out"),
    ],
)
def test_a_stage_that_judges_is_as_good_as_what_it_found(checks: list[dict[str, t.Any]], state: str) -> None:
    assert stage("prerequisites", {"prerequisites": {"checks": checks}}) == state
    assert stage("verify", {"verification": {"checks": checks}}) == state


def test_a_refused_runner_is_shown_failed_where_it_was_refused() -> None:
    document = runner_summary(report_samples.refused("us-east-1"), "one", "us-east-1")
    states = {entry["stage"]: entry["state"] for entry in document["stages"]}
    assert states["prerequisites"] == "failed"
    assert set(states.values()) == {"failed", "not reached"}
    assert document["failure"]["stage"] == "prerequisites"
    assert document["state"] == "failed"
    held = runner_summary(report_samples.held("us-east-1"), "one", "us-east-1")
    assert {entry["stage"]: entry["state"] for entry in held["stages"]}["prerequisites"] == "warning"


def test_a_look_that_failed_and_problems_of_the_inventory_are_findings() -> None:
    assert stage("prerequisites", {"prerequisites": {"failed": True, "msg": "The region is not enabled."}}) == "failed"
    problem = {"id": "contract.gitpod_region", "kind": "wrong", "summary": "no region", "remediation": "name one"}
    variables = {
        "__gitpod_prerequisites_look": {"runners": {"one": {"problems": [problem], "look": {}}}},
        "__gitpod_gate": {"refused": {"one": "one is refused at the gate"}},
    }
    document = runner_summary(results.stages(variables, "one"), "one", "")
    assert [check["id"] for check in document["prerequisites"]["checks"]] == ["contract.gitpod_region"]
    missing = {**problem, "kind": "missing"}
    made_good = {
        "prerequisites": {"problems": [missing], "stack_exists": True, "checks": [{"id": "a", "status": "pass"}]}
    }
    assert stage("prerequisites", made_good) == "passed", "a stack that exists has what the inventory leaves out"


def test_what_a_batch_was_waited_for_fails_its_own_stage() -> None:
    found = report_samples.rolled_back("us-east-1")
    document = runner_summary(found, "one", "us-east-1")
    states = {entry["stage"]: entry["state"] for entry in document["stages"]}
    assert (states["stack"], states["privatelink"], states["dns"]) == ("failed", "changed", "not reached")
    assert document["failure"]["stage"] == "stack"
    found["endpoint"] = {"failed": True, "msg": "The endpoint was rejected."}
    found["stack"] = {**found["stack"], "failed": False}
    found["failure"] = {**found["failure"], "stack": {}}
    document = runner_summary(found, "one", "us-east-1")
    states = {entry["stage"]: entry["state"] for entry in document["stages"]}
    assert (states["stack"], states["privatelink"]) == ("changed", "failed")


def test_the_time_of_every_stack_is_told() -> None:
    found = rendered(16, ())
    fleet = report_samples.fleet(16)
    times = found["page"].split("Time of the stacks")[1].split("Open all")[0]
    assert [runner.name for runner in fleet.runners if f"{runner.name} {runner.region}" not in times] == []
    durations = [runner["stack"]["duration"] for runner in json.loads(found["json"])["runners"]]
    assert durations == [runner.took for runner in fleet.runners]
    assert min(durations) > 0


def test_documents_of_earlier_runs_and_of_others_keep_their_time() -> None:
    earlier = {**report_samples.documents(1)[0], "as_of": "2026-11-20T09:00:00Z"}
    fleet = Fleet.of([earlier, report_samples.documents(2)[1]], "x", report_samples.NOW)
    files = documents(fleet)
    old, new = (runner["as_of"] for runner in json.loads(files["fleet.json"])["runners"])
    assert (old, new) == ("2026-11-20T09:00:00Z", report_samples.NOW)
    for text in ("\n".join(fleet_lines(fleet, 400)), files["fleet.md"], files["fleet.html"]):
        assert "2026-11-20T09:00:00Z" in text
    # What was written is read again, and is the same.
    again = Fleet.of(json.loads(files["fleet.json"])["runners"], "x", report_samples.NOW)
    assert documents(again) == files
    jsonschema.validate(Fleet.of([{"runner": "a"}], "x", report_samples.NOW).document(), SCHEMA)
