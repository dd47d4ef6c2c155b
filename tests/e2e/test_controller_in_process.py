# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller set up with awx.awx's own modules against a stand-in that answers as AWX does, in this process."""

from __future__ import annotations

import itertools
import json
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import templates, workflows
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import Object
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.operation import carry_out
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from tests.controller import surveys
from tests.controller.awx import DOWN, LOST, Awx, serving
from tests.controller.in_process import run, set_up

if t.TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLAYBOOKS = {template.playbook for template in templates.ALL}
FILES = {f"{name}.yml" for name in PLAYBOOKS}
SECRET = "one-secret-of-the-management-plane"
RUNNERS = {
    "gitpod-us-east-1": {"gitpod_region": "us-east-1", "gitpod_account_id": "012345678901"},
    "gitpod-eu-central-1": {"gitpod_region": "eu-central-1"},
    "gitpod-eu-central-1-b": {"gitpod_region": "eu-central-1"},
}
EVERYTHING: dict[str, t.Any] = {
    "gitpod_controller_project_url": "https://git.example.com/runners.git",
    "gitpod_controller_execution_environment_image": "quay.example.com/gitpod/runner-ee:1",
    "gitpod_controller_managed_credentials": ["api_token", "exchange_tokens", "aws"],
    "gitpod_controller_api_token": SECRET,
    "gitpod_controller_exchange_tokens": {"gitpod-us-east-1": "tok-1", "gitpod-eu-central-1": "tok-2"},
    "gitpod_controller_aws_access_key": "AKIAEXAMPLE",
    "gitpod_controller_aws_secret_key": "aws-secret",
    "gitpod_controller_galaxy_url": "https://hub.example.com/",
    "gitpod_controller_runners": RUNNERS,
    "gitpod_controller_groups": {"production": {"children": ["region_eu_central_1"], "variables": {"stage": "prod"}}},
    "gitpod_controller_inventory_source": "inventories/gitpod_runners.yml",
    "gitpod_controller_inventory_source_variables": {"ANSIBLE_COLLECTIONS_PATH": "/runner/project/collections"},
    "gitpod_controller_notification_type": "slack",
    "gitpod_controller_notification_configuration": {"token": "xoxb-secret", "channels": ["#gitpod"]},
}


@pytest.fixture(scope="module")
def serving_awx() -> Iterator[tuple[Awx, list[str], t.Any, t.Any]]:
    """One, what was set up in it, what it had before, and what it has since."""
    with serving(FILES) as found:
        before = found.snapshot()
        changed = set_up(found, EVERYTHING, PLAYBOOKS)
        yield found, changed, before, found.snapshot()


@pytest.fixture
def awx(serving_awx: tuple[Awx, list[str], t.Any, t.Any]) -> Awx:
    """An AWX in which everything is set up."""
    found, _changed, _before, after = serving_awx
    found.restore(after)
    return found


@pytest.fixture
def empty_awx(serving_awx: tuple[Awx, list[str], t.Any, t.Any]) -> Awx:
    """An AWX with nothing of ours."""
    found, _changed, before, _after = serving_awx
    found.restore(before)
    return found


def test_everything_is_set_up_once_and_the_second_run_changes_nothing(awx: Awx) -> None:
    assert set_up(awx, EVERYTHING, PLAYBOOKS) == []
    assert awx.writes == []
    assert len(awx.objects["job_templates"]) == len(templates.ALL)
    assert len(awx.objects["workflow_job_templates"]) == len(workflows.ALL)


def test_a_template_has_what_a_job_needs(awx: Awx) -> None:
    rollout = awx.named("job_templates", "Gitpod rollout")
    assert (rollout["playbook"], rollout["job_slice_count"], rollout["allow_simultaneous"]) == ("site.yml", 1, False)
    attached = awx.linked("job_templates", "Gitpod rollout", "credentials")
    assert sorted(attached) == ["Gitpod API token", "Gitpod AWS", "Gitpod exchange tokens"]
    assert awx.linked("job_templates", "Gitpod rollout", "notification_templates_error") == ["Gitpod messages"]
    assert awx.linked("job_templates", "Gitpod rollout", "notification_templates_success") == []
    assert json.loads(awx.named("job_templates", "Gitpod review")["extra_vars"]) == {"gitpod_stack_review": True}
    assert awx.linked("organizations", "Gitpod", "galaxy_credentials") == ["Gitpod Galaxy"]


def test_regions_are_groups_and_accounts_keep_their_zero(awx: Awx) -> None:
    assert awx.linked("groups", "gitpod_runners", "children") == ["region_eu_central_1", "region_us_east_1"]
    hosts = awx.linked("groups", "region_eu_central_1", "hosts")
    assert sorted(hosts) == ["gitpod-eu-central-1", "gitpod-eu-central-1-b"]
    assert awx.linked("groups", "production", "children") == ["region_eu_central_1"]
    told = json.loads(awx.named("hosts", "gitpod-us-east-1")["variables"])
    assert told["gitpod_account_id"] == "012345678901"


