# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of the documentation is parsed by the program that it names, and what it names exists.

An option that the program has not, a playbook, tag, variable, host, target or operation that nobody has fails here. So
does a command whose program nobody judges: give it a judge, or say in ELSEWHERE what runs it, or in NOT_RUN why nothing
does. That each is executed, too, test_executed_commands.py sees to.
"""

from __future__ import annotations

import pathlib
import subprocess

import pytest

from tests import documented, judges
from tests.documented import Command

ROOT = pathlib.Path(__file__).parents[3]
COMMANDS = documented.commands()
# What is judged by what runs it, and where that is; each file really does.
ELSEWHERE = {
    "antsibull-changelog lint": (".ci/release.py", '"antsibull-changelog", "lint"'),
    "git push --atomic origin main v1.2.0": (".ci/release.py", "git push --atomic origin {BRANCH} v{version}"),
    "ansible-test sanity": ("tests/sanity.py", '"sanity"'),
    ".venv/main/bin/pre-commit install     # after one of the commands above": (
        "tests/unit/project/test_alone.py",
        '"bin/pre-commit"',
    ),
}
# Commands that no test can judge, and why.
NOT_RUN = {
    "terraform destroy": "takes away what the vendor's Terraform module made; Terraform is no part of the tests",
    "curl https://us.gitpod.example.com/_health": "asks a runner of the reader's by its name on the internet",
}


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_each_command_is_one_that_its_program_takes(command: Command) -> None:
    if command.text in NOT_RUN:
        return
    if command.text in ELSEWHERE:
        name, words = ELSEWHERE[command.text]
        assert words in (ROOT / name).read_text("utf-8")
        return
    judges.judge(command)


def test_nothing_is_excused_that_is_not_shown() -> None:
    assert {*ELSEWHERE, *NOT_RUN} - {command.text for command in COMMANDS} == set()
    assert all(NOT_RUN.values())


def of(text: str) -> list[str]:
    return [command.text for command in documented.of_text(text, "page.md")]


def test_commands_are_found_wherever_a_page_shows_one() -> None:
    assert of("Run:\n\n    make demo   # look\n    make \\\n      test\n") == ["make demo   # look", "make test"]
    assert of("1. Do\n\n      pip install x\n") == ["pip install x"]
    assert of("```sh\n$ aws s3 ls\n\n# a comment\n```\n```text\naws, as it answers\n```\n") == ["aws s3 ls"]
    assert of("See `ansible-doc -t\nrole x`, and `make`, and `gitpod_region: x`.") == ["ansible-doc -t role x"]
    assert of("A sentence,\n    which goes on.\n") == []
    with pytest.raises(ValueError, match=r"page\.md:1: say what the block has"):
        of("```\nkubectl get pods\n```\n")


SITE = "ansible-playbook gitpod.enterprise_runner.site -i inventory.yml"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"{SITE} --chek", "unrecognized arguments: --chek"),
        ("ansible-playbook gitpod.enterprise_runner.sight", "no playbook gitpod.enterprise_runner.sight"),
        ("ansible-playbook deploy.yml", "no playbook deploy.yml"),
        ("ansible-playbook gitpod.enterprise_runner.site -i here.yml", "no inventory here.yml"),
        (f"{SITE} --tags stak", "no tag stak"),
        (f"{SITE} --skip-tags stak", "no tag stak"),
        (f"{SITE} --limit gitpod-eu-west-9", "no host gitpod-eu-west-9"),
        (f"{SITE} -e gitpod_domian_name=x", "no variable gitpod_domian_name"),
        (f"{SITE} -e gitpod_stack_timeout=soon", "gitpod_stack_timeout"),
        (f"{SITE} -e @elsewhere.yml", "no file elsewhere.yml"),
        ("ansible-doc -t role gitpod.enterprise_runner.gitpod_stak", "gitpod_stak"),
        ("ansible-inventory -i runners.yml --graph", "no inventory runners.yml"),
        ("ansible-galaxy collection install gitpod.enterprise_runers", "gitpod.enterprise_runers"),
        ("ansible-galaxy collection instal gitpod.enterprise_runner", "invalid choice"),
        ("ansible all", "no module"),
        ("make tset", "no target tset"),
        ("python -m tests.sights", "tests.sights"),
        ("python -m tests.faults http://127.0.0.1 --broken 3", "--broken"),
        ("aws iam create-service-role --aws-service-name x", "no operation create-service-role"),
        ("aws ssm put-parameter --key x", "no option --key"),
        ("aws ssmm put-parameter", "no service ssmm"),
        ("pip install -r ~/.ansible/collections/ansible_collections/gitpod/enterprise_runner/needs.txt", "needs.txt"),
        ("pip install boto4", "boto4"),
        ("export ANSIBLE_STDOUT_CALBACK=gitpod.enterprise_runner.fleet", "ANSIBLE_STDOUT_CALBACK"),
        ("export ANSIBLE_STDOUT_CALLBACK=gitpod.enterprise_runner.flot", "gitpod.enterprise_runner.flot"),
        ("kubectl get pods", "nobody judges kubectl"),
    ],
)
def test_a_command_that_does_not_work_is_found(text: str, fault: str) -> None:
    with pytest.raises(AssertionError) as found:
        judges.judge(Command("README.md", 1, text))
    assert fault in str(found.value)


def test_the_targets_of_make_are_what_make_itself_knows() -> None:
    """Without running one: the database that make prints."""
    printed = subprocess.run(
        ["make", "--print-data-base", "--question", "--no-builtin-rules", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert judges.targets() <= {line.split(":")[0] for line in printed.splitlines()}
