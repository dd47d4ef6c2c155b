# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of many runners in one process: each with its own outcome, region, credentials and secrets."""

from __future__ import annotations

import dataclasses
import importlib
import threading
import time
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._together import operation

Result = dict[str, t.Any]
SPECIFICATION = {"name": {"type": "str", "required": True}, "count": {"type": "int", "default": 7}}


class Module:
    """What the operation takes of the module."""

    check_mode = False

    def __init__(self, module: str, *runners: Result) -> None:
        self.params = {"module": module, "runners": [{"profile": None, **runner} for runner in runners]}
        self.made: list[tuple[str, dict[str, t.Any]]] = []
        self.params |= {"secret_key": "the-tasks-own-key"}
        # As Ansible has it of options with no_log.
        self.hidden: set[str] = {text for runner in runners for text in operation.texts(runner)}
        self.hidden.add("the-tasks-own-key")
        self.at_work = 0

    def client(self, service: str, **arguments: t.Any) -> str:
        self.at_work += 1
        time.sleep(0.001)
        assert self.at_work == 1, "sessions make one client at a time"
        self.made.append((service, arguments))
        self.at_work -= 1
        return service

    def cover(self, _option: str, public: t.Collection[str]) -> None:
        self.hidden.difference_update(public)

    def hide(self, texts: t.Iterable[str]) -> None:
        self.hidden.update(texts)

    def share_descriptions(self, loader: t.Any) -> None:
        assert loader is not None


def runner(host: str, region: str = "eu-central-1", profile: str | None = None, **options: t.Any) -> Result:
    return {"host": host, "region": region, "profile": profile, "options": {"name": host, **options}}


def taken(monkeypatch: pytest.MonkeyPatch, carry_out: t.Callable[[t.Any], Result], *runners: Result) -> Result:
    """What becomes of a step of this kind."""
    return carried_out(monkeypatch, carry_out, Module("sample", *runners))


def carried_out(monkeypatch: pytest.MonkeyPatch, carry_out: t.Callable[[t.Any], Result], module: Module) -> Result:
    step = operation.Step(SPECIFICATION, {"mutually_exclusive": [("name", "other")]}, carry_out, 8)
    monkeypatch.setattr(operation, "STEPS", {**operation.STEPS, "sample": step})
    monkeypatch.setattr(operation, "connection_of", lambda _module: None)
    return operation.run(module)


def test_whatever_goes_wrong_is_one_runners_failure_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def carry_out(one: t.Any) -> Result:
        if one.params["name"] == "strange":
            return {"changed": True, "what": object()}
        if one.params["name"] == "refused":
            raise RunnerError("AWS refused it", "no permission", "Ask for it", {"error_code": "AccessDenied"})
        if one.params["name"] == "fault":
            raise KeyError("Stack")
        if one.params["name"] == "left":
            raise SystemExit(1)
        return {"changed": True, "count": one.params["count"], "region": one.region}

    found = taken(monkeypatch, carry_out, *map(runner, ("refused", "good", "fault", "left", "strange")))
    assert found["changed"] is True
    assert list(found["runners"]) == ["refused", "good", "fault", "left", "strange"]
    assert found["runners"]["good"] == {"changed": True, "count": 7, "region": "eu-central-1"}
    refused = found["runners"]["refused"]
    assert refused["msg"] == "AWS refused it. no permission. Ask for it."
    assert (refused["failed"], refused["changed"], refused["error_code"]) == (True, False, "AccessDenied")
    for name, kind in (("fault", "KeyError"), ("left", "SystemExit"), ("strange", "TypeError")):
        assert found["runners"][name]["failed"] is True
        assert found["runners"][name]["msg"].startswith(f"The module ended with {kind}. ")
        assert "fault of the collection" in found["runners"][name]["msg"]


