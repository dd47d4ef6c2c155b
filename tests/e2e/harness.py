# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the real playbooks against the test bed, and reading what they say."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import yaml

from tests.with_testbed import variables

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/inventory.yml"
COLLECTION = "gitpod.enterprise_runner"
HOSTS = ("gitpod-us-east-1", "gitpod-eu-central-1", "gitpod-ap-southeast-2")
# Prefixes of operations that change nothing.
READING = ("Get", "Describe", "List", "Lookup", "Test", "Validate", "Simulate", "Filter", "Search", "Head", "Estimate")


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of ansible-playbook."""

    code: int
    output: str
    artifacts: pathlib.Path

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """Counters by host, as PLAY RECAP prints them."""
        found = re.findall(r"^(\S+)\s+: (ok=.*)$", self.output, re.MULTILINE)
        return {host: {key: int(n) for key, n in re.findall(r"(\w+)=(\d+)", rest)} for host, rest in found}

    @property
    def changed(self) -> int:
        """Changes of all hosts together."""
        return sum(counters["changed"] for counters in self.recap.values())

    def report(self, runner: str) -> dict[str, t.Any]:
        """The JSON report of one runner."""
        report: dict[str, t.Any] = json.loads((self.artifacts / f"{runner}.json").read_text("utf-8"))
        return report

    def status(self) -> list[dict[str, t.Any]]:
        """Every runner's line of the status."""
        lines: list[dict[str, t.Any]] = json.loads((self.artifacts / "status.json").read_text("utf-8"))["runners"]
        return lines


class Controller:
    """A control node with the collection, credentials and exchange tokens of the test bed."""

    def __init__(self, testbed: TestBed, directory: pathlib.Path, inventory: pathlib.Path = EXAMPLE) -> None:
        self.testbed = testbed
        self.directory = directory
        self.artifacts = directory / "artifacts"
        self.inventory = inventory
        # Of the environment: the account's own, unless a test has others.
        self.credentials: dict[str, str] = {}
        # Modules may be forks of one Python (warm_python.py), but not where a test is about their life or their end.
        self.warm = True

    def command(self, playbook: str, *arguments: str, hosts: dict[str, dict[str, t.Any]] | None = None) -> list[str]:
        """ansible-playbook with the inventory, which is the example unless a test gives it another.

        :param hosts: variables laid over the inventory's, by host.
        """
        inventories = ["-i", str(self.inventory)]
        if hosts:
            overlay = self.directory / "overlay.yml"
            overlay.write_text(yaml.safe_dump({"gitpod_runners": {"hosts": hosts}}), "utf-8")
            inventories += ["-i", str(overlay)]
        program = str(pathlib.Path(sys.executable).parent / "ansible-playbook")
        return [program, playbook, *inventories, "-e", json.dumps(self.extra_variables()), *arguments]

    def play(
        self,
        playbook: str,
        *arguments: str,
        hosts: dict[str, dict[str, t.Any]] | None = None,
        timeout: float = 600.0,
    ) -> Run:
        """Run a playbook by its name or path to its end, which must come within C(timeout) seconds."""
        process = subprocess.run(
            self.command(playbook, *arguments, hosts=hosts),
            cwd=self.directory,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(process.returncode, process.stdout, self.artifacts)

    def extra_variables(self) -> dict[str, t.Any]:
        """What differs from the real world: who answers for DNS and TLS, on which port, and how long to wait."""
        return {
            "gitpod_resolvers": [self.testbed.dns],
            "gitpod_verify_port": self.testbed.https_port,
            "gitpod_verify_http_port": self.testbed.http_port,
            # Load balancers are on loopback here, which is neither private nor public.
            "gitpod_verify_accepted_ranges": ["127.0.0.0/8"],
            "gitpod_verify_ca_path": self.testbed.ca_file,
            "gitpod_verify_wait": 60,
            "gitpod_artifact_directory": str(self.artifacts),
            "gitpod_stack_releases_url": self.testbed.releases_url,
        }

    def environment(self) -> dict[str, str]:
        """The environment of the control node; the home directory is empty."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        ansible = {
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            "ANSIBLE_HOME": str(home / ".ansible"),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_SHOW_CUSTOM_STATS": "true",
            "HOME": str(home),
            "PATH": os.environ["PATH"],
        }
        if "TESTS_PAYLOADS" in os.environ:
            ansible["ANSIBLE_CALLBACK_PLUGINS"] = str(ROOT / "tests/e2e/callback")
            ansible["TESTS_PAYLOADS"] = os.environ["TESTS_PAYLOADS"]
            if "TESTS_WARM_PYTHON" in os.environ and self.warm:
                ansible["TESTS_WARM_PYTHON"] = os.environ["TESTS_WARM_PYTHON"]
        return {**ansible, **variables(self.testbed, self.artifacts), **self.credentials}

    def writes(self) -> list[str]:
        """Every call since the last clearing that could have changed something in AWS."""
        return [
            f"{call['service']}:{call['operation']}"
            for call in self.testbed.calls()
            if not call["operation"].startswith(READING)
        ]


@dataclasses.dataclass(frozen=True)
class Step:
    """One module with its options, as a task of a play."""

    module: str
    options: dict[str, t.Any]
    check: bool = False


def run_steps(controller: Controller, *steps: Step) -> list[dict[str, t.Any]]:
    """Each step's result, failed or not. One run for all of them: a run of its own each costs seconds."""
    directory = controller.directory / "results"
    directory.mkdir(exist_ok=True)
    tasks: list[dict[str, t.Any]] = []
    for number, step in enumerate(steps):
        module = {f"{COLLECTION}.{step.module}": step.options, "check_mode": step.check}
        result = directory / f"{number}.json"
        result.unlink(missing_ok=True)
        keep = {"content": f"{{{{ found{number} | to_json }}}}", "dest": str(result), "mode": "0600"}
        tasks += [
            {"name": f"Step {number}", **module, "register": f"found{number}", "ignore_errors": True},
            {"name": f"Keep the result of step {number}", "ansible.builtin.copy": keep, "no_log": True},
        ]
    play = [{"name": "Steps", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    playbook = controller.directory / "steps.yml"
    playbook.write_text(yaml.safe_dump(play), "utf-8")
    run = controller.play(str(playbook), "--diff")
    found = [directory / f"{number}.json" for number in range(len(steps))]
    assert all(path.exists() for path in found), run.output
    return [json.loads(path.read_text("utf-8")) for path in found]
