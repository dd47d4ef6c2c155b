# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller hands over: AWX's file of extra variables, through ansible-core's own loader, to typed values.

AWX 24.6.1 writes every answer of a survey, launch-time variable and artifact as C(!unsafe) (tests/awx_file.py);
ansible-core 2.19 and later resolves such a scalar by YAML 1.1 once
more, so that text arrives as a number, a date, a truth value or null.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from ansible.constants import DEFAULT_VAULT_ID_MATCH
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import describe, of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import door, results
from tests.awx_file import awx
from tests.unit.contract.test_contract import GOOD
from tests.unit.values.hostile import DECLARED
from tests.unit.values.test_through_the_stages import TEXTS, TYPED
from tests.unit.values.world import typed_values

ROOT = pathlib.Path(__file__).parents[3]


def read(directory: pathlib.Path, answers: dict[str, t.Any], inventory: dict[str, t.Any] | None = None) -> t.Any:
    return typed_values(directory, inventory or {}, awx(answers))


def answered(name: str, said: str) -> door.Values:
    """One answer through the loader and the door, without an inventory beside it."""
    return door.read("runner-1", "/start", DECLARED, DataLoader().load(awx({name: said})))


def test_the_file_is_the_one_that_awx_writes() -> None:
    assert awx({"a": "b"}) == "!unsafe 'a': !unsafe 'b'\n"
    assert awx({"a": ""}) == "!unsafe 'a': !unsafe ''\n"
    assert awx({"a": "b\nc\n", "d": 1}) == "!unsafe 'a': !unsafe 'b\n\n  c\n\n  '\n!unsafe 'd': 1\n"


def test_ansible_takes_text_for_other_things() -> None:
    """The find itself: where a core no longer does so, this test says that nothing of it is needed any more."""
    said = {"a": "20260115.10", "b": "012345670123", "c": "no", "d": "", "e": "~", "f": "50"}
    found = DataLoader().load(awx(said))
    assert [found[name] for name in "abcdef"] == [20260115.1, 0o12345670123, False, None, None, 50]


def test_every_variable_as_text_with_lines_and_blanks_is_the_typed_value(tmp_path: pathlib.Path) -> None:
    values = read(tmp_path, TEXTS)
    assert [(problem.variable, problem.summary) for problem in values.problems] == []
    assert values.given == TYPED


def test_every_variable_that_is_left_out_is_what_the_inventory_says(tmp_path: pathlib.Path) -> None:
    for nothing in ("", " \r\n", "~", "null"):
        values = read(tmp_path, dict.fromkeys(DECLARED, nothing), TYPED)
        assert values.given == TYPED, nothing
        assert values.problems == ()
    assert read(tmp_path, dict.fromkeys(DECLARED, "")).given == {}


def test_an_answer_wins_over_the_inventory(tmp_path: pathlib.Path) -> None:
    answers = {"gitpod_stack_release_version": "v20260115.10", "gitpod_privatelink_enabled": "no"}
    inventory = {"gitpod_stack_release_version": "v20251203.4", "gitpod_privatelink_enabled": True, "gitpod_vpc_id": ""}
    values = read(tmp_path, answers, inventory)
    assert values.given == {"gitpod_stack_release_version": "20260115.10", "gitpod_privatelink_enabled": False}


