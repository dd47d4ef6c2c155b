# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of the certificate, as options of M(gitpod.enterprise_runner.runner_certificate). Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import (
    Options,
    Values,
    connection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules import partition_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier


def wanted(values: Values) -> bool:
    """Whether the stage has anything to do: asked for, and the inventory names no certificate."""
    return bool(values["gitpod_certificate_request"] and not values.get("gitpod_certificate_arn"))


def start(values: Values, earlier: Earlier) -> Options:
    """Options that find or request the certificate, without waiting until it is issued."""
    return {
        **_certificate(values, earlier),
        "tags": {**values["gitpod_tags"], **values["gitpod_certificate_tags"]},
        "wait": False,
    }


def join(values: Values, earlier: Earlier) -> Options:
    """Options that wait until the certificate is issued."""
    return {**_certificate(values, earlier), "timeout": values["gitpod_certificate_timeout"]}


def _whose(values: Values, earlier: Earlier) -> Options:
    runner_id = earlier.runner_id(values)
    return {
        **connection(values),
        "name": values["gitpod_runner_name"],
        **({"runner_id": runner_id} if runner_id else {}),
    }


def _certificate(values: Values, earlier: Earlier) -> Options:
    return {
        **_whose(values, earlier),
        "domain_name": values.get("gitpod_domain_name") or "",
        "key_algorithm": values["gitpod_certificate_key_algorithm"],
    }


def absent(values: Values, earlier: Earlier, domain: str, load_balancer: t.Mapping[str, t.Any]) -> Options:
    """Options that remove the certificate that was requested for the domain.

    :param load_balancer: of the stack that goes first; what else serves the certificate keeps it.
    """
    return {
        **_whose(values, earlier),
        "domain_name": domain,
        "load_balancer_arn": load_balancer.get("arn") or "",
        "state": "absent",
    }


def foreseen_arn(values: Values) -> str:
    """What check mode hands on in place of an ARN that only AWS can give."""
    region = values["gitpod_region"]
    account = values.get("gitpod_account_id") or "000000000000"
    certificate = "certificate/00000000-0000-0000-0000-000000000000"
    return f"arn:{partition_of(region)}:acm:{region}:{account}:{certificate}"
