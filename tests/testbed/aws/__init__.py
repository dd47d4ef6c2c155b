# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated AWS: ministack behind wrappers that add what AWS does and ministack does not.

Every request is noted, may be refused by rule, because nobody knows its caller (C(identities)) or because the caller's
policies do not allow it (C(iam)), and is then answered by ministack, whose services the modules of this package have
changed in place.
"""

from __future__ import annotations

import typing as t

from ..settings import Settings
from . import requests

if t.TYPE_CHECKING:
    from .identities import Signed

Scope = dict[str, t.Any]


def create_application(settings: Settings) -> t.Any:
    """The ASGI application; call it once in a process, because ministack keeps its state in modules."""
    from ministack.app import app

    from . import (
        call_log,
        certificates,
        cloudformation,
        control,
        endpoint_interfaces,
        endpoints,
        faults,
        identities,
        load_balancers,
        machines,
        managed_instances,
        public_objects,
        resource_types,
        route53,
        security_groups,
        service_quotas,
        surroundings,
        targets,
        updater,
        usage,
    )
    from .iam import enforcement

    cloudformation.install(settings)
    resource_types.install(settings)
    for part in (identities, call_log, faults, load_balancers, endpoints, route53, certificates, public_objects):
        part.install(settings)
    for part in (
        service_quotas,
        usage,
        surroundings,
        machines,
        endpoint_interfaces,
        security_groups,
        targets,
        managed_instances,
        updater,
    ):
        part.install(settings)
    enforcement.install(settings)

    async def application(scope: Scope, receive: t.Any, send: t.Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        body = await _whole_body(receive)
        path, query = scope["path"], scope["query_string"].decode()
        if path.startswith(control.PREFIX):
            status, answer = control.answer(scope["method"], path, query, body)
            await _send(send, status, "application/json", answer)
            return
        headers = {key.decode().lower(): value.decode("latin-1") for key, value in scope["headers"]}
        call = requests.parse(scope["method"], path, query, headers, body)
        rule = faults.rule_for(call) if call else None
        if call and rule:
            if rule.after:
                await app(scope, _replay(body, receive), _swallow)
            refused = faults.answer(call, rule)
            call_log.add(call, refused[0], requests.error_code(refused[2]))
            await _send(send, *refused)
            return
        signed = identities.Signed(scope["method"], _raw_path(scope), query, headers, body)
        answered = await _own_answer(call, signed) if call else None
        if call and answered:
            call_log.add(call, answered[0], requests.error_code(answered[2]))
            await _send(send, *answered)
            return
        recorder = _Recorder(send)
        await app(scope, _replay(body, receive), recorder)
        if call:
            code = requests.error_code(recorder.body) if recorder.status >= 400 else ""
            call_log.add(call, recorder.status, code)

    return application


async def _own_answer(call: requests.Call, signed: Signed) -> tuple[int, str, bytes] | None:
    """The answer to a call that is refused, or that ministack does not know or answers too kindly."""
    from . import cloudformation_roles, identities, managed_instances, roles, service_quotas, usage, validation
    from .iam import enforcement, simulation
    from .iam.judge import available

    refused = identities.refused(call, signed) or await enforcement.refused(call)
    # What the caller may do is decided before what a service takes.
    refused = refused or validation.refused(call) or cloudformation_roles.refused(call)
    if refused:
        return refused
    operation = (call.service, call.operation)
    if operation == simulation.OPERATION and available():
        return await simulation.answer(call)
    if call.service == service_quotas.SERVICE:
        return service_quotas.answer(call)
    if operation == usage.OPERATION:
        return usage.answer(call)
    if operation == ("ssm", "CancelCommand"):
        return managed_instances.cancelled(call)
    return roles.answer(call) if operation == roles.OPERATION else None


def _raw_path(scope: Scope) -> str:
    """The path as it was signed."""
    return str((scope.get("raw_path") or scope["path"].encode()).decode("latin-1"))


async def _whole_body(receive: t.Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _replay(body: bytes, receive: t.Any) -> t.Any:
    """The body once more, for the application behind; afterwards whatever the client still sends."""
    given = False

    async def replayed() -> dict[str, t.Any]:
        nonlocal given
        if given:
            message: dict[str, t.Any] = await receive()
            return message
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _swallow(_message: dict[str, t.Any]) -> None:
    """Where an answer goes that is lost."""


class _Recorder:
    """Passes an answer on and keeps its status and the beginning of its body."""

    def __init__(self, send: t.Any) -> None:
        self._send = send
        self.status = 0
        self.body = b""

    async def __call__(self, message: dict[str, t.Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif len(self.body) < 4096:
            self.body += message.get("body", b"")
        await self._send(message)


async def _send(send: t.Any, status: int, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
