# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts in the VPC prove what the control node cannot see, over SSH and as processes with a resolver of their own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import typing as t

import pytest

from tests.campaign.settings_cases import CONNECTION
from tests.e2e import ssh_host
from tests.e2e.harness import COLLECTION
from tests.e2e.verified_runner import HOST, NAME, Bed

if t.TYPE_CHECKING:
    import pathlib

    from tests.e2e.harness import Controller

RESOLVER = "127.77.0.2"
REQUIRED = ["private_dns.resolution", "health.*", "targets.health", "endpoint.*", "runner.phase"]


def namespaces_work() -> bool:
    """A mount namespace and port 53 need root."""
    if os.geteuid() != 0:
        return False
    command = ["unshare", "-m", "sh", "-c", "mount --bind /etc/hostname /etc/resolv.conf"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def python_in_the_vpc(directory: pathlib.Path, resolver: str = RESOLVER) -> str:
    """An interpreter whose system asks the VPC's resolver, and that has nothing but the standard library."""
    resolv = directory / "resolv.conf"
    resolv.write_text(f"nameserver {resolver}\n", "utf-8")
    python = f"{shlex.quote(sys.executable)} -I -S"
    inner = f'mount --bind {shlex.quote(str(resolv))} /etc/resolv.conf && exec {python} "$@"'
    program = directory / "python-in-the-vpc"
    program.write_text(f'#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inner)} python "$@"\n', "utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.skipif(not namespaces_work(), reason="needs root and mount namespaces")
@pytest.mark.skipif(ssh_host.SSHD is None, reason="needs Debian's openssh-server")
def test_probe_hosts_prove_private_dns_from_inside(controller: Controller) -> None:
    testbed = controller.testbed
    testbed.settings(stack_seconds=0.6)
    bed = Bed(testbed)
    bed.deploy()
    for name in (HOST["gitpod_domain_name"], f"*.{HOST['gitpod_domain_name']}"):
        testbed.add_dns_record(name, "CNAME", bed.output("LoadBalancerDNS"))
    testbed.control("POST", "dns/views", {"vpc_id": HOST["gitpod_vpc_id"], "address": RESOLVER, "port": 53})
    inside = {"ansible_python_interpreter": python_in_the_vpc(controller.directory)}
    extra = {
        "gitpod_verify_probe_hosts": ["probe-local", "probe-gone", "probe-ssh"],
        "gitpod_verify_probe_ca_path": testbed.ca_file,
        "gitpod_verify_wait": 20,
        "gitpod_verify_required": REQUIRED,
        "gitpod_api_endpoint": testbed.management_plane_url,
        "gitpod_api_token": testbed.api_token,
    }
    with ssh_host.running(controller.directory / "ssh") as connection:
        probes = {
            "probe-local": {"ansible_connection": "local", **inside},
            "probe-ssh": {**connection, **inside},
            # Nothing listens on it.
            "probe-gone": {**connection, "ansible_port": 1},
        }
        options = ("--limit", NAME, "--tags", "verify", "-e", json.dumps(extra))
        # A runner is no machine, whatever its host's variables say; a probe is one.
        run = controller.play(f"{COLLECTION}.site", *options, hosts={**probes, NAME: dict(CONNECTION)})
    assert run.code == 0, run.output
    assert run.changed == 0
    verification = run.report(NAME)["verification"]
    assert verification["healthy"]

    def seen(identifier: str) -> dict[str, str]:
        return {one["vantage"]: one["status"] for one in verification["checks"] if one["id"] == identifier}

    assert seen("private_dns.resolution") == {"control node": "skip", "probe-local": "pass", "probe-ssh": "pass"}
    everywhere = dict.fromkeys(("control node", "probe-local", "probe-ssh"), "pass")
    for identifier in ("dns.domain", "dns.wildcard", "tls.certificate", "health.domain", "health.wildcard"):
        assert seen(identifier) == everywhere
    for identifier in ("endpoint.state", "endpoint.private_dns", "endpoint.addresses", "runner.phase"):
        assert seen(identifier) == {"AWS": "pass"}
    assert seen("vantage.reached") == {"probe-gone": "fail"}
    answers = [
        (one["vantage"], one["evidence"]["answers"][0]["resolver"], one["evidence"]["expected_addresses"])
        for one in verification["checks"]
        if one["id"] == "private_dns.resolution" and one["status"] == "pass"
    ]
    assert {resolver for _vantage, resolver, _expected in answers} == {"system"}
    assert all(address.startswith("10.40.") for _vantage, _resolver, expected in answers for address in expected)
    (connection_type,) = [one for one in verification["checks"] if one["id"] == "runner.connection_type"]
    assert connection_type["status"] == "skip"
    assert connection_type["unverifiable"]
    assert testbed.api_token not in run.output
