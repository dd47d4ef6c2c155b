# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines that look at the network.

Seen from where Ansible runs, and apart from the other checks because it needs nothing but the standard library.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    VERIFICATION,
    Declares,
    Finding,
    failed,
)

Result = t.Mapping[str, t.Any]
check = Declares[Result, None](VERIFICATION)


@check(
    "vantage.reached",
    asks="Did the machine look that was to look?",
    why="What only a machine in the VPC can see is not proven without it; the others go on. Made where a look failed.",
    fix="Check that Ansible reaches the host (`ansible <host> -m ping`) and that it has Python, or take it out of"
    " `gitpod_verify_probe_hosts`; of an instance, that Systems Manager reaches it, or take it out of"
    " `gitpod_verify_probe_instances` or `gitpod_verify_probe_instance_tags`.",
    only_if=lambda result, _nothing: result.get("checks") is None,
)
def reached(result: Result, _nothing: None) -> Finding:
    """A result without checks is a look that did not take place."""
    why = str(result.get("msg") or "the look was not made").strip()
    return failed(
        f"No look was taken from here: {why}",
        str(
            result.get("next_step")
            or "Check that Ansible reaches this host (ansible <host> -m ping) and that it has Python, or take it out of"
            " gitpod_verify_probe_hosts."
        ),
    )


CHECKS = (reached,)
