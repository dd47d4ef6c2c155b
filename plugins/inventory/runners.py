# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runners of the management plane as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: runners
short_description: Runners of the management plane as hosts
version_added: 0.1.0
description:
  - Reads the AWS runners of the management plane; a host is a runner, under its name, so that C(group_vars) and
    C(host_vars) add what the management plane does not know. A fleet then needs no host list.
  - What the management plane says is data and never a template. A runner without an ID or a name, or whose name is a
    group's, a path or the control node's, has blanks around it or characters that cannot be printed, or is longer than
    255 characters, becomes no host and is warned of; the others stay.
  - Each host has C(gitpod_region) and C(gitpod_runner_name), and what the management plane says as C(runner_id),
    C(runner_region), C(runner_variant), C(runner_phase), C(runner_version), C(runner_message), C(runner_log_url),
    C(runner_created_at), C(runner_additional_info) and C(runner_configuration).
  - C(gitpod_runner_id) is not set, so that with C(gitpod_api_token) the role gitpod_registration finds the runner by
    name and region, and mints an exchange token where its stack has to be created.
  - Its file ends in V(gitpod_runners.yml) or V(gitpod_runners.yaml).
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
requirements:
  - gitpod-sdk >= 1.2.0 on the control node
  - Python >= 3.10
options:
  plugin:
    description: Marks the file as one of this plugin.
    type: str
    required: true
    choices: [gitpod.enterprise_runner.runners]
  api_url:
    description: >-
      URL of the management plane's API. Default is V(https://app.gitpod.io/api). Proxies are taken from E(http_proxy),
      E(https_proxy) and E(no_proxy).
    type: str
    env:
      - name: ONA_BASE_URL
      - name: GITPOD_API_ENDPOINT
  api_token:
    description:
      - Personal access token; may be a template, such as a lookup. Without it, the environment variables E(ONA_API_KEY)
        and then E(GITPOD_API_KEY) are used.
      - It is never written to the cache.
    type: str
  api_timeout:
    description: Longest wait in seconds for one answer.
    type: int
    default: 30
  api_retries:
    description: How often a call is repeated while the management plane is unavailable or limits the rate.
    type: int
    default: 10
  ca_path:
    description: File of PEM certificates of authorities to trust besides the system's.
    type: path
  names:
    description: Names of the runners, or patterns with C(*) and C(?); without any, all.
    type: list
    elements: str
    default: []
  regions:
    description: Regions of the runners; without any, all.
    type: list
    elements: str
    default: []
  phases:
    description: Phases of the runners; without any, all but those that are being deleted.
    type: list
    elements: str
    default: []
    choices: [created, inactive, active, degraded, deleting, deleted]
  variants:
    description: Variants of the runners; one without a variant counts as enterprise.
    type: list
    elements: str
    default: [enterprise]
    choices: [enterprise, standard]
  group:
    description: Group of all these hosts; the playbooks of this collection run on C(gitpod_runners).
    type: str
    default: gitpod_runners
seealso:
  - module: gitpod.enterprise_runner.runner_registration_info
"""

EXAMPLES = r"""
# inventory/gitpod_runners.yml; the token is in ONA_API_KEY or GITPOD_API_KEY
plugin: gitpod.enterprise_runner.runners
regions: [eu-central-1, us-east-1]
keyed_groups:
  - key: runner_region | replace('-', '_')
    prefix: region
  - key: runner_phase
    prefix: phase
  - key: runner_version | replace('.', '_')
    prefix: version
    default_value: none
