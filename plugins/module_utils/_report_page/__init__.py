# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained HTML page.

Its templates are texts of Python modules and no files beside them, so that a module that writes reports finds them too:
Ansible sends a module nothing but the Python that it imports.
"""
