# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has found and done on one host, from the reads of the fleet and the results of the host's own tasks. Pure.

A stage with nothing to do was left out; what it would have returned, the look has seen.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import NEXT_STEPS

Raw = t.Mapping[str, t.Any]
# The fleet's reads, as the plays register them: each with C(runners), results by host.
LOOK, BATCH, GATE, WAIT, VERIFICATION, ACCEPTANCE = (
    "__gitpod_prerequisites_look",
    "__gitpod_batch",
    "__gitpod_gate",
    "__gitpod_wait",
    "__gitpod_verification",
    "__gitpod_acceptance",
)
# The look at an upgrade and the decision on it, likewise.
UPGRADE_LOOK, UPGRADE = "__gitpod_upgrade_look", "__gitpod_upgrade"
# What a batch has done in one process, by stage, and that a host's own tasks came as far as the records.
TOGETHER: t.Mapping[str, str] = {"stack": "__gitpod_batch_stack", "dns": "__gitpod_batch_dns"}
WAITED = "__gitpod_waited"
FAILURE = "gitpod_site_failure_result"
TEARDOWN = "gitpod_teardown_result"
# Stage to the name under which the host's own task registers its result.
REGISTERED: t.Mapping[str, str] = {
    "prerequisites": "gitpod_prerequisites_result",
    "certificate": "gitpod_certificate_result",
    "registration": "gitpod_registration_result",
    "stack": "gitpod_stack_result",
    "stack_started": "gitpod_stack_started",
    "dns": "gitpod_dns_result",
    "network_endpoints": "gitpod_network_endpoints_result",
    "network_endpoints_started": "gitpod_network_endpoints_started",
    "endpoint": "gitpod_privatelink_result",
    "endpoint_started": "gitpod_privatelink_started",
    "verification": "gitpod_verify_result",
    "failure": FAILURE,
    **{stage: f"gitpod_runner_settings_{stage}_result" for stage in NEXT_STEPS},
}
# How the look calls what a report calls the endpoint.
SEEN: t.Mapping[str, str] = {
    "registration": "registration",
    "network_endpoints": "network_endpoints",
    "stack": "stack",
    "dns": "dns",
    "endpoint": "privatelink",
} | {stage: stage for stage in NEXT_STEPS}


# What set_stats hands to a controller; a workflow gives it to the next job as extra variables.
# None of them is registered under its name, because extra variables win over what a task registers.
ARTIFACTS = frozenset({"gitpod_fleet_result", "gitpod_plan_result", "gitpod_status", "gitpod_needed"})
# How the names end under which tasks register what was found and done, the user's own tasks among them.
_ENDINGS = ("_result", "_started")


def handed_on(name: str) -> bool:
    """Whether a variable is a run's result and nobody's setting."""
    return name in ARTIFACTS or name.endswith(_ENDINGS)


def _dictionary(value: t.Any) -> dict[str, t.Any]:
    """A registered result; a task that was skipped left none."""
    return {} if not isinstance(value, dict) or value.get("skipped") else value


def registered(variables: Raw, name: str) -> dict[str, t.Any]:
    """What a task of this run has registered; empty where it was left out or skipped."""
    return _dictionary(variables.get(name))


def of_fleet(variables: Raw, read: str, host: str) -> dict[str, t.Any]:
    """What a read of the fleet has of a host."""
    return _dictionary(_dictionary(_dictionary(variables.get(read)).get("runners")).get(host))


def of_this_batch(variables: Raw, name: str) -> dict[str, t.Any]:
    """What a task that did well has registered in this batch: a run may import a playbook twice."""
    found, batch = _dictionary(variables.get(name)), _dictionary(variables.get(BATCH)).get("id")
    return found if batch and found.get("batch") == batch and not found.get("failed") else {}


def together(variables: Raw, stage: str, host: str) -> dict[str, t.Any]:
    """What the batch's one process did of a host's stage; empty where it left that to the host's own task."""
    return _dictionary(_dictionary(of_this_batch(variables, TOGETHER[stage]).get("runners")).get(host))


def latest(variables: Raw, host: str) -> dict[str, t.Any]:
    """What is known of a host since the batch began, or since before the first: C(problems) and C(look) among it."""
    return of_fleet(variables, BATCH, host) or of_fleet(variables, LOOK, host)


