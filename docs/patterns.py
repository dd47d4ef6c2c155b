# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of Ansible Automation Platform, written from the job templates' declarations: C(extensions/patterns)."""

from __future__ import annotations

import json
import pathlib
import typing as t

# By directory: the job templates, the primary one first, and how the pattern is told.
PATTERNS: dict[str, dict[str, t.Any]] = {
    "runner_rollout": {
        "templates": ("rollout", "prerequisites"),
        "title": "Roll out Gitpod Enterprise AWS Runners",
        "short_description": "Take runners in many regions from nothing to verified",
        "description": "Checks the prerequisites of Gitpod Enterprise AWS Runners, one a region, and takes them from"
        " nothing to verified: certificate, endpoint, CloudFormation stack, DNS records, verification, report. A second"
        " launch changes nothing. Give it an inventory with the group gitpod_runners, and credentials of AWS and of the"
        " management plane.",
        "tags": ["aws", "cloud", "gitpod"],
    },
    "runner_status": {
        "templates": ("status",),
        "title": "Watch Gitpod Enterprise AWS Runners",
        "short_description": "Tell how runners are doing, and fail where one needs attention",
        "description": "Looks at the stack, release, drift, certificate, DNS names, endpoint, health and phase of all"
        " runners of an inventory, shows them as a table, and fails where one needs attention. Changes nothing, so a"
        " schedule may launch it.",
        "tags": ["aws", "cloud", "gitpod"],
    },
}
ENVIRONMENT = "Gitpod runner execution environment"


def files(root: pathlib.Path, module_util: t.Callable[[str], t.Any]) -> dict[pathlib.Path, str]:
    """Every file of every pattern with its content."""
    found: dict[pathlib.Path, str] = {}
    for name, pattern in PATTERNS.items():
        directory = root / "extensions/patterns" / name
        resources = _resources(name, pattern, module_util)
        described = {
            "schema_version": "1.0",
            "name": name,
            **{key: pattern[key] for key in ("title", "description", "short_description", "tags")},
            "aap_resources": resources,
        }
        found[directory / "meta/pattern.json"] = json.dumps(described, indent=2) + "\n"
        found[directory / "README.md"] = _readme(pattern, resources)
        declared = module_util("_controller.templates").BY_ID
        for identifier in pattern["templates"]:
            playbook, text = declared[identifier].playbook, declared[identifier].description.rstrip(".")
            found[directory / "playbooks" / f"{playbook}.yml"] = (
                f"---\n- name: {text.partition(';')[0]}\n"
                f"  ansible.builtin.import_playbook: gitpod.enterprise_runner.{playbook}\n"
            )
    return found


def _resources(name: str, pattern: dict[str, t.Any], module_util: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
    declared, survey = module_util("_controller.templates").BY_ID, module_util("_controller.survey")
    variables = module_util("_values.registry").variables()
    label = "gitpod"
    return {
        "controller_project": {"name": f"Gitpod {name.replace('_', ' ')}", "description": pattern["short_description"]},
        "controller_execution_environment": {
            "name": ENVIRONMENT,
            "description": "All that the stages import (examples/awx/execution-environment.yml)",
            "image_name": "gitpod/runner-ee",
            "pull": "missing",
        },
        "controller_labels": [label],
        "controller_job_templates": [
            {
                "name": f"Gitpod {declared[identifier].title}",
                "description": declared[identifier].description,
                "execution_environment": ENVIRONMENT,
                "playbook": f"{declared[identifier].playbook}.yml",
                "primary": identifier == pattern["templates"][0],
                "ask_credential_on_launch": True,
                "ask_inventory_on_launch": True,
                "ask_verbosity_on_launch": True,
                "labels": [label],
                "survey": survey.survey(
                    f"Gitpod {declared[identifier].title}",
                    declared[identifier].description,
                    [variables[variable] for variable in declared[identifier].survey],
                ),
            }
            for identifier in pattern["templates"]
        ],
    }


def _readme(pattern: dict[str, t.Any], resources: dict[str, t.Any]) -> str:
    lines = [f"# {pattern['title']}", "", pattern["description"], "", "## What is made", ""]
    lines += [f"- project `{resources['controller_project']['name']}`", f"- execution environment `{ENVIRONMENT}`"]
    lines += [
        f"- job template `{entry['name']}` ({entry['playbook']}), which asks for "
        + ", ".join(f"`{item['variable']}`" for item in entry["survey"]["spec"])
        for entry in resources["controller_job_templates"]
    ]
    lines += ["", "## How it is used", ""]
    lines += [
        "Launch the job template with an inventory that has the group `gitpod_runners` (`examples/inventory.yml` of",
        "the collection), a credential of AWS, and one with `GITPOD_API_KEY` where runners are registered. Every",
        "question may be left blank: what the inventory says then holds. Workflows with approvals, schedules and",
        "messages are set up by the playbook `gitpod.enterprise_runner.controller` (`docs/controller.md`).",
        "",
        "Written from the collection's declarations by docs/patterns.py; edit those.",
    ]
    return "\n".join(lines) + "\n"
