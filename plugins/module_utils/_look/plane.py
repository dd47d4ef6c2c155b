# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management plane, whose connection and list of runners a fleet has in common."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner

Options = t.Mapping[str, t.Any]


def api(pool: Pool, options: Options) -> Api:
    """The calls with one connection for all runners that have the same.

    :param options: of the connection, as C(Connection.of) takes them.
    :raises InputError: the token is missing, or the connection cannot be as it is wanted.
    :raises ImportError: the SDK is not installed.
    """
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
        Client,
        Connection,
    )

    connection = Connection.of(options)
    return pool.once(("plane", connection), lambda: Api(Client(connection)))


def runners(pool: Pool, options: Options, runner_id: str = "") -> list[Runner]:
    """The runner with this ID, or all of them, which are listed once for the fleet.

    :raises ApiError: the management plane refuses, or does not answer.
    """
    found = api(pool, options)
    if runner_id:
        return [found.runner(runner_id)]
    return pool.once(("runners", id(found)), found.runners)
