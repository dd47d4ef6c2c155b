# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the control node can judge, found at the start: directories to write to, files to read, probe hosts."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import text_of, unreadable, unwritable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import control_node
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.template_file import with_template_body


def told(directory: pathlib.Path, **said: t.Any) -> dict[str, str]:
    values = read("runner-1", str(directory), variables(), said)
    return {problem.variable: problem.summary for problem in control_node.problems(values, {"probe-1"})}


def test_a_library_that_a_later_stage_imports_is_looked_for_at_the_start(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in AWX's default execution environment, which has no dnspython."""
    asking = {"gitpod_resolvers": ["192.0.2.53"], "gitpod_dns_provider": "manual", "gitpod_api_token": "t"}
    assert told(tmp_path, **asking) == {}
    monkeypatch.setattr(control_node, "installed", lambda module: module == "gitpod.v1")
    found = told(tmp_path, **asking)
    assert sorted(found) == ["gitpod_dns_provider", "gitpod_resolvers"]
    assert "dnspython 2.4" in found["gitpod_resolvers"]
    monkeypatch.setattr(control_node, "installed", lambda _module: False)
    assert list(told(tmp_path, gitpod_api_token="t")) == ["gitpod_api_token"]
    # Names in Route 53 that the system resolves need none of them, and no token needs no SDK.
    assert told(tmp_path, gitpod_dns_provider="route53", gitpod_resolvers=[]) == {}
    assert told(tmp_path) == {}


def test_every_library_that_is_looked_for_is_one_that_there_is() -> None:
    assert all(control_node.installed(library.module) for library in control_node.LIBRARIES.values())
    assert not control_node.installed("gitpod_nowhere")
    assert not control_node.installed("gitpod_nowhere.v1")


def test_a_directory_that_is_there_or_can_be_made_is_left_as_it_is(tmp_path: pathlib.Path) -> None:
    assert unwritable(str(tmp_path)) == ""
    assert unwritable(str(tmp_path / "a" / "b" / "c")) == ""
    assert told(tmp_path) == {}
    assert list(tmp_path.iterdir()) == [], "nothing is made by looking"


def test_a_directory_that_cannot_be_made_is_named_with_the_reason(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for directory in ("file", "file/below", "nowhere", "nowhere/below"):
        summary = told(tmp_path, gitpod_artifact_directory=str(tmp_path / directory))
        assert list(summary) == ["gitpod_artifact_directory"], directory
        assert "is not a directory" in summary["gitpod_artifact_directory"]
    assert "too long" in unwritable(str(tmp_path / ("x" * 300)))
    assert unwritable("a\x00b")


def test_a_file_system_that_takes_no_files_is_told_by_trying() -> None:
    assert unwritable("/proc/gitpod-artifacts")
    assert unwritable("/sys/gitpod-artifacts/below")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_of_others_is_named(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o500)
    assert "Permission denied" in unwritable(str(tmp_path / "below"))


def test_files_that_are_read_at_the_end_are_looked_at_at_the_start(tmp_path: pathlib.Path) -> None:
    (tmp_path / "ca.pem").write_text("x", "utf-8")
    assert unreadable(str(tmp_path / "ca.pem")) == ""
    for name in ("gitpod_verify_ca_path", "gitpod_api_ca_path"):
        assert told(tmp_path, **{name: str(tmp_path / "ca.pem")}) == {}
        assert "No such file" in told(tmp_path, **{name: str(tmp_path / "none.pem")})[name]
        assert "it is a directory" in told(tmp_path, **{name: str(tmp_path)})[name]
        assert "and no file" in told(tmp_path, **{name: "/dev/zero"})[name]
    os.mkfifo(tmp_path / "pipe")
    assert "it is a pipe" in unreadable(str(tmp_path / "pipe")), "nobody writes to it, and nobody waits"


def test_a_template_s_file_is_read_whole_or_not_at_all(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "template.json"
    file.write_text("{}\n", "utf-8")
    assert text_of(str(file)) == "{}\n"
    with pytest.raises(OSError, match="larger than 2 bytes"):
        text_of(str(file), 2)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, pathlib.Path("/dev/zero"), tmp_path / "none"):
        with pytest.raises(OSError, match=r"it is a|No such file"):
            text_of(str(path))
        with pytest.raises(AnsibleActionFail, match=f"Could not read the template file {path}"):
            with_template_body({"template_file": str(path)}, lambda _kind, name: name)


def test_an_acceptance_without_any_token_is_told_before_anything_else(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ONA_API_KEY", "GITPOD_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert "API token" in told(tmp_path, gitpod_acceptance=True)["gitpod_acceptance"]
    assert told(tmp_path, gitpod_acceptance=True, gitpod_api_token="token") == {}
    assert told(tmp_path, gitpod_acceptance=False) == {}
    monkeypatch.setenv("GITPOD_API_KEY", "token")
    assert told(tmp_path, gitpod_acceptance=True) == {}


def test_probe_hosts_are_hosts_of_the_inventory(tmp_path: pathlib.Path) -> None:
    assert told(tmp_path, gitpod_verify_probe_hosts=["probe-1"]) == {}
    assert "'prob-1'" in told(tmp_path, gitpod_verify_probe_hosts="probe-1, prob-1")["gitpod_verify_probe_hosts"]


NO_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "AWS_ENDPOINT_URL")
AWS = {"gitpod_region": "eu-central-1"}
PLANE = {"gitpod_api_token": "ona_x", "gitpod_api_endpoint": "https://app.gitpod.io/api"}


@pytest.fixture
def unproxied(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in NO_PROXIES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "url", ["http://me:s3cret/x@proxy:3128", "socks5://proxy:1080", "http://proxy:99999", "http://"]
)
def test_a_proxy_through_which_nobody_gets_is_told_at_once(
    tmp_path: pathlib.Path, unproxied: pytest.MonkeyPatch, url: str
) -> None:
    unproxied.setenv("HTTPS_PROXY", url)
    found = told(tmp_path, **AWS, **PLANE)
    assert list(found) == ["HTTPS_PROXY"]
    assert "s3cret" not in found["HTTPS_PROXY"]
    # Only where somebody would go through it.
    unproxied.setenv("NO_PROXY", ".amazonaws.com")
    assert list(told(tmp_path, **AWS, **PLANE)) == ["HTTPS_PROXY"]
    assert told(tmp_path, **AWS) == {}
    unproxied.setenv("NO_PROXY", ".amazonaws.com,app.gitpod.io")
    assert told(tmp_path, **AWS, **PLANE) == {}
    unproxied.delenv("NO_PROXY")
    unproxied.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert told(tmp_path, **AWS) == {}


def test_readable_proxies_and_those_of_the_task_are_left_alone(
    tmp_path: pathlib.Path, unproxied: pytest.MonkeyPatch
) -> None:
    for url in ("proxy:3128", "http://me:p%2Fw@proxy:3128/", "https://proxy", ""):
        unproxied.setenv("https_proxy", url)
        assert told(tmp_path, **AWS, **PLANE) == {}, url
    unproxied.setenv("https_proxy", "http://[")
    values = read("runner-1", str(tmp_path), variables(), AWS)
    assert [problem.variable for problem in control_node.problems(values, ())] == ["https_proxy"]
    assert control_node.problems(values, (), own_proxies=True) == []


@pytest.mark.parametrize(
    ("environment", "own"),
    [
        (None, False),
        ([], False),
        ([{"PATH": "/bin"}], False),
        ([None, {"https_proxy": "http://proxy:1"}], True),
        ([{"HTTPS_PROXY": ""}], True),
        (["{{ proxies }}"], True),
        ({"http_proxy": "x"}, True),
    ],
)
def test_a_task_has_proxies_of_its_own(environment: t.Any, own: bool) -> None:
    assert control_node.has_own_proxies(environment) is own
