# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runner is set up with once it is up, against the stand-in management plane, in this process."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    Client,
    Connection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import registering, stepping
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import (
    desired,
    llm,
    sharing,
    warm_pool,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_llm_integration,
    runner_sharing,
    runner_warm_pool,
)
from tests.e2e import test_registration as registering_tests
from tests.e2e.test_registration import GITHUB, LARGE, OPERATIONS, US_RUNNER, Plane, diff_of

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

RUNNER = {"runner_id": US_RUNNER}
BEDROCK: dict[str, t.Any] = {
    **RUNNER,
    "endpoint": "https://bedrock.example.com",
    "models": ["sonnet_4_5", "opus_4_5"],
    "api_key": "k3y-of-bedrock",
}
SETTINGS = {
    "sharing": (runner_sharing, sharing.run),
    "llm": (runner_llm_integration, llm.run),
    "warm_pool": (runner_warm_pool, warm_pool.run),
}


@pytest.fixture
def plane(running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> Plane:
    """One whose first runner is connected."""
    running_testbed.reset()
    monkeypatch.setattr(client, "Clock", lambda: Clock(sleep=lambda _seconds: None))
    monkeypatch.setattr(registering_tests, "OPERATIONS", {**OPERATIONS, **SETTINGS})
    found = Plane(running_testbed)
    found.control(runner_id=US_RUNNER, phase="active")
    return found


def writes(plane: Plane) -> list[str]:
    return [call for call in plane.calls() if call.startswith(("Create", "Update", "Delete"))]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        ({"machineType": "m6i.huge"}, "machineType: m6i.huge is not offered in this region"),
        ({"machineType": "m6i.large", "disk": 100}, "disk: is not a field of this runner"),
        ({"machineType": "m6i.large", "diskSizeGb": 5}, "diskSizeGb: must be from 20 to 2000"),
    ],
)
def test_a_class_that_the_runner_does_not_take_is_never_created(
    plane: Plane, configuration: dict[str, t.Any], told: str, check: bool
) -> None:
    plane.control(forget_calls=True)
    failed = plane("environment_class", check=check, **{**LARGE, "configuration": configuration})
    assert told in failed["msg"]
    assert "machineType (required, one of m6i.large, " in failed["msg"]
    assert "diskSizeGb (optional, 20 to 2000)" in failed["msg"]
    assert writes(plane) == []


def test_a_client_secret_that_the_system_refuses_is_never_stored_and_never_shown(plane: Plane) -> None:
    plane.control(forget_calls=True)
    wrong = {**GITHUB, "oauth_client_secret": "revoked-s3cret"}
    failed = plane("scm_integration", **wrong)
    assert "oauth_client_id: the client secret ******** is not one of client" in failed["msg"]
    assert "callback URL of the OAuth application is https://app.gitpod.io/auth/oauth2/github/callback" in failed["msg"]
    assert "revoked-s3cret" not in str(failed)
    assert writes(plane) == []
    plane("scm_integration", **GITHUB)
    renewed = plane("scm_integration", **wrong, renew_client_secret=True)
    assert "is not one of client" in renewed["msg"]
    # What does not touch the secret is judged with the one that is stored, which comes back encrypted.
    changed = plane("scm_integration", **GITHUB, personal_access_token=True)
    assert changed["actions"] == ["change pat of the integration of github at github.com"]
    assert plane.control()["client_secrets"][changed["integration"]["id"]] == ["s3cret-of-github"]
    unknown = plane("scm_integration", **{**GITHUB, "scm_id": "sourceforge"})
    assert "The runner knows the systems azuredevops_entra, " in unknown["msg"]


def test_where_nothing_validates_the_write_decides_and_a_warning_says_so(plane: Plane) -> None:
    plane.control(runner_id=US_RUNNER, phase="inactive")
    assert plane("environment_class", **LARGE)["changed"]
    assert plane.warnings == [
        "The environment class Large was not validated beforehand: The management plane refuses this in the present "
        "state: the runner is not connected"
    ]
    plane.control(faults=[{"method": "ValidateRunnerConfiguration", "code": "permission_denied", "times": 1}])
    failed = plane("environment_class", **{**LARGE, "display_name": "Other"})
    assert "may not do this" in failed["msg"]


