# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's files of the runners that were found. Pure."""

from __future__ import annotations

import json
import typing as t

import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt.variables import is_template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

GROUP, HOSTS, HOST_VARS = "gitpod_runners", "hosts.yml", "host_vars"
# Source: ansible-core, DataLoader.find_vars_files; the order in which it looks.
SUFFIXES = (".yml", ".yaml", ".json")
# No value is broken into lines.
LONGEST_LINE = 1_000_000
# What a reader looks for first; the others follow by name.
FIRST = ("gitpod_region", "gitpod_account_id", "gitpod_runner_name", "gitpod_runner_id", "gitpod_domain_name")


def adopted_files(
    runners: t.Sequence[t.Mapping[str, t.Any]], there: t.Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """The files by C(path), below the inventory's directory, with their C(content).

    :param runners: C(runners) of runner_adopt_info, of all regions.
    :param there: content of the files that are there, by path; a host of theirs keeps its name.
    """
    # Templated values are containers and texts of ansible-core's own; the files are plain data.
    runners = json.loads(json.dumps(runners, default=list))
    files = []
    hosts = host_names(runners, _known_hosts(there or {}))
    # Ansible reads one of them, so that another beside it would be read in its place, or never.
    paths: dict[str, str] = {}
    for path in sorted(there or {}, key=_precedence):
        paths.setdefault(host_of(path), path)
    for host, runner in zip(hosts, runners):
        path = paths.get(host, f"{HOST_VARS}/{host}.yml")
        files.append({"path": path, "content": host_file(host, runner)})
    if files:
        files.append({"path": HOSTS, "content": _hosts_file(hosts)})
    return files


def host_of(path: str) -> str:
    """The host that a file is of, or a folder, whose path ends in a slash; empty for the list of hosts."""
    if not path.startswith(f"{HOST_VARS}/"):
        return ""
    name = path[len(HOST_VARS) + 1 :]
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
    return name[:-1] if name.endswith("/") else name[: len(name) - len(suffix)]


def _precedence(path: str) -> int:
    """Ansible reads the first that there is: a folder or a file of just the host's name, then these endings."""
    return next((place for place, suffix in enumerate(SUFFIXES, 1) if path.endswith(suffix)), 0)


def beside(
    files: t.Sequence[t.Mapping[str, str]], there: t.Mapping[str, str], overwrite: bool
) -> tuple[list[dict[str, t.Any]], list[str]]:
    """What is written into a directory that has files already, and what a person has to know of it.

    A list of hosts that this playbook wrote is extended; one that a person has touched is not rewritten, because their
    comments and groups would be lost: what it lacks is told.

    :param there: content of the files that are there, by path; that of a folder's files together.
    :param overwrite: whether files of hosts are replaced.
    """
    written: list[dict[str, t.Any]] = []
    notes: list[str] = []
    for file in files:
        path, content = file["path"], file["content"]
        if path not in there or there[path] == content:
            written.append({"path": path, "content": content, "replace": False})
        elif path == HOSTS:
            extended, note = _extended(there[path], content)
            written += [{"path": path, "content": extended, "replace": True}] if extended else []
            notes += [note] if note else []
        elif path.endswith("/"):
            notes.append(f"{path} is there already and stays as it is; Ansible reads no file of this host beside it")
        elif overwrite:
            written.append({"path": path, "content": content, "replace": True})
        else:
            notes.append(f"{path} is there already and stays as it is (gitpod_adopt_overwrite)")
    return written, notes


def _extended(there: str, content: str) -> tuple[str, str]:
    """The list of hosts with the new ones, or what to add by hand; both empty when nothing is missing."""
    wanted = yaml.safe_load(content)[GROUP]["hosts"]
    try:
        found = yaml.safe_load(there)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        listed = ", ".join(sorted(wanted))
        return "", f"{HOSTS} is there already and is no inventory in YAML; name these hosts in it: {listed}"
    missing = sorted(set(wanted) - _hosts(found))
    if not missing:
        return "", ""
    own = found.get(GROUP)
    hosts = own.get("hosts") if isinstance(own, dict) else None
    if isinstance(hosts, dict) and there == _hosts_file(hosts):
        return _hosts_file({*hosts, *missing}), ""
    return "", f"{HOSTS} is there already and stays as it is; add below {GROUP}, hosts: {', '.join(missing)}"


def _hosts(group: t.Any) -> set[str]:
    """The names of every host in an inventory, at any depth."""
    if not isinstance(group, dict):
        return set()
    found = set(map(str, group["hosts"])) if isinstance(group.get("hosts"), dict) else set()
    return found.union(*(_hosts(below) for name, below in group.items() if name not in ("hosts", "vars")))


def _hosts_file(hosts: t.Iterable[str]) -> str:
    return f"---\n{_yaml({GROUP: {'hosts': dict.fromkeys(sorted(hosts))}})}"


def _known_hosts(there: t.Mapping[str, str]) -> dict[str, dict[str, t.Any]]:
    """The variables of every host that has a file, as far as they can be read."""
    found: dict[str, dict[str, t.Any]] = {}
    for path, content in sorted(there.items(), key=lambda entry: _precedence(entry[0]), reverse=True):
        host = host_of(path)
        if not host:
            continue
        try:
            values = _Written(content).get_single_data()
        except yaml.YAMLError:
            # Vaulted values, and what is no YAML; the name is taken all the same.
            values = None
        found[host] = values if isinstance(values, dict) else {}
    return found


def host_names(
    runners: t.Sequence[t.Mapping[str, t.Any]], known: t.Mapping[str, t.Mapping[str, t.Any]] | None = None
) -> list[str]:
    """One name a runner: that which it has already, else its stack's, with the region where another has that name.

    :param known: variables of the hosts that there are already; empty where they could not be read.
    """
    taken = dict(known or {})
    stacks = [str(runner["stack"]) for runner in runners]
    found = []
    for runner in runners:
        name = _host_name(runner, taken, alone=stacks.count(str(runner["stack"])) == 1)
        taken[name] = runner["variables"]
        found.append(name)
    return found


def _host_name(runner: t.Mapping[str, t.Any], taken: t.Mapping[str, t.Mapping[str, t.Any]], alone: bool) -> str:
    """:param alone: whether no other runner that was found has a stack of this name."""
    stack, values = str(runner["stack"]), runner["variables"]
    own = next((host for host, there in taken.items() if _is_the_runner(host, there, stack, values)), "")
    # What cannot be read may be its own: it is left as it is, and told.
    if own or (stack in taken and not taken[stack]):
        return own or stack
    region = f"{stack}-{runner['region']}"
    names = [*([stack] if alone else []), region, f"{region}-{values.get('gitpod_account_id', '')}"]
    return next((name for name in names if name not in taken), names[-1])


def _is_the_runner(host: str, there: t.Mapping[str, t.Any], stack: str, values: t.Mapping[str, t.Any]) -> bool:
    """Whether a host's file is of this runner: by its ID, else by its names in the same region and account."""
    alike = {
        name: str(there[name]).casefold() == str(values[name]).casefold()
        for name in ("gitpod_runner_id", "gitpod_region", "gitpod_account_id")
        if there.get(name) and values.get(name)
    }
    names = (host, there.get("gitpod_runner_name"), there.get("gitpod_stack_name"))
    return bool(alike) and all(alike.values()) and ("gitpod_runner_id" in alike or stack in names)


def host_file(host: str, runner: t.Mapping[str, t.Any]) -> str:
    """One host_vars file; notes stand in it as comments."""
    values = dict(runner["variables"])
    name = values.pop("gitpod_runner_name", runner["stack"])
    if host != name:
        values["gitpod_runner_name"] = name
    ordered = {name: values[name] for name in FIRST if name in values}
    ordered.update({name: values[name] for name in sorted(values) if name not in ordered})
    comments = [f"Written by adopt.yml from the stack {runner['stack']} in {runner['region']}, without secrets."]
    comments += [f"Note: {note}." for note in runner.get("notes") or []]
    head = "".join(f"# {clean(comment)}\n" for comment in comments)
    return f"---\n{head}{_yaml(ordered)}"


class _Outside(str):
    """Text that Ansible is never to take for a template."""


class _Written(yaml.SafeLoader):
    """Reads plain data, and the texts that this module marks as data."""


def _text(loader: t.Any, node: t.Any) -> str:
    return str(loader.construct_scalar(node))


_Written.add_constructor("!unsafe", _text)


class _Indented(yaml.SafeDumper):
    """Lists indented below their key, as yamllint wants them; what comes from outside is data."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _style(text: str) -> str | None:
    """Double quotes, which escape, for what another style would write as a line's end (YAML 1.1, section 4.2)."""
    return '"' if any(character in text for character in "\r\x85\u2028\u2029") else None


# A host without variables of its own is an empty value, as inventories are written.
_Indented.add_representer(type(None), lambda dumper, _value: dumper.represent_scalar("tag:yaml.org,2002:null", ""))
_Indented.add_representer(
    str, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, _style(value))
)
_Indented.add_representer(
    _Outside, lambda dumper, value: dumper.represent_scalar("!unsafe", str(value), _style(value) or "'")
)


def _yaml(content: t.Any) -> str:
    """What Ansible's own loader and templating read as the same again."""
    text: str = yaml.dump(
        _outside(content),
        Dumper=_Indented,
        sort_keys=False,
        default_flow_style=False,
        width=LONGEST_LINE,
        allow_unicode=True,
    )
    return text


def _outside(content: t.Any) -> t.Any:
    """The same, with every text marked that Ansible would take for a template."""
    if isinstance(content, dict):
        return {key: _outside(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_outside(value) for value in content]
    return _Outside(content) if isinstance(content, str) and is_template(content) else content


def adopted_line(runner: t.Mapping[str, t.Any]) -> str:
    """A runner that was found, in one line, with its notes."""
    domain = runner["variables"].get("gitpod_domain_name", "without a domain")
    line = f"    {runner['stack']} in {runner['region']}: {domain}, {runner['status']}"
    return clean("; ".join([line, *(runner.get("notes") or [])]))
