# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python that has imported what modules import, and forks a process for each module that is to run.

Half of a module's time is Python's start and its imports, the same ones in every run of a test session. This server
imports them once. Its forks run what Ansible has packed, as Ansible has packed it. What was imported before takes the
place of a source of the package only while all those sources have the same checksums; every other import finds what the
package holds, or fails.

It ends when its standard input does. C(callback/warm_modules.py) asks it.

What a fork cannot have: a hash seed of its own, a standard library and third parties of which nothing is imported yet,
and sources whose C(__file__) is in the package. An import in a circle that the server's order hides is not seen either,
nor one by C(importlib) at the top of a module, which Ansible does not pack. The tests on the newest core, Molecule's
and the demo run cold, where all this is as with users.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import types
import typing as t
import zipimport
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Who connects has said what it wants by then, or nobody waits for it.
LONGEST_QUESTION = 5.0
# Seconds that a module has to end when the run that started it is gone.
GRACE = 5.0
PACKED = ("ansible", "ansible_collections")
# Ansible's own are synthesised in a package, and namespaces are empty there.
COMPARED = re.compile(r"ansible\.module_utils\..|ansible_collections\.\w+\.\w+\.plugins\.module_utils\..")


@dataclasses.dataclass(frozen=True)
class Known:
    """A module that is imported already."""

    module: types.ModuleType
    checksum: int


def ansible_library() -> pathlib.Path:
    """The directory of the package C(ansible)."""
    return pathlib.Path(importlib.import_module("ansible").__file__ or "").parent


def start(address: str) -> subprocess.Popen[bytes]:
    """The server, which listens soon; whoever asks before runs things cold."""
    tree = pathlib.Path(f"{address}.tree")
    library = ansible_library()
    for path, target in {
        "ansible/__init__.py": library / "release.py",
        "ansible/module_utils": library / "module_utils",
        "ansible_collections/amazon": library.parent / "ansible_collections/amazon",
        "ansible_collections/gitpod/enterprise_runner": ROOT,
    }.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).symlink_to(target)
    # Without PYTHONPATH, which modules do not have either.
    cache = f"pycache_prefix={address}.bytecode"
    command = [sys.executable, "-I", "-X", cache, __file__, address, str(tree)]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def imported(collection: pathlib.Path) -> dict[str, Known]:
    """Import what the modules of a collection import; forget those that packages bring."""
    for path in sorted((collection / "plugins/modules").glob("*.py")):
        importlib.import_module(f"ansible_collections.gitpod.enterprise_runner.plugins.modules.{path.stem}")
    known = {}
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKED]:
        module = sys.modules.pop(name)
        source = getattr(module, "__file__", None)
        # Some put another one in their place (ansible.module_utils.distro).
        if source and module.__name__ == name and COMPARED.match(name):
            known[name] = Known(module, zlib.crc32(pathlib.Path(source).read_bytes()))
    return known


