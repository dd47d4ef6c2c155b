# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe hosts share one wait: the role's own expression, with the clock as it is."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROOT = pathlib.Path(__file__).parents[3]


def left(began: float, **variables: t.Any) -> int:
    """Seconds that a probe host waits which is asked now."""
    loader = DataLoader()
    own = loader.load_from_file(str(ROOT / "roles/gitpod_verify/vars/main.yml"), trusted_as_template=True)
    seen = {"pointless": False, **variables.pop("aws", {})}
    usual = {"ansible_check_mode": False, "gitpod_verify_wait": 600, "__gitpod_verify_aws": seen}
    given = {**own, **usual, "__gitpod_verify_probes_begin": str(int(began)), **variables}
    return int(Templar(loader, variables=given).template(own["__gitpod_verify_probe_wait"]))


@pytest.mark.parametrize(("ago", "expected"), [(0, 600), (250, 350), (599, 1), (600, 0), (5000, 0)])
def test_a_probe_host_waits_for_what_is_left_of_the_common_wait(ago: int, expected: int) -> None:
    assert abs(left(time.time() - ago) - expected) <= 1


def test_where_nothing_is_waited_for_no_probe_host_waits() -> None:
    assert left(time.time(), ansible_check_mode=True) == 0
    assert left(time.time(), gitpod_verify_wait=0) == 0
    assert left(time.time(), aws={"pointless": True}) == 0
