# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay awx.awx beside the checkout: `python -m tests.awx_collection`, with the interpreter of .venv/main.

The PyPI package ansible has awx.awx up to version 12 only. An interpreter whose ansible is newer takes it from that
version's file, without installing the rest of it.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PLACE = ROOT / ".work/collections/ansible_collections/awx"
PREFIX = "ansible_collections/awx/"


def last_with_awx(pins: str) -> str:
    """The oldest version of ansible among those that are pinned."""
    found = re.findall(r"^ansible==([0-9.]+)", pins, re.MULTILINE)
    return min(found, key=lambda version: [int(part) for part in version.split(".")])


def installed(paths: list[str]) -> pathlib.Path | None:
    """Where this interpreter has it."""
    found = (pathlib.Path(path) / PREFIX for path in paths)
    return next((path.resolve() for path in found if (path / "awx/plugins").is_dir()), None)


def unpack(wheel: pathlib.Path, target: pathlib.Path) -> None:
    """What a version of ansible has below ansible_collections/awx."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(PREFIX)]
        archive.extractall(target, names)
    if not names:
        raise SystemExit(f"{wheel.name} has no awx.awx; pin a version of ansible that has, in tests/requirements")


def main() -> None:
    """Link what is installed, or fetch it."""
    if PLACE.is_symlink():
        PLACE.unlink()
    there = installed([path for path in sys.path if path.endswith("site-packages")])
    if there:
        PLACE.symlink_to(there)
    elif not PLACE.is_dir():
        version = last_with_awx((ROOT / "tests/requirements/runtime.txt").read_text("utf-8"))
        with tempfile.TemporaryDirectory() as directory:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            subprocess.run([*command, "--dest", directory, f"ansible=={version}"], check=True)
            unpack(next(pathlib.Path(directory).glob("*.whl")), ROOT / ".work/collections")


if __name__ == "__main__":
    main()
