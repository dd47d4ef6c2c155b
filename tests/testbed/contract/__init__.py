# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of AWS's recorded answers, held against the test bed's.

C(recorded.json) has the keys, C(differences.yml) what differs and why, C(derive.py) makes the former from recordings.
"""
