# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom TLS trusts, alike on every Python.

Since 3.13 the standard library's contexts check strictly (VERIFY_X509_STRICT), and take an intermediate authority that
is trusted for the end of a chain (VERIFY_X509_PARTIAL_CHAIN). So a company authority's leaf without an Authority Key
Identifier is trusted by 3.12 and refused by 3.13 (python/cpython#107361), and a chain of which only the intermediate is
known the other way round. Here what either trusts is trusted, and whether it passes the strict check is asked apart.
"""

from __future__ import annotations

import re
import ssl
import typing as t

# openssl/x509_vfy.h; it has a name in ssl only since Python 3.10.
X509_V_FLAG_PARTIAL_CHAIN = 0x80000
# What OpenSSL says where only the strict check refuses (crypto/x509/x509_txt.c).
_STRICTLY = re.compile(
    r"(missing|empty) (authority|subject) key identifier|"
    r"basic constraints of ca cert not marked critical|ca cert does not include key usage|"
    r"authority key identifier marked critical|subject key identifier marked critical|"
    r"subject empty|subject name empty|issuer name empty|path length (invalid|given)|"
    r"subject signature algorithm and issuer public key algorithm mismatch",
    re.IGNORECASE,
)


def context(cafile: str = "", capath: str = "", strictly: bool = False) -> ssl.SSLContext:
    """A client's context that trusts the system's authorities, or those of a file or directory.

    :param strictly: whether the strict check counts, whatever the Python.
    :raises OSError: the file cannot be read, or holds no certificate.
    """
    given: dict[str, t.Any] = {key: value for key, value in (("cafile", cafile), ("capath", capath)) if value}
    made = ssl.create_default_context(**given)
    flags = int(made.verify_flags) | X509_V_FLAG_PARTIAL_CHAIN
    strict = int(ssl.VERIFY_X509_STRICT)
    made.verify_flags = t.cast(ssl.VerifyFlags, flags | strict if strictly else flags & ~strict)
    return made


def refused_strictly(words: str) -> bool:
    """Whether an SDK that builds its contexts itself was refused by the strict check alone, from OpenSSL's words."""
    return bool(_STRICTLY.search(words))
