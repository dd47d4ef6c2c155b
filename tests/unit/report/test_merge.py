# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's part of the fleet's report replaces its own runners only, each with the time of its own state."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import typing as t

import jsonschema
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import message
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import summary as small
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.merge import (
    fleet_of,
    merged,
    runners_in,
)
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
    assert merged([later], [same]) == [same]
    assert merged([runner_summary({}, "gitpod-eu", "eu")], [later]) == [later], "of releases before there were times"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema_version": 2, "runners": []}', '{"schema_version": 1, "runners": 1}']
)
def test_what_is_no_report_is_known_as_none(text: str) -> None:
    assert runners_in(text) is None


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
