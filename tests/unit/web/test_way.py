# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked, and through whom, as errors tell it."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import ExchangeError, Limits, Web
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import (
    advice,
    host_of,
    proxy_of,
    shown,
    way,
)

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


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("https://proxy.example:3128/", "https://proxy.example:3128"),
        # The SDK and urllib take it for one of HTTP.
        ("proxy:3128", "http://proxy:3128"),
        ("//proxy:3128", "http://proxy:3128"),
        ("me:s3cret@proxy", "http://proxy"),
        ("http://me:s3%2Fc%40ret@[::1]:3128", "http://[::1]:3128"),
        ("http://me:s3@cret@proxy.example.:3128", "http://proxy.example.:3128"),
    ],
)
def test_a_proxy_is_told_as_the_sdk_takes_it(monkeypatch: pytest.MonkeyPatch, written: str, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", written)
    found = proxy_of(URL)
    assert found is not None
    assert (found.url, found.variable, found.fault) == (url, "HTTPS_PROXY", "")
    assert str(found) == f"{url} (HTTPS_PROXY)"


@pytest.mark.parametrize(
    "written",
    [
        "http://me:s3cret/x@proxy:3128",
        "http://me:s3cret#x@proxy:3128",
        # What stands before the slash looks like a host with its port.
        "http://me:12/s3cret@proxy:3128",
        "http://me:s3cret@proxy:99999",
        "http://me:s3cret@proxy:port",
        "http://me:s3cret@",
        "http://[s3cret",
        "http://me:s3cret@a..b:1",
        f"http://me:s3cret@{'a' * 64}:1",
        "socks5://me:s3cret@proxy:1080",
        "HTTP://me:s3cret@proxy:3128",
        "http:/me:s3cret@proxy:3128",
        " http://me:s3cret@proxy:3128",
        "http://me:s3 cret@proxy:3128",
        "http://me:s3cret@proxy:3128\n",
    ],
)
def test_a_proxy_through_which_nobody_gets_is_known_by_its_url(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("https_proxy", written)
    found = proxy_of(URL)
    assert found is not None
    assert found.fault
    assert (found.url, found.variable) == ("that cannot be read", "https_proxy")
    assert "s3" not in f"{found} {found.fault} {way(URL)} {advice(URL)}"
    assert "%2F" in advice(URL)
    monkeypatch.setenv("no_proxy", "app.gitpod.io")
    assert proxy_of(URL) is None


def test_an_unreadable_proxy_does_not_count_as_a_connection_that_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:s3cret@:99999")
    with pytest.raises(ExchangeError) as caught:
        Web().exchange("https://gitpod.example/", Limits(5, 100))
    assert not caught.value.passing
    assert "the URL of the proxy in https_proxy cannot be read" in caught.value.words
    assert "s3cret" not in caught.value.words
