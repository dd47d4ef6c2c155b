# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook of Event-Driven Ansible, run by ansible-rulebook itself, which needs Java; on loopback alone."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import sys

import pytest

from tests.controller import eda
from tests.executed import executes
from tests.reader import Reader, ends

RULEBOOK = pathlib.Path(__file__).resolve().parents[2] / "extensions/eda/rulebooks/runners.yml"
PROGRAM = pathlib.Path(os.environ.get("ANSIBLE_RULEBOOK") or pathlib.Path(sys.executable).parent / "ansible-rulebook")
LISTEN = (
    "ansible-rulebook --rulebook extensions/eda/rulebooks/runners.yml -i inventory.yml --vars eda.yml"
    ' --controller-url https://awx.example.com --controller-token "$CONTROLLER_OAUTH_TOKEN"'
)
TEMPLATES = ("Gitpod status", "Gitpod verify", "Gitpod prerequisites")

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists() or not shutil.which("java"), reason="ansible-rulebook and Java are not both installed"
)


@executes(LISTEN)
def test_what_is_told_starts_the_template_that_looks(tmp_path: pathlib.Path) -> None:
    (tmp_path / "inventory.yml").write_text("ungrouped: {hosts: {localhost: }}\n", "utf-8")
    (tmp_path / "extensions").symlink_to(RULEBOOK.parents[2])
    with eda.launching(*TEMPLATES) as (url, launched):
        port = eda.free_port()
        given = {"gitpod_eda_port": port, "gitpod_eda_host": "127.0.0.1", "gitpod_eda_token": "hush"}
        (tmp_path / "eda.yml").write_text(json.dumps(given), "utf-8")
        environment = {"EDA_JOB_TEMPLATE_REFRESH_DELAY": "1", "CONTROLLER_OAUTH_TOKEN": "t"}
        reader = Reader(tmp_path, {**os.environ, **environment})
        with (tmp_path / "output").open("w") as output:
            process = reader.begins(LISTEN, output, controller=url)
        try:
            assert eda.tell(port, "guessed", {"runner": "r-0", "phase": "degraded"}) in (401, 403)
            # A pattern is no host: the whole fleet is not looked at because of it.
            for event in (
                {"runner": "all:!r-2", "phase": "degraded"},
                {"runner": "gitpod_runners", "phase": "degraded"},
                {"runner": "r-1", "phase": "degraded"},
                {"runner": "r-1", "phase": "degraded"},
                {"runner": "r-2", "phase": "active"},
                {"name": "Gitpod status", "playbook": "gitpod/status.yml", "status": "failed"},
                {"name": "Gitpod status", "playbook": "gitpod/status.yml", "status": "successful"},
            ):
                assert eda.tell(port, "hush", event) == 200
            assert eda.until(lambda: len(launched) >= 3), (tmp_path / "output").read_text("utf-8")
        finally:
            ends(process)
    assert [name for name, _options in launched] == list(TEMPLATES)
    assert [options.get("limit") for _name, options in launched[:2]] == ["r-1[0]", "r-2[0]"]
