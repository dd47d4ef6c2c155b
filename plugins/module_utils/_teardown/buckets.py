# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets that a runner's deleted stack left: which they are, how large, and emptying and deleting them.

CloudFormation keeps a deleted stack's resources readable by the stack's ID for 90 days (CloudFormation API reference,
ListStacks). Older leftovers are not found, and so never touched.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import api_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    DENIED_CODES,
    ApiError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner, Verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.model import Bucket
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import again, attempts, may_be_done

BUCKET_TYPE = "AWS::S3::Bucket"
# Pages of a thousand versions that are counted; listing more would take minutes to say what a person knows by then.
PAGES_COUNTED = 100
# DeleteObjects takes at most so many (S3 API reference).
BATCH = 1000
GONE_CODES = frozenset({"NoSuchBucket", "404"})
# Logs may still be delivered into it, and "a conflicting conditional operation is currently in progress" (S3 API
# reference, "Error responses") passes.
BUSY_CODES = frozenset({"BucketNotEmpty", "OperationAborted"})
ATTEMPTS, PACE = 4, Pace(first=2.0, longest=8.0, growth=1.5)


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_retained_buckets does."""
    options = module.params
    runner = Runner(options["runner_name"] or options["name"], options["runner_id"] or "")
    s3 = client(module, "s3")
    found = retained(s3, deleted_stacks(api_of(module), runner, {options["name"], *options["former_names"]}))
    goes = [bucket for bucket in found if bucket.ours] if options["state"] == "absent" else []
    if not module.check_mode:
        for bucket in goes:
            empty_and_delete(s3, bucket.name)
    result: dict[str, t.Any] = {
        "changed": bool(goes),
        "buckets": [bucket.as_result() for bucket in found],
        "actions": [f"empty and delete the bucket {bucket}" for bucket in goes],
    }
    if goes:
        listed = "".join(f"{bucket}\n" for bucket in goes)
        result["diff"] = {"before": listed, "after": "", "before_header": "buckets", "after_header": "buckets"}
    return result


@dataclasses.dataclass(frozen=True)
class Deleted:
    """A deleted stack of the runner.

    :param resources: that it had, with the status in which each was left.
    :param whose: what tells that it was the runner's.
    """

    stack: Stack
    resources: tuple[dict[str, t.Any], ...]
    whose: Verdict


def deleted_stacks(api: Api, runner: Runner, names: t.Collection[str]) -> list[Deleted]:
    """The deleted stacks that were this runner's, the last deleted first, as AWS lists them.

    :param names: that the runner's stacks have or had; whose one was, its tags tell.
    """
    found = []
    for stack_id in _named(api, names):
        stack = api.stack(stack_id)
        whose = ownership.of_stack(runner, stack.tags, stack.parameters)
        if whose.relation == ownership.OURS:
            found.append(Deleted(stack, tuple(api.resources(stack_id)), whose))
    return found


def retained(s3: t.Any, deleted: t.Iterable[Deleted]) -> list[Bucket]:
    """The buckets that deleted stacks of the runner left and that are still there, and those of which nobody can tell.

    What has such a name today and is somebody else's is left out.
    """
    found: dict[str, Bucket] = {}
    for left in deleted:
        for entry in left.resources:
            if entry["type"] != BUCKET_TYPE or entry["status"] != "DELETE_SKIPPED":
                continue
            bucket = _of(s3, entry["physical_id"], left)
            if bucket:
                found[bucket.name] = bucket
    return [found[name] for name in sorted(found)]


def _of(s3: t.Any, name: str, left: Deleted) -> Bucket | None:
    """The bucket that a stack left, or C(None) when it is gone, or somebody else has the name today."""
    bucket = measured(s3, name, left.stack.id)
    if not bucket:
        return None
    whose = ownership.of_bucket(left.stack.id, left.whose, bucket_tags(s3, name))
    if whose.relation == ownership.STRANGERS:
        return None
    ours = whose.relation == ownership.OURS
    reason = f"the stack {left.stack.name} left it: {whose.reason}" if ours else whose.reason
    return dataclasses.replace(bucket, reason=reason, ours=ours)


def bucket_tags(s3: t.Any, name: str) -> dict[str, str] | None:
    """A bucket's tags; C(None) when they may not be read."""
    try:
        with intent(f"read the tags of the bucket {name}"):
            listed = s3.get_bucket_tagging(Bucket=name, aws_retry=True)["TagSet"]
    except ApiError as error:
        if error.code in ("NoSuchTagSet", "NoSuchBucket"):
            return {}
        if error.code not in DENIED_CODES:
            raise
        return None
    return {entry["Key"]: entry["Value"] for entry in listed}


