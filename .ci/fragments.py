#!/usr/bin/env python3
# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a change that users meet says so in the changelog: C(python .ci/fragments.py origin/main).

What users meet lies in plugins/, roles/ and playbooks/, and in what Galaxy installs by; a change there wants a new file
in changelogs/fragments (docs.ansible.com, "Creating changelog fragments"). C(trivial) is a section too.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
MET_BY_USERS = ("plugins/", "roles/", "playbooks/", "extensions/eda/", "meta/", "galaxy.yml", "requirements.txt")
FRAGMENTS = "changelogs/fragments/"


def missing(changed: list[str]) -> list[str]:
    """The changed files that want a fragment, where none is among them."""
    if any(name.startswith(FRAGMENTS) and name.endswith((".yml", ".yaml")) for name in changed):
        return []
    # A release takes the fragments away, and writes the changelog.
    if "changelogs/changelog.yaml" in changed:
        return []
    return [name for name in changed if name.startswith(MET_BY_USERS)]


def main() -> int:
    """Exit code 1 where a fragment is missing."""
    base = sys.argv[1] if len(sys.argv) > 1 else "origin/main"
    command = ["git", "-C", str(ROOT), "diff", "--name-only", f"{base}...HEAD"]
    found = missing(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())
    if not found:
        return 0
    shown = "\n".join(f"  {name}" for name in found[:10])
    sys.stderr.write(
        f"Users meet this change, and the changelog does not tell of it:\n{shown}\n"
        "Add a file to changelogs/fragments; CONTRIBUTING.md says how.\n"
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
