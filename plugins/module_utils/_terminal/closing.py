# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's last lines: where its report is, and what to do next. Pure."""

from __future__ import annotations

import dataclasses
import pathlib
import shlex
import typing as t
from urllib.parse import urlsplit

# Where the template's runners belong to unless the inventory says otherwise (facts of the vendor: both hosts are used,
# this is the template's default).
DASHBOARD = "https://app.gitpod.io"
RUNNERS = "Settings, Runners"
# A command with more names is not read; without names, what is done changes nothing.
MOST_NAMES = 8
# What a controller's jobs know of themselves: AWX and Automation Controller, by their own variables.
JOB_VARIABLES = ("awx_job_id", "tower_job_id")
# Options of ansible-playbook whose values choose what is done; values of others may be secrets, and are never shown.
REPEATED = (("tags", "--tags"), ("skip_tags", "--skip-tags"))
ALL_TAGS = ("all",)
MOST_COLUMNS = 70


@dataclasses.dataclass(frozen=True)
class Run:
    """What was run, as its command line says.

    :param playbooks: as they were named.
    :param inventories: likewise.
    :param options: with values that choose what is done.
    :param limit: the run's own, as it was given.
    :param more: whether there were extra variables, which are not repeated.
    :param job: whether a controller ran it, which has no command.
    """

    playbooks: tuple[str, ...] = ()
    inventories: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    limit: str = ""
    more: bool = False
    job: bool = False
    check_mode: bool = False

    @classmethod
    def of(cls, arguments: t.Mapping[str, t.Any], job: bool) -> Run:
        """From what Ansible has made of its command line (ansible.context.CLIARGS)."""
        options = [
            part
            for name, option in REPEATED
            for value in [tuple(map(str, arguments.get(name) or ()))]
            if value and value != ALL_TAGS
            for part in (option, ",".join(value))
        ]
        return cls(
            playbooks=tuple(map(str, arguments.get("args") or ())),
            inventories=tuple(map(str, arguments.get("inventory") or ())),
            options=tuple(options),
            limit=str(arguments.get("subset") or ""),
            more=bool(arguments.get("extra_vars")),
            job=job,
            check_mode=bool(arguments.get("check")),
        )

    def command(self, hosts: t.Sequence[str]) -> list[str]:
        """The command for these hosts, in parts that a line may be broken between."""
        parts = [["ansible-playbook", *self.playbooks]]
        parts += [["-i", _near(inventory)] for inventory in self.inventories]
        parts += [list(pair) for pair in zip(self.options[::2], self.options[1::2])]
        # What was only to be foreseen is not to be done by whoever copies the command.
        parts += [["--check"]] if self.check_mode else []
        # Where the hosts are too many to be read, those that the run had.
        limit = ",".join(hosts) if len(hosts) <= MOST_NAMES else ""
        parts += [["--limit", limit or self.limit]] if limit or self.limit else []
        return [shlex.join(part) for part in parts]

    def lines(self, when: str, hosts: t.Sequence[str]) -> list[str]:
        """What to do, and from when on; a command can be copied, at any width.

        :param when: such as C(remove the causes, then).
        """
        if self.job:
            return [f"Next: {when} relaunch the job on its failed hosts; what is done stays done."]
        parts = self.command(hosts)
        whole = " ".join(parts)
        with_extra = " with this run's -e" if self.more else ""
        return [
            f"Next: {when} run again{with_extra}:",
            *_continued([whole] if len(whole) <= MOST_COLUMNS else parts),
        ]


def _continued(parts: t.Sequence[str]) -> list[str]:
    """A command in several lines, as a shell takes it."""
    return [
        ("  " if index == 0 else "    ") + part + (" \\" if index < len(parts) - 1 else "")
        for index, part in enumerate(parts)
    ]


def _near(path: str) -> str:
    """A path as somebody would type it who stands where the run was started."""
    here = pathlib.Path.cwd()
    return str(pathlib.Path(path).relative_to(here)) if path.startswith(f"{here}/") else path


def dashboard(api_endpoint: str) -> str:
    """The management plane's own site, from the URL of its API."""
    parts = urlsplit(api_endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return DASHBOARD
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def closing_lines(
    states: t.Mapping[str, str],
    run: Run,
    directory: str,
    dashboards: t.Collection[str],
    more: t.Sequence[str] = (),
) -> list[str]:
    """What to do next.

    :param states: each host's state, as the report has it.
    :param directory: of the report's files; empty where none were written.
    :param dashboards: sites of the management planes that the hosts belong to.
    :param more: lines to read before what to do.
    """
    lines = [f"Report: {pathlib.Path(directory) / 'fleet.html'}"] if directory else []
    lines += more
    failed = [host for host, state in states.items() if state == "failed"]
    if failed:
        lines += run.lines("remove the causes that are named above, then", failed)
    elif run.check_mode:
        lines.append("Next: nothing was changed; run it without --check.")
    elif "waiting" in states.values():
        lines += run.lines("once what is waited for is there,", [])
    elif "verified" in states.values():
        for site in sorted(set(dashboards)):
            lines += ["Next: start an environment on the runners:", f"  {site} ({RUNNERS})"]
    return lines
