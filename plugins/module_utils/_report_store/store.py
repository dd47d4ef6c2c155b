# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a report in S3."""

from __future__ import annotations

import dataclasses
import mimetypes
import typing as t

try:
    import botocore.exceptions as botocore_exceptions
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_exceptions = None

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent, whole_body
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import PACE, attempts

# Bytes of a document that is read; one of fifty runners has two megabytes.
LARGEST = 64 * 1024 * 1024
TRIES = 5
# The condition does not hold; two such writes came at the same moment; an object that was deleted meanwhile is none
# that could be replaced (S3 user guide, "conditional writes").
CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
TYPES: t.Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "zone": "text/plain; charset=utf-8",
    "yml": "text/yaml; charset=utf-8",
}


_BROKEN_OFF: tuple[type[BaseException], ...] = (
    ()
    if botocore_exceptions is None
    else (
        botocore_exceptions.IncompleteReadError,
        botocore_exceptions.ReadTimeoutError,
        botocore_exceptions.ResponseStreamingError,
    )
)


class ConflictError(RunnerError):
    """Somebody else has written the object meanwhile."""


@dataclasses.dataclass(frozen=True)
class Store:
    """Where a fleet's reports are.

    :param client: of S3.
    :param prefix: of every key, without slashes around it; may be empty.
    :param kms_key_id: with which objects are encrypted; empty leaves it to the bucket.
    :param clock: by which tries wait.
    """

    client: t.Any
    bucket: str
    prefix: str = ""
    kms_key_id: str = ""
    clock: Clock = dataclasses.field(default_factory=Clock)

    def key(self, name: str) -> str:
        """The object's key."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def uri(self, name: str) -> str:
        """As AWS's tools name the object."""
        return f"s3://{self.bucket}/{self.key(name)}"

    def get(self, name: str) -> tuple[str, str]:
        """The object's text and its ETag; both empty where there is none.

        The SDK tries again what fails before the answer begins; a body that breaks off is asked for again here.

        :raises RunnerError: it cannot be read.
        """
        for _number in attempts(self.clock, TRIES, PACE):
            try:
                return self._read(name)
            except ApiError as error:
                if error.code == "NoSuchKey":
                    return "", ""
                if not isinstance(error.__cause__, _BROKEN_OFF):
                    raise
                failure = error
        raise failure

    def _read(self, name: str) -> tuple[str, str]:
        what = f"read the report {self.uri(name)}"
        with intent(what):
            answer = self.client.get_object(Bucket=self.bucket, Key=self.key(name), aws_retry=True)
            body, etag = answer["Body"], str(answer["ETag"])
            raw = whole_body(body, LARGEST, what)
        if len(raw) > LARGEST:
            raise RunnerError(f"The report {self.uri(name)} is too large", next_step="Look what has written it there")
        return raw.decode("utf-8", "replace"), etag

    def put(self, name: str, text: str, **conditions: str) -> str:
        """Write the object; its new ETag.

        :param conditions: C(IfMatch) or C(IfNoneMatch).
        :raises ConflictError: the condition does not hold.
        """
        ending = name.rpartition(".")[2]
        kind = TYPES.get(ending) or mimetypes.guess_type(name)[0] or "text/plain"
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key_id} if self.kms_key_id else {}
        try:
            with intent(f"write the report {self.uri(name)}"):
                answer = self.client.put_object(
                    Bucket=self.bucket,
                    Key=self.key(name),
                    Body=text.encode("utf-8"),
                    ContentType=kind,
                    CacheControl="no-cache",
                    aws_retry=True,
                    **encryption,
                    **conditions,
                )
                return str(answer["ETag"])
        except ApiError as error:
            if conditions and error.code in CONFLICTS:
                raise ConflictError(error.what, error.why, "Run again") from error
            raise
