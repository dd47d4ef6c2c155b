# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of awx.awx in this process, against the stand-in: their own code, without half a second for each."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import ssl
import typing as t
from unittest import mock

from ansible.module_utils import basic

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import confidential, declared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.access import access, collection_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.objects import objects, removals
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.operation import carry_out
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values, read
from tests.controller.awx import TOKEN, Awx

Data = dict[str, t.Any]


def values(awx: Awx, given: t.Mapping[str, t.Any]) -> Values:
    """What a host says of the stand-in and of itself, typed."""
    reached = {"gitpod_controller_host": awx.url, "gitpod_controller_oauth_token": TOKEN}
    found = read("localhost", ".", declared.BY_NAME, {**reached, **given})
    assert not found.problems, found.problems
    assert not found.unknown, found.unknown
    return found


def run(module: str, options: t.Mapping[str, t.Any], check: bool = False) -> Data:
    """A module's result.

    :param module: with its collection.
    """
    given = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp"}}  # noqa: S108
    basic._ANSIBLE_ARGS = json.dumps(given).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    namespace, name = module.rpartition(".")[::2]
    code = importlib.import_module(f"ansible_collections.{namespace}.plugins.modules.{name}")
    said = io.StringIO()
    # Reading the system's authorities for each request takes most of the time, and nothing here speaks TLS.
    with (
        mock.patch.object(ssl.SSLContext, "set_default_verify_paths"),
        mock.patch("time.sleep"),
        contextlib.redirect_stdout(said),
        contextlib.suppress(SystemExit),
    ):
        code.main()
    result: Data = json.loads(said.getvalue().strip().splitlines()[-1])
    return result


def set_up(awx: Awx, given: t.Mapping[str, t.Any], playbooks: t.Container[str], check: bool = False) -> list[str]:
    """As the role does it, one object after the other; the names of those that were changed."""
    typed = values(awx, given)
    state = typed["gitpod_controller_state"]
    changed = []
    for wanted in (removals if state == "absent" else objects)(typed, playbooks):
        collection = collection_of(wanted, typed)
        connection = access(collection, typed)

        def call(
            module: str,
            options: t.Mapping[str, t.Any],
            look: bool,
            collection: str = collection,
            connection: t.Mapping[str, t.Any] = connection,
        ) -> Data:
            return run(f"{collection}.{module}", {**options, **connection}, look)

        secrets = confidential.given(wanted.confidential, typed) if wanted.confidential else {}
        update = typed["gitpod_controller_update_secrets"]
        if carry_out(call, wanted, state, secrets, update, check, pause=lambda _seconds: None)["changed"]:
            changed.append(f"{wanted.kind} {wanted.name}")
    return changed
