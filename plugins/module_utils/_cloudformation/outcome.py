# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation did, or would do, and how it is carried out."""

from __future__ import annotations

import dataclasses
import typing as t
import uuid

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import Watching


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be.

    :param operation: C(none), C(create), C(recreate), C(update), C(attach) or C(delete).
    :param actions: the same in sentences.
    :param token: by which a later join recognises the operation, when this run started one.
    :param effects: from when on what was changed holds, in clauses.
    :param warnings: what a person has to know although the operation succeeded, in sentences.
    """

    stack: Stack
    operation: str = "none"
    changed: bool = False
    in_progress: bool = False
    changes: tuple[dict[str, t.Any], ...] = ()
    actions: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    token: str = ""
    timeline: tuple[dict[str, t.Any], ...] = ()
    kept: tuple[dict[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Mode:
    """How to carry out: only predict, and whether to wait."""

    check: bool
    wait: bool
    watching: Watching


def new_token() -> str:
    """Marks an operation as this run's, so that last month's failure is not reported today."""
    return f"gitpod-{uuid.uuid4()}"
