# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every documented command is executed by a test, or make test itself runs it, or it is excused with a reason.

Here are also the commands that need no test bed. tests/executed.py says how a test tells which ones it executes.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil

import pytest

from tests import documented, executed
from tests.executed import executes
from tests.reader import PROGRAMS, Reader

ROOT = documented.ROOT
STORE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
POLICY = (
    "sed -e 's/<partition>/aws/g' -e 's/<region>/eu-central-1/g' -e 's/<account>/123456789012/g'"
    " -e 's/<stack name>/gitpod-eu-central-1/g' -e 's/<stack name in lower case>/gitpod-eu-central-1/g'"
    " -e 's/<hosted zone>/Z08A1B2C3D4E5F6G7H8I9/g' -e 's/<domain>/eu.gitpod.example.com/g' docs/policies/status.json"
)


def test_every_command_is_executed_or_excused() -> None:
    commands = documented.commands()
    by_tests, excused = executed.marked(), {executed.words_of(text) for text in executed.EXCUSED}
    lines = executed.lines_of_make("test")
    left = [
        str(command)
        for command in commands
        if tuple(command.words) not in excused
        and not executed.is_part(tuple(command.words), by_tests)
        and not executed.by_make_test(command, lines)
    ]
    assert left == [], "execute it in a test (tests/executed.py), or excuse it there with the reason"
    shown = {tuple(command.words) for command in commands}
    assert excused - shown == set(), "excused, and on no page"
    assert set(by_tests) - shown == set(), "executed, and on no page"
    assert excused & set(by_tests) == set(), "excused, and executed by a test"


def test_a_test_that_does_not_execute_what_it_says_fails() -> None:
    @executes("make help", "make demo")
    def forgetful() -> None:
        executed.ran("make help  # the list")

    @executes("make help")
    def honest() -> None:
        executed.ran("make help")

    honest()
    with pytest.raises(AssertionError):
        forgetful()


def test_what_stands_on_no_page_is_not_typed(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="no page shows make coffee"):
        Reader(tmp_path, {}).types("make coffee")


def reader_in(directory: pathlib.Path, **environment: str) -> Reader:
    """Without the options of a make that runs these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return Reader(directory, {**kept, "ANSIBLE_NOCOLOR": "1", **environment})


@executes("make help", "make clean")
def test_make_tells_its_targets_and_removes_what_it_made(tmp_path: pathlib.Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    made = [tmp_path / name for name in (".venv", ".work", "artifacts")]
    for path in made:
        (path / "something").mkdir(parents=True)
    reader = reader_in(tmp_path)
    assert "demo" in reader.succeeds("make help")
    reader.succeeds("make clean")
    assert [path for path in made if path.exists()] == []


@executes(POLICY)
def test_a_policy_is_filled_in(tmp_path: pathlib.Path) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    filled = reader_in(tmp_path).succeeds(POLICY)
    assert "123456789012" in filled
    # A statement of an option, which is left out where it is not used.
    assert set(re.findall("<[^>]+>", filled)) <= {"<the role>"}


@executes(
    "ansible-doc -l gitpod.enterprise_runner",
    "ansible-doc -t inventory gitpod.enterprise_runner.runners",
    "ansible-doc -t role gitpod.enterprise_runner.gitpod_stack",
    "ansible-galaxy collection list gitpod.enterprise_runner",
)
def test_the_collection_is_there_and_described(tmp_path: pathlib.Path) -> None:
    reader = reader_in(tmp_path)
    assert "runner_stack" in reader.succeeds("ansible-doc -l gitpod.enterprise_runner")
    assert "gitpod_runners" in reader.succeeds("ansible-doc -t inventory gitpod.enterprise_runner.runners")
    assert "gitpod_stack_release_version" in reader.succeeds(
        "ansible-doc -t role gitpod.enterprise_runner.gitpod_stack"
    )
    assert "gitpod.enterprise_runner" in reader.succeeds("ansible-galaxy collection list gitpod.enterprise_runner")


@executes(
    "cat /etc/ssl/certs/ca-certificates.crt company-ca.pem > ~/ca-bundle.pem",
    "export AWS_CA_BUNDLE=~/ca-bundle.pem",
    "export AWS_CA_BUNDLE=...",
    "export SSL_CERT_FILE=~/ca-bundle.pem",
    "export PIP_CERT=~/ca-bundle.pem",
)
@pytest.mark.skipif(not STORE.exists(), reason="Debian's store of authorities is not here")
def test_one_file_with_the_companys_authority_and_the_public_ones(tmp_path: pathlib.Path) -> None:
    (tmp_path / "company-ca.pem").write_text("the company's\n", "utf-8")
    reader = reader_in(tmp_path, HOME=str(tmp_path))
    reader.succeeds("cat /etc/ssl/certs/ca-certificates.crt company-ca.pem > ~/ca-bundle.pem")
    bundle = tmp_path / "ca-bundle.pem"
    assert bundle.read_text("utf-8").endswith("the company's\n")
    reader.succeeds("export AWS_CA_BUNDLE=...", value="=elsewhere")
    for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT"):
        reader.succeeds(f"export {name}=~/ca-bundle.pem")
        assert reader.exported()[name] == str(bundle)


@pytest.mark.skipif(not (PROGRAMS / "antsibull-changelog").exists(), reason="antsibull-changelog is not installed")
@executes("antsibull-changelog lint")
def test_the_changelogs_fragments_are_right(tmp_path: pathlib.Path) -> None:
    for name in ("changelogs", "galaxy.yml", "CHANGELOG.rst"):
        (tmp_path / name).symlink_to(ROOT / name)
    reader_in(tmp_path).succeeds("antsibull-changelog lint")


def test_the_documentation_tells_what_is_not_executed() -> None:
    assert executed.excused() in (ROOT / "docs/development.md").read_text("utf-8")
