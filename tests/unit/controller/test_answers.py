# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer of every survey: AWX's judgement of it, AWX's file, ansible-core's loader and variables, typed value.

tests/e2e/test_controller_life.py runs each template's playbook; here are all the answers that a person may give there.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import survey, templates, workflows
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from tests.awx_file import awx
from tests.controller import surveys
from tests.unit.values.hostile import DECLARED
from tests.unit.values.test_through_the_stages import TYPED
from tests.unit.values.world import typed_values

Surveyed = templates.JobTemplate | workflows.Workflow
SURVEYED: list[Surveyed] = [one for one in (*templates.ALL, *workflows.ALL) if one.survey]
ASKED = sorted({name for one in SURVEYED for name in one.survey})
# Forms of which YAML makes numbers have their own, which survives (docs/values.md).
RELEASES = ("gitpod_stack_release_version", "gitpod_verify_version")
NOTHING = ("", " ", "\r\n", "\n\n", "~", "null")


def specification(surveyed: Surveyed) -> dict[str, t.Any]:
    return survey.survey("t", surveyed.description, (DECLARED[name] for name in surveyed.survey))


def forms(variable: Variable) -> list[tuple[str, t.Any]]:
    """What a person may answer, and what it means."""
    meant = TYPED[variable.name]
    if variable.name in RELEASES:
        spelled = ("v20260115.10", " v20260115.10\r\n", '"20260115.10"', "'v20260115.10'\n")
        return [(said, "20260115.10") for said in spelled]
    if variable.kind == "bool":
        return [("true", True), ("false", False)]
    if variable.choices and variable.kind != "list":
        return [(choice, choice) for choice in variable.choices]
    if variable.kind == "list":
        lines = ["\n".join(meant), "\r\n".join(meant) + "\r\n", "\n".join(f"- {one}" for one in meant) + "\n"]
        return [(said, meant) for said in (*lines, ", ".join(meant), ",".join(meant), json.dumps(meant))]
    if variable.kind in ("int", "float"):
        return [(said, meant) for said in (str(meant), f" {meant}\r\n", f'"{meant}"', f"{meant}\n\n")]
    return [(said, meant) for said in (meant, f"  {meant} \r\n", f"'{meant}'", f'"{meant}"\n')]


@pytest.mark.parametrize("surveyed", SURVEYED, ids=lambda one: f"{type(one).__name__}-{one.id}")
def test_awx_takes_every_answer_and_refuses_what_is_no_choice(surveyed: Surveyed) -> None:
    spec = specification(surveyed)
    for name in surveyed.survey:
        assert [said for said, _meant in forms(DECLARED[name]) if surveys.refused(spec, {name: said})] == [], name
    choices = [item["variable"] for item in spec["spec"] if item["type"] == "multiplechoice"]
    assert surveys.refused(spec, dict.fromkeys(choices, "maybe")) == choices


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_is_what_was_meant(tmp_path: pathlib.Path, name: str) -> None:
    assert len(forms(DECLARED[name])) > 1
    for said, meant in forms(DECLARED[name]):
        # The inventory says something else, or nothing.
        values = typed_values(tmp_path, {}, awx({name: said}))
        assert (values.problems, values.unknown) == ((), ()), said
        assert values.given == {name: meant}, said


@pytest.mark.parametrize("surveyed", SURVEYED, ids=lambda one: f"{type(one).__name__}-{one.id}")
def test_a_survey_that_nobody_answers_leaves_the_inventory_as_it_is(tmp_path: pathlib.Path, surveyed: Surveyed) -> None:
    """Left out at the launch, and every kind of blank that can be typed."""
    spec = specification(surveyed)
    inventory = {name: TYPED[name] for name in surveyed.survey}
    texts = [item["variable"] for item in spec["spec"] if item["type"] != "multiplechoice"]
    launches = [surveys.left_out(spec), *(dict.fromkeys(texts, nothing) for nothing in NOTHING)]
    assert set(launches[0]) == set(texts), "AWX hands on the default of a question, but none that is no choice"
    for given in launches:
        values = typed_values(tmp_path, inventory, awx(given))
        assert (values.given, values.problems) == (inventory, ())
        assert typed_values(tmp_path, {}, awx(given)).given == {}


def test_a_template_in_an_answer_is_never_run(tmp_path: pathlib.Path) -> None:
    marker = tmp_path / "ran"
    said = f"{{{{ lookup('ansible.builtin.pipe', 'touch {marker}') }}}}"
    for name in ASKED:
        typed_values(tmp_path, {}, awx({name: said}))
    assert not marker.exists()


def test_what_a_template_fixes_is_written_without_the_tag_and_answers_with_it() -> None:
    """Top-level extra variables of a job template are trusted where nobody has said otherwise."""
    fixed = {"gitpod_stack_review": True, "gitpod_domain_name": "{{ region }}.example.com"}
    assert awx(fixed, fixed) == "gitpod_stack_review: true\ngitpod_domain_name: '{{ region }}.example.com'\n"
    assert awx({**fixed, "gitpod_domain_name": "x"}, fixed).endswith("!unsafe 'gitpod_domain_name': !unsafe 'x'\n")
