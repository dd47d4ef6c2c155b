# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a controller's variables is told together, and names the variable."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import declared, templates
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.access import access, collection_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.contract import problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import Object, canary, left_out
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.objects import objects
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values, read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import OF_CONTROLLERS, variables

RULE = "DTSTART:20260101T060000Z RRULE:FREQ=DAILY;INTERVAL=1"
OCTAL = {"gitpod_account_id": 0o12345670123}
VARIABLES_OF_ALL = "gitpod_controller_inventory_variables"
RIGHT = {"gitpod_controller_project_url": "https://git.example.com/runners.git"}


def values(**given: t.Any) -> Values:
    return read("localhost", ".", declared.BY_NAME, {**RIGHT, **given})


def wrong(**given: t.Any) -> list[tuple[str, str]]:
    return [(problem.kind, problem.variable) for problem in problems(values(**given), variables())]


def test_the_least_is_right() -> None:
    assert wrong() == []


def test_they_are_no_runners_variables() -> None:
    names = {variable.name for own in OF_CONTROLLERS.values() for variable in own}
    assert names & set(variables()) == set()
    assert all(name.startswith(declared.PREFIX) for name in names)


@pytest.mark.parametrize(
    ("given", "kind", "variable"),
    [
        ({"gitpod_controller_project_url": ""}, "missing", "gitpod_controller_project_url"),
        ({"gitpod_controller_project_type": "manual"}, "missing", "gitpod_controller_project_local_path"),
        ({"gitpod_controller_projekt": "x"}, "unknown", "gitpod_controller_projekt"),
        ({"gitpod_controller_parts": ["job_template"]}, "malformed", "gitpod_controller_parts"),
        ({"gitpod_controller_runners": {"a": {}}}, "missing", "gitpod_controller_runners"),
        ({"gitpod_controller_runners": {"a": "eu"}}, "malformed", "gitpod_controller_runners"),
        (
            {"gitpod_controller_runners": {"a": {"gitpod_region": "eu-west-1", "gitpod_regoin": "x"}}},
            "unknown",
            "gitpod_controller_runners",
        ),
        (
            {"gitpod_controller_runners": {"a": {"gitpod_region": "eu-west-1", "gitpod_api_token": "s3cret"}}},
            "contradictory",
            "gitpod_controller_runners",
        ),
        (
            {"gitpod_controller_extra_variables": {"gitpod_exchange_token": "s"}},
            "contradictory",
            "gitpod_controller_extra_variables",
        ),
        ({"gitpod_controller_groups": {"eu": ["a"]}}, "malformed", "gitpod_controller_groups"),
        (
            {"gitpod_controller_groups": {"eu": {"variables": {"gitpod_api_token": "s3cret"}}}},
            "contradictory",
            "gitpod_controller_groups",
        ),
        # Without quotes in the file, YAML has made octal numbers of these accounts.
        *(
            (given, "malformed", name)
            for name, given in {
                "gitpod_controller_runners": {
                    "gitpod_controller_runners": {"a": {"gitpod_region": "eu-west-1", **OCTAL}},
                },
                "gitpod_controller_groups": {"gitpod_controller_groups": {"eu": {"variables": OCTAL}}},
                "gitpod_controller_inventory_variables": {"gitpod_controller_inventory_variables": OCTAL},
                "gitpod_controller_extra_variables": {"gitpod_controller_extra_variables": OCTAL},
            }.items()
        ),
        ({"gitpod_controller_inventory_variables": {"gitpod_vcp_id": "x"}}, "unknown", VARIABLES_OF_ALL),
        (
            {"gitpod_controller_notification_configuration": {"token": "x"}},
            "contradictory",
            "gitpod_controller_notification_configuration",
        ),
        (
            {"gitpod_controller_schedules": [{"template": "statsu", "rrule": "x"}]},
            "malformed",
            "gitpod_controller_schedules",
        ),
        ({"gitpod_controller_host": "awx.example.com"}, "malformed", "gitpod_controller_host"),
        ({"gitpod_controller_host": "http://awx.example.com"}, "malformed", "gitpod_controller_host"),
        ({"gitpod_controller_host": "http://127.0.0.1.evil.example"}, "malformed", "gitpod_controller_host"),
        ({"gitpod_controller_host": "https://me:s3cret@awx.example.com"}, "malformed", "gitpod_controller_host"),
        ({"gitpod_controller_host": "https://awx.example.com:0"}, "malformed", "gitpod_controller_host"),
        ({"gitpod_controller_project_url": "https://x:s3cret@g/x"}, "malformed", "gitpod_controller_project_url"),
        ({"gitpod_controller_project_url": "https://ghp_s3cret@g/x"}, "malformed", "gitpod_controller_project_url"),
        ({"gitpod_controller_galaxy_url": "https://u:s3cret@hub/"}, "malformed", "gitpod_controller_galaxy_url"),
        ({"gitpod_controller_runners": {"": {"gitpod_region": "us-east-1"}}}, "malformed", "gitpod_controller_runners"),
        (
            {"gitpod_controller_runners": {"a,!b": {"gitpod_region": "us-east-1"}}},
            "malformed",
            "gitpod_controller_runners",
        ),
        (
            {"gitpod_controller_runners": {"a\nb": {"gitpod_region": "us-east-1"}}},
            "malformed",
            "gitpod_controller_runners",
        ),
        ({"gitpod_controller_groups": {"eu west": {}}}, "malformed", "gitpod_controller_groups"),
        ({"gitpod_controller_exchange_tokens": {"a": 12}}, "malformed", "gitpod_controller_exchange_tokens"),
        ({"gitpod_controller_exchange_tokens": {"a": True}}, "malformed", "gitpod_controller_exchange_tokens"),
    ],
)
def test_a_mistake_is_told(given: dict[str, t.Any], kind: str, variable: str) -> None:
    assert (kind, variable) in wrong(**given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gitpod_api_token", "s3cret"),
        ("gitpod_report_notify", "https://hooks.slack.com/s3cret"),
        ("gitpod_stack_parameters", {"Exchange Token": "s3cret"}),
        ("gitpod_stack_parameters", {"GitpodExchangeToken": "s3cret"}),
        ("gitpod_registration_metrics", {"enabled": True, "url": "https://m", "username": "u", "password": "s3cret"}),
        (
            "gitpod_runner_settings_scm_integrations",
            [{"scm_id": "github", "host": "h", "oauth_client_secret": "s3cret"}],
        ),
        ("gitpod_runner_settings_llm_integrations", [{"endpoint": "https://x", "api_key": "s3cret"}]),
        ("gitpod_http_proxy", "http://me:s3cret@proxy:3128"),
        ("http_proxy", "http://me:s3cret@proxy:3128"),
    ],
)
def test_a_secret_is_given_to_no_place_that_the_controller_shows(name: str, value: t.Any) -> None:
    own = {name: value}
    for variable, given in (
        ("gitpod_controller_runners", {"a": {"gitpod_region": "eu-west-1", **own}}),
        ("gitpod_controller_groups", {"eu": {"variables": own}}),
        ("gitpod_controller_inventory_variables", own),
        ("gitpod_controller_extra_variables", own),
        ("gitpod_controller_template_options", {"extra_vars": own, "verbosity": 1}),
        ("gitpod_controller_schedules", [{"template": "status", "rrule": RULE, "extra_data": own}]),
    ):
        told = problems(values(**{variable: given}), variables())
        assert [problem.variable for problem in told] == [variable], variable
        assert "s3cret" not in str(told)


