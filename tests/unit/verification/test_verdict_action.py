# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one verdict, as the role's last task gives it: what fails a run, and what is only said."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.playbook.task import Task

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_verdict import ActionModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result


def check(identifier: str, status: str, unverifiable: bool = False) -> dict[str, t.Any]:
    return Result(identifier, status, "Seen.", f"Do {identifier}.", unverifiable=unverifiable).as_result()


def judge(
    looks: dict[str, list[dict[str, t.Any]]], required: list[str], check_mode: bool = False
) -> tuple[dict[str, t.Any], list[str]]:
    """The task's result, and the lines that it shows."""
    sources = [{"vantage": vantage, "result": {"checks": checks}} for vantage, checks in looks.items()]
    task = Task()
    task.args, task.check_mode = {"sources": sources, "required": required}, check_mode
    connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None))
    action = ActionModule(task, connection, types.SimpleNamespace(), None, None, None)
    shown: list[str] = []
    action._display = types.SimpleNamespace(display=shown.append)
    return action.run(task_vars={"inventory_hostname": "gitpod-eu"}), shown


def test_a_failure_fails_the_run_with_everything_to_do() -> None:
    looks = {"AWS": [check("targets.health", "fail")], "control node": [check("tls.expiry", "warn")]}
    result, _shown = judge(looks, [])
    assert result["failed"]
    for words in ("1 of 2 checks failed", "[targets.health] Seen.", "Do targets.health."):
        assert words in result["msg"]
    assert "failed" not in judge(looks, [], check_mode=True)[0]


@pytest.mark.parametrize(
    ("required", "failed"), [(["tls.*"], False), (["targets.*"], True), (["health.*"], True), (["nothing"], True)]
)
def test_only_required_checks_count_and_they_have_to_pass_somewhere(required: list[str], failed: bool) -> None:
    looks = {
        "AWS": [check("targets.health", "fail")],
        "control node": [check("tls.expiry", "warn"), check("health.domain", "skip", unverifiable=True)],
    }
    result, _shown = judge(looks, required)
    assert bool(result.get("failed")) is failed
    assert result["healthy"] is not failed


def test_what_no_vantage_point_sees_is_said_and_is_no_pass() -> None:
    hidden = check("health.domain", "skip", unverifiable=True)
    outside = {"AWS": [check("stack.outputs", "pass")], "control node": [hidden]}
    result, shown = judge(outside, ["health.domain"])
    assert shown == ["gitpod-eu: health.domain: Seen. Do health.domain."]
    assert "seen to pass from nowhere: health.domain" in result["msg"]
    result, shown = judge({**outside, "probe": [check("health.domain", "pass")]}, ["health.domain"])
    assert (shown, result["healthy"]) == ([], True)
    assert [one["vantage"] for one in result["checks"]] == ["AWS", "control node", "probe"]
