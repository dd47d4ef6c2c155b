# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as AWX 24.6.1 gives it to ansible-runner: its private data directory, and the events that come of it.

Evidence for the layout, the environment and the arguments: awx/main/tasks/jobs.py (C(build_inventory),
C(build_extra_vars_file), C(build_env), C(build_args), C(should_use_fact_cache)), and the facts page.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
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
        """What AWX shows of the job, without the colours that it asks for (ANSIBLE_FORCE_COLOR)."""
        text = "\n".join(event["stdout"] for event in self.events if event["stdout"])
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

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
    :param playbook: the playbook's text.
    :param answers: of the survey, artifacts of earlier nodes, and what was typed at the launch.
    """
    project = directory / "project"
    project.mkdir(parents=True, exist_ok=True)
    (project / "job.yml").write_text(playbook, "utf-8")
    return run_in(directory, "job.yml", inventory_script(groups), awx({**META, **answers}), environment, **options)


def run_in(
    directory: pathlib.Path,
    playbook: str,
    script: str,
    extra_variables: str,
    environment: t.Mapping[str, str],
    arguments: str = "",
    facts: pathlib.Path | None = None,
    **options: t.Any,
) -> Job:
    """Run a playbook of the private data directory's project.

    The project is left as it is: what a job writes into it is lost with the job, so nothing may depend on it.

    :param playbook: path within the project.
    :param script: the inventory's program.
    :param extra_variables: text of the file.
    :param environment: of the execution environment and of the credentials.
    :param arguments: of ansible-playbook, besides AWX's own.
    :param facts: directory of the fact cache that jobs of a template hand on; without one there is none.
    """
    for name in ("inventory", "env"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    hosts = directory / "inventory/hosts"
    hosts.write_text(script, "utf-8")
    hosts.chmod(0o700)
    (directory / "env/extravars").write_text(extra_variables, "utf-8")
    (directory / "env/cmdline").write_text(f"-u root {arguments}", "utf-8")
    cache = directory / "artifacts/1/fact_cache"
    if facts and facts.exists():
        shutil.copytree(facts, cache)
    before = _tree(directory / "project")
    with _environment({**environment, **_of_awx(directory, environment)}):
        done = ansible_runner.run(
            private_data_dir=str(directory),
            playbook=playbook,
            ident="1",
            fact_cache_type="jsonfile" if facts else "",
            quiet=True,
            **options,
        )
        events = tuple(done.events)
    assert _tree(directory / "project") == before, "the job has written to its project"
    if facts and cache.exists():
        shutil.copytree(cache, facts, dirs_exist_ok=True)
    return Job(done.rc, events)


def _of_awx(directory: pathlib.Path, environment: t.Mapping[str, str]) -> dict[str, str]:
    """What AWX adds to the environment of a job, and its settings' ANSIBLE_* (awx/settings/defaults.py)."""
    collections = environment.get("ANSIBLE_COLLECTIONS_PATH", "")
    return {
        "AWX_PRIVATE_DATA_DIR": str(directory),
        "AWX_HOST": "https://awx.example.com",
        "JOB_ID": "12",
        "INVENTORY_ID": "2",
        "PROJECT_REVISION": str(META["awx_project_revision"]),
        "MAX_EVENT_RES": "700000",
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([str(directory / "requirements_collections"), collections]),
        "ANSIBLE_ROLES_PATH": str(directory / "requirements_roles"),
        "ANSIBLE_FORCE_COLOR": "True",
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(directory / "cp"),
        "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@contextlib.contextmanager
def _environment(wanted: t.Mapping[str, str]) -> t.Iterator[None]:
    """Exactly that: ansible-runner hands its own on."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: value for name, value in wanted.items() if name != "ANSIBLE_NOCOLOR"})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _tree(project: pathlib.Path) -> dict[str, bytes]:
    files = (path for path in sorted(project.rglob("*")) if path.is_file() and path.parent.name != "__pycache__")
    return {str(path): path.read_bytes() for path in files}
