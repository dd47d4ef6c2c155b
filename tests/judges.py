# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One judge a program: whether a command of the documentation is one that the program takes, and names what there is.

Ansible's programs parse with their own parsers, AWS's with botocore's models, Python's with their C(--help); a judge
raises C(AssertionError).
"""

from __future__ import annotations

import contextlib
import copy
import functools
import importlib
import io
import os
import pathlib
import re
import shlex
import subprocess
import sys
import typing as t

import pytest
import yaml

from tests.documented import ROOT, Command, of_page

EXAMPLES = ROOT / "examples"
COLLECTION = "gitpod.enterprise_runner"
# Collections that the documentation has people install.
COLLECTIONS = (COLLECTION, "awx.awx")
INSTALLED = "~/.ansible/collections/ansible_collections/gitpod/enterprise_runner/"
# Commands of AWS's command line that no API has (AWS CLI reference: configure, sso login).
OF_THE_CLI = {("configure", "list-profiles"), ("configure", "sso"), ("sso", "login")}
# Ansible's settings for servers that an ansible.cfg names (Galaxy user guide, "Configuring the ansible-galaxy client").
SERVER = re.compile(
    r"ANSIBLE_GALAXY_SERVER_\w+_(URL|TOKEN|USERNAME|PASSWORD|AUTH_URL|CLIENT_ID|API_VERSION|VALIDATE_CERTS)"
)
Judge = t.Callable[[Command], None]


def judge(command: Command) -> None:
    """Judge a command by its program.

    :raises AssertionError: it would not work, or nobody can say so.
    """
    if command.program == "...":
        command = _completed(command)
    found = JUDGES.get(command.program)
    assert found, f"nobody judges {command.program}: {command}"
    found(command)


def _completed(command: Command) -> Command:
    """Three dots stand for the command before."""
    before = [other for other in of_page(ROOT / command.page) if other.line < command.line][-1]
    return Command(command.page, command.line, f"{before.text} {command.text.removeprefix('...')}")


def _parsed(cli: t.Any, words: t.Sequence[str]) -> t.Any:
    """What a program of Ansible's makes of its arguments, by its own parser; files keep the names that are given."""
    program = cli(list(words))
    program.init_parser()
    options = _parse(lambda: program.parser.parse_args(program.args[1:]))
    _parse(lambda: program.post_process_args(copy.copy(options)))
    return options


def _parse(parse: t.Callable[[], t.Any]) -> t.Any:
    """What a parser returns; what it complains of is the error's text."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return parse()
    except SystemExit as error:
        raise AssertionError(said.getvalue()) from error


def playbook(command: Command) -> None:
    """ansible-playbook: playbooks, inventories, limits, tags and extra variables."""
    from ansible.cli.playbook import PlaybookCLI

    from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import run_tags

    options = _parsed(PlaybookCLI, command.words)
    paths = [_playbook(name) for name in options.args]
    inventories = [_inventory(name, command.page) for name in options.inventory or []]
    for name in (options.subset or "").split(","):
        known_here = not name or name in _names(command.page) or _hosts(tuple(inventories), name)
        assert known_here, f"no host {name} in {options.inventory}"
    known = frozenset[str]().union(*(run_tags.tags_of(path) for path in paths)) | run_tags.SPECIAL
    for tag in ",".join([*(options.tags or []), *(options.skip_tags or [])]).split(","):
        assert not tag or tag in known, f"no tag {tag} in {options.args}: {sorted(known)}"
    _judge_variables(options.extra_vars or [])


def _playbook(name: str) -> pathlib.Path:
    """Where a playbook of the collection is, or a file of the examples."""
    from ansible.utils.collection_loader._collection_finder import _get_collection_playbook_path

    found = _get_collection_playbook_path(name) if re.fullmatch(r"\w+\.\w+\.\w+", name) else None
    path = pathlib.Path(found[1]) if found else EXAMPLES / "awx" / name
    assert path.is_file(), f"no playbook {name}"
    return path


def _inventory(name: str, page: str) -> pathlib.Path:
    """What a reader has under this name: one of the examples, of the page's folder, or what a playbook wrote."""
    written_by_adopt = {"gitpod-inventory/hosts.yml": "inventory.yml"}
    for path in (
        (ROOT / page).parent / name,
        EXAMPLES / written_by_adopt.get(name, name),
        EXAMPLES / "awx/inventories" / name,
    ):
        if path.is_file():
            return path
    raise AssertionError(f"no inventory {name} among the examples")


