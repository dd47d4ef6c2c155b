# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner's life by the commands of the documentation, with the inventory of examples/minimal, as a shell runs them.

The commands are looked up in the pages, so one that is changed there is changed here, or fails. Added is only the file
of variables that says where the simulated AWS answers. Commands that differ from these in an argument alone, and those
of other programs, are parsed by their program in tests/unit/project/test_commands.py.
"""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

from tests import documented
from tests.e2e.harness import HOSTS, Controller, Run

US = HOSTS[0]
MINIMAL = documented.ROOT / "examples/minimal/inventory.yml"
PLAYBOOK = "ansible-playbook gitpod.enterprise_runner."
# A page, and how the command begins there or ends; with the exit code that it has to have.
CHECKED = ("README.md", f"{PLAYBOOK}site -i inventory.yml --check --diff")
FIRST = ("docs/fleet.md", f"{PLAYBOOK}site -i inventory.yml -e '" + '{"gitpod_rollout_batches": [1, "25%", "100%"]}\'')
STATUS = ("docs/fleet.md", f"{PLAYBOOK}status -i inventory.yml")
BACK = (
    "docs/upgrades.md",
    f"{PLAYBOOK}upgrade -i inventory.yml -e gitpod_stack_release_version=v20251203.4"
    " -e gitpod_stack_allow_downgrade=true",
)
SHOWN = ("docs/teardown.md", f"{PLAYBOOK}teardown -i inventory.yml --limit gitpod-us-east-1")
CONFIRMED = ("docs/teardown.md", "... -e gitpod_teardown_confirm=gitpod-us-east-1")
CALLBACK = ("docs/terminal.md", "export ANSIBLE_STDOUT_CALLBACK=gitpod.enterprise_runner.fleet")
GRAPH = ("docs/registration.md", "ansible-inventory -i gitpod_runners.yml --graph")


def shown(page: str, text: str) -> str:
    """A command, once the page really has it."""
    on_it = [command for command in documented.commands() if command.page == page]
    (found,) = {shlex.join(command.words) for command in on_it if command.words == shlex.split(text)}
    return found


class Reader:
    """Somebody who types the commands of the pages, one after the other, beside the inventory of one runner."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.exported = ":"
        self.last = ""
        shutil.copy(MINIMAL, controller.directory)
        (controller.directory / "testbed.json").write_text(json.dumps(controller.extra_variables()), "utf-8")

    def types(self, page: str, text: str, **environment: str) -> Run:
        """Run a command of a page."""
        command = shown(page, text)
        if command.startswith("export "):
            self.exported = command
            return Run(0, "", self.controller.artifacts)
        self.last = f"{self.last} {command.removeprefix('...')}" if command.startswith("...") else command
        laid_over = " -e @testbed.json" if self.last.startswith("ansible-playbook ") else ""
        path = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", f"{self.exported}; {self.last}{laid_over}"],
            cwd=self.controller.directory,
            env={**self.controller.environment(), "PATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=300,
            check=False,
        )
        return Run(done.returncode, done.stdout, self.controller.artifacts)


def test_a_runners_life_by_the_commands_of_the_pages(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=0.3)
    reader = Reader(controller)

    def good(command: tuple[str, str]) -> Run:
        run = reader.types(*command)
        assert run.code == 0, run.output
        return run

    good(CALLBACK)
    foreseen = good(CHECKED)
    assert foreseen.changed > 0
    assert controller.writes() == []
    first = good(FIRST)
    assert (first.changed, first.report(US)["state"]) == (foreseen.changed, "verified")
    assert "\nTASK [" not in first.output, "the callback that was exported"
    good(BACK)
    assert "20251203.4" in json.dumps(good(STATUS).status())

    controller.testbed.clear_calls()
    refused = reader.types(*SHOWN)
    assert refused.code != 0
    assert controller.writes() == []
    good(CONFIRMED)
    assert "cloudformation:DeleteStack" in controller.writes()


def test_the_management_plane_as_inventory(controller: Controller) -> None:
    """The file is the page's, and so is the environment variable that it names for the token."""
    reader = Reader(controller)
    text = (documented.ROOT / "docs/registration.md").read_text("utf-8")
    file = text.partition("```yaml\nplugin:")[2].partition("```")[0]
    (controller.directory / "gitpod_runners.yml").write_text(f"plugin:{file}", "utf-8")
    testbed = controller.testbed
    token = {"GITPOD_API_KEY": testbed.api_token, "GITPOD_API_ENDPOINT": testbed.management_plane_url}
    run = reader.types(*GRAPH, **token)
    assert run.code == 0, run.output
    assert "@region_eu_central_1" in run.output
    assert all(f"|--{host}" in run.output for host in HOSTS)
