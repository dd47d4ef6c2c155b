# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks as variables without secrets, and the files."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_adopt import there_in
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.adopted_files import (
    adopted_files,
    adopted_line,
    beside,
    host_file,
)

TEMPLATE = Template(
    {},
    (
        Parameter("A", "Runner ID"),
        Parameter("B", "Exchange Token", no_echo=True),
        Parameter("C", "HTTP Proxy", default=""),
        Parameter("D", "Custom CA Certificate", default=""),
        Parameter("E", "Availability Zones"),
        Parameter("F", "Runner Size", default="small"),
        Parameter("G", "Metrics Password", no_echo=True),
        Parameter("H", "Domain Name"),
        Parameter("I", "Certificate ARN"),
        Parameter("J", "EC2 Instances Subnet"),
        Parameter("K", "No Proxy"),
    ),
)
RUNNER_ID = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01"
TARGET = "lb.elb.amazonaws.com"


def of(**values: str) -> tuple[dict[str, t.Any], list[str]]:
    return variables.of_stack(Stack("eu", parameters=values), TEMPLATE)


def test_values_become_variables() -> None:
    found, notes = of(
        A=RUNNER_ID, E="eu-central-1a, eu-central-1b", D="{{resolve:ssm:/ca}}", F="large", H="eu.example.com"
    )
    assert found == {
        "gitpod_runner_id": RUNNER_ID,
        "gitpod_availability_zones": ["eu-central-1a", "eu-central-1b"],
        "gitpod_custom_ca": "ssm:/ca",
        "gitpod_domain_name": "eu.example.com",
        "gitpod_stack_parameters": {"Runner Size": "large"},
    }
    assert notes == []


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"C": "http://user:s3cr3t@proxy:3128"}, "gitpod_http_proxy"),
        ({"C": "http://user:s3cr3t@[proxy"}, "gitpod_http_proxy"),
        ({"D": "-----s3cr3t"}, "gitpod_custom_ca"),
        ({"H": "{{ lookup('pipe', 's3cr3t') }}"}, "gitpod_domain_name"),
        ({"F": "{% s3cr3t %}"}, "gitpod_stack_parameters"),
    ],
)
def test_what_could_be_secret_or_a_template_is_left_out_and_told(values: dict[str, str], variable: str) -> None:
    found, notes = of(**values)
    assert variable not in found
    assert len(notes) == 1
    assert "s3cr3t" not in str((found, notes))


def test_what_the_inventory_would_refuse_is_left_out() -> None:
    found, notes = of(C="http://proxy:3128", K=".internal", E="eu-central-1a")
    assert found == {}
    assert len(notes) == 3
    assert all("the stack keeps its value" in note for note in notes)


def test_hidden_values_are_left_out() -> None:
    assert of(B="s3cr3t", G="s3cr3t", A="****") == ({}, [])


def test_which_stacks_are_runners() -> None:
    outputs = {"LoadBalancerDNS": "x", "EnvironmentRoleArn": "y"}
    assert variables.is_candidate(Stack("a", outputs=outputs))
    assert variables.is_candidate(Stack("a", parameters={"X": "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01"}))
    assert not variables.is_candidate(Stack("a", outputs={"LoadBalancerDNS": "x"}, parameters={"X": "y"}))
    assert variables.is_runner(TEMPLATE)
    assert not variables.is_runner(Template({}, TEMPLATE.parameters[:5]))


def alias(name: str, evaluate: bool = True) -> Record:
    return Record(name, "A", alias=TARGET, alias_zone="Z", evaluate=evaluate)


