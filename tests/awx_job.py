# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as AWX 24.6.1 gives it to ansible-runner: its private data directory, and the events that come of it.

Evidence for the layout: awx/main/tasks/jobs.py (C(build_inventory), C(build_extra_vars_file)), and the facts page.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import sys
import typing as t

import ansible_runner

from tests.awx_file import awx

# What AWX adds to a job's extra variables (awx/main/models/unified_jobs.py, C(awx_meta_vars)).
META = {
    "awx_job_id": 12,
    "awx_job_launch_type": "manual",
    "awx_job_template_id": 7,
    "awx_job_template_name": "Gitpod: roll out",
    "awx_inventory_id": 2,
    "awx_inventory_name": "Gitpod runners",
    "awx_project_revision": "d718bbe54455e7c86b49103800bf3bce786e2dfe",
    "awx_user_id": 1,
    "awx_user_name": "admin",
}


@dataclasses.dataclass(frozen=True)
class Job:
    """A job that has run.

    :param events: as ansible-runner hands them to AWX.
    """

    code: int
    events: tuple[dict[str, t.Any], ...]

    @property
    def output(self) -> str:
        """What AWX shows of the job."""
        return "\n".join(event["stdout"] for event in self.events if event["stdout"])

    @property
    def artifacts(self) -> dict[str, t.Any]:
        """What set_stats has handed on, as AWX keeps it: each name's last value."""
        found: dict[str, t.Any] = {}
        for event in self.events:
            if event["event"] == "playbook_on_stats":
                found.update(event["event_data"].get("artifact_data") or {})
        return found


def inventory_script(groups: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """AWX's inventory: a program that prints JSON, each host with a variable of AWX's own.

    :param groups: variables of each host, by group.
    """
    named = {name: {"hosts": list(hosts)} for name, hosts in groups.items()}
    known = {
        host: {**own, "remote_tower_enabled": "true", "remote_tower_id": number}
        for hosts in groups.values()
        for number, (host, own) in enumerate(hosts.items(), 1)
    }
    content = {"all": {"children": list(groups)}, **named, "_meta": {"hostvars": known}}
    return f"#! {sys.executable}\nprint({json.dumps(content)!r})\n"


def run_job(
    directory: pathlib.Path,
    playbook: str,
    groups: t.Mapping[str, t.Mapping[str, t.Any]],
    answers: t.Mapping[str, t.Any],
    environment: t.Mapping[str, str],
    **options: t.Any,
) -> Job:
    """Run a playbook of the project as AWX does.

    :param directory: becomes the private data directory.
    :param playbook: the playbook's text, or the name of a file that lies in its project already.
    :param answers: of the survey, artifacts of earlier nodes, and what was typed at the launch.
    """
    for part in ("project", "inventory", "env"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    name = playbook if playbook.endswith(".yml") else "job.yml"
    if name != playbook:
        (directory / "project" / name).write_text(playbook, "utf-8")
    hosts = directory / "inventory/hosts"
    hosts.write_text(inventory_script(groups), "utf-8")
    hosts.chmod(0o700)
    (directory / "env/extravars").write_text(awx({**META, **answers}), "utf-8")
    kept, path = dict(os.environ), os.environ["PATH"]
    os.environ.clear()
    os.environ.update(environment)
    os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{path}"
    try:
        done = ansible_runner.run(private_data_dir=str(directory), playbook=name, quiet=True, **options)
        return Job(done.rc, tuple(done.events))
    finally:
        os.environ.clear()
        os.environ.update(kept)
