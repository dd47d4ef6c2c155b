# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking for the addresses of a name: the system's resolver, or given DNS servers with dnspython."""

from __future__ import annotations

import functools
import socket

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import FOUND, MISSING, SPOKEN, Asker
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    SYSTEM_RESOLVER,
    Answer,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import within

# Seconds. Three servers that are asked twice for five seconds each (resolv.conf's defaults); an answer over TCP that
# drips has no end of its own.
LONGEST = 30.0
# EAI_NODATA is not in every platform's netdb.h.
_NO_SUCH_NAME = {socket.EAI_NONAME}
_NO_ADDRESS = {getattr(socket, "EAI_NODATA", socket.EAI_NONAME), getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME)}


def resolve_with_system(name: str) -> Answer:
    """Ask as every program on this machine would, hosts file included. Its own timeouts hold, and C(LONGEST)."""
    ask = functools.partial(socket.getaddrinfo, name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    try:
        found = within(LONGEST, ask)
    except (TimeoutError, socket.timeout):
        return Answer(name, SYSTEM_RESOLVER, "timeout", detail=f"no answer within {LONGEST:g} s")
    except socket.gaierror as error:
        return Answer(name, SYSTEM_RESOLVER, _system_outcome(error.errno), detail=error.strerror or str(error))
    except (OSError, UnicodeError) as error:
        return Answer(name, SYSTEM_RESOLVER, "failed", detail=str(error))
    addresses = sorted({str(entry[4][0]) for entry in found})
    canonical = folded(found[0][3])
    return Answer(name, SYSTEM_RESOLVER, "found", tuple(addresses), canonical if canonical != folded(name) else "")


def _system_outcome(code: int | None) -> str:
    if code in _NO_SUCH_NAME:
        return "missing"
    if code in _NO_ADDRESS:
        return "empty"
    return "refused" if code in (socket.EAI_AGAIN, socket.EAI_FAIL) else "failed"


def resolve_with_server(name: str, server: Server, timeout: float) -> Answer:
    """Ask one server for A, then AAAA: over UDP, and over TCP when the answer was truncated.

    :param timeout: seconds for each of the two questions.
    """
    asker = Asker(timeout)
    first = asker.ask(server, name, "A")
    if first.outcome not in SPOKEN or first.outcome == MISSING:
        return Answer(name, str(server), first.outcome, (), "".join(first.chain[-1:]), first.detail)
    second = asker.ask(server, name, "AAAA")
    addresses = tuple(sorted({*first.values, *second.values}))
    # Some servers never answer AAAA; the A records alone are a working path.
    outcome = FOUND if addresses else second.outcome
    canonical = "".join((first.chain or second.chain)[-1:])
    return Answer(name, str(server), outcome, addresses, canonical, "" if addresses else second.detail)
