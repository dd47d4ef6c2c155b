#!/usr/bin/env python3
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a release: version, changelog, commit, tag, build, import as Galaxy does; and publish one that has its tag.

    .venv/main/bin/python .ci/release.py 1.2.0             # then push the branch and the tag
    .venv/main/bin/python .ci/release.py 1.2.0 --publish   # needs GALAXY_TOKEN, and GALAXY_SERVER for another server
    .venv/main/bin/python .ci/release.py --rehearse        # in a copy: what the next release would meet

All work is done in a copy of the repository. The checkout gets the commit and the tag at the very end, so that a
release that fails leaves nothing behind. What is published is built from the tag, so that it can be tried again; the
same tag makes the same tarball, byte by byte. It lies in C(.work/release).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUTPUT = ROOT / ".work/release"
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
GALAXY = "https://galaxy.ansible.com/api/"
BRANCH = "main"
# Beyond it, something has come along that no user needs (Galaxy itself takes 20 MB).
LARGEST = 1_500_000
# What a collection's tarball has at its top; galaxy.yml leaves out the rest.
SHIPPED_FILES = (
    "CHANGELOG.rst", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "FILES.json", "LICENSE", "MAINTAINERS.md",
    "MANIFEST.json", "README.md", "SECURITY.md", "bindep.txt", "requirements.txt", "requirements.yml",
)  # fmt: skip
SHIPPED = {*SHIPPED_FILES, "changelogs", "docs", "examples", "extensions", "meta", "playbooks", "plugins", "roles"}
# The linter is a gate of its own here; the rest is how Galaxy and certification import (galaxy-importer's README).
IMPORTED = "Importer processing completed successfully"
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


def surplus(tarball: pathlib.Path) -> list[str]:
    """What speaks against the tarball: it is too large, or has what no user needs."""
    with tarfile.open(tarball) as archive:
        names = set(archive.getnames()) - {"tests", "tests/config.yml"}
    tops = {name if name.startswith("tests/") else name.partition("/")[0] for name in names}
    found = [f"{name} would be shipped; add it to build_ignore in galaxy.yml" for name in sorted(tops - SHIPPED)]
    if tarball.stat().st_size > LARGEST:
        found.append(f"the tarball has {tarball.stat().st_size} bytes, more than {LARGEST}; see what has come along")
    return found


def settled(tarball: pathlib.Path, moment: int) -> None:
    """Write the tarball again so that it depends on what is in it alone, and not on when and where it was built.

    ansible-galaxy lists the files in the order of the directories, which is the disk's, and keeps times.

    :param moment: the time that every file gets, in seconds since 1970.
    """
    with tarfile.open(tarball) as archive:
        entries = {member.name: (member, archive.extractfile(member)) for member in archive.getmembers()}
        content = {name: file.read() if file else b"" for name, (_member, file) in entries.items()}
    files = json.loads(content["FILES.json"])
    files["files"].sort(key=lambda entry: entry["name"])
    content["FILES.json"] = json.dumps(files, indent=1).encode()
    manifest = json.loads(content["MANIFEST.json"])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(content["FILES.json"]).hexdigest()
    content["MANIFEST.json"] = json.dumps(manifest, indent=1).encode()
    # What describes the others stands first.
    names = ["MANIFEST.json", "FILES.json", *sorted(set(content) - {"MANIFEST.json", "FILES.json"})]
    with (
        tarball.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in names:
            # A new one: an old one has fractions of seconds in headers of its own.
            member, old = tarfile.TarInfo(name), entries[name][0]
            member.type, member.mode, member.linkname = old.type, old.mode, old.linkname
            member.mtime, member.size = moment, len(content[name])
            archive.addfile(member, io.BytesIO(content[name]))


def built(copy: pathlib.Path, version: str, scratch: pathlib.Path) -> pathlib.Path:
    """The tarball of what is committed in the copy, imported as Galaxy does it."""
    # In a clone again: a directory that making the changelog has emptied would be shipped, and git has none.
    clean = scratch / "clean"
    run("git", "clone", "--quiet", str(copy), str(clean), cwd=scratch)
    run("ansible-galaxy", "collection", "build", "--output-path", str(scratch), ".", cwd=clean)
    tarball = scratch / f"gitpod-enterprise_runner-{version}.tar.gz"
    settled(tarball, int(run("git", "log", "-1", "--format=%ct", cwd=copy)))
    against = surplus(tarball)
    if against:
        raise ReleaseError("\n".join(against))
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
    if IMPORTED not in said:
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


def published(version: str) -> str:
    """Upload what the tag of a version has, and say so."""
    tag = f"v{version}"
    parsed(version)
    if tag not in run("git", "tag", "--list", cwd=ROOT).splitlines():
        raise ReleaseError(f"there is no tag {tag}; make the release first: .ci/release.py {version}")
    with tempfile.TemporaryDirectory(prefix="release") as directory:
        scratch = pathlib.Path(directory)
        copy = scratch / "copy"
        run("git", "clone", "--quiet", "--branch", tag, str(ROOT), str(copy), cwd=scratch)
        said = version_of((copy / "galaxy.yml").read_text("utf-8"))
        if said != version:
            raise ReleaseError(f"galaxy.yml of the tag {tag} says {said}; the tag is none that .ci/release.py made")
        kept = _kept(built(copy, version, scratch))
        publish(kept)
    return f"{version} is published: {kept}"


def _kept(tarball: pathlib.Path) -> pathlib.Path:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(shutil.copy2(tarball, OUTPUT))


def release(version: str, rehearsal: bool) -> str:
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
        kept = _kept(built(copy, version, scratch))
        if rehearsal:
            return f"{version} could be released: {kept} was built and imported; nothing else was changed"
        refs = (f"HEAD:refs/release/{version}", f"refs/tags/v{version}:refs/tags/v{version}")
        run("git", "fetch", "--quiet", "--no-tags", str(copy), *refs, cwd=ROOT)
        run("git", "merge", "--quiet", "--ff-only", f"refs/release/{version}", cwd=ROOT)
        run("git", "update-ref", "-d", f"refs/release/{version}", cwd=ROOT)
    push = f"git push --atomic origin {BRANCH} v{version}"
    return f"{version} is released: {kept}; push the branch and the tag: {push}"


def main() -> int:
    """Exit code 1, with all reasons, where there is no release."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("version", nargs="?", default="", help="such as 1.2.0")
    parser.add_argument("--publish", action="store_true", help="upload what the tag has to Galaxy, or to GALAXY_SERVER")
    parser.add_argument("--rehearse", action="store_true", help="change nothing; without a version the next one")
    asked = parser.parse_args()
    if not asked.version and not asked.rehearse:
        parser.error("say the version, such as 1.2.0")
    try:
        publishing = asked.publish and not asked.rehearse
        told = published(asked.version) if publishing else release(asked.version, asked.rehearse)
        sys.stdout.write(f"{told}\n")
    except ReleaseError as error:
        sys.stderr.write(f"No release:\n{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
