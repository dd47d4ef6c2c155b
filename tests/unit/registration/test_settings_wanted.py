# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner's settings from typed values: options of the modules that keep them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules_settings import (
    doubled,
    integrations,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.options import CONNECTION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import declared, desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.foresee import (
    Present,
    foresee,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import UNKNOWN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_environment_class,
    runner_llm_integration,
    runner_scm_integration,
    runner_sharing,
    runner_warm_pool,
)

GITHUB = {"scm_id": "github", "host": "GitHub.com", "oauth_client_id": "client", "oauth_client_secret": "s3cret"}


def items(renew: bool = False, **settings: t.Any) -> list[desired.Item]:
    raw: dict[str, t.Any] = {f"gitpod_runner_settings_{name}": value for name, value in settings.items()}
    return desired.items(read("eu", "/", variables(), {**raw, "gitpod_renew_secrets": renew}).everything())


def refused(variable: str, entries: list[dict[str, t.Any]]) -> Problem:
    """The one problem of a host that has these entries."""
    (problem,) = read("eu", "/", variables(), {variable: entries}).problems
    assert problem.variable == variable
    return problem


@pytest.mark.parametrize(
    ("known", "module"),
    [
        (declared.CLASS_OPTIONS, runner_environment_class),
        (declared.INTEGRATION_OPTIONS, runner_scm_integration),
        (declared.SHARING_OPTIONS, runner_sharing),
        (declared.LLM_OPTIONS, runner_llm_integration),
        (declared.POOL_OPTIONS, runner_warm_pool),
    ],
)
def test_an_entry_may_have_what_its_module_takes_of_one(known: t.Mapping[str, t.Any], module: t.Any) -> None:
    for_all = {*CONNECTION, "runner_id", *(kind.renewal for kind in desired.KINDS.values())}
    assert set(known) == set(module.ARGUMENT_SPEC) - for_all


def test_classes_come_before_integrations_and_what_is_empty_is_left_out() -> None:
    found = items(
        environment_classes=[{"display_name": " Large\n", "description": "", "enabled": None, "replace": False}],
        scm_integrations=[{**GITHUB, "oauth_client_secret": "s3cret\r\n", "issuer_url": " "}],
    )
    assert [(item.module, item.label) for item in found] == [
        ("runner_environment_class", "Large"),
        ("runner_scm_integration", "github at GitHub.com"),
    ]
    assert found[0].options == {"display_name": "Large", "replace": False}
    assert found[1].options == GITHUB


def test_secrets_are_sent_again_by_those_that_have_one() -> None:
    settings: dict[str, t.Any] = {
        "environment_classes": [{"display_name": "Large"}],
        "scm_integrations": [GITHUB],
        "llm_integrations": [{"endpoint": "https://models.example.com", "api_key": "k3y"}],
    }
    assert not [item for item in items(**settings) if {"renew_client_secret", "renew_api_key"} & set(item.options)]
    _class, scm, models = items(renew=True, **settings)
    assert (scm.options["renew_client_secret"], models.options["renew_api_key"]) == (True, True)


def test_the_marker_of_earlier_releases_is_told_to_be_none() -> None:
    problem = refused(desired.INTEGRATIONS, [{**GITHUB, "oauth_client_secret_version": "2026-01"}])
    assert "oauth_client_secret_version" in problem.summary + problem.remediation


def test_a_name_that_nothing_reads_is_told_without_its_value() -> None:
    problem = refused(desired.INTEGRATIONS, [{**GITHUB, "oauth_client_sceret": "hidden-value"}])
    assert "oauth_client_sceret" in problem.summary
    assert "Did you mean oauth_client_secret" in problem.remediation
    assert "hidden-value" not in problem.summary + problem.remediation
    strange = refused(desired.INTEGRATIONS, [{**GITHUB, "hidden-value": "x"}])
    assert "hidden-value" not in strange.summary + strange.remediation


def test_an_entry_without_the_name_by_which_it_is_known_is_refused() -> None:
    problem = refused(desired.CLASSES, [{"display_name": "Large"}, {"description": "of what?"}])
    assert problem.summary == "Entry 2: It has no display_name."


@pytest.mark.parametrize(
    ("variable", "entry", "told"),
    [
        (desired.CLASSES, {"display_name": "Large", "enabled": "perhaps"}, "Entry 1: enabled: Must be true or false"),
        (desired.CLASSES, {"display_name": 1.10}, "Entry 1: display_name: Must be text"),
        (desired.CLASSES, {"display_name": "Large", "configuration": {"a": 1.10}}, "Entry 1: configuration: 'a' has"),
        (desired.CLASSES, {"display_name": "Large", "state": "gone"}, "Entry 1: state: 'gone' is not one of"),
        (desired.INTEGRATIONS, {**GITHUB, "personal_access_token": "s3cret"}, "Entry 1: personal_access_token: Must"),
        (desired.INTEGRATIONS, {**GITHUB, "oauth_client_secret": ["s3cret"]}, "Entry 1: oauth_client_secret: Must"),
    ],
)
def test_each_value_of_an_entry_has_its_kind(variable: str, entry: dict[str, t.Any], told: str) -> None:
    problem = refused(variable, [entry])
    assert problem.summary.startswith(told)
    assert "s3cret" not in problem.summary + problem.remediation


def test_secrets_are_in_no_representation() -> None:
    assert "s3cret" not in repr(items(scm_integrations=[GITHUB]))


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("environment_classes", {"display_name": "Big"}, {"display_name": "Big\n", "state": "absent"}),
        ("scm_integrations", {"scm_id": "github", "host": "GitHub.com"}, {"scm_id": "github", "host": "github.com"}),
        ("sharing", {"group": "all"}, {"group": "all", "role": "admin"}),
        ("llm_integrations", {"endpoint": "https://x/"}, {"endpoint": "https://x"}),
        ("warm_pools", {"project": "p", "environment_class": "c"}, {"project": "p", "environment_class": "c"}),
    ],
)
def test_two_entries_of_one_thing_are_told(kind: str, first: dict[str, t.Any], second: dict[str, t.Any]) -> None:
    name = f"gitpod_runner_settings_{kind}"
    values = read("eu", "/start", variables(), {name: [first, {**first, _last(first): "another"}, second]})
    assert values.problems == ()
    (problem,) = doubled(Inventory.of({name: values[name]}))
    assert problem.variable == name
    assert "Entries 1 and 3" in problem.summary
    assert doubled(Inventory.of({name: values[name][:2]})) == []


def _last(entry: dict[str, t.Any]) -> str:
    """The last of the names by which an entry is known."""
    return [key for key in entry if key not in ("state", "role")][-1]


@pytest.mark.parametrize("host", ["github.com:99999", "github.com:0", "https://github.com", "a b", "a/b", ":443"])
def test_a_host_is_one_with_a_port_that_there_is(host: str) -> None:
    entry = {"scm_id": "github", "host": host, "personal_access_token": True}
    (problem,) = integrations(Inventory.of({"gitpod_runner_settings_scm_integrations": [entry]}))
    assert "host is not the name of a host" in problem.summary


def test_a_model_that_nobody_knows_is_foreseen() -> None:
    values = {
        "gitpod_runner_settings_llm_integrations": [{"endpoint": "https://x", "models": ["nope"], "api_key": "k"}]
    }
    (plan,) = foresee(values, Present())
    assert plan.action == UNKNOWN
    assert "No model is named nope" in plan.reasons[0]
