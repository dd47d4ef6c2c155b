# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACM as AWS has it where ministack does not: a requested certificate is pending until DNS answers for it.

Source: ACM user guide, "DNS validation"; API reference, RequestCertificate, ListCertificates, DeleteCertificate. The
validation record of a domain is the same for every certificate of one account, in every region.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
import typing as t
from unittest import mock

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from ministack.core.responses import error_response_json, get_account_id, json_response, now_iso
from ministack.services import acm, alb

from . import control
from .state import plain

TOKEN = re.compile(r"\w{1,32}")
DEFAULT_KEY_TYPES = ("RSA_1024", "RSA_2048")
# AWS names the validation records some seconds after the request.
_LOOKS_WITHOUT_RECORDS = 1
_YEAR = 365 * 24 * 3600

# Who answers for validation records: each is asked for the name that a CNAME points to.
resolvers: list[t.Callable[[str], str]] = []
_name_server: list[tuple[str, int]] = []


def reset() -> None:
    """No name server besides the simulated zones."""
    _name_server.clear()


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST names a further DNS server (C(name_server), address and port) that ACM asks for validation records.

    With C(fail), the ARN of a pending certificate, its validation fails for the C(reason).
    """
    if method == "POST" and "name_server" in body:
        address, _colon, port = body["name_server"].rpartition(":")
        _name_server[:] = [(address, int(port))]
    if method == "POST" and "fail" in body:
        for stored in list(acm._certificates._data.values()):
            if stored["CertificateArn"] == body["fail"]:
                stored.update(Status="FAILED", FailureReason=body.get("reason", "CAA_ERROR"))
    return {"name_servers": [f"{address}:{port}" for address, port in _name_server]}


def _leads_to(name: str) -> set[str]:
    found = {plain(resolver(name)) for resolver in resolvers}
    for address, port in _name_server:
        try:
            response = dns.query.udp(dns.message.make_query(name, "CNAME"), address, port=port, timeout=1)
        except (dns.exception.DNSException, OSError):
            continue
        found |= {
            plain(item.to_text()) for entry in response.answer if entry.rdtype == dns.rdatatype.CNAME for item in entry
        }
    return found


def validation_record(account: str, domain: str) -> dict[str, str]:
    """The record that proves control of a domain; a wildcard has its parent's."""
    base = domain.removeprefix("*.").lower()
    name = hashlib.md5(f"{account} {base}".encode(), usedforsecurity=False).hexdigest()
    value = hashlib.md5(f"{base} {account}".encode(), usedforsecurity=False).hexdigest()
    return {"Name": f"_{name}.{base}.", "Type": "CNAME", "Value": f"_{value}.jkddzztszm.acm-validations.aws."}


def _refreshed(certificate: dict[str, t.Any]) -> dict[str, t.Any]:
    """Issue what has become valid since the last look."""
    if certificate["Status"] != "PENDING_VALIDATION":
        return certificate
    for option in certificate["DomainValidationOptions"]:
        record = option.get("_record")
        if record and plain(record["Value"]) in _leads_to(record["Name"]):
            option["ValidationStatus"] = "SUCCESS"
    if all(option["ValidationStatus"] == "SUCCESS" for option in certificate["DomainValidationOptions"]):
        now = now_iso()
        certificate.update(Status="ISSUED", IssuedAt=now, NotBefore=now, NotAfter=acm._future_iso(_YEAR))
    return certificate


def _request(data: dict[str, t.Any]) -> t.Any:
    token = data.get("IdempotencyToken", "")
    if token and not TOKEN.fullmatch(token):
        message = f"Value '{token}' at 'idempotencyToken' failed to satisfy constraint: \\w+"
        return error_response_json("ValidationException", message, 400)
    names = list(dict.fromkeys([data.get("DomainName", ""), *data.get("SubjectAlternativeNames", [])]))
    asked = (token, tuple(sorted(names)), data.get("KeyAlgorithm", "RSA_2048"))
    for certificate in acm._certificates.values():
        if token and certificate.get("_asked") == asked and time.time() - certificate["_when"] < 3600:
            return json_response({"CertificateArn": certificate["CertificateArn"]})
    answer = _ministack_request({**data, "SubjectAlternativeNames": names})
    if answer[0] != 200:
        return answer
    method = data.get("ValidationMethod", "DNS")
    certificate = acm._certificates[json.loads(answer[2])["CertificateArn"]]
    certificate.update(
        Status="PENDING_VALIDATION",
        KeyAlgorithm=asked[2],
        DomainValidationOptions=[_option(name, method) for name in names],
        _asked=asked,
        _when=time.time(),
        _looks=0,
    )
    for key in ("IssuedAt", "NotBefore", "NotAfter"):
        certificate.pop(key, None)
    return answer