def _named(api: Api, names: t.Collection[str]) -> list[str]:
    """IDs of the deleted stacks of these names."""
    with intent(f"list the deleted stacks named {' or '.join(sorted(names))}"):
        pages = api.client.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
        return [
            str(summary["StackId"])
            for page in pages
            for summary in page["StackSummaries"]
            if summary["StackName"] in names
        ]


def measured(s3: t.Any, name: str, stack_id: str) -> Bucket | None:
    """The bucket with what is in it, or C(None) when it is gone."""
    versions = size = pages = 0
    more = False
    try:
        for page in _pages(s3, name):
            versions += len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))
            size += sum(entry.get("Size", 0) for entry in page.get("Versions", []))
            pages += 1
            if pages == PAGES_COUNTED:
                more = bool(page.get("IsTruncated"))
                break
    except ApiError as error:
        if error.code in GONE_CODES:
            return None
        if error.code not in DENIED_CODES:
            raise
        return Bucket(name, stack_id)
    return Bucket(name, stack_id, versions, size, more)


def _pages(s3: t.Any, name: str) -> t.Iterator[dict[str, t.Any]]:
    """Pages of ListObjectVersions."""
    arguments: dict[str, t.Any] = {"Bucket": name, "MaxKeys": BATCH}
    while True:
        with intent(f"list the objects of the bucket {name}"):
            page: dict[str, t.Any] = s3.list_object_versions(**arguments, aws_retry=True)
        yield page
        if not page.get("IsTruncated"):
            return
        arguments["KeyMarker"] = page["NextKeyMarker"]
        if page.get("NextVersionIdMarker"):
            arguments["VersionIdMarker"] = page["NextVersionIdMarker"]


def empty_and_delete(s3: t.Any, name: str, clock: Clock | None = None) -> None:
    """Remove every version, every delete marker and every unfinished upload, then the bucket.

    A bucket that is gone, by a call whose answer was lost or by another run, is what was asked for.

    :raises RunnerError: something goes on writing to it.
    """

    def attempt() -> None:
        try:
            _empty(s3, name)
            with intent(f"delete the bucket {name}"):
                s3.delete_bucket(Bucket=name, aws_retry=True)
        except ApiError as error:
            if error.code not in GONE_CODES:
                raise

    again(
        attempt,
        lambda error: error.code in BUSY_CODES or may_be_done(error),
        attempts(clock or Clock(), ATTEMPTS, PACE),
    )


def _empty(s3: t.Any, name: str) -> None:
    for page in _pages(s3, name):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        if objects:
            _delete(s3, name, objects)
    with intent(f"list the unfinished uploads of the bucket {name}"):
        uploads = [
            upload
            for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name)
            for upload in page.get("Uploads", [])
        ]
    for upload in uploads:
        _abort(s3, name, upload)


def _abort(s3: t.Any, name: str, upload: t.Mapping[str, str]) -> None:
    """End an unfinished upload; one that has ended is what was asked for."""
    try:
        with intent(f"abort an unfinished upload to the bucket {name}"):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"], aws_retry=True)
    except ApiError as error:
        if error.code != "NoSuchUpload":
            raise


def _delete(s3: t.Any, name: str, objects: list[dict[str, str]]) -> None:
    """One batch; S3 tells of single refusals without an error.

    :raises RunnerError: an object may not be deleted, for example because Object Lock keeps it.
    """
    with intent(f"delete objects of the bucket {name}"):
        answer = s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True}, aws_retry=True)
    refused = answer.get("Errors", [])
    if refused:
        first = refused[0]
        raise RunnerError(
            f"{len(refused)} objects of the bucket {name} could not be deleted",
            f"{first.get('Key', '')}: {first.get('Code', '')} {first.get('Message', '')}",
            "Remove the cause, for example an Object Lock or a bucket policy, and run again",
        )
