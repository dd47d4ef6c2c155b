# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a custom certificate authority is stated, and what the template's parameter gets. Pure.

A dynamic reference of CloudFormation (vendor's guide, "Custom CA Certificate"), or, where the template takes them, the
certificates themselves, or a URL that the runner reads (vendor's Terraform module, C(custom_ca_certificate)).
"""

from __future__ import annotations

import hashlib
import re

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _urls

REFERENCE, PEM, URL = "reference", "PEM", "URL"
# CloudFormation user guide, "Dynamic references": ssm:name[:version], and
# secretsmanager:id[:SecretString[:key[:stage[:version]]]], where an ARN may stand for the id.
_REFERENCE = re.compile(r"(ssm:[A-Za-z0-9_./-]+(:\d+)?|secretsmanager:[A-Za-z0-9_./:+=@!-]+)")
_CERTIFICATES = re.compile(r"(-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+", re.ASCII)
_BLOCK = "-----BEGIN "
# Bucket names: S3 user guide, "General purpose bucket naming rules".
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+", re.ASCII)


def kind_of(text: str) -> str:
    """C(REFERENCE), C(PEM) or C(URL); empty for anything else."""
    if _REFERENCE.fullmatch(text):
        return REFERENCE
    if _CERTIFICATES.fullmatch(text.strip()):
        return PEM
    https = text.startswith("https://") and not _urls.fault(text, ("https",))
    return URL if https or _S3.fullmatch(text) else ""


def is_block(text: str) -> bool:
    """Whether it is meant as a file's content."""
    return _BLOCK in text


def parameter(text: str) -> str:
    """The value of the template's parameter; the inventory leaves out the braces, which are Jinja2 to Ansible."""
    return text if kind_of(text) in (PEM, URL) else f"{{{{resolve:{text}}}}}"


def shown(text: str) -> str:
    """A parameter's value in one line: certificates by their number and hash."""
    if not is_block(text):
        return text
    digest = hashlib.sha256("".join(text.split()).encode()).hexdigest()
    return f"{text.count(f'{_BLOCK}CERTIFICATE')} PEM certificates, SHA-256 {digest[:16]}"
