# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides for newcomers say: variables, playbooks, inventories and settings that there are."""

from __future__ import annotations

import configparser
import os
import pathlib
import re
import shlex
import types
import typing as t

import pytest
import trustme
import yaml
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import connection_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.fleet import fleet_problems
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import MISSING
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.costs import PRICES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import catalogue
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import DOCUMENTED, variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import Web

ROOT = pathlib.Path(__file__).parents[3]
NAMES = ("first-runner", "accounts", "private", "corporate", "existing", "questions", "troubleshooting")
TEXTS = {name: (ROOT / f"docs/{name}.md").read_text("utf-8") for name in NAMES}
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = [(name, kind, block) for name, text in TEXTS.items() for kind, block in _BLOCK.findall(text)]
COMMANDS = [
    (name, line)
    for name, kind, block in BLOCKS
    if kind == "sh"
    for line in block.splitlines()
    if line.startswith("ansible-playbook")
]
# Names that begin as variables do: the group of the runners, and roles.
OTHERS = {"gitpod_runners", *(path.name for path in (ROOT / "roles").iterdir())}
VARIABLES = {*variables(), *(variable.name for declared in DOCUMENTED.values() for variable in declared)}
Host = t.Mapping[str, t.Any]


def hosts(inventory: t.Mapping[str, t.Any], group: str = "gitpod_runners") -> dict[str, Host]:
    """Each host of an inventory in YAML with the variables of its groups."""
    found: dict[str, Host] = {}

    def walk(content: t.Mapping[str, t.Any], above: Host) -> None:
        own = {**above, **(content.get("vars") or {})}
        for name, given in (content.get("hosts") or {}).items():
            found[name] = {**found.get(name, {}), **own, **(given or {})}
        for child in (content.get("children") or {}).values():
            walk(child or {}, own)

    walk(inventory[group], {})
    return found


def problems_of(name: str, given: Host) -> list[str]:
    """What is wrong with the variables, as the run would tell; what a new stack needs may be missing in an extract."""
    filled = {key: "secret" if "lookup(" in str(value) else value for key, value in given.items()}
    values = read(name, "/", variables(), {"gitpod_region": "us-east-1", **filled})
    return [f"{problem.variable}: {problem.summary}" for problem in of_host(values) if problem.kind != MISSING]


@pytest.mark.parametrize(("name", "block"), [(name, block) for name, kind, block in BLOCKS if kind == "yaml"])
def test_each_inventory_and_each_extract_of_one_is_right(name: str, block: str) -> None:
    content = yaml.safe_load(block)
    assert content, name
    found = hosts(content) if "gitpod_runners" in content else {"runner": content}
    assert {host: problems for host, given in found.items() if (problems := problems_of(host, given))} == {}
    told = fleet_problems({host: {"gitpod_runner_name": host, **given} for host, given in found.items()})
    assert not any(told.values())


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_each_command_runs_a_playbook_with_variables_that_there_are(name: str, command: str) -> None:
    _program, playbook, *arguments = shlex.split(command, comments=True)
    assert (ROOT / f"playbooks/{playbook.rpartition('.')[2]}.yml").is_file(), name
    for option, text in zip(arguments, arguments[1:], strict=False):
        if option == "-e":
            given = yaml.safe_load(text) if text.startswith("{") else dict([text.split("=", 1)])
            assert problems_of("runner", given) == []


@pytest.mark.parametrize("name", NAMES)
def test_variables_that_a_guide_names_exist(name: str) -> None:
    named = set(re.findall(r"(?<![\w.])gitpod_[a-z0-9_]+(?![\w*])", TEXTS[name]))
    assert named - OTHERS - VARIABLES == set()


@pytest.mark.parametrize(("name", "block"), [(name, block) for name, kind, block in BLOCKS if kind == "ini"])
def test_settings_can_be_read(name: str, block: str) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(block)
    assert parser.sections(), name


def test_a_block_that_is_executed_says_its_language() -> None:
    assert {kind for _name, kind, _block in BLOCKS} == {"text", "sh", "yaml", "ini"}
    bare = [block for _name, kind, block in BLOCKS if kind == "text"]
    # What a run prints.
    assert all(block.startswith(("FAIL ", "update stack")) for block in bare)


def test_what_endpoints_cost_is_what_the_gate_tells() -> None:
    one = PRICES["privatelink"].monthly
    interfaces = sum(service.kind == catalogue.INTERFACE for service in catalogue.SERVICES)
    gateways = len(catalogue.SERVICES) - interfaces
    assert f"about {one:.2f} for each zone" in TEXTS["questions"]
    assert f"about {interfaces * one:.0f} for each zone ({interfaces} of them)" in TEXTS["questions"]
    assert f"{2 * (interfaces + 1) * one:.2f} USD in two zones" in TEXTS["private"]
    assert f"{interfaces} interface and {gateways} gateway ones" in TEXTS["private"]


SETTINGS = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")


@pytest.mark.parametrize("name", SETTINGS)
def test_calls_to_aws_trust_whom_the_guide_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As amazon.aws reads its options: from the environment where a task names none (its modules.py)."""
    for other in SETTINGS:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "/etc/ca-bundle.pem")
    spec = aws_argument_spec()
    from_environment = {
        option: next((os.environ[one] for one in declared["fallback"][1] if os.environ.get(one)), None)
        for option, declared in spec.items()
        if "fallback" in declared
    }
    params = {**{option: declared.get("default") for option, declared in spec.items()}, **from_environment}
    _region, _endpoint, arguments = connection_of(types.SimpleNamespace(params=params, fail_json=pytest.fail))
    assert arguments["verify"] == ("/etc/ca-bundle.pem" if name == "AWS_CA_BUNDLE" else True)
    assert f"export {name}=~/ca-bundle.pem" in TEXTS["corporate"] or name not in ("AWS_CA_BUNDLE", "SSL_CERT_FILE")


def test_what_the_collection_asks_itself_trusts_the_file_that_the_guide_names(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca-bundle.pem"
    trustme.CA(organization_name="Example Company").cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    trusted = [
        dict(part[0] for part in found["subject"])["organizationName"] for found in Web()._context.get_ca_certs()
    ]
    assert trusted == ["Example Company"]