def look(variables: Raw, host: str) -> dict[str, t.Any]:
    """The latest look at a host."""
    return _dictionary(latest(variables, host).get("look"))


def deployed(variables: Raw, host: str) -> dict[str, t.Any]:
    """What the host's stack has, or gets, of what other stages need and the inventory does not say, by variable.

    The inventory leaves it out, and the existing stack keeps it; or it gives it to the template by the template's own
    names (gitpod_stack_parameters). Without a look of this run that is not known.
    """
    reads = (look(variables, host), of_fleet(variables, UPGRADE_LOOK, host))
    verified = _dictionary(of_fleet(variables, VERIFICATION, host).get("seen"))
    return next((found for read in (*reads, verified) if (found := _dictionary(read.get("deployed")))), {})


def stages(variables: Raw, host: str) -> dict[str, dict[str, t.Any]]:
    """The result of every stage, by the names of C(REGISTERED); empty where there is none.

    :param variables: the host's, registered results among them.
    """
    found = {stage: _dictionary(variables.get(name)) for stage, name in REGISTERED.items()}
    # Who steps through a run (--step) may have left the own task out.
    found["stack_started"] = found["stack_started"] or together(variables, "stack", host)
    waited, seen = of_fleet(variables, WAIT, host), _dictionary(look(variables, host).get("seen"))
    for stage in ("stack", "network_endpoints", "endpoint"):
        # What was started is told apart from what was waited for: the wait itself changes nothing.
        # What the host's own task waited for came after what the batch waited for.
        found[stage] = found[stage] or _dictionary(waited.get(stage)) or found[f"{stage}_started"]
    # A stage that is run alone has looked the stack up itself.
    found["stack"] = found["stack"] or _dictionary(found["dns"].get("looked_up_stack"))
    if found["dns"].get("planned"):
        # Who keeps the records elsewhere has not come to it.
        found["dns"] = {}
    for stage, name in SEEN.items():
        found[stage] = found[stage] or _dictionary(seen.get(name))
    # What the look found stays as it is; what the gate made of it is the host's failure.
    known = latest(variables, host)
    problems = {"problems": known["problems"]} if known.get("problems") else {}
    found["prerequisites"] = {**(_dictionary(known.get("look")) or found["prerequisites"]), **problems}
    found["verification"] = found["verification"] or of_fleet(variables, VERIFICATION, host)
    found["verified"] = _dictionary(of_fleet(variables, VERIFICATION, host).get("seen"))
    found["acceptance"] = of_fleet(variables, ACCEPTANCE, host)
    found["failure"] = failure(variables, host, found)
    return found


def went(variables: Raw) -> bool:
    """Whether a teardown of this run took anything of the host's runner away."""
    return bool(_dictionary(variables.get(TEARDOWN)).get("goes"))


def failure(variables: Raw, host: str, found: t.Mapping[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    """What failed on a host, in the shape of C(gitpod_site_failure_result); empty when nothing did."""
    if found["failure"]:
        return found["failure"]
    refusal = refused(variables, host)
    if refusal and not_begun(variables, host):
        return {"task": "Begin the batch", "action": "runner_batch", "message": refusal}
    if refusal:
        return {"task": "Check the prerequisites", "action": "runner_gate", "message": refusal}
    foreseen = of_fleet(variables, UPGRADE, host)
    if foreseen.get("failure"):
        return {"task": "Foresee the upgrade", "action": "runner_upgrade", "message": str(foreseen["failure"])}
    verdict = found["verification"]
    if verdict.get("failed"):
        return {"task": "Verify the runner", "action": "runner_verdict", "message": str(verdict.get("msg") or "")}
    proof = found["acceptance"]
    if proof.get("failed"):
        return {"task": "Accept the runner", "action": "runner_acceptance", "message": str(proof.get("msg") or "")}
    return {}


def refused(variables: Raw, host: str) -> str:
    """Why the gate, or the batch's own look, lets a host not go on; empty when it may."""
    for read in (BATCH, GATE):
        decided = _dictionary(variables.get(read))
        message = (decided.get("refused") or {}).get(host) or (decided.get("held") or {}).get(host)
        if message:
            return str(message)
    return ""


def not_begun(variables: Raw, host: str) -> bool:
    """Whether nothing is wrong with a host, but others' failures hold it back."""
    return any(host in (_dictionary(variables.get(read)).get("held") or {}) for read in (BATCH, GATE))
