#!/usr/bin/env python3
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a release: version, changelog, commit, tag, build, import as Galaxy does, and publish when asked to.

    .venv/main/bin/python .ci/release.py 1.2.0             # everything but publishing
    .venv/main/bin/python .ci/release.py 1.2.0 --publish   # needs GALAXY_TOKEN, and GALAXY_SERVER for another server
    .venv/main/bin/python .ci/release.py --rehearse        # in a copy: what the next release would meet

All work is done in a copy of the repository. The checkout gets the commit and the tag at the very end, so that a
release that fails leaves nothing behind. The tarball lies in C(.work/release).
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUTPUT = ROOT / ".work/release"
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
GALAXY = "https://galaxy.ansible.com/api/"
BRANCH = "main"
# The linter is a gate of its own here; the rest is how Galaxy and certification import (galaxy-importer's README).
IMPORTER = """[galaxy-importer]
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = False
RUN_ANSIBLE_TEST = False
CHECK_REQUIRED_TAGS = True
CHECK_CHANGELOG = True
REQUIRE_V1_OR_GREATER = {strict}
"""


class ReleaseError(Exception):
    """Why there is no release, and what to do."""


def parsed(version: str) -> tuple[int, int, int]:
    """The three numbers of a semantic version; releases have no suffix.

    :raises ReleaseError: it is none.
    """
    found = VERSION.fullmatch(version)
    if not found:
        raise ReleaseError(f"{version} is no version; write it as 1.2.0, without a v before it")
    major, minor, patch = (int(part) for part in found.groups())
    return major, minor, patch


def following(present: str) -> str:
    """The next minor version, and the first stable one after 0.x."""
    major, minor, _patch = parsed(present)
    return f"{major}.{minor + 1}.0" if major else "1.0.0"


def refusals(wanted: str, present: str, tags: list[str], fragments: list[str]) -> list[str]:
    """Everything that speaks against the release, at once.

    :param present: the version in galaxy.yml.
    :param fragments: names of the changelog's fragments.
    """
    found = []
    if parsed(wanted) <= parsed(present) and f"v{present}" in tags:
        found.append(f"{wanted} does not follow {present}, which is released; choose a higher version")
    elif parsed(wanted) < parsed(present):
        found.append(f"{wanted} does not follow {present}; choose a higher version")
    if f"v{wanted}" in tags:
        found.append(f"the tag v{wanted} is there already; choose another version")
    if not fragments:
        found.append("changelogs/fragments is empty, so there is nothing to release; add a fragment for each change")
    return found


def with_version(galaxy: str, version: str) -> str:
    """galaxy.yml with another version; everything else stays as it is written."""
    changed, count = re.subn(r"(?m)^version: .*$", f"version: {version}", galaxy)
    if count != 1:
        raise ReleaseError("galaxy.yml has no single line with the version; restore it")
    return changed


def version_of(galaxy: str) -> str:
    """The version that galaxy.yml says."""
    found = re.search(r"(?m)^version: *[\"']?([^\s\"']+)", galaxy)
    if not found:
        raise ReleaseError("galaxy.yml says no version; restore it")
    return found.group(1)


def run(*command: str, cwd: pathlib.Path, **environment: str) -> str:
    """What a command prints.

    :raises ReleaseError: it failed, with what it said.
    """
    beside = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": beside, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"{pathlib.Path(command[0]).name} failed:\n{done.stdout.strip()}")
    return done.stdout


def fragments_of(checkout: pathlib.Path) -> list[str]:
    """Names of the changelog's fragments."""
    return sorted(path.name for path in (checkout / "changelogs/fragments").glob("*.y*ml"))


def checked_out(scratch: pathlib.Path, rehearsal: bool) -> pathlib.Path:
    """A copy of what is committed; a rehearsal takes what is not committed too."""
    copy = scratch / "copy"
    run("git", "clone", "--quiet", str(ROOT), str(copy), cwd=scratch)
    if rehearsal:
        names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
        for name in names:
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        if not fragments_of(copy):
            (copy / "changelogs/fragments/rehearsal.yml").write_text("---\nrelease_summary: A rehearsal.\n", "utf-8")
    return copy


def clean() -> list[str]:
    """What speaks against releasing this checkout."""
    found = []
    if run("git", "status", "--porcelain", cwd=ROOT).strip():
        found.append("the checkout has changes that are not committed; commit or stash them")
    if run("git", "rev-parse", "--abbrev-ref", "HEAD", cwd=ROOT).strip() != BRANCH:
        found.append(f"releases are made on the branch {BRANCH}; check it out")
    return found


