# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which template to deploy: a URL, a release channel, or a release version, resolved through the vendor's manifest.

The manifests are public: C(<base>/ec2/<channel>/manifest.json) and C(<base>/ec2/releases/<version>/manifest.json).
CloudFormation reads templates from S3 only; the vendor's download host is not S3, its bucket holds the same objects.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _urls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import SUFFIXES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief

RELEASES_URL = "https://releases.gitpod.io"
RELEASES_BUCKET_URL = "https://gitpod-flex-releases.s3.amazonaws.com"
# Whose newest release a new stack has when the inventory names nothing else.
DEFAULT_CHANNEL = "stable"
VERSION_TAG = "gitpod:release-version"
TEMPLATE_HASH_TAG = "gitpod:template-sha256"
# Templates up to this day have environments listen for SSH on 22, later ones on 29222, and what remedies there are
# (vendor's page on updating AWS runners).
LAST_WITH_OLD_SSH_PORT = "20250131"
SSH_WARNING = (
    "A template of January 2025 or earlier is deployed. Later ones have SSH on port 29222 instead of 22, so"
    " environments that exist cannot be reached any more"
)
SSH_WARNING_UNRECORDED = (
    "The stack is of January 2025 or earlier and records no release, so it may have a template of that time. Later ones"
    " have SSH on port 29222 instead of 22, so environments that exist cannot be reached any more"
)
SSH_REMEDY = (
    "Before the upgrade have their users save their work, and stop and discard them; or, after it, add TCP 22 from"
    " 0.0.0.0/0 to the security group of the environments, beside 29222, until the old ones are gone"
)
# CreateStack, TemplateBody: maximum length.
LARGEST_BODY = 51_200
# Virtual-hosted and path style, with and without a region, in every partition (S3 user guide, "Methods for accessing").
_S3_HOST = re.compile(
    rf"(^|\.)s3([.-][a-z0-9-]+)*\.({'|'.join(map(re.escape, ('amazonaws.com', *SUFFIXES.values())))})$"
)
_CHANNEL = re.compile(r"[a-z][a-z0-9-]*")
_VERSION = re.compile(r"\d{8}\.\d+")
# A channel's own copy of a template, which is another one after each release.
_MOVING = re.compile(r"/ec2/(?!releases/)[a-z][a-z0-9-]*/[^/]+")
_OF_RELEASE = re.compile(r"/ec2/releases/v?(\d{8}\.\d+)/[^/]+$")
# Of what a manifest says, which goes into tags, messages and file names.
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


@dataclasses.dataclass(frozen=True)
class Release:
    """One release of the runner.

    :param version: C(YYYYMMDD.N).
    :param template_url: where the wanted template of the release is.
    :param named_url: where the one is that its manifest names.
    """

    version: str
    template_url: str
    named_url: str = ""


def plain(version: str) -> str:
    """A release without the letter before it, which compares as the same one.

    The vendor's tags have it, and inventories, where it keeps YAML from reading 20260115.10 as a number.
    """
    return version[1:] if _VERSION.fullmatch(version[1:]) and version[:1] == "v" else version


def recorded(tags: t.Mapping[str, str]) -> str:
    """The release that a stack's tags record, or empty where nobody has recorded one."""
    return plain(tags.get(VERSION_TAG, ""))


def manifest_url(base: str, channel: str, version: str) -> str:
    """The manifest's URL; exactly one of C(channel) and C(version) is given.

    :raises InputError: both, none, or one that is not spelled as releases are.
    """
    version = plain(version)
    if bool(channel) == bool(version):
        raise InputError(
            "A release is named by its channel or by its version", "Both or none are given", "Give one of the two"
        )
    if channel and not _CHANNEL.fullmatch(channel):
        raise InputError(f"{channel!r} is not a release channel", next_step="Write stable or latest")
    if version and not _VERSION.fullmatch(version):
        raise InputError(f"{version!r} is not a release version", next_step="Write a version such as 20260115.2")
    path = f"ec2/{channel}" if channel else f"ec2/releases/{version}"
    return f"{base.rstrip('/')}/{path}/manifest.json"


def parse_manifest(text: str, source: str, template_name: str = "", asked: str = "") -> Release:
    """The release that a manifest describes, with the template that it names.

    :param source: the manifest's URL, for the message.
    :param template_name: file name of another template, which lies beside the one that the manifest names.
    :param asked: the version that was asked for, or empty.
    :raises RunnerError: the manifest is not what it should be.
    """
    try:
        manifest = json.loads(text)
        version, url = manifest["version"], manifest["cloudformation_template_url"]
    except (ValueError, KeyError, TypeError, RecursionError):
        version, url = None, None
    if not isinstance(version, str) or not isinstance(url, str):
        raise _unreadable(source, "It holds no version and no cloudformation_template_url")
    if not _RELEASE.fullmatch(version):
        raise _unreadable(source, f"Its version is {brief(version, 40)!r}, and versions are like 20260115.2")
    version = plain(version)
    if asked and version != plain(asked):
        raise _unreadable(source, f"It is the manifest of {version}")
    fault = _urls.fault(url, ("https", "http"), credentials=True)
    if fault:
        raise _unreadable(source, f"Its cloudformation_template_url {fault}")
    return Release(version, _beside(url, template_name) if template_name else url, url)