@pytest.mark.parametrize("name", ["GITPOD_API_KEY", "ONA_API_KEY", "AWS_SECRET_ACCESS_KEY", "my_token", "DB_PASSWORD"])
def test_no_update_of_the_source_is_given_a_secret_in_the_open(name: str) -> None:
    variable = "gitpod_controller_inventory_source_variables"
    assert wrong(**{variable: {name: "s3cret"}}) == [("contradictory", variable)]
    assert "s3cret" not in str(problems(values(**{variable: {name: "s3cret"}}), variables()))


@pytest.mark.parametrize("own", ["name", "state", "playbook", "extra_vars", "survey_spec"])
def test_what_each_template_has_for_itself_is_no_option_of_all(own: str) -> None:
    assert wrong(gitpod_controller_template_options={own: "x"}) == [
        ("contradictory", "gitpod_controller_template_options")
    ]
    assert wrong(gitpod_controller_template_options={"verbosity": 1, "timeout": 60}) == []


def test_what_is_no_secret_may_be_given() -> None:
    around = {"ANSIBLE_VAULT_PASSWORD_FILE": "/x", "ANSIBLE_COLLECTIONS_PATH": "/y", "AWS_ACCESS_KEY_ID": "AKIA"}
    assert wrong(gitpod_controller_inventory_source_variables=around) == []
    own = {
        "gitpod_region": "eu-west-1",
        "gitpod_stack_parameters": {"Runner Size": "small"},
        "gitpod_registration_metrics": {"enabled": True, "url": "https://m", "username": "u"},
        "gitpod_stack_template_url": "https://b.s3.amazonaws.com/t.json?versionId=x@y:z",
    }
    assert wrong(gitpod_controller_runners={"gitpod-eu.west_1": own}, gitpod_controller_extra_variables=own) == []
    assert wrong(gitpod_controller_project_url="git@github.com:example/runners.git") == []
    assert wrong(gitpod_controller_project_url="ssh://git@github.com/example/runners.git") == []
    assert wrong(gitpod_controller_host="http://127.0.0.1:8052") == []
    assert wrong(gitpod_controller_host="http://awx.example.com", gitpod_controller_validate_certs="no") == []