def test_sharing_follows_what_is_declared_and_leaves_other_groups_alone(plane: Plane) -> None:
    plane.control(
        add_groups=[{"name": name} for name in ("Developers", "Developers of Berlin", "Platform", "Platform")]
    )
    wanted = {**RUNNER, "group": "Developers"}
    assert plane("sharing", check=True, **wanted)["changed"]
    created = plane("sharing", **wanted)
    assert created["actions"] == ["share the runner with the group Developers as user"]
    assert created["policy"]["group_id"] == plane.control()["groups"]["Developers"]
    assert not plane("sharing", **wanted)["changed"]
    by_id = {**RUNNER, "group": created["policy"]["group_id"]}
    assert not plane("sharing", **by_id)["changed"]
    promoted = plane("sharing", **wanted, role="admin")
    assert "-role: user" in diff_of(promoted)
    assert "+role: admin" in diff_of(promoted)
    berlin = {**RUNNER, "group": "Developers of Berlin"}
    plane.control(faults=[{"method": "CreateRunnerPolicy", "times": 1, "after": True}])
    assert plane("sharing", **berlin)["changed"], "an answer that was lost is looked up"
    plane.control(faults=[{"method": "DeleteRunnerPolicy", "times": 1, "after": True}])
    assert plane("sharing", **wanted, state="absent")["policy"] is None
    assert not plane("sharing", **wanted, state="absent")["changed"]
    assert not plane("sharing", **berlin)["changed"]
    assert "Several groups are named Platform" in plane("sharing", **RUNNER, group="Platform")["msg"]
    missing = plane("sharing", **RUNNER, group="Develop")
    assert "There is no group Develop; nothing was changed. Near it are Developers, Developers of" in missing["msg"]
    assert not plane("sharing", **RUNNER, group="Nobody", state="absent")["changed"]


def test_an_llm_integration_is_kept_and_its_key_sent_once(plane: Plane) -> None:
    predicted = plane("llm", check=True, **BEDROCK)
    assert predicted["changed"]
    assert plane.control()["llm_keys"] == {}
    plane.control(faults=[{"method": "CreateLLMIntegration", "times": 1, "after": True}])
    created = plane("llm", **BEDROCK)
    assert created["integration"]["models"] == ["opus_4_5", "sonnet_4_5"]
    key = created["integration"]["id"]
    assert "k3y-of-bedrock" not in str(created)
    assert not plane("llm", **{**BEDROCK, "api_key": "n3w-key"})["changed"]
    changed = plane("llm", **{**BEDROCK, "models": ["opus_4_5"]}, max_tokens=8000, enabled=False)
    assert changed["actions"] == [
        "change enabled, max_tokens, models of the LLM integration https://bedrock.example.com"
    ]
    assert not plane("llm", **RUNNER, endpoint="https://bedrock.example.com/")["changed"], "what is left out stays"
    assert plane.control()["llm_keys"] == {key: ["k3y-of-bedrock"]}
    renewed = {"endpoint": BEDROCK["endpoint"], "api_key": "n3w-key", "renew_api_key": True}
    sent = plane("llm", **RUNNER, **renewed)
    assert "+api_key: (sent)" in diff_of(sent)
    assert plane.control()["llm_keys"] == {key: ["k3y-of-bedrock", "n3w-key"]}
    assert plane("llm", **RUNNER, endpoint=BEDROCK["endpoint"], state="absent")["changed"]
    assert not plane("llm", **RUNNER, endpoint=BEDROCK["endpoint"], state="absent")["changed"]
    disabled = plane("llm", **BEDROCK, enabled=False)
    assert disabled["integration"]["enabled"] is False
    assert not plane("llm", **BEDROCK, enabled=False)["changed"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"models": ["sonnet_99"]}, "No model is named sonnet_99"),
        ({"models": []}, "models has none"),
        ({"api_key": ""}, "a new one needs api_key"),
        ({"models": None, "api_key": ""}, "a new one needs models and api_key"),
        ({"endpoint": "bedrock example"}, "endpoint"),
    ],
)
def test_what_an_llm_integration_lacks_is_told(plane: Plane, changes: dict[str, t.Any], told: str) -> None:
    plane.control(forget_calls=True)
    failed = plane("llm", **{**BEDROCK, **changes})
    assert told in failed["msg"]
    assert "k3y-of-bedrock" not in failed["msg"]
    assert writes(plane) == []


