# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' own code in this process, with everything that only waits taking a fraction of its time."""

from __future__ import annotations

import dataclasses
import random
import time
import types
import typing as t

import botocore.endpoint

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

if t.TYPE_CHECKING:
    import pytest

    from tests.testbed.client import TestBed

# How many times faster than the world's the modules' clock is.
SPEED = 40.0
STACK_SECONDS = 0.1
# What records of stories can point to.
BALANCERS = tuple(f"a-{number}.elb.us-east-1.amazonaws.com" for number in (1, 2))


def hurry(testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> TestBed:
    """AWS, the pauses between looks, and the SDK's between its tries; the test bed has only its landscape."""
    defaults = (
        lambda: time.monotonic() * SPEED,
        lambda seconds: time.sleep(seconds / SPEED),
        random.random,
        lambda: 1.0,
        lambda: 0.0,
    )
    # One for each field, or a clock lacks its first.
    assert len(defaults) == len(dataclasses.fields(Clock))
    monkeypatch.setattr(Clock.__init__, "__defaults__", defaults)
    hurried = types.SimpleNamespace(time=time.time, sleep=lambda _seconds: None)
    monkeypatch.setattr(botocore.endpoint, "time", hurried)
    fresh(testbed)
    return testbed


def fresh(testbed: TestBed, **settings: t.Any) -> None:
    """Only the landscape, and an AWS that is quick."""
    testbed.reset()
    testbed.settings(stack_seconds=STACK_SECONDS, **settings)
    testbed.add_load_balancers(*BALANCERS)
