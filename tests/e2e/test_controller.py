# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that sets up a controller, run by Ansible with the modules of awx.awx against the stand-in for AWX."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest

from tests.controller.awx import TOKEN, Awx, serving
from tests.e2e.harness import Run
from tests.executed import executes
from tests.reader import Reader

SET_UP = "ansible-playbook gitpod.enterprise_runner.controller -e @controller.yml"
SECRET = "secret-of-the-management-plane"
# A part of everything, because each object takes Ansible half a second; the rest is shown in this process.
PART: dict[str, t.Any] = {
    "gitpod_controller_project_url": "https://git.example.com/runners.git",
    "gitpod_controller_api_token": SECRET,
    "gitpod_controller_runners": {"gitpod-eu-central-1": {"gitpod_region": "eu-central-1"}},
    "gitpod_controller_templates": ["status"],
    "gitpod_controller_workflows": [],
    "gitpod_controller_schedules": [
        {"template": "status", "rrule": "DTSTART:20260101T060000Z RRULE:FREQ=DAILY;INTERVAL=1"}
    ],
}


def play(directory: pathlib.Path, awx: Awx, text: str = SET_UP, **more: t.Any) -> Run:
    """One command of docs/controller.md, at the highest verbosity that people use."""
    given = {**PART, "gitpod_controller_host": awx.url, "gitpod_controller_oauth_token": TOKEN, **more}
    (directory / "controller.yml").write_text(json.dumps(given), "utf-8")
    reader = Reader(directory, {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_VERBOSITY": "3"})
    answer = reader.types(text)
    assert SECRET not in answer.output
    assert TOKEN not in answer.output
    return Run(answer.code, answer.output, directory)


@executes(SET_UP, f"{SET_UP} --check", f"{SET_UP} -e gitpod_controller_state=absent")
@pytest.mark.newest_core
def test_the_first_run_sets_up_the_second_changes_nothing_and_the_third_removes(tmp_path: pathlib.Path) -> None:
    with serving(f"{name}.yml" for name in PART["gitpod_controller_templates"]) as awx:
        # A part of it is enough to see that nothing is written.
        foreseen = play(tmp_path, awx, f"{SET_UP} --check", gitpod_controller_parts=["organization", "credentials"])
        assert (foreseen.code, foreseen.changed > 0, awx.writes) == (0, True, []), foreseen.output
        first = play(tmp_path, awx)
        assert (first.code, first.changed > 0) == (0, True), first.output
        assert awx.named("credentials", "Gitpod API token")["inputs"]["api_token"] == SECRET
        assert awx.linked("groups", "gitpod_runners", "children") == ["region_eu_central_1"]
        assert awx.survey("job_templates", "Gitpod status")["spec"]
        awx.writes.clear()
        second = play(tmp_path, awx)
        assert (second.code, second.changed) == (0, 0), second.output
        assert awx.writes == []
        third = play(tmp_path, awx, f"{SET_UP} -e gitpod_controller_state=absent")
        assert (third.code, third.changed) == (0, 1), third.output
        assert awx.objects["job_templates"] == awx.objects["inventories"] == awx.objects["credentials"] == {}


def test_nothing_follows_what_failed_and_mistakes_are_told_together(tmp_path: pathlib.Path) -> None:
    with serving([]) as awx:
        refused = play(tmp_path, awx, gitpod_controller_parts=["job_templates", "workflows"])
        assert refused.code == 2
        assert refused.output.count("was not set up") >= 1
        assert "gitpod_controller_parts" in refused.output
        assert awx.writes == []
