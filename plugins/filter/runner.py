# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja2 filters of the roles."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import describe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import (
    external_records,
    runner_summary,
    zone_file_lines,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags

_REFERENCE_KINDS = ("ssm:", "secretsmanager:")


def dynamic_reference(value: str) -> str:
    """A CloudFormation dynamic reference; the braces are added here because they are Jinja2 in an inventory."""
    if not value:
        return ""
    if not value.startswith(_REFERENCE_KINDS):
        raise AnsibleFilterError(f"A reference begins with {' or '.join(_REFERENCE_KINDS)}, not {value!r}")
    return "{{resolve:" + value + "}}"


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names as they are used in templates, without the collection's prefix."""
        return {
            "change_line": describe,
            "dynamic_reference": dynamic_reference,
            "external_records": external_records,
            "ownership_tags": ownership_tags,
            "runner_summary": runner_summary,
            "zone_file_lines": zone_file_lines,
        }
