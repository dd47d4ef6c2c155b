# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a report in S3."""

from __future__ import annotations

import dataclasses
import mimetypes
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError

# Bytes of a document that is read; one of fifty runners has two megabytes.
LARGEST = 64 * 1024 * 1024
# The condition does not hold; two such writes came at the same moment; an object that was deleted meanwhile is none
# that could be replaced (S3 user guide, "conditional writes").
CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
TYPES: t.Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "zone": "text/plain; charset=utf-8",
    "yml": "text/yaml; charset=utf-8",
}


class ConflictError(RunnerError):
    """Somebody else has written the object meanwhile."""


@dataclasses.dataclass(frozen=True)
class Store:
    """Where a fleet's reports are.

    :param client: of S3.
    :param prefix: of every key, without slashes around it; may be empty.
    :param kms_key_id: with which objects are encrypted; empty leaves it to the bucket.
    """

    client: t.Any
    bucket: str
    prefix: str = ""
    kms_key_id: str = ""

    def key(self, name: str) -> str:
        """The object's key."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def uri(self, name: str) -> str:
        """As AWS's tools name the object."""
        return f"s3://{self.bucket}/{self.key(name)}"

    def get(self, name: str) -> tuple[str, str]:
        """The object's text and its ETag; both empty where there is none.

        :raises RunnerError: it cannot be read.
        """
        try:
            with intent(f"read the report {self.uri(name)}"):
                answer = self.client.get_object(Bucket=self.bucket, Key=self.key(name), aws_retry=True)
                raw = answer["Body"].read(LARGEST + 1)
        except ApiError as error:
            if error.code == "NoSuchKey":
                return "", ""
            raise
        if len(raw) > LARGEST:
            raise RunnerError(f"The report {self.uri(name)} is too large", next_step="Look what has written it there")
        return raw.decode("utf-8", "replace"), str(answer["ETag"])

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
