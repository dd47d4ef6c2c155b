# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing files on the control node."""

from __future__ import annotations

import os
import pathlib
import re
import tempfile


def file_name(runner: str) -> str:
    """A runner's name as the name of a file: nothing that could leave the directory."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", runner).lstrip(".") or "runner"


def write_text(path: pathlib.Path, text: str) -> None:
    """Replace the file in one step, so that no reader sees half of it."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        pathlib.Path(temporary).chmod(0o644)
        pathlib.Path(temporary).replace(path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise
