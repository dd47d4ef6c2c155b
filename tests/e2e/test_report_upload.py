# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet's report in S3, in this process: parts of runs that end at the same time, and what is refused."""

from __future__ import annotations

import concurrent.futures
import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store import operation
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_report_upload import ARGUMENT_SPEC
from tests import reports
from tests.e2e.hurried import hurry
from tests.e2e.in_process import InProcessModule
from tests.fleet import client

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

REGION, BUCKET, PREFIX = "eu-central-1", "example-gitpod-reports", "production"


@pytest.fixture
def testbed(running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch) -> TestBed:
    hurry(running_testbed, monkeypatch)
    # Of a clock that goes forty times too fast, on a machine that may be busy.
    monkeypatch.setattr(operation, "PATIENCE", 4_000.0)
    s3 = client(running_testbed, "s3", REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return running_testbed


def upload(testbed: TestBed, *regions: str, as_of: str = "2026-11-28T12:00:00Z", **options: t.Any) -> dict[str, t.Any]:
    """One run's part."""
    runners = [
        {**runner_summary(reports.results(region), f"gitpod-{region}", region), "as_of": as_of} for region in regions
    ]
    given = {"bucket": BUCKET, "prefix": f"{PREFIX}/", "runners": runners, "generated": as_of, **options}
    module = InProcessModule(testbed, {**ARGUMENT_SPEC, "session_token": {}}, REGION, **given)
    return operation.run(module)


def read(testbed: TestBed, name: str) -> str:
    answer = client(testbed, "s3", REGION).get_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")
    return str(answer["Body"].read().decode("utf-8"))


def names(testbed: TestBed, missing: bool = False) -> list[str]:
    found = client(testbed, "s3", REGION).list_objects_v2(Bucket=BUCKET)
    assert missing == ("Contents" not in found)
    return [entry["Key"] for entry in found.get("Contents", [])]


def test_parts_that_come_at_the_same_time_are_all_there(testbed: TestBed) -> None:
    regions = [f"xx-north-{number}" for number in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda region: upload(testbed, region, run=region), regions))
    fleet = json.loads(read(testbed, "fleet.json"))
    assert [runner["region"] for runner in fleet["runners"]] == regions
    assert fleet["counts"]["verified"] == 8
    for name in ("fleet.html", "fleet.md"):
        assert [region for region in regions if f"gitpod-{region}" not in read(testbed, name)] == [], name
    assert max(result["runners"] for result in results) == 8
    for region in regions:
        assert json.loads(read(testbed, f"gitpod-{region}.json"))["state"] == "verified"
        assert f"{PREFIX}/runs/{region}/fleet.html" in names(testbed)


def test_a_partial_run_keeps_the_others_and_a_teardown_forgets(testbed: TestBed) -> None:
    upload(testbed, "eu", "us", as_of="2026-11-01T00:00:00Z")
    upload(testbed, "us", as_of="2026-11-02T00:00:00Z")
    found = json.loads(read(testbed, "fleet.json"))
    assert {runner["region"]: runner["as_of"][:10] for runner in found["runners"]} == {
        "eu": "2026-11-01",
        "us": "2026-11-02",
    }
    gone = upload(testbed, forget=[{"region": "us", "runner": "gitpod-us"}], as_of="2026-11-03T00:00:00Z")
    assert gone["runners"] == 1
    assert "gitpod-us" not in read(testbed, "fleet.html")


def seen(region: str, as_of: str, **found: t.Any) -> dict[str, t.Any]:
    """A runner's line of a look at the status."""
    line = {"region": region, "runner": f"gitpod-{region}", "as_of": as_of, "failure": "", "alerts": []}
    return {
        **line,
        "status": {"checks": [{"id": "stack", "status": "pass", "summary": "", "remediation": ""}]},
        **found,
    }


def test_looks_at_the_status_are_kept_beside_the_report(testbed: TestBed) -> None:
    """Each at some of the runners, two of them at the same time; a teardown takes its runners out."""
    first = "2026-11-01T00:00:00Z"
    assert names(testbed, missing=True) == []
    upload(testbed, forget=[{"region": "us", "runner": "gitpod-us"}], as_of=first)
    assert f"{PREFIX}/status.json" not in names(testbed), "nothing is written where there is nothing to forget"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda region: upload(testbed, status=[seen(region, first)], as_of=first), ["eu", "us", "ap"]))
    later = "2026-11-02T00:00:00Z"
    found = upload(testbed, status=[seen("us", later, status={}, failure="no way")], as_of=later, link_seconds=60)
    assert (list(found["links"]), found["objects"]) == (["status"], [f"s3://{BUCKET}/{PREFIX}/status.json"])
    assert "X-Amz-Expires=60" in found["links"]["status"]["url"]
    kept = json.loads(read(testbed, "status.json"))
    assert {line["region"]: line["as_of"] for line in kept["runners"]} == {"ap": first, "eu": first, "us": later}
    assert (kept["headline"], kept["generated"]) == ("3 runners: 1 failing, 2 in order", later)
    upload(testbed, forget=[{"region": "us", "runner": "gitpod-us"}], as_of=later)
    assert [line["region"] for line in json.loads(read(testbed, "status.json"))["runners"]] == ["ap", "eu"]
    client(testbed, "s3", REGION).put_object(Bucket=BUCKET, Key=f"{PREFIX}/status.json", Body=b"theirs")
    with pytest.raises(RunnerError, match=r"status.json is no report of this collection"):
        upload(testbed, status=[seen("us", later)])


def test_links_encryption_and_files(testbed: TestBed) -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"
    files = {"dns/eu-dns.zone": "eu.example.com. 300 IN CNAME lb.\n"}
    found = upload(testbed, "eu", link_seconds=600, kms_key_id=key, files=files)
    assert found["changed"] is False
    assert found["links"]["page"]["uri"] == f"s3://{BUCKET}/{PREFIX}/fleet.html"
    url = found["links"]["page"]["url"]
    assert "X-Amz-Expires=600" in url
    assert "AWS4-HMAC-SHA256" in url
    assert read(testbed, "dns/eu-dns.zone") == files["dns/eu-dns.zone"]
    head = client(testbed, "s3", REGION).head_object(Bucket=BUCKET, Key=f"{PREFIX}/fleet.html")
    assert (head["ContentType"], head["ServerSideEncryption"]) == ("text/html; charset=utf-8", "aws:kms")
    assert "url" not in upload(testbed, "eu")["links"]["page"]


def test_what_is_no_report_is_not_replaced_and_a_bucket_that_is_not_there_is_told(testbed: TestBed) -> None:
    client(testbed, "s3", REGION).put_object(Bucket=BUCKET, Key=f"{PREFIX}/fleet.json", Body=b"theirs")
    with pytest.raises(RunnerError, match="is no report of this collection"):
        upload(testbed, "eu")
    assert read(testbed, "fleet.json") == "theirs"
    with pytest.raises(RunnerError, match=r"NoSuchBucket|does not exist"):
        upload(testbed, "eu", bucket="example-nowhere")


def test_nothing_is_written_in_check_mode(testbed: TestBed) -> None:
    module = InProcessModule(testbed, ARGUMENT_SPEC, REGION, check=True, bucket=BUCKET, runners=[{"region": "eu"}])
    assert operation.run(module)["objects"] == []
    assert "Contents" not in client(testbed, "s3", REGION).list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("number", range(6))
def test_a_write_whose_answer_was_lost_is_no_conflict(testbed: TestBed, number: int) -> None:
    """Each of the objects in turn: what is there already is this run's own."""
    upload(testbed, "us", as_of="2026-11-01T00:00:00Z")
    testbed.add_fault(
        service="s3",
        operation="PutObject",
        error="InternalError",
        message="We encountered an internal error. Please try again.",
        status=500,
        times=1,
        skip=number,
        after=True,
    )
    found = upload(testbed, "eu")
    testbed.control("DELETE", "faults")
    assert found["runners"] == 2
    for name in ("fleet.json", "fleet.md", "fleet.html"):
        assert [region for region in ("eu", "us") if f"gitpod-{region}" not in read(testbed, name)] == [], name
