# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a DNS provider is declared: once. The contract, the prerequisites, the stage, the teardown and the docs read it.

A new provider is its module here and its line in C(registry).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

Rule = t.Callable[[Inventory], list[Problem]]
# What is there is known from the provider's own interface, or from what the zone's servers answer.
Update = t.Callable[[t.Mapping[str, t.Any], t.Mapping[str, t.Any], str], dict[str, t.Any]]
INTERFACE = "interface"
ANSWERS = "answers"


@dataclasses.dataclass(frozen=True)
class Provider:
    """One place to keep records.

    :param name: as C(gitpod_dns_provider) has it.
    :param records: what becomes of the records, the end of a sentence that begins with C(The records are).
    :param needs: what the user has to have or set, for the docs.
    :param writes: whether the collection writes and removes the records; else somebody keeps them, who may have ALIAS
        records (C(gitpod_dns_apex_alias)).
    :param kept: where the records are, in a sentence of the teardown.
    :param compared: C(INTERFACE) or C(ANSWERS).
    :param by_hand: whether a person is waited for.
    :param variables: the provider's own.
    :param tokens: those of its variables that are API tokens, which are one word.
    :param required: what has to be set, and to what.
    :param uses_zone: whether it takes C(gitpod_dns_zone).
    :param rules: further rules of the inventory.
    :param own_server: the variables of its server's address and port, where it is asked what is there.
    :param apex: how the apex of a zone takes the record, a sentence; empty where no CNAME can be there.
    :param access: what to check when it refuses.
    :param api: URL of the API that its module asks over HTTP, for what is told of a failure.
    :param actions: the Ansible modules that write to it, by which a failure's stage is known; the first one does.
    :param update: the options of that module that keep one record, from typed values, the record (C(name), C(type), and
        C(value) and C(ttl) unless it goes whatever it holds) and the state.
    :param succeeded: whether the module's result, which has not failed, really is one; none is for modules that tell.
    :param former_names: names of earlier releases.
    """

    name: str
    records: str
    needs: str
    writes: bool = False
    kept: str = ""
    compared: str = ANSWERS
    by_hand: bool = False
    variables: tuple[Variable, ...] = ()
    tokens: tuple[str, ...] = ()
    required: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    uses_zone: bool = False
    rules: tuple[Rule, ...] = ()
    own_server: tuple[str, str] | None = None
    apex: str = ""
    access: str = ""
    api: str = ""
    actions: tuple[str, ...] = ()
    update: Update | None = None
    succeeded: t.Callable[[t.Mapping[str, t.Any]], bool] = lambda _result: True
    former_names: tuple[str, ...] = ()

    @property
    def protects(self) -> bool:
        """Whether the collection itself has to see to it that nothing of others is replaced or removed."""
        return self.writes and self.compared == ANSWERS

    @property
    def asked(self) -> str:
        """What to check when nobody says what is there."""
        return " and ".join(self.own_server or ("gitpod_dns_authoritative_servers", "gitpod_resolvers"))

    def as_result(self) -> dict[str, t.Any]:
        """What the roles have to know."""
        return {
            "name": self.name,
            "protects": self.protects,
            "writes": self.writes,
            "by_interface": self.compared == INTERFACE,
            "by_hand": self.by_hand,
        }
