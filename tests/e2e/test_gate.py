# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate in a real run: one task for the fleet, its decision for the play, files of every runner."""

from __future__ import annotations

import json
import pathlib
import typing as t

from tests.e2e.harness import Controller, Step, run_steps
from tests.gate_samples import host, look, sixteen

HOSTILE = "gitpod/eu\x1b[2J"


def test_the_gate_of_a_fleet(controller: Controller) -> None:
    directory = controller.directory / "gate"
    twins = [host(name, "eu-west-1", look()) for name in ("gitpod/eu", "gitpod-eu", HOSTILE)]
    options: dict[str, t.Any] = {"runners": [*sixteen(), *twins], "directory": str(directory), "width": 80}
    batches = [["gitpod-us-east-1"], ["gitpod-us-west-2", "gitpod-eu-central-1"]]
    shown, held, foreseen, refused = run_steps(
        controller,
        Step("runner_gate", options),
        Step("runner_gate", {"runners": sixteen(), "batches": batches, "max_failures": 2, "show_costs": False}),
        Step("runner_gate", {**options, "directory": str(directory / "check")}, check=True),
        Step("runner_gate", {"runners": [{"name": "nobody"}]}),
    )
    assert shown["changed"] is False
    assert shown["begins"] is True
    assert sorted(shown["refused"]) == ["gitpod-eu-central-1", "gitpod-us-gov-west-1", "gitpod-us-west-2"]
    assert shown["table"][0].startswith("The gate: 19 runners, 12 with something to do")
    assert max(map(len, shown["table"])) <= 80
    assert "\x1b" not in "".join(shown["table"])
    files = [pathlib.Path(path) for path in shown["files"]]
    assert len({*files}) == 2 * 19
    documents = [json.loads(path.read_text("utf-8")) for path in files if path.suffix == ".json"]
    assert {document["host"] for document in documents} == {entry["host"] for entry in options["runners"]}
    assert {path.parent for path in files} == {directory}

    assert held["begins"] is False
    assert held["go"] == []
    assert len(held["held"]) == 13
    assert held["monthly_cost"] is None

    assert foreseen["files"] == []
    assert not (directory / "check").exists()
    assert foreseen["table"] == shown["table"]

    assert "An entry of runners has no host" in refused["msg"]
