# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registration is wanted to be."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    Configuration,
    UpdateWindow,
)

SHORTEST_NAME, LONGEST_NAME = 3, 127
SHORTEST_WINDOW = 2
HOURS = 24


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the options ask for.

    :param runner_id: the runner that is meant, or empty to find it by name and region.
    :param configuration: fields of Configuration that are declared; what is not keeps its value. Of C(metrics), a
        dictionary of those fields of Metrics that are.
    :param renew_password: whether the metrics password is sent again; it is write-only, and cannot be compared.
    :param same_name_elsewhere: whether a runner of the same name in another region is a runner of its own.
    """

    name: str
    region: str
    runner_id: str = ""
    configuration: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    metrics_password: str = dataclasses.field(default="", repr=False)
    renew_password: bool = False
    same_name_elsewhere: bool = False

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> Wanted:
        """From a module's options; empty texts count as unset.

        :raises InputError: with every value that the management plane would refuse.
        """
        problems: list[str] = []
        name = str(options.get("name") or "").strip()
        if name and not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
            problems.append(f"the name {name!r} must have {SHORTEST_NAME} to {LONGEST_NAME} characters")
        if not name and not options["runner_id"]:
            problems.append("name or runner_id is needed")
        configuration = {
            key: options[key]
            for key in ("release_channel", "auto_update", "log_level", "devcontainer_image_cache")
            if options.get(key) not in (None, "")
        }
        window = options.get("update_window")
        if window:
            configuration["update_window"] = _window(window, problems)
        metrics = options.get("metrics") or {}
        if metrics:
            configuration["metrics"] = _metrics(metrics, problems)
        if problems:
            raise InputError("The registration cannot be as it is wanted; nothing was changed", "; ".join(problems))
        return cls(
            name=name,
            region=str(options.get("region") or "").strip(),
            runner_id=str(options["runner_id"] or "").strip(),
            configuration=configuration,
            metrics_password=str(metrics.get("password") or ""),
            renew_password=bool(options.get("renew_metrics_password") and metrics.get("password")),
            same_name_elsewhere=bool(options.get("same_name_elsewhere")),
        )

    def changes(self, present: Configuration) -> dict[str, t.Any]:
        """The fields of a configuration that differ from what is declared, with their new values."""
        wanted = dict(self.configuration)
        if "metrics" in wanted:
            wanted["metrics"] = dataclasses.replace(present.metrics, **wanted["metrics"])
        return {key: value for key, value in wanted.items() if getattr(present, key) != value}


def window_faults(options: t.Mapping[str, t.Any]) -> list[str]:
    """Daily, in UTC, at least two hours; it may go past midnight (message gitpod.v1.UpdateWindow).

    One that is not enabled has no hours; so has an empty one, which takes the window away as well.
    """
    hours = [hour for hour in (options.get("start_hour"), options.get("end_hour")) if hour is not None]
    if options.get("enabled") is False:
        return ["update_window has hours, and enabled: false takes the window away"] if hours else []
    if not hours and not options.get("enabled"):
        return []
    numbers = all(isinstance(hour, int) and not isinstance(hour, bool) and 0 <= hour < HOURS for hour in hours)
    if options.get("start_hour") is None or not numbers:
        return ["update_window needs a start_hour, and hours from 0 to 23"]
    if (hours[-1] - hours[0]) % HOURS < SHORTEST_WINDOW and len(hours) > 1:
        return ["update_window must last at least two hours"]
    return []


def metrics_faults(options: t.Mapping[str, t.Any]) -> list[str]:
    """Metrics that are sent go somewhere."""
    if options.get("enabled") and not options.get("managed") and not options.get("url"):
        return ["metrics that are enabled need a url, or managed"]
    return []


def _window(options: t.Mapping[str, t.Any], problems: list[str]) -> UpdateWindow | None:
    faults = window_faults(options)
    problems += faults
    start, end = options.get("start_hour"), options.get("end_hour")
    if faults or start is None:
        return None
    return UpdateWindow(start, (start + SHORTEST_WINDOW) % HOURS if end is None else end)


def _metrics(options: t.Mapping[str, t.Any], problems: list[str]) -> dict[str, t.Any]:
    """The fields that are given; whoever names a password alone wants nothing else to change."""
    problems += metrics_faults(options)
    given = {key: options.get(key) for key in ("enabled", "url", "username", "managed")}
    return {key: value for key, value in given.items() if value not in (None, "")}
