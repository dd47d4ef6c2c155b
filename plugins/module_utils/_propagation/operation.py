# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_propagation_info does."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import Asker, system_resolvers
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server, parsed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.zone import own_servers
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, TimeoutExceededError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation import deciding
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.asking import Network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import Expected
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.watching import (
    Look,
    Verdict,
    look,
    progress,
    watch,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.zone import zone_records

Options = t.Mapping[str, t.Any]


def run(module: t.Any) -> dict[str, t.Any]:
    """Look, or wait, and say who answers what; fail where the records must not be touched.

    :raises RunnerError: with the intent to write or remove, what is there belongs to others or is not known.
    :raises TimeoutExceededError: the records are not answered in time, and that is a failure.
    """
    options = module.params
    expected = [Expected.of(record) for record in options["records"]]
    if not expected:
        raise InputError("No record is given", next_step="Name at least one")
    provider = registry.provider(options["provider"])
    asker = Asker(options["timeout"])
    resolvers = tuple(parsed(options["resolvers"])) or system_resolvers()
    own = _own_servers(options, provider, asker, expected[0], resolvers)
    if not own and not resolvers:
        raise InputError(
            "There is no DNS server to ask",
            "This machine's configuration names none",
            "Name resolvers (gitpod_resolvers)",
        )
    network = Network(asker, resolvers)
    verdict = watch(
        lambda: look(network, expected, own, resolvers),
        options["wait_timeout"],
        _teller(options["progress_path"], options["wait_timeout"]),
    )
    result = _result(verdict, own, expected)
    _require_leave(options, provider, verdict, expected, result)
    if options["fail_when_missing"] and not result["complete"]:
        raise _failure(verdict, expected, result)
    return result


def _own_servers(
    options: Options, provider: Provider, asker: Asker, expected: Expected, resolvers: t.Sequence[Server]
) -> tuple[Server, ...]:
    """Those that are given, or the one that takes the updates, or those that the resolvers know.

    An update replaces what its own server has, and another server may lag behind that: so before a change it is the one
    that is asked, whatever others are given.
    """
    updated = options["update_server"] if provider.own_server else None
    given = tuple(parsed(options["authoritative_servers"], "gitpod_dns_authoritative_servers", authoritative=True))
    if updated and (not given or options["intent"] != deciding.LOOK):
        (server,) = parsed([updated], str(provider.own_server and provider.own_server[0]), authoritative=True)
        return (dataclasses.replace(server, port=options["update_server_port"]),)
    if given or not options["ask_authoritative"]:
        return given
    return own_servers(asker, resolvers, expected.question("gitpod"), options["zone"] or "")


def _require_leave(
    options: Options, provider: Provider, verdict: Verdict, expected: t.Sequence[Expected], result: dict[str, t.Any]
) -> None:
    if options["intent"] == deciding.WRITE and options["overwrite"] is True:
        return
    answers = verdict.look.answers
    error = deciding.refuse(
        options["intent"], provider, answers, zone_records(answers, expected), verdict.look.complete
    )
    if error:
        error.details = result
        raise error


def _result(verdict: Verdict, own: t.Sequence[Server], expected: t.Sequence[Expected]) -> dict[str, t.Any]:
    answers = verdict.look.answers
    records = zone_records(answers, expected)
    return {
        "changed": False,
        "complete": verdict.look.complete,
        "answers": [answer.as_result() for answer in answers],
        "zone_records": [record.as_result() for record in records],
        "replaced_addresses": deciding.replaced_addresses(answers),
        "unknown": deciding.unknown(records),
        "removable": deciding.removable(records),
        "others": deciding.others(records),
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
