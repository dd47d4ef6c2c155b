# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a release, and what asks for a word in the changelog. `make release-check` makes one, in a copy."""

from __future__ import annotations

import importlib.util
import pathlib
import typing as t

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[3]


def script(name: str) -> t.Any:
    """A program of .ci, which is no package."""
    found = importlib.util.spec_from_file_location(name, ROOT / f".ci/{name}.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


release, fragments = script("release"), script("fragments")


@pytest.mark.parametrize(
    ("wanted", "tags", "there", "told"),
    [
        ("1.2.0", ["v1.1.0"], ["a.yml"], []),
        ("1.1.0", [], ["a.yml"], []),
        ("1.1.0", ["v1.1.0"], ["a.yml"], ["does not follow 1.1.0, which is released", "tag v1.1.0 is there"]),
        ("1.0.9", ["v1.1.0"], [], ["does not follow 1.1.0", "changelogs/fragments is empty"]),
        ("2.0.0", ["v2.0.0"], ["a.yml"], ["tag v2.0.0 is there"]),
    ],
)
def test_all_that_speaks_against_a_release_is_said_at_once(
    wanted: str, tags: list[str], there: list[str], told: list[str]
) -> None:
    found = release.refusals(wanted, "1.1.0", tags, there)
    assert len(found) == len(told)
    assert all(part in line for part, line in zip(told, found))


@pytest.mark.parametrize("version", ["v1.2.0", "1.2", "1.2.0-rc1", "01.2.0", "1.2.0\n", ""])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(release.ReleaseError, match="is no version"):
        release.parsed(version)


def test_the_next_version_is_a_minor_one_and_after_zero_the_first_stable() -> None:
    assert [release.following(present) for present in ("0.1.0", "1.0.0", "1.9.3")] == ["1.0.0", "1.1.0", "1.10.0"]


def test_only_the_version_changes_in_galaxy_yml() -> None:
    before = (ROOT / "galaxy.yml").read_text("utf-8")
    after = release.with_version(before, "7.8.9")
    assert release.version_of(after) == "7.8.9"
    assert [line for line in after.splitlines() if line not in before.splitlines()] == ["version: 7.8.9"]
    with pytest.raises(release.ReleaseError):
        release.with_version("name: x\n", "1.0.0")


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path: pathlib.Path) -> None:
    with pytest.raises(release.ReleaseError, match=r"git failed:\n.*not a git command"):
        release.run("git", "nonsense", cwd=tmp_path)


def test_without_a_token_nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GALAXY_TOKEN", raising=False)
    with pytest.raises(release.ReleaseError, match="GALAXY_TOKEN is not set"):
        release.publish(pathlib.Path("x.tar.gz"))


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        (["plugins/modules/runner_dns.py"], ["plugins/modules/runner_dns.py"]),
        (["plugins/modules/runner_dns.py", "changelogs/fragments/dns.yml"], []),
        (["roles/gitpod_dns/tasks/main.yml", "tests/unit/x.py"], ["roles/gitpod_dns/tasks/main.yml"]),
        (["tests/unit/x.py", "docs/dns.md", "Makefile"], []),
        (["galaxy.yml", "changelogs/changelog.yaml", "CHANGELOG.rst"], []),
        (["plugins/a.py", "changelogs/fragments/.keep"], ["plugins/a.py"]),
    ],
)
def test_a_change_that_users_meet_wants_a_fragment(changed: list[str], missing: list[str]) -> None:
    assert fragments.missing(changed) == missing


def test_the_changelog_s_sections_are_those_that_contributors_read_of() -> None:
    sections = [
        name for name, _title in yaml.safe_load((ROOT / "changelogs/config.yaml").read_text("utf-8"))["sections"]
    ]
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [name for name in sections if f"`{name}`" not in text] == []
