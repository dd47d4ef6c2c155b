# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_verify_version",
        description="Version that the runner is to have; another one is a warning. Empty accepts any.",
        normalize=lambda text: text.removeprefix("v"),
        form="v20260115.10",
    ),
    Variable(
        name="gitpod_verify_required",
        description=(
            (
                "Identifiers of the checks that have to pass, as shell patterns such as V(health.*). One that nothing"
                " could see has not passed; a warning has. Failures of other checks are only reported."
            ),
            "When empty, no check may fail.",
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_verify_from_control_node",
        description="Whether the control node looks too, as a client outside the VPC.",
        kind="bool",
        default=True,
    ),
    Variable(
        name="gitpod_verify_probe_hosts",
        description=(
            "Hosts of the inventory in the runner's VPC that look from inside, each with its own resolver, over SSH "
            "or the connection that the inventory gives them, such as V(amazon.aws.aws_ssm). They need nothing but "
            "Python."
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_verify_probe_instances",
        description=(
            "EC2 instances in the runner's VPC that look from inside, by ID: the probe is sent by Systems Manager's Run"
            " Command, without SSH, a session or a bucket, and changes nothing there. They need its agent, Linux and"
            " Python 3.7 or newer."
        ),
        kind="list",
        elements="str",
        pattern=r"m?i-[0-9a-f]{8,17}",
        form="an instance ID such as i-0123456789abcdef0",
    ),
    Variable(
        name="gitpod_verify_probe_instance_tags",
        description=(
            "Tags of such instances, in place of IDs or besides: each instance that runs in the runner's VPC and has"
            " all of these tags looks."
        ),
        kind="mapping",
    ),
    Variable(
        name="gitpod_verify_probe_ca_path",
        description="File of certificate authorities on probe hosts and instances; empty trusts their systems'.",
    ),
    Variable(
        name="gitpod_verify_accepted_ranges",
        description=(
            "Networks whose addresses are right whatever the load balancer's visibility demands, such as public "
            "ranges that a company routes inside."
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_verify_port",
        description="HTTPS port of the load balancer.",
        kind="int",
        default=443,
        minimum=1,
        maximum=65535,
    ),
    Variable(
        name="gitpod_verify_http_port",
        description="HTTP port of the load balancer, looked at where it listens on port 80.",
        kind="int",
        default=80,
        minimum=0,
        maximum=65535,
    ),
    Variable(
        name="gitpod_verify_ca_path",
        description="File of certificate authorities to trust; empty trusts the system's.",
        kind="path",
    ),
    Variable(
        name="gitpod_verify_validate_certs",
        description="Whether the certificate's chain and names must be valid.",
        kind="bool",
        default=True,
    ),
    Variable(
        name="gitpod_verify_timeout",
        description="Longest time in seconds for one connection.",
        kind="int",
        default=10,
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_verify_wait",
        description=(
            "Longest wait in seconds of each look, until no check fails; all probe hosts share one. The checks of the"
            " runner at the management plane have C(gitpod_verify_phase_wait) instead."
        ),
        kind="int",
        default=600,
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_verify_phase_wait",
        description=(
            "Longest wait in seconds until the management plane has the runner active; V(0) takes the first look's "
            "word. A runner whose exchange token expired, was used before or was refused fails at once."
        ),
        kind="int",
        default=600,
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
)
