# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runner_report_upload does: it lays a run's part over the fleet's report in S3, and loses nobody else's.

Slices of a controller's job, and jobs of several regions, end at the same time. So the fleet's document is replaced
only where it is still the one that was read (conditional writes by ETag), and what is derived from it (page, Markdown)
is written until it is of the document that is there.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store import documents, statuses
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.merge import (
    Runner,
    fleet_of,
    key_of,
    merged,
    runners_in,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.store import ConflictError, Store
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import LOOKING
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

Result = dict[str, t.Any]
# Seconds for which a document is read and written again that others write too; fifty slices take some.
PATIENCE, PACE = 120.0, Pace(first=0.2, longest=3.0, growth=1.6)
RUNS = "runs"
REPORTS = {"page": documents.PAGE, "markdown": documents.MARKDOWN, "json": documents.DOCUMENT}


def run(module: t.Any) -> Result:
    """Merge, write, and say where it is."""
    options = module.params
    store = Store(client(module, "s3"), options["bucket"], options["prefix"].strip("/"), options["kms_key_id"] or "")
    result: Result = {"changed": False, "objects": [], "runners": 0, "links": {}}
    if module.check_mode:
        return result
    knows_conditions(store.client)
    if options["runners"] or options["forget"]:
        result["runners"] = len(_report(store, options, Clock(), result["objects"]).runners)
        result["links"] = links(module, store, options["link_seconds"], REPORTS)
    if options["status"] or options["forget"]:
        result["objects"] += _status(store, options, Clock())
    if options["status"]:
        result["links"] |= links(module, store, options["link_seconds"], {"status": statuses.STATUS})
    for name, text in options["files"].items():
        store.put(name, str(text))
        result["objects"].append(store.uri(name))
    return result


def knows_conditions(s3: t.Any) -> None:
    """:raises InputError: the SDK is too old for conditional writes."""
    members = s3.meta.service_model.operation_model("PutObject").input_shape.members
    if "IfMatch" not in members:
        raise InputError(
            "The report is not uploaded, because botocore is too old to keep others' parts of it",
            "It knows no IfMatch of PutObject",
            "Install botocore and boto3 1.35.69 or newer",
        )


@dataclasses.dataclass(frozen=True)
class Kept:
    """A document that many runs write, each its own runners.

    :param own: this run's runners.
    :param read: the runners of a text; C(None) where it is no such document.
    :param write: the text of all runners.
    """

    name: str
    own: t.Sequence[Runner]
    read: t.Callable[[str], list[Runner] | None]
    write: t.Callable[[list[Runner]], str]


def _status(store: Store, options: t.Mapping[str, t.Any], clock: Clock) -> list[str]:
    """The status with this look's part; nothing is written where there is none, and nothing to tell."""
    if not options["status"] and not store.get(statuses.STATUS)[1]:
        return []

    def write(everyone: list[Runner]) -> str:
        return statuses.document(everyone, options["generated"])

    _laid_over(store, Kept(statuses.STATUS, options["status"], statuses.statuses_in, write), options, clock)
    return [store.uri(statuses.STATUS)]


def _report(store: Store, options: t.Mapping[str, t.Any], clock: Clock, written: list[str]) -> Fleet:
    """The fleet's document with this run's part, and all that is derived from it."""
    own_runners, title, generated = options["runners"], options["title"], options["generated"]

    def write(everyone: list[Runner]) -> str:
        # Nothing else is rendered between reading and writing: the longer that takes, the more often others are first.
        return documents.document(fleet_of(everyone, own_runners, title, generated))

    kept = Kept(documents.DOCUMENT, own_runners, runners_in, write)
    everyone, etag = _laid_over(store, kept, options, clock)
    fleet = fleet_of(everyone, own_runners, title, generated)
    for _elapsed in poll(clock, PATIENCE, PACE):
        content = documents.of_fleet(fleet)
        for name in (documents.PAGE, documents.MARKDOWN):
            store.put(name, content[name])
        if store.get(documents.DOCUMENT)[1] == etag:
            break
        # Somebody has added a part meanwhile, and may have derived theirs before we wrote ours; or has removed it.
        everyone, etag = _laid_over(store, kept, options, clock)
        fleet = fleet_of(everyone, own_runners, title, generated)
    own = {key_of(runner) for runner in options["runners"]}
    for runner, name, text in documents.of_runners(fleet):
        if key_of(runner) in own:
            store.put(name, text)
            written.append(store.uri(name))
    alone = Fleet.of(options["runners"], options["title"], options["generated"])
    for name, text in documents.of_fleet(alone).items():
        if options["runners"]:
            store.put(f"{RUNS}/{options['run']}/{name}", text)
    written += [store.uri(name) for name in (documents.DOCUMENT, documents.MARKDOWN, documents.PAGE)]
    return fleet


def _laid_over(store: Store, kept: Kept, options: t.Mapping[str, t.Any], clock: Clock) -> tuple[list[Runner], str]:
    """The document with this run's part, written with the condition that it is still the one that was read; its ETag.

    An answer that was lost is no harm: the document that has this run's part already is left as it is.
    """
    forgotten = {(str(entry.get("region") or ""), str(entry.get("runner") or "")) for entry in options["forget"]}
    conflict: ConflictError | None = None
    for _elapsed in poll(clock, PATIENCE, PACE):
        text, etag = store.get(kept.name)
        known = kept.read(text) if etag else []
        if known is None:
            raise RunnerError(
                f"{store.uri(kept.name)} is no report of this collection, so it is not replaced",
                next_step="Name another prefix in gitpod_report_upload, or remove the object",
            )
        everyone = merged(known, kept.own, forgotten)
        # As it will be read, for comparing: what a runner's part leaves out may be filled in there.
        wanted = kept.write(everyone)
        if etag and _same(known, kept.read(wanted) or []):
            return everyone, etag
        try:
            condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            return everyone, store.put(kept.name, wanted, **condition)
        except ConflictError as error:
            conflict = error
    raise RunnerError(
        f"The report {store.uri(kept.name)} was written by others again and again for {PATIENCE:g} s",
        conflict.why if conflict else "",
        "Run again",
    )


def _same(known: t.Sequence[t.Any], everyone: t.Sequence[t.Any]) -> bool:
    """Whether the documents say the same; in which order their keys stand is nobody's word."""
    left, right = ([json.dumps(entry, sort_keys=True) for entry in held] for held in (known, everyone))
    return sorted(left) == sorted(right)


def links(module: t.Any, store: Store, seconds: int, names: t.Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Where the reports are; with C(seconds), also a URL with which anybody may read each for so long.

    :param names: of the objects, by what they are called in the result.
    """
    found = {kind: {"uri": store.uri(name)} for kind, name in names.items()}
    if seconds:
        # The link has the session's token, which is no secret without the key, and Ansible would mask it.
        module.cover("session_token", [module.params.get("session_token") or ""])
        # Signature version 4 everywhere, which encryption with KMS asks for.
        signing = module.client("s3", config=settings(LOOKING, signature_version="s3v4"))
        for entry in found.values():
            key = entry["uri"].partition(f"s3://{store.bucket}/")[2]
            entry["url"] = signing.generate_presigned_url(
                "get_object", Params={"Bucket": store.bucket, "Key": key}, ExpiresIn=seconds
            )
    return found
