# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of the built site finds what is broken, and nothing else."""

from __future__ import annotations

import pathlib

import pytest

from docs.docsite import check
from docs.docsite.others import address, setting


def site(directory: pathlib.Path, body: str) -> list[str]:
    (directory / "guides").mkdir()
    (directory / "guides/dns.html").write_text('<h1 id="dns">DNS</h1><span id="apex"></span>', "utf-8")
    (directory / "picture.png").write_bytes(b"")
    (directory / "index.html").write_text(f'<section id="here">{body}</section>', "utf-8")
    return check.problems(directory)


@pytest.mark.parametrize(
    "body",
    [
        '<a href="guides/dns.html#apex">a</a>',
        '<a href="guides/dns.html">a</a><img src="picture.png">',
        '<a href="#here">a</a><a href="">b</a>',
        '<a href="https://example.com/nowhere#x">a</a><a href="mailto:a@example.com">b</a>',
        '<a href="guides/dns.html?highlight=x#dns">a</a>',
        '<pre>{{ shown as an example }}</pre><span class="ansible-option-default">[]</span>',
    ],
)
def test_what_is_right_is_no_problem(tmp_path: pathlib.Path, body: str) -> None:
    assert site(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="guides/gone.html">a</a>', "guides/gone.html leads nowhere"),
        ('<a href="guides/">a</a>', "guides/ leads nowhere"),
        ('<img src="gone.png">', "gone.png leads nowhere"),
        ('<a href="#gone">a</a>', "#gone names an anchor that is not there"),
        ('<a href="guides/dns.html#here">a</a>', "guides/dns.html#here names an anchor that is not there"),
        (
            '<p class="x ansible-option-default"><code><span>{{ gitpod_region }}</span></code></p>',
            "a template is shown as a default: {{ gitpod_region }}",
        ),
    ],
)
def test_what_is_broken_is_told_once(tmp_path: pathlib.Path, body: str, said: str) -> None:
    assert site(tmp_path, body + body) == [f"index.html: {said}"] * (2 if "template" in said else 1)


def test_a_site_without_pages_is_a_problem(tmp_path: pathlib.Path) -> None:
    assert check.problems(tmp_path) == [f"There is no page in {tmp_path}."]


def test_what_others_document_is_at_their_site_and_ours_has_to_be_here() -> None:
    base = "https://docs.ansible.com/ansible/latest"
    assert address("ansible_collections.amazon.aws.ec2_vpc_subnet_module") == (
        f"{base}/collections/amazon/aws/ec2_vpc_subnet_module.html"
    )
    assert address("callback_plugins") == f"{base}/plugins/callback.html"
    assert address("ansible_collections.gitpod.enterprise_runner.gone_module") == ""
    assert address("anything") == ""
    assert setting("ANSIBLE_CACHE_PLUGIN").endswith("/config.html#envvar-ANSIBLE_CACHE_PLUGIN")
    assert setting("AWS_REGION") == ""
