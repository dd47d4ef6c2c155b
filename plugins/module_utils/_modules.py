# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of the collection does around its one call."""

from __future__ import annotations

import gc
import traceback
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _lifetime
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import printable

# How many more objects there are before Python looks for cycles among them. With its own 700, a look at 16 runners
# spent a seventh of its processor time in looking through what it had imported and the SDK's descriptions.
OBJECTS_BETWEEN = 50_000

FAULT = "This is a fault of the collection: report it, with this message"

if t.TYPE_CHECKING:
    from collections.abc import Callable


def run(module: t.Any, operation: Callable[[t.Any], dict[str, t.Any]]) -> None:
    """Run `operation(module)` and leave the module: its dictionary is the result, a C(RunnerError) the failure.

    Texts of others are made fit to be shown. Any other error is a fault of the collection, and leaves the module as a
    failure too: Ansible takes secrets out of those, but not out of the traceback of a module that dies.
    """
    _lifetime.bound(bool(getattr(module, "_keep_remote_files", False)))
    # What is imported stays until the process ends, soon.
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN)
    try:
        result = operation(module)
    except RunnerError as error:
        module.fail_json(msg=error.message, **printable(error.details))
    except Exception as error:
        told = RunnerError(f"The module ended with {type(error).__name__}", str(error), FAULT)
        module.fail_json(msg=told.message, exception=printable(traceback.format_exc()))
    module.exit_json(**printable(result))
