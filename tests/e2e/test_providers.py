# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and certificates at other providers than Route 53: a real BIND 9 with TSIG, a stand-in for Cloudflare's API
whose zone that BIND answers for, by hand, and the user's tasks."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.asking import Asker
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.zone import zone_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation import operation
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_propagation_info import ARGUMENT_SPEC
from tests.e2e.bind9 import ADDRESS, NAMED, Bind9
from tests.e2e.cloudflare import HOST, PROXY_ADDRESS, Cloudflare
from tests.e2e.in_process import InProcessModule, outcome

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

    from tests.e2e.harness import Controller, Run
    from tests.testbed.client import TestBed

pytestmark = pytest.mark.skipif(
    not NAMED, reason="BIND 9 (named) is not installed; make debian-packages installs it as root"
)
ZONE, FLARE = "corp.example", "flare.example"
TARGET = "gitpod-1a2b3c4d5e6f7a8b.elb.us-east-1.amazonaws.com"
OLD = "gitpod-ffffffffffffffff.elb.us-east-1.amazonaws.com"
PLAY = """---
- name: Certificates and names
  hosts: dns-*
  gather_facts: false
  connection: local
  environment: "{{ test_environment | default({}) }}"
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  roles:
    - gitpod.enterprise_runner.gitpod_certificate
    - gitpod.enterprise_runner.gitpod_dns
"""
# What a runner's teardown has done with its records: seen, removed, and nothing left to do.
REMOVAL = """---
- name: Names go
  hosts: dns-*
  gather_facts: false
  connection: local
  environment: "{{ test_environment | default({}) }}"
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    gitpod_dns_former_records: >-
      {{ gitpod_domain_name | gitpod.enterprise_runner.external_records(
           gitpod_stack_result.load_balancer.dns_name, 0) }}
  tasks:
    - name: See what would go
      ansible.builtin.include_role:
        name: gitpod.enterprise_runner.gitpod_dns
        tasks_from: removal
      vars:
        __gitpod_dns_only_look: true

    - name: Tell it
      ansible.builtin.debug:
        msg: >-
          {{ inventory_hostname }} goes {{ __gitpod_dns_removal.goes | join('+') }}
          stays {{ __gitpod_dns_removal.records | map(attribute='value') | join('+') }}

    - name: Remove them
      ansible.builtin.include_role:
        name: gitpod.enterprise_runner.gitpod_dns
        tasks_from: removal
      vars:
        __gitpod_dns_only_look: false
      loop: [first, again]
      loop_control:
        loop_var: time
"""
TASKS = """---
- name: Keep the records as this company does
  community.general.nsupdate:
    server: 127.0.0.1
    port: "{{ gitpod_dns_server_port }}"
    key_name: "{{ gitpod_dns_key_name }}"
    key_secret: "{{ gitpod_dns_key_secret }}"
    key_algorithm: hmac-sha256
    zone: corp.example
    record: "{{ item.name }}."
    type: "{{ item.type }}"
    ttl: "{{ item.ttl }}"
    value: "{{ item.value }}."
  loop: "{{ gitpod_dns_records }}"
  loop_control:
    label: "{{ item.name }}"
"""


@pytest.fixture(scope="module")
def bind9(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bind9]:
    with Bind9(tmp_path_factory.mktemp("bind9"), [ZONE, FLARE]) as server:
        yield server


@pytest.fixture(scope="module")
def cloudflare(tmp_path_factory: pytest.TempPathFactory, bind9: Bind9) -> Iterator[Cloudflare]:
    with Cloudflare(tmp_path_factory.mktemp("cloudflare"), FLARE, bind9.have) as api:
        yield api