def test_records() -> None:
    both = [alias("eu.example.com"), alias("*.eu.example.com")]
    assert variables.of_records("eu.example.com", TARGET, [("Z1", False, both)]) == (
        {"gitpod_dns_provider": "route53"},
        [],
    )
    cname = [Record(name, "CNAME", (f"{TARGET}.",), 60) for name in ("eu.example.com", "*.eu.example.com")]
    found, notes = variables.of_records("eu.example.com", TARGET, [("Z1", False, []), ("Z2", True, cname)])
    assert found == {
        "gitpod_dns_provider": "route53",
        "gitpod_dns_record_type": "cname",
        "gitpod_dns_ttl": 60,
        "gitpod_dns_private_zone": True,
        "gitpod_dns_hosted_zone_id": "Z2",
    }
    assert notes == []
    _found, notes = variables.of_records("eu.example.com", TARGET, [("Z1", False, [alias("eu.example.com", False)])])
    assert len(notes) == 2
    found, notes = variables.of_records("eu.example.com", TARGET, [("Z1", False, [])])
    assert found == {"gitpod_dns_provider": "manual"}
    assert notes


def test_files() -> None:
    runners = [
        {
            "stack": "gitpod",
            "region": "eu-west-1",
            "variables": {"gitpod_vpc_id": "vpc-1", "gitpod_region": "eu-west-1"},
        },
        {"stack": "gitpod", "region": "us-east-1", "variables": {"gitpod_region": "us-east-1"}, "notes": ["a\nb: c"]},
        {"stack": "other", "region": "us-east-1", "variables": {"gitpod_account_id": "012345678901"}},
    ]
    files = {entry["path"]: entry["content"] for entry in adopted_files(runners)}
    assert sorted(files) == [
        "host_vars/gitpod-eu-west-1.yml",
        "host_vars/gitpod-us-east-1.yml",
        "host_vars/other.yml",
        "hosts.yml",
    ]
    one = yaml.safe_load(files["host_vars/gitpod-eu-west-1.yml"])
    assert one == {"gitpod_region": "eu-west-1", "gitpod_runner_name": "gitpod", "gitpod_vpc_id": "vpc-1"}
    assert yaml.safe_load(files["host_vars/gitpod-us-east-1.yml"])["gitpod_runner_name"] == "gitpod"
    assert yaml.safe_load(files["host_vars/other.yml"]) == {"gitpod_account_id": "012345678901"}
    assert list(yaml.safe_load(files["hosts.yml"])["gitpod_runners"]["hosts"]) == [
        "gitpod-eu-west-1",
        "gitpod-us-east-1",
        "other",
    ]
    assert adopted_files([]) == []


def test_a_line() -> None:
    runner = {"stack": "a", "region": "b", "status": "CREATE_COMPLETE", "variables": {}, "notes": ["\x1b[2J"]}
    assert adopted_line(runner) == "    a in b: without a domain, CREATE_COMPLETE;  [2J"


def files_of(*stacks: str) -> list[dict[str, str]]:
    return adopted_files([{"stack": stack, "region": "eu-west-1", "variables": {"a": stack}} for stack in stacks])


def there(*stacks: str) -> dict[str, str]:
    return {entry["path"]: entry["content"] for entry in files_of(*stacks)}


def test_a_directory_that_was_written_before_is_extended() -> None:
    written, notes = beside(files_of("one", "two"), there("one", "three"), overwrite=False)
    assert notes == []
    assert {entry["path"]: entry["replace"] for entry in written} == {
        "host_vars/one.yml": False,
        "host_vars/two.yml": False,
        "hosts.yml": True,
    }
    (hosts,) = (entry["content"] for entry in written if entry["path"] == "hosts.yml")
    assert yaml.safe_load(hosts) == {"gitpod_runners": {"hosts": dict.fromkeys(["one", "three", "two"])}}
    again, _notes = beside(files_of("one", "two"), {**there("one", "two"), "hosts.yml": hosts}, overwrite=True)
    assert "hosts.yml" not in {entry["path"] for entry in again}, "hosts that others named stay, and nothing is missing"


