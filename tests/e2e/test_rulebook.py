# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook of Event-Driven Ansible, run by ansible-rulebook itself, which needs Java; on loopback alone."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.controller import eda

RULEBOOK = pathlib.Path(__file__).resolve().parents[2] / "extensions/eda/rulebooks/runners.yml"
PROGRAM = pathlib.Path(os.environ.get("ANSIBLE_RULEBOOK") or pathlib.Path(sys.executable).parent / "ansible-rulebook")
TEMPLATES = ("Gitpod status", "Gitpod verify", "Gitpod prerequisites")

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists() or not shutil.which("java"), reason="ansible-rulebook and Java are not both installed"
)


def test_what_is_told_starts_the_template_that_looks(tmp_path: pathlib.Path) -> None:
    (tmp_path / "inventory").write_text("localhost\n", "utf-8")
    with eda.launching(*TEMPLATES) as (url, launched):
        port = eda.free_port()
        given = {"gitpod_eda_port": port, "gitpod_eda_host": "127.0.0.1", "gitpod_eda_token": "hush"}
        (tmp_path / "vars.yml").write_text(json.dumps(given), "utf-8")
        command = [str(PROGRAM), "--rulebook", str(RULEBOOK), "-i", "inventory", "--vars", "vars.yml"]
        command += ["--controller-url", url, "--controller-token", "t", "--skip-audit-events"]
        with (tmp_path / "output").open("w") as output:
            # It asks for ansible-galaxy when it begins.
            path = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            process = subprocess.Popen(
                command,
                cwd=tmp_path,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PATH": path, "EDA_JOB_TEMPLATE_REFRESH_DELAY": "1"},
            )
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
            process.terminate()
            process.wait(timeout=60)
    assert [name for name, _options in launched] == list(TEMPLATES)
    assert [options.get("limit") for _name, options in launched[:2]] == ["r-1[0]", "r-2[0]"]
