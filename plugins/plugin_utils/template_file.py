# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a template on the control node for a module that may run elsewhere."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import text_of


def with_template_body(arguments: t.Mapping[str, t.Any], find: t.Callable[[str, str], str]) -> dict[str, t.Any]:
    """The arguments with the file that C(template_file) names in C(template_body), as it is.

    A template lookup would strip the file, and older cores make JSON a dictionary.

    :param find: finds a file by the kind of its directory and its name, as C(ActionBase._find_needle) does.
    :raises AnsibleActionFail: the file cannot be read.
    """
    found = dict(arguments)
    path = str(found.pop("template_file", None) or "")
    if not path:
        return found
    try:
        return {**found, "template_body": text_of(find("files", path))}
    except (AnsibleError, OSError, ValueError) as error:
        raise AnsibleActionFail(f"Could not read the template file {path}: {error}") from error