class Colleague:
    """Reads the records that a run wrote down once it waits for them, and adds them to BIND a little later.

    :param temporary: where the waiting module leaves its progress.
    """

    def __init__(self, bind9: Bind9, artifacts: pathlib.Path, temporary: pathlib.Path, runner: str) -> None:
        self._bind9, self._artifacts, self._temporary, self._runner = bind9, artifacts, temporary, runner
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Colleague:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._finished.set()
        self._thread.join(10)

    def _waited_for(self, name: str) -> bool:
        with contextlib.suppress(OSError):
            return any(name in path.read_text("utf-8") for path in self._temporary.rglob("*progress.txt"))
        return False

    def _work(self) -> None:
        done: set[str] = set()
        while not self._finished.wait(0.1):
            for path in self._artifacts.glob(f"{self._runner}*-dns.json"):
                records = json.loads(path.read_text("utf-8") or "[]")
                if path.name in done or not any(self._waited_for(record["name"]) for record in records):
                    continue
                time.sleep(2)
                done.add(path.name)
                for record in records:
                    self._bind9.put(ZONE, record["name"], record["type"], f"{record['value']}.", record["ttl"])


def variables(domain: str, bind9: Bind9, provider: str, **more: t.Any) -> dict[str, t.Any]:
    """One runner whose stack is there already."""
    return {
        "gitpod_region": "us-east-1",
        "gitpod_domain_name": domain,
        "gitpod_stack_result": {
            "load_balancer": {"dns_name": TARGET, "canonical_hosted_zone_id": "Z26RNL4JYFTOTI"},
        },
        "gitpod_dns_provider": provider,
        "gitpod_dns_zone": ZONE,
        "gitpod_dns_server": "127.0.0.1",
        "gitpod_dns_server_port": bind9.port,
        "gitpod_dns_key_name": bind9.key_name,
        "gitpod_dns_key_secret": bind9.secret,
        "gitpod_resolvers": [bind9.address],
        "gitpod_dns_authoritative_servers": [bind9.address],
        "gitpod_dns_wait": 60,
        "gitpod_certificate_timeout": 60,
        **more,
    }


def in_cloudflare(domain: str, bind9: Bind9, api: Cloudflare, token: str, **more: t.Any) -> dict[str, t.Any]:
    """The same, where Cloudflare keeps the domain."""
    own = {"gitpod_dns_zone": FLARE, "gitpod_dns_cloudflare_token": token, "test_environment": api.environment}
    return variables(domain, bind9, "cloudflare", **{**own, **more})


def both(domain: str) -> tuple[str, str]:
    return domain, f"*.{domain}"


