# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every DNS provider, in the order of the docs."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import (
    cloudflare,
    manual,
    nsupdate,
    route53,
    tasks,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError

ALL: tuple[Provider, ...] = (
    route53.PROVIDER,
    nsupdate.PROVIDER,
    cloudflare.PROVIDER,
    manual.PROVIDER,
    tasks.PROVIDER,
)
DEFAULT = route53.PROVIDER
_BY_NAME: t.Mapping[str, Provider] = {name: entry for entry in ALL for name in (entry.name, *entry.former_names)}
# Present names, then former ones.
NAMES = tuple(dict.fromkeys((*(entry.name for entry in ALL), *_BY_NAME)))


def find(name: str) -> Provider | None:
    """The provider of that name, present or former; the default for an empty name."""
    return _BY_NAME.get(name) if name else DEFAULT


def provider(name: str) -> Provider:
    """The same.

    :raises InputError: there is none of that name.
    """
    found = find(name)
    if found is None:
        raise InputError(
            f"There is no DNS provider {name!r}",
            f"The collection knows {', '.join(NAMES)}",
            "Correct gitpod_dns_provider",
        )
    return found


def quoted(which: t.Callable[[Provider], bool], markup: str = "V") -> str:
    """The names of some providers in a sentence of a description."""
    names = [f"{markup}({entry.name})" for entry in ALL if which(entry)]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
