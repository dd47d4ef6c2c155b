# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job with nothing but an API token, where its secrets go, and the management plane as inventory."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    Client,
    Connection,
)
from tests.e2e.harness import Controller
from tests.e2e.looking import verification
from tests.e2e.test_main_job import processes

SITE = "gitpod.enterprise_runner.site"
US, EU = "gitpod-us-east-1", "gitpod-eu-central-1"


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, controller: Controller) -> pathlib.Path:
    """The directory of a fact cache on disk."""
    cache = controller.directory / "facts"
    plain = controller.environment

    def environment() -> dict[str, str]:
        return {
            **plain(),
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(cache),
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
        }

    monkeypatch.setattr(controller, "environment", environment)
    return cache


def management(controller: Controller, **body: t.Any) -> dict[str, t.Any]:
    return controller.testbed.control("POST", "management", body)


def only_a_token(controller: Controller) -> dict[str, dict[str, t.Any]]:
    management(controller, remove_runners=list(management(controller)["runners"]))
    variables = {
        "gitpod_runner_id": "",
        "gitpod_exchange_token": "",
        "gitpod_api_token": controller.testbed.api_token,
        "gitpod_api_endpoint": controller.testbed.management_plane_url,
    }
    return {EU: variables}


def test_with_only_an_api_token_from_nothing_over_an_expired_token_to_a_rerun(
    controller: Controller, cached: pathlib.Path
) -> None:
    hosts = only_a_token(controller)
    site = (SITE, "--limit", EU, "--diff")
    first = controller.play(*site, "-vvvv", hosts=hosts)
    assert first.code == 0, first.output[-5000:]
    assert first.report(EU)["verification"]["healthy"] is True
    assert re.search(rf"{EU}: active, version 2026\d{{4}}\.\d+", first.output)
    ((runner_id, name),) = management(controller)["runners"].items()
    assert name == EU
    assert [bool(token["used_by"]) for token in tokens_of(controller, runner_id)] == [True]

    # As if the runner came to present its token a day too late.
    management(controller, unuse_tokens=True, advance_seconds=25 * 3600)
    looked = verified(controller)
    assert looked["pointless"]
    (failed,) = [check for check in looked["checks"] if check["id"] == "runner.phase"]
    assert failed["status"] == "fail"
    assert "The exchange token has expired" in failed["summary"]
    assert "a new exchange token is minted" in failed["remediation"]
    repaired = controller.play(*site, "-vvvv", hosts=hosts)
    assert repaired.code == 0, repaired.output[-5000:]
    assert {name for host in processes(repaired.output).values() for name in host} >= {"runner_registration"}
    assert repaired.report(EU)["verification"]["healthy"] is True
    assert list(management(controller)["runners"]) == [runner_id]
    minted = tokens_of(controller, runner_id)
    assert [bool(token["used_by"]) for token in minted] == [False, True]

    # The overlay is this test's own inventory, the only place that holds the API token.
    texts = {"first": first.output, "repaired": repaired.output}
    for directory in (controller.artifacts, cached):
        texts |= {str(path): path.read_text("utf-8") for path in directory.rglob("*") if path.is_file()}
    secrets = [controller.testbed.api_token, *(token["value"] for token in minted)]
    assert [name for name, text in texts.items() for secret in secrets if secret in text] == []

    management(controller, forget_calls=True)
    controller.testbed.clear_calls()
    again = controller.play(*site, "-vvv", hosts=hosts)
    assert again.code == 0, again.output[-5000:]
    assert again.changed == 0
    assert controller.writes() == []
    assert processes(again.output)[EU] == ["runner_preflight_info", "runner_verification_info"]
    assert again.report(EU)["registration"]["id"] == runner_id
    assert management(controller)["calls"] == ["ListRunners", "GetRunner"], "found once, and its phase looked at"


def tokens_of(controller: Controller, runner_id: str) -> list[dict[str, t.Any]]:
    """The runner's exchange tokens in the order in which they were minted."""
    return [token for token in management(controller)["exchange_tokens"] if token["runner_id"] == runner_id]


