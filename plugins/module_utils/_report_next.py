# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does next where the inventory declares nothing of it: the last words of a report. Pure.

The guide's "Next Steps" name the two pages; their addresses are those that the vendor's own provider gives.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean, every_runner

_DOCS = "https://ona.com/docs/ona"
STEPS: t.Mapping[str, tuple[str, str]] = {
    "scm_integrations": ("Configure repository access", f"{_DOCS}/runners/configuring-repository-access"),
    "environment_classes": ("Configure environment classes", f"{_DOCS}/runners/aws/environment-classes"),
}
# Runners that are named, of those that a step is for.
NAMED = 3
TROUBLESHOOT = ("Troubleshoot", f"{_DOCS}/troubleshooting")
PREFIX = "gitpod_runner_settings_"
Step = dict[str, str]


def undeclared(declared: t.Container[str], failed: bool) -> list[Step]:
    """The next steps of one runner, each with C(title), C(url) and the C(variable) that would declare it.

    :param declared: kinds of settings that its inventory lists.
    :param failed: whether something failed, which comes first; it has no variable.
    """
    if failed:
        return [{"title": TROUBLESHOOT[0], "url": TROUBLESHOOT[1]}]
    return [
        {"title": title, "url": url, "variable": f"{PREFIX}{kind}"}
        for kind, (title, url) in STEPS.items()
        if kind not in declared
    ]


def of_fleet(runners: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The same of all runners: each step once, with the C(runners) that it is for."""
    steps: dict[str, dict[str, t.Any]] = {}
    for runner in runners:
        for step in runner.get("next_steps") or []:
            steps.setdefault(step["url"], {**step, "runners": []})["runners"].append(str(runner.get("runner", "")))
    return list(steps.values())


def next_lines(runners: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """For a terminal; nothing where everything is declared."""
    lines = []
    for step in of_fleet(runners):
        lines += [f"  {step['title']} ({whom(step, len(runners))})", f"    {step['url']}"]
        lines += [f"    or declare {step['variable']}"] if step.get("variable") else []
    return ["Next steps:", *lines] if lines else []


def whom(step: t.Mapping[str, t.Any], count: int) -> str:
    """For which runners a step is, in a few words."""
    named = step["runners"]
    if len(named) == count and count > 1:
        return every_runner(count)
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return clean(f"{', '.join(named[:NAMED])}{more}")
