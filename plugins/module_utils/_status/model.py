# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of one runner; plain values. C(None) is absent or not asked for, C(Unread) could not be read."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint


@dataclasses.dataclass(frozen=True)
class Phase:
    """A runner as the management plane sees it.

    :param version: that it runs.
    :param updates_itself: whether its updater goes on to its channel's newest.
    :param channel: likewise.
    """

    phase: str
    version: str = ""
    message: str = ""
    updates_itself: bool = False
    channel: str = ""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is asked.

    :param channel: whose newest release counts as current.
    :param certificate_days: fewer days than these are worth a warning.
    :param drift: C(detect), C(last) or C(skip).
    :param endpoint: whether the runner has an endpoint to the management plane.
    :param no_stack: whose the stack is that stands in the place of the runner's, or empty.
    """

    domain: str
    channel: str = "stable"
    certificate_days: int = 30
    drift: str = "detect"
    endpoint: bool = False
    runner_id: str = ""
    no_stack: str = ""


@dataclasses.dataclass(frozen=True)
class Seen:
    """Everything that one look saw.

    :param newest: the channel's newest release.
    :param drift: as drift.detect returns it.
    :param checks: those of the runner's names, certificate and health, or C(None) without a domain.
    """

    stack: Stack
    now: datetime.datetime
    newest: str | Unread | None = None
    drift: t.Mapping[str, t.Any] | Unread | None = None
    certificate: Certificate | Unread | None = None
    endpoints: tuple[Endpoint, ...] | Unread | None = None
    checks: tuple[Result, ...] | Unread | None = None
    runner: Phase | Unread | None = None
