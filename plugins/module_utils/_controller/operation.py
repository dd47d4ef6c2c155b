# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries one object out with the controller's own modules, so that a second run changes nothing. Pure but for C(run).

What those modules (awx.awx 24.6.1) do not do so themselves:

- A credential's inputs, and a notification template's configuration, come back as C($encrypted$), so each run would be
  a change and would write the secret again. So they are given with C(state=exists), which makes what is missing and
  touches nothing that is there, and all else without them.
- Removing what is in something that is gone fails, and in check mode, making what is in something that would be made.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.confidential import NEEDS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import Object
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

Result = dict[str, t.Any]
# What a module is called, its options, and whether it only looks, to its result.
Run = t.Callable[[str, t.Mapping[str, t.Any], bool], Result]
_OPTION = {"credential": "inputs", "notification_template": "notification_configuration"}
# How awx.awx says that something is not there (module_utils/controller_api.py and its modules).
_NOT_THERE = ("returned 0 items, expected 1", "was not found", "Could not find", "could not find")
# Its module for schedules does not say it (awx.awx 24.6.1): it reads the ID of nothing.
_NOT_SAID = "'NoneType' object is not subscriptable"
_ADVICE = {
    "HTTP 401": "Check gitpod_controller_oauth_token, or gitpod_controller_username and gitpod_controller_password",
    "HTTP 403": "The user of gitpod_controller_oauth_token has to be an administrator of the organization",
    "Failed to get token": "Check gitpod_controller_username and gitpod_controller_password, or give a token",
    "trying to connect": "Check gitpod_controller_host, and that this machine reaches it",
    "resolve controller_host": "Check gitpod_controller_host",
    "secure connection": "Check gitpod_controller_validate_certs and the authorities that this machine trusts",
}


def carry_out(
    run: Run,
    wanted: Object,
    state: str = "present",
    secrets: t.Mapping[str, t.Any] | None = None,
    update_secrets: bool = False,
    check: bool = False,
) -> Result:
    """Have the object, or have none.

    :param run: runs a module of the controller's collection.
    :param secrets: what C(wanted.confidential) names, with its values; empty where the variable for it is not set.
    :param update_secrets: whether they replace those that it has.
    :returns: C(changed), and C(id) where the controller said it.
    :raises RunnerError: the module failed.
    """
    kind, arguments = wanted.kind, wanted.arguments
    if state == "absent":
        result = run(kind, {**arguments, "state": "absent"}, check)
        return {"changed": False} if _is_not_there(kind, result) else _told(wanted, result)
    if wanted.confidential and secrets and update_secrets:
        result = run(kind, {**arguments, _OPTION[kind]: dict(secrets), "state": "present"}, check)
        return _made(wanted, result, check)
    if wanted.confidential:
        first = _made(wanted, _once(run, wanted, secrets or {}, check), check)
        if first["changed"]:
            return first
    plain = {"update_secrets": False} if kind == "credential" else {}
    return _made(wanted, run(kind, {**arguments, **plain, "state": "present"}, check), check)


def _once(run: Run, wanted: Object, secrets: t.Mapping[str, t.Any], check: bool) -> Result:
    """Make it with its secrets where it is not there, else nothing."""
    kind, arguments = wanted.kind, {**wanted.arguments, "state": "exists"}
    if secrets:
        return run(kind, {**arguments, _OPTION[kind]: dict(secrets)}, check)
    result = run(kind, arguments, True)
    if result.get("changed") and not result.get("failed"):
        what = f"The controller has no {kind.replace('_', ' ')} {wanted.name}, and nothing to make it of"
        raise RunnerError(what, next_step=f"Set {NEEDS[wanted.confidential]}, or leave it out")
    return result


def _is_not_there(kind: str, result: Result) -> bool:
    text = f"{result.get('msg')} {result.get('module_stderr')} {result.get('exception')}"
    said = any(words in text for words in _NOT_THERE) or (kind == "schedule" and _NOT_SAID in text)
    return bool(result.get("failed")) and said


def _made(wanted: Object, result: Result, check: bool) -> Result:
    if check and _is_not_there(wanted.kind, result):
        return {"changed": True}
    return _told(wanted, result)


def _told(wanted: Object, result: Result) -> Result:
    if result.get("failed"):
        said = str(result.get("msg") or "its module said nothing")
        advice = next((text for words, text in _ADVICE.items() if words in said), "")
        if not advice and any(words in said for words in _NOT_THERE):
            advice = "What it needs has to be there: add its part to gitpod_controller_parts, or correct its name"
        raise RunnerError(f"The {wanted.kind.replace('_', ' ')} {wanted.name} was not set up", said, advice)
    found: Result = {"changed": bool(result.get("changed"))}
    return {**found, "id": result["id"]} if "id" in result else found
