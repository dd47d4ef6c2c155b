# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate stage: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import (
    ZONE_ID,
    ZONE_ID_FORM,
    bare_zone_id,
)

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_certificate_request",
        description="Whether a certificate is found or requested when C(gitpod_certificate_arn) names none.",
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_certificate_key_algorithm",
        description="Key of a certificate that is requested.",
        choices=("RSA_2048", "EC_prime256v1", "EC_secp384r1"),
        default="RSA_2048",
        option="key_algorithm",
    ),
    Variable(
        name="gitpod_certificate_tags",
        description="Tags of a certificate that is requested, besides C(gitpod_tags).",
        kind="mapping",
    ),
    Variable(
        name="gitpod_certificate_hosted_zone_id",
        description=(
            "Public hosted zone for the validation record, with Route 53; empty finds the one with the longest "
            "matching name."
        ),
        normalize=bare_zone_id,
        pattern=ZONE_ID,
        form=ZONE_ID_FORM,
    ),
    Variable(
        name="gitpod_certificate_timeout",
        description="Longest wait in seconds for ACM to issue the certificate.",
        kind="int",
        default=3600,
        option="timeout",
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
)