def _option(name: str, method: str) -> dict[str, t.Any]:
    """How a name is validated; one that mail validates has no record, and nobody here answers the mail."""
    record = {"_record": validation_record(get_account_id(), name)} if method == "DNS" else {}
    return {
        "DomainName": name,
        "ValidationMethod": method,
        "ValidationStatus": "PENDING_VALIDATION",
        **record,
    }


def _in_use_by(arn: str) -> list[str]:
    """Load balancers whose listeners have the certificate."""
    return sorted(
        {
            listener["LoadBalancerArn"]
            for listener in list(alb._listeners._data.values())
            for entry in listener.get("Certificates") or []
            if (entry.get("CertificateArn") if isinstance(entry, dict) else entry) == arn
        }
    )


def _shape(certificate: dict[str, t.Any]) -> dict[str, t.Any]:
    """DescribeCertificate's answer; what a pending certificate has not, is not there."""
    shape: dict[str, t.Any] = _ministack_shape(_refreshed(certificate))
    shape["InUseBy"] = _in_use_by(certificate["CertificateArn"])
    shape["KeyAlgorithm"] = certificate.get("KeyAlgorithm", "RSA_2048")
    shape.pop("Tags", None)
    if certificate["Status"] != "ISSUED":
        for key in ("IssuedAt", "NotBefore", "NotAfter"):
            shape.pop(key, None)
    if "FailureReason" in certificate:
        shape["FailureReason"] = certificate["FailureReason"]
    if "_asked" in certificate:
        known = certificate["_looks"] >= _LOOKS_WITHOUT_RECORDS
        certificate["_looks"] += 1
        shape["DomainValidationOptions"] = [
            {key: value for key, value in option.items() if key != "_record"}
            | ({"ResourceRecord": option["_record"]} if known and "_record" in option else {})
            for option in certificate["DomainValidationOptions"]
        ]
    return shape


def _list(data: dict[str, t.Any]) -> t.Any:
    statuses = data.get("CertificateStatuses", [])
    # Without a filter, AWS lists RSA keys of 1024 and 2048 bits only.
    kinds = (data.get("Includes") or {}).get("keyTypes") or DEFAULT_KEY_TYPES
    summaries = []
    for arn, certificate in acm._certificates.items():
        _refreshed(certificate)
        kind = certificate.get("KeyAlgorithm", "RSA_2048")
        if not acm._is_local_certificate_arn(arn) or (statuses and certificate["Status"] not in statuses):
            continue
        if kind not in kinds:
            continue
        names = certificate.get("SubjectAlternativeNames", [certificate["DomainName"]])
        summary = {
            "CertificateArn": arn,
            "DomainName": certificate["DomainName"],
            "SubjectAlternativeNameSummaries": names[:100],
            "HasAdditionalSubjectAlternativeNames": len(names) > 100,
            "Status": certificate["Status"],
            "Type": certificate.get("Type", "AMAZON_ISSUED"),
            "KeyAlgorithm": kind,
            "InUse": bool(_in_use_by(arn)),
        }
        if certificate["Status"] == "ISSUED":
            summary["NotAfter"] = acm._epoch(certificate.get("NotAfter", acm._future_iso(_YEAR)))
        summaries.append(summary)
    return json_response({"CertificateSummaryList": summaries})


def _delete(data: dict[str, t.Any]) -> t.Any:
    arn = data.get("CertificateArn", "")
    if _in_use_by(arn):
        message = f"Certificate {arn} in account {get_account_id()} is in use."
        return error_response_json("ResourceInUseException", message, 400)
    return _ministack_delete(data)


def issued(arn: str, domain: str) -> None:
    """A certificate of the landscape, for a domain and its wildcard, that was validated long ago."""
    names = [domain, f"*.{domain}"]
    with mock.patch.object(acm, "_cert_arn", return_value=arn):
        _ministack_request({"DomainName": domain, "SubjectAlternativeNames": names, "ValidationMethod": "DNS"})
    for option in acm._certificates[arn]["DomainValidationOptions"]:
        option["ResourceRecord"] = validation_record(get_account_id(), option["DomainName"])


_ministack_request = acm._request_certificate
_ministack_shape = acm._cert_shape
_ministack_delete = acm._delete_certificate


def install(_settings: t.Any) -> None:
    """Change ministack's ACM in place."""
    acm._request_certificate = _request
    acm._cert_shape = _shape
    acm._list_certificates = _list
    acm._delete_certificate = _delete
    control.register("/_testbed/certificates", handle)
