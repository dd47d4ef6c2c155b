# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners for tests of the report, as the stages' results would tell of them."""

from __future__ import annotations

import typing as t

HOSTILE = "<script>document.title='owned'</script>\"'&\x1b[2J|`**x**"
LONG = "gitpod-enterprise-runner-of-the-international-payments-and-settlements-platform-team-in-production"
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
        _resource(name, kind, start * scale, end * scale, "CREATE_COMPLETE") for name, kind, start, end in long + short
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


def upgrading(region: str) -> dict[str, t.Any]:
    """Results of a runner whose stack AWS is still updating."""
    found = results(region)
    del found["dns"], found["verification"]
    found["stack_started"] = {"changed": True, "operation": "update"}
    found["stack"].update(
        in_progress=True,
        stack={**found["stack"]["stack"], "status": "UPDATE_IN_PROGRESS"},
        timeline=[
            _resource("RunnerTask", "AWS::ECS::TaskDefinition", 4, 8, "UPDATE_COMPLETE"),
            _resource("RunnerService", "AWS::ECS::Service", 9, 140, "UPDATE_IN_PROGRESS"),
        ],
    )
    return found


def wordy(region: str) -> dict[str, t.Any]:
    """Results with everything that a report tells, with names as long as AWS allows and texts without a space."""
    found = results(region)
    service = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
    names = [f"vpce-0123456789abcdef0-abcdefgh-{zone}.{service}.vpce.amazonaws.com" for zone in ("a", "b")]
    endpoint = {"id": "vpce-0123456789abcdef0", "state": "available", "service_name": service, "dns_entries": names}
    found["endpoint"] = {"endpoint": endpoint}
    found["certificate"] = {
        "certificate_arn": f"arn:aws:acm:{region}:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
        "status": "ISSUED",
        "requested": True,
    }
    found["registration"] = {"runner": {"id": "0192f3c8-5b6e-7a10-8c4d-0123456789ab", "name": LONG, "phase": "active"}}
    found["prerequisites"]["checks"] += [
        {"id": "privatelink.private_dns", "status": "warn", "summary": "x" * 90, "remediation": "y" * 90},
        {"id": "stack.quota_load_balancers", "status": "fail", "summary": LONG, "remediation": f"Ask: {LONG}"},
        {"id": "custom_ca.content", "status": "skip", "summary": "No custom CA is named.", "remediation": ""},
    ]
    found["stack"]["outputs"] = {"OutputNameOf" + "AnInstanceProfile" * 4: f"{LONG}-EnvironmentProfile-1ABCDEFGHIJKL"}
    name = "InstanceProfileOfTheInternationalPaymentsTeam"
    found["stack"]["timeline"].append(_resource(name, "AWS::IAM::InstanceProfile", 3, 1200, "CREATE_COMPLETE"))
    return found


def _resource(name: str, kind: str, start: float, end: float, status: str) -> dict[str, t.Any]:
    return {"resource": name, "type": kind, "start": start, "end": end, "status": status}


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
        "acceptance": {"steps": [{"step": HOSTILE, "state": HOSTILE, "seconds": HOSTILE, "detail": HOSTILE}]},
    }
