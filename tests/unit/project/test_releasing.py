# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release of a small collection, from the command to a server: with git, ansible-galaxy and antsibull-changelog.

The importer alone is left out, because it takes half a minute; `make release-check` has it, on the collection itself.
"""

from __future__ import annotations

import importlib.util
import io
import pathlib
import subprocess
import sys
import tarfile
import typing as t

import pytest

from tests.publishing import TOKEN, serving

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("antsibull_changelog"), reason="antsibull-changelog is not installed"
)

ROOT = pathlib.Path(__file__).parents[3]
GALAXY_YML = """---
namespace: gitpod
name: enterprise_runner
version: 0.1.0
readme: README.md
authors: [somebody]
repository: https://example.com/
license: [GPL-3.0-or-later]
build_ignore: [".*", changelogs/.plugin-cache.yaml]
"""


def git(checkout: pathlib.Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    command = ["git", "-C", str(checkout), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> pathlib.Path:
    """A collection with one fragment, committed on main."""
    place = tmp_path / "checkout"
    (place / "changelogs/fragments").mkdir(parents=True)
    (place / "meta").mkdir()
    (place / "galaxy.yml").write_text(GALAXY_YML, "utf-8")
    (place / "README.md").write_text("# A collection\n", "utf-8")
    (place / "meta/runtime.yml").write_text("---\nrequires_ansible: '>=2.19.0'\n", "utf-8")
    (place / "changelogs/config.yaml").write_bytes((ROOT / "changelogs/config.yaml").read_bytes())
    (place / "changelogs/fragments/a.yml").write_text("---\nminor_changes:\n  - it is there.\n", "utf-8")
    (place / ".gitignore").write_text(".work/\nchangelogs/.plugin-cache.yaml\n", "utf-8")
    git(place.parent, "init", "--quiet", "--initial-branch", "main", str(place))
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "Begin")
    return place


@pytest.fixture
def release(checkout: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Any:
    """.ci/release.py of that checkout; the importer says yes."""
    found = importlib.util.spec_from_file_location("release_of_a_checkout", ROOT / ".ci/release.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", checkout)
    monkeypatch.setattr(module, "OUTPUT", checkout / ".work/release")
    really = module.run

    def run(*command: str, cwd: pathlib.Path, **environment: str) -> str:
        if "galaxy_importer.main" in command:
            return str(module.IMPORTED)
        return str(really(*command, cwd=cwd, **environment))

    monkeypatch.setattr(module, "run", run)
    return module


def said(release: t.Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints, on either stream, and whether it went well."""
    monkeypatch.setattr(sys, "argv", ["release.py", *words])
    code = release.main()
    printed = capsys.readouterr()
    assert bool(printed.err) is bool(code)
    return str(printed.err or printed.out)


Say = t.Callable[..., str]