def test_options_are_judged_as_the_module_itself_would(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [runner("typo", nmae="x"), runner("text", count="many"), {**runner("none"), "options": {}}]
    found = taken(monkeypatch, lambda one: {"changed": False, **one.params}, *wrong, runner("five", count="5"))
    messages = {host: result.get("msg", "") for host, result in found["runners"].items()}
    assert "nmae" in messages["typo"]
    assert "many" in messages["text"]
    assert "name" in messages["none"]
    assert found["runners"]["five"]["count"] == 5


def test_clients_are_of_the_runners_region_and_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    role = {"profile_name": None, "aws_access_key_id": "ASIA", "aws_secret_access_key": "s", "aws_session_token": "t"}

    def carry_out(one: t.Any) -> Result:
        one.client("cloudformation", retry_decorator="once")
        one.client("sts", region_name="us-east-1")
        one.client("route53", **role)
        return {"changed": False}

    module = Module("sample", runner("a", profile="sydney", region="ap-southeast-2"), runner("b"))
    carried_out(monkeypatch, carry_out, module)
    # The profile takes the place of whatever keys the task itself has.
    nobody = {"aws_access_key_id": None, "aws_secret_access_key": None, "aws_session_token": None}
    sydney = {"region_name": "ap-southeast-2", "profile_name": "sydney", **nobody}
    for expected in (
        ("cloudformation", {**sydney, "retry_decorator": "once"}),
        ("sts", {**sydney, "region_name": "us-east-1"}),
        ("route53", {"region_name": "ap-southeast-2", **role}),
        ("cloudformation", {"region_name": "eu-central-1", "retry_decorator": "once"}),
    ):
        assert expected in module.made
    assert len(module.made) == 6


def test_no_more_than_a_few_are_at_work_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, working, most = threading.Lock(), [0], [0]

    def carry_out(_one: t.Any) -> Result:
        with lock:
            working[0] += 1
            most[0] = max(most[0], working[0])
        time.sleep(0.01)
        with lock:
            working[0] -= 1
        return {"changed": False}

    found = taken(monkeypatch, carry_out, *(runner(f"runner-{number}") for number in range(24)))
    assert len(found["runners"]) == 24
    assert most[0] == 8


def test_a_host_that_is_named_twice_is_refused_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[t.Any] = []
    with pytest.raises(InputError, match="has a more than once"):
        taken(monkeypatch, lambda one: done.append(one) or {}, runner("a"), runner("b"), runner("a"))
    assert done == []


def told(monkeypatch: pytest.MonkeyPatch, carry_out: t.Callable[[t.Any], Result], *runners: Result) -> Result:
    """The results of stacks' steps, of which C(carry_out) stands for what is done."""
    stacks = dataclasses.replace(operation.STEPS["runner_stack"], carry_out=carry_out)
    monkeypatch.setattr(operation, "STEPS", {"runner_stack": stacks})
    monkeypatch.setattr(operation, "connection_of", lambda _module: None)
    module = Module("runner_stack", *runners)
    found = operation.run(module)["runners"]
    hidden = {text for text in module.hidden if not text.startswith("{")}
    assert hidden == {"the-tasks-own-key"}, "what one runner hides is no secret of another"
    return t.cast("Result", found)


def test_a_runners_secrets_are_in_none_of_its_words_and_what_others_call_alike_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def carry_out(one: t.Any) -> Result:
        one.hide({"what-the-template-hides"})
        if one.params["name"] == "c":
            raise RunnerError("AWS quotes token-of-c", "and what-the-template-hides", details={"cause": "token-of-c"})
        if one.params["name"] == "d":
            raise KeyError("token-of-d")
        return {"changed": True, "stack": one.params["name"], "quoted": ["token-of-a what-the-template-hides west-1"]}

    tokens = {"a": "token-of-a", "west-1": "token-of-b", "c": "token-of-c", "d": "token-of-d", "e": "west-1"}
    stacks = [runner(name, secret_parameters={"Exchange Token": token}) for name, token in tokens.items()]
    found = told(monkeypatch, carry_out, *stacks)
    assert found["a"]["quoted"] == ["******** ******** west-1"]
    assert found["west-1"]["stack"] == "west-1"
    assert found["e"]["quoted"] == ["token-of-a ******** ********"]
    assert found["c"]["msg"] == "AWS quotes ********. and ********."
    assert found["c"]["cause"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert "token-of-d" not in str(found["d"])


def test_what_only_the_modules_own_action_can_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [runner("file", template_file="/t.json"), runner("number", release_version=20260115.1)]
    found = told(monkeypatch, lambda _one: {"changed": True}, *wrong, runner("good", release_version="20260115.10"))
    assert "template_body" in found["file"]["msg"]
    assert "zeros at its end are lost" in found["number"]["msg"]
    assert found["good"] == {"changed": True}


@pytest.mark.parametrize("options", [{"parameters": "x=y"}, {"secret_parameters": 7}, {"timeout": "soon"}])
def test_options_that_the_module_would_not_take_are_that_runners_failure(
    options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = runner("a", **{"parameters": {"License Key": "the-license"}, **options})
    found = told(monkeypatch, lambda _one: {"changed": True}, wrong, runner("b"))
    assert (found["a"].get("failed", False), found["b"]) == ("x=y" not in options.values(), {"changed": True})
    assert "the-license" not in str(found)


@pytest.mark.parametrize("module", sorted(operation.STEPS))
def test_each_step_is_a_modules_own(module: str) -> None:
    own = importlib.import_module(f"ansible_collections.gitpod.enterprise_runner.plugins.modules.{module}")
    together = importlib.import_module("ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_together")
    assert operation.STEPS[module].specification is own.ARGUMENT_SPEC
    assert operation.STEPS[module].rules is own.RULES
    assert module in together.ARGUMENT_SPEC["module"]["choices"]
