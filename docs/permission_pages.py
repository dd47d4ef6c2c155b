# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/permissions.md says of each playbook and stage, and the policies to copy below docs/policies."""

from __future__ import annotations

import json
import pathlib
import typing as t

MEANINGS = {
    "partition": "`aws`, `aws-us-gov` or `aws-cn`",
    "region": "`gitpod_region`; of several regions, a policy each, or `*`",
    "account": "the AWS account of the runner",
    "stack name": "`gitpod_stack_name`, which is the runner's name unless it is set; `*` for all runners of an account",
    "stack name in lower case": "the same in lower case, as CloudFormation begins the names of buckets",
    "service role": "`gitpod_stack_service_role_arn`",
    "hosted zone": "ID of the zone that holds the domain, or `*`",
    "domain": "`gitpod_domain_name`",
    "template bucket": "`gitpod_stack_template_bucket`",
    "report bucket": "the bucket of `gitpod_report_upload`",
    "report prefix": "its prefix; without one, the ARN ends with the bucket's `/*`",
    "report key": "ID of the key of `gitpod_report_upload_kms_key_id`",
    "path": "the parameter's name with its slash, of `gitpod_custom_ca: ssm:...`",
    "secret": "the secret's name, of `gitpod_custom_ca: secretsmanager:...`",
    "the role": "`gitpod_dns_role_arn`; in its account it needs the policy of the stage dns",
}


def files(root: pathlib.Path, policy: t.Any, stages: t.Any) -> dict[pathlib.Path, str]:
    """Each policy to copy, by its path."""
    found = {}
    for playbook in stages.PLAYBOOKS:
        for name, document in _named(playbook, policy):
            found[root / "docs/policies" / name] = json.dumps(document, indent=2) + "\n"
    for stage in stages.STAGES:
        found[root / "docs/policies/stages" / f"{stage}.json"] = json.dumps(policy.policy(stage), indent=2) + "\n"
    return found


def _named(playbook: str, policy: t.Any) -> list[tuple[str, dict[str, t.Any]]]:
    documents = policy.policies_of_playbook(playbook)
    if len(documents) == 1:
        return [(f"{playbook}.json", documents[0])]
    return [(f"{playbook}-{number}.json", document) for number, document in enumerate(documents, 1)]


def page(policy: t.Any, registry: t.Any, stages: t.Any) -> str:
    """The marked part of docs/permissions.md."""
    return "\n".join([*_playbooks(policy, stages), "", *_placeholders(policy, stages), "", *_stages(registry, stages)])


def _playbooks(policy: t.Any, stages: t.Any) -> list[str]:
    lines = ["| Playbook | Policy | Stages in it |", "|---|---|---|"]
    for playbook, names in stages.PLAYBOOKS.items():
        links = ", ".join(f"[{name}](policies/{name})" for name, _document in _named(playbook, policy))
        listed = ", ".join(f"[{name}](#{name})" for name in names)
        lines.append(f"| `{playbook}.yml` | {links} | {listed} |")
    return lines


def _placeholders(policy: t.Any, stages: t.Any) -> list[str]:
    used = {name for stage in stages.STAGES for name in policy.placeholders(policy.policy(stage))}
    lines = ["| Placeholder | What stands there |", "|---|---|"]
    return lines + [f"| `<{name}>` | {meaning} |" for name, meaning in MEANINGS.items() if f"<{name}>" in used]


def _stages(registry: t.Any, stages: t.Any) -> list[str]:
    lines: list[str] = []
    for stage, actions in stages.STAGES.items():
        lines += [f"### {stage}", "", f"Policy: [policies/stages/{stage}.json](policies/stages/{stage}.json)", ""]
        always = sorted({action.name for action in actions if not action.when})
        if always:
            lines += [f"- Always: {_listed(always)}"]
        lines += [f"- Only with `{when}`: {_listed(names)}" for when, names in registry.conditions(stage)]
        optional = sorted({action.name for action in actions if action.optional})
        if optional:
            lines.append(f"- May be missing, with less to say then: {_listed(optional)}")
        lines.append("")
    return lines[:-1]


def _listed(names: t.Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
