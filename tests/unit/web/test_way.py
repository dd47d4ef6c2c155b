# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked, and through whom, as errors tell it."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import advice, host_of, shown, way

URL = "https://app.gitpod.io/api"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "without a proxy (HTTPS_PROXY is not set)"),
        ({"HTTPS_PROXY": "http://proxy.example.com:3128"}, "through the proxy proxy.example.com:3128 (HTTPS_PROXY)"),
        ({"https_proxy": "http://me:s3cret@p.example"}, "through the proxy p.example (https_proxy)"),
        ({"HTTPS_PROXY": "p.example:3128"}, "through the proxy p.example:3128 (HTTPS_PROXY)"),
        (
            {"HTTPS_PROXY": "http://p:1", "no_proxy": "gitpod.io"},
            "without a proxy (NO_PROXY takes it out of HTTPS_PROXY)",
        ),
        ({"HTTPS_PROXY": "http://["}, "through the proxy that cannot be read (HTTPS_PROXY)"),
        ({"HTTP_PROXY": "http://p:1"}, "without a proxy (HTTPS_PROXY is not set)"),
    ],
)
def test_the_way_names_the_proxy_and_its_variable(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert way(URL) == told
    assert "s3cret" not in advice(URL)
    assert "app.gitpod.io" in advice(URL)


@pytest.mark.parametrize(
    ("url", "host", "told"),
    [
        (URL, "app.gitpod.io", URL),
        (
            "https://me:s3cret@h.example:8443/a?X-Amz-Signature=s3cret#s3cret",
            "h.example:8443",
            "https://h.example:8443/a",
        ),
        ("https://[::1]:80/x", "[::1]:80", "https://[::1]:80/x"),
        ("http://h.example:80/x", "h.example", "http://h.example/x"),
        ("http://[", "", "the URL"),
        ("https://h:port/x", "", "/x"),
        ("", "", "the URL"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, host: str, told: str) -> None:
    assert (host_of(url), shown(url)) == (host, told)
