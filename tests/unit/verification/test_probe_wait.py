# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe hosts share one wait: the role's own expression, with the clock as it is."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.desired import probe


def left(ago: float, check_mode: bool = False, seen: dict[str, t.Any] | None = None, **given: t.Any) -> int:
    """Seconds that a probe host waits which is asked so long after the first look."""
    values = read("eu", "/", variables(), {"gitpod_domain_name": "eu.example.com", "gitpod_verify_wait": 600, **given})
    return int(probe(values.everything(), seen or {}, ago, check_mode)["wait_timeout"])


@pytest.mark.parametrize(("ago", "expected"), [(0, 600), (250, 350), (599, 1), (600, 0), (5000, 0)])
def test_a_probe_host_waits_for_what_is_left_of_the_common_wait(ago: int, expected: int) -> None:
    assert left(ago) == expected


def test_where_nothing_is_waited_for_no_probe_host_waits() -> None:
    assert left(0, check_mode=True) == 0
    assert left(0, gitpod_verify_wait=0) == 0
    assert left(0, seen={"pointless": True}) == 0