EDITED = "# ours\neurope:\n  children:\n    gitpod_runners:\n      hosts:\n        one:\n"


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        (EDITED, "hosts.yml is there already and stays as it is; add below gitpod_runners, hosts: two"),
        ("gitpod_runners:\n  hosts: {one: {x: 1}}\n", "add below gitpod_runners, hosts: two"),
        ("gitpod_runners:\n  hosts:\n", "add below gitpod_runners, hosts: one, two"),
        ("[gitpod_runners]\none\n", "is no inventory in YAML; name these hosts in it: one, two"),
        ("a: [", "is no inventory in YAML; name these hosts in it: one, two"),
        (EDITED + "        two:\n", ""),
    ],
)
def test_what_somebody_has_edited_stays_and_what_it_lacks_is_told(hosts: str, told: str) -> None:
    written, notes = beside(files_of("one", "two"), {"hosts.yml": hosts}, overwrite=True)
    assert "hosts.yml" not in {entry["path"] for entry in written}
    assert len(notes) == bool(told)
    assert all(told in note for note in notes)


def test_files_of_hosts_are_replaced_only_when_it_is_asked_for() -> None:
    touched = {**there("one"), "host_vars/one.yml": "gitpod_region: eu-west-1\n"}
    kept, notes = beside(files_of("one"), touched, overwrite=False)
    assert [entry["path"] for entry in kept] == ["hosts.yml"]
    assert notes == ["host_vars/one.yml is there already and stays as it is (gitpod_adopt_overwrite)"]
    replaced, none = beside(files_of("one"), touched, overwrite=True)
    assert ({entry["path"]: entry["replace"] for entry in replaced}, none) == (
        {"host_vars/one.yml": True, "hosts.yml": False},
        [],
    )


def found_in(region: str, runner_id: str, stack: str = "gitpod", **more: str) -> dict[str, t.Any]:
    values = {"gitpod_region": region, "gitpod_runner_id": runner_id, "gitpod_account_id": "012345678901", **more}
    return {"stack": stack, "region": region, "variables": values}


def contents(*runners: dict[str, t.Any], there: dict[str, str] | None = None) -> dict[str, str]:
    return {entry["path"]: entry["content"] for entry in adopted_files(runners, there)}


def test_a_second_region_s_stack_of_the_name_is_a_host_of_its_own() -> None:
    """It neither takes the first one's file nor is left out beside it."""
    first = contents(found_in("eu-west-1", "id-1"))
    assert "host_vars/gitpod.yml" in first
    second = contents(found_in("us-east-1", "id-2"), there=first)
    assert sorted(second) == ["host_vars/gitpod-us-east-1.yml", "hosts.yml"]
    assert yaml.safe_load(second["host_vars/gitpod-us-east-1.yml"])["gitpod_runner_name"] == "gitpod"
    # Also with leave to overwrite, and the first one keeps its name when both are found.
    both = contents(found_in("us-east-1", "id-2"), found_in("eu-west-1", "id-1"), there={**first, **second})
    assert sorted(both) == ["host_vars/gitpod-us-east-1.yml", "host_vars/gitpod.yml", "hosts.yml"]
    written, notes = beside(adopted_files([found_in("us-east-1", "id-2")], first), first, overwrite=True)
    assert {entry["path"] for entry in written} == {"host_vars/gitpod-us-east-1.yml", "hosts.yml"}
    assert notes == []


def test_a_second_account_s_stack_in_the_same_region_is_one_too() -> None:
    there = contents(found_in("eu-west-1", "id-1"), found_in("us-east-1", "id-2"))
    other = contents(found_in("us-east-1", "id-3", gitpod_account_id="999999999999"), there=there)
    assert "host_vars/gitpod.yml" in other, "the name is free"
    more = contents(found_in("us-east-1", "id-4", gitpod_account_id="888888888888"), there={**there, **other})
    assert "host_vars/gitpod-us-east-1-888888888888.yml" in more


