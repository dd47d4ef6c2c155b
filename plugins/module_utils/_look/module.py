# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module does that looks at a fleet (doc fragment C(fleet)): options in, a result for each runner out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.secrecy import (
    secret_texts,
    texts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import (
    THREADS,
    Connections,
    FleetConnections,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import (
    Fleet,
    Host,
    Look,
    look_at_all,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.progress import Board
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import teller

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "runners": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "host": {"type": "str", "required": True},
            "values": {"type": "dict", "required": True},
            "earlier": {"type": "dict", "default": {}},
        },
    },
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "threads": {"type": "int", "default": THREADS},
    "progress_path": {"type": "path"},
}
# What waits for a connection or for AWS's own work costs a thread and nothing else.
NETWORK_THREADS = 128
Connected = t.Callable[[t.Any], Connections]
PARAMETERS = "gitpod_stack_parameters"
# Secret dictionaries, or lists of them, of which only this part is secret; the rest is what other results may well have
# in them, and what a plan says of them.
PARTLY_SECRET: t.Mapping[str, str] = {
    "gitpod_registration_metrics": "password",
    "gitpod_runner_settings_scm_integrations": "oauth_client_secret",
    "gitpod_runner_settings_llm_integrations": "api_key",
}


def looked(module: t.Any, look: Look, verb: str, connected: Connected = FleetConnections) -> dict[str, t.Any]:
    """The module's result: C(runners), by the inventory's name of each.

    :param verb: what was done with those that are done, whether it went well or not, for the progress.
    :param connected: makes the clients.
    :raises InputError: two runners have one name, or there is to be no thread.
    """
    options = module.params
    hidden, public = hidden_and_public(options["secrets"] or {})
    module.cover("secrets", public)
    module.hide(hidden)
    hosts = Host.all(options, module.region)
    names = [host.name for host in hosts]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"{', '.join(doubled)} is given twice", next_step="Name each runner once in runners")
    if options["threads"] < 1:
        raise InputError("threads is below 1", next_step="Give at least 1, or leave it out")
    with Pool(options["threads"]) as pool, Pool(NETWORK_THREADS) as network:
        fleet = Fleet(
            connected(module),
            pool,
            network,
            Board(verb, teller(options["progress_path"])),
            module.check_mode,
            options.get("template_bodies") or {},
            module.hide,
        )
        return {"changed": False, "runners": look_at_all(fleet, hosts, look)}


def hidden_and_public(secrets: t.Mapping[str, t.Mapping[str, t.Any]]) -> tuple[set[str], set[str]]:
    """Texts in the secrets of all runners: those that may be shown nowhere, and those that are none.

    None is the user's name beside a password. Which parameters of a template are secrets their names tell, until
    the template is known.
    """
    hidden: set[str] = set()
    everything: set[str] = set()
    for own in secrets.values():
        for variable, value in (own or {}).items():
            everything |= texts(value)
            if variable == PARAMETERS and isinstance(value, dict):
                hidden |= secret_texts(value)
            elif variable in PARTLY_SECRET and isinstance(value, (dict, list)):
                entries = [value] if isinstance(value, dict) else [entry for entry in value if isinstance(entry, dict)]
                hidden |= {text for entry in entries for text in texts(entry.get(PARTLY_SECRET[variable]))}
            else:
                hidden |= texts(value)
    return hidden, everything - hidden
