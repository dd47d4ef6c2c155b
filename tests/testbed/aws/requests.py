# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operation a request asks for: service, operation, region, account and parameters, from the wire."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import typing as t
import urllib.parse

import botocore.session

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_session = botocore.session.get_session()
# Names in the credential scope that differ from botocore's names of the services.
_SERVICES = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "servicequotas": "service-quotas"}


@dataclasses.dataclass(frozen=True)
class Call:
    """One API call.

    :param parameters: as the protocol spells them: form fields, JSON, or the XML document as C(body).
    :param user_agent: how the caller calls itself.
    """

    service: str
    operation: str
    region: str
    account: str
    parameters: t.Mapping[str, t.Any]
    user_agent: str = ""


@functools.cache
def model(service: str) -> t.Any:
    """botocore's description of a service, or None."""
    try:
        return _session.get_service_model(service)
    except Exception:
        return None


@functools.cache
def protocol(service: str) -> str:
    """The wire protocol: query, ec2, json, rest-json or rest-xml."""
    described = model(service)
    # Of several protocols of a service, the SDK chooses.
    return str(described.resolved_protocol) if described else "query"


@functools.cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], frozenset[str], str]]:
    """Method, path pattern, keys of the query and operation of a REST service; longest paths, then most keys first."""
    described = model(service)
    found = []
    for name in described.operation_names if described else []:
        http = described.operation_model(name).http
        path, _mark, query = str(http["requestUri"]).partition("?")
        keys = frozenset(dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))
        pattern = "/".join(
            ".+"
            if part.startswith("{") and part.endswith("+}")
            else "[^/]+"
            if part.startswith("{")
            else re.escape(part)
            for part in path.rstrip("/").split("/")
        )
        found.append((str(http["method"]), re.compile(f"{pattern}/?$"), keys, name))
    return sorted(found, key=lambda route: (-len(route[1].pattern), -len(route[2])))


def parse(method: str, path: str, query: str, headers: t.Mapping[str, str], body: bytes) -> Call | None:
    """The call, or None for a request that is no signed API call."""
    call = _parse(method, path, query, headers, body)
    return dataclasses.replace(call, user_agent=headers.get("user-agent", "")) if call else None


def _parse(method: str, path: str, query: str, headers: t.Mapping[str, str], body: bytes) -> Call | None:
    match = _CREDENTIAL.search(headers.get("authorization", ""))
    if not match:
        return None
    account, region, scope = match.groups()
    service = _SERVICES.get(scope, scope)
    target = headers.get("x-amz-target", "")
    if target:
        return Call(service, target.rsplit(".", 1)[-1], region, account, _json(body))
    form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if "Action" in form:
        return Call(service, form.pop("Action"), region, account, form)
    given = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    # Operations of S3 differ by a key of the query alone, such as ?versions.
    operation = next(
        (
            name
            for verb, pattern, keys, name in _routes(service)
            if verb == method and pattern.match(path) and keys <= set(given)
        ),
        method,
    )
    # Copying and putting differ by a header alone.
    if (service, operation) == ("s3", "CopyObject") and "x-amz-copy-source" not in headers:
        operation = "PutObject"
    parameters: dict[str, t.Any] = {"path": path, **given}
    if body:
        parameters["body"] = body.decode("utf-8", "replace")
    return Call(service, operation, region, account, parameters)


def _json(body: bytes) -> dict[str, t.Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {"body": found}


def refusal(service: str, code: str, message: str, status: int) -> tuple[int, str, bytes]:
    """Status, content type and body of an error in the service's protocol."""
    kind = protocol(service)
    if kind in ("json", "rest-json"):
        return status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
    if kind == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return status, "text/xml", f"<Response>{inner}<RequestID>testbed</RequestID></Response>".encode()
    if service == "s3":
        inner = f"<Code>{code}</Code><Message>{message}</Message><RequestId>testbed</RequestId>"
        return status, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()
    inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, "text/xml", f"<ErrorResponse>{inner}<RequestId>testbed</RequestId></ErrorResponse>".encode()


def error_code(body: bytes) -> str:
    """The code in an error's body, in any of the protocols."""
    match = re.search(rb"<Code>([^<]+)</Code>", body) or re.search(rb'"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"', body)
    return match[1].decode() if match else ""
