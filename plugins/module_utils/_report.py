# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables and records as text. Pure: data in, lines out."""

from __future__ import annotations

import csv
import io
import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import undeclared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_stages import failed_stage, stages_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

SCHEMA_VERSION = 1
FLEET_COLUMNS = ("region", "runner", "stack", "release", "load balancer", "DNS", "endpoint", "verification")
LONGEST_CELL = 60
RECORD_COLUMNS = ("name", "type", "value", "ttl")
STACK_KEYS = ("name", "id", "status", "status_reason", "creation_time")
CHECK_KEYS = ("id", "status", "summary", "remediation")
# From where a check was made, what was measured, and whether it cannot be seen from there.
VERIFICATION_KEYS = (*CHECK_KEYS, "vantage", "evidence", "unverifiable")
CERTIFICATE_KEYS = ("arn", "status", "not_after", "requested")
# What of an acceptance a report has; of each step all.
ACCEPTANCE_KEYS, ACCEPTANCE_STEP_KEYS = ("accepted", "seconds", "warnings"), ("step", "state", "seconds", "detail")
REGISTRATION_KEYS = ("id", "runner_id", "name", "phase", "version")
STATES = ("failed", "waiting", "unverified", "verified")


def _cell(value: t.Any) -> str:
    text = clean(value if value else "-")
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 3] + "..."


