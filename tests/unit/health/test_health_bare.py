# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network part as Ansible sends it, on an interpreter that has nothing but the standard library."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import typing as t

import pytest
from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from health_cases import BALANCER, DOMAIN, HERE, MANAGEMENT_PLANE, WILDCARD, authorities, usual_path

from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_health_info

if t.TYPE_CHECKING:
    import pathlib

# No environment, no user directory (-I), no site-packages (-S).
BARE = [sys.executable, "-I", "-S"]
LIBRARIES = ("ansible", "boto3", "botocore", "cryptography", "dns", "gitpod", "yaml")
NAMESPACE = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-r", "-m"]


def with_hosts(hosts: pathlib.Path, command: list[str]) -> list[str]:
    """The command where this is the hosts file: names without a DNS server, asked of the system's own resolver."""
    inner = f"mount --bind {shlex.quote(str(hosts))} /etc/hosts && exec {shlex.join(command)}"
    return [*NAMESPACE, "sh", "-c", inner]


def namespaces_work(directory: pathlib.Path) -> bool:
    (directory / "hosts").write_text("", "utf-8")
    command = with_hosts(directory / "hosts", ["true"])
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def payload(path: pathlib.Path, options: dict[str, t.Any]) -> pathlib.Path:
    """What Ansible would copy to the host."""
    built = modify_module(
        module_name="gitpod.enterprise_runner.runner_health_info",
        module_path=runner_health_info.__file__,
        module_args=options,
        templar=Templar(DataLoader()),
        task_vars={"ansible_python_interpreter": sys.executable, "inventory_hostname": "probe"},
    )
    path.write_bytes(built.b_module_data)
    return path


def test_the_good_path_is_proven_with_nothing_but_the_standard_library(tmp_path: pathlib.Path) -> None:
    if not namespaces_work(tmp_path):
        pytest.skip("needs mount namespaces for a hosts file of its own")
    looked_for = f"import importlib.util as u; print([n for n in {LIBRARIES!r} if u.find_spec(n)])"
    found = subprocess.run([*BARE, "-c", looked_for], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"

    ca_path = tmp_path / "ca.pem"
    authorities().trusted.cert_pem.write_to_path(str(ca_path))
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{HERE} {DOMAIN} {WILDCARD} {BALANCER}\n10.0.0.9 {MANAGEMENT_PLANE}\n", "utf-8")
    with usual_path(authorities()) as path:
        path.serve()
        options = {
            "domain_name": DOMAIN,
            "wildcard_label": WILDCARD.partition(".")[0],
            "port": path.port,
            "http_port": path.options["http_port"],
            "expected_load_balancer_dns_name": BALANCER,
            "load_balancer_visibility": "internal",
            "accepted_ranges": ["127.0.0.0/8"],
            "management_plane_name": MANAGEMENT_PLANE,
            "management_plane_addresses": ["10.0.0.9"],
            "inside_vpc": True,
            "ca_path": str(ca_path),
        }
        module = payload(tmp_path / "runner_health_info.py", options)
        ran = subprocess.run(with_hosts(hosts, [*BARE, str(module)]), check=False, capture_output=True, text=True)
        refused = payload(tmp_path / "with_resolvers.py", {**options, "resolvers": ["192.0.2.53"]})
        lacking = subprocess.run([*BARE, str(refused)], check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert [check for check in result["checks"] if check["status"] != "pass"] == []
    assert (len(result["checks"]), result["healthy"]) == (13, True)
    assert result["certificate"]["subject_alternative_names"] == [f"*.{DOMAIN}", DOMAIN]
    assert [entry["resolver"] for entry in result["resolutions"]] == ["system"] * 4
    # Given resolvers are the one thing that needs a library, and it is named.
    assert "dnspython" in json.loads(lacking.stdout)["msg"]
