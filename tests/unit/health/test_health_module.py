# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a whole: options, waiting, result and documentation."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import json
import re
import shutil
import subprocess
import threading
import typing as t

import pytest
import trustme
import yaml
from health_servers import DnsServer, TlsServer

from ansible_collections.gitpod.enterprise_runner.plugins.doc_fragments import verification
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import asking
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import observe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Connection,
    Request,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observing import watch
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_health_info

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

DOMAIN = "eu.gitpod.example.com"
WILDCARD = f"gitpod-verification.{DOMAIN}"
TARGET = "lb.elb.example.net"
DEFAULTS = {name: option.get("default") for name, option in runner_health_info.ARGUMENT_SPEC.items()}


@dataclasses.dataclass
class Module:
    """The part of AnsibleModule that the operation uses."""

    params: dict[str, t.Any]

    def fail_json(self, msg: str, **_details: object) -> t.NoReturn:
        raise SystemExit(msg)


def parameters(**given: t.Any) -> dict[str, t.Any]:
    return {**DEFAULTS, "domain_name": DOMAIN, **given}


@dataclasses.dataclass(frozen=True)
class Servers:
    """A runner's public path on loopback."""

    dns: DnsServer
    tls: TlsServer
    ca_path: str

    def options(self, **given: t.Any) -> dict[str, t.Any]:
        return parameters(
            resolvers=[f"127.0.0.1:{self.dns.port}"],
            port=self.tls.port,
            ca_path=self.ca_path,
            timeout=5,
            wildcard_label="gitpod-verification",
            **given,
        )


@pytest.fixture
def servers(tmp_path: pathlib.Path) -> Iterator[Servers]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with DnsServer() as dns_server, TlsServer(authority.issue_cert(DOMAIN, f"*.{DOMAIN}")) as tls_server:
        dns_server.add(f"{DOMAIN}.", "CNAME", f"{TARGET}.")
        dns_server.add(f"*.{DOMAIN}.", "CNAME", f"{TARGET}.")
        dns_server.add(f"{TARGET}.", "A", "127.0.0.1")
        yield Servers(dns_server, tls_server, str(tmp_path / "ca.pem"))


def statuses(result: dict[str, t.Any]) -> dict[str, str]:
    return {check["id"]: check["status"] for check in result["checks"]}


def test_a_good_path_through_real_servers(servers: Servers) -> None:
    options = servers.options(expected_load_balancer_dns_name=f"{TARGET.upper()}.")
    result = operation.run(Module(options))
    assert result["healthy"] is True
    assert result["changed"] is False
    assert set(statuses(result).values()) == {"pass"}
    assert result["addresses"] == {DOMAIN: ["127.0.0.1"], WILDCARD: ["127.0.0.1"], TARGET: ["127.0.0.1"]}
    assert [entry["http_status"] for entry in result["connections"]] == [200, 200]
    assert result["resolutions"][0]["canonical_name"] == TARGET
    assert result["certificate"]["subject_alternative_names"] == [f"*.{DOMAIN}", DOMAIN]
    assert result["certificate"]["days_left"] > 0
    assert json.loads(json.dumps(result)) == result


def test_a_bad_path_is_returned_and_fails_only_when_asked_to(servers: Servers) -> None:
    del servers.dns.records[f"*.{DOMAIN}.", "CNAME"]
    result = operation.run(Module(servers.options()))
    assert result["healthy"] is False
    assert statuses(result)["dns.wildcard"] == "fail"
    assert statuses(result)["health.domain"] == "pass"
    with pytest.raises(RunnerError, match=r"1 of 10 checks failed.*\[dns\.wildcard\].*Create the record") as failure:
        operation.run(Module(servers.options(fail_when_unhealthy=True)))
    assert failure.value.details["healthy"] is False
    told = {(check["id"], check["status"], check["summary"]) for check in failure.value.details["checks"]}
    assert told == {(check["id"], check["status"], check["summary"]) for check in result["checks"]}


