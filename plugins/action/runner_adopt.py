# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find runners that were deployed by hand in every region that is asked for, and write their inventory."""

from __future__ import annotations

import pathlib
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    of_a_search,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.closing import JOB_VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import control_node
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.adopted_files import (
    HOST_VARS,
    HOSTS,
    SUFFIXES,
    adopted_files,
    adopted_line,
    beside,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.report_upload import keep_files
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, plain, run_module

LOST = (
    "What a controller's job writes is gone with the job; the inventory stays where gitpod_report_upload names a place."
)


class ActionModule(ControlNodeAction):
    """One module process a region, and files on the control node; nothing is changed in AWS."""

    _supports_diff = True
    _VALID_ARGS: t.ClassVar[frozenset[str]] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Find, show, and write unless in check mode."""
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
        runners: list[Result] = []
        for region in regions:
            found = run_module(self, "runner_adopt_info", _options(values, region), task_vars or {})
            if found.get("failed"):
                return found
            runners += plain(found["runners"])
        done = self._written(values, regions, runners)
        if not self._task.check_mode:
            # A colleague finds it where the reports are, also when this control node is gone.
            files = {f"adopted/{file['path']}": file["content"] for file in done["files"]}
            kept = keep_files(self, task_vars or {}, values, files)
            done["kept"] = kept
            self._display.rows([f"Kept in S3: {uri}" for uri in kept])
            if not kept and any((task_vars or {}).get(name) for name in JOB_VARIABLES):
                self._display.rows([LOST])
        return {**result, **done}

    def _written(self, values: t.Any, regions: t.Sequence[str], runners: list[Result]) -> Result:
        directory = pathlib.Path(values["gitpod_adopt_directory"])
        there = there_in(directory)
        files, notes = beside(adopted_files(runners, there), there, values["gitpod_adopt_overwrite"] is True)
        lines = [f"{len(runners)} runners found in {', '.join(regions)}", *(adopted_line(found) for found in runners)]
        lines += [f"    {note}" for note in notes]
        self._display.rows(lines)
        changed = [file for file in files if there.get(file["path"]) != file["content"]]
        if not self._task.check_mode:
            _write(directory, changed)
        diff = [_difference(directory, file, there) for file in changed] if self._task.diff else []
        return {
            "changed": bool(changed),
            "runners": runners,
            "files": files,
            "notes": notes,
            "directory": str(directory),
            **({"diff": diff} if diff else {}),
        }


def _write(directory: pathlib.Path, files: t.Iterable[t.Mapping[str, t.Any]]) -> None:
    try:
        for file in files:
            path = directory / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, file["content"])
    except OSError as error:
        raise AnsibleActionFail(
            f"Could not write the inventory: {error}. Set gitpod_adopt_directory to a writable directory."
        ) from error


def _difference(directory: pathlib.Path, file: t.Mapping[str, t.Any], there: t.Mapping[str, str]) -> Result:
    """As diff mode shows it."""
    path = str(directory / file["path"])
    before = there.get(file["path"], "")
    return {"before_header": path, "before": before, "after_header": path, "after": file["content"]}


def there_in(directory: pathlib.Path) -> dict[str, str]:
    """What stands in the directory already: the list of hosts, and every host's file."""
    host_vars = directory / HOST_VARS
    paths = [directory / HOSTS, *(sorted(host_vars.iterdir()) if host_vars.is_dir() else ())]
    found = {}
    for path in paths:
        name = path.relative_to(directory).as_posix()
        if path.is_dir() and path != directory / HOSTS:
            found[f"{name}/"] = _together(path)
        elif path.is_file() and (path.suffix in SUFFIXES or not path.suffix):
            found[name] = path.read_text("utf-8", "replace")
    return found


def _together(folder: pathlib.Path) -> str:
    """What a host's files say that lie in a folder; what is vaulted cannot be read, and tells nothing."""
    texts = [path.read_text("utf-8", "replace") for path in sorted(folder.rglob("*.y*ml")) if path.is_file()]
    readable = [text for text in texts if not text.startswith("$ANSIBLE_VAULT")]
    return "\n".join(line for text in readable for line in text.splitlines() if line.rstrip() not in ("---", "..."))


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
