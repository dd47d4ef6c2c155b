# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages tell what happened, why, and what to do next."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    LONGEST_PART,
    ApiError,
    RunnerError,
)


def test_message_joins_the_parts_that_there_are() -> None:
    error = RunnerError("The stack was not created", "The name is taken", "Choose another name.")
    assert error.message == "The stack was not created. The name is taken. Choose another name."
    assert RunnerError("Only this").message == "Only this."


def test_the_services_code_is_returned_for_automation_when_there_is_one() -> None:
    assert ApiError("Could not read", "no", code="AccessDenied").details == {"error_code": "AccessDenied"}
    assert ApiError("Could not read", "connection reset").details == {}


def test_no_part_of_a_message_is_longer_than_can_be_read() -> None:
    error = RunnerError("a" * 200_000, "b" * 200_000, "c" * 200_000, {"problems": ["x"]})
    assert len(error.message) < 3 * LONGEST_PART + 30
    assert error.details == {"problems": ["x"]}
