# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job with nothing but an API token, where its secrets go, and the management plane as inventory."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as t

import pytest

from tests.e2e.harness import Controller

SITE = "gitpod.enterprise_runner.site"
EU = "gitpod-eu-central-1"


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


def test_from_nothing_with_only_an_api_token(controller: Controller, cached: pathlib.Path) -> None:
    hosts = only_a_token(controller)
    first = controller.play(SITE, "--limit", EU, "-vvvv", "--diff", hosts=hosts)
    assert first.code == 0, first.output[-5000:]
    assert first.report(EU)["verification"]["healthy"] is True
    assert f"{EU}: active, version 20260115.2" in first.output
    seen = management(controller)
    assert list(seen["runners"].values()) == [EU]
    used = [token for token in seen["exchange_tokens"] if token["used_by"]]
    assert len(used) == 1
    assert used[0]["runner_id"] in seen["runners"]

    # The overlay is this test's own inventory, the only place that holds the API token.
    texts = {"output": first.output}
    for directory in (controller.artifacts, cached):
        texts |= {str(path): path.read_text("utf-8") for path in directory.rglob("*") if path.is_file()}
    secrets = [controller.testbed.api_token, *(token["value"] for token in seen["exchange_tokens"])]
    assert [name for name, text in texts.items() for secret in secrets if secret in text] == []

    again = controller.play(SITE, "--limit", EU, hosts=hosts)
    assert again.code == 0, again.output[-5000:]
    assert again.changed == 0
    assert len(management(controller)["exchange_tokens"]) == len(seen["exchange_tokens"]), "none is minted for nothing"


def test_an_expired_token_is_recognised_and_the_next_run_mints_another(controller: Controller) -> None:
    hosts = only_a_token(controller)
    stages = ("--limit", EU, "--tags", "registration,stack")
    assert controller.play(SITE, *stages, hosts=hosts).code == 0
    # The runner comes to present its token a day too late.
    management(controller, advance_seconds=25 * 3600)
    failed = controller.play(SITE, "--limit", EU, "--tags", "verify", hosts=hosts)
    assert failed.code != 0
    assert "The exchange token has expired" in failed.output
    assert "a new exchange token is minted" in failed.output
    repaired = controller.play(SITE, *stages, hosts=hosts)
    assert repaired.code == 0, repaired.output[-5000:]
    assert repaired.changed > 0
    runner_id = next(iter(management(controller)["runners"]))
    used = [token for token in management(controller)["exchange_tokens"] if token["used_by"]]
    assert [token["runner_id"] for token in used] in ([], [runner_id])
    assert controller.play(SITE, *stages, hosts=hosts).changed == 0


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

    management(controller, add_runners=[{"name": EU, "region": "eu-central-1"}])
    twins = ask("--graph", "--flush-cache")
    assert "Several runners have one name" in twins.stderr
