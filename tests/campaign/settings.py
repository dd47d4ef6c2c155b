# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings of the user's Ansible do to the playbooks: `python -m tests.campaign.settings [NAME ...]`.

Two runners stand in the test bed. Each case runs a playbook with one setting, or a few, and the table tells whether it
did what it does without (`works`), or said no in one message before anything was changed (`refused`).
tests/e2e/test_settings.py runs a few of them, put together.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import typing as t

import yaml

from tests.campaign.settings_cases import ADOPT, CONNECTION, HERE, SITE, SUDO, Case, cases
from tests.e2e.harness import Controller
from tests.fleet import Fleet
from tests.testbed.client import TestBed


@dataclasses.dataclass(frozen=True)
class Ran:
    """One run: both streams apart."""

    case: Case
    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def output(self) -> str:
        """Both streams."""
        return f"{self.stdout}\n{self.stderr}"


def run(controller: Controller, case: Case) -> Ran:
    """Run a case in the controller's directory, whose inventory has the runners."""
    controller.warm = False
    here = controller.directory

    def filled(text: str) -> str:
        return text.replace(HERE, str(here))

    prepare(here)
    sections: dict[str, dict[str, str]] = {"defaults": {}}
    for key, value in case.configuration.items():
        section, _dot, name = key.rpartition(".")
        sections.setdefault(section or "defaults", {})[name] = filled(value)
    configuration = here / "ansible.cfg"
    lines = [f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in kept.items()) for section, kept in sections.items()]
    configuration.write_text("\n".join(lines), "utf-8")
    environment: dict[str, str | None] = {
        **controller.environment(),
        "ANSIBLE_CONFIG": str(configuration),
        "PATH": f"{here}/bin:{os.environ['PATH']}",
        **{name: None if value is None else filled(value) for name, value in case.environment.items()},
    }
    names = yaml.safe_load(controller.inventory.read_text("utf-8"))["gitpod_runners"]["hosts"]
    own = json.loads(filled(json.dumps(dict(case.runners))))
    command = controller.command(
        case.playbook, *map(filled, case.arguments), hosts={name: own for name in names} if own else None
    )
    begun = time.monotonic()
    process = subprocess.run(
        command,
        cwd=here,
        env={name: value for name, value in environment.items() if value is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(case, process.returncode, process.stdout, process.stderr, time.monotonic() - begun)


def prepare(here: pathlib.Path) -> None:
    """Programs and directories that cases name."""
    programs = here / "bin"
    programs.mkdir(exist_ok=True)
    sudo = programs / "sudo"
    sudo.write_text(SUDO.replace(HERE, str(here)), "utf-8")
    sudo.chmod(0o755)
    for name in ("odd $(directory)  with blanks", "cache", "strategies"):
        (here / name).mkdir(exist_ok=True)
    for kind, base in (("linear", "linear"), ("free", "free")):
        text = f"from ansible.plugins.strategy.{base} import StrategyModule as Base\n\n\nclass StrategyModule(Base):\n"
        (here / "strategies" / f"mitogen_{kind}.py").write_text(f'{text}    """As Mitogen calls it."""\n', "utf-8")


def faults(ran: Ran, controller: Controller, fleet: Fleet) -> list[str]:
    """What is not as it should be; empty where the case holds."""
    case, found = ran.case, []
    if "Traceback (most recent call last)" in ran.output:
        found.append("a traceback")
    if (controller.directory / "sudo.log").exists():
        found.append("sudo was called")
    if not case.writes:
        found += [f"{write} was called" for write in controller.writes() if not write.endswith("DetectStackDrift")]
    found += ["an exchange token was shown" for token in fleet.tokens.values() if token in ran.output]
    if case.refused:
        found += [] if ran.code else ["it was not refused"]
        found += [] if case.refused in " ".join(ran.output.split()) else ["the message is another one"]
        return found
    if ran.code:
        found.append(f"it ended with {ran.code}")
    if case.document:
        found += _faults_of_a_document(ran.stdout, fleet)
    elif case.playbook != ADOPT:
        found += [f"{name} is not shown" for name in fleet.names if name not in ran.output]
    return found


def _faults_of_a_document(text: str, fleet: Fleet) -> list[str]:
    try:
        documents = (
            [json.loads(text)] if not text.startswith('{"_') else [json.loads(line) for line in text.splitlines()]
        )
    except ValueError as error:
        return [f"standard output is no JSON: {error}"]
    told = json.dumps(documents)
    return [f"{name} is not in the document" for name in fleet.names if name not in told]


def fleet_of_two(testbed: TestBed, directory: pathlib.Path) -> tuple[Fleet, Controller]:
    """Two runners that stand, and a control node with their inventory."""
    testbed.reset()
    testbed.settings(stack_seconds=0.5)
    fleet = Fleet.of(2)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    testbed.clear_calls()
    inventory = fleet.write_inventory(directory / "fleet.yml")
    (directory / "localhost.yml").write_text(
        yaml.safe_dump({"all": {"hosts": {"localhost": dict(CONNECTION)}}}), "utf-8"
    )
    return fleet, Controller(testbed, directory, inventory)


def row(ran: Ran, found: t.Sequence[str], width: int) -> str:
    """A case's line in the table.

    :param width: of the names.
    """
    return f"{ran.case.name:{width}}  {_verdict(ran.case, found):8}  {ran.seconds:5.1f} s  {'; '.join(found)}".rstrip()


def _verdict(case: Case, found: t.Sequence[str]) -> str:
    return "BREAKS" if found else "refused" if case.refused else "works"


def campaign(names: t.Collection[str] = (), show: bool = False) -> tuple[int, int]:
    """Run the cases and print a line of each; how many break, of how many.

    :param names: parts of the names of the cases to run; without, all.
    :param show: print what the runs printed that break.
    :raises RuntimeError: the runners could not be made ready.
    """
    chosen = [case for case in cases() if not names or any(name in case.name for name in names)]
    python = os.environ.get("TESTBED_PYTHON", sys.executable)
    width, broken = max((len(case.name) for case in chosen), default=0), 0
    with tempfile.TemporaryDirectory() as directory, TestBed.start(python, stack_seconds=0.5) as testbed:
        fleet, controller = fleet_of_two(testbed, pathlib.Path(directory))
        # Stacks that were made without this collection get its tags, once.
        before = run(controller, Case("before", playbook=SITE))
        if before.code:
            raise RuntimeError(before.output)
        for case in chosen:
            testbed.clear_calls()
            (controller.directory / "sudo.log").unlink(missing_ok=True)
            ran = run(controller, case)
            found = faults(ran, controller, fleet)
            broken += bool(found)
            sys.stderr.write(f"{row(ran, found, width)}\n{ran.output if show and found else ''}")
            sys.stderr.flush()
    return broken, len(chosen)


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Run the cases; 0 where all hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print what the runs printed that break")
    parser.add_argument("names", nargs="*", help="parts of the names of the cases to run; without, all")
    options = parser.parse_args(arguments)
    broken, count = campaign(options.names, options.show)
    sys.stdout.write(f"{count - broken} of {count} hold\n")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
