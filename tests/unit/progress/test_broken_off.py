# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does with signals, in processes of its own; with Ansible itself, tests/e2e/test_kills.py has them."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._lifetime import parent_of, remove_own_files
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.interruption import TOLD
from tests import collection

UTILS = "ansible_collections.gitpod.enterprise_runner.plugins"
# As Ansible's own handler: it tells the workers, and dies of the signal.
MAIN = f"""
import os, signal, sys, time
from {UTILS}.plugin_utils.interruption import interruptible

def handler(signum, frame):
    # The signal may come while "ready" is being printed, and print is not to be entered twice.
    os.write(1, b"passed on %d\\n" % signum)
    os._exit(3)

signal.signal(signal.SIGINT, handler)
signal.signal(signal.SIGTERM, handler)
if sys.argv[1:] == ["nohup"]:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
assert interruptible(interruptible(["100%"])) == ["100%"]
print("ready", flush=True)
time.sleep(60)
"""
# A module that waits in threads, which keep Python from ending.
MODULE = f"""
import concurrent.futures, os, sys, time
from {UTILS}.module_utils import _lifetime
_lifetime.bound()
print("ready", os.getpid(), flush=True)
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    list(pool.map(time.sleep, [60, 60]))
"""
# The kernel gives a signal to any thread where the main one cannot take it just then, as between SIGSTOP and SIGCONT.
ELSEWHERE = """
def taken_elsewhere():
    import signal, threading, time
    other = threading.Thread(target=time.sleep, args=(60,), daemon=True)
    other.start()
    def send():
        time.sleep(0.3)
        print("sent", flush=True)
        signal.pthread_kill(other.ident, signal.SIGINT)
    threading.Thread(target=send, daemon=True).start()
"""
MODULE_ELSEWHERE = ELSEWHERE + MODULE.replace("with concurrent", "taken_elsewhere()\nwith concurrent")
# A worker that waits for its module, with Ansible's own handler.
WORKER_ELSEWHERE = f"""{ELSEWHERE}
import multiprocessing, os, signal, subprocess, sys
from {UTILS}.plugin_utils import interruption

def term(signum, frame):
    signal.signal(signum, signal.SIG_DFL)
    os.killpg(os.getpid(), signum)

def work():
    os.setsid()
    signal.signal(signal.SIGINT, term)
    interruption.end_with_the_run()
    taken_elsewhere()
    subprocess.run(["sleep", "60"])

worker = multiprocessing.get_context("fork").Process(target=work)
worker.start()
worker.join()
sys.exit(-worker.exitcode)
"""
# A worker: the leader of a process group of its own, whose parent is Ansible's main process.
WORKER = """
import os, subprocess, sys
os.setpgid(0, 0)
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
LEADER = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], sys.argv[2]])
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    """Python with the collection; a worker and a module hand the environment on."""
    return subprocess.Popen(
        [sys.executable, "-c", *arguments],
        env={**os.environ, "PYTHONPATH": str(collection.ROOT / ".work/collections")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize(
    ("signum", "passed_on"),
    [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGTERM), (signal.SIGHUP, signal.SIGTERM)],
)
def test_it_says_that_aws_goes_on_and_then_does_what_ansible_does(signum: int, passed_on: int) -> None:
    process = started(MAIN)
    assert line(process) == "ready\n"
    process.send_signal(signum)
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 3
    assert output == f"passed on {int(passed_on)}\n"
    assert errors == TOLD
    assert "AWS goes on" in TOLD
    assert "same playbook again" in TOLD


# As Ansible's where a worker was killed while it held the lock of their queue.
STUCK = MAIN.replace("    os._exit(3)", "    time.sleep(60)").replace(
    "from ansible", f"import {UTILS}.plugin_utils.interruption as own\nown.GIVE_UP = 0.2\nfrom ansible", 1
)


def test_a_main_process_that_cannot_end_is_ended() -> None:
    process = started(STUCK)
    assert line(process) == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=90) == 99
    assert process.communicate()[0] == "passed on 2\n"


# Where what is said first, or the output itself, waits for a lock that the interrupted code holds.
HELD = """
class Held:
    write = staticmethod(sys.stdout.write)
    flush = staticmethod(lambda: time.sleep(60))
"""


@pytest.mark.parametrize("held", ["own.before_it_is_told.append(lambda: time.sleep(60))", f"{HELD}sys.stdout = Held()"])
def test_it_is_ended_too_where_it_cannot_even_say_so(held: str) -> None:
    until_ready = STUCK.rpartition("print(")[0]
    process = started(f'{until_ready}{held}\nos.write(1, b"ready\\n")\ntime.sleep(60)\n')
    assert line(process) == "ready\n"
    process.send_signal(signal.SIGINT)
    try:
        assert process.wait(timeout=30) == 99
    finally:
        process.kill()
        process.communicate()


def test_what_nohup_keeps_goes_on() -> None:
    process = started(MAIN, "nohup")
    assert line(process) == "ready\n"
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.kill()
    assert process.communicate()[1] == ""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_module_whose_threads_wait_ends_all_the_same(signum: int) -> None:
    process = started(MODULE)
    assert line(process).startswith("ready")
    process.send_signal(signum)
    assert process.wait(timeout=90) != 0


@pytest.mark.parametrize("program", [MODULE_ELSEWHERE, WORKER_ELSEWHERE])
def test_a_signal_that_another_thread_was_given_ends_a_module_and_its_worker_at_once(program: str) -> None:
    process = started(program)
    while line(process) not in ("sent\n", ""):
        pass
    began = time.monotonic()
    try:
        assert process.wait(timeout=30) != 0
    finally:
        process.kill()
        process.communicate()
    assert time.monotonic() - began < 5
    # The module's own code, or the signal that the worker passed on to its group, itself among it.
    assert process.returncode in (1, 128 + signal.SIGINT, signal.SIGINT)


def alive(process: int) -> bool:
    state = pathlib.Path(f"/proc/{process}/stat")
    return state.exists() and ") Z " not in state.read_text("utf-8")


@pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_module_ends_when_its_run_was_killed() -> None:
    main = started(LEADER, WORKER, MODULE)
    module = int(line(main).split()[1])
    assert alive(module)
    main.kill()
    main.wait()
    deadline = time.monotonic() + 15
    while alive(module) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(module)


@pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_the_parent_of_a_process() -> None:
    assert parent_of(os.getpid()) == os.getppid()
    process = started("import time; time.sleep(60)")
    assert parent_of(process.pid) == os.getpid()
    process.kill()
    process.communicate()
    assert parent_of(process.pid) == 0


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("ansible-tmp-1-2/AnsiballZ_runner_stack.py", True),
        ("ansible-tmp-1-2/runner_stack.py", False),
        ("home/AnsiballZ_runner_stack.py", False),
    ],
)
def test_a_modules_copy_goes_and_nothing_else(tmp_path: pathlib.Path, path: str, goes: bool) -> None:
    file = tmp_path / path
    file.parent.mkdir()
    file.write_text("secrets", "utf-8")
    remove_own_files(["python3", str(file)])
    assert file.parent.exists() is not goes
    remove_own_files(["python3", str(file)])


def test_nothing_is_watched_where_no_worker_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import interruption

    def fail(*_arguments: t.Any, **_more: t.Any) -> t.NoReturn:
        raise AssertionError("a thread was started")

    monkeypatch.setattr(interruption.threading, "Thread", fail)
    interruption.end_with_the_run()
