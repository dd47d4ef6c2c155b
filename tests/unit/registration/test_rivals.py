# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A creation whose answer was lost, beside another run: only what is as it was asked for is taken for one's own."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    EnvironmentClass,
    Integration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import (
    LlmIntegration,
    WarmPool,
)


class Lost:
    """A connection on which no answer of a creation arrives."""

    def __init__(self) -> None:
        self.configuration = self.prebuild = types.SimpleNamespace(
            create_environment_class=None,
            create_scm_integration=None,
            create_llm_integration=None,
            create_warm_pool=None,
        )

    def call(self, _rpc: t.Any, _request: t.Any, what: str, done: t.Callable[[], t.Any]) -> t.Any:
        """As the client does it: looked up, and else the failure."""
        found = done()
        if found is None:
            raise ApiError(f"Could not {what}", code="unavailable")
        return found


def api(monkeypatch: pytest.MonkeyPatch, listing: str, *there: t.Any) -> Api:
    """One that lists nothing before, and then what is there."""
    answers = iter([[], *[list(there)] * 5] if listing in ("environment_classes", "llm_integrations") else [there] * 5)
    monkeypatch.setattr(Api, listing, lambda *_arguments: next(answers))
    return Api(t.cast("t.Any", Lost()))


LARGE = {"machineType": "m6i.large"}
FIELDS = {"oauth_client_id": "c", "oauth_plaintext_client_secret": "s", "pat": True}
CASES: list[tuple[str, t.Any, t.Any, t.Callable[[Api], t.Any]]] = [
    (
        "environment_classes",
        EnvironmentClass("mine", "Large", "d", {**LARGE, "added": "x"}),
        EnvironmentClass("theirs", "Large", "d", {"machineType": "m6i.huge"}),
        lambda api: api.create_environment_class("r", "Large", "d", LARGE),
    ),
    (
        "integrations",
        Integration("mine", "github", "github.com", True, "c", pat=True),
        Integration("theirs", "github", "github.com", True, "another", pat=True),
        lambda api: api.create_integration("r", "github", "github.com", FIELDS),
    ),
    (
        "llm_integrations",
        LlmIntegration("mine", "https://x", ("opus_4_5", "sonnet_4_5")),
        LlmIntegration("theirs", "https://x", ("opus_4_5",)),
        lambda api: api.create_llm_integration("r", LlmIntegration("", "https://x", ("sonnet_4_5", "opus_4_5")), "k"),
    ),
    (
        "warm_pools",
        WarmPool("mine", "p", "c", 1, 3),
        WarmPool("theirs", "p", "c", 0, 9),
        lambda api: api.create_warm_pool(WarmPool("", "p", "c", 1, 3)),
    ),
]


@pytest.mark.parametrize(("listing", "mine", "theirs", "create"), CASES, ids=[case[0] for case in CASES])
def test_another_runs_is_not_taken_for_ones_own(
    monkeypatch: pytest.MonkeyPatch, listing: str, mine: t.Any, theirs: t.Any, create: t.Callable[[Api], t.Any]
) -> None:
    assert create(api(monkeypatch, listing, theirs, mine)) == "mine"
    with pytest.raises(ApiError, match="Could not create"):
        create(api(monkeypatch, listing, theirs))
