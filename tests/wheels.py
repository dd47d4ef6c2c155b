# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheels of what is installed beside this interpreter, so that pip has something to install without PyPI.

They are the real distributions with their real requirements; programs are made anew by pip from their entry points.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import pathlib
import re
import zipfile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed(*names: str) -> list[importlib.metadata.Distribution]:
    """The distributions of these names and of all that they require here, each once."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found[name] = importlib.metadata.distribution(name)
        wanted = (Requirement(text) for text in found[name].requires or ())
        waiting += [entry.name for entry in wanted if not entry.marker or entry.marker.evaluate({"extra": ""})]
    return list(found.values())


def write(distribution: importlib.metadata.Distribution, directory: pathlib.Path) -> pathlib.Path:
    """One wheel, not compressed.

    :raises ValueError: nobody knows which files it has.
    """
    tags = re.findall(r"^Tag: (\S+)$", distribution.read_text("WHEEL") or "", re.MULTILINE)
    if not tags or not distribution.files:
        raise ValueError(f"{distribution.name} was not installed as a wheel")
    name = re.sub(r"[-_.]+", "_", distribution.name)
    parts = [sorted({tag.split("-")[place] for tag in tags}) for place in range(3)]
    wheel = directory / f"{name}-{distribution.version}-{'-'.join('.'.join(part) for part in parts)}.whl"
    rows, record = [], ""
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in distribution.files:
            path = pathlib.Path(str(distribution.locate_file(file)))
            if file.parts[0] == ".." or file.suffix == ".pyc" or not path.is_file():
                continue
            if file.name == "RECORD" and file.parts[0].endswith(".dist-info"):
                record = str(file)
            elif file.name not in ("INSTALLER", "REQUESTED", "direct_url.json"):
                content = path.read_bytes()
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                rows.append(f"{file},sha256={digest},{len(content)}\n")
                archive.writestr(zipfile.ZipInfo(str(file)), content)
        archive.writestr(record, "".join([*rows, f"{record},,\n"]))
    return wheel
