# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that name the endpoint service of the management plane."""

from __future__ import annotations


class ModuleDocFragment:
    """What every module that looks at the interface endpoint takes."""

    DOCUMENTATION = r"""
options:
  service_name:
    description: Name of the endpoint service.
    type: str
    default: com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2
  service_region:
    description: Region of the endpoint service.
    type: str
    default: us-east-1
"""