def test_a_warm_pool_is_of_a_project_and_a_class(plane: Plane) -> None:
    pool = {**RUNNER, "project": "api", "environment_class": "Large", "max_size": 3}
    assert "has no environment class Large" in plane("warm_pool", **pool)["msg"]
    assert not plane("warm_pool", **pool, state="absent")["changed"]
    class_id = plane("environment_class", **LARGE)["environment_class"]["id"]
    plane.control(add_projects=[{"name": "web"}, {"name": "api", "prebuilds": [class_id]}])
    refused = plane("warm_pool", **{**pool, "project": "web"})
    assert "prebuilds are not enabled" in refused["msg"]
    assert plane("warm_pool", check=True, **pool)["changed"]
    plane.control(faults=[{"method": "CreateWarmPool", "times": 1, "after": True}])
    created = plane("warm_pool", **pool)
    assert created["warm_pool"]["id"]
    assert not plane("warm_pool", **pool)["changed"]
    grown = plane("warm_pool", **{**pool, "max_size": 5}, min_size=2)
    assert grown["actions"] == ["set min_size to 2, max_size to 5 of the warm pool Large of the project api"]
    contradiction = plane("warm_pool", **{**pool, "max_size": 1})
    assert "min_size would be 2, max_size 1" in contradiction["msg"]
    assert plane("warm_pool", **pool, state="absent")["changed"]
    assert not plane("warm_pool", **pool, state="absent")["changed"], "one that is being deleted is none"
    assert not plane("warm_pool", **{**pool, "project": "gone"}, state="absent")["changed"]


def test_a_warm_pool_of_a_class_that_was_disabled_is_removed_and_never_passed_over(plane: Plane) -> None:
    """Classes come first, so that a run which wants neither has disabled the class when it comes to the pool."""
    pool = {**RUNNER, "project": "api", "environment_class": "Large", "max_size": 1}
    first = plane("environment_class", **LARGE)["environment_class"]["id"]
    plane.control(add_projects=[{"name": "api", "prebuilds": [first]}])
    plane("warm_pool", **pool)
    gone = {key: value for key, value in pool.items() if key not in RUNNER} | {"state": "absent"}
    assert planned(plane, **{desired.POOLS: [gone]})["warm_pools"][0] == "update"
    plane("environment_class", **RUNNER, display_name="Large", state="absent")
    assert planned(plane, **{desired.POOLS: [gone]})["warm_pools"][0] == "update"
    larger = {**LARGE, "configuration": {"machineType": "m6i.large", "diskSizeGb": 100}}
    second = plane("environment_class", **larger)["environment_class"]["id"]
    plane.control(add_projects=[{"name": "web", "prebuilds": [second]}])
    plane("warm_pool", check=True, **pool)
    assert "which is disabled" in plane.warnings[0]
    assert first in plane.warnings[0]
    predicted = plane("warm_pool", check=True, **pool, state="absent")
    removed = plane("warm_pool", **pool, state="absent")
    assert predicted["actions"] == removed["actions"] == ["delete the warm pool Large of the project api"]
    assert not plane("warm_pool", **pool, state="absent")["changed"]


@pytest.mark.parametrize("what", ["scm_integration", "sharing", "warm_pool"])
def test_what_another_run_has_made_meanwhile_is_taken(plane: Plane, what: str) -> None:
    class_id = plane("environment_class", **LARGE)["environment_class"]["id"]
    plane.control(add_groups=[{"name": "Developers"}], add_projects=[{"name": "api", "prebuilds": [class_id]}])
    options: dict[str, dict[str, t.Any]] = {
        "scm_integration": GITHUB,
        "sharing": {**RUNNER, "group": "Developers"},
        "warm_pool": {**RUNNER, "project": "api", "environment_class": "Large", "max_size": 1},
    }
    method = {"scm_integration": "CreateSCMIntegration", "sharing": "CreateRunnerPolicy", "warm_pool": "CreateWarmPool"}
    plane.control(faults=[{"method": method[what], "code": "already_exists", "times": 1}])
    refused = plane(what, **options[what])
    assert "There is one already, and it is another one" in refused["msg"]
    plane.control(faults=[{"method": method[what], "code": "already_exists", "times": 1, "after": True}])
    assert plane(what, **options[what])["changed"]
    assert not plane(what, **options[what])["changed"]