def test_a_plan_is_approved_before_it_is_rolled_out(awx: Awx) -> None:
    flow = awx.named("workflow_job_templates", "Gitpod planned rollout")["id"]
    nodes = [
        node for node in awx.objects["workflow_job_template_nodes"].values() if node["workflow_job_template"] == flow
    ]
    names = {node["id"]: node["identifier"] for node in nodes}

    def after(node: str, way: str) -> list[str]:
        (own,) = [number for number, name in names.items() if name == node]
        return [names[one] for one in awx.links.get(("workflow_job_template_nodes", own, way), [])]

    assert after("plan", "success_nodes") == ["needed"]
    assert (after("needed", "success_nodes"), after("needed", "failure_nodes")) == (["approve"], ["verify"])
    assert after("approve", "success_nodes") == ["rollout"]
    (approval,) = [node["unified_job_template"] for node in nodes if node["identifier"] == "approve"]
    assert awx.objects["workflow_approval_templates"][approval]["timeout"] == 86_400


def test_a_canary_goes_first_and_the_rest_is_all_others(awx: Awx) -> None:
    limits = {
        node["identifier"]: node["limit"]
        for node in awx.objects["workflow_job_template_nodes"].values()
        if node["limit"]
    }
    others = "gitpod_runners:!gitpod-eu-central-1"
    assert limits == {"canary": "gitpod-eu-central-1", "plan": others, "rest": others}


def test_a_secret_that_is_there_is_never_overwritten(awx: Awx) -> None:
    awx.named("credentials", "Gitpod API token")["inputs"]["api_token"] = "rotated by hand"
    awx.named("notification_templates", "Gitpod messages")["notification_configuration"]["token"] = "rotated too"
    # Even where something else of it changes, and where the variable holds another secret.
    awx.named("credentials", "Gitpod API token")["description"] = "Whose token it is"
    assert set_up(awx, {**EVERYTHING, "gitpod_controller_api_token": "older"}, PLAYBOOKS) == []
    without = {name: value for name, value in EVERYTHING.items() if name != "gitpod_controller_api_token"}
    assert set_up(awx, without, PLAYBOOKS) == []
    assert awx.named("credentials", "Gitpod API token")["inputs"]["api_token"] == "rotated by hand"
    stored = awx.named("notification_templates", "Gitpod messages")["notification_configuration"]
    assert stored["token"] == "rotated too"


def test_a_secret_is_replaced_where_that_is_asked_for(awx: Awx) -> None:
    new = {**EVERYTHING, "gitpod_controller_api_token": "newer", "gitpod_controller_update_secrets": True}
    set_up(awx, new, PLAYBOOKS)
    assert awx.named("credentials", "Gitpod API token")["inputs"]["api_token"] == "newer"


def test_a_credential_without_a_secret_is_not_made(empty_awx: Awx) -> None:
    without = {name: value for name, value in EVERYTHING.items() if name != "gitpod_controller_api_token"}
    with pytest.raises(RunnerError, match="Set gitpod_controller_api_token"):
        set_up(empty_awx, without, PLAYBOOKS)
    assert [item["name"] for item in empty_awx.objects["credentials"].values()] == []


def test_removing_leaves_the_organization_and_a_second_removal_changes_nothing(awx: Awx) -> None:
    gone = {**EVERYTHING, "gitpod_controller_state": "absent"}
    assert set_up(awx, gone, PLAYBOOKS) != []
    left = {kind: [item for item in items.values() if not item.get("managed")] for kind, items in awx.objects.items()}
    left.pop("workflow_approval_templates")
    assert {kind: items for kind, items in left.items() if items} == {"organizations": left["organizations"]}
    awx.writes.clear()
    assert set_up(awx, gone, PLAYBOOKS) == []
    assert set_up(awx, {**gone, "gitpod_controller_remove_organization": True}, PLAYBOOKS) == ["organization Gitpod"]
    assert set_up(awx, {**gone, "gitpod_controller_remove_organization": True}, PLAYBOOKS) == []


def test_a_part_is_removed_alone(awx: Awx) -> None:
    gone = {**EVERYTHING, "gitpod_controller_state": "absent", "gitpod_controller_parts": ["schedules"]}
    assert set_up(awx, gone, PLAYBOOKS) == ["schedule Gitpod watched status schedule"]
    assert set_up(awx, gone, PLAYBOOKS) == []
    assert len(awx.objects["job_templates"]) == len(templates.ALL)


def test_checking_first_tells_everything_and_writes_nothing(
    empty_awx: Awx, serving_awx: tuple[Awx, list[str], t.Any, t.Any]
) -> None:
    told = set_up(empty_awx, EVERYTHING, PLAYBOOKS, check=True)
    assert empty_awx.writes == []
    assert told == serving_awx[1]


