# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management plane of the test bed in this process: what it refuses, and what it hands out."""

from __future__ import annotations

import asyncio
import typing as t

import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from gitpod.v1 import environment_pb2, runner_configuration_pb2, runner_pb2

from tests.testbed.environments import Environments
from tests.testbed.management_plane import ManagementPlane
from tests.testbed.management_rules import Fault, violations
from tests.testbed.management_services import Configurations, Runners
from tests.testbed.management_severity import Severity, Strange, Stranger

ID = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01"


class Context:
    """What the gate reads of a request's context."""

    def __init__(self, method: str, token: str) -> None:
        self.method = type("Method", (), {"name": method})
        self.request_headers = {"authorization": f"Bearer {token}"}


def refused(call: t.Callable[[], t.Any]) -> Code:
    with pytest.raises(ConnectError) as caught:
        asyncio.run(call())
    return caught.value.code


@pytest.fixture
def plane() -> ManagementPlane:
    plane = ManagementPlane()
    plane.add("gitpod-us-east-1", "us-east-1", ID)
    return plane


def through_the_gate(plane: ManagementPlane, method: str, request: t.Any, token: str = "") -> t.Callable[[], t.Any]:
    async def answer(_request: t.Any, _ctx: t.Any) -> str:
        return "answered"

    return lambda: plane.gate.intercept_unary(answer, request, Context(method, token or plane.api_token))


def test_every_method_wants_the_token(plane: ManagementPlane) -> None:
    request = runner_pb2.ListRunnersRequest()
    assert refused(through_the_gate(plane, "ListRunners", request, "wrong")) == Code.UNAUTHENTICATED
    assert asyncio.run(through_the_gate(plane, "ListRunners", request)()) == "answered"


def test_faults_come_as_often_as_ordered_before_or_after_the_call(plane: ManagementPlane) -> None:
    request = runner_pb2.GetRunnerRequest(runner_id=ID)
    plane.gate.faults.append(Fault(method="GetRunner", code="resource_exhausted", times=1))
    assert asyncio.run(through_the_gate(plane, "ListRunners", runner_pb2.ListRunnersRequest())()) == "answered"
    assert refused(through_the_gate(plane, "GetRunner", request)) == Code.RESOURCE_EXHAUSTED
    assert asyncio.run(through_the_gate(plane, "GetRunner", request)()) == "answered"


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (runner_pb2.CreateRunnerRequest(name="ab"), ["name"]),
        (runner_pb2.CreateRunnerRequest.FromString(b"\n\x01x" + b"\x20\x63"), ["name", "provider"]),
        (runner_pb2.DeleteRunnerRequest(runner_id="7"), ["runner_id"]),
        (runner_pb2.ListRunnersRequest(pagination={"page_size": 101}), ["pagination.page_size"]),
        (runner_pb2.UpdateRunnerRequest(runner_id=ID, name=""), ["name"]),
        (runner_pb2.UpdateRunnerRequest(runner_id=ID), []),
        (environment_pb2.ListEnvironmentsRequest(filter={"runner_ids": ["7"]}), ["filter.runner_ids"]),
        (runner_configuration_pb2.UpdateEnvironmentClassRequest(environment_class_id=ID, enabled=False), []),
    ],
)
def test_values_that_the_api_does_not_declare_are_refused(request_: t.Any, fields: list[str]) -> None:
    assert [problem.split(":")[0] for problem in violations(request_)] == fields


def test_pages_end_and_their_tokens_belong_to_a_filter(plane: ManagementPlane) -> None:
    for number in range(60):
        plane.add(f"runner-{number:02}", "us-east-1")
    service = Runners(plane)
    request = runner_pb2.ListRunnersRequest()
    sizes = []
    while True:
        answer = asyncio.run(service.list_runners(request, None))
        sizes.append(len(answer.runners))
        if not answer.pagination.next_token:
            break
        request.pagination.token = answer.pagination.next_token
    assert sizes == [25, 25, 11]
    request.filter.providers.append(1)
    assert refused(lambda: service.list_runners(request, None)) == Code.INVALID_ARGUMENT