@pytest.fixture
def say(release: t.Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    return lambda *words: said(release, monkeypatch, capsys, *words)


def state(checkout: pathlib.Path) -> tuple[str, str, str]:
    return git(checkout, "rev-parse", "HEAD"), git(checkout, "tag"), git(checkout, "status", "--porcelain")


def test_a_release_from_the_command_to_galaxy(
    checkout: pathlib.Path, release: t.Any, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball = checkout / ".work/release/gitpod-enterprise_runner-1.0.0.tar.gz"
    monkeypatch.setenv("GALAXY_TOKEN", TOKEN)
    monkeypatch.setenv("ANSIBLE_GALAXY_COLLECTION_IMPORT_POLL_INTERVAL", "0.05")

    # Nothing is published that has no tag.
    assert "there is no tag v1.0.0" in say("1.0.0", "--publish")
    told = say("1.0.0")
    assert f"1.0.0 is released: {tarball}; push the branch and the tag: git push --atomic origin main v1.0.0" in told
    assert git(checkout, "log", "-1", "--format=%s %D") == "Release 1.0.0 HEAD -> main, tag: v1.0.0"
    assert "- it is there." in (checkout / "CHANGELOG.rst").read_text("utf-8")
    assert git(checkout, "for-each-ref", "refs/release") == ""
    assert git(checkout, "status", "--porcelain") == ""
    first = tarball.read_bytes()

    before = state(checkout)
    again = say("1.0.0")
    for part in ("does not follow 1.0.0, which is released", "tag v1.0.0 is there already", "fragments is empty"):
        assert part in again
    assert state(checkout) == before

    with serving() as galaxy:
        monkeypatch.setenv("GALAXY_SERVER", galaxy.url)
        # Built again from the tag, it is the same to the byte: wherever and whenever that happens.
        tarball.unlink()
        assert say("1.0.0", "--publish") == f"1.0.0 is published: {tarball}\n"
        assert galaxy.uploaded == {tarball.name: first}
        assert galaxy.asked == 3
    assert state(checkout) == before


@pytest.mark.parametrize(
    ("token", "refusal", "told"),
    [
        ("wrong", "", "Invalid token."),
        (TOKEN, "Role metadata is invalid", "Galaxy import process failed: Role metadata is invalid"),
        (TOKEN, "it is there already", "Artifact already exists"),
    ],
)
def test_what_galaxy_says_no_to_is_told(
    token: str, refusal: str, told: str, checkout: pathlib.Path, release: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball = checkout.parent / "gitpod-enterprise_runner-1.0.0.tar.gz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("README.md"))
    monkeypatch.setenv("GALAXY_TOKEN", token)
    monkeypatch.setenv("ANSIBLE_GALAXY_COLLECTION_IMPORT_POLL_INTERVAL", "0.05")
    with serving(refusal) as galaxy:
        monkeypatch.setenv("GALAXY_SERVER", galaxy.url)
        if "already" in refusal:
            galaxy.uploaded[tarball.name] = b""
        with pytest.raises(release.ReleaseError, match=told) as failed:
            release.publish(tarball)
    assert token not in str(failed.value)
    assert bool(galaxy.uploaded) is (token == TOKEN)


def test_a_checkout_that_is_no_clean_main_is_not_released(checkout: pathlib.Path, say: Say) -> None:
    git(checkout, "switch", "--quiet", "--create", "feature")
    (checkout / "README.md").write_text("# Another\n", "utf-8")
    (checkout / "left-over.txt").write_text("x", "utf-8")
    before = state(checkout)
    told = say("1.0.0")
    assert "changes that are not committed" in told
    assert "releases are made on the branch main" in told
    assert "1.0 is no version" in say("1.0")
    assert state(checkout) == before


def test_a_release_that_the_importer_refuses_leaves_nothing(
    checkout: pathlib.Path, release: t.Any, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(checkout)
    passing = release.run

    def refusing(*command: str, cwd: pathlib.Path, **environment: str) -> str:
        if "galaxy_importer.main" in command:
            return "ERROR: no"
        # What the importer is given does not matter to it here.
        return "" if command[0] == "ansible-galaxy" else str(passing(*command, cwd=cwd, **environment))

    monkeypatch.setattr(release, "run", refusing)
    monkeypatch.setattr(release, "settled", lambda *_given: None)
    monkeypatch.setattr(release, "surplus", lambda *_given: [])
    assert "did not come to an end:\nERROR: no" in say("1.0.0")
    assert state(checkout) == before
    assert not (checkout / ".work").exists()


def test_what_no_user_needs_is_not_shipped(release: t.Any, tmp_path: pathlib.Path) -> None:
    tarball = tmp_path / "x.tar.gz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name in ("README.md", ".work/x", "tests/config.yml", "tests/unit/x.py", "plugins/modules/x.py"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    assert [line.partition(" ")[0] for line in release.surplus(tarball)] == [".work", "tests/unit/x.py"]
    with tarball.open("ab") as longer:
        longer.write(b"\0" * release.LARGEST)
    assert "more than" in release.surplus(tarball)[-1]
