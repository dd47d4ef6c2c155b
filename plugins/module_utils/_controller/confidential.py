# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the controller may know: credential types, and the inputs that a credential is given once. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values

# AWX 24.6.1: the kinds are cloud and net; environment variables may not begin with ANSIBLE_; an input's type is text
# where none is said, which is then shown, so it is said here; a default of an input is not injected.
API_TOKEN: t.Mapping[str, t.Any] = {
    "kind": "cloud",
    "description": "Token of the Gitpod management plane, as GITPOD_API_KEY.",
    "inputs": {
        "fields": [
            {"id": "api_token", "type": "string", "label": "Personal access token", "secret": True},
            {"id": "api_endpoint", "type": "string", "label": "URL of the API, where it is not the default"},
        ],
        "required": ["api_token"],
    },
    # The endpoint is an extra variable besides, which says nothing where it is empty, and so hides no other, as a
    # variable of a group would that of the inventory.
    "injectors": {
        "env": {"GITPOD_API_KEY": "{{ api_token }}", "GITPOD_API_ENDPOINT": "{{ api_endpoint }}"},
        "extra_vars": {"gitpod_api_endpoint": "{{ api_endpoint }}"},
    },
}
EXCHANGE_TOKENS: t.Mapping[str, t.Any] = {
    "kind": "cloud",
    "description": "Exchange tokens by runner, as a file whose path is GITPOD_EXCHANGE_TOKENS_FILE.",
    "inputs": {
        "fields": [
            {
                "id": "tokens",
                "type": "string",
                "label": "Tokens by runner, as JSON or YAML",
                "secret": True,
                "multiline": True,
            },
        ],
        "required": ["tokens"],
    },
    "injectors": {
        "file": {"template.tokens": "{{ tokens }}"},
        "env": {"GITPOD_EXCHANGE_TOKENS_FILE": "{{ tower.filename.tokens }}"},
    },
}
# What a runner's group says of the secrets that those bring, so that each host may have its own all the same. It is in
# the inventory: Ansible reads the group_vars beside a playbook only where that playbook has the play itself, and for
# an imported one, it looks beside the collection's (ansible-core, playbook_executor.py, _included_path).
OF_THE_GROUP: t.Mapping[str, str] = {
    "gitpod_api_token": "{{ lookup('ansible.builtin.env', 'GITPOD_API_KEY') | default(omit, true) }}",
    "gitpod_exchange_token": (
        "{{ (lookup('ansible.builtin.file', lookup('ansible.builtin.env', 'GITPOD_EXCHANGE_TOKENS_FILE')) | from_yaml)"
        ".get(inventory_hostname, omit) if lookup('ansible.builtin.env', 'GITPOD_EXCHANGE_TOKENS_FILE') else omit }}"
    ),
}
# The types that are made, by ID of their credential.
TYPES: t.Mapping[str, t.Mapping[str, t.Any]] = {"api_token": API_TOKEN, "exchange_tokens": EXCHANGE_TOKENS}
TITLES = {"api_token": "API token", "exchange_tokens": "exchange tokens", "aws": "AWS", "galaxy": "Galaxy"}
OF_THE_CONTROLLER = {"aws": "Amazon Web Services", "galaxy": "Ansible Galaxy/Automation Hub API Token"}
# The variable without which there is nothing to give it.
NEEDS = {
    "api_token": "gitpod_controller_api_token",
    "exchange_tokens": "gitpod_controller_exchange_tokens",
    "aws": "gitpod_controller_aws_secret_key",
    "galaxy": "gitpod_controller_galaxy_url",
    "notification": "gitpod_controller_notification_configuration",
}


_INPUTS = {
    "api_token": {"api_token": "gitpod_controller_api_token", "api_endpoint": "gitpod_controller_api_endpoint"},
    "aws": {"username": "gitpod_controller_aws_access_key", "password": "gitpod_controller_aws_secret_key"},
    "galaxy": {"url": "gitpod_controller_galaxy_url", "token": "gitpod_controller_galaxy_token"},
}


def given(what: str, values: Values) -> dict[str, t.Any]:
    """What a credential, or the notification template, is given; empty where the variable for it is not set.

    :param what: a key of C(NEEDS).
    :param values: typed, secrets included.
    """
    if not values[NEEDS[what]]:
        return {}
    if what == "notification":
        return dict(values["gitpod_controller_notification_configuration"])
    if what == "exchange_tokens":
        return {"tokens": json.dumps(values["gitpod_controller_exchange_tokens"], sort_keys=True)}
    found = {name: values[variable] for name, variable in _INPUTS[what].items()}
    return {name: value for name, value in found.items() if value not in (None, "")}


# A job of a workflow, or one that failed early, has no artifacts: nothing is read unguarded (AWX refuses that, too).
_HEADLINE = "{{ ((job.artifacts | default({})).gitpod_fleet_result | default({})).headline | default('') }}"
_JOB = "{{ job_friendly_name }} {{ job.name }} #{{ job.id }} "
_OF_JOBS = {
    "started": f"{_JOB}has started: {{{{ url }}}}",
    "success": f"{_JOB}was successful. {_HEADLINE} {{{{ url }}}}",
    "error": f"{_JOB}failed. {_HEADLINE} {{{{ url }}}}",
}
_APPROVAL = "The approval {{ approval_node_name }} "
_OF_APPROVALS = {
    "running": f"{_APPROVAL}waits for somebody: {{{{ workflow_url }}}}",
    "approved": f"{_APPROVAL}was given: {{{{ workflow_url }}}}",
    "timed_out": f"{_APPROVAL}was not given in time: {{{{ workflow_url }}}}",
    "denied": f"{_APPROVAL}was denied: {{{{ workflow_url }}}}",
}


def messages(kind: str) -> dict[str, t.Any]:
    """Every message with each of its parts: what is left out, AWX fills in, and a second run would see a difference.

    :param kind: of the notification; a webhook is sent bodies, which have to be JSON.
    """
    hook = kind == "webhook"
    found: dict[str, t.Any] = {
        event: {"message": text, "body": "{{ job_metadata }}" if hook else None} for event, text in _OF_JOBS.items()
    }
    found["workflow_approval"] = {
        event: {"message": text, "body": f'{{"text": "{text}"}}' if hook else None}
        for event, text in _OF_APPROVALS.items()
    }
    return found
