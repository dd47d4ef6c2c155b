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
from tests.e2e.harness import Controller, Run
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
    "configuration": {"machineType": "m6i.2xlarge", "disk": 100},
}
GITHUB: dict[str, t.Any] = {
    "scm_id": "github",
    "host": "GitHub.com",
    "oauth_client_id": "client",
    "oauth_client_secret": "s3cret-of-github",
    "oauth_client_secret_version": "2026-01",
}
GITLAB: dict[str, t.Any] = {"scm_id": "gitlab", "host": "gitlab.example.com", "personal_access_token": True}


def test_settings_from_the_inventory_are_kept_and_a_secret_is_sent_when_its_version_changes(
    controller: Controller,
) -> None:
    """The first runner stays as it is at the second run, the second one's settings change."""
    playbook = controller.directory / "settings.yml"
    playbook.write_text(SETTINGS, "utf-8")
    plane = {
        "gitpod_api_endpoint": controller.testbed.management_plane_url,
        "gitpod_api_token": controller.testbed.api_token,
    }

    def play(changing: dict[str, t.Any]) -> Run:
        """The first runner is found by its name, the second by its ID."""
        kept = {
            "gitpod_runner_id": "",
            "gitpod_exchange_token": "",
            "gitpod_runner_settings_environment_classes": [LARGE],
            "gitpod_runner_settings_scm_integrations": [GITHUB, GITLAB],
        }
        hosts = {US: {**plane, **kept}, EU: {**plane, **changing}}
        limit = ("--limit", f"{US},{EU}", "--diff", "-vvvv")
        return controller.play(str(playbook), *limit, hosts=hosts)

    first = play(
        {
            "gitpod_runner_settings_environment_classes": [LARGE, {**LARGE, "display_name": "Old"}],
            "gitpod_runner_settings_scm_integrations": [GITHUB, GITLAB],
        }
    )
    assert first.code == 0, first.output
    ids = {name: runner_id for runner_id, name in management(controller)["runners"].items()}
    api = Api(Client(Connection(controller.testbed.management_plane_url, controller.testbed.api_token)))
    assert [entry.name for entry in api.environment_classes(ids[US])] == ["Large"]
    assert sorted((entry.host, entry.oauth, entry.pat) for entry in api.integrations(ids[US])) == [
        ("github.com", True, False),
        ("gitlab.example.com", False, True),
    ]
    secrets = management(controller)["client_secrets"]
    assert list(secrets.values()) == [["s3cret-of-github"]] * 2

    renewed = {**GITHUB, "oauth_client_secret": "n3w-secret", "oauth_client_secret_version": "2026-02"}
    second = play(
        {
            "gitpod_runner_settings_environment_classes": [
                {**LARGE, "description": "For bigger builds"},
                {"display_name": "Old", "state": "absent"},
            ],
            "gitpod_runner_settings_scm_integrations": [renewed, {**GITLAB, "state": "absent"}],
        }
    )
    assert second.code == 0, second.output
    assert second.recap[US]["changed"] == 0
    assert "For bigger builds" in second.output
    assert "oauth_client_secret: (version 2026-02)" in second.output
    assert {entry.name: entry.enabled for entry in api.environment_classes(ids[EU])} == {"Large": True, "Old": False}
    (github,) = api.integrations(ids[EU])
    secrets = management(controller)["client_secrets"]
    assert secrets.pop(github.id) == ["s3cret-of-github", "n3w-secret"]
    assert ["s3cret-of-github"] in secrets.values(), "the first runner's was not sent again"
    kept = json.loads((controller.artifacts / f"{EU}-sent.json").read_text("utf-8"))
    assert kept == {"github github.com": "2026-02"}
    texts = [first.output, second.output, *(path.read_text("utf-8") for path in controller.artifacts.iterdir())]
    secret_texts = ("s3cret-of-github", "n3w-secret", controller.testbed.api_token)
    assert not [text for text in texts for secret in secret_texts if secret in text]


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