def prepare(copy: pathlib.Path, version: str) -> None:
    """Write the changelog and the version, and commit both."""
    run("antsibull-changelog", "lint", cwd=copy)
    galaxy = copy / "galaxy.yml"
    galaxy.write_text(with_version(galaxy.read_text("utf-8"), version), "utf-8")
    run("antsibull-changelog", "release", "--version", version, cwd=copy)
    identity = ("-c", "user.name=Release", "-c", "user.email=release@localhost") if not _identity(copy) else ()
    run("git", "add", "--all", cwd=copy)
    run("git", *identity, "commit", "--quiet", "--message", f"Release {version}", cwd=copy)
    run("git", *identity, "tag", "--annotate", f"v{version}", "--message", f"Release {version}", cwd=copy)


def _identity(copy: pathlib.Path) -> bool:
    return bool(subprocess.run(["git", "config", "user.email"], cwd=copy, capture_output=True, check=False).stdout)


def built(copy: pathlib.Path, version: str, scratch: pathlib.Path) -> pathlib.Path:
    """The tarball, imported as Galaxy does it."""
    run("ansible-galaxy", "collection", "build", "--output-path", str(scratch), ".", cwd=copy)
    tarball = scratch / f"gitpod-enterprise_runner-{version}.tar.gz"
    settings = scratch / "importer.cfg"
    settings.write_text(IMPORTER.format(strict=parsed(version) >= (1, 0, 0)), "utf-8")
    said = run(
        sys.executable,
        "-m",
        "galaxy_importer.main",
        str(tarball),
        cwd=scratch,
        GALAXY_IMPORTER_CONFIG=str(settings),
        ANSIBLE_HOME=str(scratch / "ansible"),
    )
    if "Importer processing completed successfully" not in said:
        raise ReleaseError(f"galaxy-importer did not come to an end:\n{said.strip()}")
    return tarball


def publish(tarball: pathlib.Path) -> None:
    """Upload it; the token is handed over by the environment, never on a command line."""
    token = os.environ.get("GALAXY_TOKEN", "")
    if not token:
        raise ReleaseError("GALAXY_TOKEN is not set; put a token of the server into the environment")
    run(
        "ansible-galaxy",
        "collection",
        "publish",
        str(tarball),
        cwd=tarball.parent,
        ANSIBLE_GALAXY_SERVER_LIST="release",
        ANSIBLE_GALAXY_SERVER_RELEASE_URL=os.environ.get("GALAXY_SERVER", GALAXY),
        ANSIBLE_GALAXY_SERVER_RELEASE_TOKEN=token,
    )


def release(version: str, rehearsal: bool, publishing: bool) -> str:
    """Make it, and say what there is now."""
    with tempfile.TemporaryDirectory(prefix="release") as directory:
        scratch = pathlib.Path(directory)
        copy = checked_out(scratch, rehearsal)
        present = version_of((copy / "galaxy.yml").read_text("utf-8"))
        version = version or following(present)
        tags = run("git", "tag", "--list", cwd=copy).splitlines()
        against = refusals(version, present, tags, fragments_of(copy)) + ([] if rehearsal else clean())
        if against:
            raise ReleaseError("\n".join(against))
        prepare(copy, version)
        tarball = built(copy, version, scratch)
        OUTPUT.mkdir(parents=True, exist_ok=True)
        kept = pathlib.Path(shutil.copy2(tarball, OUTPUT))
        if rehearsal:
            return f"{version} could be released: {kept} was built and imported; nothing else was changed"
        refs = (f"HEAD:refs/release/{version}", f"refs/tags/v{version}:refs/tags/v{version}")
        run("git", "fetch", "--quiet", "--no-tags", str(copy), *refs, cwd=ROOT)
        run("git", "merge", "--quiet", "--ff-only", f"refs/release/{version}", cwd=ROOT)
        run("git", "update-ref", "-d", f"refs/release/{version}", cwd=ROOT)
    if publishing:
        publish(kept)
        return f"{version} is released and published; push the branch and the tag: git push origin {BRANCH} v{version}"
    return f"{version} is released: {kept}; push the branch and the tag: git push origin {BRANCH} v{version}"


def main() -> int:
    """Exit code 1, with all reasons, where there is no release."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("version", nargs="?", default="", help="such as 1.2.0")
    parser.add_argument("--publish", action="store_true", help="upload it to Galaxy, or to GALAXY_SERVER")
    parser.add_argument("--rehearse", action="store_true", help="change nothing; without a version the next one")
    asked = parser.parse_args()
    if not asked.version and not asked.rehearse:
        parser.error("say the version, such as 1.2.0")
    try:
        sys.stdout.write(release(asked.version, asked.rehearse, asked.publish and not asked.rehearse) + "\n")
    except ReleaseError as error:
        sys.stderr.write(f"No release:\n{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
