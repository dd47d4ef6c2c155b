# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every declared variable through AWX's own file and ansible-runner, to what an action plugin is given of it.

test_controller_values.py has many more values, in this process; here are the processes that it leaves out.
"""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import registry
from tests.awx_job import Job, run_job
from tests.unit.values.test_through_the_stages import TEXTS, TYPED

DECLARED = registry.variables()
# The releases' own form, which no YAML takes for a number.
ANSWERS = {**TEXTS, "gitpod_stack_release_version": " v20260115.10\r\n", "gitpod_rollout_batches": "1\n25%\n100%"}
MEANT = {**TYPED, "gitpod_stack_release_version": "20260115.10", "gitpod_rollout_batches": ["1", "25%", "100%"]}
PLAY = """\
- name: What an action plugin is given
  hosts: gitpod_runners
  gather_facts: false
  serial: "{{ gitpod_rollout_batches | default([]) | gitpod.enterprise_runner.rollout_batches }}"
  tasks:
    - name: Type every variable
      typed_values:
"""
ACTION = """\
from ansible.plugins.action import ActionBase
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        found = host_values(self, task_vars)
        problems = [[problem.variable, problem.summary] for problem in found.problems]
        return {"changed": False, "given": found.given, "problems": problems, "unknown": list(found.unknown)}
"""


def typed(directory: pathlib.Path, answers: dict[str, t.Any], inventory: dict[str, t.Any]) -> tuple[Job, t.Any]:
    """The job, and each host's result."""
    plugins = directory / "project/action_plugins"
    plugins.mkdir(parents=True)
    (plugins / "typed_values.py").write_text(ACTION, "utf-8")
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
        "ANSIBLE_HOME": str(directory / "home"),
        "HOME": str(directory),
    }
    hosts = {f"runner-{number}": inventory for number in range(1, 5)}
    job = run_job(directory, PLAY, {"gitpod_runners": hosts}, answers, environment)
    results = {
        event["event_data"]["host"]: event["event_data"]["res"]
        for event in job.events
        if event["event"] == "runner_on_ok"
    }
    return job, results


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, t.Any]:
    """Each variable as text with blanks, newlines and CRLF, over an inventory that says nothing."""
    return typed(tmp_path_factory.mktemp("answered"), ANSWERS, {"gitpod_vpc_id": "vpc-of-the-inventory"})


def test_every_variable_is_answered() -> None:
    assert set(ANSWERS) == set(DECLARED)
    assert "\r\n" in json.dumps(ANSWERS).encode().decode("unicode_escape")


def test_every_answer_is_the_typed_value(answered: tuple[Job, t.Any]) -> None:
    job, results = answered
    assert job.code == 0, job.output
    assert set(results) == {f"runner-{number}" for number in range(1, 5)}
    for found in results.values():
        assert (found["problems"], found["unknown"]) == ([], [])
        assert found["given"] == MEANT


def test_batches_given_as_lines_are_batches(answered: tuple[Job, t.Any]) -> None:
    job, _results = answered
    plays = [event for event in job.events if event["event"] == "playbook_on_play_start"]
    # 1, then a quarter of four, then all that are left.
    assert len(plays) == 3


def test_every_answer_that_is_left_out_hides_nothing(tmp_path: pathlib.Path) -> None:
    job, results = typed(tmp_path, dict.fromkeys(DECLARED, ""), MEANT)
    assert job.code == 0, job.output
    for found in results.values():
        assert (found["problems"], found["unknown"]) == ([], [])
        assert found["given"] == MEANT


def test_the_survey_is_played_through_awxs_very_file(tmp_path: pathlib.Path) -> None:
    """What is written for a job is what AWX writes: a document that ansible-core alone reads as it does."""
    typed(tmp_path, {"gitpod_region": "eu-west-1"}, {})
    written = (tmp_path / "env/extravars").read_text("utf-8")
    assert "!unsafe 'gitpod_region': !unsafe 'eu-west-1'" in written
    with pytest.raises(yaml.constructor.ConstructorError):
        yaml.safe_load(written)