def test_what_the_inventory_computes_does_not_see_an_answer_that_was_left_out(tmp_path: pathlib.Path) -> None:
    inventory = {"gitpod_runner_name": "eu", "gitpod_domain_name": "{{ gitpod_runner_name }}.example.com"}
    values = read(tmp_path, {"gitpod_runner_name": "", "gitpod_domain_name": ""}, inventory)
    assert values["gitpod_domain_name"] == "eu.example.com"
    assert read(tmp_path, {"gitpod_runner_name": "us"}, inventory)["gitpod_domain_name"] == "us.example.com"


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("gitpod_stack_release_version", "v20260115.10", "20260115.10"),
        ("gitpod_stack_release_version", '"20260115.10"', "20260115.10"),
        ("gitpod_verify_version", "v20260115.10", "20260115.10"),
        ("gitpod_account_id", "123456789012", "123456789012"),
        ("gitpod_account_id", "'012345670123'", "012345670123"),
        ("gitpod_account_id", "012345678901", "012345678901"),
        ("gitpod_exchange_token", "'1234567890'", "1234567890"),
        ("gitpod_dns_ttl", "50", 50),
        ("gitpod_dns_ttl", " 50\r\n", 50),
        ("gitpod_dns_overwrite", "no", False),
        ("gitpod_dns_overwrite", "1", True),
        (
            "gitpod_ec2_subnet_ids",
            "subnet-0b2f3d5c7e9a12461\r\nsubnet-0b2f3d5c7e9a12462\r\n",
            ["subnet-0b2f3d5c7e9a12461", "subnet-0b2f3d5c7e9a12462"],
        ),
        ("gitpod_tags", "team: x\ncost: 007\n", {"team": "x", "cost": "007"}),
        ("gitpod_tags", "team=x,cost=1.10", {"team": "x", "cost": "1.10"}),
        ("gitpod_tags", '{"team": "x"}', {"team": "x"}),
        ("gitpod_rollout_batches", "1\n25%\n100%", ["1", "25%", "100%"]),
        ("gitpod_rollout_batches", "2", [2]),
        ("gitpod_teardown_confirm", "eu\nus\n", ["eu", "us"]),
        ("gitpod_stack_parameters", "Runner Size: 1.10\nOther: no", {"Runner Size": "1.10", "Other": "no"}),
    ],
)
def test_an_answer_is_what_was_meant(name: str, said: str, meant: t.Any) -> None:
    values = answered(name, said)
    assert values.problems == ()
    assert values[name] == meant


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("gitpod_stack_release_version", "20260115.10", "v20260115.10"),
        ("gitpod_verify_version", "20260115.10", "v20260115.10"),
        ("gitpod_account_id", "012345670123", "quotes"),
        ("gitpod_runner_name", "2026-01-15", "quotes"),
        ("gitpod_runner_name", "no", "quotes"),
        ("gitpod_exchange_token", "12345", "quotes"),
        ("gitpod_api_token", "0x1F", "quotes"),
        ("gitpod_availability_zones", "50", "quotes"),
        ("gitpod_aws_profile", "12:30", "quotes"),
    ],
)
def test_what_the_loader_has_damaged_is_refused_with_what_to_write(name: str, said: str, told: str) -> None:
    (problem,) = answered(name, said).problems
    assert problem.variable == name
    assert told in problem.remediation


def handed_on() -> set[str]:
    """Names under which roles and playbooks hand results to a controller, or register them."""
    found: set[str] = set()

    def walk(content: t.Any) -> None:
        if isinstance(content, dict):
            for key, value in content.items():
                if key == "ansible.builtin.set_stats":
                    found.update(value["data"])
                elif key == "register":
                    found.add(value)
                walk(value)
        elif isinstance(content, list):
            for item in content:
                walk(item)

    for path in [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/**/*.yml")]:
        walk(yaml.safe_load(path.read_text("utf-8")))
    return {name for name in found if name.startswith("gitpod_")}


def test_what_a_workflow_hands_on_is_nobodys_mistake(tmp_path: pathlib.Path) -> None:
    names = handed_on()
    assert {"gitpod_fleet_result", "gitpod_status", "gitpod_runner_result"} <= names
    assert all(map(results.handed_on, names))
    artifact = {"runners": 3, "alerts": {"eu": ["{{ 1 + 1 }}"]}, "bad": None}
    values = read(tmp_path, dict.fromkeys(names, artifact), GOOD)
    assert values.unknown == ()
    assert of_host(values) == []


def test_a_name_that_nobody_declares_is_told_whatever_it_is(tmp_path: pathlib.Path) -> None:
    values = typed_values(tmp_path, GOOD, '{"gitpod_status_fail": 1}')
    (problem,) = of_host(values)
    assert problem.remediation == "Did you mean gitpod_status_fail_on?"
    long = f"gitpod_{'x' * 200_000}"
    assert len(describe("eu", of_host(typed_values(tmp_path, {**GOOD, long: 1}, "")))) < 1_000


def test_a_template_in_an_answer_is_text(tmp_path: pathlib.Path) -> None:
    marker = tmp_path / "ran"
    told = f"{{{{ lookup('ansible.builtin.pipe', 'touch {marker}') }}}}"
    values = read(tmp_path, {name: told for name in DECLARED}, GOOD)
    of_host(values)
    assert values["gitpod_aws_profile"] == told
    assert not marker.exists()


SECRETS = [(DEFAULT_VAULT_ID_MATCH, VaultSecret(b"word"))]


def vaulted(said: str) -> str:
    """The exchange token in a file of the host's variables."""
    encrypted = VaultLib(SECRETS).encrypt(said).decode("ascii")
    return "gitpod_exchange_token: !vault |\n" + "".join(f"  {line}\n" for line in encrypted.splitlines())


def test_a_vaulted_value_without_its_password_names_the_variable(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = [(DEFAULT_VAULT_ID_MATCH, VaultSecret(b"another"))]
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(other))
    (problem,) = typed_values(tmp_path, {}, "", vaulted("token-1")).problems
    assert problem.variable == "gitpod_exchange_token"
    assert "vault" in problem.remediation


@pytest.mark.parametrize("said", ["token-1", "12345", "'012345670123'"])
def test_a_vaulted_value_is_text_whatever_it_looks_like(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(SECRETS))
    values = typed_values(tmp_path, {}, "", vaulted(said))
    assert values.problems == ()
    assert values["gitpod_exchange_token"] == said.strip("'")
    assert values["gitpod_exchange_token"].__class__ is str
