# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run. C(summary) makes a runner's document of what its stages returned, C(model) a fleet of documents;
screen, Markdown, messages and the page (C(_report_page)) only render the model. Pure."""
