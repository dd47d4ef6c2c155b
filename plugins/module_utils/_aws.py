# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS calls, wrapped once: intent, retry and errors in the reader's words.

Clients come from the module (`RunnerModule.client`), with the profiles and endpoints of every module of amazon.aws, and
try again as `_retry` says; `_answers` keeps what is not AWS's answer from being taken for it.
Everything below takes a client as a parameter and can be tested with a stub.
"""

from __future__ import annotations

import contextlib
import typing as t

try:
    import botocore.client as botocore_client
    import botocore.config as botocore_config
    import botocore.exceptions as botocore_exceptions
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    botocore_client = botocore_config = botocore_exceptions = None

from ansible_collections.amazon.aws.plugins.module_utils.retries import RetryingBotoClientWrapper

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._answers import (
    DisabledRegionError,
    ForeignAnswerError,
    Guard,
    ProxyRefusalError,
    UnreadableProxyError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._credentials import (
    REGION_NOT_ENABLED,
    next_step_for_credentials,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    DENIED_CODES,
    ApiError,
    NotFoundError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import LOOKING, PATIENT, Patience, Retries
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import within
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.trust import refused_strictly
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import proxy_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
# Characters of AWS's own words; an encoded authorization message, which is decoded as a whole, has some 1,500.
LONGEST_WORDS = 8_000
BODY_SECONDS, SLOW = 120.0, "slow_body"
# Seconds: of what only looks, an endpoint that does not answer costs seconds, not minutes.
LOOKING_TIMEOUTS, PATIENT_TIMEOUTS = (5, 20), (10, 60)


def settings(patience: Patience, **more: t.Any) -> t.Any:
    """How clients connect; they try again as C(Retries) says, and not by themselves.

    :param more: further settings of the SDK's C(Config).
    """
    connect, read = LOOKING_TIMEOUTS if patience == LOOKING else PATIENT_TIMEOUTS
    return botocore_config.Config(
        connect_timeout=connect, read_timeout=read, retries={"mode": "standard", "total_max_attempts": 1}, **more
    )


def once(function: t.Any) -> t.Any:
    """What stands for amazon.aws's retry decorator: the client itself tries again, for C(aws_retry=True) or without."""
    return function


def persistent(client: t.Any, patience: Patience, sts: Callable[[str], t.Any]) -> t.Any:
    """Have a client try again what fails for a while, and refuse what AWS did not answer.

    :param client: of the SDK, or as amazon.aws wraps it; anything else, such as a test's, is left as it is.
    :param sts: makes a client of STS in a region, with the same credentials; asked only when AWS refuses them.
    """
    made = client.client if isinstance(client, RetryingBotoClientWrapper) else client
    if isinstance(made, botocore_client.BaseClient) and not Guard.stands_before(made):
        Retries(patience).register(made)
        Guard(made, patience, sts).install(made)
    return client


def _made(module: t.Any, service: str, patience: Patience, **credentials: t.Any) -> t.Any:
    """A client with the module's credentials, or with those that are given."""

    def sts(region: str) -> t.Any:
        return module.client("sts", region_name=region, config=settings(LOOKING), **credentials)

    found = module.client(service, retry_decorator=once, config=settings(patience), **credentials)
    return persistent(found, patience, sts)


def client(module: t.Any, service: str) -> t.Any:
    """A client of `service` with the module's credentials; its methods take C(aws_retry=True)."""
    return _made(module, service, PATIENT)


def impatient_client(module: t.Any, service: str) -> t.Any:
    """Likewise, for what the operation can do without: an endpoint that does not answer costs seconds, not minutes."""
    return _made(module, service, LOOKING)


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
        return _made(module, service, PATIENT, **own)
    credentials = credentials_of_role(_made(module, "sts", PATIENT, **own), role_arn)
    return _made(module, service, PATIENT, **{**own, "profile_name": None, **credentials})


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


