# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""That another run has changed the stack since it was looked at, so that it has to be looked at anew."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

# How often a run looks anew at a stack that other runs change under its hands.
MOST_ATTEMPTS = 3


class OvertakenError(Exception):
    """Another run has changed the stack since it was looked at.

    :ivar refusal: with which AWS told.
    """

    def __init__(self, refusal: RunnerError) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def moved_on(api: Api, stack: Stack, error: RunnerError) -> Exception:
    """What to raise: that the stack is another one than before, or else the refusal itself."""
    return OvertakenError(error) if api.stack(stack.id) != stack else error
