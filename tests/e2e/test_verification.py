# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A probe host in the VPC proves what the control node cannot see; it has a resolver of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import typing as t

import pytest

from tests.e2e.harness import COLLECTION

if t.TYPE_CHECKING:
    import pathlib

    from tests.e2e.harness import Controller

HOST, VPC = "gitpod-ap-southeast-2", "vpc-0c9f7e5a3b1d02468"
RESOLVER = "127.77.0.2"


def namespaces_work() -> bool:
    """A mount namespace and port 53 need root."""
    if os.geteuid() != 0:
        return False
    command = ["unshare", "-m", "sh", "-c", "mount --bind /etc/hostname /etc/resolv.conf"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def python_in_the_vpc(directory: pathlib.Path) -> str:
    """An interpreter whose system asks the VPC's resolver."""
    resolv = directory / "resolv.conf"
    resolv.write_text(f"nameserver {RESOLVER}\n", "utf-8")
    inner = f'mount --bind {shlex.quote(str(resolv))} /etc/resolv.conf && exec {shlex.quote(sys.executable)} "$@"'
    program = directory / "python-in-the-vpc"
    program.write_text(f'#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inner)} python "$@"\n', "utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.skipif(not namespaces_work(), reason="needs root and mount namespaces")
def test_a_probe_proves_private_dns_from_inside(controller: Controller) -> None:
    controller.testbed.control("POST", "dns/views", {"vpc_id": VPC, "address": RESOLVER, "port": 53})
    probe = {"ansible_connection": "local", "ansible_python_interpreter": python_in_the_vpc(controller.directory)}
    extra = {
        "gitpod_verify_probe_hosts": ["probe-ap"],
        "gitpod_verify_probe_ca_path": controller.testbed.ca_file,
        "gitpod_verify_wait": 20,
        "gitpod_verify_required": ["private_dns.resolution", "health.*", "targets.health", "endpoint.*"],
    }
    run = controller.play(f"{COLLECTION}.site", "--limit", HOST, "-e", json.dumps(extra), hosts={"probe-ap": probe})
    assert run.code == 0, run.output
    checks = run.report(HOST)["verification"]["checks"]
    found = [check for check in checks if check["id"] == "private_dns.resolution"]
    assert sorted(check["status"] for check in found) == ["pass", "skip"]
    assert any("[probe-ap] app.gitpod.io resolves to 10.40." in check["summary"] for check in found)
    (connection_type,) = [check for check in checks if check["id"] == "runner.connection_type"]
    assert connection_type["status"] == "skip"
    assert "Not verifiable from here" in connection_type["summary"]
