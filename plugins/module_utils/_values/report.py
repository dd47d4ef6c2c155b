# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_report_notify",
        description=(
            "URL of a webhook to which the run's summary is posted, a secret; empty posts nothing. A receiver that "
            "does not take it is a warning and never fails the run."
        ),
        secret=True,
    ),
    Variable(
        name="gitpod_report_notify_format",
        description=(
            "What is posted, a message for Slack and what is compatible with it, or the summary as plain JSON. "
            "V(auto) chooses by the receiver's host."
        ),
        choices=("auto", "slack", "json"),
        default="auto",
    ),
    Variable(
        name="gitpod_report_notify_on",
        description="Whether every run is posted, or only one in which a runner failed.",
        choices=("always", "failure"),
        default="always",
    ),
)
