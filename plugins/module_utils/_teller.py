# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a wait: a module leaves lines in a file, the action plugin of its name shows them (plugin_utils/live.py).

Lines are appended, so that none is lost between two looks. Standard library only.
"""

from __future__ import annotations

import pathlib
import threading
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

# A controller shows 1,024 bytes of an event (AWX 24, observed), and a line that wraps is no line.
LONGEST_LINE = 160
INTERVAL = 5.0
# The longer a wait takes, the less each look tells: a line comes after a tenth of the time so far, and at the latest
# after six intervals. A stack of 25 minutes has some 40 lines, where a controller shows few events of a job.
SHARE, MOST_INTERVALS = 0.1, 6


class Teller:
    """Leaves lines for who shows them; safe to use from several threads.

    :param path: of the file; without one, lines go nowhere.
    :param interval: shortest time in seconds between two lines that C(tell) is given; 0 tells none of them.
    :param now: seconds on a monotonic clock.
    :param mask: takes secrets out of a line, which is shown as it is.
    """

    def __init__(
        self,
        path: str | None,
        interval: float = INTERVAL,
        now: t.Callable[[], float] = time.monotonic,
        mask: t.Callable[[str], str] = str,
    ) -> None:
        self._mask = mask
        self._path = pathlib.Path(path) if path else None
        self._interval, self._now = interval, now
        self._lock = threading.Lock()
        self._began: float | None = None
        self._told_at: float | None = None
        self._told: t.Hashable = None
        self._line = ""

    def say(self, line: str) -> None:
        """Something happened: the line is shown in any case."""
        with self._lock:
            self._append(line)

    def tell(self, line: str, essence: t.Hashable = None) -> None:
        """How things stand: shown when something changed, the line too, and the last one is long enough ago.

        :param essence: what has to change for a new line; without it, the line alone.
        """
        essence = line if essence is None else essence
        with self._lock:
            now = self._now()
            self._began = now if self._began is None else self._began
            pause = min(max(self._interval, SHARE * (now - self._began)), MOST_INTERVALS * self._interval)
            too_soon = self._told_at is not None and now - self._told_at < pause
            news = essence != self._told and line != self._line
            if self._interval > 0 and news and not too_soon:
                self._told, self._told_at, self._line = essence, now, line
                self._append(line)

    def _append(self, line: str) -> None:
        """In one write of a whole line; a disk that is full costs a line and not the wait."""
        if not self._path:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{shortened(self._mask(line))}\n")
        except OSError:
            self._path = None


def shortened(line: str, longest: int = LONGEST_LINE) -> str:
    """One printable line of at most that many characters."""
    text = clean(line).rstrip()
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def teller(path: str | None, interval: float = INTERVAL) -> t.Callable[[str], None]:
    """What takes lines of how things stand."""
    return Teller(path, interval).tell
