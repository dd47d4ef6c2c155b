# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's part of the fleet's report replaces its own runners only, each with the time of its own state."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import typing as t

import jsonschema
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import message
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import summary as small
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import fleet_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import next_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.documents import of_runners
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.merge import (
    fleet_of,
    merged,
    runners_in,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import report_upload
from tests import reports

SCHEMA = json.loads((pathlib.Path(__file__).parents[3] / "docs/report.schema.json").read_text("utf-8"))


def seen(region: str, as_of: str, **results: t.Any) -> dict[str, t.Any]:
    found = runner_summary(results or reports.results(region), f"gitpod-{region}", region)
    return {**found, "as_of": as_of}


def test_a_part_replaces_its_own_runners_and_keeps_the_others_with_their_times() -> None:
    known = [seen("eu", "2026-11-01T00:00:00Z"), seen("us", "2026-11-02T00:00:00Z"), seen("ap", "2026-11-02T00:00:00Z")]
    own = [seen("us", "2026-11-03T00:00:00Z", failure={"task": "x", "message": "y"})]
    found = merged(known, own, {("ap", "gitpod-ap")})
    assert [(runner["region"], runner["as_of"][:10], runner["state"]) for runner in found] == [
        ("eu", "2026-11-01", "verified"),
        ("us", "2026-11-03", "failed"),
    ]
    fleet = fleet_of(found, own, "Run of today", "2026-11-03T00:00:05Z")
    assert (fleet.title, fleet.counts["verified"]) == ("Fleet as of 2026-11-03T00:00:05Z", 1)
    jsonschema.validate(fleet.document(), SCHEMA)
    assert "| as of |" in markdown(fleet)
    assert "| 2026-11-01T00:00:00Z |" in markdown(fleet)
    assert "as of 2026-11-01T00:00:00Z" in page(fleet)
    assert fleet_of(own, own, "Run of today", "").title == "Run of today"


def test_of_two_reports_of_a_runner_the_later_stays() -> None:
    later = seen("eu", "2026-11-03T00:00:00Z")
    assert merged([later], [seen("eu", "2026-11-02T00:00:00Z")]) == [later]
    same = seen("eu", "2026-11-03T00:00:00Z", failure={"task": "x", "message": "y"})
    assert [runner["state"] for runner in merged([later], [same])] == ["failed"]
    assert merged([runner_summary({}, "gitpod-eu", "eu")], [later]) == [later], "of releases before there were times"


PARTS = ("stack", "release", "load_balancer", "dns")
EARLY, LATE, LATEST = "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z"
ACCEPTANCE: dict[str, t.Any] = {
    "accepted": True,
    "seconds": 60.0,
    "environment": {"name": "x", "class": "Small"},
    "steps": [{"step": "run", "state": "passed", "seconds": 60.0, "detail": ""}],
    "runner": {"id": "0192", "phase": "active", "version": "20260120.1"},
}


def test_what_a_run_did_not_look_at_stays_with_the_time_of_its_own_state() -> None:
    known = seen("eu", EARLY, **{**reports.results("eu"), "prerequisites": {"release": {"deployed": "20260115.10"}}})
    (found,) = merged([known], [seen("eu", LATE, acceptance=ACCEPTANCE)])
    assert {part: found[part] for part in PARTS} == {part: known[part] for part in PARTS}
    assert found["parts_as_of"] == {"stack": EARLY, "dns": EARLY}
    assert found["registration"]["version"] == "20260120.1"
    assert (found["as_of"], found["verification"], found["prerequisites"]["checks"]) == (LATE, {}, [])
    # Once more, and the parts are no younger for it; the same part laid over itself changes nothing.
    (again,) = merged([found], [seen("eu", LATEST, acceptance=ACCEPTANCE)])
    assert again["parts_as_of"] == {"stack": EARLY, "dns": EARLY}
    assert merged([again], [seen("eu", LATEST, acceptance=ACCEPTANCE)]) == [again]
    fleet = Fleet.of([found], "x", LATE)
    jsonschema.validate(fleet.document(), SCHEMA)
    assert runners_in(json.dumps(fleet.document())) == fleet.documents
    for told in (markdown(fleet), page(fleet), "\n".join(fleet_lines(fleet, 200))):
        assert "20260115.10" in told
        assert f"stack {EARLY}" in told


@pytest.mark.parametrize(
    "own",
    [
        {"stack": {"stack": {}, "operation": "none"}},
        {"verification": {"healthy": False, "checks": [{"id": "stack.exists", "status": "fail", "summary": "None."}]}},
        {"failure": {"task": "x", "register": "gitpod_stack_result", "message": "y"}},
    ],
)
def test_what_a_run_looked_for_and_did_not_find_is_gone(own: dict[str, t.Any]) -> None:
    (found,) = merged([seen("eu", EARLY)], [seen("eu", LATE, **own)])
    assert "stack" not in found.get("parts_as_of", {})
    assert not found["load_balancer"]
    assert not found["stack"].get("id")


def test_a_runner_that_is_refused_keeps_what_is_known_of_it() -> None:
    refused = {"failure": {"task": "x", "action": "runner_gate", "message": "y"}}
    (found,) = merged([seen("eu", EARLY)], [seen("eu", LATE, **refused)])
    assert (found["state"], found["stack"]["status"]) == ("failed", "CREATE_COMPLETE")
    assert found["parts_as_of"]["stack"] == EARLY
    (unknown,) = merged([{**seen("eu", ""), "as_of": None}], [seen("eu", LATE, **refused)])
    assert not unknown["stack"], "of a time that nobody knows"


def test_the_table_of_a_run_has_what_only_the_files_know(tmp_path: pathlib.Path) -> None:
    known = Fleet.of([seen("eu", EARLY), seen("us", EARLY)], "x", EARLY)
    (tmp_path / "fleet.json").write_text(json.dumps(known.document()), "utf-8")
    part = report_upload.Part(Fleet.of([seen("eu", LATE, acceptance=ACCEPTANCE)], "Run of today", LATE))
    shown = part.own_over(report_upload.peeked(tmp_path))
    assert [(runner.name, runner.stack) for runner in shown.runners] == [("gitpod-eu", "CREATE_COMPLETE")]
    (tmp_path / "fleet.json").write_text("theirs", "utf-8")
    assert report_upload.peeked(tmp_path) == []
    assert (tmp_path / "fleet.json").exists(), "it is only shown, and nothing is moved"


def test_an_acceptance_alone_tells_the_release_that_the_runner_runs() -> None:
    fleet = Fleet.of([seen("eu", LATE, acceptance=ACCEPTANCE)], "x", LATE)
    assert "runs 20260120.1" in "\n".join(fleet_lines(fleet, 200))
    assert "runs 20260120.1" in markdown(fleet)
    assert fleet.documents[0]["release"] == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema_version": 2, "runners": []}',
        '{"schema_version": 1, "runners": 1}',
        "[" * 200_000,
        '{"schema_version": 1, "runners": [{"x": ' + "[" * 400 + "]" * 400 + "}]}",
        "\ud800",
    ],
)
def test_what_is_no_report_is_known_as_none(text: str) -> None:
    assert runners_in(text) is None


