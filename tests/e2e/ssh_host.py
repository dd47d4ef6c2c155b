# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another host, reached by SSH: OpenSSH on a free port of loopback, with keys of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import time
import typing as t

SEARCHED = "/usr/sbin:/usr/bin:/sbin:/bin"
SSHD = shutil.which("sshd", path=SEARCHED)


def _key(path: pathlib.Path) -> pathlib.Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(directory: pathlib.Path) -> t.Iterator[dict[str, t.Any]]:
    """Start it, and stop it at the end; the inventory variables of the host.

    :raises TimeoutError: it did not listen within ten seconds.
    """
    directory.mkdir()
    host_key, user_key = _key(directory / "host_key"), _key(directory / "user_key")
    port = _free_port()
    configuration = directory / "sshd_config"
    configuration.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host_key}\nAuthorizedKeysFile {user_key}.pub\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile none\n",
        "utf-8",
    )
    if os.geteuid() == 0:
        # Where root's sshd separates privileges; the service would make it at boot.
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        _listening(port)
        yield {
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(user_key),
            # No shared connection that would outlive the test.
            "ansible_ssh_args": "",
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={directory}/known_hosts"
            " -o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes",
        }
    finally:
        process.terminate()
        process.wait(10)


def _listening(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"sshd does not listen on {port}")
        time.sleep(0.05)