def test_no_secret_is_told() -> None:
    runners = {"a": {"gitpod_region": "eu-west-1", "gitpod_api_token": "s3cret"}}
    told = problems(values(gitpod_controller_runners=runners), variables())
    assert "s3cret" not in str(told)


def test_no_object_carries_a_secret() -> None:
    secrets = {variable.name: f"hush-{variable.name}" for variable in declared.VARIABLES if variable.secret}
    secrets |= {"gitpod_controller_exchange_tokens": {"a": "hush"}}
    secrets |= {"gitpod_controller_notification_configuration": {"token": "hush"}}
    given = {**secrets, "gitpod_controller_managed_credentials": list(declared.CREDENTIALS)}
    given |= {"gitpod_controller_notification_type": "slack", "gitpod_controller_galaxy_url": "https://g.example.com"}
    planned = objects(values(**given), {"site", "status"})
    assert len(planned) > 10
    assert "hush" not in str([wanted.as_data() for wanted in planned])


def test_what_cannot_be_made_is_told() -> None:
    wanted = values(gitpod_controller_workflows=["upgrade", "status"])
    told = left_out(wanted, {"status", "upgrade", "plan_upgrade", "when_needed", "verify", "prerequisites"})
    assert "The workflow upgrade is left out without gitpod_controller_canary." in told
    assert "The job template rollout has no playbook in this version." in told
    assert not any("workflow status" in line for line in told)


def test_after_a_single_runner_nobody_is_left_to_upgrade() -> None:
    """A job whose limit leaves no runner fails, and with it the workflow."""
    one: dict[str, t.Any] = {"eu": {"gitpod_region": "eu-west-1"}}
    several = {**one, "ap": {"gitpod_region": "ap-south-1"}}
    assert canary(values(gitpod_controller_runners=one)) == ""
    assert canary(values(gitpod_controller_runners=several)) == "ap"
    assert canary(values(gitpod_controller_runners=one, gitpod_controller_canary="us")) == "us"


