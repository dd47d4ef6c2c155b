# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries one object out with the controller's own modules, so that a second run changes nothing. Pure but for C(run).

What those modules (awx.awx 24.6.1) do not do so themselves:

- A credential's inputs, and a notification template's configuration, come back as C($encrypted$), so each run would be
  a change and would write the secret again. So they are given with C(state=exists), which makes what is missing and
  touches nothing that is there, and all else without them.
- Removing what is in something that is gone fails, and in check mode, making what is in something that would be made.
- They try nothing again. Each goes by names, so running one again is safe: after an answer that was lost, or beside
  another run that made the same, the second finds what is there and makes what is missing.
"""

from __future__ import annotations

import json
import re
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.confidential import NEEDS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import Object
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

Result = dict[str, t.Any]
# What a module is called, its options, and whether it only looks, to its result.
Run = t.Callable[[str, t.Mapping[str, t.Any], bool], Result]
_OPTION = {"credential": "inputs", "notification_template": "notification_configuration"}
# How awx.awx says that something is not there (module_utils/controller_api.py and its modules).
# As the modules begin these sentences (awx.awx 24.6.1); a page of a proxy says "not found" too, and is no word on
# whether anything is there.
_NOT_THERE = re.compile(
    r"Request to \S.* returned 0 items, expected 1|The specified (inventory|source project), .*, was not found\."
    r"|The (workflow|project) .* was not found on the controller instance server|[Cc]ould not find .* with name ",
    re.DOTALL,
)
_PASSING = re.compile(
    r"The host sent back a server error|There was a network error of some kind|There was an unknown error when trying"
    r"|Failed to read response body|Failed to get token: (HTTP Error 5\d\d|<url\w+|Remote end|\[Errno)"
    r"|Unable to create .*already exists",
    re.DOTALL,
)
TRIES, FIRST_PAUSE = 5, 1.0
_HIDDEN, _SHORTEST = "********", 3
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
    pause: t.Callable[[float], None] = time.sleep,
) -> Result:
    """Have the object, or have none.

    :param run: runs a module of the controller's collection; again, for some seconds, where the controller did not
        answer.
    :param secrets: what C(wanted.confidential) names, with its values; empty where the variable for it is not set.
    :param update_secrets: whether they replace those that it has.
    :returns: C(changed), and C(id) where the controller said it.
    :raises RunnerError: the module failed.
    """
    kind, arguments = wanted.kind, wanted.arguments
    run = _without(_texts(secrets or {}), _patient(run, pause))
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


def _patient(run: Run, pause: t.Callable[[float], None]) -> Run:
    """A module that is run again where its failure may be over in a moment."""

    def again(kind: str, arguments: t.Mapping[str, t.Any], check: bool) -> Result:
        result = run(kind, arguments, check)
        for number in range(TRIES - 1):
            if not (result.get("failed") and _PASSING.match(str(result.get("msg")))):
                break
            pause(FIRST_PAUSE * 2.0**number)
            result = run(kind, arguments, check)
        return result

    return again


def _without(secrets: t.Collection[str], run: Run) -> Run:
    """The controller repeats what it refuses, and not every option of its modules is kept out of messages."""

    def masked(kind: str, arguments: t.Mapping[str, t.Any], check: bool) -> Result:
        result = run(kind, arguments, check)
        said = str(result.get("msg") or "")
        for secret in sorted(secrets, key=len, reverse=True):
            said = said.replace(secret, _HIDDEN)
        return {**result, "msg": said} if said else result

    return masked


def _texts(given: t.Any) -> set[str]:
    """Every text of what a credential is given, at any depth; of the exchange tokens also each alone."""
    if isinstance(given, str):
        try:
            inner = json.loads(given) if given.startswith("{") else {}
        except (ValueError, RecursionError):
            inner = {}
        return {text for text in (given, *_texts(inner)) if len(text) > _SHORTEST}
    values = given.values() if isinstance(given, dict) else given if isinstance(given, list) else ()
    return {text for value in values for text in _texts(value)}


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
    text = f"{result.get('module_stderr')} {result.get('exception')}"
    said = bool(_NOT_THERE.match(str(result.get("msg")))) or (kind == "schedule" and _NOT_SAID in text)
    return bool(result.get("failed")) and said


def _made(wanted: Object, result: Result, check: bool) -> Result:
    if check and _is_not_there(wanted.kind, result):
        return {"changed": True}
    return _told(wanted, result)


def _told(wanted: Object, result: Result) -> Result:
    if result.get("failed"):
        said = str(result.get("msg") or "its module said nothing")
        advice = next((text for words, text in _ADVICE.items() if words in said), "")
        if not advice and _NOT_THERE.match(said):
            advice = "What it needs has to be there: add its part to gitpod_controller_parts, or correct its name"
        raise RunnerError(f"The {wanted.kind.replace('_', ' ')} {wanted.name} was not set up", said, advice)
    found: Result = {"changed": bool(result.get("changed"))}
    return {**found, "id": result["id"]} if "id" in result else found
