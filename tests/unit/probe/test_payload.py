# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's command and answer: real shells of this machine, and whatever else an instance may answer."""

from __future__ import annotations

import ast
import base64
import datetime
import json
import os
import pathlib
import subprocess
import sys
import typing as t
import zlib

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import NetworkObserver, observe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Request
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe import agent, answer, payload

NOW = datetime.datetime(2026, 11, 28, tzinfo=datetime.timezone.utc)
CLIENT = {"port": 1, "path": "/_health", "timeout": 3, "validate_certificates": True, "ca_path": ""}
SPARE = pathlib.Path(sys.base_prefix).parent
PYTHONS = sorted(SPARE.glob("3.[0-9]*/bin/python3")) if SPARE.name == "versions" else []


def asked(**request: t.Any) -> dict[str, t.Any]:
    return {"request": {"domain": "localhost", "port": 1, "checks": ["dns", "tcp"], **request}, "client": CLIENT}


def run(command: str, python: pathlib.Path) -> subprocess.CompletedProcess[str]:
    path = f"{python.parent}:{os.defpath}"
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, env={"PATH": path}, check=False)


def imports(name: str) -> set[str]:
    """What of the collection a module imports when it is loaded."""
    tree = ast.parse(payload._source(f"{payload.UTILITIES}.{name}"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(payload.UTILITIES):
            inner = (node.module or "")[len(payload.UTILITIES) :].lstrip(".")
            for alias in node.names:
                whole = f"{inner}.{alias.name}".lstrip(".")
                is_module = (pathlib.Path("plugins/module_utils") / whole.replace(".", "/")).with_suffix(".py").exists()
                found.add(whole if is_module else inner)
    return found


def test_the_command_brings_everything_along_that_the_agent_imports_in_an_order_that_works() -> None:
    before: set[str] = set()
    for name in payload.MODULES:
        assert imports(name) <= before, f"{name} needs {imports(name) - before} before it"
        before.add(name)


def test_the_command_is_short_and_holds_nothing_of_the_inventory_in_plain_text() -> None:
    command = payload.command(asked(domain="$(touch /tmp/x).example.com'; touch /tmp/y; '"))
    assert len(command) < 16_000, "documents of Systems Manager end at 64 KB, comments are not sent"
    assert "touch" not in command
    assert "#" not in command


@pytest.mark.parametrize("python", [pathlib.Path(sys.executable), *PYTHONS], ids=lambda path: path.parts[-3])
def test_an_instance_sees_what_this_code_sees(python: pathlib.Path) -> None:
    version = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info >= (3, 7))"], capture_output=True, check=True
    )
    if version.stdout.strip() != b"True":
        pytest.skip("older than what is promised")
    done = run(payload.command(asked()), python)
    seen = answer.observations(done.stdout, NOW)
    client = Client(1, "/_health", 3)
    own = observe(NetworkObserver(client.connect, 3), Request("localhost", port=1, checks=("dns", "tcp")))
    assert done.returncode == 0, done.stderr
    assert seen.answers[0] == own.answers[0]
    assert {(one.name, one.address, one.outcome) for one in seen.connections if one.name == "localhost"} == {
        (one.name, one.address, one.outcome) for one in own.connections if one.name == "localhost"
    }
    assert seen.connections[0].outcome == "refused"


def test_without_python_the_command_says_so(tmp_path: pathlib.Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", payload.command(asked())],
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path)},
        check=False,
    )
    assert (done.returncode, done.stderr.strip()) == (127, "no python3")


def test_authorities_that_are_not_on_the_instance_are_told() -> None:
    told = agent.told(agent.seen({**asked(), "client": {**CLIENT, "ca_path": "/nowhere/ca.pem"}}))
    with pytest.raises(RunnerError, match="ca_path /nowhere/ca\\.pem holds no certificate"):
        answer.observations(f"{agent.MARK}{told}\n", NOW)


def packed(value: t.Any) -> str:
    return f"{agent.MARK}{base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()}\n"


GOOD = {"answers": [], "connections": [], "http_connections": []}
SEEN = {
    **dict.fromkeys(("name", "address", "outcome", "trust", "trust_detail", "protocol", "location", "detail"), "x"),
    **dict.fromkeys(("certificate", "status", "seconds")),
}
BOMB = f"{agent.MARK}{base64.b64encode(zlib.compress(b' ' * 50_000_000)).decode()}\n"


@pytest.mark.parametrize(
    "output",
    [
        "",
        "bash: python3: command not found",
        f"{agent.MARK}%%%",
        packed([]),
        packed({}),
        packed({**GOOD, "answers": [{"name": "x"}]}),
        packed({**GOOD, "connections": [7]}),
        packed({**GOOD, "answers": 7}),
        packed({**GOOD, "connections": [{**SEEN, "status": float("inf")}]}),
        packed({**GOOD, "connections": [{**SEEN, "seconds": 10**400}]}),
        packed({**GOOD, "connections": [{**SEEN, "certificate": {"names": [], "issuer": "", "not_after": "9" * 50}}]}),
        packed(GOOD)[:-9],
        BOMB,
    ],
)
def test_anything_else_than_a_look_is_refused(output: str) -> None:
    with pytest.raises(RunnerError, match="The probe's answer cannot be read"):
        answer.observations(output, NOW)


@pytest.mark.parametrize("room", [0, 12, 60])
def test_an_output_that_aws_has_cut_is_told_as_that(room: int) -> None:
    """A shell that writes much of its own, before the probe's line or so much that nothing of that is left."""
    noise = "x" * (answer.KEPT - room - 1)
    output = f"{noise}\n{packed(GOOD)}"[: answer.KEPT]
    with pytest.raises(RunnerError, match="AWS keeps 24000 characters of a command's output"):
        answer.observations(output, NOW)


def test_lines_of_the_shell_around_it_are_left_aside_and_texts_of_it_are_cleaned() -> None:
    raw = {
        "name": "a",
        "resolver": "system",
        "outcome": "failed",
        "addresses": [],
        "canonical": "",
        "detail": "\x1b[2Jx",
    }
    seen = answer.observations(f"motd\n{packed({**GOOD, 'answers': [raw]})}bye\n", NOW)
    assert seen.answers[0].detail == "[2Jx"