WRONG: tuple[t.Any, ...] = (
    5,
    1.5,
    True,
    "x",
    "",
    [],
    [5],
    ["x"],
    [None],
    [{}],
    {},
    {"a": 1},
    {"a": None},
    "\ud800\x1b[2J",
)


def spoilt(document: t.Any) -> t.Iterator[t.Any]:
    """The document with something else in each of its places, one after the other."""
    keys: t.Any = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        for inner in (*WRONG, *spoilt(document[key])):
            changed = document.copy()
            changed[key] = inner
            yield changed


def test_what_others_have_stored_is_refused_or_can_be_shown_whatever_stands_where() -> None:
    whole = {**seen("eu", "2026-11-01T00:00:00Z", **reports.broken("eu")), "failure": {"task": "a", "message": "b"}}
    whole |= {"acceptance": {"steps": [{"step": "run", "seconds": 1.0}], "environment": {}, "warnings": ["x"]}}
    whole |= {"next_steps": [{"title": "Configure", "url": "https://example.com", "variable": "x"}]}
    whole |= {"parts_as_of": {"stack": "2026-11-01T00:00:00Z"}}
    # One entry of each list stands for all.
    small_one = json.loads(
        json.dumps(whole), object_hook=lambda found: {key: _first(own) for key, own in found.items()}
    )
    shown = refused = 0
    for document in spoilt(small_one):
        found = runners_in(json.dumps({"schema_version": 1, "runners": [document]}))
        if found is None:
            refused += 1
            continue
        fleet = Fleet.of(found, "x", "2026-11-03T00:00:05Z")
        json.dumps(fleet.document())
        for told in (markdown(fleet), "\n".join(fleet_lines(fleet, 80)), "\n".join(next_lines(fleet.documents))):
            told.encode()
        of_runners(fleet)
        # The page takes most of the time.
        if shown % 10 == 0:
            assert page(fleet).encode()
        shown += 1
    assert min(shown, refused) > 300


