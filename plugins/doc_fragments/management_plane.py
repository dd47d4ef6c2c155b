# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the connection to the management plane."""

from __future__ import annotations


class ModuleDocFragment:
    """What every module that talks to the management plane takes."""

    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - URL of the management plane's API, such as V(https://app.gitpod.io/api), which is used when neither this option
        nor the environment variable E(ONA_BASE_URL) is set.
      - It must be https, except on loopback, because the token is sent there.
      - Proxies are taken from E(http_proxy), E(https_proxy) and E(no_proxy).
    type: str
  api_token:
    description:
      - Personal access token of a user with admin access to the organization.
      - Without it, the environment variables E(ONA_API_KEY) and then E(GITPOD_API_KEY) are used; empty ones count as
        unset.
    type: str
  api_timeout:
    description: Longest wait in seconds for one answer, from the first packet to the last.
    type: int
    default: 30
  api_retries:
    description:
      - How often a call is repeated, after growing pauses with jitter of at most 20 seconds each, or as long as it
        asks to wait (Retry-After), while the management plane is unavailable, limits the rate, or its answer breaks
        off. Three times at most where it says that it failed by itself (the codes C(internal), C(unknown) and
        C(aborted)), and once where it does not answer in time, unless the call could be done twice. After five
        minutes no further try begins.
    type: int
    default: 10
  ca_path:
    description:
      - File of PEM certificates of authorities to trust besides the system's, for a proxy that inspects TLS.
    type: path
requirements:
  - gitpod-sdk >= 1.2.0 on the host that executes the module
  - Python >= 3.10
"""
