# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role gitpod_privatelink: the security group comes with the endpoint, follows the subnets, and goes after it."""

from __future__ import annotations

import json
import typing as t

import yaml

from tests.e2e.in_process import InProcessModule

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller

HOST, REGION = "gitpod-ap-southeast-2", "ap-southeast-2"
ROLE = "gitpod.enterprise_runner.gitpod_privatelink"
SUBNETS = {"subnet-0c3a4e6d8f0b23571": "10.40.0.0/20", "subnet-0c3a4e6d8f0b23572": "10.40.16.0/20"}
STAYING = {"subnet-0c3a4e6d8f0b23571": "10.40.0.0/20"}
FURTHER = {"subnet-0c3d5f7b9a1e24681": "10.40.128.0/24"}


def step(name: str, tasks_from: str = "main", **variables: t.Any) -> list[dict[str, t.Any]]:
    """Run the role, and keep what it left behind."""
    role = {"name": ROLE, "tasks_from": tasks_from}
    kept = {
        "changed": "{{ gitpod_privatelink_result.changed }}",
        "group": "{{ gitpod_privatelink_result.security_group | default({}, true) }}",
        "endpoint": "{{ gitpod_privatelink_result.endpoint }}",
    }
    return [
        {"name": name, "ansible.builtin.include_role": role, "vars": variables},
        {"name": f"Keep {name}", "ansible.builtin.set_fact": {"kept": "{{ kept | default({}) | combine({name: it}) }}"}}
        | {"vars": {"it": kept, "name": name}},
    ]


def test_the_security_group_follows_and_goes_last(controller: Controller) -> None:
    result = controller.directory / "kept.json"
    tasks = [
        *step("create"),
        *step("moved", gitpod_privatelink_source_subnet_ids=[*STAYING, *FURTHER]),
        *step("absent", "absent"),
        {
            "name": "Write",
            "ansible.builtin.copy": {"content": "{{ kept | to_json }}", "dest": str(result), "mode": "0600"},
        },
    ]
    play = {"name": "Life", "hosts": HOST, "connection": "local", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    playbook = controller.directory / "life.yml"
    playbook.write_text(yaml.safe_dump([play]), "utf-8")
    run = controller.play(str(playbook), "--diff")
    assert run.code == 0, run.output
    kept = json.loads(result.read_text("utf-8"))

    def ranges(name: str) -> list[str]:
        return list(kept[name]["group"]["rules"])

    assert ranges("create") == sorted(SUBNETS.values())
    assert kept["create"]["endpoint"]["security_group_ids"] == [kept["create"]["group"]["id"]]
    # One range comes and one goes; that a run without a difference changes nothing is for test_site.py to show.
    assert ranges("moved") == sorted({**STAYING, **FURTHER}.values())
    assert kept["moved"]["endpoint"]["id"] == kept["create"]["endpoint"]["id"]
    assert kept["absent"]["changed"]
    writes = [write for write in controller.writes() if write in ("ec2:DeleteVpcEndpoints", "ec2:DeleteSecurityGroup")]
    # A network interface that is being detached holds the group for a moment.
    assert list(dict.fromkeys(writes)) == ["ec2:DeleteVpcEndpoints", "ec2:DeleteSecurityGroup"], (
        "AWS refuses the other order"
    )
    ec2 = InProcessModule(controller.testbed, {}, REGION).client("ec2")
    names = [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]]
    assert f"{HOST}-management-plane" not in names
