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

from tests.e2e.harness import COLLECTION, Controller
from tests.fleet import Fleet
from tests.testbed.client import TestBed

STATUS, SITE, PREREQUISITES = f"{COLLECTION}.status", f"{COLLECTION}.site", f"{COLLECTION}.prerequisites"
UPGRADE, TEARDOWN, ADOPT = f"{COLLECTION}.upgrade", f"{COLLECTION}.teardown", f"{COLLECTION}.adopt"
WORKS = ""
# Stands in a case for the run's own directory.
HERE = "{here}"
# As sudo, but it only tells that it was called.
SUDO = '#!/bin/sh\necho "$@" >> "{here}/sudo.log"\nexit 1\n'
CONNECTION: t.Mapping[str, t.Any] = {
    "ansible_connection": "ssh",
    "ansible_host": "192.0.2.1",
    "ansible_user": "nobody-here",
    "ansible_become": True,
    "ansible_python_interpreter": "/nowhere/python3",
}


@dataclasses.dataclass(frozen=True)
class Case:
    """Settings that stand together in one run.

    :param configuration: of ansible.cfg, by key, of the section C(defaults) or with another one, C(section.key).
    :param environment: what differs in the environment; None takes a variable away.
    :param arguments: of ansible-playbook.
    :param runners: variables of every runner's host.
    :param refused: words of the message with which the run is refused; empty where it works.
    :param document: whether standard output has to be one JSON document.
    :param writes: whether there is something to do.
    """

    name: str
    configuration: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    environment: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    arguments: t.Sequence[str] = ()
    runners: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    playbook: str = STATUS
    refused: str = WORKS
    document: bool = False
    writes: bool = False


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


def _set(name: str, **configuration: str) -> Case:
    return Case(name, configuration=configuration)


def _environment(name: str, **environment: str | None) -> Case:
    return Case(name, environment=environment)


def _strategies() -> list[Case]:
    named = ("free", "host_pinned", "linear", "debug", "ansible.builtin.free")
    return [
        *(Case(f"ANSIBLE_STRATEGY={name}", environment={"ANSIBLE_STRATEGY": name}, playbook=SITE) for name in named),
        Case(
            "strategy = mitogen_linear",
            configuration={"strategy": "mitogen_linear", "strategy_plugins": f"{HERE}/strategies"},
            playbook=SITE,
        ),
        Case("any_errors_fatal", environment={"ANSIBLE_ANY_ERRORS_FATAL": "true"}, playbook=SITE),
    ]


def _connections() -> list[Case]:
    extra = json.dumps(dict(CONNECTION))
    return [
        Case("inventory: a machine to log in to", runners=CONNECTION, playbook=SITE),
        Case(
            "inventory: winrm and PowerShell",
            runners={"ansible_connection": "winrm", "ansible_shell_type": "powershell"},
        ),
        # Ansible loads such a connection before any action.
        Case(
            "inventory: a network device",
            runners={"ansible_connection": "ansible.netcommon.network_cli"},
            refused="ansible_network_os",
        ),
        Case("-e: a machine to log in to", arguments=("-e", extra), playbook=SITE),
        Case("--become, -c ssh, -u", arguments=("--become", "-c", "ssh", "-u", "nobody-here"), playbook=SITE),
        Case("become = true", configuration={"privilege_escalation.become": "true"}),
        _environment("ANSIBLE_BECOME", ANSIBLE_BECOME="true"),
        _environment("ANSIBLE_TRANSPORT", ANSIBLE_TRANSPORT="ssh", ANSIBLE_REMOTE_USER="nobody-here"),
        _environment("ANSIBLE_PYTHON_INTERPRETER", ANSIBLE_PYTHON_INTERPRETER="/nowhere/python3"),
        _environment("ANSIBLE_PIPELINING", ANSIBLE_PIPELINING="true"),
        _environment("ANSIBLE_PIPELINING=false", ANSIBLE_PIPELINING="false"),
        Case("adopt, a machine to log in to", arguments=("-e", extra, *_ADOPT), playbook=ADOPT),
        Case("adopt, localhost in the inventory", arguments=("-i", f"{HERE}/localhost.yml", *_ADOPT), playbook=ADOPT),
    ]


_ADOPT = ("-e", "gitpod_adopt_regions=us-east-1", "-e", f"gitpod_adopt_directory={HERE}/adopted")


