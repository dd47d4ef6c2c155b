# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_propagation_info does."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, TimeoutExceededError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import parse_name_server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.asking import Network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import Expected, Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.watching import (
    Look,
    Verdict,
    look,
    progress,
    watch,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.zone import zone_records


def run(module: t.Any) -> dict[str, t.Any]:
    """Look, or wait, and say who answers what."""
    options = module.params
    expected = [Expected.of(record) for record in options["records"]]
    if not expected:
        raise InputError("No record is given", next_step="Name at least one")
    network = Network(options["timeout"])
    resolvers = _servers(options["resolvers"], False) or network.system_resolvers()
    own = _servers(options["authoritative_servers"], True)
    if not own and options["ask_authoritative"]:
        own = network.authoritative_servers(expected[0].question("gitpod"), resolvers)
    if not own and not resolvers:
        raise InputError(
            "There is no DNS server to ask",
            "This machine's configuration names none",
            "Name resolvers (gitpod_resolvers)",
        )
    verdict = watch(
        lambda: look(network, expected, own, resolvers),
        options["wait_timeout"],
        _teller(options["progress_path"], options["wait_timeout"]),
    )
    result = _result(verdict, own, expected)
    if options["fail_when_missing"] and not result["complete"]:
        raise _failure(verdict, expected, result)
    return result


def _servers(texts: t.Sequence[str], authoritative: bool) -> tuple[Server, ...]:
    found = [parse_name_server(text) for text in texts]
    return tuple(Server(server.address, server.port, authoritative=authoritative) for server in found)


def _result(verdict: Verdict, own: t.Sequence[Server], expected: t.Sequence[Expected]) -> dict[str, t.Any]:
    return {
        "changed": False,
        "complete": verdict.look.complete,
        "answers": [answer.as_result() for answer in verdict.look.answers],
        "zone_records": [record.as_result() for record in zone_records(verdict.look.answers, expected)],
        "authoritative_servers": [str(server) for server in own],
        "asked_resolvers": verdict.look.asked_resolvers,
        "waited": int(verdict.waited),
    }


def _failure(verdict: Verdict, expected: t.Sequence[Expected], result: dict[str, t.Any]) -> TimeoutExceededError:
    names = " and ".join(record.name for record in expected)
    listed = "; ".join(f"{record.name}. CNAME {record.value}." for record in expected)
    caches = [answer.ttl for answer in verdict.look.wrong if answer.ttl and not answer.server.authoritative]
    hint = f"; caches keep to the old answer for up to {max(caches)} s more" if caches else ""
    return TimeoutExceededError(
        f"{names} are not answered as they should be after {verdict.waited:.0f} s",
        "; ".join(answer.as_line() for answer in verdict.look.wrong) or "Nobody answered",
        f"Check these records where the domain is kept, then run again{hint}: {listed}",
        result,
    )


def _teller(path: str | None, timeout: float) -> t.Callable[[Look, float], None]:
    """Leave the progress in a file, which the action plugin shows; each look replaces it in one step."""

    def tell(seen: Look, elapsed: float) -> None:
        if not path or seen.complete:
            return
        temporary = pathlib.Path(f"{path}.new")
        temporary.write_text(progress(seen, elapsed, timeout), "utf-8")
        temporary.replace(path)

    return tell
