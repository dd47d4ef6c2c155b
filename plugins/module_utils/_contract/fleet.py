# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules across hosts: what two runners cannot have in common. Pure; told at every host that is concerned.

They take the values of all hosts of the play, so that a later batch's mistake is told before the first begins.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import LABELS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MOST_ENTRIES,
    Inventory,
    Problem,
    quoted,
    shown,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import HTTPS, VENDOR_HOSTS, host_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import bare_name

Fleet = t.Mapping[str, Inventory]
Told = t.Iterator[tuple[str, Problem]]


def fleet_problems(
    hosts: t.Mapping[str, t.Mapping[str, t.Any]], beyond: t.Mapping[str, t.Mapping[str, t.Any]] | None = None
) -> dict[str, list[Problem]]:
    """Problems by host, of every host that is given; one without problems has an empty list.

    :param hosts: typed values by variable name of each host, with or without defaults. Secrets may be left out, but
        then nothing is known of who registers its runner (C(gitpod_api_token)).
    :param beyond: what the inventory says of hosts that this run leaves out (C(--limit)): one that was copied is
        dangerous alone too.
    """
    fleet = {host: Inventory.of(values, host) for host, values in hosts.items()}
    found: dict[str, list[Problem]] = {host: [] for host in fleet}
    for rule in (_runner_ids, _domains, _stacks, _registrations):
        for host, problem in rule(fleet):
            found[host].append(problem)
    left_out = {host: Inventory.of(values, host) for host, values in (beyond or {}).items() if host not in fleet}
    for host, problem in _copies(fleet, left_out):
        found[host].append(problem)
    return found


def _copies(fleet: Fleet, left_out: Fleet) -> Told:
    """A host with the runner ID of one that the run leaves out; the one that has its runner's name is the original."""
    of_others: dict[str, list[str]] = {}
    for host, inventory in left_out.items():
        of_others.setdefault(_runner_id(inventory), []).append(host)
    for host, inventory in fleet.items():
        others = of_others.get(_runner_id(inventory), []) if _runner_id(inventory) else []
        original = inventory.runner_name == host and not any(left_out[name].runner_name == name for name in others)
        if others and not original:
            names = ", ".join(others[:MOST_ENTRIES])
            summary = f"It is also the runner ID of {names}, which this run leaves out, and a runner is one host."
            remediation = "Give each host its own runner's ID, or remove the host that is a copy."
            yield host, Problem(CONTRADICTORY, "gitpod_runner_id", summary, remediation)


def _runner_id(host: Inventory) -> str:
    """A UUID, whose case does not count."""
    return _deployed(host, "gitpod_runner_id").lower()


def _given_by_label(host: Inventory, variable: str) -> str:
    """What gitpod_stack_parameters gives the stack by the guide's label, which wins over the variable; or empty.

    By the parameter's logical ID too, but which that is, only the template says.
    """
    labels = {name for name, label in _BY_LABEL if label == variable}
    given = host.mapping("gitpod_stack_parameters").items()
    texts = (value.strip() for name, value in given if isinstance(value, str) and _letters(str(name)) in labels)
    return next(filter(None, texts), "")


def _letters(name: str) -> str:
    """As labels are compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_LABEL = tuple((_letters(label), variable) for label, variable in LABELS.items())


def _deployed(host: Inventory, variable: str) -> str:
    return _given_by_label(host, variable) or host.text(variable)


def _said_by(host: Inventory, variable: str) -> str:
    """The variable that has to be changed."""
    return "gitpod_stack_parameters" if _given_by_label(host, variable) else variable


def _runner_ids(fleet: Fleet) -> Told:
    """A runner is one stack in one region and never moves (guide); its ID is a UUID, whose case does not count."""
    for hosts in _alike(fleet, _runner_id):
        for host, others in _each(hosts):
            summary = f"It is also the runner ID of {others}, and a runner is one host in one region."
            remediation = "Give each host its own runner's ID, or remove the host that is a copy."
            yield host, Problem(CONTRADICTORY, _said_by(fleet[host], "gitpod_runner_id"), summary, remediation)


def _domains(fleet: Fleet) -> Told:
    """One domain leads to one load balancer. Names compare without case and trailing dot (RFC 4343).

    A domain under another's wildcard is no problem: records of its own win over the wildcard (RFC 4592, section 2.2.1).
    """
    for hosts in _alike(fleet, lambda host: bare_name(_deployed(host, "gitpod_domain_name"))):
        for host, others in _each(hosts):
            summary = f"It is also the domain of {others}, and a domain leads to one load balancer."
            blamed = _said_by(fleet[host], "gitpod_domain_name")
            yield host, Problem(CONTRADICTORY, blamed, summary, "Give each host a domain of its own.")


def _stacks(fleet: Fleet) -> Told:
    """A stack's name is unique in its account and region (CloudFormation, CreateStack, StackName), and case counts."""
    accounts = _accounts(fleet)
    for hosts in _alike(
        fleet, lambda host: (host.text("gitpod_region"), host.stack_name), lambda host: accounts[host.host]
    ):
        for host, others in _each(hosts):
            name = quoted(fleet[host].stack_name)
            summary = f"The stack {name} is also that of {others} in the same account and region."
            remediation = "Set gitpod_stack_name or gitpod_runner_name to a name of its own at each host."
            yield host, Problem(CONTRADICTORY, _named_by(fleet[host]), summary, remediation)