def verified(controller: Controller) -> dict[str, t.Any]:
    """What the verification says now, in this process."""
    testbed = controller.testbed
    return verification(
        testbed,
        {
            "gitpod_region": "eu-central-1",
            "gitpod_api_endpoint": testbed.management_plane_url,
            "gitpod_api_token": testbed.api_token,
            "gitpod_runner_name": EU,
            "gitpod_verify_wait": 300,
            "gitpod_verify_phase_wait": 300,
            "gitpod_verify_from_control_node": False,
        },
    )


SETTINGS = """
- name: Set the runners up
  hosts: gitpod_runners
  gather_facts: false
  connection: local
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  roles:
    - gitpod.enterprise_runner.gitpod_runner_settings
"""
LARGE: dict[str, t.Any] = {
    "display_name": "Large",
    "description": "For big builds",
    "configuration": {"machineType": "m6i.2xlarge", "diskSizeGb": 100},
}
GITHUB: dict[str, t.Any] = {
    "scm_id": "github",
    "host": "GitHub.com",
    "oauth_client_id": "client",
    "oauth_client_secret": "s3cret-of-github",
}
GITLAB: dict[str, t.Any] = {"scm_id": "gitlab", "host": "gitlab.example.com", "personal_access_token": True}


def api_of(controller: Controller) -> Api:
    return Api(Client(Connection(controller.testbed.management_plane_url, controller.testbed.api_token)))


def plane_of(controller: Controller) -> dict[str, t.Any]:
    return {
        "gitpod_api_endpoint": controller.testbed.management_plane_url,
        "gitpod_api_token": controller.testbed.api_token,
    }


def test_a_role_alone_keeps_settings_of_a_runner_that_it_finds_by_its_name(controller: Controller) -> None:
    """One entry that fails stops no other of its kind, and of a runner that is not up nothing is validated."""
    playbook = controller.directory / "settings.yml"
    playbook.write_text(SETTINGS, "utf-8")
    wrong = {**LARGE, "display_name": "Wrong", "configuration": {"disk": 1}}
    good = {
        **plane_of(controller),
        "gitpod_runner_id": "",
        "gitpod_exchange_token": "",
        "gitpod_runner_settings_environment_classes": [LARGE],
        "gitpod_runner_settings_scm_integrations": [GITHUB, GITLAB],
    }
    bad = {**plane_of(controller), "gitpod_runner_settings_environment_classes": [wrong, LARGE]}
    run = controller.play(str(playbook), "--limit", f"{US},{EU}", "--diff", "-vvvv", hosts={US: good, EU: bad})
    assert run.code != 0
    assert run.recap[US]["failed"] == 0
    assert run.recap[EU]["failed"] == 1
    assert "Wrong: Could not create the environment class Wrong" in run.output
    assert "The environment class Large was not validated beforehand" in run.output
    ids = {name: runner_id for runner_id, name in management(controller)["runners"].items()}
    api = api_of(controller)
    assert [entry.name for entry in api.environment_classes(ids[US])] == ["Large"]
    assert [entry.name for entry in api.environment_classes(ids[EU])] == ["Large"]
    assert sorted((entry.host, entry.oauth, entry.pat) for entry in api.integrations(ids[US])) == [
        ("github.com", True, False),
        ("gitlab.example.com", False, True),
    ]
    assert "s3cret-of-github" not in run.output
    assert controller.testbed.api_token not in run.output


