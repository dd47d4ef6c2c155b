# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's role: files by their schema, the controller's artifact, messages, and that nothing secret gets out."""

from __future__ import annotations

import json
import pathlib
import typing as t

import jsonschema
import pytest
import yaml

from tests import reports
from tests.e2e.harness import COLLECTION, ROOT, Controller
from tests.fleet import client
from tests.webhook import SECRET, Receiver

SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text("utf-8"))
REGIONS = [f"xx-{place}-{number}" for place in ("north", "south", "east", "west") for number in range(1, 5)]
FACTS = {
    "prerequisites": "gitpod_prerequisites_result",
    "stack": "gitpod_stack_result",
    "stack_started": "gitpod_stack_started",
    "dns": "gitpod_dns_result",
    "verification": "gitpod_verify_result",
    "failure": "gitpod_site_failure_result",
}


# The role's first report is kept in S3 too.
KEPT = {
    "gitpod_report_upload": "s3://example-reports/production/",
    "gitpod_report_upload_region": "eu-central-1",
    "gitpod_report_upload_link_seconds": "600",
    "gitpod_dns_provider": "manual",
}


def facts(region: str) -> dict[str, t.Any]:
    """A host after its stages, as the roles leave their facts."""
    found = reports.broken(region) if region == REGIONS[5] else reports.results(region)
    return {"gitpod_region": region, **{FACTS[key]: value for key, value in found.items()}}


def playbook(directory: pathlib.Path, *webhooks: dict[str, str]) -> str:
    """The role once for each webhook, in one run."""
    tasks = [
        {
            "name": "Report",
            "ansible.builtin.include_role": {"name": f"{COLLECTION}.gitpod_report"},
            "vars": webhook,
        }
        for webhook in webhooks
    ]
    play = [
        {
            "name": "Sixteen regions",
            "hosts": "gitpod_runners:!gitpod-us-east-1:!gitpod-eu-central-1:!gitpod-ap-southeast-2",
            "gather_facts": False,
            "connection": "local",
            "tasks": tasks,
        }
    ]
    path = directory / "report.yml"
    path.write_text(yaml.safe_dump(play), "utf-8")
    return str(path)


@pytest.fixture
def receiver() -> t.Iterator[Receiver]:
    with Receiver.start() as server:
        yield server


def test_sixteen_regions_are_reported_to_people_and_machines(controller: Controller, receiver: Receiver) -> None:
    s3 = client(controller.testbed, "s3", "eu-central-1")
    s3.create_bucket(Bucket="example-reports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    nowhere = f"http://127.0.0.1:1/{SECRET}"
    run = controller.play(
        playbook(
            controller.directory,
            {"gitpod_report_notify": receiver.url, **KEPT},
            {"gitpod_report_notify": receiver.url, "gitpod_report_notify_format": "slack"},
            {"gitpod_report_notify": nowhere, "gitpod_report_notify_on": "failure"},
        ),
        "-vvv",
        hosts={f"gitpod-{region}": facts(region) for region in REGIONS},
    )
    assert run.code == 0, run.output
    assert run.changed == 0

    fleet = json.loads((run.artifacts / "fleet.json").read_text("utf-8"))
    jsonschema.validate(fleet, SCHEMA)
    assert fleet["counts"] == {"failed": 1, "waiting": 0, "unverified": 0, "verified": 15}
    one = {**SCHEMA, "$ref": "#/$defs/runner"}
    for region in REGIONS:
        jsonschema.validate(run.report(f"gitpod-{region}"), one)
    assert "16 runners: 1 failed, 15 verified" in (run.artifacts / "fleet.md").read_text("utf-8")
    assert (run.artifacts / "fleet.html").read_text("utf-8").count('<details class="runner') == 16

    summary, slack = (body for _path, body in receiver.posted)
    assert summary["headline"] == "16 runners: 1 failed, 15 verified"
    assert len(summary["runners"]) == 16
    assert slack["text"].endswith("16 runners: 1 failed, 15 verified")
    assert summary["report"]["page"]["uri"] == "s3://example-reports/production/fleet.html"
    assert "Kept in S3: http" in run.output, "with the link that was asked for"
    kept = {entry["Key"] for entry in s3.list_objects_v2(Bucket="example-reports")["Contents"]}
    assert {f"production/{name}" for name in ("fleet.html", f"gitpod-{REGIONS[0]}.json")} <= kept
    assert f"production/dns/gitpod-{REGIONS[0]}-dns.zone" in kept, "somebody else keeps these records"
    assert "was not posted to the webhook at 127.0.0.1" in run.output
    assert '"gitpod_fleet_result"' in run.output

    texts = [run.output, *(path.read_text("utf-8") for path in run.artifacts.iterdir())]
    assert [text for text in texts if SECRET in text] == []
    told = [text for text in texts[1:] if "s3cr3t" in text]
    assert told == []
