# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the test bed: a simulated AWS, a management plane, DNS and HTTPS on loopback.

Prints one line of JSON with the addresses and serves until SIGTERM or SIGINT, or until its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import pathlib
import signal
import socket
import sys
import typing as t

# ministack reads its environment when it is imported.
os.environ.update(BIND_HOST="127.0.0.1", SFTP_ENABLED="0", IOT_MTLS_ENABLED="0", LOG_LEVEL="WARNING")

import uvicorn

from . import dns_server, dns_views, https_server, landscape, management_plane
from .aws import (
    call_log,
    certificates,
    cloudformation,
    control,
    create_application,
    endpoints,
    faults,
    identities,
    load_balancers,
    managed_instances,
    service_quotas,
    surroundings,
    targets,
    usage,
)
from .aws.iam import enforcement
from .releases import NEWEST_STABLE, Releases, template_url
from .settings import Settings

TEMPLATE = pathlib.Path(__file__).parent / "template/gitpod-ec2-runner-enterprise-fargate-private-ecr.json"


def _read_until_closed(stopped: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        stopped.set()


class Testbed:
    """The servers of one process."""

    def __init__(self, settings: Settings, directory: pathlib.Path) -> None:
        self.settings = settings
        self.certificates = https_server.Certificates(directory)
        self.plane = management_plane.ManagementPlane()
        self.external = dns_server.External()
        self.releases = Releases(TEMPLATE.read_text("utf-8"))
        self.tokens: dict[str, str] = {}
        self.https: https_server.Https | None = None

    def seed(self) -> None:
        """The landscape, into an empty AWS."""
        self.releases.reset()
        for account in (self.settings.account_id, self.settings.other_account_id):
            identities.add_account(account)
        if self.settings.landscape:
            self.tokens = landscape.seed(self.settings, self.plane, self.certificates.ca_pem)

    def reset(self, _method: str, _body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
        """POST empties everything and seeds the landscape again; the answer has the new exchange tokens."""
        from ministack.app import _reset_all_state

        cloudformation.stop_everything()
        _reset_all_state()
        parts = (identities, load_balancers, faults, call_log, service_quotas, usage, surroundings, managed_instances)
        for part in (*parts, enforcement):
            part.clear()
        endpoints.reset()
        certificates.reset()
        targets.reset()
        self.plane.reset()
        self.external.reset()
        if self.https:
            self.https.reset()
        self.seed()
        return {"exchange_tokens": self.tokens}

    def grow(self, method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
        """POST C(runners), each with its C(region), adds their networks, certificates and registrations.

        They are in the landscape's account, or in the C(account) that one names. The answer has their exchange tokens
        by the runner's ID.
        """
        added: dict[str, str] = {}
        for wanted in body["runners"] if method == "POST" else ():
            identities.enable_region(wanted["region"])
            account = wanted.get("account", self.settings.account_id)
            added[wanted["runner"]["id"]] = landscape.add(
                account, self.plane, wanted["region"], wanted, self.certificates.ca_pem
            )
        return {"exchange_tokens": added}

    async def run(self, until_stdin_closes: bool) -> None:
        """Serve until told to stop."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        if until_stdin_closes:
            loop.add_reader(sys.stdin.fileno(), _read_until_closed, stopped)
        aws, plane = self._server(create_application(self.settings), self.settings.port), None
        plane = self._server(management_plane.create_application(self.plane), 0)
        control.register("/_testbed/reset", self.reset)
        control.register("/_testbed/landscape", self.grow)
        self.releases.install()
        self.seed()
        dns_port, stop_dns = await dns_server.serve(self.settings.address, self.settings.dns_port, self.external)
        views = dns_views.install(self.external)
        self.https = https_server.Https(
            self.certificates, self.settings.https_port or https_server.free_port(), self.plane.lives.runs
        )
        self.https.start()
        tasks = [loop.create_task(server.serve(sockets=[listener])) for server, listener in (aws, plane)]
        sys.stdout.write(json.dumps(self._addresses(aws[1], plane[1], dns_port)) + "\n")
        sys.stdout.flush()
        await stopped.wait()
        await enforcement.judge.stop()
        cloudformation.stop_everything()
        stop_dns()
        views.stop()
        self.https.stop()
        for server, _listener in (aws, plane):
            server.should_exit = server.force_exit = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1.5)

    def _server(self, application: t.Any, port: int) -> tuple[uvicorn.Server, socket.socket]:
        listener = socket.create_server((self.settings.address, port), backlog=256)
        config = uvicorn.Config(application, log_level="error", lifespan="off", access_log=False)
        server = uvicorn.Server(config)
        # The signal handlers are this program's; uvicorn's would raise the signal again at its end.
        server.capture_signals = contextlib.nullcontext
        return server, listener

    def _addresses(self, aws: socket.socket, plane: socket.socket, dns_port: int) -> dict[str, t.Any]:
        base = f"http://{self.settings.address}:{aws.getsockname()[1]}"
        return {
            "aws_endpoint_url": base,
            "control_url": f"{base}/_testbed",
            "management_plane_url": f"http://{self.settings.address}:{plane.getsockname()[1]}/api",
            "dns": f"{self.settings.address}:{dns_port}",
            "https_port": self.https.port if self.https else 0,
            "http_port": self.https.http_port if self.https else 0,
            "ca_file": str(self.certificates.ca_file),
            "api_token": self.plane.api_token,
            "exchange_tokens": self.tokens,
            "template_url": template_url(NEWEST_STABLE),
            "account_id": self.settings.account_id,
            "other_account_id": self.settings.other_account_id,
            "pid": os.getpid(),
        }


def main() -> None:
    """Parse the command line and serve."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    parser.add_argument("--address", default=defaults.address)
    parser.add_argument("--port", type=int, default=0, help="of the simulated AWS; 0 is any free one")
    parser.add_argument("--dns-port", type=int, default=0)
    parser.add_argument("--https-port", type=int, default=0)
    parser.add_argument("--stack-seconds", type=float, default=defaults.stack_seconds)
    parser.add_argument("--no-landscape", dest="landscape", action="store_false")
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = vars(parser.parse_args())
    until_stdin_closes = options.pop("until_stdin_closes")
    logging.disable(logging.WARNING)
    with https_server.temporary_directory() as directory:
        asyncio.run(Testbed(Settings(**options), pathlib.Path(directory)).run(until_stdin_closes))


if __name__ == "__main__":
    main()
