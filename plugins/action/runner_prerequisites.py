# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a runner's checks on the control node, keep them as files, and fail once; no process is started."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name, write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.table import (
    failure,
    lines,
    markdown,
)

KEYS = ("id", "status", "summary", "remediation", "docs")


class ActionModule(ActionBase):
    """The table on screen, JSON and Markdown in the artifacts, and one failure with the whole list."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"runner", "region", "checks", "directory"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show, write unless in check mode, then fail when a check has failed."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "runner": {"type": "str", "required": True},
                "region": {"type": "str", "required": True},
                "checks": {"type": "list", "elements": "dict", "required": True},
                "directory": {"type": "path"},
            }
        )
        runner, region = str(arguments["runner"]), str(arguments["region"])
        # Templated values may be lazy containers of ansible-core; from here on it is plain data.
        checks = [{key: str(check.get(key, "")) for key in KEYS} for check in arguments["checks"]]
        table = lines(runner, checks, everything=self._display.verbosity > 0)
        files: list[str] = []
        if arguments["directory"] and not self._task.check_mode:
            files = _write(pathlib.Path(arguments["directory"]), runner, region, checks)
        self._display.display("\n".join(["", *table]))
        result.update(changed=False, files=files)
        if any(check["status"] == "fail" for check in checks):
            result.update(failed=True, msg=failure(runner, checks))
        return result


def _write(directory: pathlib.Path, runner: str, region: str, checks: list[dict[str, str]]) -> list[str]:
    """Both files of the runner; their paths."""
    document = {"runner": runner, "region": region, "checks": checks}
    contents = {
        "json": json.dumps(document, indent=2, sort_keys=True) + "\n",
        "md": markdown(runner, region, checks) + "\n",
    }
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for extension, content in contents.items():
            path = directory / f"{file_name(runner)}-prerequisites.{extension}"
            write_text(path, content)
            written.append(str(path))
    except OSError as error:
        raise AnsibleActionFail(
            f"Could not write the checks: {error}. Set gitpod_artifact_directory to a writable directory."
        ) from error
    return written
