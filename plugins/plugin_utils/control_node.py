# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the inventory only the control node can judge: directories to write to, files to read, hosts that are named.

Looked at together with the contract, so that a run does not end without its report, or after an hour for a file.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    MALFORMED,
    Problem,
    listed,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import unreadable, unwritable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values

ARTIFACTS = "gitpod_artifact_directory"
PROBES = "gitpod_verify_probe_hosts"
FILES = ("gitpod_api_ca_path", "gitpod_verify_ca_path")


def problems(values: Values, known_hosts: t.Container[str]) -> list[Problem]:
    """Of one host.

    :param known_hosts: the inventory's.
    """
    return [*directory(values, ARTIFACTS), *_files(values), *_probes(values, known_hosts)]


def directory(values: Values, name: str) -> list[Problem]:
    """A directory that is written to."""
    path = str(values[name] or "")
    fault = unwritable(path) if path else ""
    if not fault:
        return []
    summary = f"Nothing can be written to {quoted(path)}: {fault}."
    return [Problem(MALFORMED, name, summary, "Set it to a directory on the control node that the run may write to.")]


def _files(values: Values) -> list[Problem]:
    told = {name: unreadable(str(values[name])) for name in FILES if values[name]}
    return [
        Problem(
            MALFORMED,
            name,
            f"{quoted(values[name])} cannot be read: {fault}.",
            "Name a file of the control node that the run may read, or leave it out.",
        )
        for name, fault in told.items()
        if fault
    ]


def _probes(values: Values, known_hosts: t.Container[str]) -> list[Problem]:
    unknown = [name for name in values[PROBES] if name not in known_hosts]
    if not unknown:
        return []
    summary = f"The inventory has no such hosts: {listed(unknown)}."
    return [Problem(MALFORMED, PROBES, summary, "Name hosts as the inventory does, or add them to it.")]
