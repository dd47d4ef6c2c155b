# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove the public path of a runner, as a client sees it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runner_health_info
short_description: Prove that a runner can be reached under its domain
version_added: 0.1.0
description:
  - Looks at a runner as its users do. Resolves its domain and a name below its wildcard, connects to every address with
    TLS, judges the certificate, and asks for the health page.
  - Each finding is a check of its own, with a stable identifier, a sentence that says what was seen, and one that says
    what to do.
  - Calls no AWS API and needs no credentials. What it sees is true for the machine that it runs on, so delegate it to a
    machine in the users' network, or in the VPC when the load balancer is internal.
  - Needs nothing but Python's standard library and the host's own resolver, so it also runs on any Linux host.
  - Covers the section "Verification and Testing" of the vendor's setup guide, and the network part of "Private VPC
    Endpoints".
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
requirements:
  - "dnspython >= 2.4, only with O(resolvers)"
options:
  domain_name:
    description:
      - The runner's domain, as given to the stack, without C(*.).
    type: str
    required: true
  port:
    description:
      - The load balancer's TLS port.
    type: int
    default: 443
  path:
    description:
      - The path of the health page. It is healthy when it answers 200.
    type: str
    default: /_health
  resolvers:
    description:
      - DNS servers to ask, each of them, by address - V(192.0.2.53), V(192.0.2.53:5353), V(2001:db8::53) or
        V([2001:db8::53]:5353).
      - By default the system's resolver is asked, hosts file included.
      - Name resolvers on both sides of a split-horizon zone to see both.
    type: list
    elements: str
    default: []
  expected_load_balancer_dns_name:
    description:
      - The stack's output C(LoadBalancerDNS). When given, both names must lead to the addresses of this one, so that a
        record left over from an earlier stack is found.
      - Without it, the two names are only compared with each other.
    type: str
  ca_path:
    description:
      - A PEM file, or a directory of hashed certificates, on the machine that the module runs on, with the authorities
        to trust instead of the system's.
    type: path
  validate_certs:
    description:
      - Whether the certificate has to be good. When V(false), its chain is not checked, and its names and its end are
        at worst warnings.
    type: bool
    default: true
  timeout:
    description:
      - Seconds to wait for each DNS answer and for each step of a connection, all of it - the connection, the handshake
        of TLS, the answer's head.
    type: int
    default: 10
  checks:
    description:
      - What to check. Names are resolved in any case.
    type: list
    elements: str
    choices:
      - dns
      - tcp
      - tls
      - health
      - private_dns
    default:
      - dns
      - tcp
      - tls
      - health
      - private_dns
  http_port:
    description:
      - A further port of the load balancer that has to accept TCP connections; the vendor's template listens on 80.
      - V(0) does not look.
    type: int
    default: 0
  load_balancer_visibility:
    description:
      - What the load balancer is. Then the names' addresses have to be private (V(internal)) or public
        (V(internet-facing)), and an internal one that cannot be reached from outside the VPC is no failure but
        "not verifiable from here".
    type: str
    choices:
      - internal
      - internet-facing
  accepted_ranges:
    description:
      - Networks whose addresses are right whatever O(load_balancer_visibility) demands, such as public ranges that a
        company routes inside.
    type: list
    elements: str
    default: []
  inside_vpc:
    description:
      - Whether the module runs on a machine in the runner's VPC, so that what it cannot see is a failure.
    type: bool
    default: false
  management_plane_name:
    description:
      - The name that the private DNS of the endpoint answers for, such as V(app.gitpod.io). Without it, private DNS is
        not looked at.
    type: str
  management_plane_addresses:
    description:
      - The endpoint's private addresses, as M(gitpod.enterprise_runner.runner_verification_info) has
        them; inside the VPC, O(management_plane_name) has to resolve to some of them and to nothing else.
    type: list
    elements: str
    default: []
  wildcard_label:
    description:
      - The label that is put before the domain to test the wildcard. No record of its own may exist for it.
      - By default a random one, so that no resolver remembers an answer from before.
    type: str
  fail_when_unhealthy:
    description:
      - Whether a failed check fails the task. The result is the same otherwise.
    type: bool
    default: false
extends_documentation_fragment:
  - gitpod.enterprise_runner.verification
  - gitpod.enterprise_runner.attributes
attributes:
  check_mode:
    support: full
    details: Nothing is changed in any mode.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
notes:
  - When the certificate is not trusted, the health page is asked for all the same, so that its answer is known too. The
    request carries no credentials.
  - The system's resolver keeps timeouts of its own, whatever O(timeout) says.
  - Proxies are not used.
  - New DNS records take 5 to 60 minutes to be seen everywhere, so give O(wait_timeout) an hour after they are made.
seealso:
  - module: gitpod.enterprise_runner.runner_verification_info
"""

EXAMPLES = r"""
- name: Look at the runner from here
  gitpod.enterprise_runner.runner_health_info:
    domain_name: eu.gitpod.example.com
  register: health

- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ health.checks | selectattr('status', 'equalto', 'fail') | map(attribute='remediation') }}"

- name: Wait for new DNS records and the runner's services, from a machine in the users' network
  gitpod.enterprise_runner.runner_health_info:
    domain_name: eu.gitpod.example.com
    expected_load_balancer_dns_name: internal-LoadBa-1A2B3C-123456789.eu-central-1.elb.amazonaws.com
    ca_path: /etc/pki/corporate-ca.pem
    wait_timeout: 3600
    fail_when_unhealthy: true
  delegate_to: bastion.example.com

