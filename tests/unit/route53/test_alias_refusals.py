# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Route 53 says of an alias's target has a next step."""

from __future__ import annotations

import botocore.exceptions
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Change, Record, Zone

TARGET = "eu-0123456789abcdef.elb.eu-central-1.amazonaws.com"
ALIAS = f"Tried to create an alias that targets {TARGET}., type A in zone Z215JYRZR1TBD5"
NOT_FOUND = f"[{ALIAS}, but that target was not found]"
OTHER_ZONE = NOT_FOUND.replace("that target was not found", "the alias target name does not lie within the target zone")
ZONE = Zone("Z1", "example.com", False)
CHANGE = Change("CREATE", Record("eu.example.com", "A", alias=TARGET, alias_zone="Z215JYRZR1TBD5"))


class Refusing:
    """A Route 53 that refuses every batch."""

    def __init__(self, words: str, code: str = "InvalidChangeBatch") -> None:
        self.error = {"Error": {"Code": code, "Message": words}}

    def change_resource_record_sets(self, **_arguments: object) -> None:
        raise botocore.exceptions.ClientError(self.error, "ChangeResourceRecordSets")


@pytest.mark.parametrize(
    ("words", "code", "advice"),
    [
        (NOT_FOUND, "InvalidChangeBatch", "There is no such load balancer"),
        (OTHER_ZONE, "InvalidChangeBatch", "hosted zone is not that of its name"),
        ("[Tried to create resource record set but it already exists]", "InvalidChangeBatch", ""),
        (NOT_FOUND, "Throttling", ""),
    ],
)
def test_the_refusal_of_a_target_has_a_next_step(words: str, code: str, advice: str) -> None:
    with pytest.raises(ApiError) as caught:
        Api(Refusing(words, code)).change(ZONE, [CHANGE], {})
    assert caught.value.code == code
    assert caught.value.why == words
    assert advice in caught.value.next_step
    assert bool(advice) == bool(caught.value.next_step)
