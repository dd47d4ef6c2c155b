# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all stages share, and the prerequisites: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import REGION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

SUBNET = r"subnet-[0-9a-f]{8,17}"
SUBNETS_FORM = "subnet IDs such as subnet-0a1e2c4b6d8f01351"
VPC = r"vpc-[0-9a-f]{8,17}"
VPC_FORM = "a VPC ID such as vpc-0a7d5c3e1f9b80246"
GROUP = r"sg-[0-9a-f]{8,17}"
REGION_FORM = "a region's name such as us-east-1"
# As the vendor's download host spells its paths (C(_release.manifest_url)).
CHANNEL = r"[a-z][a-z0-9-]*"
# Route 53's ResourceId has 32 characters at most (botocore 1.44); its console shows it with the prefix, too.
ZONE_ID = r"Z[A-Z0-9]{1,31}"
ZONE_ID_FORM = "the ID of a hosted zone such as Z0123456789ABCDEFGHIJ"


def bare_zone_id(text: str) -> str:
    """A hosted zone's ID without the prefix that Route 53's own answers have."""
    return text.removeprefix("/hostedzone/")


def bare_name(name: str) -> str:
    """A domain name as it is compared and stored: in small letters, without the trailing dot."""
    return name.lower().rstrip(".")


# Environments of a runner of which nothing is said.
EXPECTED_ENVIRONMENTS = 20

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_region",
        description="Region of the runner, such as V(us-east-1). Runners are regional and never move.",
        required=True,
        pattern=REGION,
        form=REGION_FORM,
        normalize=str.lower,
    ),
    Variable(
        name="gitpod_account_id",
        description="Account in which the runner belongs, twelve digits; a call with other credentials is refused.",
        pattern=r"\d{12}",
        form='an account\'s twelve digits in quotes, such as "012345678901"',
        digits=12,
    ),
    Variable(
        name="gitpod_aws_profile",
        description=(
            (
                "Profile of the AWS configuration to use. A profile with a role renews its credentials during long "
                "waits."
            ),
            "It wins over keys that lie in the environment. Without it, the environment's credentials are used.",
        ),
    ),
    Variable(
        name="gitpod_runner_name",
        description=(
            "Name of the runner, also of its stack and in the tags of everything created. Default is the host's name."
        ),
        computed=lambda context: context.host,
        shown_default="the host's name",
    ),
    Variable(
        name="gitpod_runner_id",
        description=(
            "Unique identifier that the management plane gave the runner.",
            "Required for a new stack, unless C(gitpod_api_token) is set.",
        ),
        needed_for_a_new_stack=True,
        pattern=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        form="the UUID under Settings, Runners in the Gitpod dashboard",
    ),
    Variable(
        name="gitpod_api_token",
        description=(
            ("Personal access token for the management plane, of a user with admin access to the organization."),
            (
                "Without C(gitpod_runner_id), the runner is found or created with it, and its exchange token is "
                "minted when its stack has to be created. It then stands for C(gitpod_runner_id), "
                "C(gitpod_exchange_token) and C(gitpod_api_endpoint)."
            ),
        ),
        secret=True,
    ),
    Variable(
        name="gitpod_api_ca_path",
        description=(
            "File of certificate authorities that the management plane is trusted with besides the system's, for a "
            "proxy that inspects TLS."
        ),
        kind="path",
    ),
    Variable(
        name="gitpod_exchange_token",
        description=(
            ("One-time token of the runner, needed whenever a stack is created; it expires after 24 hours."),
            "A stack that exists keeps the token that it has.",
        ),
        needed_for_a_new_stack=True,
        secret=True,
    ),
    Variable(
        name="gitpod_api_endpoint",
        description=(
            "URL of the management plane's API. Without it, the template's default or the stack's present value."
        ),
    ),
    Variable(
        name="gitpod_vpc_id",
        description=(
            "VPC in which the runner is deployed.",
            "Required for a new stack.",
        ),
        needed_for_a_new_stack=True,
        pattern=VPC,
        form=VPC_FORM,
    ),
    Variable(
        name="gitpod_availability_zones",
        description=(
            "Two or three Availability Zones of the region.",
            "Required for a new stack.",
        ),
        kind="list",
        elements="str",
        needed_for_a_new_stack=True,
    ),
    Variable(
        name="gitpod_ec2_subnet_ids",
        description=(
            ("Private subnets for environments, one a zone; they may be non-routable from the internal network."),
            "Required for a new stack.",
        ),
        kind="list",
        elements="str",
        needed_for_a_new_stack=True,
        pattern=SUBNET,
        form=SUBNETS_FORM,
    ),
    Variable(
        name="gitpod_load_balancer_subnet_ids",
        description=(
            "Subnets of the load balancer, one a zone, routable from the users' network.",
            "Required for a new stack.",
        ),
        kind="list",
        elements="str",
        needed_for_a_new_stack=True,
        pattern=SUBNET,
        form=SUBNETS_FORM,
    ),
    Variable(
        name="gitpod_load_balancer_security_group_id",
        description=(
            ("Security group of the load balancer, inbound 80 and 443 from the users and the source control provider."),
            "Without it, the template creates one that is open to V(0.0.0.0/0).",
        ),
        pattern=GROUP,
        form="a security group such as sg-0b3d5f7a9c1e24681",
    ),
    Variable(
        name="gitpod_http_proxy",
        description="URL of the HTTP proxy, such as V(http://proxy.company.com:8080).",
    ),
    Variable(
        name="gitpod_https_proxy",
        description="URL of the HTTPS proxy, such as V(https://proxy.company.com:8080).",
    ),
    Variable(
        name="gitpod_no_proxy",
        description=(
            "Hosts that bypass the proxy.",
            (
                "Required with a proxy, and then V(.internal), V(169.254.0.0/16), V(app.gitpod.io) and "
                "V(.amazonaws.com) are among them, and the host of C(gitpod_api_endpoint) where that is another, such "
                "as V(app.ona.com)."
            ),
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_custom_ca",
        lines=True,
        normalize=lambda text: text.replace("\r\n", "\n"),
        description=(
            (
                "Custom certificate authority as V(ssm:/path:version) or V(secretsmanager:id); the collection adds the"
                " braces. With the version, CloudFormation sees when it is another."
            ),
            (
                "Where the template takes them, also certificates in PEM form, or a URL that the runner reads:"
                " V(s3://bucket/key) or V(https://...)."
            ),
            (
                "Not supported in devcontainers and devcontainer image builds, add the certificate to your images for"
                " these."
            ),
        ),
    ),
    Variable(
        name="gitpod_load_balancer_visibility",
        description=(
            "Whether the load balancer is reachable from within the VPC only, or from the internet.",
            "Required for a new stack.",
        ),
        choices=("internal", "internet-facing"),
        needed_for_a_new_stack=True,
    ),
    Variable(
        name="gitpod_domain_name",
        description=(
            "Domain of the runner, without scheme and wildcard.",
            "Required for a new stack.",
        ),
        needed_for_a_new_stack=True,
        normalize=bare_name,
    ),
    Variable(
        name="gitpod_certificate_arn",
        description=(
            "ARN of the ACM certificate for the domain and its wildcard, in the region of the runner.",
            "Required for a new stack.",
        ),
        needed_for_a_new_stack=True,
    ),
    Variable(
        name="gitpod_tags",
        description="Tags for everything that is created, besides those by which the collection finds it again.",
        kind="mapping",
    ),
    Variable(
        name="gitpod_resolvers",
        description="DNS resolvers that are asked, as V(address) or V(address:port). Without them, the system's are.",
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_artifact_directory",
        description=(
            "Directory on the control node for reports and DNS records. Default is V(gitpod-artifacts) where the run "
            "was started."
        ),
        kind="path",
        computed=lambda context: f"{context.directory}/gitpod-artifacts",
        shown_default="gitpod-artifacts",
    ),
    Variable(
        name="gitpod_hosts",
        description=(
            "Pattern of the hosts that the playbooks of this collection run on, as an extra variable. Default is the "
            "group V(gitpod_runners)."
        ),
        kind="list",
        elements="str",
        default=["gitpod_runners"],
    ),
    Variable(
        name="gitpod_expected_environments",
        description=(
            (
                "Number of environments that there shall be in all, stopped ones among them, because they keep their"
                " address and their disk. The runner's size, free addresses and quotas are judged by it. Default is"
                " V(20)."
            ),
        ),
        kind="int",
        default=EXPECTED_ENVIRONMENTS,
        minimum=1,
        maximum=1000000,
    ),
    Variable(
        name="gitpod_expected_running_environments",
        description=(
            (
                "Number of them that run at one time, against which quotas of virtual processors are counted. Without"
                " it, all of them count, up to the 300 that a small runner is for."
            ),
        ),
        kind="int",
        minimum=1,
        maximum=1000000,
    ),
    Variable(
        name="gitpod_prerequisites_skip",
        description=(
            "IDs of checks, or groups of them, that are not made, such as V(stack.ecs_role) or V(permissions)."
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_prerequisites_warn_only",
        description="IDs of checks, or groups of them, whose failures are warnings.",
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_prerequisites_artifacts",
        description=(
            "Whether the checks are written as JSON and as Markdown, and the IAM policies of the runner and of its "
            "template. The playbook prerequisites does."
        ),
        kind="bool",
        default=False,
    ),
)
