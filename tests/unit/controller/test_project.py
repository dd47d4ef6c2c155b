# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shipped for a controller: project, execution environment, patterns, rulebook; each as its reader wants it."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import confidential, templates
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from tests.controller import surveys

ROOT = pathlib.Path(__file__).parents[3]
PROJECT = ROOT / "examples/awx"
PATTERNS = sorted((ROOT / "extensions/patterns").iterdir())
BUILDER = pathlib.Path(os.environ.get("ANSIBLE_BUILDER") or pathlib.Path(sys.executable).parent / "ansible-builder")
# How AWX 24.6.1 tells that a file is a playbook (awx/main/utils/ansible.py).
IS_A_PLAYBOOK = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?import_playbook|include):\s*?.*?$", re.MULTILINE)
# Import name to the requirement that brings it; what ansible-core brings is in every environment.
BROUGHT_BY = {
    "boto3": "boto3",
    "botocore": "botocore",
    "cryptography": "cryptography",
    "dns": "dnspython",
    "gitpod": "gitpod-sdk",
    "ona_sdk": "gitpod-sdk",
    "pyqwest": "gitpod-sdk",
}
BY_ANSIBLE = {"ansible", "ansible_collections", "jinja2", "yaml"}


@pytest.mark.parametrize("template", templates.ALL, ids=lambda template: template.id)
def test_each_job_template_has_its_file_in_the_project(template: templates.JobTemplate) -> None:
    if template.id == "acceptance" and not (ROOT / "playbooks/acceptance.yml").exists():
        pytest.skip("this version has no such playbook, and so no such job template")
    text = (PROJECT / f"{template.playbook}.yml").read_text("utf-8")
    assert IS_A_PLAYBOOK.search(text)
    (play,) = yaml.safe_load(text)
    assert play["ansible.builtin.import_playbook"] == f"gitpod.enterprise_runner.{template.playbook}"


def test_every_playbook_of_the_collection_has_its_file() -> None:
    names = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert names - {path.stem for path in PROJECT.glob("*.yml")} == set()


def test_the_projects_collections_have_the_ranges_of_galaxy_yml() -> None:
    wanted = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["dependencies"]
    for path, keys in (
        (PROJECT / "collections/requirements.yml", ["collections"]),
        (PROJECT / "execution-environment.yml", ["dependencies", "galaxy", "collections"]),
    ):
        content = yaml.safe_load(path.read_text("utf-8"))
        for key in keys:
            content = content[key]
        assert {entry["name"]: entry["version"] for entry in content if "version" in entry} == wanted


def test_the_credentials_environment_variables_are_read_by_the_runners_group() -> None:
    """Or by the inventory's source, and come as an extra variable."""
    text = " ".join(confidential.OF_THE_GROUP.values())
    for kind in confidential.TYPES.values():
        by_extra_variables = {name.upper() for name in kind["injectors"].get("extra_vars", {})}
        assert [name for name in kind["injectors"]["env"] if name not in text] == sorted(by_extra_variables)
        assert set(kind["injectors"].get("extra_vars", {})) <= set(variables())
    assert set(confidential.OF_THE_GROUP) <= set(variables())


def test_a_project_has_no_variables_that_ansible_would_not_read() -> None:
    """Of an imported playbook, Ansible looks for them beside the collection's."""
    assert [path.name for path in PROJECT.rglob("*_vars")] == []


