# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template's content: read from where CloudFormation reads it, and told apart from another's.

CloudFormation returns the template of a stack (GetTemplate) but not the one at a URL, so that is read from S3.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import SLOW, intent, whole_body
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import DENIED_CODES, ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import shown

# CloudFormation quotas: largest template in an S3 object, in bytes.
LARGEST_TEMPLATE = 1_048_576
# What S3 says of an object that is not there, to whoever may list the bucket and to whoever may not.
NO_OBJECT = DENIED_CODES | {"NoSuchKey", "NoSuchBucket", "404", "403"}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# Of a body that breaks off.
READS = 4
_HOST = re.compile(
    r"^(?:(?P<bucket>[a-z0-9][a-z0-9.-]*)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$"
)


def fingerprint(template: t.Any) -> str:
    """SHA-256 of a template by its meaning: the spaces and the order of a JSON document do not count.

    Of one with characters beyond ASCII, there is a second one behind a slash: of what GetTemplate answers after it was
    given as a body, a question mark for each of them (aws-cdk-cli, C(mangleLikeCloudFormation)).

    :param template: text or bytes, or what botocore makes of a JSON template, a dictionary.
    """
    if isinstance(template, bytes):
        template = template.decode("utf-8", "replace")
    exact = _meaning(template)
    replaced = _meaning(_BEYOND_ASCII.sub("?", template)) if isinstance(template, str) else exact
    return exact if replaced == exact else f"{exact}/{replaced}"


def _meaning(template: t.Any) -> str:
    if isinstance(template, str):
        try:
            template = json.loads(template)
        except (ValueError, RecursionError):
            return _digest("\n".join(line.rstrip() for line in template.strip().splitlines()))
    return _digest(json.dumps(template, sort_keys=True, separators=(",", ":")))


def same(wanted: str, present: str) -> bool | None:
    """Whether two fingerprints are of one template.

    C(None) where that is so as far as can be seen: of what the present one had beyond ASCII, question marks are left.

    :param present: of what GetTemplate has answered.
    """
    exact, _slash, replaced = wanted.partition("/")
    if exact == present.partition("/")[0]:
        return True
    return None if replaced and replaced == present else False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def bucket_and_key(url: str) -> dict[str, str] | None:
    """The arguments of GetObject for a virtual-hosted or path-style S3 URL, or C(None) for any other."""
    parts = urllib.parse.urlsplit(url)
    match = _HOST.match((parts.hostname or "").lower())
    if not match:
        return None
    path = urllib.parse.unquote(parts.path).lstrip("/")
    bucket, key = (match["bucket"], path) if match["bucket"] else path.partition("/")[::2]
    version = urllib.parse.parse_qs(parts.query).get("versionId")
    found = {"Bucket": bucket, "Key": key}
    return {**found, **({"VersionId": version[0]} if version else {})} if bucket and key else None


def read_object(s3: t.Any, url: str) -> bytes | None:
    """The content of an S3 URL, or C(None) when it cannot be read from here: CloudFormation may still be able to.

    The vendor's bucket is public, and a principal that no policy allows to read other accounts' buckets can read it
    only without signing.
    """
    location = bucket_and_key(url)
    if location is None:
        return None
    for signed in (True, False):
        try:
            with contextlib.nullcontext() if signed else _unsigned(s3):
                body = _content(s3, location, url)
        except ApiError as error:
            if signed and error.code in DENIED_CODES:
                continue
            return None
        return body if len(body) <= LARGEST_TEMPLATE else None
    return None


def is_refused(s3: t.Any, url: str) -> bool:
    """Whether S3 says to everyone that there is no such object; it refuses what it may not tell."""
    location = bucket_and_key(url)
    try:
        with _unsigned(s3):
            _content(s3, location or {}, url)
    except ApiError as error:
        return location is not None and error.code in NO_OBJECT
    return False


def _content(s3: t.Any, location: t.Mapping[str, str], url: str) -> bytes:
    """The object's first bytes, one more than a template may have; one that breaks off is read again.

    :raises ApiError: it cannot be read.
    """
    for attempt in range(READS):
        with intent(f"read {shown(url)}"):
            answer = s3.get_object(**location, aws_retry=True)
        try:
            with intent(f"read {shown(url)}"):
                return whole_body(answer["Body"], LARGEST_TEMPLATE, f"read {shown(url)}")
        except ApiError as error:
            # The client tries its calls again; what breaks off afterwards is ours.
            if attempt == READS - 1 or error.code == SLOW:
                raise
    return b""


@contextlib.contextmanager
def _unsigned(s3: t.Any) -> t.Iterator[None]:
    """Calls of this thread without a signature, for a while: many runners share a client."""
    import botocore

    own = threading.get_ident()

    def unsigned(**_arguments: t.Any) -> t.Any:
        return botocore.UNSIGNED if threading.get_ident() == own else None

    s3.meta.events.register("choose-signer.s3.GetObject", unsigned)
    try:
        yield
    finally:
        s3.meta.events.unregister("choose-signer.s3.GetObject", unsigned)
