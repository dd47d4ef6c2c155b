# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin sees a play's options before its module has judged them, and leaves the judgement to the module."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_stack import ActionModule
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import seconds


@pytest.mark.parametrize("said", ["soon", [], {}, None, "", "1s", {"a": 1}, "nan", 10**400, object()])
def test_what_is_no_number_of_seconds_waits_for_nothing_and_raises_nothing(said: t.Any) -> None:
    assert not seconds(said) > 0
    assert not ActionModule.waits(SimpleNamespace(), {"progress_interval": said or "x"})


def test_numbers_and_texts_of_numbers_are_seconds() -> None:
    assert [seconds(said) for said in (10, "10", 0.5, True)] == [10.0, 10.0, 0.5, 1.0]
    assert ActionModule.waits(SimpleNamespace(), {"progress_interval": "10"})
    assert not ActionModule.waits(SimpleNamespace(), {"progress_interval": 10, "wait": "no"})


@pytest.mark.parametrize("said", [20260115.1, 20260115])
def test_a_release_that_is_a_number_is_refused_before_the_module_is_given_its_text(said: float) -> None:
    task = SimpleNamespace(args={"release_version": said})
    with pytest.raises(AnsibleActionFail, match=r"v20260115\.10"):
        ActionModule.arguments(SimpleNamespace(_task=task, _find_needle=None))
