# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A parameter that the template hides is seen nowhere: not on screen, in a log, a diff, a report or a failure."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from tests.e2e.harness import Controller, Run

SITE = "gitpod.enterprise_runner.site"
EU = "gitpod-eu-central-1"


def everywhere(controller: Controller, *runs: Run) -> dict[str, str]:
    """All that a run leaves to be read, by where it is; the inventory itself is the user's."""
    texts = {f"output of run {number}": run.output for number, run in enumerate(runs)}
    for path in controller.directory.rglob("*"):
        if path.is_file() and path.name != "overlay.yml":
            texts[str(path)] = path.read_text("utf-8", "replace")
    return texts


def test_it_is_hidden_whichever_way_it_comes(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another spelling of its label, in a plan and its diff, and in the reason of a resource that fails on it."""
    plain = controller.environment
    token = controller.testbed.exchange_tokens["eu-central-1"]
    settings = {
        "ANSIBLE_LOG_PATH": str(controller.directory / "ansible.log"),
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(controller.directory / "facts"),
    }
    callback: dict[str, str] = {}
    monkeypatch.setattr(controller, "environment", lambda: {**plain(), **settings, **callback})
    given = {" exchange  TOKEN": f"{token}", "RunnerSize": "small"}
    hosts: dict[str, dict[str, t.Any]] = {
        EU: {"gitpod_exchange_token": "another-one", "gitpod_stack_parameters": given}
    }
    arguments = ("--limit", EU, "--diff", "-vvvvv")

    callback["ANSIBLE_STDOUT_CALLBACK"] = "ansible.posix.json"
    planned = controller.play(SITE, *arguments, "--check", hosts=hosts)
    assert planned.code == 0, planned.output[-5000:]
    assert '"module_args"' in planned.output, "the callback shows how modules were called"
    assert "Exchange Token: (hidden)" in planned.output, "the diff tells that there is one"

    callback.clear()
    reason = f'Resource handler returned message: "{token} is not a token, size small"'
    controller.testbed.fail_resource(
        resource_type="AWS::ElasticLoadBalancingV2::LoadBalancer", operation="CREATE", reason=reason
    )
    failed = controller.play(SITE, *arguments, hosts=hosts)
    assert failed.code == 2, failed.output[-5000:]
    told = failed.report(EU)["failure"]["message"]
    assert "******** is not a token, size small" in told, "what is no secret is told"

    texts = everywhere(controller, planned, failed)
    assert any(pathlib.Path(name).name == "ansible.log" for name in texts)
    assert {name: text[text.index(token) - 300 :][:400] for name, text in texts.items() if token in text} == {}
