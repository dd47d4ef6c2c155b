# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is stated twice is stated equally: roles' defaults and specifications, modules and the action group."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())


def load(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text("utf-8"))


def options_of(role: str) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {}
    for entry_point in load(ROOT / "roles" / role / "meta/argument_specs.yml")["argument_specs"].values():
        options.update(entry_point.get("options", {}))
    return options


@pytest.mark.parametrize("role", ROLES)
def test_defaults_equal_the_specification(role: str) -> None:
    defaults = load(ROOT / "roles" / role / "defaults/main.yml")
    stated = {name: option["default"] for name, option in options_of(role).items() if "default" in option}
    # A pattern of hosts is read before any role is.
    stated.pop("gitpod_hosts", None)
    assert stated == defaults


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_own_variables_carry_its_name(role: str) -> None:
    # What stages share has no stage in its name (DESIGN.md, "The inventory contract").
    shared = {"gitpod_expected_environments", "gitpod_renew_secrets"} if role == "gitpod_prerequisites" else set()
    defaults = set(load(ROOT / "roles" / role / "defaults/main.yml")) - shared
    assert [name for name in sorted(defaults) if name != role and not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_option_says_what_it_is(role: str) -> None:
    for name, option in options_of(role).items():
        assert option.get("description"), name
        assert option.get("type"), name
        assert option["type"] != "list" or option.get("elements"), name


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_stands_in_the_roles_readme(role: str) -> None:
    readme = (ROOT / "roles" / role / "README.md").read_text("utf-8")
    assert [name for name in options_of(role) if f"`{name}`" not in readme] == []


def test_the_action_group_holds_every_module_that_calls_aws() -> None:
    group = load(ROOT / "meta/runtime.yml")["action_groups"]["runner"]
    calls_aws = {
        path.stem for path in (ROOT / "plugins/modules").glob("*.py") if "RunnerModule" in path.read_text("utf-8")
    }
    assert {entry for entry in group if isinstance(entry, str)} == calls_aws
    assert {"metadata": {"extend_group": ["amazon.aws.aws"]}} in group


def test_the_collection_states_one_version() -> None:
    galaxy = load(ROOT / "galaxy.yml")
    changes = load(ROOT / "changelogs/changelog.yaml")["releases"]
    assert str(galaxy["version"]) in changes


def test_the_demo_links_the_checkout_that_it_imports() -> None:
    """On a fresh machine nothing else has made the link (tests/collection.py)."""
    (prerequisites,) = re.findall(r"^demo:(.*?)##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert ".work/collections/.linked" in prerequisites.split()


def test_what_runs_on_the_control_node_imports_no_sdk() -> None:
    """Ansible's workers import it anew for each host, and compile it each time."""
    plugins = [
        f"ansible_collections.gitpod.enterprise_runner.plugins.{kind}.{path.stem}"
        for kind in ("action", "filter")
        for path in sorted((ROOT / "plugins" / kind).glob("*.py"))
    ]
    assert len(plugins) > 10
    program = (
        "import importlib, sys; from tests import collection; collection.install()\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program, *plugins], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(loaded.stdout.split())
    assert set(plugins) <= modules
    assert {"boto3", "botocore", "gitpod", "dns"} & modules == set()
