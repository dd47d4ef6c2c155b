# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of the collection does around its one call."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _lifetime
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

if t.TYPE_CHECKING:
    from collections.abc import Callable


def run(module: t.Any, operation: Callable[[t.Any], dict[str, t.Any]]) -> None:
    """Run `operation(module)` and leave the module: its dictionary is the result, a C(RunnerError) the failure."""
    _lifetime.bound(bool(getattr(module, "_keep_remote_files", False)))
    try:
        result = operation(module)
    except RunnerError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(**result)
