# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a newcomer meets: files say the same of versions, commands exist, links lead somewhere, examples are right."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest
import yaml
from gitpod.v1 import environment_automation_pb2
from google.protobuf import json_format

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.fleet import fleet_problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

ROOT = pathlib.Path(__file__).parents[3]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "examples").rglob("*.md"),
    *(ROOT / "roles").glob("*/README.md"),
]
INVENTORIES = sorted((ROOT / "examples").rglob("inventory.yml"))


def content(name: str) -> t.Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def cores() -> dict[str, str]:
    """The core of each Python of the workflow's matrix."""
    matrix = content(".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]["include"]
    return {entry["core"]: entry["python"] for entry in matrix}


def test_workflow_support_table_and_galaxy_name_the_same_cores() -> None:
    rows = re.findall(r"^\| (2\.\d+) \| (3\.\d+) \|", (ROOT / "docs/support.md").read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == cores()
    assert content("meta/runtime.yml")["requires_ansible"] == f">={min(cores())}.0"
    pinned = re.findall(r"^ansible==(\d+)", (ROOT / "tests/requirements/runtime.txt").read_text("utf-8"), re.MULTILINE)
    # The package ansible 12 has core 2.19, 13 has 2.20, 14 has 2.21.
    assert [f"2.{int(major) + 7}" for major in pinned] == sorted(cores())


def commands() -> list[tuple[str, str]]:
    """Targets of make that files for newcomers name."""
    tasks = content(".ona/automations.yaml")["tasks"]
    found = [("automations", task["command"]) for task in tasks.values()]
    found += [
        ("devcontainer", json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))["onCreateCommand"])
    ]
    for hook in content(".pre-commit-config.yaml")["repos"][0]["hooks"]:
        found.append(("pre-commit", hook["entry"]))
    for name in ("test", "release", "site"):
        for job in content(f".github/workflows/{name}.yml")["jobs"].values():
            found += [(name, step["run"]) for step in job.get("steps", []) if "run" in step]
    found += [
        ("contributing", line)
        for line in re.findall(r"^ {4}(make .*)$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.M)
    ]
    return found


@pytest.mark.parametrize(("where", "command"), commands())
def test_commands_that_newcomers_are_given_exist(where: str, command: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    targets |= {"ruff", "mypy", "yamllint", "docs-check", "unit", "gates", "venvs"}
    named = re.findall(r"\bmake ([a-z][a-z0-9-]*)", command)
    assert set(named) <= targets, where
    files = re.findall(r"(?:^|\s)(\.ci/\w+\.py|tests/\w+\.py)", command)
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_vendors_own_reader_takes_the_automations_file() -> None:
    """Its API refuses a file with a field that it does not know (gitpod-sdk, AutomationsFile)."""
    found = json_format.ParseDict(content(".ona/automations.yaml"), environment_automation_pb2.AutomationsFile())
    assert set(found.tasks) == set(content(".ona/automations.yaml")["tasks"])
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict({"tasks": {"x": {"run": "make"}}}, environment_automation_pb2.AutomationsFile())


def test_as_root_the_python_of_the_container_is_named() -> None:
    """Root's PATH is not the user's: sudo sets its own (sudoers, secure_path)."""
    devcontainer = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))["onCreateCommand"]
    asked = [devcontainer, content(".ona/automations.yaml")["tasks"]["install"]["command"]]
    assert [command for command in asked if "sudo python3" in command] == []


def test_tasks_of_the_environment_wait_for_the_installation() -> None:
    tasks = content(".ona/automations.yaml")["tasks"]
    assert {name for name, task in tasks.items() if task.get("dependsOn") != ["install"]} == {"install"}
    # Whoever opens the environment gets the installation, and starts the rest by hand (gitpod-sdk, AutomationTrigger).
    automatic = {name: task["triggeredBy"] for name, task in tasks.items() if task["triggeredBy"] != ["manual"]}
    assert automatic == {"install": ["postDevcontainerStart"]}
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))["onCreateCommand"]
    assert tasks["install"]["command"] == container


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page: pathlib.Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _hash, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), target


def anchors(path: pathlib.Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*?)\s*$", path.read_text("utf-8"), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", head).replace("`", "") for head in heads]
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in plain}


def test_the_readme_has_the_sections_that_galaxy_and_certification_ask_for_in_their_order() -> None:
    heads = re.findall(r"^## (.*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    asked = ["Description", "Requirements", "Installation", "Use cases", "Testing", "Support", "Release notes"]
    assert [head for head in heads if head in asked] == asked
    assert heads[-1] == "License information"


def test_the_collections_that_are_used_are_those_that_the_readme_names() -> None:
    rows = dict(
        re.findall(r"^\| `([a-z]+\.[a-z]+)`.*? \| (.*)\|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    )
    assert set(rows) == {*content("galaxy.yml")["dependencies"], "awx.awx"}
    used = [path for path in (ROOT / "plugins").rglob("*.py") if "doc_fragments" not in path.parts]
    used += [path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.yml")]
    sources = "\n".join(path.read_text("utf-8") for path in used)
    imported = set(re.findall(r"^\s*(?:from|import) ansible_collections\.(\w+\.\w+)", sources, re.MULTILINE))
    assert imported == {"amazon.aws", "gitpod.enterprise_runner"}
    assert "community.aws" not in sources
    assert set(re.findall(r"community\.general\.(\w+)", sources)) == set(
        re.findall(r"`(\w+)`", rows["community.general"].partition("|")[0])
    )
    # In the group of modules, the options of amazon.aws's own group are extended.
    (extended,) = (
        entry["metadata"] for entry in content("meta/runtime.yml")["action_groups"]["runner"] if type(entry) is dict
    )
    assert extended == {"extend_group": ["amazon.aws.aws"]}


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_example_is_an_inventory_without_problems(path: pathlib.Path) -> None:
    group = yaml.safe_load(path.read_text("utf-8"))["gitpod_runners"]
    tokens = {"gitpod_exchange_token": "a-token"}
    hosts = {
        name: read(name, "/", variables(), {**group.get("vars", {}), **given, **tokens})
        for name, given in group["hosts"].items()
    }
    assert [problem for values in hosts.values() for problem in of_host(values)] == []
    assert not any(fleet_problems({name: values.everything() for name, values in hosts.items()}).values())
