# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting up AWX or Automation Controller: its variables, declared once.

They are of the controller's world and describe no runner, so they are no part of the runners' inventory contract: the
host on which the playbook C(controller) runs has them.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import declared_runs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable

PREFIX = "gitpod_controller_"
# In the order in which they are made; what comes later needs what comes before.
PARTS = (
    "organization",
    "credentials",
    "execution_environment",
    "project",
    "inventory",
    "notifications",
    "job_templates",
    "workflows",
    "schedules",
)
CREDENTIALS = ("api_token", "exchange_tokens", "aws")

_ACCESS = (
    Variable(
        name="gitpod_controller_state",
        description=(
            "Whether the parts are there, or are removed. Removing goes by the names that the parts have.",
            "The organization stays unless C(gitpod_controller_remove_organization) is set.",
        ),
        choices=("present", "absent"),
        default="present",
    ),
    Variable(
        name="gitpod_controller_parts",
        description="What is set up, or removed. Another part is left alone, and has to be there if these need it.",
        kind="list",
        elements="str",
        choices=PARTS,
        default=list(PARTS),
    ),
    Variable(
        name="gitpod_controller_collection",
        description=(
            "The collection whose modules do it, V(awx.awx) for AWX, V(ansible.controller) for Automation Controller.",
            "It has to be installed where the playbook runs.",
        ),
        choices=("awx.awx", "ansible.controller"),
        default="awx.awx",
    ),
    Variable(
        name="gitpod_controller_organization_collection",
        description=(
            "V(ansible.platform) where organizations are the platform gateway's (Ansible Automation Platform 2.5 and "
            "later). Default is C(gitpod_controller_collection)."
        ),
        choices=("ansible.platform",),
    ),
    Variable(
        name="gitpod_controller_host",
        description=(
            "URL of the controller, https unless it is this machine's or C(gitpod_controller_validate_certs) is false,"
            " because the token goes there. Default is what its modules take from E(CONTROLLER_HOST) or a file."
        ),
        pattern=r"https?://\S+",
        form="a URL such as https://awx.example.com",
    ),
    Variable(
        name="gitpod_controller_oauth_token",
        description=(
            "Token of a user who may administrate the organization. With it each module saves two calls; default is "
            "E(CONTROLLER_OAUTH_TOKEN)."
        ),
        secret=True,
    ),
    Variable(
        name="gitpod_controller_username",
        description="The user, where there is no token. Default is E(CONTROLLER_USERNAME).",
    ),
    Variable(
        name="gitpod_controller_password",
        description="The user's password. Default is E(CONTROLLER_PASSWORD).",
        secret=True,
    ),
    Variable(
        name="gitpod_controller_validate_certs",
        description="Whether the controller's certificate has to be valid.",
        kind="bool",
        default=True,
    ),
    Variable(
        name="gitpod_controller_request_timeout",
        description="Longest wait in seconds for one answer of the controller.",
        kind="int",
        default=30,
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_controller_prefix",
        description="How the names of all that is made begin, but that of the organization.",
        default="Gitpod",
    ),
)

