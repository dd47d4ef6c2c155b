# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failure of a provider's module in one line: who was asked, and by which way. Pure but for the proxies' variables.

Those modules are others'. What answers in their API's place they show whole, a page of HTML with it, or crash on.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import host_of, way

LONGEST = 400


def told(provider: Provider, result: t.Mapping[str, t.Any]) -> str:
    """What the module says, or how it crashed; of a provider behind an API, with its host and the proxy."""
    words = str(result.get("msg") or "").strip()
    crash = str(result.get("module_stderr") or result.get("exception") or "").strip()
    if crash and (not words or "MODULE FAILURE" in words or "Traceback" in crash):
        last = crash.splitlines()[-1]
        words = f"{provider.actions[0]} could not read what answered ({brief(last)})"
    words = brief(words, LONGEST) or f"The server refused: {brief(result.get('dns_rc_str') or 'no reason is given')}"
    if not provider.api:
        return words
    return (
        f"{words.rstrip('.; ')} ({host_of(provider.api)}, {way(provider.api)}; check {provider.access}, and the proxy)"
    )