@functools.cache
def _names(page: str) -> frozenset[str]:
    """Hosts and groups of the inventories that a page itself shows."""
    path = ROOT / page
    blocks = re.findall(r"^```yaml\n(.*?)^```$", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return frozenset(name for block in blocks for name in re.findall(r"^ +([\w-]+):", block, re.MULTILINE))


@functools.cache
def _hosts(inventories: tuple[pathlib.Path, ...], pattern: str) -> tuple[str, ...]:
    """Hosts of these files that a pattern stands for."""
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    manager = InventoryManager(DataLoader(), [str(path) for path in inventories])
    return tuple(host.name for host in manager.list_hosts(pattern))


def _judge_variables(given: t.Sequence[str]) -> None:
    """Extra variables: each is declared, and takes the value that is given."""
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import (
        OF_CONTROLLERS,
        variables,
    )

    said: dict[str, t.Any] = {}
    for text in given:
        said.update(_variables(text))
    controllers = {variable.name: variable for known in OF_CONTROLLERS.values() for variable in known}
    declared = {**variables(), **controllers}
    unknown = sorted(set(said) - set(declared))
    assert not unknown, f"no variable {', '.join(unknown)}"
    usual = {"gitpod_region": "eu-central-1", "gitpod_runner_name": "gitpod-eu-central-1"}
    found = of_host(read("eu", "/", declared, {**usual, **said}))
    problems = [problem for problem in found if problem.variable in said]
    assert not problems, problems


def _variables(text: str) -> dict[str, t.Any]:
    """Extra variables of one option; those of a file are as a page shows it."""
    from ansible.parsing.splitter import parse_kv

    if text.startswith("@"):
        name = pathlib.Path(text[1:]).name
        texts = [path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md")]
        shown = [text.split(f"```yaml\n# {name}\n")[1] for text in texts if f"```yaml\n# {name}\n" in text]
        assert shown, f"no file {name}: no page shows one that begins so"
        said: dict[str, t.Any] = yaml.safe_load(shown[0].partition("```")[0])
        return said
    found: dict[str, t.Any] = yaml.safe_load(text) if text.startswith(("{", "[")) else parse_kv(text)
    return found


def inventory(command: Command) -> None:
    """ansible-inventory: its options, and a file that there is."""
    from ansible.cli.inventory import InventoryCLI

    for name in _parsed(InventoryCLI, command.words).inventory:
        _inventory(name, command.page)


def doc(command: Command) -> None:
    """ansible-doc: done, because it needs nothing; what is asked for is told."""
    from ansible.cli.doc import DocCLI

    options = _parsed(DocCLI, command.words)
    done = _run("ansible-doc", *command.words[1:])
    assert done.returncode == 0, done.stderr
    for name in options.args:
        last = name.rpartition(".")[2]
        assert last in done.stdout, f"nothing about {name}: {done.stderr}"


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program beside this interpreter, from the top of the checkout."""
    path = pathlib.Path(sys.executable).parent / program
    return subprocess.run(
        [str(path), *arguments], cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def galaxy(command: Command) -> None:
    """ansible-galaxy: its options, and collections that this one's users need."""
    from ansible.cli.galaxy import GalaxyCLI

    options = _parsed(GalaxyCLI, command.words)
    needed = {*COLLECTIONS, *yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["dependencies"]}
    for name in getattr(options, "args", None) or []:
        # A directory, or an archive of it, is this collection's.
        here = name == "." or name.endswith(".tar.gz")
        assert here or name.partition(":")[0] in needed, f"nobody needs {name}"
    if getattr(options, "requirements", None):
        # What is downloaded has a file of this name beside it (ansible-galaxy collection download).
        assert options.requirements == "requirements.yml" or (ROOT / options.requirements).is_file()


def adhoc(command: Command) -> None:
    """ansible: its options, and a module."""
    from ansible.cli.adhoc import AdHocCLI

    options = _parsed(AdHocCLI, command.words)
    assert options.module_name != "command", f"no module in {command}"


def rulebook(command: Command) -> None:
    """ansible-rulebook: its options, and a rulebook that there is."""
    cli = pytest.importorskip("ansible_rulebook.cli")
    options = _parse(lambda: cli.get_parser().parse_args(command.words[1:]))
    assert (ROOT / options.rulebook).is_file(), options.rulebook
    _inventory(options.inventory, command.page)


def builder(command: Command) -> None:
    """ansible-builder: its options, and a definition that there is."""
    cli = pytest.importorskip("ansible_builder.cli")
    options = _parse(lambda: cli.parse_args(command.words[1:]))
    assert (ROOT / options.filename).is_file(), options.filename


@functools.cache
def targets() -> frozenset[str]:
    """What make can be asked for."""
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    variables = dict(re.findall(r"^(\w+) := ([a-z][a-z -]*)$", text, re.MULTILINE))
    words = [re.sub(r"\$\((\w+)\)", lambda match: variables[match[1]], line) for line in phony]
    return frozenset(" ".join(words).split())


def make(command: Command) -> None:
    """make: targets, and settings of variables."""
    for word in command.words[1:]:
        assert "=" in word or word in targets(), f"no target {word}"


def python(command: Command) -> None:
    """A program of this checkout: it begins, and knows the options."""
    words = command.words[1:] if command.program.startswith("python") else command.words
    asked, rest = (words[:2], words[2:]) if words[0] == "-m" else (words[:1], words[1:])
    # The test bed has an environment of its own.
    interpreter = os.environ.get("TESTBED_PYTHON", sys.executable) if "tests.testbed" in asked else sys.executable
    source = ROOT / f"{asked[-1].replace('.', '/')}.py"
    if asked[0] == "-m" and source.is_file() and "argparse" not in source.read_text("utf-8"):
        # It asks for no help; what it looks for among its arguments stands in its text.
        known = source.read_text("utf-8")
    else:
        help_of = [interpreter, *asked, "--help"]
        told = subprocess.run(help_of, cwd=ROOT, capture_output=True, text=True, check=False)
        assert told.returncode == 0, f"{shlex.join(asked)}: {told.stderr}"
        known = told.stdout
    for word in rest:
        option = word.partition("=")[0]
        assert not word.startswith("-") or re.search(rf"{option}\b", known), f"no option {option}: {known}"


@functools.cache
def _aws() -> t.Any:
    return importlib.import_module("botocore.session").get_session()


def aws(command: Command) -> None:
    """aws: service, operation and options, which the command line makes of botocore's models."""
    import botocore

    service, operation, *rest = command.words[1:]
    if (service, operation) in OF_THE_CLI:
        return
    assert service in _aws().get_available_services(), f"no service {service}"
    model = _aws().get_service_model(service)
    names = {botocore.xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"no operation {operation} of {service}"
    shape = model.operation_model(names[operation]).input_shape
    members = {f"--{botocore.xform_name(name, '-')}" for name in shape.members} | {
        "--region",
        "--profile",
        "--query",
        "--output",
    }
    for option in (word for word in rest if word.startswith("--")):
        assert option.replace("--no-", "--") in members, f"no option {option} of {service} {operation}"
    given = {word for word in rest if word.startswith("--")}
    missing = {f"--{botocore.xform_name(name, '-')}" for name in shape.required_members} - given
    # In a sentence the operation stands alone.
    assert not rest or not missing, f"{command} lacks {missing}"


def pip(command: Command) -> None:
    """pip: its options, and what this collection requires, from its own file or by name."""
    commands = importlib.import_module("pip._internal.commands")
    words = command.words[1:]
    assert words[0] in commands.commands_dict, f"no command {words[0]} of pip"
    options, named = _parse(lambda: commands.create_command(words[0]).parse_args(words[1:]))
    for word in getattr(options, "requirements", None) or []:
        assert (ROOT / word.removeprefix(INSTALLED)).is_file(), word
    required = (ROOT / "requirements.txt").read_text("utf-8")
    for word in named:
        name = re.split(r"[<>=~!\[]", word)[0]
        assert re.search(rf"^{re.escape(name)}\b", required, re.MULTILINE) or name.startswith("ansible"), word


def export(command: Command) -> None:
    """export: settings of Ansible or variables that the collection's programs read."""
    from ansible import constants
    from ansible.plugins.loader import callback_loader

    for word in command.words[1:]:
        name, _equals, value = word.partition("=")
        if name.startswith("ANSIBLE_"):
            known = {
                entry["name"]
                for setting in constants.config.get_configuration_definitions().values()
                for entry in setting.get("env") or []
            }
            assert name in known or SERVER.fullmatch(name), f"no setting {name}"
        if name == "ANSIBLE_STDOUT_CALLBACK":
            assert callback_loader.find_plugin_with_context(value).resolved, f"no callback {value}"


def shell(command: Command) -> None:
    """Programs that only read: the shell runs them, and they succeed."""
    done = subprocess.run(["/bin/sh", "-ec", command.text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr


def plain(command: Command) -> None:
    """Programs of every system that do what they say: the shell can read the line; nothing is looked up."""
    done = subprocess.run(["bash", "-nc", command.text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


JUDGES: dict[str, Judge] = {
    ".": plain,
    "ansible": adhoc,
    "ansible-builder": builder,
    "ansible-doc": doc,
    "ansible-galaxy": galaxy,
    "ansible-inventory": inventory,
    "ansible-playbook": playbook,
    "ansible-rulebook": rulebook,
    "aws": aws,
    "cat": plain,
    "cd": plain,
    "export": export,
    "ls": plain,
    "make": make,
    "pip": pip,
    "python": python,
    "python3": python,
    "read": plain,
    "release.py": python,
    "sed": shell,
}
