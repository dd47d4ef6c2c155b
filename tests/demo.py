# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on the simulated AWS: three regions from nothing to verified, then again to show that nothing changes.

Started by `make demo`, with the collection installed where Ansible finds it. What this starts it stops, also after
Ctrl-C and after a failure: the test bed ends with this process, because it watches a pipe that this process holds.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import typing as t

from tests import collection
from tests.testbed.client import TestBed
from tests.with_testbed import variables
from tests.zone_keeper import ZoneKeeper

collection.install()
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet  # noqa: E402
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import fleet_lines  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
BOLD, RESET = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")


def say(text: str) -> None:
    """A line of the demo's own, told apart from Ansible's."""
    sys.stdout.write(f"{BOLD}{text}{RESET}\n")
    sys.stdout.flush()


def environment(testbed: TestBed, collections: pathlib.Path, artifacts: pathlib.Path) -> dict[str, str]:
    """What a user has in the environment: credentials, exchange tokens, and where AWS is simulated."""
    ansible = {
        "ANSIBLE_COLLECTIONS_PATH": str(collections.resolve()),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_FORCE_COLOR": "true" if sys.stdout.isatty() else "false",
        # The callback, as users have it.
        "ANSIBLE_CONFIG": str(ROOT / "examples/ansible.cfg"),
    }
    return {**os.environ, **variables(testbed, artifacts), **ansible}


def extra_variables(testbed: TestBed, artifacts: pathlib.Path) -> dict[str, t.Any]:
    """What differs from the real world: who answers for DNS and TLS, and on which port."""
    return {
        "gitpod_resolvers": [testbed.dns],
        "gitpod_verify_port": testbed.https_port,
        "gitpod_verify_http_port": testbed.http_port,
        # Load balancers are on loopback here, which is neither private nor public.
        "gitpod_verify_accepted_ranges": ["127.0.0.0/8"],
        "gitpod_verify_ca_path": testbed.ca_file,
        "gitpod_artifact_directory": str(artifacts),
        "gitpod_stack_releases_url": testbed.releases_url,
    }


def read(descriptor: int) -> bytes:
    """What has come; nothing when everybody has closed the other side."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def channel() -> tuple[int, int]:
    """Where to read what Ansible writes, and where it writes: a terminal of the same size, where this has one."""
    if not sys.stdout.isatty():
        return os.pipe()
    reading, writing = pty.openpty()
    size = os.get_terminal_size(sys.stdout.fileno())
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))
    # What is read is written to a terminal again, which makes its own line ends.
    attributes = termios.tcgetattr(writing)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(writing, termios.TCSANOW, attributes)
    return reading, writing


def recap_of(text: str) -> dict[str, dict[str, int]]:
    """Counters by host, as the recap prints them."""
    found = re.findall(r"^(\S+)\s+: (ok=.*)$", re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", text), re.MULTILINE)
    return {host: {key: int(number) for key, number in re.findall(r"(\w+)=(\d+)", rest)} for host, rest in found}


def play(arguments: list[str], variables: dict[str, str]) -> tuple[int, dict[str, dict[str, int]]]:
    """Run ansible-playbook, pass its output on as it comes, and return its exit code and recap by host."""
    reading, writing = channel()
    with subprocess.Popen(arguments, cwd=ROOT, env=variables, stdout=writing, start_new_session=True) as process:
        os.close(writing)
        written = b""
        try:
            while chunk := read(reading):
                sys.stdout.buffer.write(chunk)
                sys.stdout.flush()
                written += chunk
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            raise
        os.close(reading)
        return process.wait(), recap_of(written.decode("utf-8", "replace"))


def run(options: argparse.Namespace) -> int:
    """Twice site.yml; success is a good first run and a second that changes nothing."""
    artifacts = options.artifacts.resolve()
    artifacts.mkdir(parents=True, exist_ok=True)
    for stale in artifacts.glob("*.json"):
        stale.unlink()
    say("(demo) starting a simulated AWS, management plane, DNS and HTTPS on loopback")
    recaps = []
    with (
        TestBed.start(options.testbed_python, stack_seconds=options.stack_seconds) as testbed,
        ZoneKeeper(testbed, artifacts, lambda text: say(f"(demo) {text}")),
    ):
        command = [
            options.ansible_playbook,
            "gitpod.enterprise_runner.site",
            "-i",
            str(ROOT / "examples/inventory.yml"),
        ]
        command += ["-e", json.dumps(extra_variables(testbed, artifacts))]
        control_node = environment(testbed, options.collections, artifacts)
        for title in ("first run: from nothing to verified", "second run: nothing to change"):
            say(f"\n(demo) {title}")
            started = time.monotonic()
            code, recap = play(command, control_node)
            if code:
                say(f"(demo) failed: ansible-playbook ended with {code}; reports: {artifacts}")
                return code
            recaps.append(recap)
            say(f"(demo) took {time.monotonic() - started:.0f} s, {len(testbed.calls())} AWS API calls")
            testbed.clear_calls()
    table = json.loads((artifacts / "fleet.json").read_text("utf-8"))["runners"]
    say("\n" + "\n".join(fleet_lines(Fleet.of(table, ""))) + "\n")
    changed = sum(host["changed"] for host in recaps[1].values())
    say(f"(demo) second run: {len(recaps[1])} runners, changed={changed}. Artifacts: {artifacts}")
    return 0 if recaps[1] and not changed else 1


def main() -> int:
    """Parse the command line; 130 after Ctrl-C, as shells have it."""
    parser = argparse.ArgumentParser(description="The main job on the simulated AWS")
    parser.add_argument("--ansible-playbook", required=True)
    parser.add_argument("--testbed-python", required=True)
    parser.add_argument("--collections", type=pathlib.Path, required=True)
    parser.add_argument("--artifacts", type=pathlib.Path, default=ROOT / "artifacts")
    parser.add_argument("--stack-seconds", type=float, default=30.0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(parser.parse_args())
    except KeyboardInterrupt:
        say("\n(demo) interrupted; everything that it started is stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
