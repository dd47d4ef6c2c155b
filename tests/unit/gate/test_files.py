# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of every runner: none overwrites another's, none is more open than the umask allows."""

from __future__ import annotations

import json
import os
import pathlib
import re

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name, file_names, write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.document import documents
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import Runner
from tests.gate_samples import ACLS, SUBNETS, ZONES, host, look


def test_names_that_fold_to_one_file_are_kept_apart() -> None:
    hosts = ("gitpod/eu", "gitpod-eu", "gitpod:eu", "GITPOD-EU", "other")
    names = file_names({name: name for name in hosts})
    assert len({name.casefold() for name in names.values()}) == len(hosts)
    assert names["other"] == "other"
    some = file_names({name: name for name in ("gitpod:eu", "gitpod-eu")})
    assert some == {"gitpod:eu": names["gitpod:eu"], "gitpod-eu": "gitpod-eu"}


def test_runners_of_one_name_are_kept_apart_by_their_hosts() -> None:
    names = file_names({"left": "twin", "right": "twin"})
    assert len(set(names.values())) == 2
    assert all(name.startswith("twin-") for name in names.values())


@pytest.mark.parametrize(
    "name",
    ["fleet", "Fleet", "eu-prerequisites", "eu-dns", "eu-certificate", "eu-sent", "..", "", "/", "..\u2028", "\ud800"],
)
def test_no_runner_has_the_name_of_another_file_of_the_collection(name: str) -> None:
    found = file_name(name)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*-[0-9a-f]{8}", found)
    # Also without its digest it would be another runner's name, whose digest is another.
    assert file_name(found) == found


def test_names_that_only_something_left_out_tells_apart_are_kept_apart_one_by_one() -> None:
    names = [
        "gitpod/eu",
        "gitpod:eu",
        "gitpod eu",
        "größe",
        "grüße",
        "gr\u202eße",
        "a" * 300,
        "a" * 301,
        "\ud800",
        "\ud801",
    ]
    found = [file_name(name) for name in names]
    assert len(set(found)) == len(names)
    assert max(map(len, found)) < 150
    assert file_name("gitpod-eu-central-1") == "gitpod-eu-central-1"


def test_a_file_obeys_the_umask(tmp_path: pathlib.Path) -> None:
    for umask, mode in ((0o022, 0o644), (0o077, 0o600), (0o027, 0o640)):
        present = os.umask(umask)
        try:
            write_text(tmp_path / "file", "text")
            assert os.umask(umask) == umask
        finally:
            os.umask(present)
        assert (tmp_path / "file").stat().st_mode & 0o777 == mode
        (tmp_path / "file").unlink()


def test_a_file_that_its_owner_closed_stays_closed(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file"
    write_text(path, "text")
    path.chmod(0o600)
    write_text(path, "other")
    assert (path.stat().st_mode & 0o777, path.read_text("utf-8")) == (0o600, "other")


def test_both_files_hold_every_finding() -> None:
    runner = Runner.of(host("one", "us-west-2", look(ACLS, SUBNETS), ZONES))
    files = documents(runner, "one")
    assert sorted(files) == ["one-prerequisites.json", "one-prerequisites.md"]
    document = json.loads(files["one-prerequisites.json"])
    assert {key: document[key] for key in ("host", "runner", "region")} == (
        {"host": "one", "runner": "one", "region": "us-west-2"}
    )
    assert len(document["checks"]) == 40 + 9 + 3
    keys = {"id", "status", "summary", "remediation", "unverifiable", "docs"}
    assert all(set(entry) == keys for entry in document["checks"])
    assert [entry["id"] for entry in document["checks"] if entry["unverifiable"]] == [ACLS["id"]]
    text = files["one-prerequisites.md"]
    assert "40 passed, 1 not verifiable, 9 not made, 2 failed." in text
    assert "| FAIL | `network.subnets` |" in text
    assert text.index("## network") < text.index("## proxy")


def test_markup_of_others_stays_text() -> None:
    evil = {"id": "contract.x|y", "summary": "<script> | [a](b)\n# title", "remediation": "`rm`"}
    text = documents(Runner.of(host("one", "<b>", look(), evil)), "one")["one-prerequisites.md"]
    assert r"| FAIL | `contract.x\|y` | \<script\> \| \[a\](b) \# title | \`rm\` |" in text
    assert r"(\<b\>)" in text


def test_policies_are_files_of_their_own_to_attach_as_they_are() -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ecs:*"], "Resource": "*"}]}
    raw = {"host": "eu", "name": "eu", "region": "eu-central-1", "look": {"policies": {"site-1": policy}}}
    written = documents(Runner.of(raw), "eu")
    assert json.loads(written["policies/eu-site-1.json"]) == policy
    assert "ecs" not in written["eu-prerequisites.json"] + written["eu-prerequisites.md"]
