# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS calls, wrapped once: intent, retry and errors in the reader's words.

Clients come from the module (`RunnerModule.client`), with the profiles and endpoints of every module of amazon.aws.
Everything below takes a client as a parameter and can be tested with a stub.
"""

from __future__ import annotations

import contextlib
import typing as t

try:
    import botocore.config as botocore_config
    import botocore.exceptions as botocore_exceptions
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_config = botocore_exceptions = None

from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    DENIED_CODES,
    ApiError,
    NotFoundError,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterator

# Throttling answers as the services spell them; AWSRetry knows the common ones, these are added.
ADDITIONAL_RETRYABLE_CODES = ["Throttling", "PriorRequestNotComplete", "RequestLimitExceeded"]

NOT_FOUND_CODES = frozenset(
    {
        "ChangeSetNotFound",
        "NoSuchHostedZone",
        "ResourceNotFoundException",
        "LoadBalancerNotFound",
        "NoSuchEntity",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcEndpoint.NotFound",
        "InvalidVpcID.NotFound",
        "InvalidSubnetID.NotFound",
    }
)
EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})


def retrying(maximum_delay: int = 20) -> t.Any:
    """Retry decorator for clients: ten tries, jittered exponential back-off of at most `maximum_delay` seconds."""
    return AWSRetry.jittered_backoff(
        retries=10, delay=1, max_delay=maximum_delay, catch_extra_error_codes=ADDITIONAL_RETRYABLE_CODES
    )


def client(module: t.Any, service: str) -> t.Any:
    """A client of `service` with the module's credentials; its methods take C(aws_retry=True)."""
    return module.client(service, retry_decorator=retrying())


def impatient_client(module: t.Any, service: str) -> t.Any:
    """Likewise, for what the operation can do without: an endpoint that does not answer costs seconds, not minutes."""
    config = botocore_config.Config(
        connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 2}
    )
    return module.client(service, retry_decorator=retrying(), config=config)


def credentials_of_role(sts: t.Any, role_arn: str) -> dict[str, str]:
    """Credentials of a role for one hour, as keyword arguments of C(boto3.Session.client).

    :param sts: a client with the credentials of who assumes it.
    :raises ApiError: the role cannot be assumed.
    """
    with intent(f"assume the role {role_arn}"):
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName="gitpod-enterprise-runner", aws_retry=True)
    credentials = answer["Credentials"]
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def client_elsewhere(module: t.Any, service: str, profile: str | None, role_arn: str | None) -> t.Any:
    """A client of `service` in another account: with a profile, a role, or a role that the profile's principal assumes.

    :param profile: without it, the module's own credentials are used.
    :raises ApiError: the role cannot be assumed.
    """
    own = of_profile(profile)
    if not role_arn:
        return module.client(service, retry_decorator=retrying(), **own)
    credentials = credentials_of_role(module.client("sts", retry_decorator=retrying(), **own), role_arn)
    return module.client(service, retry_decorator=retrying(), **{**own, "profile_name": None, **credentials})


def of_profile(profile: str | None) -> dict[str, str | None]:
    """What lets a client take a profile's credentials in place of the module's."""
    if not profile:
        return {}
    keys = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return {"profile_name": profile, **dict.fromkeys(keys)}


def error_code(error: BaseException) -> str:
    """The service's error code, or an empty text when the error is not an answer of the service."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def error_message(error: BaseException) -> str:
    """The service's own words, or the exception's text."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Message") or error)


def next_step_for(code: str, intent: str) -> str:
    """What to do about an API error, by its code."""
    if code in DENIED_CODES:
        return f"Allow the calling principal to {intent}; docs/permissions.md lists every action the collection uses"
    if code in EXPIRED_CODES:
        return "Renew the credentials and run again: operations that AWS has started go on and are attached to"
    return ""


@contextlib.contextmanager
def intent(what: str) -> Iterator[None]:
    """Turn botocore's exceptions into C(ApiError).

    :param what: what the call is for, as an infinitive such as C(read the stack gitpod-runner).
    :raises NotFoundError: the service says that the resource does not exist.
    :raises ApiError: any other refusal or transport failure.
    """
    try:
        yield
    except (botocore_exceptions.BotoCoreError, botocore_exceptions.ClientError) as error:
        code = error_code(error)
        kind = NotFoundError if code in NOT_FOUND_CODES else ApiError
        raise kind(f"Could not {what}", error_message(error), next_step_for(code, what), code, what) from error


def boto3_tags(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a list of C(Key)/C(Value) pairs, in a stable order."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
