# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template's names collide with: told with the one step that helps, in the words of the services."""

from __future__ import annotations

import pytest
from fakes import raw_event, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.events import Event
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import failed

SECRET = (
    "Resource handler returned message: \"You can't create this secret because a secret with this name is already"
    ' scheduled for deletion. (Service: SecretsManager, Status Code: 400)" (HandlerErrorCode: InvalidRequest)'
)
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
TAKEN = (
    'Resource handler returned message: "The operation failed because the secret eu-key already exists. (Service:'
    ' SecretsManager)" (HandlerErrorCode: AlreadyExists)'
)
STACKED = "eu-cluster already exists in stack arn:aws:cloudformation:eu-central-1:123456789012:stack/old/1"
BUCKET = "Your previous request to create the named bucket succeeded and you already own it. (Service: Amazon S3; 409)"


def told(reason: str, deleting: bool = False) -> str:
    events = [
        Event.from_api(raw_event(0, "gitpod-eu", "CREATE_IN_PROGRESS", "User Initiated")),
        Event.from_api(raw_event(1, "Key", "CREATE_FAILED", reason)),
    ]
    return failed(stack("ROLLBACK_IN_PROGRESS"), events, "ROLLBACK_IN_PROGRESS", deleting).message


@pytest.mark.parametrize("reason", [SECRET, MARKED])
def test_a_secret_that_waits_for_its_deletion_holds_its_name(reason: str) -> None:
    message = told(reason)
    assert "--force-delete-without-recovery" in message
    assert "restore-secret" in message
    assert "AWS is undoing the operation" in message
    assert "the next run" in message, "what happens then is told as well"


@pytest.mark.parametrize("reason", [TAKEN, STACKED, BUCKET])
def test_a_name_that_something_has_already_is_told(reason: str) -> None:
    message = told(reason)
    assert "Something has this name already" in message
    assert "--force-delete" not in message


@pytest.mark.parametrize("reason", ["The quota is used up", "Role is invalid", "Resource does not exist"])
def test_other_causes_are_not_taken_for_names(reason: str) -> None:
    assert "name already" not in told(reason)
    assert "waits for its deletion" not in told(reason)
    assert "name already" not in told(TAKEN, deleting=True)
