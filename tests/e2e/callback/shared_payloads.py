# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of one test session share the modules that Ansible has packed, and their bytecode.

Ansible packs each module with what it imports, once a run, and keeps the package in the run's temporary directory. For
a suite of many short runs that is a large part of the time. Here that part of the temporary directory is a link to a
directory of the session.

Python compiles what it imports from a package anew in each process, which is half of a module's time. So the shared
package has the bytecode beside each source. The run that packs a module still uses the sources alone, as does
C(make demo), which does not come by here. Ansible's loader of collections compiles each plugin anew as well; here it is
given the bytecode that it made of the same source before.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import io
import marshal
import os
import pathlib
import py_compile
import sys
import tempfile
import typing as t
import zipfile

from ansible import constants
from ansible.executor import module_common
from ansible.plugins.callback import CallbackBase
from ansible.utils.collection_loader import _collection_finder

if t.TYPE_CHECKING:
    import types

DOCUMENTATION = """
name: shared_payloads
type: aggregate
short_description: Share packed modules between runs
description: Keeps packed modules and bytecode in the directory that TESTS_PAYLOADS names.
"""


def once(what: object, make: t.Callable[[], bytes]) -> bytes:
    """What was made of this before in the session by this Python, or now."""
    directory = pathlib.Path(os.environ["TESTS_PAYLOADS"], "bytecode")
    directory.mkdir(parents=True, exist_ok=True)
    kept = directory / hashlib.sha256(repr((sys.version, what)).encode()).hexdigest()
    if not kept.exists():
        with tempfile.NamedTemporaryFile(dir=directory, delete=False) as new:
            new.write(make())
        pathlib.Path(new.name).rename(kept)
    return kept.read_bytes()


def bytecode(name: str, source: bytes) -> bytes:
    """The content of a file with bytecode, which is taken without a look at its source."""
    with tempfile.TemporaryDirectory() as directory:
        written = pathlib.Path(directory, "source.py")
        written.write_bytes(source)
        compiled = py_compile.compile(
            str(written),
            f"{written}c",
            name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return pathlib.Path(str(compiled)).read_bytes()


def with_bytecode(package: bytes) -> bytes:
    """A zip file with the bytecode of this Python beside each source; another Python takes the source."""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as sources,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as both,
    ):
        for name in sources.namelist():
            source = sources.read(name)
            both.writestr(name, source)
            if name.endswith(".py"):
                both.writestr(f"{name}c", once(("package", name, source), functools.partial(bytecode, name, source)))
    return output.getvalue()


def pack_bytecode() -> None:
    """Have Ansible keep packages with their bytecode."""
    keep = module_common._CachedModule.dump

    def dump(packed: t.Any, path: str) -> None:
        package = base64.b64encode(with_bytecode(base64.b64decode(packed.zip_data)))
        keep(dataclasses.replace(packed, zip_data=package), path)

    module_common._CachedModule.dump = dump


def keep_bytecode() -> None:
    """Have Ansible's loader of collections compile a source once a session; a source is known by all its text."""
    loader = _collection_finder._AnsibleCollectionPkgLoaderBase
    compile_again = loader.get_code

    def get_code(self: t.Any, fullname: str) -> types.CodeType | None:
        source = self.get_source(fullname)
        if not source:
            return compile_again(self, fullname)
        known = ("plugin", self.get_filename(fullname), source)
        code: types.CodeType = marshal.loads(  # noqa: S302 - written by this very session
            once(known, lambda: marshal.dumps(compile_again(self, fullname)))
        )
        return code

    loader.get_code = get_code


class CallbackModule(CallbackBase):
    """Does its work when it is loaded, before the first task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "shared_payloads"

    def __init__(self) -> None:
        super().__init__()
        shared = pathlib.Path(os.environ["TESTS_PAYLOADS"])
        shared.mkdir(parents=True, exist_ok=True)
        link = pathlib.Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
        if not link.exists():
            link.symlink_to(shared, target_is_directory=True)
        pack_bytecode()
        keep_bytecode()
