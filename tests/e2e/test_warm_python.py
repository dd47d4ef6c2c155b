# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is a fork of the warm Python meets what it would meet in a Python of its own."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t
import zipfile

import pytest
import yaml

from tests.e2e import warm_python
from tests.e2e.callback.warm_modules import answer, module_of

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller

LIBRARY = warm_python.ansible_library()
TEXT = "ansible/module_utils/common/text/converters.py"
# As Ansible's wrapper does it, with a package of the test's.
IMPORTING = """
import sys
sys.path.insert(0, {package!r})
from ansible.module_utils.common.text import converters
print(converters.__file__, getattr(converters, "CHANGED", ""))
"""


@pytest.fixture
def address() -> str:
    """Where the session's server listens, once it does."""
    if "TESTS_COLD" in os.environ:
        pytest.skip("there is none")
    address = os.environ["TESTS_WARM_PYTHON"]
    deadline = time.monotonic() + 60
    while not pathlib.Path(address).exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return address


def run(address: str, script: str, arguments: t.Sequence[str] = ()) -> tuple[int, str, str]:
    """Exit code, output and errors of a script."""
    found = answer(address, str(pathlib.Path.cwd()), script.encode(), list(arguments), {"OF_THE_TASK": "1"})
    assert found, "nobody listens"
    return found[0], found[1].decode(errors="replace"), found[2].decode(errors="replace")


def package(path: pathlib.Path, without: str = "", **changed: str) -> str:
    """A package as Ansible makes it of its own sources, without one of them or with lines that one has besides."""
    with zipfile.ZipFile(path, "w") as output:
        output.writestr("ansible/__init__.py", "")
        for source in (LIBRARY / "module_utils").rglob("*.py"):
            name = source.relative_to(LIBRARY.parent).as_posix()
            if name != without:
                output.writestr(name, source.read_text("utf-8") + changed.get(source.stem, ""))
    return str(path)


def test_the_process_is_that_of_its_run(address: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OF_THE_RUN", "2")
    script = """
import atexit, os, sys, threading, time
atexit.register(print, "at exit")
threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
print(os.getcwd(), os.environ["OF_THE_RUN"], os.environ["OF_THE_TASK"], sys.argv, sys.orig_argv[1:], sys.stdin.read())
print([name for name in sys.modules if name.startswith("ansible")])
sys.exit(3)
"""
    code, output, errors = run(address, script, ["/a/copy.py"])
    assert (code, errors) == (3, "")
    assert output.splitlines() == [f"{tmp_path} 2 1 ['/a/copy.py'] ['/a/copy.py'] ", "[]", "thread", "at exit"]

    code, output, errors = run(address, "raise ValueError('why')")
    assert (code, output) == (1, "")
    assert errors.startswith("Traceback")
    assert errors.endswith("ValueError: why\n")
    assert run(address, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")[0] == 128 + signal.SIGKILL
    monkeypatch.setenv("LONG", "x" * 100_000)
    monkeypatch.setenv("LONGER", "x" * 100_000)
    assert run(address, "import os; print(len(os.environ['LONG']), '\\udcff')")[0] == 0


def test_imports_are_those_of_the_package(address: str, tmp_path: pathlib.Path) -> None:
    same = package(tmp_path / "same.zip")
    code, output, errors = run(address, IMPORTING.format(package=same))
    assert (code, errors) == (0, "")
    assert output == f"{address}.tree/{TEXT} \n", "the module that is imported already"

    other = package(tmp_path / "other.zip", converters="\nCHANGED = 'changed'\n")
    assert run(address, IMPORTING.format(package=other))[1] == f"{other}/{TEXT} changed\n"
    # It is not the one that imports it, and all the same none is taken that has imported another.
    code, output, _errors = run(
        address, IMPORTING.format(package=package(tmp_path / "third.zip", basic="\nCHANGED = 'changed'\n"))
    )
    assert (code, output) == (0, f"{tmp_path}/third.zip/{TEXT} \n")

    code, _output, errors = run(address, IMPORTING.format(package=package(tmp_path / "less.zip", without=TEXT)))
    assert code == 1
    assert "ImportError: cannot import name 'converters'" in errors


def test_a_module_runs_in_the_playbooks_directory(address: str, controller: Controller) -> None:
    assert address
    playbook = controller.directory / "elsewhere" / "play.yml"
    playbook.parent.mkdir()
    task = {"ansible.builtin.stat": {"path": "play.yml"}, "register": "found", "failed_when": "not found.stat.exists"}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    playbook.write_text(yaml.safe_dump([play]), "utf-8")
    run = controller.play(str(playbook))
    assert run.code == 0, run.output


def test_it_ends_with_whoever_asked(address: str, tmp_path: pathlib.Path) -> None:
    told = tmp_path / "told"
    script = f"""
import pathlib, signal, sys, time
told = pathlib.Path({str(told)!r})
signal.signal(signal.SIGTERM, lambda *_: (told.write_text("ended"), sys.exit(1)))
told.write_text("begun")
time.sleep(60)
"""
    asking = (
        "from tests.e2e.callback.warm_modules import answer; import sys;"
        "answer(sys.argv[1], '/', sys.argv[2].encode(), [], {})"
    )
    with subprocess.Popen([sys.executable, "-c", asking, address, script], cwd=warm_python.ROOT) as process:
        for expected in "begun", "ended":
            deadline = time.monotonic() + 30
            while not told.exists() or told.read_text("utf-8") != expected:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.kill()


@pytest.mark.parametrize(
    "command",
    [
        "/bin/sh -c 'echo ~root && sleep 0'",
        "/bin/sh -c '/usr/bin/python3 && sleep 0'",
        f"/bin/sh -c '{sys.executable} /root/.ansible/tmp/other.py && sleep 0'",
        f"sudo /bin/sh -c '{sys.executable} && sleep 0'",
        f"/bin/sh -c '{sys.executable} && rm -rf /nowhere'",
    ],
)
def test_other_commands_are_run_as_they_are(command: str) -> None:
    assert module_of(command, b"_ANSIBALLZ_WRAPPER = True") is None


def test_modules_are_found_piped_and_copied(tmp_path: pathlib.Path) -> None:
    script = b"_ANSIBALLZ_WRAPPER = True"
    command = f"/bin/sh -c 'A=1 B='\"'\"'2 3'\"'\"' {sys.executable} && sleep 0'"
    assert module_of(command, script) == (script, [], {"A": "1", "B": "2 3"})
    assert module_of(command, b"another script") is None
    copied = tmp_path / "AnsiballZ_file.py"
    copied.write_bytes(script)
    assert module_of(f"/bin/sh -c '{sys.executable} {copied} && sleep 0'", None) == (script, [str(copied)], {})