def _named_by(host: Inventory) -> str:
    """The variable that gives the stack its name, or should."""
    return "gitpod_runner_name" if host.stack_name == host.text("gitpod_runner_name") else "gitpod_stack_name"


def _accounts(fleet: Fleet) -> dict[str, tuple[str, str]]:
    """What is known of each host's account: its ID, or else the profile whose credentials are used.

    Two profiles may lead to one account, and no ID says so: that is left to the look at AWS.
    """
    of_profile: dict[str, str] = {}
    for host in fleet.values():
        if _account_id(host):
            of_profile.setdefault(_profile(host), _account_id(host))
    found = {}
    for name, host in fleet.items():
        account = _account_id(host) or of_profile.get(_profile(host), "")
        found[name] = (account, "" if account else _profile(host))
    return found


def _account_id(host: Inventory) -> str:
    return str(host.values.get("gitpod_account_id", ""))


def _profile(host: Inventory) -> str:
    return host.text("gitpod_aws_profile")


def _registrations(fleet: Fleet) -> Told:
    """A runner without an ID is found by its name and region, so another's registration of that name would be taken.

    Management planes at different endpoints know nothing of each other.
    """
    for hosts in _alike(fleet, lambda host: (host.text("gitpod_region"), host.runner_name), _plane):
        if not any(_registers(fleet[host]) for host in hosts):
            continue
        for host, others in _each(hosts):
            name = quoted(fleet[host].runner_name)
            summary = f"The runner {name} is also that of {others} in the same region, and is found by its name there."
            remediation = "Set gitpod_runner_name to a name of its own, or gitpod_runner_id, at each host."
            yield host, Problem(CONTRADICTORY, "gitpod_runner_name", summary, remediation)


def _registers(host: Inventory) -> bool:
    return bool(host.text("gitpod_api_token")) and not host.text("gitpod_runner_id")


def _plane(host: Inventory) -> str:
    """By host and port, however the URL is spelled; empty for the one that holds without an endpoint."""
    url = host.text("gitpod_api_endpoint")
    name = host_of(url)
    place = _port_of(url)
    return "" if name in VENDOR_HOSTS and not place else f"{name}{place}"


def _port_of(url: str) -> str:
    """The port where it is another than https has."""
    try:
        port = urllib.parse.urlsplit(url).port
    except ValueError:
        return ""
    return f":{port}" if port not in (None, HTTPS) else ""


def _alike(
    fleet: Fleet,
    key: t.Callable[[Inventory], str | tuple[str, ...]],
    place: t.Callable[[Inventory], t.Hashable] = lambda _host: "",
) -> list[list[str]]:
    """Hosts that have one key in one place, where there are several; a key with an empty part is nobody's."""
    found: dict[t.Hashable, list[str]] = {}
    for host, inventory in fleet.items():
        own = key(inventory)
        if own and (isinstance(own, str) or all(own)):
            found.setdefault((own, place(inventory)), []).append(host)
    return [hosts for hosts in found.values() if len(hosts) > 1]


def _each(hosts: t.Sequence[str]) -> t.Iterator[tuple[str, str]]:
    """Each of them with the names of the others: the first few, and how many more there are."""
    for host in hosts:
        others = [other for other in hosts[: MOST_ENTRIES + 1] if other != host][:MOST_ENTRIES]
        more = len(hosts) - 1 - len(others)
        yield host, ", ".join(map(shown, others)) + (f" and {more} more" if more else "")
