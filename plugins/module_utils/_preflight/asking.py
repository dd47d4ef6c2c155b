# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resolvers say of the domain."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import asking
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import parsed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import NameAnswer

# Seconds for each question to each name server.
RESOLVER_TIMEOUT = 1.5


def answers(
    domain: str, servers: t.Sequence[str], probe: str, asker: asking.Asker | None = None
) -> tuple[NameAnswer, ...]:
    """Who answers for both names now, whether the domain is a zone's apex, and the CAA records that hold for it.

    :param servers: as the inventory names them (C(gitpod_resolvers)); empty asks the system's.
    :param probe: a name under the wildcard.
    :raises RunnerError: dnspython is missing, there is nobody to ask, or a server is not given by address.
    """
    asking.require()
    asker = asker or asking.Asker(RESOLVER_TIMEOUT)
    known = tuple(parsed(servers)) or asking.system_resolvers()
    if not known:
        raise RunnerError("The system names no resolver", next_step="Name resolvers (gitpod_resolvers)")
    reply = asker.first(known, domain, "CNAME")
    if not reply.spoken:
        # Nobody answers: the other questions would only wait as long again.
        return (_seen(reply),)
    # Who has answered is asked first.
    known = tuple(dict.fromkeys((reply.server, *known)))

    def ask(name: str, kind: str) -> NameAnswer:
        return _seen(asker.first(known, name, kind))

    found = [_seen(reply), ask(domain, "A"), ask(domain, "SOA"), ask(probe, "CNAME"), ask(probe, "A")]
    # The closest name that has CAA records decides (RFC 8659 section 3).
    name = folded(domain)
    while name.count("."):
        found.append(ask(name, "CAA"))
        if found[-1].values or found[-1].outcome not in asking.SPOKEN:
            # Where nobody says what a name has, what a name above it has tells nothing.
            break
        name = name.partition(".")[2]
    return tuple(found)


def _seen(reply: asking.Reply) -> NameAnswer:
    """A CNAME chain ends at another name, whose records are not this one's, but for its addresses."""
    if not reply.spoken:
        return NameAnswer(reply.name, reply.kind, f"{reply.server}: {reply.detail}")
    values = reply.values if reply.kind == "A" else reply.own
    outcome = asking.FOUND if values else asking.MISSING if reply.outcome == asking.MISSING else asking.EMPTY
    return NameAnswer(reply.name, reply.kind, outcome, values)
