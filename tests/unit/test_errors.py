# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages tell what happened, why, and what to do next."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError, combine


def test_message_joins_the_parts_that_there_are() -> None:
    error = RunnerError("The stack was not created", "The name is taken", "Choose another name.")
    assert error.message == "The stack was not created. The name is taken. Choose another name."
    assert RunnerError("Only this").message == "Only this."


def test_independent_errors_are_told_at_once() -> None:
    first, second = InputError("A is wrong"), InputError("B is wrong", details={"x": 1})
    both = combine([first, second], "Two values are wrong")
    assert "(1) A is wrong." in both.message
    assert "(2) B is wrong." in both.message
    assert both.details["errors"] == ["A is wrong.", "B is wrong."]
    assert combine([first], "unused") is first