def _output() -> list[Case]:
    plain = (
        "minimal",
        "oneline",
        "default",
        "community.general.unixy",
        "community.general.dense",
        "ansible.posix.debug",
    )
    return [
        Case("stdout_callback = json", environment={"ANSIBLE_STDOUT_CALLBACK": "json"}, document=True),
        Case("json, site", environment={"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}, playbook=SITE, document=True),
        Case("json, prerequisites", configuration={"stdout_callback": "json"}, playbook=PREREQUISITES, document=True),
        Case("stdout_callback = jsonl", environment={"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl"}, document=True),
        *(_environment(f"stdout_callback = {name}", ANSIBLE_STDOUT_CALLBACK=name) for name in plain),
        _set("callback_result_format = yaml", callback_result_format="yaml"),
        _set("display_skipped_hosts", display_skipped_hosts="false", display_ok_hosts="false"),
        Case("display_args_to_stdout", configuration={"display_args_to_stdout": "true"}, playbook=SITE),
        _environment("ANSIBLE_NOCOLOR", ANSIBLE_NOCOLOR="1"),
        _environment("ANSIBLE_FORCE_COLOR", ANSIBLE_NOCOLOR=None, ANSIBLE_FORCE_COLOR="1"),
        Case("no_log", environment={"ANSIBLE_NO_LOG": "true"}, playbook=SITE),
        Case(
            "-vvvv and a log file", environment={"ANSIBLE_LOG_PATH": f"{HERE}/log"}, arguments=("-vvvv",), playbook=SITE
        ),
    ]


def _variables() -> list[Case]:
    cached = {"fact_caching": "jsonfile", "fact_caching_connection": f"{HERE}/cache"}
    return [
        *(_environment(f"gathering = {name}", ANSIBLE_GATHERING=name) for name in ("implicit", "explicit", "smart")),
        Case("fact caching", configuration=cached, playbook=SITE),
        _set("inject_facts_as_vars", inject_facts_as_vars="false"),
        _set("hash_behaviour = merge", hash_behaviour="merge"),
        _set("jinja2_native", jinja2_native="true"),
        _set("error_on_undefined_vars", error_on_undefined_vars="false"),
        _set("private_role_vars", private_role_vars="true"),
        _set("task_timeout", task_timeout="1"),
        _environment("ANSIBLE_TASK_TIMEOUT", ANSIBLE_TASK_TIMEOUT="1"),
    ]


def _control_node() -> list[Case]:
    odd = f"{HERE}/odd $(directory)  with blanks"
    return [
        _environment("PWD unset", PWD=None),
        _environment("PWD of another directory", PWD="/nowhere"),
        _environment("LANG=C", LC_ALL=None, LANG="C"),
        Case("LC_ALL=C", environment={"LC_ALL": "C"}, refused="Ansible requires the locale encoding to be UTF-8"),
        _environment("LANG unset", LC_ALL=None, LANG=None, LC_CTYPE=None),
        _environment("HOME unset", HOME=None),
        _environment("HOME that cannot be written", HOME="/proc"),
        _environment("TMPDIR with blanks", TMPDIR=odd),
        _environment("ANSIBLE_LOCAL_TEMP with blanks", ANSIBLE_LOCAL_TEMP=odd),
        _environment("ANSIBLE_REMOTE_TEMP that cannot be written", ANSIBLE_REMOTE_TEMP="/proc/nowhere"),
        _environment("ANSIBLE_KEEP_REMOTE_FILES", ANSIBLE_KEEP_REMOTE_FILES="true"),
        _set("no_target_syslog", no_target_syslog="true"),
        _set("forks = 1", forks="1"),
        _set("force_handlers", force_handlers="true"),
    ]


def _selections() -> list[Case]:
    begin = "The task that begins a batch was left out"

    def refused(playbook: str, words: str, *arguments: str) -> Case:
        return Case(
            f"{playbook.rpartition('.')[2]} {' '.join(arguments)}", None or {}, {}, arguments, {}, playbook, words
        )

    return [
        Case("site --start-at-task 'Begin the batch'", arguments=("--start-at-task", "Begin the batch"), playbook=SITE),
        Case("site --start-at-task, report", arguments=("--start-at-task", "*Report the fleet"), playbook=SITE),
        refused(SITE, begin, "--start-at-task", "Deploy"),
        refused(SITE, begin, "--tags", "verify", "--skip-tags", "always"),
        refused(SITE, "The look at the runners was left out", "--skip-tags", "always"),
        Case("site --skip-tags prerequisites", arguments=("--skip-tags", "prerequisites"), playbook=SITE),
        Case("ANSIBLE_RUN_TAGS=verify", environment={"ANSIBLE_RUN_TAGS": "verify"}, playbook=SITE),
        refused(UPGRADE, "What would change was not computed", "--start-at-task", "Show what would change"),
        refused(
            TEARDOWN,
            "was not looked at",
            "--start-at-task",
            "Show what goes and what stays, and require the confirmation",
        ),
    ]


def cases() -> list[Case]:
    """Every case."""
    return [
        *_strategies(),
        *_connections(),
        *_output(),
        *_variables(),
        *_control_node(),
        *_selections(),
    ]


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
