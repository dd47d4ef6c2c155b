# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One test bed for each worker, emptied before each test; at the end, what all of them saw is compared."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
import typing as t

import pytest

from tests import collection
from tests.e2e import permissions, warm_python
from tests.e2e.harness import Controller
from tests.testbed.client import TestBed
from tests.zone_keeper import ZoneKeeper

collection.install()

if t.TYPE_CHECKING:
    from collections.abc import Iterator

SESSION = "TESTS_SESSION"
DIFFERENCES = pytest.StashKey[list[str]]()
WARM_PYTHON = pytest.StashKey["subprocess.Popen[bytes]"]()


def pytest_configure(config: pytest.Config) -> None:
    """A directory that the workers of this session share."""
    if not hasattr(config, "workerinput"):
        os.environ[SESSION] = tempfile.mkdtemp(prefix="gitpod-e2e-")
        os.environ["TESTS_PAYLOADS"] = f"{os.environ[SESSION]}/payloads"
        if "TESTS_COLD" not in os.environ:
            os.environ["TESTS_WARM_PYTHON"] = f"{os.environ[SESSION]}/warm-python"
            config.stash[WARM_PYTHON] = warm_python.start(os.environ["TESTS_WARM_PYTHON"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another session of the same C(make) runs on the newest ansible-core."""
    if os.environ.get("NEWEST_CORE") and not config.option.markexpr:
        elsewhere = [item for item in items if item.get_closest_marker("newest_core")]
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """When everything ran, the permissions registry has to hold what was called, and nothing else."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    whole = config.args == ["tests/e2e"] and not config.option.keyword and not config.option.markexpr
    if whole and session.testsfailed == 0:
        found = permissions.differences(permissions.kept(pathlib.Path(os.environ[SESSION])))
        if found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            config.stash[DIFFERENCES] = found


def pytest_terminal_summary(terminalreporter: t.Any, config: pytest.Config) -> None:
    """Tell what the comparison found."""
    for line in config.stash.get(DIFFERENCES, []):
        terminalreporter.write_line(f"PERMISSIONS {line}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    if not hasattr(config, "workerinput"):
        if WARM_PYTHON in config.stash:
            config.stash[WARM_PYTHON].communicate(timeout=60)
        shutil.rmtree(os.environ.pop(SESSION, ""), ignore_errors=True)


@pytest.fixture(scope="session")
def running_testbed() -> Iterator[TestBed]:
    """Started once; stacks take about two seconds."""
    with TestBed.start(os.environ["TESTBED_PYTHON"], stack_seconds=1.5) as testbed:
        yield testbed
        permissions.keep(pathlib.Path(os.environ[SESSION]), testbed.operations())


@pytest.fixture
def controller(running_testbed: TestBed, tmp_path: pathlib.Path) -> Iterator[Controller]:
    """A control node and an AWS in which only the landscape exists; someone keeps the external zone."""
    running_testbed.reset()
    running_testbed.settings(stack_seconds=1.5)
    controller = Controller(running_testbed, tmp_path)
    running_testbed.clear_calls()
    with ZoneKeeper(running_testbed, controller.artifacts):
        yield controller