def test_every_provider_keeps_both_names_and_validates_certificates(
    controller: Controller, bind9: Bind9, cloudflare: Cloudflare
) -> None:
    """Seven runners in one play; three have a certificate that ACM issues only when BIND answers for it.

    Where the records are written to, those of others are there: addresses, and a CNAME that leads elsewhere.
    """
    controller.testbed.control("POST", "certificates", {"name_server": bind9.address})
    tasks = controller.directory / "dns-tasks.yml"
    tasks.write_text(TASKS, "utf-8")
    playbook = controller.directory / "names.yml"
    playbook.write_text(PLAY, "utf-8")
    bind9.put(ZONE, f"foreign.{ZONE}", "A", "192.0.2.1")
    bind9.put(ZONE, f"signed.{ZONE}", "AAAA", "2001:db8::2")
    bind9.put(ZONE, f"*.signed.{ZONE}", "CNAME", f"{OLD}.")
    cloudflare.have("A", f"eu.{FLARE}", "192.0.2.3")
    cloudflare.have("CNAME", f"*.eu.{FLARE}", OLD, proxied=True)
    revoked = "x" * len(cloudflare.token)
    taken = {"gitpod_certificate_request": True, "gitpod_dns_overwrite": True}
    # Ansible's own directory of the run is below it (ANSIBLE_HOME).
    temporary = controller.directory / "home/.ansible/tmp"
    by_hand = {"gitpod_certificate_request": True}
    hosts = {
        "dns-signed": variables(f"signed.{ZONE}", bind9, "nsupdate", **taken),
        "dns-foreign": variables(f"foreign.{ZONE}", bind9, "nsupdate"),
        "dns-cloudflare": in_cloudflare(f"eu.{FLARE}", bind9, cloudflare, cloudflare.token, **taken),
        "dns-revoked": in_cloudflare(f"us.{FLARE}", bind9, cloudflare, revoked),
        # The zone names a server that nobody reaches.
        "dns-unknown": in_cloudflare(
            f"af.{FLARE}", bind9, cloudflare, cloudflare.token, gitpod_dns_authoritative_servers=[]
        ),
        "dns-manual": variables(f"manual.{ZONE}", bind9, "external", **by_hand),
        "dns-tasks": variables(f"tasks.{ZONE}", bind9, "tasks", gitpod_dns_tasks_file=str(tasks)),
    }
    bad = {"dns-foreign", "dns-revoked", "dns-unknown"}

    def play(*arguments: str) -> Run:
        # The harness names the test bed's resolver for all; here BIND knows the names.
        resolvers = json.dumps({"gitpod_resolvers": [bind9.address]})
        return controller.play(str(playbook), "--forks", "7", "-e", resolvers, *arguments, hosts=hosts)

    def requested() -> int:
        return [call["operation"] for call in controller.testbed.calls()].count("RequestCertificate")

    without_certificate = json.dumps({"gitpod_certificate_request": False})
    checked = play("--check", "--limit", "dns-cloudflare", "-e", without_certificate)
    # One task writes both names.
    assert (checked.code, checked.changed) == (0, 1), checked.output
    assert (cloudflare.writes, controller.writes()) == ([], [])

    with Colleague(bind9, controller.artifacts, temporary, "dns-manual"):
        first = play("-vvv", "--diff")
    assert {host for host, counters in first.recap.items() if counters["failed"]} == bad, first.output
    for domain in (f"signed.{ZONE}", f"eu.{FLARE}", f"manual.{ZONE}", f"tasks.{ZONE}"):
        for record in both(domain):
            assert bind9.values(record, "CNAME") == [f"{TARGET}."], record
    for record in both(f"eu.{FLARE}"):
        assert cloudflare.content(record) == [("CNAME", TARGET, False)], "never behind Cloudflare's own certificate"
    assert cloudflare.hosts == {f"{HOST}:443"}
    assert requested() == 3
    _what_belongs_to_others_stays(first, bind9)
    assert "code: 10000, error: Authentication error" in first.output
    unknown = (
        f"What af.{FLARE} and *.af.{FLARE} points to is not known, so nothing was changed. ns.{FLARE} (127.0.0.1) says"
    )
    assert unknown in first.output
    assert cloudflare.content(f"af.{FLARE}") == []
    _the_records_were_shown_and_the_wait_was_told(first, bind9)
    artifacts = [path.read_text("utf-8") for path in controller.artifacts.iterdir()]
    secrets = (bind9.secret, cloudflare.token, revoked)
    assert [text for text in (first.output, *artifacts) for secret in secrets if secret in text] == []

    written = len(cloudflare.writes)
    second = play("--limit", "dns-signed,dns-cloudflare,dns-manual")
    assert (second.code, second.changed) == (0, 0), second.output
    assert (requested(), len(cloudflare.writes)) == (3, written)


