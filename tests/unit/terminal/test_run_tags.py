# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags that no task has are refused before the first task."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible import context
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import run_tags

SITE = ("gitpod.enterprise_runner.site",)


def run(monkeypatch: pytest.MonkeyPatch, playbook: str = "site", **options: object) -> object:
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"args": SITE, "tags": ("all",), "skip_tags": (), **options}))
    return run_tags.known_tags(["100%"], playbook)


def test_the_tags_of_site_are_those_of_its_stages() -> None:
    tags = run_tags.tags_of(run_tags.PLAYBOOKS / "site.yml")
    assert {"prerequisites", "certificate", "registration", "privatelink", "stack", "dns", "verify", "report"} <= tags
    assert run_tags.tags_of(run_tags.PLAYBOOKS / "status.yml") == frozenset()


@pytest.mark.parametrize("path", sorted(run_tags.PLAYBOOKS.glob("*.yml")), ids=lambda path: str(path.stem))
def test_every_playbook_asks_before_its_first_task(path: pathlib.Path) -> None:
    first = yaml.safe_load(path.read_text("utf-8"))[0]
    assert f"known_tags('{path.stem}')" in str(first.get("serial"))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tags": ("stack", "dns")},
        {"tags": ("always",), "skip_tags": ("verify",)},
        {"tags": ("stak",), "listtags": True},
        {"tags": ("stak",), "syntax": True},
    ],
)
def test_known_tags_go_on(monkeypatch: pytest.MonkeyPatch, options: dict[str, object]) -> None:
    assert run(monkeypatch, **options) == ["100%"]


@pytest.mark.parametrize(
    ("playbook", "options", "told"),
    [
        ("site", {"tags": ("stack", "stak")}, "--tags names stak, which no task of the playbook site has"),
        ("site", {"skip_tags": ("verfy",)}, "--skip-tags names verfy"),
        ("status", {"tags": ("stack",)}, "none; run it without"),
        ("plan", {"tags": ("prerequisites",)}, "none; run it without"),
        ("verify", {"tags": ("verify",)}, "none; run it without"),
        ("acceptance", {"tags": ("acceptance",)}, "none; run it without"),
        ("controller", {"skip_tags": ("schedules",)}, "--skip-tags names schedules"),
        ("when_needed", {"tags": ("tagged",)}, "--tags names tagged"),
        ("plan", {"tags": ("always",)}, "--tags names always"),
    ],
)
def test_a_tag_that_no_task_has_is_refused(
    monkeypatch: pytest.MonkeyPatch, playbook: str, options: dict[str, object], told: str
) -> None:
    with pytest.raises(AnsibleFilterError, match=told):
        run(monkeypatch, playbook, **options)


@pytest.mark.parametrize("playbook", sorted(path.stem for path in run_tags.PLAYBOOKS.glob("*.yml")))
def test_every_playbook_refuses_them_before_its_first_task(playbook: str) -> None:
    play = yaml.safe_load((run_tags.PLAYBOOKS / f"{playbook}.yml").read_text("utf-8"))[0]
    assert f"known_tags('{playbook}')" in str(play["serial"])


def test_a_playbook_of_ones_own_may_have_tags_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    imports = tmp_path / "imports.yml"
    imports.write_text("- ansible.builtin.import_playbook: gitpod.enterprise_runner.site\n  tags: [runners]\n")
    assert run(monkeypatch, args=(str(imports),), tags=("runners",)) == ["100%"]
    with pytest.raises(AnsibleFilterError):
        run(monkeypatch, args=(str(imports),), tags=("runers",))
    plays = tmp_path / "plays.yml"
    plays.write_text(f"{imports.read_text()}- hosts: all\n  tasks: []\n  tags: [mine]\n")
    assert run(monkeypatch, args=(str(plays),), tags=("mine",)) == ["100%"]
    assert run(monkeypatch, args=(str(tmp_path / "nowhere.yml"),), tags=("x",)) == ["100%"]
