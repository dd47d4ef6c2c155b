# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GetTemplateSummary and template URLs of the simulated CloudFormation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ministack.services import s3
from ministack.services.cloudformation import handlers, helpers
from ministack.services.cloudformation.engine import _parse_template
from ministack.services.cloudformation.helpers import _p

from ..settings import Settings
from .cloudformation_xml import Answer, answer, error

# Templates that exist at a URL without an S3 bucket of the simulated account behind it (the published one).
template_bodies: dict[str, str] = {}

_ACCESS_DENIED = (
    "S3 error: Access Denied\nFor more information check "
    "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)
_UNSUPPORTED = "TemplateURL must be a supported URL."
_S3_HOST = re.compile(
    r"^(?:(?P<bucket>[a-z0-9][a-z0-9.-]*[a-z0-9])\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$"
)
_LOCAL_HOSTS = ("127.0.0.1", "localhost")


def _bucket_and_key(url: str) -> tuple[str, str] | None:
    """The bucket and the key of a virtual-hosted or path-style S3 URL, or None for any other URL."""
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    host = (parts.hostname or "").lower()
    match = _S3_HOST.match(host)
    if parts.scheme not in ("https", "http") or (not match and host not in _LOCAL_HOSTS):
        return None
    if match and match["bucket"]:
        return match["bucket"], path
    bucket, _slash, key = path.partition("/")
    return bucket, key


def _object(bucket: str, key: str) -> str | None:
    try:
        data = s3._get_object_data(bucket, key)
    except (KeyError, TypeError, ValueError):
        return None
    return data.decode() if data is not None else None


def resolve_document(
    params: dict[str, Any], body_key: str, url_key: str, label: str
) -> tuple[str | None, Answer | None]:
    """An inline document or the one at an S3 URL, and the refusal if there is one; ministack's signature."""
    del label
    body, url = _p(params, body_key), _p(params, url_key)
    if body and url:
        return None, error("ValidationError", f"You can specify either {body_key} or {url_key}, but not both.")
    if body or not url:
        return body or None, None
    if url in template_bodies:
        return template_bodies[url], None
    if url.partition("?")[0] in template_bodies:
        return template_bodies[url.partition("?")[0]], None
    location = _bucket_and_key(url)
    if location is None:
        return None, error("ValidationError", _UNSUPPORTED)
    found = _object(*location)
    if found is None:
        return None, error("ValidationError", _ACCESS_DENIED)
    return found, None


def _parameter(name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    no_echo = str(definition.get("NoEcho", "false")).lower() == "true"
    default = definition.get("Default")
    allowed = definition.get("AllowedValues")
    return {
        "ParameterKey": name,
        "DefaultValue": None if default is None else "****" if no_echo else _as_text(default),
        "ParameterType": definition.get("Type", "String"),
        "NoEcho": no_echo,
        "Description": definition.get("Description"),
        "ParameterConstraints": {"AllowedValues": [_as_text(item) for item in allowed]} if allowed else {},
    }


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _capabilities(template: Mapping[str, Any]) -> tuple[list[str] | None, str | None]:
    capabilities, types = handlers._required_capabilities(template, strict=True)
    if not capabilities:
        return None, None
    return capabilities, f"The following resource(s) require capabilities: [{', '.join(types)}]"


def summary(template: Mapping[str, Any]) -> dict[str, Any]:
    """What GetTemplateSummary says about a parsed template."""
    resources = template.get("Resources") or {}
    capabilities, reason = _capabilities(template)
    metadata = template.get("Metadata")
    types = sorted({str(resource.get("Type", "")) for resource in resources.values()})
    return {
        "Parameters": [_parameter(*item) for item in (template.get("Parameters") or {}).items()],
        "Description": template.get("Description"),
        "Capabilities": capabilities,
        "CapabilitiesReason": reason,
        "ResourceTypes": types,
        "Version": template.get("AWSTemplateFormatVersion"),
        "Metadata": None if metadata is None else json.dumps(metadata),
        "ResourceIdentifierSummaries": [
            {
                "ResourceType": kind,
                "LogicalResourceIds": [name for name, resource in resources.items() if resource.get("Type") == kind],
            }
            for kind in types
        ],
    }


def _template_body(params: dict[str, Any]) -> tuple[str | None, Answer | None]:
    body, refusal = helpers._resolve_template(params)
    if refusal or body:
        return body, refusal
    name = _p(params, "StackName")
    if not name:
        return None, error("ValidationError", "Either StackName or TemplateBody or TemplateURL must be specified.")
    stack = handlers._resolve_stack(name)
    if not stack or (stack.get("StackStatus") == "DELETE_COMPLETE" and name != stack["StackId"]):
        return None, error("ValidationError", f"Stack with id {name} does not exist")
    return stack.get("_template_body") or "{}", None


def get_template_summary(params: dict[str, Any]) -> Answer:
    """GetTemplateSummary by TemplateURL, TemplateBody or StackName."""
    body, refusal = _template_body(params)
    if refusal is not None:
        return refusal
    try:
        template = _parse_template(body)
    except Exception as problem:
        return error("ValidationError", f"Template format error: {problem}")
    return answer("GetTemplateSummary", summary(template))


def install(settings: Settings) -> None:
    """Replace ministack's GetTemplateSummary and its reading of template URLs."""
    del settings
    helpers._resolve_document = resolve_document
    handlers._ACTION_HANDLERS["GetTemplateSummary"] = get_template_summary
