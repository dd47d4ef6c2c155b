# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS provider is declared once, and everything that depends on it reads the declaration."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.action import runner_dns_write
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.telling import told
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.stages import failed_stage

ROOT = pathlib.Path(__file__).parents[3]
# Where code is that somebody writes; docs and tests are beside it.
PLACES = ("plugins", "roles", "playbooks", "extensions", "meta", "examples")
GENERATED = "# Generated from the declarations"
SAMPLE = "cloudflare"
MOST_FILES = 3


def hand_written() -> list[pathlib.Path]:
    """Files that somebody writes by hand, but the docs."""
    files = (path for place in PLACES for path in sorted((ROOT / place).rglob("*")) if path.is_file())
    texts = (path for path in files if path.suffix in (".py", ".yml", ".j2") and path.name != "README.md")
    return [path for path in texts if GENERATED not in path.read_text("utf-8")]


def test_a_provider_is_written_by_hand_in_two_files() -> None:
    naming = [path for path in hand_written() if SAMPLE in path.read_text("utf-8").lower() or SAMPLE in path.name]
    assert [str(path.relative_to(ROOT)) for path in naming] == [
        f"plugins/module_utils/_dns/providers/{SAMPLE}.py",
        "plugins/module_utils/_dns/providers/registry.py",
    ]
    assert len(naming) <= MOST_FILES


@pytest.mark.parametrize("provider", registry.ALL, ids=lambda entry: entry.name)
def test_a_declaration_is_complete(provider: Provider) -> None:
    own = {variable.name for variable in provider.variables}
    everything = {variable.name for variable in VARIABLES}
    assert own <= everything
    assert set(provider.required) <= everything
    assert set(provider.own_server or ()) <= own
    assert bool(provider.kept and provider.access and provider.actions) is provider.writes
    assert provider.as_result()["by_interface"] is (provider.name == "route53")
    assert bool(provider.update) is provider.protects
    for action in provider.actions:
        assert failed_stage({"action": action}) == "dns"
    for name in (provider.name, *provider.former_names):
        assert registry.provider(name) is provider
        assert name in registry.NAMES


def test_a_name_that_nobody_declares_is_told_with_those_that_are() -> None:
    assert registry.provider("").name == "route53"
    assert registry.find("bind") is None
    with pytest.raises(InputError, match=r"'bind'.*route53, nsupdate.*gitpod_dns_provider"):
        registry.provider("bind")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"msg": "Failed to parse API response: b'<html>\\n" + "x" * 90_000}, "Failed to parse API response"),
        ({"msg": "MODULE FAILURE", "module_stderr": "Traceback\n  File x\nTypeError: list indices"}, "TypeError: list"),
        ({"msg": "", "exception": "Traceback\n  File x\nKeyError: 'errors'"}, "KeyError: 'errors'"),
        ({"msg": "\x1b[2J; API user does not have permission; Status: 401"}, "does not have permission"),
        ({}, "no reason is given"),
    ],
)
def test_a_modules_failure_is_one_line_that_names_host_and_proxy(
    monkeypatch: pytest.MonkeyPatch, result: dict[str, str], words: str
) -> None:
    monkeypatch.setenv("https_proxy", "http://me:pass-w0rd@proxy.example.com:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    found = told(registry.provider("cloudflare"), result)
    assert words in found
    assert "api.cloudflare.com, through the proxy proxy.example.com:3128 (https_proxy)" in found
    assert "gitpod_dns_cloudflare_token" in found
    assert "pass-w0rd" not in found
    assert len(found) < 800
    assert found.isprintable()


def test_what_a_provider_s_module_returns_is_fit_to_be_shown() -> None:
    class Written(runner_dns_write.ActionModule):
        def __init__(self, answer: dict[str, t.Any]) -> None:
            self.answer = answer

        def _execute_module(self, **_call: t.Any) -> dict[str, t.Any]:
            return self.answer

    evil = "\x1b[2J\u202e\x9b\nPLAY RECAP"
    values = {"gitpod_dns_cloudflare_token": "t0ken", "gitpod_dns_zone": "example.com"}
    record = {"name": "gitpod.example.com", "type": "CNAME", "value": "lb.example.com"}
    for answer in ({"failed": True, "msg": evil, "errors": [{evil: evil}]}, {"changed": True, "result": {"a": evil}}):
        found = Written(answer)._kept(registry.provider("cloudflare"), values, record, "present", {})
        shown = json.dumps(found, ensure_ascii=False)
        assert shown.isprintable(), shown
        assert "\\u001b" not in shown