def test_names_go_with_the_provider_that_wrote_them(
    controller: Controller, bind9: Bind9, cloudflare: Cloudflare
) -> None:
    """Only what leads to the load balancer, and nothing where a provider does not answer or refuses."""
    playbook = controller.directory / "removal.yml"
    playbook.write_text(REMOVAL, "utf-8")
    for name in ("went", "unsigned", "badkey"):
        for record in both(f"{name}.{ZONE}"):
            bind9.put(ZONE, record, "CNAME", f"{TARGET}.")
    bind9.put(ZONE, f"*.went.{ZONE}", "CNAME", f"{OLD}.")
    for record in (f"ap.{FLARE}", *both(f"sa.{FLARE}")):
        cloudflare.have("CNAME", record, TARGET)
    cloudflare.have("CNAME", f"*.ap.{FLARE}", TARGET, proxied=True)
    revoked = "x" * len(cloudflare.token)
    badkey = "c2VjcmV0IG9mIHNvbWVib2R5IGVsc2U="
    hosts = {
        "dns-went": variables(f"WENT.{ZONE}", bind9, "nsupdate"),
        "dns-unsigned": variables(f"unsigned.{ZONE}", bind9, "nsupdate", gitpod_dns_key_name=""),
        "dns-badkey": variables(f"badkey.{ZONE}", bind9, "nsupdate", gitpod_dns_key_secret=badkey),
        "dns-silent": variables(f"silent.{ZONE}", bind9, "nsupdate", gitpod_dns_server_port=1),
        "dns-flare": in_cloudflare(f"ap.{FLARE}", bind9, cloudflare, cloudflare.token),
        "dns-revoked": in_cloudflare(f"sa.{FLARE}", bind9, cloudflare, revoked),
    }
    before = len(cloudflare.writes)
    run = controller.play(str(playbook), "--forks", "6", hosts=hosts)
    # The second removal finds nothing to do.
    assert {name: (count["changed"], count["failed"]) for name, count in run.recap.items()} == {
        "dns-went": (1, 0),
        "dns-unsigned": (0, 1),
        "dns-badkey": (0, 1),
        "dns-silent": (0, 1),
        "dns-flare": (1, 0),
        "dns-revoked": (0, 1),
    }, run.output
    for told in (
        f"dns-went goes went.{ZONE} stays {OLD}",
        # Behind its proxy Cloudflare answers with an address of its own.
        f"dns-flare goes ap.{FLARE} stays {PROXY_ADDRESS}",
        f"The records of badkey.{ZONE} and *.badkey.{ZONE} cannot be removed with nsupdate",
        f"What silent.{ZONE} and *.silent.{ZONE} points to is not known, so nothing was removed. 127.0.0.1:1 says",
        "code: 10000, error: Authentication error",
        "gitpod_teardown_dns_provider to manual",
    ):
        assert told in run.output, (told, run.output)
    assert [bind9.values(record, "CNAME") for record in both(f"went.{ZONE}")] == [[], [f"{OLD}."]]
    for name in ("unsigned", "badkey"):
        assert bind9.values(f"*.{name}.{ZONE}", "CNAME") == [f"{TARGET}."]
    assert cloudflare.writes[before:] == ["DELETE"]
    assert cloudflare.content(f"ap.{FLARE}") == []
    assert cloudflare.content(f"*.ap.{FLARE}") == [("CNAME", TARGET, True)]
    assert [secret for secret in (bind9.secret, badkey, cloudflare.token, revoked) if secret in run.output] == []


def _what_belongs_to_others_stays(run: Run, bind9: Bind9) -> None:
    assert bind9.values(f"foreign.{ZONE}", "A") == ["192.0.2.1"]
    assert "192.0.2.1" in run.output
    assert "gitpod_dns_overwrite" in run.output


def _the_records_were_shown_and_the_wait_was_told(run: Run, bind9: Bind9) -> None:
    domain = f"manual.{ZONE}"
    assert f"dns-manual: waiting for the zone's own servers: {bind9.address} does not know" in run.output
    assert "of at most 1:00" in run.output
    files = {path.suffix: path.read_text("utf-8") for path in run.artifacts.glob("dns-manual-dns.*")}
    assert files[".zone"].splitlines()[1].split() == [f"*.{domain}.", "300", "IN", "CNAME", f"{TARGET}."]
    assert files[".csv"].splitlines()[:2] == ["name,type,value,ttl", f"{domain},CNAME,{TARGET},300"]
    assert [record["name"] for record in json.loads(files[".json"])] == [domain, f"*.{domain}"]
    for text in (files[".zone"].splitlines()[0], files[".csv"].splitlines()[1]):
        assert text in run.output
    assert (run.artifacts / "dns-manual-certificate-dns.zone").exists()


def propagation(testbed: TestBed, bind9: Bind9, name: str, **options: t.Any) -> dict[str, t.Any]:
    given = {
        "records": [{"name": name, "value": TARGET}, {"name": f"*.{name}", "value": TARGET}],
        "resolvers": [testbed.dns],
        "authoritative_servers": [bind9.address],
        "timeout": 1.0,
    }
    return outcome(InProcessModule(testbed, ARGUMENT_SPEC, "us-east-1", **{**given, **options}), operation.run)


