# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches that delete or replace act on a real true alone, however somebody says no, as far as the module's option."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.declared import BY_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.objects import removals
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import (
    desired,
    environment_class,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import door
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation
from tests.unit.values.test_through_the_stages import DECLARED, EARLIER, REGISTERED, TYPED

# By variable: the step that acts, its option, and the option's value for a real true.
SWITCHES = {
    "gitpod_teardown_delete_buckets": ("teardown", "buckets", "state", "absent"),
    "gitpod_teardown_delete_environments": ("teardown", "registration", "force", True),
    "gitpod_dns_overwrite": ("dns", "route53", "overwrite", True),
    "gitpod_stack_allow_replacement": ("stack", "start", "allow_replacement", True),
}
NO = ("false", "False", "no", "NO", "off", "n", "f", "0", "0.0", " no\n", "", "  ", False, 0, 0.0, None)
# What is neither, such as a template that was meant to be one, is refused before anything begins.
NEITHER = ("maybe", "flase", "none", "null", "2", 2, "{{ x }}", "true false", ["true"], {"true": True}, [], "'no'")


def read(name: str, said: t.Any) -> door.Values:
    return door.read("eu", "/start", DECLARED, {**TYPED, "gitpod_dns_provider": "route53", name: said})


def option(name: str, said: t.Any) -> t.Any:
    """What the module that acts is told."""
    stage, step, key, _wanted = SWITCHES[name]
    values = read(name, said)
    assert not values.problems
    return STEPS[stage, step].options(Situation(values.everything(), EARLIER, REGISTERED))[key]


@pytest.mark.parametrize("name", SWITCHES)
def test_no_is_no_however_it_is_said(name: str) -> None:
    wanted = SWITCHES[name][-1]
    for said in (True, "true", " Yes\n", "1", 1):
        assert option(name, said) == wanted, said
    no = option(name, False)
    assert no != wanted
    assert [said for said in NO if option(name, said) != no] == []


def renewed(said: t.Any) -> bool:
    """Whether secrets that are there are sent over."""
    entry = {"scm_id": "github", "host": "github.com", "oauth_client_secret": "s"}
    given = {"gitpod_renew_secrets": said, "gitpod_runner_settings_scm_integrations": [entry]}
    (item,) = desired.items(door.read("eu", "/start", DECLARED, given).everything())
    return bool(item.options.get("renew_client_secret"))


def replaced(said: t.Any) -> bool:
    """Whether an environment class may be retired for another."""
    given = {"gitpod_runner_settings_environment_classes": [{"display_name": "Big", "replace": said}]}
    (item,) = desired.items(door.read("eu", "/start", DECLARED, given).everything())
    return environment_class.wanted_of(item.options).replace


def organization_goes(said: t.Any) -> bool:
    """Whether the controller's organization is removed, with all that is in it."""
    given = {
        "gitpod_controller_state": "absent",
        "gitpod_controller_remove_organization": said,
        "gitpod_controller_project_url": "https://git.example.com/x",
    }
    found = removals(door.read("localhost", "/start", BY_NAME, given), {"site"})
    return "organization" in {wanted.kind for wanted in found}


def secrets_go(said: t.Any) -> bool:
    """Whether the controller's secrets are written over."""
    return bool(
        door.read("localhost", "/start", BY_NAME, {"gitpod_controller_update_secrets": said})[
            "gitpod_controller_update_secrets"
        ]
    )


@pytest.mark.parametrize("acts", [renewed, replaced, organization_goes, secrets_go])
def test_no_is_no_for_what_came_later_too(acts: t.Callable[[t.Any], bool]) -> None:
    assert [said for said in (True, "true", " Yes\n", "1", 1) if not acts(said)] == []
    assert [said for said in NO if acts(said)] == []


@pytest.mark.parametrize("said", ["absnt", "{{ x }}", ["absent"], True, "removed", {"absent": True}])
def test_nothing_is_removed_for_a_state_that_is_none(said: t.Any) -> None:
    (problem,) = door.read("localhost", "/start", BY_NAME, {"gitpod_controller_state": said}).problems
    assert problem.variable == "gitpod_controller_state"
    entries = {"gitpod_runner_settings_sharing": [{"group": "g", "state": said}]}
    assert door.read("eu", "/start", DECLARED, entries).problems


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_neither_is_refused(name: str) -> None:
    for said in NEITHER:
        problems = [problem.variable for problem in read(name, said).problems]
        assert problems == [name], said
