# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which template, from where: a URL, a file's content, or a release of the vendor's, pinned by its hash when asked.

The releases are fetched by the host that the module runs on, through its proxy settings and certificate authorities.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import (
    LARGEST_TEMPLATE,
    fingerprint,
    is_refused,
    read_object,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import suffix_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import (
    LARGEST_BODY,
    RELEASES_URL,
    TEMPLATE_HASH_TAG,
    VERSION_TAG,
    Release,
    check_hash,
    fitting_body,
    is_s3_url,
    manifest_url,
    mirrored,
    missing,
    parse_manifest,
    recorded,
    release_tags,
    template_location,
    version_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import fetching
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import ExchangeError, Limits
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import advice, host_of, shown, way
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import idempotent

# Seconds for one file with all tries, and the bytes that CloudFormation takes of a template; a manifest has a thousand.
FETCH_LIMITS = Limits(90.0, LARGEST_TEMPLATE)
VARIABLES = ("gitpod_stack_releases_url", "gitpod_stack_template_url")
# A stack that is about to be created, for the first time or anew.
_WITHOUT_RELEASE = (status.CREATE, status.RECREATE, status.AWAIT_DELETE)


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the template is for CloudFormation, and what the stack's tags record of it.

    :param location: TemplateURL or TemplateBody.
    :param fingerprint: of the content, empty when it could not be read from here.
    :param kept: whether it is the template that the stack has, whatever is newest.
    :param channel: that led to the version, or empty.
    """

    location: t.Mapping[str, str]
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    version: str = ""
    fingerprint: str = ""
    kept: bool = False
    channel: str = ""


class AbsentError(RunnerError):
    """There is nothing at a URL, or nothing that its server gives away."""


# S3 answers 403 for what is not there to whoever may not list the bucket.
ABSENT = frozenset({403, 404, 410})


def fetch(url: str) -> bytes:
    """The content of a URL.

    :raises AbsentError: the server says that there is none.
    :raises RunnerError: it cannot be read.
    """
    try:
        return fetching.fetch(url, FETCH_LIMITS)
    except ExchangeError as trouble:
        raise (AbsentError if trouble.status in ABSENT else RunnerError)(
            f"Could not read {shown(url)}",
            f"{trouble.words[:1].upper()}{trouble.words[1:]} ({host_of(url)}, {way(url)})",
            f"Check the URL ({' or '.join(VARIABLES)}), and {advice(url)}; or name a mirror",
        ) from trouble


def release(options: t.Mapping[str, t.Any], read: t.Callable[[str], bytes] = fetch) -> Release:
    """The release that C(release_channel) or C(release_version) names.

    :param options: with C(releases_url) and C(template_name), which may be left out.
    :raises InputError: there is no such release or channel, or both or none are given.
    :raises RunnerError: its manifest cannot be read.
    """
    channel, version = options.get("release_channel") or "", options.get("release_version") or ""
    url = manifest_url(options.get("releases_url") or RELEASES_URL, channel, version)
    try:
        text = read(url).decode("utf-8-sig", "replace")
    except AbsentError as error:
        raise missing(channel, version, shown(url), error.why) from error
    return parse_manifest(text, shown(url), options.get("template_name") or "", version)


def of_stack(
    options: t.Mapping[str, t.Any], stack: Stack, s3: t.Callable[[], t.Any], read: t.Callable[[str], bytes] = fetch
) -> Source:
    """What the options mean for this stack: the template that it has stays, unless somebody has pinned another.

    Whatever is newest in a channel: going on to it is what an upgrade is for. C(keep_release) says that nobody has
    pinned one; an upgrade records its release in the stack's tags, also while it goes on.

    :raises RunnerError: as C(resolve).
    """
    if not keeps(options, stack):
        return resolve(options, s3, read)
    tags = {key: stack.tags[key] for key in (VERSION_TAG, TEMPLATE_HASH_TAG) if key in stack.tags}
    return Source({"StackName": stack.id}, tags, recorded(stack.tags), kept=True)


def keeps(options: t.Mapping[str, t.Any], stack: Stack) -> bool:
    """Whether the stack keeps its template; a stack whose creation failed has none, and a hash pins one."""
    deployed = status.exists(stack.status) and status.meaning(stack.status).present not in _WITHOUT_RELEASE
    deployed = deployed and not stack.status.startswith(("CREATE_IN", "ROLLBACK_"))
    pinned = (options.get("template_sha256") or "").lower()
    pinned_another = bool(pinned) and stack.tags.get(TEMPLATE_HASH_TAG, "") != pinned
    return options.get("keep_release") is True and deployed and not pinned_another


def resolve(
    options: t.Mapping[str, t.Any], s3: t.Callable[[], t.Any], read: t.Callable[[str], bytes] = fetch
) -> Source:
    """What the options mean; those of runner_stack that name the template, of which any may be left out.

    :param s3: makes the client of S3, for templates that are there or have to be uploaded.
    :param read: reads a URL.
    :raises RunnerError: nothing, or nothing that CloudFormation can read, is named; the hash is another one.
    """
    if options.get("template_body"):
        content = options["template_body"].encode("utf-8")
        return _of_content(content, "given as template_body", options, "", s3)
    if options.get("release_channel") or options.get("release_version"):
        named = release(options, read)
        found = _of_release(options, named, s3, read)
        return dataclasses.replace(found, channel=options.get("release_channel") or "")
    url = options.get("template_url") or ""
    if not url:
        raise InputError(
            "No template is named", next_step="Give template_url, template_body, release_channel or release_version"
        )
    location = template_location(url)
    if is_s3_url(location):
        return _in_s3(location, url, options, version_of(url), s3, read)
    return _of_content(read(url), shown(url), options, version_of(url), s3)


def _of_release(
    options: t.Mapping[str, t.Any], named: Release, s3: t.Callable[[], t.Any], read: t.Callable[[str], bytes]
) -> Source:
    """From a mirror in S3 rather than from the vendor's bucket, which CloudFormation reads itself.

    :raises InputError: the release has no template of the name that was asked for.
    """
    url = named.template_url
    mirror = mirrored(url, options.get("releases_url") or RELEASES_URL)
    if mirror and not is_s3_url(mirror) and options.get("template_bucket"):
        return _of_content(read(mirror), shown(mirror), options, named.version, s3)
    location = mirror if is_s3_url(mirror) else template_location(url)
    if not is_s3_url(location):
        return _of_content(read(url), shown(url), options, named.version, s3)
    found = _in_s3(location, url, options, named.version, s3, read)
    if not found.fingerprint and url != named.named_url and is_refused(s3(), location):
        name = url.rsplit("/", 1)[-1]
        raise InputError(
            f"The release {named.version} has no template {name}",
            f"{shown(location)} is not there",
            f"Leave gitpod_stack_template_name out: its manifest names {named.named_url.rsplit('/', 1)[-1]}",
        )
    return found


def _in_s3(
    location: str,
    url: str,
    options: t.Mapping[str, t.Any],
    version: str,
    s3: t.Callable[[], t.Any],
    read: t.Callable[[str], bytes],
) -> Source:
    """CloudFormation reads the template itself; its content tells whether it is the one that is deployed already."""
    pinned = options.get("template_sha256") or ""
    content = read_object(s3(), location)
    if content is None and pinned:
        content = read(url)
    if content is None:
        return Source({"TemplateURL": location}, release_tags(version, ""), version)
    digest = check_hash(content, pinned, shown(url))
    return Source({"TemplateURL": location}, release_tags(version, digest), version, fingerprint(content))


def _of_content(
    content: bytes, source: str, options: t.Mapping[str, t.Any], version: str, s3: t.Callable[[], t.Any]
) -> Source:
    bucket = options.get("template_bucket") or ""
    digest = check_hash(content, options.get("template_sha256") or "", source)
    tags = release_tags(version, digest)
    if len(content) <= LARGEST_BODY or not bucket:
        return Source({"TemplateBody": fitting_body(content, source)}, tags, version, fingerprint(content))
    return Source({"TemplateURL": upload(s3(), bucket, content)}, tags, version, fingerprint(content))


def upload(s3: t.Any, bucket: str, content: bytes) -> str:
    """Put the template into a bucket under a name of its hash, so that a rerun writes nothing new; its URL."""
    key = f"gitpod-enterprise-runner/{hashlib.sha256(content).hexdigest()}.json"
    with intent(f"find the region of the bucket {bucket}"):
        region = s3.get_bucket_location(Bucket=bucket, aws_retry=True).get("LocationConstraint") or "us-east-1"

    def put() -> None:
        with intent(f"upload the template to the bucket {bucket}"):
            s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/json", aws_retry=True)

    idempotent(put, Clock())
    return f"https://{bucket}.s3.{region}.{suffix_of(region)}/{key}"
