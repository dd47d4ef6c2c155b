# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners for tests of the report, as the stages' results would tell of them."""

from __future__ import annotations

import typing as t

HOSTILE = "<script>document.title='owned'</script>\"'&\x1b[2J|`**x**"
REASON = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."


def timeline(scale: float = 1.0) -> list[dict[str, t.Any]]:
    """Resources of a stack as they take their time in AWS: the cache by far the most."""
    long = [
        ("ServiceNames", "AWS::ServiceDiscovery::PrivateDnsNamespace", 20, 68),
        ("StateCluster", "AWS::MemoryDB::Cluster", 60, 940),
        ("FrontDoor", "AWS::ElasticLoadBalancingV2::LoadBalancer", 110, 300),
        ("EnvironmentProfile", "AWS::IAM::InstanceProfile", 70, 200),
        ("RunnerService", "AWS::ECS::Service", 980, 1240),
        ("ProxyService", "AWS::ECS::Service", 985, 1190),
    ]
    short = [(f"Role{index}", "AWS::IAM::Role", 3 * index, 3 * index + 15) for index in range(20)]
    return [
        {"resource": name, "type": kind, "start": start * scale, "end": end * scale, "status": "CREATE_COMPLETE"}
        for name, kind, start, end in long + short
    ]


def results(region: str, scale: float = 1.0) -> dict[str, t.Any]:
    """Results of the stages of a runner that is verified."""
    name, domain = f"gitpod-{region}", f"{region}.gitpod.example.com"
    target = f"{name}-0123456789abcdef.elb.{region}.amazonaws.com"
    arn = f"arn:aws:cloudformation:{region}:123456789012:stack/{name}/0b9a2f00"
    return {
        "prerequisites": {"checks": [_check("network.zones", "Two Availability Zones.")]},
        "stack_started": {"changed": True, "operation": "create"},
        "stack": {
            "operation": "attach",
            "stack": {"name": name, "id": arn, "status": "CREATE_COMPLETE", "parameters": {"Token": "s3cr3t"}},
            "outputs": {"LoadBalancerDNS": target, "InstanceProfileNameOutput": f"{name}-EnvironmentProfile-1ABC"},
            "load_balancer": {"dns_name": target, "scheme": "internal", "state": "active"},
            "timeline": timeline(scale),
            "invocation": {"module_args": {"secret": "s3cr3t"}},
        },
        "dns": {
            "changed": True,
            "records": [
                {"name": name, "type": "CNAME", "value": target, "ttl": 300} for name in (domain, f"*.{domain}")
            ],
        },
        "verification": {
            "healthy": True,
            "checks": [_check("dns.domain", "The name resolves."), _check("tls.names", "The certificate covers both.")],
        },
    }


def _check(name: str, summary: str) -> dict[str, str]:
    return {"id": name, "status": "pass", "summary": summary, "remediation": ""}


def broken(region: str) -> dict[str, t.Any]:
    """Results of a runner whose stack failed."""
    found = results(region)
    del found["dns"], found["verification"]
    found["stack"]["timeline"][0]["status"] = "CREATE_FAILED"
    found["failure"] = {
        "task": "Wait for the stack",
        "register": "__gitpod_stack_joined",
        "action": "gitpod.enterprise_runner.runner_stack",
        "message": f"The stack gitpod-{region} failed. {REASON}\nCreate the role once, then run again.",
        "stack": {"status": "ROLLBACK_IN_PROGRESS"},
    }
    return found


def hostile() -> dict[str, t.Any]:
    """A runner all of whose texts try to be markup, and whose numbers are none."""
    return {
        "region": HOSTILE,
        "runner": HOSTILE,
        "failure": {"task": HOSTILE, "message": HOSTILE, "stage": HOSTILE},
        "stages": [{"stage": HOSTILE, "state": HOSTILE, "detail": HOSTILE}],
        "prerequisites": {
            "checks": [{"id": HOSTILE, "status": "fail", "summary": HOSTILE, "remediation": HOSTILE}],
        },
        "stack": {
            "id": f"arn:aws:cloudformation:us-east-1:1:stack/{HOSTILE.replace(' ', '')}",
            "status": HOSTILE,
            "outputs": {HOSTILE: HOSTILE},
            "timeline": [
                {"resource": HOSTILE, "type": HOSTILE, "start": "0;background:url(//x)", "end": 9, "status": HOSTILE}
            ],
        },
        "dns": {"names": [HOSTILE], "records": [{"name": HOSTILE, "type": HOSTILE, "value": HOSTILE, "ttl": HOSTILE}]},
        "verification": {"checks": [{"id": HOSTILE, "status": HOSTILE, "summary": HOSTILE, "remediation": HOSTILE}]},
    }
