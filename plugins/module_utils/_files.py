# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing files on the control node."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import os
import pathlib
import re
import stat
import tempfile
import typing as t

MODE = 0o644
# Bytes of a file that somebody names; CloudFormation takes templates of a megabyte.
LARGEST = 16 * 1024 * 1024


# What the collection calls its own files; a runner that is called so gets no file of that name. Those that end like a
# part of another runner's files would be one of them.
_OWN_NAMES = frozenset({"fleet"})
_OWN_ENDINGS = ("-prerequisites", "-dns", "-certificate", "-sent")
# With what is added, and with the temporary file's, a name stays below the 255 bytes of usual file systems.
_LONGEST = 120


def file_name(runner: str) -> str:
    """A runner's name as the name of a file: nothing that could leave the directory, and each runner's another one.

    A name of which something has to be left out, that is no file's name or that the collection's own files have gets a
    part of its hash. So no other name makes the same file, whoever computes it.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", runner).lstrip("-.")
    taken = plain.casefold() in _OWN_NAMES or plain.casefold().endswith(_OWN_ENDINGS)
    if plain and plain == runner and not taken and len(plain) <= _LONGEST:
        return plain
    return _with_digest(plain, runner)


def file_names(runners: t.Mapping[str, str]) -> dict[str, str]:
    """Names of files by host, no two of them one file, also where capitals do not count.

    A name that several would have goes to the one host that is called so; the others get a part of their host's hash.

    :param runners: name of the runner, by host.
    """
    plain = {host: file_name(name) for host, name in runners.items()}
    wanted = collections.Counter(name.casefold() for name in plain.values())
    own = collections.Counter(name.casefold() for host, name in plain.items() if host == name)
    found: dict[str, str] = {}
    for host, name in plain.items():
        shared = wanted[name.casefold()] > 1 and (host != name or own[name.casefold()] > 1)
        found[host] = _with_digest(name, host) if shared else name
    return found


def _with_digest(name: str, of: str) -> str:
    digest = hashlib.sha256(of.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[:_LONGEST].rstrip('-') or 'runner'}-{digest[:8]}"


def unwritable(directory: str) -> str:
    """Why no file can be written below a directory, which may have to be made; empty when it can.

    Nothing is left behind: a file without a name is opened in the nearest directory that there is, because only a try
    tells of a read-only file system, of a server's mapping of root, and of access lists.
    """
    path = pathlib.Path(directory)
    try:
        there = next((entry for entry in (path, *path.parents) if _exists(entry)), pathlib.Path())
        if not there.is_dir():
            return f"{there} is not a directory"
        with tempfile.TemporaryFile(dir=there):
            return ""
    except (OSError, ValueError) as error:
        return _reason(error)


def _exists(path: pathlib.Path) -> bool:
    """Whether there is anything of that name, a link that leads nowhere too; a name that cannot be one raises."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def unreadable(path: str) -> str:
    """Why a file cannot be read; empty when it can.

    Only a regular file is opened: a pipe that nobody writes to would be waited for without end.
    """
    try:
        fault = _not_regular(path)
        if fault:
            return fault
        with pathlib.Path(path).open("rb"):
            return ""
    except (OSError, ValueError) as error:
        return _reason(error)


def _not_regular(path: str) -> str:
    kind = pathlib.Path(path).stat().st_mode
    if stat.S_ISREG(kind):
        return ""
    return "it is a directory" if stat.S_ISDIR(kind) else "it is a pipe, a device or a socket, and no file"


def text_of(path: str, most: int = LARGEST) -> str:
    """The text of a regular file.

    :param most: bytes.
    :raises OSError: it cannot be read, is none or too large.
    :raises ValueError: it is no UTF-8.
    """
    fault = _not_regular(path)
    if not fault and pathlib.Path(path).stat().st_size > most:
        fault = f"it is larger than {most:,} bytes"
    if fault:
        raise OSError(fault)
    return pathlib.Path(path).read_text("utf-8")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _umask() -> int:
    """The process's; it can only be read by setting it, so the strictest stands for that moment."""
    present = os.umask(0o077)
    os.umask(present)
    return present


def write_text(path: pathlib.Path, text: str) -> None:
    """Replace the file in one step, so that no reader sees half of it; readable as far as the umask allows, and no
    further than the file that is replaced."""
    mode = MODE & ~_umask()
    with contextlib.suppress(OSError):
        mode &= path.stat().st_mode
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        pathlib.Path(temporary).chmod(mode)
        pathlib.Path(temporary).replace(path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise
