# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 demands of each kind of object, and how it fills in what is left out.

From AWX's own serializers and models (awx/api/serializers.py, awx/main/fields.py, awx/main/models/notifications.py), as
far as the modules of awx.awx meet them. A rule raises C(Refused) with AWX's status.
"""

from __future__ import annotations

import re
import typing as t

import jinja2
import jinja2.sandbox

Data = dict[str, t.Any]
ENCRYPTED = "$encrypted$"


class Refused(Exception):  # noqa: N818 - what happens to a request
    """An answer other than success."""

    def __init__(self, status: int, body: t.Any) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


def _schema_fault(inputs: Data) -> str:
    allowed = {"type", "format", "choices", "id", "label", "help_text", "multiline", "secret", "default"}
    if set(inputs) - {"required", "fields"}:
        return "additional properties are not allowed"
    for field in inputs.get("fields", []):
        if set(field) - allowed or not {"id", "label"} <= set(field):
            return f"{field} is not valid"
        if not re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", field["id"]) or field["id"] == "tower":
            return f"{field['id']} is an invalid variable name"
    return ""


def credential_type(data: Data, old: Data | None) -> None:
    """Kinds, inputs and injectors; an input without a type is filled in as text."""
    if data["kind"] not in ("cloud", "net"):
        raise Refused(400, {"kind": [f"Must be 'cloud' or 'net', not {data['kind']}"]})
    fault = _schema_fault(data["inputs"])
    if fault:
        raise Refused(400, {"inputs": [fault]})
    for field in data["inputs"].get("fields", []):
        field.setdefault("type", "string")
    injectors = data["injectors"]
    if set(injectors) - {"file", "env", "extra_vars"}:
        raise Refused(400, {"injectors": ["additional properties are not allowed"]})
    for name in injectors.get("env", {}):
        if name.startswith("ANSIBLE_"):
            raise Refused(400, {"injectors": [f"Environment variable {name} may affect Ansible configuration."]})
    _injected(data["inputs"], injectors)


def _injected(inputs: Data, injectors: Data) -> None:
    """Each template may use the type's own inputs, and the files that it makes."""
    names: Data = {field["id"]: "EXAMPLE" for field in inputs.get("fields", [])}
    files = [name.partition(".")[2] for name in injectors.get("file", {})]
    names["tower"] = {"filename": dict.fromkeys(files, "EXAMPLE") if any(files) else "EXAMPLE"}
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    for part in injectors.values():
        for name, template in part.items():
            try:
                environment.from_string(template).render(names)
            except jinja2.TemplateError as error:
                raise Refused(400, {"injectors": [f"{name} uses an undefined field ({error})"]}) from error


def credential(data: Data, old: Data | None, fields: t.Sequence[Data]) -> None:
    """Inputs that its type has; a placeholder keeps the secret.

    :param fields: of its type.
    """
    if not data["organization"]:
        raise Refused(400, {"detail": "Missing 'user', 'team', or 'organization'."})
    unknown = set(data["inputs"]) - {field["id"] for field in fields}
    if unknown:
        raise Refused(400, {"inputs": [f"Additional properties are not allowed ({unknown})"]})
    for name, value in data["inputs"].items():
        if value == ENCRYPTED:
            data["inputs"][name] = (old or {}).get("inputs", {}).get(name, "")


def shown_inputs(data: Data, fields: t.Sequence[Data]) -> Data:
    """Inputs as AWX shows them."""
    secret = {field["id"] for field in fields if field.get("secret")}
    return {name: ENCRYPTED if name in secret and value else value for name, value in data.items()}


# By type: what a configuration has, its type, and its default where there is one.
NOTIFICATIONS: dict[str, dict[str, tuple[t.Any, ...]]] = {
    "slack": {"token": ("password",), "channels": ("list",), "hex_color": ("string", "")},
    "webhook": {
        "url": ("string",),
        "http_method": ("string", "POST"),
        "disable_ssl_verification": ("bool", False),
        "username": ("string", ""),
        "password": ("password", ""),
        "headers": ("object",),
    },
}
PYTHON = {"string": str, "password": str, "bool": bool, "list": list, "object": dict}
EVENTS = ("started", "success", "error", "workflow_approval")
APPROVALS = ("running", "approved", "timed_out", "denied")
# A job's context while messages are checked: what is not in it may not be used unguarded.
CONTEXT: Data = {
    "job": {"id": 1, "name": "n", "status": "s", "artifacts": {}, "url": "u"},
    "job_friendly_name": "Job",
    "url": "u",
    "job_metadata": "{}",
    "approval_node_name": "a",
    "approval_status": "s",
    "workflow_url": "w",
}