class Loader:
    """Gives a module that is imported already."""

    def __init__(self, module: types.ModuleType, found: importlib.machinery.ModuleSpec) -> None:
        self._module = module
        self._found = found

    def __getattr__(self, name: str) -> t.Any:
        """The source, for who asks for it, is the package's."""
        return getattr(self._found.loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """The module itself; what Python sets on it stays what it was."""
        del spec
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        """It has run."""


class Package:
    """The package that Ansible's wrapper has put first on the path."""

    def __init__(self, path: str) -> None:
        self._path = path
        entries = zipimport.zipimporter(path)._files.values()  # type: ignore[attr-defined]
        self._checksums = {entry[0].removeprefix(f"{path}/"): entry[7] for entry in entries}

    def checksums(self, name: str) -> list[int]:
        """The checksum of a module's source; none when the package does not hold it."""
        path = name.replace(".", "/")
        return [self._checksums[at] for at in (f"{path}.py", f"{path}/__init__.py") if at in self._checksums]

    def find(self, name: str) -> importlib.machinery.ModuleSpec | None:
        """The module as Python finds it there."""
        parent = name.rpartition(".")[0].replace(".", "/")
        return zipimport.zipimporter(f"{self._path}/{parent}" if parent else self._path).find_spec(name)


class Finder:
    """Finds in the package alone, whose modules may be imported already."""

    def __init__(self, known: dict[str, Known]) -> None:
        self._known = known
        self._package: Package | None = None

    def find_spec(self, name: str, _path: t.Any = None, _target: t.Any = None) -> importlib.machinery.ModuleSpec | None:
        """As C(importlib.abc.MetaPathFinder)."""
        if name.partition(".")[0] not in PACKED:
            return None
        if self._package is None:
            self._package = Package(sys.path[0])
            if any([known.checksum] != self._package.checksums(name) for name, known in self._held().items()):
                self._known = {}
        found = self._package.find(name)
        if found is None or name not in self._known:
            return found
        module = self._known[name].module
        if found.submodule_search_locations is not None:
            self._confine(module, found.submodule_search_locations)
        return importlib.util.spec_from_loader(name, t.cast("t.Any", Loader(module, found)), origin=found.origin)

    def _held(self) -> dict[str, Known]:
        """What is imported already and has a source in the package."""
        assert self._package
        return {name: known for name, known in self._known.items() if self._package.checksums(name)}

    @staticmethod
    def _confine(module: types.ModuleType, places: list[str]) -> None:
        """Its own modules are those of the package, and those that this module imports."""
        module.__path__ = places
        for name, value in list(vars(module).items()):
            if isinstance(value, types.ModuleType) and value.__name__ == f"{module.__name__}.{name}":
                delattr(module, name)


def run(script: bytes, arguments: list[str], known: dict[str, Known]) -> int:
    """Run a script as Python runs its main module; the exit code."""
    sys.argv, sys.orig_argv = arguments or [""], [sys.executable, *arguments]
    sys.meta_path.insert(0, t.cast("t.Any", Finder(known)))
    main = types.ModuleType("__main__")
    if arguments:
        main.__file__ = arguments[0]
    sys.modules["__main__"] = main
    try:
        exec(compile(script, arguments[0] if arguments else "<stdin>", "exec"), main.__dict__)  # noqa: S102 - as Python
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def become(request: dict[str, t.Any], descriptors: list[int]) -> bytes:
    """Take over the directory, the environment and the descriptors of a process that would have been started."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    script, output, errors = descriptors
    content = content_of(script)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.closerange(3, 1024)
    os.chdir(request["directory"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.stdin = open(0, errors="surrogateescape")  # noqa: SIM115
    sys.stdout = open(1, "w", errors="surrogateescape")  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace")  # noqa: SIM115
    return content


def content_of(descriptor: int) -> bytes:
    """All of a file."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


class Server:
    """Forks for each message, and tells its sender how the fork ended."""

    def __init__(self, address: str, known: dict[str, Known]) -> None:
        self._known = known
        self._waiting: dict[int, socket.socket] = {}
        self._doomed: dict[int, float] = {}
        self._selector = selectors.DefaultSelector()
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listening.bind(f"{address}.new")
        self._listening.listen(64)
        # Whoever finds it is answered.
        pathlib.Path(f"{address}.new").rename(address)
        woken, waking = socket.socketpair()
        for end in woken, waking:
            end.setblocking(False)
        self._waking = waking
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        self._selector.register(woken, selectors.EVENT_READ, lambda: self._ended(woken))
        self._selector.register(self._listening, selectors.EVENT_READ, self._asked)
        self._selector.register(0, selectors.EVENT_READ, self._stop)

    def serve(self) -> t.NoReturn:
        """Until there is nobody left to ask."""
        while True:
            for key, _events in self._selector.select(1.0):
                key.data()
            for process in [process for process, end in self._doomed.items() if time.monotonic() > end]:
                del self._doomed[process]
                os.killpg(process, signal.SIGKILL)

    def _stop(self) -> None:
        for process in (*self._waiting, *self._doomed):
            os.killpg(process, signal.SIGKILL)
        sys.exit(0)

    def _asked(self) -> None:
        connection, _address = self._listening.accept()
        connection.settimeout(LONGEST_QUESTION)
        try:
            _message, (asked, *descriptors), _flags, _sender = socket.recv_fds(connection, 1, 4)
        except (OSError, ValueError):
            connection.close()
            return
        request = json.loads(content_of(asked))
        os.close(asked)
        process = os.fork()
        if not process:
            self._child(request, descriptors)
        # So does the fork: whichever comes first, the group is there before it is killed.
        with contextlib.suppress(OSError):
            os.setpgid(process, process)
        for descriptor in descriptors:
            os.close(descriptor)
        self._waiting[process] = connection
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._left(process))

    def _child(self, request: dict[str, t.Any], descriptors: list[int]) -> t.NoReturn:
        code = 1
        try:
            script = become(request, descriptors)
            code = run(script, request["arguments"], self._known)
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _left(self, process: int) -> None:
        """Whoever asked is gone: the module ends as it would with its run."""
        connection = self._waiting.pop(process, None)
        if connection is None:
            # It ended in this very moment.
            return
        self._selector.unregister(connection)
        connection.close()
        os.killpg(process, signal.SIGTERM)
        self._doomed[process] = time.monotonic() + GRACE

    def _ended(self, woken: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            woken.recv(1024)
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                process, status = found
                self._doomed.pop(process, None)
                if connection := self._waiting.pop(process, None):
                    self._selector.unregister(connection)
                    with contextlib.suppress(OSError):
                        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
                    connection.close()


def main() -> t.NoReturn:
    """Import, then serve."""
    address, tree = sys.argv[1:]
    # Ctrl-C is pytest's, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path.insert(0, tree)
    known = imported(pathlib.Path(tree, "ansible_collections/gitpod/enterprise_runner"))
    sys.path.remove(tree)
    importlib.invalidate_caches()
    gc.collect()
    gc.freeze()
    Server(address, known).serve()


if __name__ == "__main__":
    main()
