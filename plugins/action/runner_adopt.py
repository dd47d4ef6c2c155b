# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find runners that were deployed by hand in every region that is asked for, and what their inventory would be."""

from __future__ import annotations

import contextlib
import pathlib
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    of_a_search,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import control_node
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.adopted_files import (
    adopted_files,
    adopted_line,
    beside,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, plain, run_module


class ActionModule(ActionBase):
    """One module process a region; nothing is changed."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _VALID_ARGS: t.ClassVar[frozenset[str]] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Find, show, and return the files."""
        result: Result = super().run(tmp, task_vars)
        values = host_values(self, task_vars or {})
        problems = [*of_a_search(values), *control_node.directory(values, "gitpod_adopt_directory")]
        if problems:
            result.update(failed=True, msg=describe(values.host, problems))
            return result
        regions = values["gitpod_adopt_regions"] or [region for region in [values["gitpod_region"]] if region]
        if not regions:
            message = "Name the regions to search, for example -e gitpod_adopt_regions=eu-central-1,us-east-1"
            result.update(failed=True, msg=message)
            return result
        runners = []
        for region in regions:
            found = run_module(self, "runner_adopt_info", _options(values, region), task_vars or {})
            if found.get("failed"):
                return found
            runners += plain(found["runners"])
        directory = pathlib.Path(values["gitpod_adopt_directory"])
        files = adopted_files(runners)
        files, notes = beside(files, _there(directory, files), values["gitpod_adopt_overwrite"] is True)
        lines = [f"{len(runners)} runners found in {', '.join(regions)}", *(adopted_line(found) for found in runners)]
        lines += [f"    {note}" for note in notes]
        self._display.display("\n".join(clean(line) for line in lines))
        result.update(
            changed=False,
            runners=runners,
            files=files,
            notes=notes,
            directory=str(directory),
        )
        return result


def _there(directory: pathlib.Path, files: t.Iterable[t.Mapping[str, str]]) -> dict[str, str]:
    """What stands in the directory already, of the files that are written."""
    found = {}
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            found[file["path"]] = (directory / file["path"]).read_text("utf-8", "replace")
    return found


def _options(values: t.Any, region: str) -> Result:
    found = {
        "region": region,
        "profile": values["gitpod_aws_profile"],
        "dns_profile": values["gitpod_dns_aws_profile"],
        "dns_role_arn": values["gitpod_dns_role_arn"],
        "names": values["gitpod_adopt_names"],
        "include_managed": values["gitpod_adopt_include_managed"],
    }
    return {option: value for option, value in found.items() if value not in (None, [])}