def test_site_keeps_the_settings_of_a_runner_of_the_dashboard_and_goes_on_to_the_next_steps(
    controller: Controller,
) -> None:
    """The runner has its ID and its exchange token from the dashboard; the API token keeps what is declared."""
    management(controller, add_groups=[{"name": "Developers"}])
    declared = {
        **plane_of(controller),
        "gitpod_registration_log_level": "debug",
        "gitpod_runner_settings_environment_classes": [LARGE],
        "gitpod_runner_settings_scm_integrations": [GITHUB],
        "gitpod_runner_settings_sharing": [{"group": "Developers"}],
    }
    site = (SITE, "--limit", US, "--diff", "-vvv")
    first = controller.play(*site, hosts={US: declared})
    assert first.code == 0, first.output[-5000:]
    (runner_id,) = [key for key, name in management(controller)["runners"].items() if name == US]
    api = api_of(controller)
    assert api.runner(runner_id).configuration.log_level == "debug"
    assert "+log_level: debug" in first.output
    assert "was not validated" not in first.output, "the runner was up by then"
    assert [entry.name for entry in api.environment_classes(runner_id)] == ["Large"]
    assert [policy.role for policy in api.policies(runner_id)] == ["user"]
    states = {entry["stage"]: entry["state"] for entry in first.report(US)["stages"]}
    assert list(states)[-4:] == ["verify", "environment_classes", "scm_integrations", "sharing"]
    assert {states[stage] for stage in list(states)[-3:]} == {"changed"}
    assert "Next steps:" not in first.output

    management(controller, forget_calls=True)
    again = controller.play(*site, hosts={US: declared})
    assert again.code == 0, again.output[-5000:]
    assert again.changed == 0
    assert processes(again.output)[US] == ["runner_preflight_info", "runner_verification_info"]
    assert {entry["state"] for entry in again.report(US)["stages"][-3:]} == {"unchanged"}
    assert [call for call in management(controller)["calls"] if not call.startswith(("Get", "List"))] == []

    renewed = {**declared, "gitpod_runner_settings_scm_integrations": [{**GITHUB, "oauth_client_secret": "n3w-s3cret"}]}
    rotation = ("--tags", "prerequisites,scm_integrations", "-e", "gitpod_renew_secrets=true")
    rotated = controller.play(*site, *rotation, hosts={US: renewed})
    assert rotated.code == 0, rotated.output[-5000:]
    assert list(management(controller)["client_secrets"].values()) == [["s3cret-of-github", "n3w-s3cret"]]
    texts = [first.output, again.output, rotated.output]
    texts += [path.read_text("utf-8") for path in controller.artifacts.iterdir()]
    secrets = ("s3cret-of-github", "n3w-s3cret", controller.testbed.api_token)
    assert not [text for text in texts for secret in secrets if secret in text]
    assert not list(controller.artifacts.glob("*sent*")), "nothing is remembered here"


def test_the_management_plane_as_inventory(controller: Controller) -> None:
    inventory = controller.directory / "gitpod_runners.yml"
    cache = controller.directory / "cache"
    inventory.write_text(
        f"""plugin: gitpod.enterprise_runner.runners
api_url: {controller.testbed.management_plane_url}
regions: [us-east-1, eu-central-1]
keyed_groups:
  - key: runner_region | replace('-', '_')
    prefix: region
  - key: runner_phase
    prefix: phase
  - key: runner_version | replace('.', '_')
    prefix: version
    default_value: none
compose:
  gitpod_domain_name: runner_region ~ '.gitpod.example.com'
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: {cache}
""",
        "utf-8",
    )
    (controller.directory / "host_vars").mkdir()
    (controller.directory / "host_vars" / f"{EU}.yml").write_text("gitpod_vpc_id: vpc-0b8e6d4f2a0c91357\n", "utf-8")
    environment = {**controller.environment(), "ONA_API_KEY": "", "GITPOD_API_KEY": controller.testbed.api_token}

    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = str(pathlib.Path(sys.executable).parent / "ansible-inventory")
        command = [program, "-i", str(inventory), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)

    management(controller, forget_calls=True)
    graph = ask("--graph")
    assert graph.returncode == 0, graph.stderr
    for group in ("gitpod_runners", "region_eu_central_1", "region_us_east_1", "phase_created", "version_none"):
        assert f"@{group}:" in graph.stdout
    assert "gitpod-ap-southeast-2" not in graph.stdout
    host = json.loads(ask("--host", EU).stdout)
    assert host["gitpod_region"] == "eu-central-1"
    assert host["gitpod_domain_name"] == "eu-central-1.gitpod.example.com"
    assert host["gitpod_vpc_id"] == "vpc-0b8e6d4f2a0c91357", "host_vars merge by the runner's name"
    assert "gitpod_runner_id" not in host
    assert management(controller)["calls"] == ["ListRunners"], "the second came from the cache"
    kept = "".join(path.read_text("utf-8") for path in cache.iterdir())
    assert controller.testbed.api_token not in kept
    assert EU in kept