_ORGANIZATION = (
    Variable(
        name="gitpod_controller_organization",
        description="The organization in which all is made. One that exists is used, and its description kept.",
        default="Gitpod",
    ),
    Variable(
        name="gitpod_controller_remove_organization",
        description=(
            "Whether removing removes the organization too, with all that is in it, whoever made that. Only with the "
            "part V(organization)."
        ),
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_controller_galaxy_credentials",
        description=(
            "Names of credentials with which projects of the organization get their collections, in their order. "
            "Without one, and without C(gitpod_controller_galaxy_url), the organization's are left alone."
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_controller_galaxy_url",
        description="URL of a Galaxy server or automation hub, for which a credential is made and put first.",
        pattern=r"https?://\S+",
        form="a URL such as https://galaxy.ansible.com/",
    ),
    Variable(
        name="gitpod_controller_galaxy_token",
        description="Token for that server, where it needs one.",
        secret=True,
    ),
)

_CREDENTIALS = (
    Variable(
        name="gitpod_controller_managed_credentials",
        description=(
            "Credentials that are made, and that every job template has. V(api_token) is the management plane's token, "
            "V(exchange_tokens) a file of the tokens of many runners, V(aws) an AWS access key.",
            "One that exists keeps its secret, and then needs none here.",
        ),
        kind="list",
        elements="str",
        choices=CREDENTIALS,
        default=["api_token"],
    ),
    Variable(
        name="gitpod_controller_credentials",
        description="Names of further credentials that every job template has, such as one of AWS that exists.",
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_controller_update_secrets",
        description=(
            "Whether secrets that the controller has are replaced by those given here. The controller shows none, so "
            "every run then counts as a change."
        ),
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_controller_api_token",
        description="Token of the management plane, for V(api_token).",
        secret=True,
    ),
    Variable(
        name="gitpod_controller_api_endpoint",
        description="URL of the management plane's API, for V(api_token), where it is not the default.",
        pattern=r"https://\S+",
        form="a URL such as https://app.gitpod.io/api",
    ),
    Variable(
        name="gitpod_controller_exchange_tokens",
        description="Exchange tokens by host of the inventory, for V(exchange_tokens).",
        kind="mapping",
        secret=True,
    ),
    Variable(
        name="gitpod_controller_aws_access_key",
        description="ID of the access key, for V(aws).",
    ),
    Variable(
        name="gitpod_controller_aws_secret_key",
        description="The secret access key, for V(aws).",
        secret=True,
    ),
)

_CONTENT = (
    Variable(
        name="gitpod_controller_execution_environment",
        description=(
            "Name of the execution environment. Default is the prefix and V(execution environment), where "
            "C(gitpod_controller_execution_environment_image) makes one, else the organization's own."
        ),
    ),
    Variable(
        name="gitpod_controller_execution_environment_image",
        description="Image for it, with all that the stages need (docs/controller.md). Without it, none is made.",
    ),
    Variable(
        name="gitpod_controller_execution_environment_pull",
        description="When the image is pulled.",
        choices=("always", "missing", "never"),
        default="missing",
    ),
    Variable(
        name="gitpod_controller_execution_environment_credential",
        description="Name of a registry's credential with which it is pulled.",
    ),
    Variable(
        name="gitpod_controller_project",
        description="Name of the project with the playbook files. Default is the prefix and V(project).",
    ),
    Variable(
        name="gitpod_controller_project_type",
        description="Where the project's files come from; V(manual) is a directory on the controller.",
        choices=("git", "archive", "manual"),
        default="git",
    ),
    Variable(
        name="gitpod_controller_project_url",
        description="URL of the repository, or of the archive. Required with the part V(project), unless V(manual).",
    ),
    Variable(
        name="gitpod_controller_project_branch",
        description="Branch, tag or commit of the repository. Default is the repository's.",
    ),
    Variable(
        name="gitpod_controller_project_credential",
        description="Name of a source control credential.",
    ),
    Variable(
        name="gitpod_controller_project_local_path",
        description="Directory below the controller's projects, with V(manual).",
    ),
    Variable(
        name="gitpod_controller_project_update_on_launch",
        description="Whether the project is updated before each job.",
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_controller_project_directory",
        description="Directory of the project in which the playbook files are. Default is its top.",
        pattern=r"[\w.-]+(/[\w.-]+)*",
        form="a relative path such as playbooks/gitpod",
    ),
)

VARIABLES: tuple[Variable, ...] = (
    *_ACCESS,
    *_ORGANIZATION,
    *_CREDENTIALS,
    *_CONTENT,
    *declared_runs.INVENTORY,
    *declared_runs.NOTIFICATIONS,
    *declared_runs.TEMPLATES,
)
BY_NAME: t.Mapping[str, Variable] = {variable.name: variable for variable in VARIABLES}