def _beside(url: str, name: str) -> str:
    """The URL of another file in the same directory; what comes after the path was for the one file only."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(path=f"{parts.path.rsplit('/', 1)[0]}/{name}", query="", fragment="").geturl()


def told(release: str, channel: str) -> str:
    """A release in words, with the channel that led to it."""
    return f"{release}, the newest in {channel}" if release and channel else release


def missing(channel: str, version: str, source: str, why: str) -> InputError:
    """There is no such release; S3 refuses what is not there (API reference, GetObject: 403 without s3:ListBucket)."""
    subject = f"release {plain(version)}" if version else f"release channel {channel}"
    variable = "gitpod_stack_release_version" if version else "gitpod_stack_release_channel"
    return InputError(
        f"There is no {subject}",
        f"{source} is not there: {why}",
        f"Correct {variable}; if it is published, something in between refuses it, or the mirror does not have it"
        " (gitpod_stack_releases_url)",
    )


def is_older(version: str, other: str) -> bool:
    """Whether a release is older than another; one that is not spelled as releases are is not."""
    if not (_VERSION.fullmatch(version) and _VERSION.fullmatch(other)):
        return False
    return tuple(map(int, version.split("."))) < tuple(map(int, other.split(".")))


def newest(versions: t.Iterable[str]) -> str:
    """The newest of these releases; what is not spelled as releases are does not count, and empty when none is."""
    known = [version for version in versions if _VERSION.fullmatch(version)]
    return max(known, key=lambda version: tuple(map(int, version.split("."))), default="")


def newer_than(target: str, recorded: str, running: str) -> str:
    """What makes a release a step back, as a clause; empty when nothing does.

    :param recorded: of the template that the stack has.
    :param running: that the runner reports, which may have updated itself.
    """
    if is_older(target, running) and not is_older(running, recorded):
        return f"the runner runs {running}"
    return f"the stack has {recorded}" if is_older(target, recorded) else ""


def has_old_ssh_port(version: str, created: str) -> bool:
    """Whether a stack's template has environments listen for SSH on another port than later ones, or may have.

    :param version: that the stack records; without one, the day counts when it was created, because an update since
        then may have left its template as it was.
    :param created: C(YYYY-MM-DD...), or empty.
    """
    day = version.partition(".")[0] or created[:10].replace("-", "")
    return bool(day) and day <= LAST_WITH_OLD_SSH_PORT


def ssh_warning(version: str) -> str:
    """What a stack with such a template is told.

    :param version: that the stack records, or empty.
    """
    return SSH_WARNING if version else SSH_WARNING_UNRECORDED


def _unreadable(source: str, why: str) -> RunnerError:
    advice = "Check the releases URL (gitpod_stack_releases_url); a proxy or a mirror may have answered instead"
    return RunnerError(f"The release manifest {source} cannot be read", why, advice)


def is_s3_url(url: str) -> bool:
    """Whether CloudFormation takes this as a TemplateURL."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme == "https" and bool(_S3_HOST.search(parts.hostname or ""))


def is_moving(url: str) -> bool:
    """Whether it is a channel's own copy of a template on the vendor's host or in its bucket."""
    for base in (RELEASES_URL, RELEASES_BUCKET_URL):
        if url.startswith(f"{base}/"):
            return bool(_MOVING.fullmatch(url[len(base) :].partition("?")[0]))
    return False


def version_of(url: str) -> str:
    """The release whose own directory a template lies in, on the vendor's host or on a mirror; or empty."""
    found = _OF_RELEASE.search(urllib.parse.urlsplit(url).path)
    return found[1] if found else ""


def mirrored(url: str, base: str) -> str:
    """Where a mirror has what a manifest names on the vendor's host; empty when there is none, or it names another.

    :param base: of the manifests; a mirror has under it what the vendor's host has.
    """
    path = next((url[len(own) :] for own in (RELEASES_URL, RELEASES_BUCKET_URL) if url.startswith(f"{own}/")), "")
    base = base.rstrip("/")
    return f"{base}{path}" if path and base not in ("", RELEASES_URL, RELEASES_BUCKET_URL) else ""


def template_location(url: str) -> str:
    """The URL from which CloudFormation can read the template: that of the vendor's bucket for its download host."""
    if url.startswith(f"{RELEASES_URL}/"):
        return RELEASES_BUCKET_URL + url[len(RELEASES_URL) :]
    return url


def check_hash(content: bytes, wanted: str, source: str) -> str:
    """SHA-256 of the template as hexadecimal digits.

    :param wanted: the digits that it must have, or empty.
    :raises RunnerError: it has others.
    """
    found = hashlib.sha256(content).hexdigest()
    if wanted and found != wanted.lower():
        raise RunnerError(
            f"The template at {source} is not the one that was pinned",
            f"Its SHA-256 is {found}, wanted is {wanted.lower()}",
            "Review what changed, then update gitpod_stack_template_sha256, or deploy the release that was pinned",
        )
    return found


def fitting_body(content: bytes, source: str) -> str:
    """The template as a body for the request.

    :raises InputError: it is larger than CloudFormation takes in a request.
    """
    if len(content) > LARGEST_BODY:
        raise InputError(
            f"The template {source} has {len(content):,} bytes, and a request takes {LARGEST_BODY:,} at most",
            next_step="Put it in an S3 bucket of yours and give its URL, or give the name of a bucket to upload it to",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The template {source} is no text in UTF-8", str(error), "Check what is there, and name the template"
        ) from error


def release_tags(version: str, template_hash: str) -> dict[str, str]:
    """Tags that record what was deployed; unknown parts are left out."""
    tags = {VERSION_TAG: version, TEMPLATE_HASH_TAG: template_hash}
    return {key: value for key, value in tags.items() if value}