def test_the_zone_of_a_cname_is_found_above_it(tmp_path: pathlib.Path) -> None:
    """A real resolver answers the SOA question of a CNAME from the target's zone (lego#449)."""
    with Bind9(tmp_path, [ZONE, FLARE], resolves=True) as bind9:
        name, server, asker = f"alias.{ZONE}", Server(ADDRESS, bind9.port), Asker(4)
        bind9.put(ZONE, name, "CNAME", f"nobody.{FLARE}.")
        reply = asker.ask(server, name, "SOA")
        assert (reply.chain, reply.zone) == ((f"nobody.{FLARE}",), FLARE)
        assert zone_of(asker, server, name) == ZONE
        assert zone_of(asker, server, f"below.{name}") == ZONE


@pytest.mark.parametrize(("intent", "done"), [("write", "changed"), ("remove", "removed")])
def test_a_stranger_s_cname_is_neither_replaced_nor_removed_by_word_of_the_targets_servers(
    running_testbed: TestBed, tmp_path: pathlib.Path, intent: str, done: str
) -> None:
    """lego#449: the name's own servers are asked, none of which answers here (port 53); what is unknown is not free."""
    name = f"stranger.{ZONE}"
    with Bind9(tmp_path, [ZONE, FLARE], resolves=True) as resolver:
        for record in (name, f"*.{name}"):
            resolver.put(ZONE, record, "CNAME", f"theirs.{FLARE}.")
        options = {"resolvers": [resolver.address], "authoritative_servers": [], "timeout": 0.5}
        found = propagation(running_testbed, resolver, name, **options, intent=intent, provider="cloudflare")
        allowed = propagation(
            running_testbed, resolver, name, **options, intent=intent, provider="cloudflare", overwrite=True
        )
    assert found["authoritative_servers"] == [f"ns.{ZONE} ({ADDRESS})"], "not those of the target's zone"
    assert found["failed"] is True
    assert f"What {name} and *.{name} points to is not known, so nothing was {done}" in found["msg"]
    assert (found["removable"], found["unknown"]) == ([], [name, f"*.{name}"])
    assert allowed.get("failed", False) is (intent == "remove"), "leave to overwrite is no leave to remove"


def test_who_answers_what_is_told(running_testbed: TestBed, bind9: Bind9) -> None:
    name = f"told.{ZONE}"
    bind9.put(ZONE, f"*.{name}", "CNAME", f"{OLD}.")
    found = propagation(running_testbed, bind9, name)
    assert {entry["name"]: entry["outcome"] for entry in found["answers"]} == {name: "missing", f"*.{name}": "other"}
    assert found["asked_resolvers"] is False, "a resolver that is asked too early remembers that the name was missing"

    bind9.put(ZONE, name, "CNAME", f"{TARGET}.")
    bind9.put(ZONE, f"*.{name}", "CNAME", f"{TARGET}.")
    both = propagation(running_testbed, bind9, name)
    assert [entry["outcome"] for entry in both["answers"]] == ["right", "right", "silent", "silent"]
    assert propagation(running_testbed, bind9, name, resolvers=[bind9.address])["complete"] is True

    newer = f"newer.{ZONE}"
    bind9.put(ZONE, newer, "AAAA", "2001:db8::1")
    told = propagation(running_testbed, bind9, newer, resolvers=[bind9.address])["answers"][0]
    assert (told["outcome"], told["leads_to"]) == ("other", ["2001:db8::1"]), "IPv6 addresses belong to somebody too"

    late = propagation(running_testbed, bind9, name, wait_timeout=1, fail_when_missing=True)
    assert late["failed"] is True
    assert f"{running_testbed.dns} says nothing about {name} (REFUSED)" in late["msg"]
    assert f"{name}. CNAME {TARGET}." in late["msg"]


def test_servers_that_cannot_be_reached_do_not_keep_the_resolvers_from_being_asked(
    running_testbed: TestBed, bind9: Bind9
) -> None:
    name = f"reach.{ZONE}"
    for record in (name, f"*.{name}"):
        bind9.put(ZONE, record, "CNAME", f"{TARGET}.")
    dead = ["127.0.0.1:1"]
    options = {"resolvers": [bind9.address], "authoritative_servers": dead, "timeout": 0.3}
    assert propagation(running_testbed, bind9, name, **options)["complete"] is True
    options["authoritative_servers"] = [*dead, bind9.address]
    assert propagation(running_testbed, bind9, name, **options)["complete"] is True