def notification_template(data: Data, old: Data | None) -> None:
    """The configuration is completed, and each message can be rendered; those that are left out stay or are null."""
    declared = NOTIFICATIONS[data["notification_type"]]
    configuration = data["notification_configuration"]
    for name, (kind, *default) in declared.items():
        if name not in configuration and not default:
            raise Refused(400, [f"Missing required fields for Notification Configuration: ['{name}']."])
        configuration.setdefault(name, *default)
        if type(configuration[name]) is not PYTHON[kind]:
            raise Refused(400, [f"Configuration field '{name}' incorrect type, expected {kind}."])
        if kind == "password" and configuration[name] == ENCRYPTED and old:
            configuration[name] = old["notification_configuration"][name]
    for event, said in data["messages"].items():
        if event not in EVENTS:
            raise Refused(400, {"messages": [f"Event '{event}' invalid"]})
        parts = (said or {}).values() if event == "workflow_approval" else [said or {}]
        for part in parts:
            _rendered(part)
    _merged(data["messages"], (old or {}).get("messages") or {})


def _rendered(part: Data) -> None:
    for name, text in part.items():
        if name not in ("message", "body"):
            raise Refused(400, {"messages": [f"Message type '{name}' invalid"]})
        if text is None:
            continue
        if name == "message" and "\n" in text:
            raise Refused(400, {"messages": ["Messages cannot contain newlines"]})
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
        try:
            environment.from_string(text).render(CONTEXT)
        except jinja2.TemplateError as error:
            raise Refused(400, {"messages": [f"Field '{error}' unavailable"]}) from error


def _merged(new: Data, old: Data) -> None:
    for event in EVENTS:
        before = old.get(event)
        new.setdefault(event, before)
        if event != "workflow_approval" and new[event] and before:
            new[event] = {**before, **new[event]}
    if new["workflow_approval"] is not None:
        for event in APPROVALS:
            new["workflow_approval"].setdefault(event, (old.get("workflow_approval") or {}).get(event))


def shown_configuration(data: Data, kind: str) -> Data:
    """A configuration as AWX shows it: an empty password is not encrypted."""
    secret = {name for name, (type_, *_default) in NOTIFICATIONS[kind].items() if type_ == "password"}
    return {name: ENCRYPTED if name in secret and value else value for name, value in data.items()}


def rrule(text: str) -> None:
    """A schedule's rule (awx/api/serializers.py, SchedulePreviewSerializer)."""
    starts = re.findall(r"DTSTART(?:;TZID=[\w/]+)?:[0-9]+T[0-9]+Z?", text)
    if len(starts) != 1 or not (starts[0].endswith("Z") or "TZID" in starts[0]):
        raise Refused(400, {"rrule": ["Valid DTSTART required in rrule. Value should start with: DTSTART:..."]})
    rules = re.findall(r"RRULE:\S+", text)
    if not rules:
        raise Refused(400, {"rrule": ["One or more rule required in rrule."]})
    for rule in rules:
        if "INTERVAL" not in rule:
            raise Refused(400, {"rrule": ["INTERVAL required in rrule."]})
        if "SECONDLY" in rule or ("COUNT" in rule and "UNTIL" in rule):
            raise Refused(400, {"rrule": ["This rule is not supported."]})


def project(data: Data, old: Data | None) -> None:
    """Where its files come from."""
    if data["scm_type"] not in ("", "git", "svn", "insights", "archive"):
        raise Refused(400, {"scm_type": [f'"{data["scm_type"]}" is not a valid choice.']})
    if data["scm_type"] and not data["scm_url"]:
        raise Refused(400, {"scm_url": ["SCM URL is required."]})
    if not data["scm_type"] and data["scm_update_on_launch"]:
        raise Refused(400, {"scm_update_on_launch": ["Update options must be set to false for manual projects."]})
