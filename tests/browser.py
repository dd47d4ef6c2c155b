# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium, steered through a pair of pipes (Chrome DevTools Protocol); nothing but Chromium is needed."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import typing as t

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# No sandbox where tests run as root; nothing that asks the internet at the start.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    """One page of a running Chromium."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._numbers = itertools.count(1)
        self._unread = b""
        self.requests: list[str] = []
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")

    @classmethod
    @contextlib.contextmanager
    def start(cls) -> t.Iterator[Browser]:
        """Start with an empty profile, and stop at the end."""
        if PROGRAM is None:
            raise RuntimeError("Chromium is not installed: make chromium")
        read_commands, write_commands = os.pipe()
        read_answers, write_answers = os.pipe()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            # Chromium reads commands from descriptor 3 and answers on 4; a shell puts ours there.
            redirect = f'exec "$0" "$@" 3<&{read_commands} 4>&{write_answers}'
            process = subprocess.Popen(
                ["bash", "-c", redirect, PROGRAM, *FLAGS, f"--user-data-dir={profile}"],
                pass_fds=(read_commands, write_answers),
                stderr=subprocess.DEVNULL,
            )
            os.close(read_commands)
            os.close(write_answers)
            try:
                yield cls(write_commands, read_answers)
            finally:
                os.close(write_commands)
                os.close(read_answers)
                process.terminate()
                process.wait(10)

    def _call(self, method: str, parameters: dict[str, t.Any], session: str = "") -> dict[str, t.Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                found: dict[str, t.Any] = answer["result"]
                return found

    def _read(self) -> dict[str, t.Any]:
        while b"\0" not in self._unread:
            part = os.read(self._from, 1 << 16)
            if not part:
                raise RuntimeError("Chromium ended")
            self._unread += part
        raw, self._unread = self._unread.split(b"\0", 1)
        message: dict[str, t.Any] = json.loads(raw)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        return message

    def call(self, method: str, **parameters: t.Any) -> dict[str, t.Any]:
        """A call about the page."""
        return self._call(method, parameters, self._session)

    def look_like(self, width: int, scheme: str) -> None:
        """Have a window of this width in pixels, and a light or dark desktop."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path: pathlib.Path) -> None:
        """Show a file, and wait until it is loaded."""
        if not path.is_file():
            raise FileNotFoundError(path)
        self.requests.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while self.run("document.readyState") != "complete" or self.run("location.protocol") != "file:":
            pass

    def run(self, script: str) -> t.Any:
        """The value of a JavaScript expression; promises are waited for."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def printed_pages(self) -> int:
        """Of how many sheets of paper the page is, by the PDF that Chromium makes of it."""
        found = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(found["data"])))

    def picture(self, path: pathlib.Path) -> None:
        """The whole page as a PNG file."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 8000), "scale": 1}
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(found["data"]))
