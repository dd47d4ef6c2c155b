# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the management plane says is data on every supported core: no template of it runs, and no terminal obeys it."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from tests.e2e.harness import COLLECTION, Controller
from tests.webhook import Receiver

pytestmark = pytest.mark.both_cores


def template(name: str) -> str:
    """What leaves a file of this name in the directory of the run, if anybody fills it in."""
    return f"{{{{ lookup('ansible.builtin.pipe', 'touch pwned-{name}') }}}}"


MESSAGE = (
    f"{template('message')} {{% set x = lookup('pipe', 'touch pwned-statement') %}}\x1b[2J\x9b1A\nPLAY RECAP ***\u202e"
)
TASKS: list[dict[str, t.Any]] = [
    {
        "name": "Show",
        "ansible.builtin.debug": {"msg": "{{ inventory_hostname }} {{ runner_message }} {{ gitpod_region }}"},
    },
    {"name": "Show all", "ansible.builtin.debug": {"var": "hostvars[inventory_hostname]"}},
    {
        "name": "Hand on",
        "ansible.builtin.set_fact": {"handed_on": "{{ runner_message }}", "composed_too": "{{ composed }}"},
    },
    {"name": "Show again", "ansible.builtin.debug": {"msg": "{{ handed_on }} {{ composed_too }}"}},
    {
        "name": "Ask",
        f"{COLLECTION}.runner_registration_info": {"runner_id": "{{ runner_id }}", "api_url": "{{ plane }}"},
        "register": "asked",
    },
    {
        "name": "Fail as a stage does",
        "ansible.builtin.set_fact": {
            "gitpod_site_failure_result": {"task": "{{ inventory_hostname }}", "message": "{{ asked.runner.message }}"}
        },
    },
    {
        "name": "Display",
        f"{COLLECTION}.runner_display": {"lines": ["{{ asked.runner.message }}", "{{ runner_message }}"]},
    },
    {"name": "Report", "ansible.builtin.include_role": {"name": f"{COLLECTION}.gitpod_report"}},
]

HERE = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}


@pytest.fixture
def receiver() -> t.Iterator[Receiver]:
    with Receiver.start() as server:
        yield server


def test_it_is_data_in_the_inventory_in_tasks_reports_and_webhooks(
    controller: Controller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    testbed, directory = controller.testbed, controller.directory
    names = {
        "one": template("name"),
        "two": "{{ 7 * 271828182 }}",
        "three": "all",
        "four": "../escape",
        "five": "gitpod_runners",
    }
    ids = {key: f"0192b4c6-0000-7000-8000-00000000000{number}" for number, key in enumerate(names)}
    body = {
        "remove_runners": list(testbed.control("POST", "management", {})["runners"]),
        "add_runners": [{"id": ids[key], "name": name, "region": template("region")} for key, name in names.items()],
    }
    testbed.control("POST", "management", body)
    for runner_id in ids.values():
        testbed.control("POST", "management", {"runner_id": runner_id, "phase": "degraded", "message": MESSAGE})
    inventory = directory / "gitpod_runners.yml"
    source = {
        "plugin": f"{COLLECTION}.runners",
        "api_url": testbed.management_plane_url,
        "compose": {"composed": "'x' ~ runner_message"},
        "keyed_groups": [{"key": "runner_region", "prefix": "region"}, {"key": "runner_message", "prefix": "message"}],
        "groups": {"degraded": "runner_phase == 'degraded'"},
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(directory / "cache"),
    }
    inventory.write_text(yaml.safe_dump(source), "utf-8")
    (directory / "escape.yml").write_text("runner_message: read from a path that a name leads to\n", "utf-8")
    play = {"name": "Outside", "hosts": "gitpod_runners", "gather_facts": False, "connection": "local"}
    playbook = directory / "outside.yml"
    playbook.write_text(yaml.safe_dump([{**play, "vars": HERE, "tasks": TASKS}]), "utf-8")
    controller.inventory = inventory
    plain = controller.environment()
    monkeypatch.setattr(controller, "environment", lambda: {**plain, "GITPOD_API_KEY": testbed.api_token})
    extra = {"gitpod_report_notify": receiver.url, "plane": testbed.management_plane_url}

    # The second takes the runners from the inventory's cache.
    runs = [controller.play(str(playbook), "-e", json.dumps(extra), "-v") for _ in range(2)]
    status = controller.play(f"{COLLECTION}.status")
    for run in runs:
        assert run.code == 0, run.output[-5000:]
        assert run.output.count(" becomes no host, because its name, ") == 3
        assert "read from a path" not in run.output
        assert run.output.count(template("name")) > 5, "it is shown as it is"
    assert status.code != 0, "the regions are no regions"
    assert [path.name for path in directory.rglob("pwned-*")] == []
    written = [path.read_text("utf-8") for path in controller.artifacts.iterdir()]
    texts = [
        *(run.output for run in (*runs, status)),
        *written,
        *(json.dumps(body, ensure_ascii=False) for _path, body in receiver.posted),
    ]
    document = json.loads((controller.artifacts / "fleet.json").read_text("utf-8"))
    assert {runner["runner"] for runner in document["runners"]} == {names["one"], names["two"]}
    for text in texts:
        filled_in = [line for line in text.split("\n") if "1902797274" in line]
        unprintable = [line for line in text.split("\n") if not line.replace("\t", "").isprintable()]
        # A browser makes nothing of a line end.
        forged = [line for line in text.split("\n") if line.startswith("PLAY RECAP *** ") and "<html" not in text]
        assert (filled_in, unprintable, forged) == ([], [], [])
