# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the controller's modules reach it. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.model import Object
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values

GATEWAY = "ansible.platform"
# Without a value, the modules look into their own environment variables and files.
_OPTIONS = ("host", "username", "password", "oauth_token", "validate_certs", "request_timeout")
_OF_CONTROLLER = {"oauth_token": "controller_oauthtoken", "validate_certs": "validate_certs"}
_OF_CONTROLLER |= {"host": "controller_host", "username": "controller_username", "password": "controller_password"}
_OF_CONTROLLER |= {"request_timeout": "request_timeout"}
_OF_GATEWAY = {"oauth_token": "gateway_token", "host": "gateway_hostname", "validate_certs": "gateway_validate_certs"}
_OF_GATEWAY |= {"username": "gateway_username", "password": "gateway_password"}
_OF_GATEWAY |= {"request_timeout": "gateway_request_timeout"}


def collection_of(wanted: Object, values: Values) -> str:
    """The collection whose module makes it: an organization may be the gateway's, its Galaxy credentials not."""
    gateway: str = values["gitpod_controller_organization_collection"] or ""
    own: str = values["gitpod_controller_collection"]
    return gateway if gateway and wanted.kind == "organization" and set(wanted.arguments) == {"name"} else own


def access(collection: str, values: Values) -> dict[str, t.Any]:
    """The options of its modules for that, secrets included; what is not set is left out."""
    names = _OF_GATEWAY if collection == GATEWAY else _OF_CONTROLLER
    found = {names[option]: values[f"gitpod_controller_{option}"] for option in _OPTIONS}
    return {name: value for name, value in found.items() if value is not None}
