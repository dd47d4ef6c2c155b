# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja2 filters of the roles."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import describe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import (
    external_records,
    runner_summary,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import batch_lines, batches, unheeded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.table import status_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.plan import (
    teardown_lines,
    teardown_plan,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.adopted_files import adopted_files, adopted_line

_REFERENCE_KINDS = ("ssm:", "secretsmanager:")


def dynamic_reference(value: str) -> str:
    """A CloudFormation dynamic reference; the braces are added here because they are Jinja2 in an inventory."""
    if not value:
        return ""
    if not value.startswith(_REFERENCE_KINDS):
        raise AnsibleFilterError(f"A reference begins with {' or '.join(_REFERENCE_KINDS)}, not {value!r}")
    return "{{resolve:" + value + "}}"


def in_words(function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """The same, with an error of ours as a filter's error."""

    @functools.wraps(function)
    def wrapped(*arguments: t.Any, **named: t.Any) -> t.Any:
        try:
            return function(*arguments, **named)
        except RunnerError as error:
            raise AnsibleFilterError(error.message) from error

    return wrapped


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names as they are used in templates, without the collection's prefix."""
        return {
            "adopted_files": adopted_files,
            "adopted_line": adopted_line,
            "batch_lines": in_words(batch_lines),
            "batches_unheeded": in_words(unheeded),
            "change_line": describe,
            "dynamic_reference": dynamic_reference,
            "external_records": external_records,
            "ownership_tags": ownership_tags,
            "rollout_batches": batches,
            "runner_summary": runner_summary,
            "status_lines": status_lines,
            "teardown_lines": teardown_lines,
            "teardown_plan": teardown_plan,
        }
