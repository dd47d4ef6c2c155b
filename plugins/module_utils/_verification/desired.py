# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a probe host looks at the network, as options of M(gitpod.enterprise_runner.runner_health_info). Pure."""

from __future__ import annotations

import typing as t

Options = dict[str, t.Any]
# Where the vendor's template listens for plain HTTP.
HTTP_PORT = 80


def probe(values: t.Mapping[str, t.Any], seen: t.Mapping[str, t.Any], elapsed: float, check_mode: bool) -> Options:
    """Options for one probe host, which asks its own resolver.

    :param seen: what AWS and the management plane say of the runner.
    :param elapsed: seconds since then: time passes for all, so later probes wait for what is left.
    """
    balancer, endpoint = seen.get("load_balancer") or {}, seen.get("endpoint") or {}
    # A runner that will not come up is told at once.
    wait = 0 if check_mode or seen.get("pointless") else max(0, values["gitpod_verify_wait"] - int(elapsed))
    found: Options = {
        "domain_name": values["gitpod_domain_name"],
        "expected_load_balancer_dns_name": balancer.get("dns_name") or "",
        "load_balancer_visibility": balancer.get("scheme"),
        "accepted_ranges": values["gitpod_verify_accepted_ranges"],
        "port": values["gitpod_verify_port"],
        # Port 80 has to answer where the load balancer listens on it.
        "http_port": values["gitpod_verify_http_port"] if HTTP_PORT in (balancer.get("ports") or ()) else 0,
        "management_plane_name": endpoint.get("private_dns_name") if values["gitpod_privatelink_enabled"] else "",
        "management_plane_addresses": endpoint.get("addresses") or [],
        "validate_certs": values["gitpod_verify_validate_certs"],
        "timeout": values["gitpod_verify_timeout"],
        "required": values["gitpod_verify_required"],
        "wait_timeout": wait,
        "inside_vpc": True,
        "ca_path": values.get("gitpod_verify_probe_ca_path"),
    }
    return {option: value for option, value in found.items() if value is not None}