def test_names_only_makes_no_connection(servers: Servers) -> None:
    result = operation.run(Module(servers.options(checks=["dns"])))
    assert list(statuses(result)) == ["dns.domain", "dns.wildcard", "dns.same_target"]
    assert (result["connections"], result["certificate"]) == ([], None)
    assert servers.tls.server_names == []


def test_the_certificates_alone_ask_for_no_page(servers: Servers) -> None:
    result = operation.run(Module(servers.options(checks=["tls"])))
    assert (result["healthy"], servers.tls.requests) == (True, [])


def test_resolvers_without_dnspython_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "DNSPYTHON_IMPORT_ERROR", "Traceback")
    with pytest.raises(SystemExit, match="dnspython"):
        operation.run(Module(parameters(resolvers=["192.0.2.53"])))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"domain_name": "*.eu.gitpod.example.com"}, "not a domain name"),
        ({"domain_name": "https://eu.gitpod.example.com"}, "not a domain name"),
        ({"domain_name": "localhost"}, "not a domain name"),
        ({"domain_name": "eu..example.com"}, "not a domain name"),
        ({"wildcard_label": "a.b"}, "not one DNS label"),
        ({"path": "_health"}, "not an absolute path"),
        ({"path": "/_health\r\nX-Smuggled: 1"}, "not an absolute path"),
        ({"port": 65536}, "port 65536"),
        ({"timeout": 0}, "timeout"),
        ({"wait_timeout": -1}, "wait_timeout"),
        ({"checks": []}, "checks is empty"),
        ({"resolvers": ["ns.example.com"]}, "not an address"),
        ({"ca_path": "/nonexistent/ca.pem"}, "does not exist"),
    ],
)
def test_wrong_options_are_told_before_anything_is_asked(given: dict[str, t.Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        operation.run(Module(parameters(**given)))


def test_a_file_that_is_no_certificate_is_told(tmp_path: pathlib.Path, servers: Servers) -> None:
    (tmp_path / "empty.pem").write_text("", "utf-8")
    options = {**servers.options(), "ca_path": str(tmp_path / "empty.pem")}
    with pytest.raises(InputError, match="holds no certificate"):
        operation.run(Module(options))


def test_domain_resolvers_and_checks_are_put_in_order() -> None:
    request = operation.request_from(
        parameters(
            domain_name="EU.Gitpod.Example.com.", resolvers=["192.0.2.53", "192.0.2.53:53"], checks=["tls", "dns"]
        )
    )
    assert request.domain == DOMAIN
    assert request.servers == (Server("192.0.2.53"),)
    assert request.checks == ("dns", "tls")


class SideBySide:
    """An observer with threads of its own."""

    def threads(self) -> concurrent.futures.ThreadPoolExecutor:
        return concurrent.futures.ThreadPoolExecutor(4)


class Recovering(SideBySide):
    """An observer whose names appear at the given look."""

    def __init__(self, good_from: int) -> None:
        self.good_from = good_from
        self.looks = 0
        self.lock = threading.Lock()

    def resolve(self, name: str, server: Server | None) -> Answer:
        with self.lock:
            self.looks += name == DOMAIN
        if self.looks < self.good_from:
            return Answer(name, "system", "missing")
        return Answer(name, "system", "found", ("10.0.0.17",))

    def connect(self, name: str, address: str) -> Connection:
        return Connection(name, address, "answered", status=200)


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = 50.0

    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep, lambda: 0.0)

    def sleep(self, seconds: float) -> None:
        self.time += seconds


TODAY = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
NAMES_AND_HEALTH = Request(DOMAIN, checks=("dns", "health"))


def test_waiting_ends_at_the_first_look_without_failure() -> None:
    observer = Recovering(good_from=3)
    verdict = watch(observer, NAMES_AND_HEALTH, 600, FakeTime().clock(), lambda: TODAY)
    assert verdict.healthy
    assert (observer.looks, verdict.waited) == (3, 5.0)


def test_waiting_ends_at_its_limit_with_the_last_verdict() -> None:
    observer = Recovering(good_from=10_000)
    verdict = watch(observer, NAMES_AND_HEALTH, 60, FakeTime().clock(), lambda: TODAY)
    assert not verdict.healthy
    assert verdict.waited == 60
    assert observer.looks < 12
    assert {check.status for check in verdict.checks} == {"fail", "skip"}


def test_without_waiting_there_is_one_look() -> None:
    observer = Recovering(good_from=2)
    assert not watch(observer, NAMES_AND_HEALTH, 0, FakeTime().clock(), lambda: TODAY).healthy
    assert observer.looks == 1


def test_names_and_addresses_are_looked_at_side_by_side() -> None:
    """Each step waits until the other name has come to it too: one after the other would break the barrier."""
    barrier = threading.Barrier(2, timeout=5)

    class Meeting(SideBySide):
        def resolve(self, name: str, server: Server | None) -> Answer:
            barrier.wait()
            return Answer(name, "system", "found", ("10.0.0.17",))

        def connect(self, name: str, address: str) -> Connection:
            barrier.wait()
            return Connection(name, address, "answered", status=200)

    seen = observe(Meeting(), NAMES_AND_HEALTH)
    assert [item.name for item in seen.connections] == [DOMAIN, WILDCARD]


def test_the_documentation_states_the_same_options() -> None:
    documented = {
        **yaml.safe_load(runner_health_info.DOCUMENTATION)["options"],
        **yaml.safe_load(verification.ModuleDocFragment.DOCUMENTATION)["options"],
    }
    keys = ("type", "default", "choices", "elements", "required")
    stated = {name: {key: option[key] for key in keys if key in option} for name, option in documented.items()}
    assert stated == runner_health_info.ARGUMENT_SPEC


def test_the_documentation_names_every_key_of_the_result(servers: Servers) -> None:
    documented = yaml.safe_load(runner_health_info.RETURN)
    result = operation.run(Module(servers.options()))
    assert set(documented) == set(result) - {"changed"}
    assert set(documented["certificate"]["contains"]) == set(result["certificate"])
    for key in ("checks", "resolutions", "connections"):
        assert set(documented[key]["contains"]) == set(result[key][0])


def test_each_look_asks_a_random_label() -> None:
    found = {operation.request_from(parameters()).wildcard for _look in range(20)}
    assert len(found) == 20
    assert all(re.fullmatch(rf"gitpod-[0-9a-f]{{8}}\.{re.escape(DOMAIN)}", name) for name in found)


def test_the_systems_authorities_are_trusted_without_ca_path(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = {**servers.options(), "ca_path": None}
    assert statuses(operation.run(Module(unknown)))["tls.certificate"] == "fail"
    # Where OpenSSL looks for the system's own.
    monkeypatch.setenv("SSL_CERT_FILE", servers.ca_path)
    assert statuses(operation.run(Module(unknown)))["tls.certificate"] == "pass"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to name the files of a directory")
def test_a_directory_of_authorities_is_trusted(servers: Servers, tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "authorities"
    directory.mkdir()
    command = ["openssl", "x509", "-noout", "-hash", "-in", servers.ca_path]
    digest = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    shutil.copy(servers.ca_path, directory / f"{digest}.0")
    options = {**servers.options(), "ca_path": str(directory)}
    assert statuses(operation.run(Module(options)))["tls.certificate"] == "pass"


def test_the_answers_latency_is_measured(servers: Servers) -> None:
    checks = {check["id"]: check for check in operation.run(Module(servers.options()))["checks"]}
    (answer,) = checks["health.domain"]["evidence"]["answers"].values()
    assert 0 < answer["milliseconds"] < 5000


def test_what_is_waited_for_is_left_as_progress(servers: Servers, tmp_path: pathlib.Path) -> None:
    del servers.dns.records[f"*.{DOMAIN}.", "CNAME"]
    progress = tmp_path / "progress.txt"
    options = servers.options(wait_timeout=1, progress_path=str(progress))
    result = operation.run(Module(options))
    assert result["waited"] >= 1
    assert progress.read_text("utf-8").startswith("1 of 10 checks do not pass yet: dns.wildcard (")
    passing = tmp_path / "passing.txt"
    operation.run(Module(servers.options(wait_timeout=5, progress_path=str(passing), required=["dns.domain"])))
    assert not passing.exists(), "a check that does not count is not waited for"
