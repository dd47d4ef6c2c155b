# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every runner of a batch at once, each with its own outcome: one that cannot be looked at fails alone."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import Clients, Connections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.progress import Board
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

Result = dict[str, t.Any]
Values = t.Mapping[str, t.Any]
# What of the earlier stages a look is told; a minted exchange token is a secret and none of its business.
EARLIER = tuple(field.name for field in dataclasses.fields(Earlier) if field.name != "exchange_token")
UNEXPECTED = "This is a fault of the collection: report it, with this message. The other runners were looked at"


@dataclasses.dataclass(frozen=True)
class Host:
    """A runner of the fleet.

    :param name: its name in the inventory.
    :param values: its typed values by variable, secrets among them.
    """

    name: str
    values: Values = dataclasses.field(repr=False)
    earlier: Earlier = dataclasses.field(default_factory=Earlier)

    @classmethod
    def all(cls, options: t.Mapping[str, t.Any], region: str | None = None) -> list[Host]:
        """The runners of a module's options.

        :param region: of those that name none.
        """
        secrets = options["secrets"] or {}
        return [cls._of(entry, secrets.get(entry["host"]) or {}, region or "") for entry in options["runners"]]

    @classmethod
    def _of(cls, entry: t.Mapping[str, t.Any], secrets: Values, region: str) -> Host:
        values = {**entry["values"], **secrets}
        values["gitpod_region"] = values.get("gitpod_region") or region
        earlier = entry.get("earlier") or {}
        return cls(entry["host"], values, Earlier(**{name: earlier[name] for name in EARLIER if earlier.get(name)}))


def _nothing(_texts: t.Collection[str]) -> None:
    """Nobody shows anything."""


@dataclasses.dataclass(frozen=True)
class Fleet:
    """What the looks at all runners share.

    :param pool: does the calls of all runners.
    :param network: does what mostly waits, such as connections to names that do not answer.
    :param board: tells how far the fleet is.
    :param check: whether this is check mode.
    :param template_bodies: templates of the control node, by the path that an inventory has.
    :param hide: takes texts that may be shown nowhere, of whichever runner.
    """

    connections: Connections
    pool: Pool
    network: Pool
    board: Board = dataclasses.field(default_factory=Board)
    check: bool = False
    template_bodies: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    hide: t.Callable[[t.Collection[str]], None] = _nothing

    def clients(self, host: Host) -> Clients:
        """With the runner's credentials, in its region.

        :raises InputError: there is no such profile, or no region.
        """
        return self.connections.of(host.values.get("gitpod_region") or "", host.values.get("gitpod_aws_profile") or "")

    def zone_clients(self, host: Host) -> Clients:
        """With the credentials of the account that keeps the domain's hosted zones.

        :raises InputError: there is no such profile.
        """
        values = host.values
        profile = values.get("gitpod_dns_aws_profile") or values.get("gitpod_aws_profile") or ""
        return self.connections.of(values.get("gitpod_region") or "", profile, values.get("gitpod_dns_role_arn") or "")


Look = t.Callable[[Fleet, Host], Result]


def look_at_all(fleet: Fleet, hosts: t.Sequence[Host], look: Look) -> dict[str, Result]:
    """Each runner's result, or its failure, by the host's name.

    Every runner has a thread of its own, in which it waits; the calls are the pool's.
    """
    if not hosts:
        return {}
    fleet.board.begin([host.name for host in hosts])
    with concurrent.futures.ThreadPoolExecutor(len(hosts)) as threads:
        begun = {host.name: threads.submit(_outcome, fleet, host, look) for host in hosts}
        return {name: future.result() for name, future in begun.items()}


def _outcome(fleet: Fleet, host: Host, look: Look) -> Result:
    found = attempted(lambda: look(fleet, host))
    fleet.board.done(host.name)
    return found


def attempted(look: t.Callable[[], Result]) -> Result:
    """What the look returns, or its failure: whatever happens to one runner is told as this runner's."""
    try:
        return look()
    except RunnerError as error:
        return {"failed": True, "msg": error.message, "next_step": error.next_step, **error.details}
    except (Exception, SystemExit) as error:  # a module's own way out must not be a fleet's
        told = RunnerError(f"The look ended with {type(error).__name__}", str(error), UNEXPECTED)
        return {
            "failed": True,
            "msg": told.message,
            "next_step": told.next_step,
            "exception_type": type(error).__name__,
        }