def test_what_others_put_into_the_inventory_stays(awx: Awx) -> None:
    inventory = awx.named("inventories", "Gitpod runners")["id"]
    run("awx.awx.host", {"name": "probe", "inventory": inventory, "controller_host": awx.url, **TOKEN_OPTION})
    group = {"name": "region_us_east_1", "inventory": inventory, "hosts": ["probe"], "preserve_existing_hosts": True}
    run("awx.awx.group", {**group, "controller_host": awx.url, **TOKEN_OPTION})
    assert set_up(awx, EVERYTHING, PLAYBOOKS) == []
    assert "probe" in awx.linked("groups", "region_us_east_1", "hosts")


def test_every_survey_can_be_left_blank_and_none_fills_in_an_answer(awx: Awx) -> None:
    asked = 0
    for template in templates.ALL:
        spec = awx.survey("job_templates", awx.named("job_templates", f"Gitpod {template.title}")["name"])
        asked += len(spec.get("spec", []))
        assert surveys.unanswered(spec, {}) == []
        assert (
            surveys.refused(spec, {item["variable"]: "" for item in spec.get("spec", []) if "choices" not in item})
            == []
        )
    assert asked > 20


TOKEN_OPTION = {"controller_oauthtoken": "stand-in-token"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"gitpod_controller_oauth_token": "wrong"}, "Check gitpod_controller_oauth_token"),
        ({"gitpod_controller_host": "http://127.0.0.1:9"}, "gitpod_controller_host"),
        ({"gitpod_controller_parts": ["job_templates"]}, "gitpod_controller_parts"),
    ],
)
def test_what_goes_wrong_names_the_variable(empty_awx: Awx, given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(RunnerError, match=words):
        set_up(empty_awx, {**EVERYTHING, **given}, PLAYBOOKS)


def every(number: int, what: str, methods: t.Container[str]) -> t.Callable[[str], str]:
    """Trouble with each so-many-th request of these methods."""
    count = itertools.count(1)
    return lambda method: what if method in methods and next(count) % number == 0 else ""


def essence(awx: Awx) -> t.Any:
    """What it has, without its numbers."""
    return {
        kind: sorted((str(item.get("name")), str(item.get("identifier", ""))) for item in items.values())
        for kind, items in awx.objects.items()
    }


@pytest.mark.parametrize(
    "trouble",
    [
        every(4, LOST, ("POST", "PATCH", "PUT")),
        every(61, DOWN, ("GET", "POST", "PATCH", "OPTIONS")),
        every(47, LOST, ("GET", "OPTIONS")),
    ],
    ids=["answers of writes lost", "503", "answers of reads lost"],
)
def test_a_controller_that_does_not_always_answer_is_set_up_all_the_same(
    serving_awx: tuple[Awx, list[str], t.Any, t.Any], trouble: t.Callable[[str], str]
) -> None:
    empty_awx, _changed, before, after = serving_awx
    empty_awx.restore(after)
    wanted = essence(empty_awx)
    empty_awx.restore(before)
    try:
        empty_awx.trouble = trouble
        set_up(empty_awx, EVERYTHING, PLAYBOOKS)
        assert essence(empty_awx) == wanted, "nothing is missing, and nothing is there twice"
        empty_awx.trouble = lambda _method: ""
        empty_awx.writes.clear()
        assert set_up(empty_awx, EVERYTHING, PLAYBOOKS) == []
        assert empty_awx.writes == []
    finally:
        empty_awx.trouble = lambda _method: ""


def result(msg: str) -> dict[str, t.Any]:
    return {"failed": True, "msg": msg}


@pytest.mark.parametrize(
    "msg",
    [
        "Got a 407 response when trying to get one from projects, detail: The requested URL was not found on this host",
        "There was an unknown error when trying to connect to https://a/api: HTTPError Could not find proxy",
        "The requested object could not be found at /api/v2/projects/.",
        "Could not find a version",
    ],
)
def test_a_page_of_a_proxy_is_no_word_on_what_is_there(msg: str) -> None:
    wanted = Object("project", "project", "Gitpod project", {"name": "Gitpod project", "organization": "Gitpod"})
    with pytest.raises(RunnerError, match="was not set up"):
        carry_out(lambda *_call: result(msg), wanted, "absent", pause=lambda _seconds: None)


@pytest.mark.parametrize("said", ["xoxb-s3cret", "tok-2", "https://hooks.example.com/s3cret"])
def test_what_the_controller_repeats_of_a_secret_is_not_told(said: str) -> None:
    wanted = Object("notifications", "notification_template", "Gitpod messages", {"name": "m"}, "notification")
    secrets = {
        "token": "xoxb-s3cret",
        "tokens": '{"a": "tok-1", "b": "tok-2"}',
        "h": ["https://hooks.example.com/s3cret"],
    }
    msg = f"Unable to create notification_template Gitpod messages: {{'notification_configuration': ['{said}']}}"
    with pytest.raises(RunnerError) as told:
        carry_out(lambda *_call: result(msg), wanted, "present", secrets, pause=lambda _seconds: None)
    assert said not in told.value.message
    assert "********" in told.value.message
