# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_acceptance",
        description=(
            "Whether each batch of C(site.yml) and of an upgrade, its canary first, ends with"
            " a proof: an environment is created on the runner, looked at, and removed again.",
            "The playbook C(acceptance.yml) and the tag C(acceptance) do so without it. Needs an API token. Default is"
            " false.",
        ),
        kind="bool",
        computed=lambda _context: False,
        shown_default="`false`",
    ),
    Variable(
        name="gitpod_acceptance_environment_class",
        description=(
            "Environment class of the environment, by its name or its ID. Without it, the first of V(Small),"
            " V(Regular), V(Large) and V(Extra Large) that is enabled, else any enabled one, without GPU and spot ones"
            " as long as there are others."
        ),
    ),
    Variable(
        name="gitpod_acceptance_repository",
        description=(
            "Repository that the environment is made of, as an https URL; the token's user must be logged in at its"
            " host. Without it, the environment is empty."
        ),
    ),
    Variable(
        name="gitpod_acceptance_timeout",
        description="Longest wait in seconds until the environment runs.",
        kind="int",
        default=900,
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_acceptance_url",
        description=(
            "Whether the environment's URL is looked at through the load balancer, which this machine has to reach."
            " Default is V(gitpod_verify_from_control_node)."
        ),
        kind="bool",
        fallback=("gitpod_verify_from_control_node",),
    ),
    Variable(
        name="gitpod_acceptance_url_timeout",
        description="Longest wait in seconds until the URL of an environment that runs answers.",
        kind="int",
        default=120,
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_acceptance_cleanup_timeout",
        description=(
            "Longest wait in seconds until the environment has stopped, and as long again until it is deleted."
        ),
        kind="int",
        default=300,
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
)