def test_answers_have_fields_that_the_sdk_does_not_know(plane: ManagementPlane) -> None:
    answer = asyncio.run(Runners(plane).get_runner(runner_pb2.GetRunnerRequest(runner_id=ID), None))
    assert b"newer" in answer.SerializeToString()
    assert runner_pb2.GetRunnerResponse.FromString(answer.SerializeToString()).runner.name == "gitpod-us-east-1"


def test_a_runner_with_environments_is_not_deleted_unless_forced(plane: ManagementPlane) -> None:
    plane.add_environments(ID, 2, archived=True)
    listed = environment_pb2.ListEnvironmentsRequest(filter={"runner_ids": [ID]})
    assert len(asyncio.run(Environments(plane).list_environments(listed, None)).environments) == 0
    listed.filter.archival_status = environment_pb2.ListEnvironmentsRequest.ARCHIVAL_STATUS_ALL
    assert len(asyncio.run(Environments(plane).list_environments(listed, None)).environments) == 2
    service = Runners(plane)
    request = runner_pb2.DeleteRunnerRequest(runner_id=ID)
    assert refused(lambda: service.delete_runner(request, None)) == Code.FAILED_PRECONDITION
    request.force = True
    asyncio.run(service.delete_runner(request, None))
    assert plane.runners == {}
    assert plane.environments == {}


def test_client_secrets_are_kept_apart_and_needed(plane: ManagementPlane) -> None:
    service = Configurations(plane)
    request = runner_configuration_pb2.CreateSCMIntegrationRequest(
        runner_id=ID, scm_id="github", host="github.com", oauth_client_id="client"
    )
    assert refused(lambda: service.create_scm_integration(request, None)) == Code.INVALID_ARGUMENT
    request.oauth_plaintext_client_secret = "s3cret"
    created = asyncio.run(service.create_scm_integration(request, None)).id
    assert plane.client_secrets == {created: ["s3cret"]}
    assert refused(lambda: service.create_scm_integration(request, None)) == Code.ALREADY_EXISTS
    listed = asyncio.run(
        service.list_scm_integrations(runner_configuration_pb2.ListSCMIntegrationsRequest(), None)
    ).integrations
    assert b"s3cret" not in listed[0].SerializeToString()


def test_lists_lag_and_clocks_differ_as_much_as_is_ordered() -> None:
    severe = Severity(list_lag=30.0, clock_skew=60.0, seed=1)
    runners = [runner_pb2.Runner(runner_id=str(number)) for number in range(20)]
    for runner in runners:
        runner.created_at.GetCurrentTime()
        severe.made(runner)
    assert {severe.listed(runner.runner_id) for runner in runners} == {False}
    assert severe.listed("from before")
    moments = [runner.created_at.ToSeconds() for runner in runners]
    assert 10 < max(moments) - min(moments) <= 60
    assert moments != sorted(moments)


@pytest.mark.parametrize(
    ("rule", "carried_out", "status", "body"),
    [
        (Strange(status=502, body="page"), 0, 502, b"page"),
        (Strange(status=502, body="page", after=True), 1, 502, b"page"),
        (Strange(kind="cut"), 1, 200, b"whole"),
        (Strange(kind="reset"), 0, 200, b""),
        (Strange(method="Other"), 1, 200, b"whole answer"),
        (Strange(times=0), 1, 200, b"whole answer"),
        (Strange(rate=0.0), 1, 200, b"whole answer"),
    ],
)
def test_a_stranger_answers_in_the_apis_place(rule: Strange, carried_out: int, status: int, body: bytes) -> None:
    done: list[str] = []
    sent: list[dict[str, t.Any]] = []

    async def application(scope: dict[str, t.Any], _receive: t.Any, send: t.Any) -> None:
        done.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"12")]})
        await send({"type": "http.response.body", "body": b"whole answer"})

    async def receive() -> dict[str, t.Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, t.Any]) -> None:
        sent.append(message)

    stranger = Stranger(application)
    stranger.rules.append(rule)
    asyncio.run(stranger({"type": "http", "path": "/gitpod.v1.RunnerService/ListRunners"}, receive, send))
    assert len(done) == carried_out
    assert sent[0]["status"] == status
    assert b"".join(message.get("body", b"") for message in sent).strip() == body