- name: See both sides of a split-horizon zone
  gitpod.enterprise_runner.runner_health_info:
    domain_name: eu.gitpod.example.com
    resolvers:
      - 10.30.0.2
      - 192.0.2.53:5353
    checks:
      - dns
"""

RETURN = r"""
healthy:
  description: Whether no check failed and at least one could be made. Warnings do not count.
  returned: always
  type: bool
  sample: true
checks:
  description: The verdicts, in a fixed order.
  returned: always
  type: list
  elements: dict
  contains:
    # result of a check: written by docs/reference.py
    id:
      description:
        - One of V(dns.domain), V(dns.wildcard), V(dns.same_target), V(dns.visibility), V(tcp.https),
          V(tcp.http), V(tls.certificate), V(tls.names), V(tls.expiry), V(tls.protocol),
          V(health.domain), V(health.wildcard) and V(private_dns.resolution), as
          C(docs/verification.md) explains them.
      type: str
    status:
      description:
        - V(pass), V(warn) where it may work, V(fail) where it cannot, V(skip) where nothing was
          proven.
      type: str
    summary:
      description: What was seen.
      type: str
    remediation:
      description: What to do about it, or where to look; empty when there is nothing to do.
      type: str
    evidence:
      description: What was measured; empty where that says no more than the summary.
      type: dict
    unverifiable:
      description:
        - Whether it was skipped because it cannot be seen from here, only from elsewhere or with a
          permission.
      type: bool
    docs:
      description: Where the documentation explains the check.
      type: str
    # end of result of a check
addresses:
  description: The addresses of each name that was asked for, from all resolvers together; of more than 64 the first.
  returned: always
  type: dict
  sample:
    eu.gitpod.example.com:
      - 10.30.0.17
      - 10.30.1.201
resolutions:
  description: What each resolver answered.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name asked for.
      type: str
    resolver:
      description: The resolver, V(system) for the system's.
      type: str
    outcome:
      description: V(found), V(missing), V(empty), V(refused), V(timeout) or V(failed).
      type: str
    addresses:
      description: IPv4 and IPv6 addresses; of more than 64 the first.
      type: list
      elements: str
    canonical_name:
      description: The name that CNAME records led to; empty without any.
      type: str
connections:
  description: What each address did under each name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name sent as server name (SNI) and as host.
      type: str
    address:
      description: The address connected to.
      type: str
    outcome:
      description:
        - V(answered), V(connected) (when O(checks) has no V(health)), V(refused), V(timeout), V(no_route),
          V(tls_failed), V(tls_too_old), V(no_answer) or V(failed).
      type: str
    trust:
      description: V(trusted), V(untrusted), V(unchecked), or empty without a TLS connection.
      type: str
    protocol:
      description: The TLS version, such as V(TLSv1.3).
      type: str
    http_status:
      description: The HTTP status; V(null) without an answer.
      type: int
certificate:
  description: The certificate that was shown, the one that ends first if there were several; V(null) if none was.
  returned: always
  type: dict
  contains:
    subject_alternative_names:
      description: The DNS names that it covers.
      type: list
      elements: str
    issuer:
      description: Who issued it.
      type: str
    not_after:
      description: When it ends, in ISO 8601 and UTC.
      type: str
    days_left:
      description: Whole days until then; negative afterwards.
      type: int
    protocol:
      description: The TLS version that it was shown over.
      type: str
  sample:
    subject_alternative_names:
      - '*.eu.gitpod.example.com'
      - eu.gitpod.example.com
    issuer: countryName=US, organizationName=Amazon, commonName=Amazon RSA 2048 M02
    not_after: '2027-02-01T23:59:59+00:00'
    days_left: 196
    protocol: TLSv1.3
seen_from:
  description: Name of the machine that looked, as its system has it.
  returned: always
  type: str
  sample: ip-10-30-0-8
waited:
  description: Seconds from the first look to the end of the last one.
  returned: always
  type: float
  sample: 0.4
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import CHECKS

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "domain_name": {"type": "str", "required": True},
    "port": {"type": "int", "default": 443},
    "path": {"type": "str", "default": "/_health"},
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "expected_load_balancer_dns_name": {"type": "str"},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 10},
    "wait_timeout": {"type": "int", "default": 0},
    "checks": {"type": "list", "elements": "str", "choices": list(CHECKS), "default": list(CHECKS)},
    "http_port": {"type": "int", "default": 0},
    "load_balancer_visibility": {"type": "str", "choices": ["internal", "internet-facing"]},
    "accepted_ranges": {"type": "list", "elements": "str", "default": []},
    "inside_vpc": {"type": "bool", "default": False},
    "management_plane_name": {"type": "str"},
    "management_plane_addresses": {"type": "list", "elements": "str", "default": []},
    "required": {"type": "list", "elements": "str", "default": []},
    "wildcard_label": {"type": "str"},
    "progress_path": {"type": "path"},
    "fail_when_unhealthy": {"type": "bool", "default": False},
}


def main() -> None:
    """Options in, one call, result out."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    _modules.run(module, operation.run)


if __name__ == "__main__":
    main()