compose:
  gitpod_domain_name: runner_region ~ '.gitpod.example.com'
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/gitpod
cache_timeout: 300
"""

import fnmatch
import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

try:
    # Before ansible-core 2.19 each text is a template unless it is marked; since then only what is marked is one, and
    # this takes the mark away. A core that no longer has it marks nothing that comes from a plugin.
    from ansible.utils.unsafe_proxy import wrap_var as as_data
except ImportError:  # pragma: no cover - a later core

    def as_data(value: t.Any) -> t.Any:
        """The value, which is data already."""
        return value


from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    Client,
    Connection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief, printable

CONNECTION = ("api_url", "api_timeout", "api_retries", "ca_path")
SHOWN = (
    "id",
    "region",
    "variant",
    "phase",
    "version",
    "message",
    "log_url",
    "created_at",
    "additional_info",
    "configuration",
)


# A name is a host's, and no module may take it for another one.
LONGEST_NAME = 255
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
MOST_TOLD = 5


def usable(
    runners: t.Sequence[t.Mapping[str, t.Any]], groups: t.Container[str]
) -> tuple[list[t.Mapping[str, t.Any]], list[str]]:
    """The runners that can be hosts, and what is told of the others: one of them takes no other one with it.

    :param groups: names that are groups' already.
    """
    good: list[t.Mapping[str, t.Any]] = []
    told = []
    for runner in runners:
        fault = _fault(str(runner["name"]), groups) if runner["id"] else "because it has no ID"
        if fault:
            told.append(f"The runner {brief(runner['id'], 60) or brief(runner['name'], 60)} becomes no host, {fault}.")
        else:
            good.append(runner)
    more = [f"{len(told) - MOST_TOLD:,} more runners become no hosts."] if len(told) > MOST_TOLD else []
    return good, [*told[:MOST_TOLD], *more]


def _fault(name: str, groups: t.Container[str]) -> str:
    """Why Ansible, or a module that finds the runner again by its name, would take it for something else.

    It would give a group of the name the runner's variables, and read host_vars wherever a path leads.
    """
    if not name.strip() or name in groups or "/" in name or name.startswith("."):
        why = "is a group's, a path, or none"
    elif name in HERE:
        why = "is the control node's"
    elif name != name.strip() or not name.isprintable():
        why = "has blanks around it, or a character that cannot be printed"
    elif len(name) > LONGEST_NAME:
        why = f"has more than {LONGEST_NAME} characters"
    else:
        return ""
    return f"because its name, {brief(name, 60)!r}, {why}. Give it another one"


def cached(found: t.Any) -> list[dict[str, t.Any]] | None:
    """What the cache holds, or C(None) where it is nothing that this version has written."""
    needed = {"name", *SHOWN}
    if isinstance(found, list) and all(isinstance(entry, dict) and needed <= set(entry) for entry in found):
        return found
    return None


def chosen(runners: t.Sequence[t.Mapping[str, t.Any]], options: t.Mapping[str, t.Any]) -> list[t.Mapping[str, t.Any]]:
    """The runners that all filters match, by name.

    :raises RunnerError: two of them have one name, which cannot be two hosts.
    """
    found = [
        runner
        for runner in runners
        if (not options["names"] or any(fnmatch.fnmatchcase(runner["name"], name) for name in options["names"]))
        and (not options["regions"] or runner["region"] in options["regions"])
        and runner["phase"] in (options["phases"] or {runner["phase"]} - {"deleting", "deleted"})
        and (runner["variant"] or "enterprise") in options["variants"]
    ]
    by_name: dict[str, list[str]] = {}
    for runner in found:
        by_name.setdefault(runner["name"], []).append(f"{runner['id']} in {runner['region'] or 'no region'}")
    twice = [f"{name}: {', '.join(ids)}" for name, ids in sorted(by_name.items()) if len(ids) > 1]
    if twice:
        raise RunnerError(
            "Several runners have one name, and a host is a runner's name",
            "; ".join(twice),
            "Choose with regions, names or phases, or rename one",
        )
    return sorted(found, key=lambda runner: str(runner["name"]))


def variables(runner: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The variables of a runner's host: what the management plane says is data, and never a template.

    Its texts are fit to be shown, but for the name, by which the runner is found again.
    """
    found = {f"runner_{key}": printable(runner[key]) for key in SHOWN}
    contract = {"gitpod_runner_name": runner["name"], "gitpod_region": printable(runner["region"])}
    return {name: as_data(value) for name, value in (*found.items(), *contract.items()) if value or name in found}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Reads, filters, and adds hosts."""

    NAME = "gitpod.enterprise_runner.runners"

    def verify_file(self, path: str) -> bool:
        """Whether the file may be one of this plugin."""
        return bool(super().verify_file(path)) and path.endswith(("gitpod_runners.yml", "gitpod_runners.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Add the runners to the inventory."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            wanted = str(self.get_option("group"))
            good, told = usable(self._runners(path, cache), {*self.inventory.groups, wanted})
            runners = chosen(good, self.get_options())
        except RunnerError as error:
            raise AnsibleParserError(error.message) from None
        for line in told:
            self.display.warning(line)
        group = self.inventory.add_group(wanted)
        for runner in runners:
            self._add(runner, group)

    def _runners(self, path: str, cache: bool) -> list[dict[str, t.Any]]:
        """From the cache while it is fresh, else from the management plane."""
        key = self.get_cache_key(path)
        use = bool(self.get_option("cache"))
        if use and cache:
            try:
                kept = cached(self._cache[key])
            except KeyError:
                kept = None
            if kept is not None:
                return kept
        found = self._read()
        if use:
            self._cache[key] = found
        return found

    def _read(self) -> list[dict[str, t.Any]]:
        token = self.get_option("api_token") or ""
        if token and self.templar.is_template(token):
            token = self.templar.template(token)
        options = {key: self.get_option(key) for key in CONNECTION}
        try:
            client = Client(Connection.of({**options, "api_token": token}))
        except ImportError as error:
            raise AnsibleParserError(
                f"The inventory of runners needs gitpod-sdk on the control node (Python 3.10 or newer): {error}"
            ) from error
        return [runner.as_result() for runner in Api(client).runners()]

    def _add(self, runner: t.Mapping[str, t.Any], group: str) -> None:
        host = self.inventory.add_host(as_data(runner["name"]), group=group)
        found = variables(runner)
        for name, value in found.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), found, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), found, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), found, host, strict=strict)
