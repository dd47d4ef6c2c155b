# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chain that Python 3.12 trusts is trusted on every Python; that 3.13 would refuse it is a warning (cpython#107361).

The unit tests run on both, so that this holds on both.
"""

from __future__ import annotations

import datetime
import ssl
import typing as t

import botocore.exceptions
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from health_servers import TlsServer

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.checks import tls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Observations, Request
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import trust
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.exchange import Limits, Web

if t.TYPE_CHECKING:
    from pathlib import Path

DOMAIN = "localhost"
NAMES = (DOMAIN, f"*.{DOMAIN}")
NOW = datetime.datetime.now(datetime.timezone.utc)
REQUEST = Request(DOMAIN)


class Authority:
    """A company's authority.

    :param proper: whether its own certificates are as RFC 5280 wants them.
    """

    def __init__(self, name: str = "Company CA", parent: Authority | None = None, proper: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        by = parent or self
        made = _builder(self.name, by, self.key).add_extension(x509.BasicConstraints(ca=True, path_length=None), proper)
        if proper:
            made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            made = made.add_extension(_USAGE, critical=True)
        if proper and parent:
            made = made.add_extension(_key_of(by), critical=False)
        self.certificate = made.sign(by.key, hashes.SHA256())

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def server(self, folder: Path, identified: bool, *chain: Authority) -> ssl.SSLContext:
        """A server's context with a leaf of this authority.

        :param identified: whether the leaf has an Authority Key Identifier.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
        leaf = _builder(subject, self, key)
        leaf = leaf.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES]), critical=False)
        leaf = leaf.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        if identified:
            leaf = leaf.add_extension(_key_of(self), critical=False)
        path = folder / "server.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        shown = leaf.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        path.write_bytes(secret + shown + b"".join(authority.pem() for authority in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def trusted(self, folder: Path) -> str:
        """Its PEM file."""
        path = folder / "ca.pem"
        path.write_bytes(self.pem())
        return str(path)


_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _key_of(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _builder(subject: x509.Name, issuer: Authority, key: t.Any) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=90))
    )


def connected(server: ssl.SSLContext, ca_path: str) -> t.Any:
    with TlsServer(server) as running:
        return Client(running.port, "/_health", 5, ca_path=ca_path).connect(DOMAIN, "127.0.0.1")


def judged(*connections: t.Any) -> t.Any:
    return tls.chain.run(REQUEST, Observations(connections=connections, now=NOW))


def test_a_leaf_without_authority_key_identifier_is_trusted_with_a_warning(tmp_path: Path) -> None:
    company = Authority()
    seen = connected(company.server(tmp_path, identified=False), company.trusted(tmp_path))
    assert (seen.outcome, seen.status, seen.trust) == ("answered", 200, "trusted")
    assert "Authority Key Identifier" in seen.trust_detail
    assert seen.certificate is not None
    assert seen.certificate.names == tuple(sorted(NAMES))
    found = judged(seen)
    assert found.status == "warn"
    assert "not by clients that check strictly, such as those of Python 3.13" in found.summary
    assert "Authority Key Identifier" in found.summary


def test_an_authority_that_is_not_as_it_should_be_is_trusted_with_a_warning(tmp_path: Path) -> None:
    company = Authority(proper=False)
    seen = connected(company.server(tmp_path, identified=True), company.trusted(tmp_path))
    assert (seen.trust, judged(seen).status) == ("trusted", "warn")
    assert trust.refused_strictly(seen.trust_detail)


def test_a_proper_chain_passes_without_a_word(tmp_path: Path) -> None:
    company = Authority()
    seen = connected(company.server(tmp_path, identified=True), company.trusted(tmp_path))
    assert (seen.trust, seen.trust_detail, judged(seen).status) == ("trusted", "", "pass")


def test_an_intermediate_that_is_named_alone_is_trusted(tmp_path: Path) -> None:
    root = Authority("Root")
    below = Authority("Below", root)
    seen = connected(below.server(tmp_path, True, below), below.trusted(tmp_path))
    assert (seen.trust, seen.trust_detail) == ("trusted", "")


@pytest.mark.parametrize("identified", [True, False])
def test_another_authority_is_no_more_trusted_than_before(identified: bool, tmp_path: Path) -> None:
    seen = connected(Authority().server(tmp_path, identified), Authority().trusted(tmp_path))
    assert (seen.trust, judged(seen).status) == ("untrusted", "fail")


def test_the_management_plane_and_mirrors_are_reached_on_every_python(tmp_path: Path) -> None:
    company = Authority()
    with TlsServer(company.server(tmp_path, identified=False)) as server:
        answer = Web(company.trusted(tmp_path)).exchange(f"https://{DOMAIN}:{server.port}/", Limits(5.0, 1000))
    assert answer.status == 200


@pytest.mark.parametrize("flag", ["VERIFY_X509_STRICT"])
def test_contexts_have_the_same_flags_on_every_python(flag: str) -> None:
    assert not trust.context().verify_flags & ssl.VerifyFlags[flag]
    assert trust.context(strictly=True).verify_flags & ssl.VerifyFlags[flag]
    for context in (trust.context(), trust.context(strictly=True)):
        assert int(context.verify_flags) & trust.X509_V_FLAG_PARTIAL_CHAIN
        assert context.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("certificate verify failed: Missing Authority Key Identifier", "Python 3.13 and newer refuse"),
        ("certificate verify failed: Basic Constraints of CA cert not marked critical", "Python 3.13 and newer refuse"),
        ("certificate verify failed: unable to get local issuer certificate", "AWS_CA_BUNDLE"),
    ],
)
def test_where_the_sdk_itself_checks_strictly_the_cause_is_named(words: str, advice: str) -> None:
    error = botocore.exceptions.SSLError(endpoint_url="https://sts.amazonaws.com", error=words)
    with pytest.raises(ApiError) as caught, intent("read"):
        raise error
    assert advice in caught.value.next_step
