# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What adopt.yml writes, Ansible's own loader and templating read as the same again."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules_stack import LONGEST_PARAMETER
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.adopted_files import adopted_files

# What YAML 1.1 reads as something else than text, and what Jinja2 reads as a template.
TRAPS = [
    *["null", "~", "", "yes", "No", "on", "true", "012", "0o12", "0x1F", "1e3", "1.0", ".inf", ".nan", "1_000"],
    *["12:30:00", "2026-01-15", "2026-01-15T10:00:00Z", "20270101.10", "=", "<<", "*alias", "&anchor", "!tag"],
    *["!unsafe x", "- a", "a: b", "a: null", "a: null\nb", "a:\n", " a", "a ", "a #b", "#", "'", '"', "\\n", "%", "@"],
    *["`", "{a: b}", "[a]", "---", "...", "{{ 1 + 1 }}", "{# gone #}", "{% raw %}", "{{", "#}", "}}", "München"],
    *["\u2028", "\x85", "\ufeff", "\U0001f600", "\t", "line one\nline two: null\n", "\n", "\r\n", "a\n\n\nb"],
    *["x" * 2000, "a b " * 500],
]
TEXT = st.one_of(
    st.sampled_from(TRAPS),
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.lists(st.sampled_from(TRAPS), min_size=1, max_size=3).map(" ".join),
)
KEY = st.one_of(st.from_regex(r"[A-Za-z][A-Za-z0-9 ]{0,20}", fullmatch=True), TEXT)
VALUE = st.one_of(TEXT, st.booleans(), st.integers(), st.none(), st.lists(TEXT, max_size=3), st.dictionaries(KEY, TEXT))


def as_ansible_reads(content: str) -> t.Any:
    """Loaded as an inventory's file, and templated as a task would."""
    loader = DataLoader()
    loaded = loader.load(content, file_name="/host_vars/x.yml", show_content=False)
    templar = Templar(loader=loader, variables={})
    return {name: templar.template(value) for name, value in (loaded or {}).items()}


def plain(value: t.Any) -> t.Any:
    return json.loads(json.dumps(value, default=str))


def written(found: dict[str, t.Any], notes: list[str]) -> str:
    runner = {"stack": "eu", "region": "eu-west-1", "variables": found, "notes": notes}
    return next(file["content"] for file in adopted_files([runner]) if file["path"] == "host_vars/eu.yml")


@given(st.dictionaries(st.from_regex(r"gitpod_[a-z_]{1,20}", fullmatch=True), VALUE, max_size=4), st.lists(TEXT))
@settings(max_examples=400, deadline=None)
def test_every_value_reads_back_as_the_same(found: dict[str, t.Any], notes: list[str]) -> None:
    assert plain(as_ansible_reads(written(found, notes))) == found


@pytest.mark.parametrize("value", TRAPS)
def test_each_trap_reads_back_as_the_same(value: str) -> None:
    found = {"gitpod_stack_parameters": {"Message": value, value: "x"}, "gitpod_x": value, "gitpod_y": [value]}
    assert plain(as_ansible_reads(written(found, [value]))) == found


@example({"A": "x" * (LONGEST_PARAMETER + 1)})
@given(st.dictionaries(st.sampled_from(["A", "B", "C"]), TEXT))
@settings(max_examples=200, deadline=None)
def test_a_stacks_values_are_written_as_they_are_or_left_out_and_told(values: dict[str, str]) -> None:
    labels = {"A": "Message", "B": "Size {{ x }}", "C": "Domain Name"}
    template = Template({}, tuple(Parameter(key, label) for key, label in labels.items()))
    found, notes = variables.of_stack(Stack("eu", parameters=values), template)
    read = plain(as_ansible_reads(written(found, notes)))
    assert read == found
    for key, name in (("A", "Message"), ("B", "B")):
        value = values.get(key, "")
        # No stack has a longer one.
        if any(begin in value for begin in ("{{", "{%", "{#")) or len(value.encode()) > LONGEST_PARAMETER:
            assert any(labels[key] in note for note in notes)
        elif value not in ("", "****"):
            assert read["gitpod_stack_parameters"][name] == value