def next_step_for(code: str, intent: str, message: str = "") -> str:
    """What to do about an API error, by its code."""
    if code in DENIED_CODES:
        return f"Allow the calling principal to {intent}; docs/permissions.md lists every action the collection uses"
    return next_step_for_credentials(code, message)


@contextlib.contextmanager
def intent(what: str) -> Iterator[None]:
    """Turn botocore's exceptions into C(ApiError).

    :param what: what the call is for, as an infinitive such as C(read the stack gitpod-runner).
    :raises NotFoundError: the service says that the resource does not exist.
    :raises ApiError: any other refusal or transport failure, or an answer without what it has to have.
    """
    try:
        yield
    except (botocore_exceptions.BotoCoreError, botocore_exceptions.ClientError) as error:
        raise _told(error, what) from error
    except LookupError as error:
        # Nothing but what AWS answered is looked up between a call and its end.
        why = f"AWS's answer has no {error.args[0]!r}" if error.args else "AWS's answer is not complete"
        raise ApiError(f"Could not {what}", why, "Run again", "", what) from error


def _told(error: t.Any, what: str) -> ApiError:
    """An exception of the SDK in the reader's words."""
    if isinstance(error, (ForeignAnswerError, ProxyRefusalError, UnreadableProxyError)):
        return ApiError(f"Could not {what}", str(error), error.next_step, "", what)
    if isinstance(error, DisabledRegionError):
        advice = "Enable the region (console: Account, AWS Regions; it takes some minutes), or correct gitpod_region"
        return ApiError(f"Could not {what}", str(error), advice, REGION_NOT_ENABLED, what)
    code, why = error_code(error), brief(error_message(error), LONGEST_WORDS)
    advice = next_step_for(code or type(error).__name__, what, why) or _about_the_way(error)
    kind = NotFoundError if code in NOT_FOUND_CODES else ApiError
    return kind(f"Could not {what}", why, advice, code, what)


def _about_the_way(error: t.Any) -> str:
    """What to do where AWS was not reached; empty for a refusal of AWS's."""
    names = botocore_exceptions
    if not isinstance(error, (names.ConnectionError, names.HTTPClientError)):
        return ""
    if isinstance(error, names.SSLError) and refused_strictly(str(error)):
        return (
            "Whoever signs on the way to AWS uses a certificate that Python 3.13 and newer refuse and older ones trust:"
            " have it issued anew with what is missing, or run with Python 3.12 (ansible_python_interpreter)"
        )
    if isinstance(error, names.SSLError):
        return "Let this host trust who signs on the way to AWS (AWS_CA_BUNDLE), and look at its proxy (HTTPS_PROXY)"
    proxy = proxy_of(str(error.kwargs.get("endpoint_url") or ""))
    if proxy:
        return f"See whether the proxy {proxy} lets this host through to AWS, or set NO_PROXY; then run again"
    return "Check this host's way to AWS (gitpod_region, DNS, firewall, HTTPS_PROXY), then run again"


def whole_body(body: t.Any, most: int, what: str, seconds: float = BODY_SECONDS) -> bytes:
    """All of an object's body; more than C(most) bytes where it is larger.

    botocore holds a body against its announced length only when it is read to its end, so half of one would pass for
    the whole; and a socket's timeout begins anew with each byte, so one that drips would never end.

    :param what: what it is read for, as an infinitive.
    :raises botocore.exceptions.BotoCoreError: it broke off.
    :raises ApiError: it did not end in time.
    """

    def read() -> bytes:
        found = bytes(body.read(most + 1))
        if len(found) <= most:
            body.read(1)
        return found

    try:
        return within(seconds, read)
    except TimeoutError:
        advice = "See what lies on the way to S3 (HTTPS_PROXY, the gateway endpoint), then run again"
        raise ApiError(f"Could not {what}", f"It did not arrive within {seconds:g} s", advice, SLOW, what) from None


def boto3_tags(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a list of C(Key)/C(Value) pairs, in a stable order."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
