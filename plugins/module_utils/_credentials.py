# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do when AWS refuses the credentials, or none are found: one next step for each way of saying so.

Sources: IAM user guide, "Common errors" of the query APIs; EC2 API reference, "Error codes"; S3 API reference, "Error
responses"; AWS JSON services' C(UnrecognizedClientException), C(InvalidSignatureException); botocore's exceptions.
"""

from __future__ import annotations

import typing as t

# The collection's own: valid credentials in a region that their account has not enabled.
REGION_NOT_ENABLED = "RegionNotEnabled"

EXPIRED_CODES = frozenset(
    {
        "CredentialsExpired",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "SSOTokenLoadError",
        "TokenRefreshRequired",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    }
)
UNKNOWN_KEY_CODES = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
WRONG_SECRET_CODES = frozenset(
    {
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidSignature",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
    }
)
CLOCK_CODES = frozenset({"RequestInTheFuture", "RequestTimeTooSkewed"})
MISSING_CODES = frozenset(
    {
        "CredentialRetrievalError",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "MissingSecurityHeader",
        "NoAuthTokenError",
        "NoCredentialsError",
        "PartialCredentialsError",
    }
)
ACCOUNT_CODES = frozenset(
    {
        "AccountProblem",
        "AllAccessDisabled",
        "Blocked",
        "NotSignedUp",
        "OptInRequired",
        "PendingVerification",
        "SubscriptionRequiredException",
    }
)
_SKEW = ("signature expired", "signature not yet current", "must be in the past", "clock")
NAME = "name a profile (gitpod_aws_profile) or set the environment's credentials"

_STEPS: t.Mapping[frozenset[str], str] = {
    EXPIRED_CODES: "Renew the credentials and run again: operations that AWS has started go on and are attached to",
    UNKNOWN_KEY_CODES: f"AWS does not know these credentials: correct or renew them ({NAME}), and see that they are of"
    " the region's partition and not of another account's old keys",
    WRONG_SECRET_CODES: "The secret does not fit the access key, or a proxy changed the signed request: correct the"
    f" secret access key ({NAME}), and let AWS's hosts bypass a proxy that rewrites requests (NO_PROXY)",
    CLOCK_CODES: "Set this host's clock (NTP): AWS refuses requests that are signed minutes ahead or behind",
    MISSING_CODES: f"No credentials were sent: {NAME}",
    ACCOUNT_CODES: "The account cannot use this service or region yet: enable the region (console: Account, AWS"
    " Regions), finish the account's sign-up, or ask AWS Support",
    frozenset({"ProfileNotFound"}): "Correct gitpod_aws_profile (or AWS_PROFILE), or add the profile to ~/.aws/config",
}
CREDENTIAL_CODES = frozenset().union(*_STEPS)


def next_step_for_credentials(code: str, message: str = "") -> str:
    """What to do; empty for a code that says nothing of credentials.

    :param code: AWS's error code, or the name of the SDK's exception.
    :param message: AWS's words: some services say in them only that the clock is wrong.
    """
    if code in WRONG_SECRET_CODES and any(words in message.lower() for words in _SKEW):
        code = "RequestTimeTooSkewed"
    return next((step for codes, step in _STEPS.items() if code in codes), "")