def _first(own: t.Any) -> t.Any:
    return own[:1] if isinstance(own, list) else own


def test_a_time_that_is_none_or_far_ahead_hides_nobodys_state() -> None:
    own = seen("eu", "2026-11-03T00:00:00Z")
    for strange in ("zzzz", "2999-01-01T00:00:00Z", "", "9" * 50, "2026-11-05T00:00:00"):
        assert merged([seen("eu", strange)], [own]) == [own], strange
    soon = seen("eu", "2026-11-03T00:05:00Z")
    assert merged([soon], [own]) == [soon], "a clock that goes a little ahead"


@pytest.mark.parametrize("text", ["theirs", '{"schema_version": 9, "runners": []}', "[" * 100_000])
def test_a_file_that_is_no_report_is_kept_beside_the_new_one(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "fleet.json").write_text(text, "utf-8")
    told: list[str] = []
    assert report_upload.known_in(tmp_path, told.append) == []
    assert (tmp_path / "fleet.json.kept").read_text("utf-8") == text
    assert "fleet.json.kept" in told[0]
    assert report_upload.known_in(tmp_path, told.append) == []
    assert len(told) == 1, "there is none any more"


def test_a_file_that_cannot_be_read_is_not_taken_for_none(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "fleet.json")
    with pytest.raises(OSError, match="no file"):
        report_upload.known_in(tmp_path)


def test_a_run_that_was_stopped_is_not_waited_for_without_end(tmp_path: pathlib.Path) -> None:
    now = [0.0]
    clock = Clock(now=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    with (
        report_upload.alone_in(tmp_path),
        pytest.raises(TimeoutError, match="another run has held"),
        report_upload.alone_in(tmp_path, clock),
    ):
        pass
    assert 60 <= now[0] < 61


def test_runs_that_write_into_one_directory_lose_nobodys_part(tmp_path: pathlib.Path) -> None:
    def write(number: int) -> None:
        own = Fleet.of([seen(f"r{number}", "2026-11-03T00:00:00Z")], "x", "2026-11-03T00:00:00Z")
        with report_upload.alone_in(tmp_path):
            whole = report_upload.Part(own).over(report_upload.known_in(tmp_path))
            (tmp_path / "fleet.json").write_text(json.dumps(whole.document()), "utf-8")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    assert len(report_upload.known_in(tmp_path)) == 24


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("s3://bucket-a", ("bucket-a", "")),
        ("s3://bucket-a/", ("bucket-a", "")),
        ("s3://bucket-a/a/b/", ("bucket-a", "a/b")),
    ],
)
def test_the_place_is_a_bucket_and_a_prefix(url: str, where: tuple[str, str]) -> None:
    assert report_upload.place(url) == where


def test_the_message_has_the_link() -> None:
    summary = {**small(Fleet.of([seen("eu", "x")], "Run")), "report": {"page": {"uri": "s3://b/fleet.html"}}}
    assert "Report: s3://b/fleet.html" in json.dumps(message(summary, "slack", ""))
    assert message(summary, "json", "")["report"]["page"]["uri"] == "s3://b/fleet.html"
