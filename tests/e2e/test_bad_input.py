# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job with everything wrong, as a controller hands it over: all of it is named at once, and AWS is never called."""

from __future__ import annotations

import json

import pytest

from tests.awx_file import awx
from tests.e2e.harness import Controller

# What a person answers in a survey, and what ansible-core makes of it is not what was meant.
WRONG = {
    "gitpod_stack_release_version": "20260115.10",
    "gitpod_rollout_batches": "1\n25%\nall",
    "gitpod_stack_timeout": "0",
    "gitpod_tags": '{"a": {"b": "c"}}',
    "gitpod_stack_parameters": '{"Size": null}',
    "gitpod_resolvers": "a;b",
    "gitpod_verify_required": "helth.*",
    "gitpod_registration_update_window": '{"start_hour": 99}',
}
# An answer that is left out hides nothing: without these the example's hosts would have no region and no domain.
LEFT_OUT = {"gitpod_region": "", "gitpod_domain_name": "", "gitpod_dns_provider": "", "gitpod_verify_timeout": ""}


@pytest.mark.both_cores
@pytest.mark.parametrize("playbook", ["site", "upgrade"])
def test_everything_wrong_is_named_at_once_and_nothing_is_called(controller: Controller, playbook: str) -> None:
    controller.testbed.clear_calls()
    file = controller.directory / "env_extravars"
    handed_on = {"gitpod_status": {"runners": 3, "alerts": {}}, "gitpod_fleet_result": {"headline": "{{ 1 + 1 }}"}}
    file.write_text(awx({**WRONG, **LEFT_OUT, **handed_on}), "utf-8")
    (controller.directory / "taken").write_text("", "utf-8")
    unwritable = {"gitpod_artifact_directory": str(controller.directory / "taken" / "below")}

    run = controller.play(f"gitpod.enterprise_runner.{playbook}", "-e", f"@{file}", "-e", json.dumps(unwritable))

    assert run.code != 0
    for name in (*WRONG, *unwritable):
        assert name in run.output, name
    assert "v20260115.10" in run.output
    assert "Traceback" not in run.output
    assert "has no len()" not in run.output
    for name in (*LEFT_OUT, *handed_on):
        assert f"contract.{name}:" not in run.output, name
        assert f"- {name}:" not in run.output, name
    assert "is refused at the gate" in run.output or "cannot be upgraded" in run.output
    assert controller.testbed.calls() == []