def test_a_runner_is_found_again_under_the_name_that_a_person_gave_it() -> None:
    there = {"host_vars/frankfurt.yaml": "gitpod_runner_id: ID-1\ngitpod_region: eu-west-1\n"}
    assert "host_vars/frankfurt.yaml" in contents(found_in("eu-west-1", "id-1"), there=there)
    # Without an ID, which a registration gives, its names tell.
    there = {"host_vars/frankfurt.yml": "gitpod_runner_name: gitpod\ngitpod_region: eu-west-1\n"}
    assert "host_vars/frankfurt.yml" in contents(found_in("eu-west-1", "id-1"), there=there)
    # A file of this playbook's has what Ansible would take for a template marked as data.
    marked = found_in("eu-west-1", "id-1", gitpod_domain_name="{{ b }}")
    content = host_file("frankfurt", marked)
    assert "!unsafe" in content
    assert "host_vars/frankfurt.yml" in contents(marked, there={"host_vars/frankfurt.yml": content})
    # What cannot be read may be its own.
    there = {"host_vars/gitpod.yml": "a: !vault x\n"}
    _written, notes = beside(adopted_files([found_in("eu-west-1", "id-1")], there), there, overwrite=False)
    assert any("host_vars/gitpod.yml is there already" in note for note in notes)


def test_a_host_whose_variables_lie_in_a_folder_gets_no_file_that_nobody_reads(tmp_path: pathlib.Path) -> None:
    """Ansible looks for a folder or a file of just the host's name first, and then for no other (find_vars_files)."""
    folder = tmp_path / "host_vars" / "europe"
    folder.mkdir(parents=True)
    (folder / "vars.yml").write_text("---\ngitpod_region: eu-west-1\ngitpod_runner_id: id-1\n")
    (folder / "vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    (folder.parent / "plain").write_text("gitpod_region: eu-west-1\ngitpod_runner_id: id-2\n")
    (folder.parent / "old.json").write_text('{"gitpod_region": "eu-west-1", "gitpod_runner_id": "id-3"}')
    runners = [found_in("eu-west-1", f"id-{number}", f"stack-{number}") for number in range(1, 5)]
    found = there_in(tmp_path)
    for overwrite in (False, True):
        written, notes = beside(adopted_files(runners, found), found, overwrite)
        kept = [] if overwrite else ["host_vars/plain", "host_vars/old.json"]
        paths = {"host_vars/stack-4.yml", "host_vars/plain", "host_vars/old.json", "hosts.yml"} - set(kept)
        assert {entry["path"] for entry in written} == paths
        told = "host_vars/europe/ is there already and stays as it is; Ansible reads no file of this host beside it"
        assert notes == [
            told,
            *(f"{path} is there already and stays as it is (gitpod_adopt_overwrite)" for path in kept),
        ]
        (hosts,) = (entry["content"] for entry in written if entry["path"] == "hosts.yml")
        assert list(yaml.safe_load(hosts)["gitpod_runners"]["hosts"]) == ["europe", "old", "plain", "stack-4"]


def test_a_stack_that_was_taken_over_keeps_the_name_that_its_tags_have() -> None:
    """Without it, the inventory would name another runner than the tags, and be refused."""
    taken = Stack("by-hand", tags=ownership_tags("eu", RUNNER_ID))
    assert variables.names_of(taken) == {"gitpod_runner_name": "eu", "gitpod_stack_name": "by-hand"}
    assert variables.names_of(Stack("eu", tags=ownership_tags("eu", RUNNER_ID))) == {}
    assert variables.names_of(Stack("eu")) == {"gitpod_stack_take_over": "eu"}
    runner = found_in("eu-west-1", "id-1", "by-hand", **variables.names_of(taken))
    written = yaml.safe_load(contents(runner)["host_vars/by-hand.yml"])
    assert (written["gitpod_runner_name"], written["gitpod_stack_name"]) == ("eu", "by-hand")