def test_everything_that_a_stage_imports_is_required() -> None:
    required = re.findall(r"^[a-z0-9-]+", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    imported = set()
    for path in (ROOT / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - BY_ANSIBLE
    assert foreign == set(BROUGHT_BY)
    assert {BROUGHT_BY[name] for name in foreign} == set(required)


@pytest.mark.skipif(not BUILDER.exists(), reason="ansible-builder is not installed")
def test_the_execution_environment_can_be_built_of_what_is_stated(tmp_path: pathlib.Path) -> None:
    definition = PROJECT / "execution-environment.yml"
    command = [str(BUILDER), "create", "--file", str(definition), "--context", str(tmp_path / "context")]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    built = "".join(path.read_text("utf-8") for path in (tmp_path / "context").rglob("*") if path.is_file())
    assert "ansible-core>=2.19" in built
    assert "gitpod.enterprise_runner" in built
    place = tmp_path / "ansible_collections/gitpod"
    place.mkdir(parents=True)
    (place / "enterprise_runner").symlink_to(ROOT)
    found = subprocess.run(
        [str(BUILDER), "introspect", str(tmp_path)], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    told = yaml.safe_load(found.stdout)
    assert {re.match(r"[a-z0-9-]+", line).group() for line in told["python"]} == set(BROUGHT_BY.values())  # type: ignore[union-attr]
    assert told["system"] == []


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_pattern_is_shaped_as_red_hat_says(pattern: pathlib.Path) -> None:
    """ansible/pattern-service, specifications/pattern-schema 1.0.0 and the specification beside it."""
    described = json.loads((pattern / "meta/pattern.json").read_text("utf-8"))
    texts = ("schema_version", "name", "title", "description", "short_description")
    assert all(isinstance(described[name], str) and described[name] for name in texts)
    assert described["name"] == pattern.name
    assert re.fullmatch(r"[a-z0-9_]{1,64}", pattern.name)
    assert len(described["title"]) <= 64
    assert not described["short_description"].endswith(".")
    resources = described["aap_resources"]
    assert {"name", "description"} <= set(resources["controller_project"])
    assert {"name", "description", "image_name"} <= set(resources["controller_execution_environment"])
    assert [entry["primary"] for entry in resources["controller_job_templates"]].count(True) == 1
    for entry in resources["controller_job_templates"]:
        assert (pattern / "playbooks" / entry["playbook"]).is_file()
        assert entry["execution_environment"] == resources["controller_execution_environment"]["name"]
        assert surveys.fault(entry["survey"]) == ""
        assert {item["variable"] for item in entry["survey"]["spec"]} <= set(variables())
        # The pattern's schema takes texts as defaults, and lists as choices.
        assert all(isinstance(item["default"], str) for item in entry["survey"]["spec"])
        assert all(isinstance(item.get("choices", []), list) for item in entry["survey"]["spec"])
    assert (pattern / "README.md").read_text("utf-8").startswith("# ")


RULEBOOK = ROOT / "extensions/eda/rulebooks/runners.yml"


@pytest.mark.parametrize(
    ("named", "looked_at"),
    [
        ("gitpod-eu.1", ["gitpod-eu.1"]),
        ("europe", ["gitpod-eu.1"]),
        ("gitpod_runners_of_us", []),
        ("all", None),
        ("gitpod_runners", None),
        ("ungrouped", None),
        ("gitpod-*", None),
        ("gitpod-eu.1:gitpod-eu-2", None),
        ("@hosts", None),
    ],
)
def test_what_somebody_tells_of_is_one_runner(named: str, looked_at: list[str] | None, tmp_path: pathlib.Path) -> None:
    """A group's name is a valid limit, which Ansible would take for all of its runners."""
    (ruleset,) = yaml.safe_load(RULEBOOK.read_text("utf-8"))
    rules = [rule for rule in ruleset["rules"] if "event.payload.runner" in rule["condition"]]
    assert len(rules) == 2
    hosts = {"hosts": {"gitpod-eu.1": {}, "gitpod-eu-2": {}}}
    (tmp_path / "inventory.yml").write_text(json.dumps({"gitpod_runners": {"children": {"europe": hosts}}}), "utf-8")
    inventory = InventoryManager(DataLoader(), [str(tmp_path / "inventory.yml")])
    for rule in rules:
        pattern = re.search(r'runner is match\("(.+)"\)', rule["condition"])
        assert pattern
        assert bool(re.match(pattern[1], named)) == (looked_at is not None)
        limit = rule["actions"][0]["run_job_template"]["job_args"]["limit"]
        if looked_at is not None:
            inventory.subset(limit.replace("{{ event.payload.runner }}", named))
            assert [host.name for host in inventory.get_hosts("gitpod_runners")] == looked_at


def test_the_rulebook_starts_only_templates_that_look() -> None:
    (ruleset,) = yaml.safe_load(RULEBOOK.read_text("utf-8"))
    started = set()
    for rule in ruleset["rules"]:
        for action in rule["actions"]:
            started.add(action["run_job_template"]["name"].rpartition("}} ")[2])
    looking = {templates.BY_ID[name].title for name in ("status", "verify", "prerequisites")}
    assert started == looking