def table(columns: t.Sequence[str], rows: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """A table with a ruler under its head, columns as wide as their widest cell."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[index]) for line in [list(columns), *cells]) for index in range(len(columns))]

    def line(values: t.Sequence[str]) -> str:
        return "  ".join(value.ljust(width) for value, width in zip(values, widths)).rstrip()

    return [line(columns), line(["-" * width for width in widths]), *(line(row) for row in cells)]


def fleet_table(runners: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The table that ends a run, a line a runner sorted by region and runner, and below it what failed."""
    ordered = in_order(runners)
    lines = table(FLEET_COLUMNS, [fleet_row(runner) for runner in ordered])
    for runner in ordered:
        failure = runner.get("failure")
        if failure:
            lines += ["", clean(f"{runner['runner']} failed: {failure.get('task')}")]
            # What is wrong with an inventory is told in several lines.
            lines += [f"  {clean(line)}" for line in str(failure.get("message")).split("\n")]
    return lines


def in_order(runners: t.Iterable[t.Mapping[str, t.Any]]) -> list[t.Mapping[str, t.Any]]:
    """By region, then by name."""
    return sorted(runners, key=lambda runner: (str(runner.get("region")), str(runner.get("runner"))))


def fleet_row(runner: t.Mapping[str, t.Any]) -> dict[str, str]:
    """One runner's cells; what is not known, or was not asked for, is empty."""
    load_balancer, dns, endpoint = (runner.get(key) or {} for key in ("load_balancer", "dns", "endpoint"))
    return {
        "region": str(runner.get("region", "")),
        "runner": str(runner.get("runner", "")),
        "stack": _stack_cell(runner.get("stack") or {}),
        "release": str((runner.get("stack") or {}).get("release_version") or ""),
        "load balancer": ", ".join(str(load_balancer[key]) for key in ("scheme", "state") if load_balancer.get(key)),
        "DNS": next((str(name) for name in dns.get("names") or [] if not str(name).startswith("*")), ""),
        "endpoint": str(endpoint.get("state", "")),
        "verification": _verification_cell(runner),
    }


def _stack_cell(stack: t.Mapping[str, t.Any]) -> str:
    if stack.get("status"):
        return str(stack["status"])
    return f"to {stack['operation']}" if stack.get("operation") else ""


def _verification_cell(runner: t.Mapping[str, t.Any]) -> str:
    checks = (runner.get("verification") or {}).get("checks") or []
    accepted = _accepted(runner.get("acceptance") or {})
    if not checks:
        return accepted or ("not reached" if runner.get("failure") else "")
    failed = [check for check in checks if check["status"] == "fail"]
    count = f"{len(checks)} check{'s' if len(checks) > 1 else ''}"
    told = f"{len(failed)} of {count} failed" if failed else f"passed, {count}"
    return f"{told}; {accepted}" if accepted else told


def _accepted(acceptance: t.Mapping[str, t.Any]) -> str:
    """In a word; empty where there was none, and in check mode."""
    accepted = acceptance.get("accepted")
    return "" if accepted is None else "accepted" if accepted else "not accepted"


def _dns(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The records, and among them those that somebody was asked to add."""
    records = found.get("records") or []
    awaited = list(found.get("awaited_records") or [])
    told = {"names": [str(record["name"]) for record in records], "records": list(records)}
    return {**told, **({"awaited_records": awaited} if awaited else {})} if records else {}


def _certificate(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the stage handed on; empty when it had nothing to find or to request."""
    if not found.get("certificate_arn"):
        return {}
    return _chosen({**found, "arn": found["certificate_arn"]}, CERTIFICATE_KEYS)


def _chosen(source: t.Mapping[str, t.Any] | None, keys: t.Sequence[str]) -> dict[str, t.Any]:
    return {key: source[key] for key in keys if source and source.get(key) is not None}


def runner_summary(
    stages: t.Mapping[str, t.Any], runner: str, region: str, declared: t.Container[str] | None = None
) -> dict[str, t.Any]:
    """What the stages' results say about one runner, as plain data that holds no secrets.

    :param stages: results by the values of `STAGES`, what was started by C(stack_started) and C(endpoint_started), and
        C(failure); each may be empty. Keys are picked by name, so that nothing unexpected reaches a report.
    :param declared: kinds of settings that the inventory lists; C(None) says nothing of next steps.
    """
    stack, dns = stages.get("stack") or {}, stages.get("dns") or {}
    endpoint, verification = stages.get("endpoint") or {}, stages.get("verification") or {}
    failure = stages.get("failure") or {}
    found: dict[str, t.Any] = {
        "schema_version": SCHEMA_VERSION,
        "region": region,
        "runner": runner,
        "stages": stages_of(stages),
        "prerequisites": {"checks": _checks(stages.get("prerequisites") or {})},
        "stack": _stack(stack, stages.get("stack_started") or {}, failure.get("stack") or {}),
        "load_balancer": _chosen(
            stack.get("load_balancer"), ("arn", "dns_name", "canonical_hosted_zone_id", "scheme", "state")
        ),
        "dns": _dns(dns),
        "endpoint": _chosen(endpoint.get("endpoint"), ("id", "state", "service_name", "dns_entries")),
        "certificate": _certificate(stages.get("certificate") or {}),
        "registration": _chosen((stages.get("registration") or {}).get("runner"), REGISTRATION_KEYS),
        "verification": {
            **_chosen(verification, ("healthy", "certificate")),
            **({"checks": _checks(verification, VERIFICATION_KEYS)} if verification.get("checks") else {}),
        },
    }
    acceptance = _acceptance(stages.get("acceptance") or {})
    if acceptance:
        found["acceptance"] = acceptance
    if failure:
        found["failure"] = {**_chosen(failure, ("task", "message")), "stage": failed_stage(failure)}
    found["state"] = state_of(found)
    steps = [] if declared is None else undeclared(declared, found["state"] == "failed")
    return {**found, "next_steps": steps} if steps else found


def state_of(runner: t.Mapping[str, t.Any]) -> str:
    """One word for a runner: C(failed), C(waiting) for an approval or for AWS, C(verified), C(unverified)."""
    healthy = (runner.get("verification") or {}).get("healthy")
    if runner.get("failure") or healthy is False:
        return "failed"
    if any(stage["state"] == "waiting" for stage in runner.get("stages") or []):
        return "waiting"
    accepted = (runner.get("acceptance") or {}).get("accepted")
    return "verified" if healthy is True or (healthy is None and accepted is True) else "unverified"


def _acceptance(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The proof with its steps and their times; empty where none was asked for."""
    if not found.get("steps"):
        return {}
    steps = [_chosen(step, ACCEPTANCE_STEP_KEYS) for step in found["steps"]]
    environment = _chosen(found.get("environment"), ("name", "class", "repository"))
    return {**_chosen(found, ACCEPTANCE_KEYS), "environment": environment, "steps": steps}


def _checks(result: t.Mapping[str, t.Any], keys: t.Sequence[str] = CHECK_KEYS) -> list[dict[str, t.Any]]:
    """Checks by their documented keys."""
    return [_chosen(check, keys) for check in result.get("checks") or result.get("problems") or []]


def _stack(
    stack: t.Mapping[str, t.Any], started: t.Mapping[str, t.Any], seen: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """The stack as it was seen last; a wait that failed saw it later than the task that started it."""
    found = {
        **_chosen(stack, ("operation", "release_version", "outputs", "timeline")),
        # The wait attaches to what the start began.
        **_chosen(started, ("operation",)),
        **_chosen(stack.get("stack"), STACK_KEYS),
        **_chosen(seen, STACK_KEYS),
    }
    if stack.get("operation") == "review":
        found["changes"] = summary(stack.get("changes") or [])
    timeline = found.get("timeline") or []
    if timeline:
        found["duration"] = max(float(entry["end"]) for entry in timeline)
    return found


def external_records(
    domain_name: str, load_balancer_dns_name: str, ttl: int, apex_alias: bool = False
) -> list[dict[str, t.Any]]:
    """The two CNAME records for providers other than Route 53 (guide, Standard DNS Providers).

    :param apex_alias: the domain is the apex of its zone, where only the provider's ALIAS or ANAME record is possible.
    """
    domain = domain_name.lower().rstrip(".")
    target = load_balancer_dns_name.lower().rstrip(".")
    kinds = ("ALIAS" if apex_alias else "CNAME", "CNAME")
    return [
        {"name": name, "type": kind, "value": target, "ttl": ttl} for name, kind in zip((domain, f"*.{domain}"), kinds)
    ]


def record_csv(records: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Records as CSV with a head line (RFC 4180), for tickets and spreadsheets."""
    text = io.StringIO()
    writer = csv.DictWriter(text, RECORD_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _zone_file_line(record: t.Mapping[str, t.Any], width: int) -> str:
    line = f"{str(record['name']) + '.':<{width}}  {record['ttl']}  IN  {record['type']}  {record['value']}."
    # A zone file has no such type; the provider's own interface does.
    return f"; {line}" if record["type"] == "ALIAS" else line


def zone_file_lines(records: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Records in the master file format of RFC 1035, section 5, with absolute names."""
    width = max((len(str(record["name"])) for record in records), default=0) + 1
    return [_zone_file_line(record, width) for record in records]


def record_files(records: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """Records for whoever keeps the zone, as the contents of files by their extension."""
    return {
        "zone": "".join(f"{line}\n" for line in zone_file_lines(records)),
        "csv": record_csv(records),
        "json": json.dumps(list(records), indent=4, sort_keys=True) + "\n",
    }
