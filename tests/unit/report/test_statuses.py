# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""status.json: looks at a part of the fleet, each with its own time, and never the others' loss."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.statuses import statuses_in
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import report_upload
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.report_upload import status_over


def line(region: str, as_of: str) -> dict[str, t.Any]:
    return {"region": region, "runner": f"gitpod-{region}", "as_of": as_of, "status": {}, "failure": "", "alerts": []}


def looked(directory: pathlib.Path, as_of: str, *regions: str, forgotten: t.Any = ()) -> dict[str, str]:
    """What stands in the file after a look, by region the time of the state."""
    text = status_over(directory, [line(region, as_of) for region in regions], as_of, forgotten)
    (directory / "status.json").write_text(text, "utf-8")
    return {entry["region"]: entry["as_of"] for entry in json.loads(text)["runners"]}


def test_a_look_at_some_leaves_the_others_as_they_were_seen_last(tmp_path: pathlib.Path) -> None:
    looked(tmp_path, "2026-11-01", "us", "eu")
    assert looked(tmp_path, "2026-11-02", "us") == {"eu": "2026-11-01", "us": "2026-11-02"}
    assert looked(tmp_path, "2026-11-03", forgotten={("eu", "gitpod-eu")}) == {"us": "2026-11-02"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, '{"runners": []}', '{"schema_version": 1, "runners": [1]}']
)
def test_what_is_none_is_not_laid_over(tmp_path: pathlib.Path, text: str) -> None:
    """Also a file of a version before, which had no times."""
    assert statuses_in(text) is None
    (tmp_path / "status.json").write_text(text, "utf-8")
    assert looked(tmp_path, "2026-11-02", "us") == {"us": "2026-11-02"}
    assert (tmp_path / "status.json.kept").read_text("utf-8") == text, "nobody's to throw away"


def test_who_looks_is_told_of_a_file_that_is_kept_aside(tmp_path: pathlib.Path) -> None:
    (tmp_path / "status.json").write_text("theirs", "utf-8")
    told: list[str] = []
    status_over(tmp_path, [], "2026-11-02", warn=told.append)
    assert len(told) == 1
    assert "status.json.kept" in told[0]


def test_a_status_that_cannot_be_read_is_not_taken_for_none(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(tmp_path, "2026-11-01", "us")
    monkeypatch.setattr(report_upload, "LARGEST", 10)
    with pytest.raises(OSError, match="larger than 10 bytes"):
        status_over(tmp_path, [], "2026-11-02")
    assert len(statuses_in((tmp_path / "status.json").read_text("utf-8")) or []) == 1
