# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install the programs that tests need and pip cannot: `python3 tests/debian_packages.py`.

Only as root, and only what is missing. Elsewhere it says which tests will be skipped.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

# Program, the packages that bring it, and what is tested with it.
PROGRAMS = (
    ("named", ("bind9",), "DNS updates against a real name server"),
    ("chromium", ("chromium", "fonts-dejavu-core"), "the report's page in a browser"),
    ("sshd", ("openssh-server",), "waiting and verifying on another host"),
    ("npm", ("nodejs", "npm"), "the documented policies, enforced"),
)


def found(program: str) -> bool:
    """Whether the program is there; daemons are not always on a user's PATH."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


@contextlib.contextmanager
def starting_no_service() -> t.Iterator[None]:
    """Debian's packages start their services unless a policy forbids it; the tests start their own, on free ports."""
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", "utf-8")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def main() -> int:
    """Install what is missing, or say what will be left out."""
    missing = [entry for entry in PROGRAMS if not found(entry[0])]
    if not missing:
        return 0
    if os.geteuid() != 0 or not found("apt-get"):
        for program, packages, purpose in missing:
            sys.stdout.write(f"No {program} (package {packages[0]}): tests of {purpose} are skipped\n")
        return 0
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [package for _program, needed, _purpose in missing for package in needed]
    with starting_no_service():
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        return subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
