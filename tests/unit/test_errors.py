# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages tell what happened, why, and what to do next."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError


def test_message_joins_the_parts_that_there_are() -> None:
    error = RunnerError("The stack was not created", "The name is taken", "Choose another name.")
    assert error.message == "The stack was not created. The name is taken. Choose another name."
    assert RunnerError("Only this").message == "Only this."


def test_the_services_code_is_returned_for_automation_when_there_is_one() -> None:
    assert ApiError("Could not read", "no", code="AccessDenied").details == {"error_code": "AccessDenied"}
    assert ApiError("Could not read", "connection reset").details == {}