def test_no_survey_asks_for_what_is_fixed() -> None:
    """AWX lays the blank of a question that is left out over the template's own extra variable."""
    fixed = {"gitpod_stack_release_version": "v20260115.10"}
    planned = objects(
        values(gitpod_controller_extra_variables=fixed), {template.playbook for template in templates.ALL}
    )
    surveyed = [wanted.arguments for wanted in planned if wanted.arguments.get("survey_spec")]
    assert any(wanted["extra_vars"] for wanted in surveyed if "extra_vars" in wanted)
    asked = {item["variable"] for wanted in surveyed for item in wanted["survey_spec"]["spec"]}
    assert "gitpod_stack_release_channel" in asked
    assert asked & set(fixed) == set()


def test_an_organization_may_be_the_gateways() -> None:
    platform = values(
        gitpod_controller_organization_collection="ansible.platform",
        gitpod_controller_collection="ansible.controller",
        gitpod_controller_host="https://aap.example.com",
        gitpod_controller_oauth_token="t",
    )
    made = Object("organization", "organization", "Gitpod", {"name": "Gitpod"})
    galaxy = Object("credentials", "organization", "Gitpod", {"name": "Gitpod", "galaxy_credentials": ["g"]})
    assert collection_of(made, platform) == "ansible.platform"
    assert collection_of(galaxy, platform) == "ansible.controller"
    assert access("ansible.platform", platform)["gateway_hostname"] == "https://aap.example.com"
    assert access("ansible.controller", platform)["controller_oauthtoken"] == "t"
    assert "controller_password" not in access("ansible.controller", platform)


NOTHING = ("", None, "  ", "\n", " \r\n\t")
WRONG: t.Mapping[str, tuple[t.Any, ...]] = {
    "str": (5, 1.5, ["a"], {"a": "b"}, "a\nb", "\x1b[2J", "\ud800", "x" * 20_000),
    "bool": ("maybe", 2, ["true"], {"true": 1}, "{{ x }}"),
    "int": ("x", 1.5, ".inf", float("inf"), ["1"], {"a": 1}, -1, "0", 0, 10**30),
    "list": (5, {"a": "b"}, [["a"]], [{"a": 1}], [5]),
    "dict": (5, "a", ["a"], {1: "a"}, "[1"),
    "mapping": (5, "a", ["a"], {"a": None}, {"a": ["b"]}, {"a": {"b": "c"}}, {"a": 1.10}),
}


@pytest.mark.parametrize("name", sorted(declared.BY_NAME))
def test_what_says_nothing_is_unset_and_what_is_wrong_names_its_variable(name: str) -> None:
    variable = declared.BY_NAME[name]
    unset = read("localhost", ".", declared.BY_NAME, {})[name]
    for nothing in NOTHING:
        found = read("localhost", ".", declared.BY_NAME, {name: nothing})
        assert (found.problems, found[name]) == ((), unset), repr(nothing)
    for said in WRONG[variable.kind]:
        found = read("localhost", ".", declared.BY_NAME, {name: said})
        told = [*found.problems, *problems(found, variables())]
        typed = type(found[name]) in (str, bool, int, list, dict, type(None))
        assert typed, said
        if found.problems:
            assert {problem.variable for problem in found.problems} == {name}
        assert all(problem.variable.startswith(declared.PREFIX) and len(problem.summary) < 2_000 for problem in told)
    assert variable.kind != "str" or read("localhost", ".", declared.BY_NAME, {name: ["a"]}).problems


@pytest.mark.parametrize("name", sorted(name for name, variable in declared.BY_NAME.items() if variable.kind == "bool"))
def test_a_switch_is_read_as_text_too(name: str) -> None:
    for said, meant in (("false", False), (" No\n", False), ("0", False), ("true", True), ("Yes\r\n", True)):
        assert read("localhost", ".", declared.BY_NAME, {name: said})[name] is meant
