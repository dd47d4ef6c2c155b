# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events in a file, through which modules and action plugins tell the callback how things stand.

The callback makes the file in the run's own temporary directory when it shows a board; where there is none, nobody
looks. Each event is a line of JSON, appended in one write. Standard library only.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import Event

# Below the directory in which Ansible keeps what is a run's own (DEFAULT_LOCAL_TMP).
DIRECTORY, EVENTS = "gitpod-fleet", "events.jsonl"


def write(path: str | pathlib.Path | None, *events: Event, mask: t.Callable[[str], str] = str) -> None:
    """Append events; a disk that is full, or a board that has gone, costs an event and nothing else.

    :param path: of the file, which is not made here; without one, events go nowhere.
    :param mask: takes secrets out of what is going on.
    """
    file = pathlib.Path(path) if path else None
    text = "".join(f"{json.dumps(_masked(event, mask))}\n" for event in events)
    try:
        if file and file.exists():
            with file.open("a", encoding="utf-8") as stream:
                stream.write(text)
    except OSError:
        return


def _masked(event: Event, mask: t.Callable[[str], str]) -> dict[str, t.Any]:
    raw = {key: value for key, value in dataclasses.asdict(event).items() if value is not None}
    return {**raw, "doing": mask(raw["doing"])} if "doing" in raw else raw


class Reader:
    """Reads each event once; what is no event is left out."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Event]:
        """What has come since the last time."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                content = stream.read()
        except OSError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        found = []
        for line in whole.decode("utf-8", "replace").split("\n"):
            try:
                found.append(Event.read(json.loads(line)) if line else None)
            except ValueError:
                continue
        return [event for event in found if event]
