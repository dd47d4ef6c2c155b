# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of a test on loopback, from its first request to its last."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import typing as t

# How soon a server that is to stop notices, in seconds.
NOTICES = 0.02


@contextlib.contextmanager
def listening(server: socketserver.BaseServer) -> t.Iterator[None]:
    """It answers until the end, and leaves no thread and no socket behind."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": NOTICES}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
