# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever keeps the external zone: adds the records that a run writes down, as a person would by hand."""

from __future__ import annotations

import json
import threading
import typing as t

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from tests.testbed.client import TestBed


class ZoneKeeper:
    """A context manager; while it is open, record files of the directory are added to the test bed's external zone."""

    def __init__(
        self, testbed: TestBed, artifacts: pathlib.Path, tell: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._testbed = testbed
        self._artifacts = artifacts
        self._tell = tell
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> ZoneKeeper:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._finished.set()
        self._thread.join(timeout=10)

    def _keep(self) -> None:
        seen: dict[pathlib.Path, str] = {}
        while not self._finished.wait(0.3):
            for path in sorted(self._artifacts.glob("*-dns.json")):
                text = path.read_text("utf-8")
                if text and seen.get(path) != text:
                    seen[path] = text
                    self._tell(f"a colleague adds the records of {path.name} to the external zone")
                    for record in json.loads(text):
                        self._testbed.add_dns_record(record["name"], record["type"], record["value"], record["ttl"])
