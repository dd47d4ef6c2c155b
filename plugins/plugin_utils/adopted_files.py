# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's files of the runners that were found. Pure."""

from __future__ import annotations

import json
import typing as t

import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

GROUP = "gitpod_runners"
# What a reader looks for first; the others follow by name.
FIRST = ("gitpod_region", "gitpod_account_id", "gitpod_runner_name", "gitpod_runner_id", "gitpod_domain_name")


def adopted_files(runners: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, str]]:
    """The files by C(path), below the inventory's directory, with their C(content).

    :param runners: C(runners) of runner_adopt_info, of all regions.
    """
    # Templated values are containers and texts of ansible-core's own; the files are plain data.
    runners = json.loads(json.dumps(runners, default=list))
    files = []
    hosts = host_names(runners)
    for host, runner in zip(hosts, runners):
        files.append({"path": f"host_vars/{host}.yml", "content": host_file(host, runner)})
    if files:
        content = {GROUP: {"hosts": dict.fromkeys(sorted(hosts))}}
        files.append({"path": "hosts.yml", "content": f"---\n{_yaml(content)}"})
    return files


def host_names(runners: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """One name a runner: its stack's, with the region where several regions have a stack of that name."""
    stacks = [str(runner["stack"]) for runner in runners]
    return [
        stack if stacks.count(stack) == 1 else f"{stack}-{runner['region']}" for stack, runner in zip(stacks, runners)
    ]


def host_file(host: str, runner: t.Mapping[str, t.Any]) -> str:
    """One host_vars file; notes stand in it as comments."""
    values = dict(runner["variables"])
    if host != runner["stack"]:
        values["gitpod_runner_name"] = runner["stack"]
    ordered = {name: values[name] for name in FIRST if name in values}
    ordered.update({name: values[name] for name in sorted(values) if name not in ordered})
    comments = [f"Written by adopt.yml from the stack {runner['stack']} in {runner['region']}, without secrets."]
    comments += [f"Note: {note}." for note in runner.get("notes") or []]
    head = "".join(f"# {clean(comment)}\n" for comment in comments)
    return f"---\n{head}{_yaml(ordered)}"


class _Indented(yaml.SafeDumper):
    """Lists indented below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _yaml(content: t.Any) -> str:
    text: str = yaml.dump(content, Dumper=_Indented, sort_keys=False, default_flow_style=False, width=1000)
    # A host without variables of its own is an empty value, as inventories are written.
    return text.replace(": null\n", ":\n")


def adopted_line(runner: t.Mapping[str, t.Any]) -> str:
    """A runner that was found, in one line, with its notes."""
    domain = runner["variables"].get("gitpod_domain_name", "without a domain")
    line = f"    {runner['stack']} in {runner['region']}: {domain}, {runner['status']}"
    return clean("; ".join([line, *(runner.get("notes") or [])]))
