# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches the job templates and workflows that the stand-in for AWX has, as AWX 24.6.1 does, through ansible-runner.

Which variable wins, what of a survey counts and what a node is given is AWX's (awx/main/models/mixins.py,
C(_update_unified_job_kwargs) and C(_accept_or_ignore_variables); awx/main/models/workflow.py, C(get_job_kwargs)); the
files of a job are in C(tests/awx_job.py). Here is no container, no capacity, and no person who approves but the test.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shlex
import shutil
import sys
import typing as t

import jinja2.sandbox
import yaml

from tests.awx_file import awx as written
from tests.awx_job import META, Job, run_in
from tests.controller import surveys

if t.TYPE_CHECKING:
    from tests.controller.awx import Awx

Data = dict[str, t.Any]
# What AWX's own credential of AWS brings (awx/main/models/credential/injectors.py).
AWS = {"username": "AWS_ACCESS_KEY_ID", "password": "AWS_SECRET_ACCESS_KEY", "security_token": "AWS_SESSION_TOKEN"}


@dataclasses.dataclass(frozen=True)
class Launcher:
    """A controller's jobs.

    :param project: files of every project.
    :param environment: of the execution environment, without what credentials bring.
    :param launched: names of the job templates that have run.
    """

    awx: Awx
    directory: pathlib.Path
    project: pathlib.Path
    environment: t.Mapping[str, str]
    launched: set[str] = dataclasses.field(default_factory=set)

    def launch(
        self,
        template: str,
        answers: t.Mapping[str, t.Any] | None = None,
        limit: str = "",
        handed_on: t.Mapping[str, t.Any] | None = None,
    ) -> Job:
        """One job.

        :param answers: of the survey; as AWX, others are refused.
        :param limit: that is typed, where the template asks for one.
        :param handed_on: what a workflow gives its node, which no survey judges.
        """
        said = dict(answers or {})
        self.launched.add(template)
        stored, spec = self.awx.named("job_templates", template), self.awx.survey("job_templates", template)
        questions = {item["variable"] for item in spec.get("spec", [])}
        assert surveys.refused(spec, said) == [], template
        assert surveys.unanswered(spec, {**said, **(handed_on or {})}) == [], template
        assert stored["ask_variables_on_launch"] or set(said) <= questions, template
        assert stored["ask_limit_on_launch"] or not limit, template
        fixed = _parsed(stored["extra_vars"])
        given = {**fixed, **surveys.left_out(spec), **said, **(handed_on or {}), **META}
        given["awx_job_template_name"] = template
        place = self.directory / f"job-{len(list(self.directory.glob('job-*'))):02}"
        shutil.copytree(self.project, place / "project")
        brought, arguments = self._credentials(template, place)
        arguments += [f"--forks={stored['forks']}"] if stored["forks"] else []
        arguments += ["-l", limit or stored["limit"]] if limit or stored["limit"] else []
        return run_in(
            place,
            stored["playbook"],
            self._inventory(stored["inventory"]),
            written(given, fixed),
            {**self.environment, **brought},
            shlex.join(arguments),
            self.directory / "facts",
        )

    def run(
        self,
        workflow: str,
        answers: t.Mapping[str, t.Any] | None = None,
        approves: t.Callable[[], bool] = lambda: True,
    ) -> list[Step]:
        """A workflow's nodes in their order, each with its job; an approval has none.

        :param approves: the person who is asked.
        """
        spec = self.awx.survey("workflow_job_templates", workflow)
        assert surveys.refused(spec, answers or {}) == []
        own = {**surveys.left_out(spec), **(answers or {})}
        flow = self.awx.named("workflow_job_templates", workflow)["id"]
        nodes = {
            node["id"]: node
            for node in self.awx.objects["workflow_job_template_nodes"].values()
            if node["workflow_job_template"] == flow
        }
        following = {one for node in nodes for way in ("success", "failure") for one in self._after(node, way)}
        (first,) = set(nodes) - following
        steps: list[Step] = []
        waiting, known = [first], dict[int, Data]()
        while waiting:
            number = waiting.pop(0)
            job = self._node(nodes[number], {**known.get(number, {}), **own}, workflow)
            well = approves() if job is None else job.code == 0
            steps.append(Step(nodes[number]["identifier"], job))
            for after in self._after(number, "success" if well else "failure"):
                known[after] = {**known.get(number, {}), **(job.artifacts if job else {})}
                waiting.append(after)
        return steps

    def _after(self, node: int, way: str) -> list[int]:
        return list(self.awx.links.get(("workflow_job_template_nodes", node, f"{way}_nodes"), []))

    def _node(self, node: Data, given: Data, workflow: str) -> Job | None:
        template = self.awx.objects["job_templates"].get(node["unified_job_template"])
        if template is None:
            return None
        told = {**given, "awx_workflow_job_name": workflow, "awx_workflow_job_id": 11}
        return self.launch(template["name"], None, node["limit"] or "", told)

    def _inventory(self, identifier: int) -> str:
        """The program that AWX writes: groups with what is in them, and every host's variables."""
        hosts = {number: host for number, host in self.awx.objects["hosts"].items() if host["inventory"] == identifier}
        groups = {
            number: group for number, group in self.awx.objects["groups"].items() if group["inventory"] == identifier
        }
        content: Data = {"all": {"vars": _parsed(self.awx.objects["inventories"][identifier]["variables"])}}
        content["all"]["children"] = [group["name"] for group in groups.values()]
        for number, group in groups.items():
            content[group["name"]] = {
                "hosts": [hosts[one]["name"] for one in self.awx.links.get(("groups", number, "hosts"), [])],
                "children": [groups[one]["name"] for one in self.awx.links.get(("groups", number, "children"), [])],
                "vars": _parsed(group["variables"]),
            }
        known = {
            host["name"]: {**_parsed(host["variables"]), "remote_tower_enabled": "true", "remote_tower_id": number}
            for number, host in hosts.items()
        }
        content["_meta"] = {"hostvars": known}
        return f"#! {sys.executable}\n# -*- coding: utf-8 -*-\nprint({json.dumps(content)!r})\n"

    def _credentials(self, template: str, place: pathlib.Path) -> tuple[dict[str, str], list[str]]:
        """What a template's credentials bring: environment variables, and arguments; their files are in C(env)."""
        number = self.awx.named("job_templates", template)["id"]
        found: dict[str, str] = {}
        arguments: list[str] = []
        for one in self.awx.links.get(("job_templates", number, "credentials"), []):
            credential = self.awx.objects["credentials"][one]
            kind = self.awx.objects["credential_types"][credential["credential_type"]]
            if kind.get("managed"):
                found |= {AWS[name]: value for name, value in credential["inputs"].items() if value}
            else:
                environment, extra = _injected(kind, credential["inputs"], place)
                found |= environment
                if extra:
                    file = place / f"env/credential-{one}"
                    file.write_text(written(extra), "utf-8")
                    arguments += ["-e", f"@{file}"]
        return found, arguments


@dataclasses.dataclass(frozen=True)
class Step:
    """A node of a workflow that has run; an approval has no job."""

    node: str
    job: Job | None


def _injected(kind: Data, inputs: Data, place: pathlib.Path) -> tuple[dict[str, str], dict[str, str]]:
    """Environment variables and extra variables.

    A field that is left out is empty: its default is not injected (facts of AWX 24.6.1)."""
    known: Data = {field["id"]: inputs.get(field["id"], "") for field in kind["inputs"]["fields"]}
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    (place / "env").mkdir(exist_ok=True)
    names = {}
    for name, template in kind["injectors"].get("file", {}).items():
        file = place / "env" / name
        file.write_text(environment.from_string(template).render(known), "utf-8")
        names[name.removeprefix("template.")] = str(file)
    known["tower"] = {"filename": names}

    def rendered(what: str) -> dict[str, str]:
        templates = kind["injectors"].get(what, {})
        return {name: environment.from_string(template).render(known) for name, template in templates.items()}

    return rendered("env"), rendered("extra_vars")


def _parsed(text: t.Any) -> Data:
    """Variables as AWX keeps them, as text of JSON or YAML."""
    return dict(yaml.safe_load(text) or {}) if isinstance(text, str) else dict(text or {})
