# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write DNS records down on the control node, and show them to whoever keeps the zone; no process is started."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import write_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.records import record_files
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import block
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction

RECORD = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "default": "CNAME"},
    "value": {"type": "str", "required": True},
    "ttl": {"type": "int", "required": True},
}
INDENT = "    "
SUFFIX = "-dns"


class ActionModule(ControlNodeAction):
    """Three files, and on screen what is in them."""

    _VALID_ARGS = frozenset({"records", "directory", "name", "title", "show"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Write what differs, unless in check mode; show."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "records": {"type": "list", "elements": "dict", "options": RECORD, "required": True},
                "directory": {"type": "path", "required": True},
                "name": {"type": "str", "required": True},
                "title": {"type": "str", "default": ""},
                "show": {"type": "bool", "default": True},
            }
        )
        # Templated values may be lazy containers of ansible-core; from here on it is plain data.
        records = [
            {"name": str(raw["name"]), "type": str(raw["type"]), "value": str(raw["value"]), "ttl": int(raw["ttl"])}
            for raw in arguments["records"]
        ]
        contents = record_files(records)
        path = pathlib.Path(str(arguments["directory"]), f"{arguments['name']}{SUFFIX}")
        changed = _write(path, contents, bool(self._task.check_mode))
        if arguments["show"]:
            self._display.display(block(shown(str(arguments["title"]), contents, path)))
        result.update(changed=bool(changed), files=changed)
        return result


def shown(title: str, contents: t.Mapping[str, str], path: pathlib.Path) -> list[str]:
    """The lines on screen: those of the zone, then what can be copied into other tools, and where the files are."""
    records = json.loads(contents["json"])
    return [
        *([title] if title else []),
        *(INDENT + line for line in contents["zone"].splitlines()),
        "  as CSV",
        *(INDENT + line for line in contents["csv"].splitlines()),
        "  as JSON",
        INDENT + json.dumps(records),
        f"  the same in {path}.zone, .csv and .json",
    ]


def _write(path: pathlib.Path, contents: t.Mapping[str, str], check: bool) -> list[str]:
    """Replace the files that differ; their paths, in check mode those that would be."""
    files = {path.with_name(f"{path.name}.{extension}"): text for extension, text in contents.items()}
    try:
        changed = [
            file for file, text in files.items() if not file.exists() or file.read_text("utf-8", "replace") != text
        ]
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            for file in changed:
                write_text(file, files[file])
    except OSError as error:
        raise AnsibleActionFail(
            f"Could not write the records: {error}. Set gitpod_artifact_directory to a writable directory."
        ) from error
    return [str(file) for file in changed]