def test_of_two_llm_integrations_made_at_once_the_first_stays(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    create, rival = Api.create_llm_integration, llm.wanted_of(BEDROCK)

    def beside(api: Api, runner_id: str, entry: t.Any, api_key: str) -> str:
        made = [create(api, runner_id, entry, api_key), create(api, runner_id, entry, rival.api_key)]
        # The stand-in's IDs are no times: whichever sorts last is this run's.
        return max(made)

    monkeypatch.setattr(Api, "create_llm_integration", beside)
    kept = plane("llm", **BEDROCK)
    monkeypatch.undo()
    api = Api(Client(Connection(plane.testbed.management_plane_url, plane.testbed.api_token)))
    assert [entry.id for entry in api.llm_integrations(US_RUNNER)] == [kept["integration"]["id"]]


def planned(plane: Plane, **settings: t.Any) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What the look foresees of the next steps."""
    return {plan.stage: (plan.action, plan.reasons) for plan in looked(plane, **settings).plans}


def looked(plane: Plane, deployed: bool = True, /, **settings: t.Any) -> stepping.NextSteps:
    """What is found out about the next steps before anything is deployed."""
    raw = {
        "gitpod_region": "us-east-1",
        "gitpod_runner_id": US_RUNNER,
        "gitpod_api_token": plane.testbed.api_token,
        "gitpod_api_endpoint": plane.testbed.management_plane_url,
        **settings,
    }
    values = read("gitpod-us-east-1", "/", variables(), raw).everything()
    wanted, pool = Wanted.of(values), Pool(2)
    facts: t.Any = types.SimpleNamespace(management_plane=registering.ask(wanted, pool))
    return stepping.look_ahead(values, wanted, facts, pool, deployed)


def test_the_plan_says_of_each_kind_that_is_declared_what_would_be_done(plane: Plane) -> None:
    assert planned(plane) == {}
    plane.control(add_groups=[{"name": "Developers"}], add_projects=[{"name": "api"}])
    large = {key: value for key, value in LARGE.items() if key != "runner_id"}
    declared = {
        desired.CLASSES: [large],
        desired.INTEGRATIONS: [{key: value for key, value in GITHUB.items() if key != "runner_id"}],
        desired.SHARING: [{"group": "Developers"}],
        desired.MODELS: [{key: value for key, value in BEDROCK.items() if key != "runner_id"}],
        desired.POOLS: [{"project": "api", "environment_class": "Large", "max_size": 2}],
    }
    plane.control(forget_calls=True)
    first = planned(plane, **declared)
    assert writes(plane) == []
    assert first == {
        "environment_classes": ("update", ("create the environment class Large",)),
        "scm_integrations": ("update", ("create the integration of github at github.com",)),
        "sharing": ("update", ("share the runner with the group Developers as user",)),
        "llm_integrations": ("update", ("create the LLM integration https://bedrock.example.com",)),
        "warm_pools": ("update", ("create the warm pool Large of the project api",)),
    }
    assert "s3cret" not in str(first)
    class_id = plane("environment_class", **LARGE)["environment_class"]["id"]
    missing = {**declared, desired.SHARING: [{"group": "Developers"}, {"group": "Nobody"}]}
    assert planned(plane, **missing)["sharing"] == ("unknown", ("There is no group Nobody, or several have that name",))
    # Its stage would say so after the deployment, so the prerequisites fail.
    other = {**large, "configuration": {"machineType": "m6i.large", "diskSizeGb": 100}}
    faults = looked(plane, **{**missing, desired.CLASSES: [other]}).settings
    another, nobody = told(faults)
    assert another.startswith(
        "The environment class Large has another configuration. A configuration never changes. It is"
    )
    assert nobody == "There is no group Nobody, or several have that name"
    assert "allow it with replace" in str(faults)
    assert looked(plane, **{**declared, desired.CLASSES: [{**other, "replace": True}]}).settings == ()
    assert looked(plane).settings is None
    pool = {"environment_class": "Large", "project": "web", "max_size": 1}
    alone = {desired.POOLS: [{"environment_class": "Huge", "project": "api", "max_size": 1}]}
    assert "no environment class Huge" in planned(plane, **alone)["warm_pools"][1][0]
    assert "There is no project web" in planned(plane, **{**declared, desired.POOLS: [pool]})["warm_pools"][1][0]
    plane.control(add_projects=[{"name": "web", "prebuilds": [class_id]}])
    declared[desired.POOLS] = [{**pool, "max_size": 2}]
    plane("scm_integration", **GITHUB)
    plane("sharing", **RUNNER, group="Developers")
    plane("llm", **BEDROCK)
    plane("warm_pool", **RUNNER, project="web", environment_class="Large", max_size=2)
    assert set(planned(plane, **declared).values()) == {("nothing", ())}
    renewing = planned(plane, **declared, gitpod_renew_secrets=True)
    assert [stage for stage, (action, _reasons) in renewing.items() if action == "update"] == [
        "scm_integrations",
        "llm_integrations",
    ]
    plane.control(faults=[{"method": "ListRunnerPolicies", "code": "permission_denied"}])
    assert {action for action, _reasons in planned(plane, **declared).values()} == {"unknown"}


def told(faults: t.Any) -> list[str]:
    """What cannot be, without what to do."""
    return [what for what, _step in faults]


# One that is registered and has no stack yet, and one that the run registers: it is found by its name, and not there.
NEW: tuple[dict[str, t.Any], ...] = ({}, {"gitpod_runner_id": "", "gitpod_runner_name": "another"})


@pytest.mark.parametrize("new", NEW)
def test_what_is_missing_is_told_before_a_new_runner_is_deployed(plane: Plane, new: dict[str, t.Any]) -> None:
    plane.control(add_groups=[{"name": "Developers"}], add_projects=[{"name": "api"}])
    pool = {"environment_class": "Regular", "project": "api", "max_size": 1}
    good = {desired.SHARING: [{"group": "Developers"}], desired.POOLS: [pool]}
    seen = looked(plane, False, **new, **good)
    # The class comes with the runner.
    assert (seen.settings, {plan.action for plan in seen.plans}) == ((), {"update"})
    bad = {desired.SHARING: [{"group": "Nobody"}], desired.POOLS: [{**pool, "project": "web"}]}
    assert told(looked(plane, False, **new, **bad).settings) == [
        "There is no group Nobody, or several have that name",
        "There is no project web, or several have that name",
    ]
    huge: dict[str, t.Any] = {"gitpod_acceptance": True, "gitpod_acceptance_environment_class": "Huge"}
    assert looked(plane, False, **new, **huge).acceptance is None


def classes_of(plane: Plane) -> list[dict[str, t.Any]]:
    """The runner's environment classes."""
    api = Api(Client(Connection(plane.testbed.management_plane_url, plane.testbed.api_token)))
    return [entry.as_result() for entry in api.environment_classes(US_RUNNER)]


def test_a_pool_needs_its_class_as_it_is_after_the_run(plane: Plane) -> None:
    large = {key: value for key, value in LARGE.items() if key != "runner_id"}
    class_id = plane("environment_class", **LARGE)["environment_class"]["id"]
    plane.control(add_projects=[{"name": "api", "prebuilds": [class_id]}])
    pool = {"project": "api", "environment_class": "Large"}
    plane("warm_pool", **RUNNER, **pool, max_size=1)
    assert looked(plane, **{desired.POOLS: [pool]}).settings == ()
    away = {desired.CLASSES: [{"display_name": "Large", "enabled": False}], desired.POOLS: [{**pool, "max_size": 1}]}
    assert "no environment class Large that can be chosen" in told(looked(plane, **away).settings)[0]
    other = {**large, "configuration": {"machineType": "m6i.large", "diskSizeGb": 100}, "replace": True}
    assert "needs max_size" in told(looked(plane, **{desired.CLASSES: [other], desired.POOLS: [pool]}).settings)[0]
    anew = {desired.CLASSES: [other], desired.POOLS: [{**pool, "max_size": 1}]}
    assert planned(plane, **anew)["warm_pools"] == ("update", ("create the warm pool Large of the project api",))


@pytest.mark.parametrize("new", NEW)
def test_a_class_that_a_new_runner_makes_itself_needs_no_configuration(plane: Plane, new: dict[str, t.Any]) -> None:
    described = {desired.CLASSES: [{"display_name": "Regular", "description": "The usual one"}]}
    assert looked(plane, False, **new, **described).settings == ()
    assert "needs a configuration" in told(looked(plane, **described).settings)[0]


def test_the_class_of_the_acceptance_is_looked_for_before_the_run(plane: Plane) -> None:
    def in_the_way(**settings: t.Any) -> list[str]:
        return told(looked(plane, gitpod_acceptance=True, **settings).acceptance)

    name = "gitpod_acceptance_environment_class"
    assert looked(plane).acceptance is None
    plane("environment_class", **LARGE)
    assert in_the_way() == in_the_way(**{name: "Large"}) == []
    assert in_the_way(**{name: "Huge"}) == ["The runner gitpod-us-east-1 has no environment class Huge. It has Large"]
    large = {key: value for key, value in LARGE.items() if key != "runner_id"}
    # Declared, it is there when the acceptance begins; or is not, when it is declared away.
    assert in_the_way(**{name: "Huge", desired.CLASSES: [{**large, "display_name": "Huge"}]}) == []
    (disabled,) = in_the_way(**{name: "Large", desired.CLASSES: [{"display_name": "Large", "enabled": False}]})
    assert "is disabled" in disabled
    # Named by its ID, it is one class: a replacement takes it away, and a disabled one comes back with its declaration.
    (class_id,) = (entry["id"] for entry in classes_of(plane) if entry["display_name"] == "Large")
    other = {**large, "configuration": {"machineType": "m6i.large", "diskSizeGb": 100}, "replace": True}
    (replaced,) = in_the_way(**{name: class_id, desired.CLASSES: [other]})
    assert "is disabled" in replaced
    assert in_the_way(**{name: "Large", desired.CLASSES: [other]}) == []
    plane("environment_class", **RUNNER, display_name="Large", state="absent")
    assert in_the_way(**{name: class_id}) != []
    assert in_the_way(**{name: class_id, desired.CLASSES: [{"display_name": "Large"}]}) == []
    plane.control(faults=[{"method": "ListEnvironmentClasses", "code": "permission_denied"}])
    unread = looked(plane, gitpod_acceptance=True, **{name: "Huge"}).acceptance
    assert isinstance(unread, Unread)
    assert "environment classes" in unread.told


def test_settings_of_a_runner_with_an_id_are_kept_whoever_registered_it(plane: Plane) -> None:
    """The runner of the landscape was made in the dashboard, under a name that the inventory does not know."""
    metrics = {"enabled": True, "url": "https://metrics.example.com", "username": "gitpod", "password": "m3trics"}
    declared = {"log_level": "debug", "update_window": {"start_hour": 22, "end_hour": 4}, "metrics": metrics}
    kept = plane("registration", **RUNNER, region="us-east-1", **declared)
    assert kept["runner"]["name"] == "gitpod-us-east-1"
    assert "-log_level: info" in diff_of(kept)
    assert "+log_level: debug" in diff_of(kept)
    assert not plane("registration", **RUNNER, region="us-east-1", **declared)["changed"]
    rotated = {**declared, "metrics": {**metrics, "password": "n3w-m3trics"}}
    assert not plane("registration", **RUNNER, **rotated)["changed"], "a password cannot be compared"
    predicted = plane("registration", check=True, **RUNNER, **rotated, renew_metrics_password=True)
    sent = plane("registration", **RUNNER, **rotated, renew_metrics_password=True)
    for found in (predicted, sent):
        assert found["actions"] == [f"send the metrics password of the runner {US_RUNNER}"]
        assert "+metrics password: (sent)" in diff_of(found)
        assert "m3trics" not in str({**found, "diff": "", "runner": ""})
    assert plane.control()["metrics_passwords"][US_RUNNER] == "n3w-m3trics"
    api = Api(Client(Connection(plane.testbed.management_plane_url, plane.testbed.api_token)))
    assert api.runner(US_RUNNER).configuration.metrics.url == "https://metrics.example.com"


def test_a_part_of_the_metrics_that_is_left_out_stays_as_it_is(plane: Plane) -> None:
    """Who rotates a password may well declare nothing else."""
    metrics = {"enabled": True, "url": "https://metrics.example.com", "username": "gitpod", "password": "m3trics"}
    plane("registration", **RUNNER, metrics=metrics)
    rotated = {"metrics": {"password": "n3w-m3trics"}, "renew_metrics_password": True}
    assert not plane("registration", **RUNNER, metrics=rotated["metrics"])["changed"]
    sent = plane("registration", **RUNNER, **rotated)
    assert sent["actions"] == [f"send the metrics password of the runner {US_RUNNER}"]
    kept = {"enabled": True, "url": "https://metrics.example.com", "username": "gitpod", "managed": False}
    assert sent["runner"]["configuration"]["metrics"] == kept
    api = Api(Client(Connection(plane.testbed.management_plane_url, plane.testbed.api_token)))
    assert vars(api.runner(US_RUNNER).configuration.metrics) == kept
    assert plane.control()["metrics_passwords"][US_RUNNER] == "n3w-m3trics"
    renewing = {"gitpod_registration_metrics": {"password": "n3xt"}, "gitpod_renew_secrets": True}
    usual = {"gitpod_region": "us-east-1", "gitpod_api_token": "t", "gitpod_runner_id": US_RUNNER}
    values = read("us", "/", variables(), {**usual, **renewing})
    asked = registering.asked(Wanted.of(values.everything()))
    assert asked is not None
    assert asked.renew_password
    off = plane("registration", **RUNNER, metrics={"enabled": False})
    assert off["runner"]["configuration"]["metrics"] == {**kept, "enabled": False}


def test_a_list_that_has_a_thing_on_two_pages_has_it_once(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in front of it was deleted or added while its pages were read."""
    plane.control(add_groups=[{"name": "Developers"}], add_projects=[{"name": "api"}])
    plane("environment_class", **LARGE)
    plane("scm_integration", **GITHUB)
    plane("sharing", **RUNNER, group="Developers")
    plane("llm", **BEDROCK)
    pages = Api._pages
    monkeypatch.setattr(Api, "_pages", lambda *arguments: (page for page in pages(*arguments) for _twice in range(2)))
    assert not plane("environment_class", **LARGE)["changed"]
    assert not plane("scm_integration", **GITHUB)["changed"]
    assert not plane("sharing", **RUNNER, group="Developers")["changed"]
    assert not plane("llm", **BEDROCK)["changed"]
    api = Api(Client(Connection(plane.testbed.management_plane_url, plane.testbed.api_token)))
    assert [len(api.projects("api")), len(api.policies(US_RUNNER))] == [1, 1]


def test_what_a_person_has_made_twice_is_disabled_when_none_is_wanted_and_told_when_one_is(plane: Plane) -> None:
    plane.control(add_classes=[{"runner_id": US_RUNNER, "name": "Twice"} for _number in range(2)])
    twice = {**RUNNER, "display_name": "Twice"}
    assert "Several enabled environment classes are named Twice" in plane("environment_class", **twice)["msg"]
    plane("environment_class", **LARGE)
    plane("environment_class", **RUNNER, display_name="Large", state="absent")
    back = plane("environment_class", **LARGE, description="As before")
    assert back["actions"] == [
        "enable the environment class Large",
        "change description of the environment class Large",
    ]
    gone = plane("environment_class", **twice, state="absent")
    assert len(gone["actions"]) == 2
    assert not plane("environment_class", **twice, state="absent")["changed"]
