# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status table is complete, and statuses are matched whole."""

from __future__ import annotations

import botocore.session
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import advice, status


def test_every_status_that_botocore_knows_is_in_the_table() -> None:
    model = botocore.session.get_session().get_service_model("cloudformation")
    assert set(model.shape_for("StackStatus").enum) <= set(status.TABLE)


@pytest.mark.parametrize("name", sorted(status.TABLE))
def test_rows_agree_with_the_names(name: str) -> None:
    row = status.meaning(name)
    if name != "REVIEW_IN_PROGRESS":
        assert row.in_progress == name.endswith("_IN_PROGRESS")
    assert not (row.good and row.failing)
    if "ROLLBACK" in name or name.endswith("_FAILED"):
        assert not row.good


def test_a_rolled_back_update_is_not_a_rolled_back_creation() -> None:
    assert status.meaning("UPDATE_ROLLBACK_COMPLETE").present == status.UPDATE
    assert status.meaning("ROLLBACK_COMPLETE").present == status.RECREATE


def test_a_status_that_aws_adds_is_stopped_at() -> None:
    assert status.meaning("PAUSED_FOR_TEA").present == status.STOP
    assert status.meaning("TEA_IN_PROGRESS").in_progress


def test_of_a_status_that_aws_adds_nothing_is_promised() -> None:
    assert advice.now("REFACTOR_IN_PROGRESS") == "AWS is still at work (REFACTOR_IN_PROGRESS)"
    assert advice.now("UPDATE_IN_PROGRESS") == "AWS is about to undo the operation (UPDATE_IN_PROGRESS)"
    for name in ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED", "REFACTOR_FAILED"):
        assert "undo the operation" not in advice.now(name)
