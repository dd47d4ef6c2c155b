# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWX's file of extra variables (AWX 24.6.1, awx/main/utils/safe_yaml.py, safe_dump): every text as !unsafe."""

from __future__ import annotations

import typing as t

import yaml


class Unsafe(yaml.SafeDumper):
    """Every text with the tag."""

    def represent_data(self, data: t.Any) -> t.Any:
        """Keys too."""
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)


def awx(answers: t.Mapping[str, t.Any], fixed: t.Mapping[str, t.Any] | None = None) -> str:
    """Answers of a survey as the file that a job is given, each variable a document's lines after the other.

    :param fixed: extra variables of the job template, which are written as they are where nothing else was said.
    """
    trusted = dict(fixed or {})
    return "".join(
        yaml.dump_all(
            [{name: said}],
            None,
            Dumper=yaml.SafeDumper if name in trusted and trusted[name] == said else Unsafe,
            default_flow_style=False,
        )
        for name, said in answers.items()
    )
