# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value is read once, and typed: no task of a role or playbook reads a raw variable of the inventory.

Only C(hosts) and C(serial) of a play may, because Ansible evaluates them before any task could read anything.
"""

from __future__ import annotations

import pathlib
import typing as t

import jinja2
import jinja2.nodes
import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

ROOT = pathlib.Path(__file__).parents[3]
FILES = sorted(
    path
    for pattern in ("roles/*/tasks", "roles/*/handlers", "roles/*/vars", "roles/*/defaults", "playbooks")
    for directory in ROOT.glob(pattern)
    for path in directory.rglob("*.yml")
)
# Expressions without braces.
BARE = frozenset({"when", "until", "failed_when", "changed_when", "that", "var"})
BEFORE_ANY_TASK = frozenset({"hosts", "serial"})
TEMPLATES = jinja2.Environment(autoescape=False)  # noqa: S701 - nothing is rendered


def read_by(template: str) -> set[str]:
    """Declared variables that a template reads, by themselves, of another host, or by a lookup of the name."""
    found: set[str] = set()
    for node in TEMPLATES.parse(template).find_all((jinja2.nodes.Name, jinja2.nodes.Const, jinja2.nodes.Getattr)):
        named = getattr(node, {"Name": "name", "Const": "value", "Getattr": "attr"}[type(node).__name__])
        found |= {named} if isinstance(named, str) else set()
    return found & set(variables())


def reads(content: t.Any, key: str = "") -> set[str]:
    """Declared variables that YAML of tasks or plays reads.

    :param key: under which the content stands.
    """
    if isinstance(content, dict):
        skipped = BEFORE_ANY_TASK if "hosts" in content else frozenset()
        parts = [reads(value, str(name)) | reads(name) for name, value in content.items() if name not in skipped]
        return set().union(*parts)
    if isinstance(content, list):
        return set().union(*(reads(item, key) for item in content))
    if not isinstance(content, str):
        return set()
    return read_by(f"{{{{ {content} }}}}" if key in BARE and "{{" not in content else content)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_task_reads_a_raw_variable(path: pathlib.Path) -> None:
    assert reads(yaml.safe_load(path.read_text("utf-8"))) == set()


def test_the_files_are_found() -> None:
    assert {path.parts[len(ROOT.parts)] for path in FILES} == {"roles", "playbooks"}
    assert ROOT / "playbooks/tasks/stages.yml" in FILES
    assert len(FILES) > 30


@pytest.mark.parametrize(
    "task",
    [
        {"x.y.z": {"region": "{{ gitpod_region }}"}},
        {"x.y.z": {"region": "{{ gitpod_region | default(omit, true) }}"}},
        {"x.y.z": {"nested": [{"deep": "a {{ (gitpod_region)[0] }} b"}]}},
        {"x.y.z": None, "when": "gitpod_region | length > 0"},
        {"x.y.z": None, "when": ["true", "not gitpod_region"]},
        {"x.y.z": None, "loop": "{{ [gitpod_region] }}"},
        {"x.y.z": {"that": "gitpod_region is defined"}},
        {"block": [{"x.y.z": None, "vars": {"__own": "{{ gitpod_region }}"}}]},
        {"x.y.z": {"region": "{{ hostvars[item].gitpod_region }}"}},
        {"x.y.z": {"region": "{{ hostvars[item]['gitpod_region'] }}"}},
        {"x.y.z": {"region": "{{ hosts | map('extract', hostvars, 'gitpod_region') }}"}},
        {"x.y.z": {"region": "{{ lookup('ansible.builtin.vars', 'gitpod_region') }}"}},
        {"x.y.z": {"region": "{% if gitpod_region %}a{% endif %}"}},
        {"x.y.z": {"{{ gitpod_region }}": "a"}},
        {"hosts": "all", "environment": {"AWS_REGION": "{{ gitpod_region }}"}},
    ],
)
def test_a_raw_variable_is_found_wherever_it_is_read(task: dict[str, t.Any]) -> None:
    assert reads([task]) == {"gitpod_region"}


@pytest.mark.parametrize(
    "task",
    [
        {"name": "Set gitpod_region", "x.y.z": {"msg": "gitpod_region is missing in {{ inventory_hostname }}"}},
        {"x.y.z": None, "register": "gitpod_stack_result", "when": "gitpod_stack_result.changed"},
        {"x.y.z": {"name": "{{ __gitpod_dns.region }}"}, "vars": {"gitpod_dns_records": "{{ __gitpod_dns.planned }}"}},
        {"hosts": "{{ gitpod_region }}", "serial": "{{ gitpod_rollout_batches }}", "tasks": []},
    ],
)
def test_names_in_sentences_results_and_plays_are_no_reading(task: dict[str, t.Any]) -> None:
    assert reads([task]) == set()
