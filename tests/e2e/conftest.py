# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One test bed for the session, emptied before each test."""

from __future__ import annotations

import os
import typing as t

import pytest

from tests import collection
from tests.e2e.harness import Controller
from tests.testbed.client import TestBed
from tests.zone_keeper import ZoneKeeper

collection.install()

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def payloads(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the runs of this session share the modules that Ansible has packed."""
    base = tmp_path_factory.getbasetemp()
    # pytest-xdist gives each of its workers a directory in that of the session.
    session = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ["TESTS_PAYLOADS"] = str(session / "payloads")


@pytest.fixture(scope="session")
def running_testbed() -> Iterator[TestBed]:
    """Started once; stacks take about two seconds."""
    with TestBed.start(os.environ["TESTBED_PYTHON"], stack_seconds=1.5) as testbed:
        yield testbed


@pytest.fixture
def controller(running_testbed: TestBed, tmp_path: pathlib.Path) -> Iterator[Controller]:
    """A control node and an AWS in which only the landscape exists; someone keeps the external zone."""
    running_testbed.reset()
    running_testbed.settings(stack_seconds=1.5)
    controller = Controller(running_testbed, tmp_path)
    running_testbed.clear_calls()
    with ZoneKeeper(running_testbed, controller.artifacts):
        yield controller
