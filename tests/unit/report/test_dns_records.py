# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records as whoever keeps the zone gets them: files that change only with their content, and the lines on screen."""

from __future__ import annotations

import csv
import io
import json
import typing as t

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_dns_records import _write, shown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.records import record_files as documents

if t.TYPE_CHECKING:
    import pathlib

RECORDS = [
    {"name": "corp.example", "type": "ALIAS", "value": "a.elb.amazonaws.com", "ttl": 300},
    {"name": "*.corp.example", "type": "CNAME", "value": "a.elb.amazonaws.com", "ttl": 300},
]


def test_the_three_files_say_the_same() -> None:
    contents = documents(RECORDS)
    assert json.loads(contents["json"]) == RECORDS
    assert [{**row, "ttl": int(row["ttl"])} for row in csv.DictReader(io.StringIO(contents["csv"]))] == RECORDS
    first, second = contents["zone"].splitlines()
    assert first.startswith("; corp.example."), "a zone file has no ALIAS"
    assert second.split() == ["*.corp.example.", "300", "IN", "CNAME", "a.elb.amazonaws.com."]


def test_the_screen_shows_all_three_under_the_title(tmp_path: pathlib.Path) -> None:
    lines = shown("please add", documents(RECORDS), tmp_path / "eu-dns")
    assert lines[0] == "please add"
    assert any(line.strip() == "*.corp.example,CNAME,a.elb.amazonaws.com,300" for line in lines)
    assert json.loads(lines[-2]) == RECORDS
    assert f"{tmp_path}/eu-dns.zone, .csv and .json" in lines[-1]
    assert shown("", documents(RECORDS), tmp_path / "eu-dns") == lines[1:]


def test_files_are_written_once_and_not_in_check_mode(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "eu-dns"
    contents = documents(RECORDS)
    expected = [f"{path}.{extension}" for extension in ("zone", "csv", "json")]
    assert _write(path, contents, check=True) == expected
    assert not path.parent.exists()
    assert _write(path, contents, check=False) == expected
    assert _write(path, contents, check=False) == []
    (tmp_path / "new" / "eu-dns.csv").write_bytes(b"by hand \xff")
    assert _write(path, contents, check=True) == [f"{path}.csv"]


def test_a_directory_that_cannot_be_written_says_what_to_do(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(AnsibleActionFail, match="gitpod_artifact_directory"):
        _write(tmp_path / "file" / "eu-dns", documents(RECORDS), check=False)
