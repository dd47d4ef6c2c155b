# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and steering a test bed from tests and from the demo; Python's standard library only."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import typing as t
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
STOP_TIMEOUT = 10


class TestBed:
    """A running test bed; its addresses are attributes, as the JSON line names them."""

    __test__ = False  # pytest would take it for a test

    aws_endpoint_url: str
    control_url: str
    management_plane_url: str
    dns: str
    https_port: int
    http_port: int
    ca_file: str
    api_token: str
    exchange_tokens: dict[str, str]
    template_url: str
    account_id: str
    other_account_id: str
    pid: int

    def __init__(self, process: subprocess.Popen[str], addresses: dict[str, t.Any]) -> None:
        self._process = process
        self.__dict__.update(addresses)

    @classmethod
    @contextlib.contextmanager
    def start(cls, python: str, stack_seconds: float = 30.0) -> t.Iterator[TestBed]:
        """Start with this interpreter, and stop at the end.

        The test bed watches its standard input, so it also ends when this process is killed.

        :raises RuntimeError: it did not start; its own words are on standard error.
        """
        command = [python, "-m", "tests.testbed", "--until-stdin-closes", "--stack-seconds", str(stack_seconds)]
        # A session of its own: Ctrl-C reaches the program that started it, which then stops it in order.
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the test bed did not start: {' '.join(command)}")
            yield cls(process, json.loads(line))
        finally:
            stop(process)

    def control(self, method: str, path: str, body: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """A request to the control interface.

        :raises ValueError: it was refused.
        """
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.control_url}/{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found: dict[str, t.Any] = json.loads(answer.read())
                return found
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from error

    def calls(self) -> list[dict[str, t.Any]]:
        """Every AWS API call since the last clearing."""
        found: list[dict[str, t.Any]] = self.control("GET", "calls")["calls"]
        return found

    def operations(self) -> set[str]:
        """Operations that the collection asked for since the start, as C(service:operation)."""
        return set(self.control("GET", "operations")["operations"])

    def clear_calls(self) -> None:
        """Forget the calls."""
        self.control("DELETE", "calls")

    def reset(self) -> None:
        """Only the landscape, with new exchange tokens."""
        self.exchange_tokens = self.control("POST", "reset")["exchange_tokens"]

    def add_runners(self, runners: list[dict[str, t.Any]]) -> dict[str, str]:
        """Add what these runners find in their regions, see tests/fleet.py; their exchange tokens by ID."""
        tokens: dict[str, str] = self.control("POST", "landscape", {"runners": runners})["exchange_tokens"]
        return tokens

    def add_accounts(self, *accounts: str) -> None:
        """Accounts more, each with its operator; an account's number is its operator's access key."""
        self.control("POST", "accounts", {"accounts": list(accounts)})

    def add_load_balancers(self, *names: str) -> None:
        """DNS names of load balancers in accounts that nobody sees; aliases to others are refused."""
        self.control("POST", "load-balancers", {"names": list(names)})

    def publish_release(self, version: str, *channels: str) -> None:
        """Publish a release; these channels name it from now on."""
        self.control("POST", "releases", {"version": version, "channels": list(channels)})

    @property
    def releases_url(self) -> str:
        """What stands for the vendor's download host."""
        return f"{self.control_url}/releases"

    def add_fault(self, **rule: t.Any) -> None:
        """Refuse calls by rule, see aws/faults.py."""
        self.control("POST", "faults", rule)

    def enforce(self, **values: t.Any) -> None:
        """Refuse what callers' policies do not allow, see aws/iam/enforcement.py."""
        self.control("POST", "iam", {"enforced": True, **values})

    def refusals(self) -> list[dict[str, t.Any]]:
        """What was refused since C(enforce), each with action, resource and condition keys."""
        found: list[dict[str, t.Any]] = self.control("GET", "iam")["refusals"]
        return found

    def fail_resource(self, **order: t.Any) -> None:
        """Let a resource fail, see aws/cloudformation_failures.py."""
        self.control("POST", "resource-failures", order)

    def settings(self, **values: t.Any) -> None:
        """Change speeds while it runs."""
        self.control("POST", "settings", values)

    def add_dns_record(self, name: str, kind: str, value: str, ttl: int = 300) -> None:
        """Add a record to the external zone."""
        self.control("POST", "dns/records", {"name": name, "type": kind, "value": value, "ttl": ttl})

    def environment(self) -> dict[str, str]:
        """What AWS's SDKs read."""
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account_id,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def stop(process: subprocess.Popen[str]) -> None:
    """Ask it to stop by closing its input; after a while, kill it."""
    if process.stdin:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
