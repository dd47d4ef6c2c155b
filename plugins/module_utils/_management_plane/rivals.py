# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs that make the same thing at once, where the management plane refuses no second one.

Each looks again after it has made its own. All see the same things and decide by the same order, so exactly one stays;
whoever made another takes it back.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

# Seconds until the second look: longer than a list lags behind a creation, and than clocks of servers differ. A run
# that makes its own later than that sees the other's at its first look.
SETTLE = 2.0
Order = tuple[str, str]


def first(look: Callable[[], Mapping[str, Order]], own: str, order: Order, clock: Clock) -> str:
    """The ID of the one that stays.

    :param look: all of them by ID, each with its place in the order.
    :param own: ID of the one that this run made; a list may not have it yet.
    """
    stays = own
    for pause in (0.0, SETTLE):
        clock.sleep(pause)
        found = {own: order, **look()}
        stays = min(found, key=lambda identifier: found[identifier])
        if stays != own:
            # Whatever else comes, this run's own is not the first.
            break
    return stays
