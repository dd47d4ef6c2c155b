# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source control integrations: planning, and carrying the plan out.

One is known by its runner, system and host. A client secret is write-only: what the management plane has cannot be
compared, so it is sent when the integration is created or its client changes, and again only on request.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    InputError,
    NotFoundError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Integration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.operation import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import validation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.outcome import as_lines, result

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api

SENT = "oauth_client_secret: (sent)\n"
ENTRA, SERVER = "azuredevops_entra", "azuredevops_server"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """An integration as it is wanted.

    :param renew: whether the client secret is sent again.
    """

    scm_id: str
    host: str
    oauth: bool = False
    client_id: str = ""
    client_secret: str = dataclasses.field(default="", repr=False)
    renew: bool = False
    issuer_url: str = ""
    pat: bool = False
    virtual_directory: str = ""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do.

    :param fields: fields of the request, without the secret.
    :param send_secret: whether the client secret goes along.
    """

    create: bool = False
    delete: bool = False
    fields: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    send_secret: bool = False
    before: Integration | None = None
    after: Integration | None = None

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.create or self.delete or bool(self.fields) or self.send_secret


def wanted_of(options: t.Mapping[str, t.Any]) -> Wanted:
    """From a module's options; empty texts count as unset.

    :raises InputError: with every contradiction.
    """
    texts = {
        key: str(options.get(key) or "").strip()
        for key in ("scm_id", "host", "oauth_client_id", "issuer_url", "virtual_directory")
    }
    wanted = Wanted(
        scm_id=texts["scm_id"],
        host=texts["host"].lower(),
        oauth=bool(texts["oauth_client_id"]),
        client_id=texts["oauth_client_id"],
        client_secret=options.get("oauth_client_secret") or "",
        renew=bool(options.get("renew_client_secret")),
        issuer_url=texts["issuer_url"],
        pat=bool(options.get("personal_access_token")),
        virtual_directory=texts["virtual_directory"],
    )
    if options.get("state") != "absent":
        _check(wanted)
    return wanted


def _check(wanted: Wanted) -> None:
    problems = []
    if not (wanted.oauth or wanted.pat):
        problems.append(
            "neither OAuth (oauth_client_id) nor personal access tokens (personal_access_token) are allowed"
        )
    if wanted.client_secret and not wanted.oauth:
        problems.append("oauth_client_secret is set without oauth_client_id")
    if "://" in wanted.host or not wanted.host:
        problems.append(f"host must be a bare name, not {wanted.host!r}")
    if wanted.oauth and wanted.scm_id == ENTRA and not wanted.issuer_url:
        problems.append("issuer_url is needed for OAuth with Azure DevOps Entra ID")
    if wanted.scm_id == SERVER and wanted.oauth:
        problems.append("Azure DevOps Server takes personal access tokens only")
    if wanted.scm_id == SERVER and not wanted.virtual_directory:
        problems.append("virtual_directory is needed for Azure DevOps Server")
    if problems:
        name = f"{wanted.scm_id} at {wanted.host}"
        raise InputError(f"The integration of {name} cannot be so; nothing was changed", "; ".join(problems))


def choose(integrations: t.Sequence[Integration], wanted: Wanted) -> Integration | None:
    """The runner's integration of this system at this host.

    :raises RunnerError: there are several, and nobody says which is meant.
    """
    found = [entry for entry in integrations if entry.scm_id == wanted.scm_id and entry.host.lower() == wanted.host]
    if len(found) > 1:
        raise RunnerError(
            f"Several integrations are of {wanted.scm_id} at {wanted.host}; nothing was changed",
            ", ".join(entry.id for entry in found),
            "Delete all but one in the dashboard",
        )
    return found[0] if found else None


def plan(current: Integration | None, wanted: Wanted) -> Plan:
    """What has to be done to have the integration.

    :raises InputError: the secret has to be sent and is not given.
    """
    after = Integration(
        id=current.id if current else "",
        scm_id=wanted.scm_id,
        host=wanted.host,
        oauth=wanted.oauth,
        client_id=wanted.client_id,
        issuer_url=wanted.issuer_url,
        pat=wanted.pat,
        virtual_directory=wanted.virtual_directory,
        encrypted_secret=current.encrypted_secret if current else b"",
    )
    another_client = wanted.oauth and (current is None or current.client_id != wanted.client_id)
    send = another_client or (wanted.oauth and wanted.renew and bool(wanted.client_secret))
    if send and not wanted.client_secret:
        raise InputError(
            f"The integration of {wanted.scm_id} at {wanted.host} needs its client secret; nothing was changed",
            "It is new, or its client changes",
            "Set oauth_client_secret",
        )
    fields = _differences(current, after)
    return Plan(create=current is None, fields=fields, send_secret=send, before=current, after=after)


def _differences(current: Integration | None, after: Integration) -> dict[str, t.Any]:
    pairs = {
        "oauth_client_id": (current.client_id if current else "", after.client_id),
        "issuer_url": (current.issuer_url if current else "", after.issuer_url),
        "pat": (current.pat if current else False, after.pat),
        "virtual_directory": (current.virtual_directory if current else "", after.virtual_directory),
    }
    return {key: new for key, (old, new) in pairs.items() if old != new}


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_scm_integration does."""
    options = module.params
    wanted = wanted_of(options)
    api, runner_id = api_of(module), options["runner_id"]
    current = choose(api.integrations(runner_id), wanted)
    leaving = options["state"] == "absent"
    todo = Plan(delete=current is not None, before=current) if leaving else plan(current, wanted)
    if todo.changed and todo.after:
        secret = wanted.client_secret if todo.send_secret else ""
        validation.integration(module, api, runner_id, todo.after, secret)
    found = todo.after if module.check_mode else _carry_out(api, runner_id, wanted, todo)
    return result(
        actions(todo, wanted),
        f"integration of {wanted.scm_id} at {wanted.host}",
        as_lines(todo.before.as_result()) if todo.before else "",
        (as_lines(todo.after.as_result()) if todo.after else "") + (SENT if todo.send_secret else ""),
        integration=found.as_result() if found else None,
        oauth_client_secret_sent=todo.send_secret,
    )


def _carry_out(api: Api, runner_id: str, wanted: Wanted, todo: Plan) -> Integration | None:
    if todo.delete and todo.before:
        # A try whose answer was lost has deleted it.
        with contextlib.suppress(NotFoundError):
            api.delete_integration(todo.before.id)
        return None
    secret = {"oauth_plaintext_client_secret": wanted.client_secret} if todo.send_secret else {}
    found = todo.after
    if todo.create and found:
        new = api.create_integration(runner_id, wanted.scm_id, wanted.host, {**todo.fields, **secret})
        found = dataclasses.replace(found, id=new)
    elif todo.changed and todo.before:
        api.update_integration(todo.before.id, {**todo.fields, **secret})
    return found


def actions(todo: Plan, wanted: Wanted) -> list[str]:
    """What is done, in sentences."""
    name = f"the integration of {wanted.scm_id} at {wanted.host}"
    if todo.delete:
        return [f"delete {name}"]
    if todo.create:
        return [f"create {name}"]
    found = [f"change {', '.join(sorted(todo.fields))} of {name}"] if todo.fields else []
    return found + ([f"send the client secret of {name}"] if todo.send_secret else [])
