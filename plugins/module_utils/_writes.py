# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes whose answer was lost, and writes that another run was quicker with: after an error somebody looks.

The SDK sends a call again when its answer did not arrive. AWS may have carried out the first one, and then refuses the
second ("already exists", "not found", a status that has moved on; aws/aws-cli#5342 has it for change sets). So what a
write's error means is told by what is there afterwards: what is as it was asked for is done.
"""

from __future__ import annotations

import typing as t

try:
    import botocore.exceptions as botocore_exceptions
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_exceptions = None

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._credentials import EXPIRED_CODES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import DENIED_CODES, ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

Done = t.TypeVar("Done")

# The answer did not arrive, or says nothing about whether the call was carried out (EC2 API reference, "Error codes").
LOST_CODES = frozenset(
    {"", "InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "RequestTimeout", "500", "503"}
)
SERVER_ERROR = 500
PACE = Pace(first=1.0, longest=4.0, growth=1.5)
# Reads may lag behind a write by some seconds (EC2 API reference, "Eventual consistency").
LONGEST_LAG = 15.0
# Beside the SDK's own tries.
MOST_SENT = 3


def is_lost(error: ApiError) -> bool:
    """Whether AWS may have carried out the call although no answer of it came."""
    if _was_never_sent(error):
        return False
    return error.code in LOST_CODES or _metadata(error).get("HTTPStatusCode", 0) >= SERVER_ERROR


def _was_never_sent(error: ApiError) -> bool:
    """Whether the SDK itself refused, for want of credentials or because of a parameter."""
    cause = error.__cause__
    return isinstance(cause, botocore_exceptions.BotoCoreError) and not isinstance(
        cause, botocore_exceptions.HTTPClientError
    )


def is_repeated(error: ApiError) -> bool:
    """Whether the SDK sent the call more than once, so that the refusal may be of the second after a first success.

    botocore counts its repetitions in C(ResponseMetadata.RetryAttempts) of answers, errors among them.
    """
    return _metadata(error).get("RetryAttempts", 0) > 0


def may_be_done(error: ApiError) -> bool:
    """Whether this call itself may have done what it was for, in spite of the error."""
    return is_lost(error) or is_repeated(error)


def is_refused(error: ApiError) -> bool:
    """Whether the caller may not do it at all, so that a look tells nothing."""
    return error.code in DENIED_CODES or error.code in EXPIRED_CODES


def _metadata(error: ApiError) -> t.Mapping[str, int]:
    response: t.Mapping[str, t.Any] = getattr(error.__cause__, "response", None) or {}
    found: t.Mapping[str, int] = response.get("ResponseMetadata") or {}
    return found


def carried_out(write: t.Callable[[], Done], seen: t.Callable[[], Done | None], clock: Clock) -> Done:
    """The write's result, or after an error what a look finds of it.

    :param seen: what the write would have returned, when things are as it was to make them; C(None) otherwise. It is
        asked once after a plain refusal, and for a bounded while where this very call may have been carried out.
    :raises ApiError: the write's error, when nothing of it is there.
    """
    try:
        return write()
    except ApiError as error:
        if not is_refused(error):
            found = first_seen(seen, clock, LONGEST_LAG if may_be_done(error) else 0.0)
            if found is not None:
                return found
        raise


def ensured(write: t.Callable[[], None], seen: t.Callable[[], bool], clock: Clock) -> None:
    """The same for a write that returns nothing.

    :param seen: whether things are as the write was to make them.
    """

    def written() -> bool:
        write()
        return True

    carried_out(written, lambda: seen() or None, clock)


def attempts(clock: Clock, most: int, pace: Pace) -> t.Iterator[int]:
    """Count attempts, with a pause between two; one may take minutes of the SDK's own tries."""
    pause = pace.first
    for number in range(most):
        if number:
            clock.sleep(pause * clock.stretch() * (1 - 0.2 * clock.jitter()))
            pause = min(pause * pace.growth, pace.longest)
        yield number


def idempotent(write: t.Callable[[], None], clock: Clock) -> None:
    """Send a write that may be sent any number of times, again where its answer was lost.

    :raises ApiError: its error, when it was refused or answers go on being lost.
    """
    again(write, is_lost, attempts(clock, MOST_SENT, PACE))


def again(write: t.Callable[[], None], passes: t.Callable[[ApiError], bool], rounds: t.Iterable[t.Any]) -> None:
    """Try a write once in each round until it succeeds.

    :param passes: whether an error is one of those that may be over in the next round.
    :raises ApiError: another error, or the last round's.
    """
    failure: ApiError | None = None
    for _round in rounds:
        try:
            write()
        except ApiError as error:
            if not passes(error):
                raise
            failure = error
            continue
        return
    if failure:
        raise failure


def first_seen(seen: t.Callable[[], Done | None], clock: Clock, timeout: float) -> Done | None:
    """What a look finds within C(timeout) seconds; a look that fails is a look that found nothing."""
    for _elapsed in poll(clock, timeout, PACE):
        try:
            found = seen()
        except ApiError:
            continue
        if found is not None:
            return found
    return None
