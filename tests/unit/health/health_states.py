# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a runner's path, each made from the usual one."""

from __future__ import annotations

from health_cases import DOMAIN, ELSEWHERE, MANAGEMENT_PLANE, Path


def good(path: Path) -> None:
    path.serve()


def expired(path: Path) -> None:
    path.serve(path.authorities.issue(start=-40, end=-2.5))


def ends_soon(path: Path) -> None:
    path.serve(path.authorities.issue(end=9.5))


def not_yet_valid(path: Path) -> None:
    path.serve(path.authorities.issue(start=2, end=90))


def wrong_name(path: Path) -> None:
    path.serve(path.authorities.issue("other.example.com"))


def no_wildcard_name(path: Path) -> None:
    path.serve(path.authorities.issue(DOMAIN))


def unknown_authority(path: Path) -> None:
    path.serve(path.authorities.foreign.issue_cert(DOMAIN, f"*.{DOMAIN}"))


def incomplete_chain(path: Path) -> None:
    path.serve(path.authorities.without_chain())


def self_signed(path: Path) -> None:
    path.serve(path.authorities.self_signed())


def self_signed_unverified(path: Path) -> None:
    self_signed(path)
    path.options["validate_certs"] = False


def silent_handshake(path: Path) -> None:
    path.listen()


def slow_answer(path: Path) -> None:
    path.serve(pause=20)


def dripping_answer(path: Path) -> None:
    path.serve(pause=0.1)


def out_of_reach(path: Path) -> None:
    path.drown()


def out_of_reach_from_outside(path: Path) -> None:
    path.drown()
    path.options.update(inside_vpc=False)


def refused(path: Path) -> None:
    path.port = path.close()


def http_port_closed(path: Path) -> None:
    path.serve()
    path.options["http_port"] = path.close()


def redirect(path: Path) -> None:
    path.serve(status=302, location="https://login.example.com/")


def unhealthy(path: Path) -> None:
    path.serve(status=503)


def no_target(path: Path) -> None:
    path.serve(status=0)


def too_old(path: Path) -> None:
    path.serve(path.authorities.too_old())


def no_tls(path: Path) -> None:
    path.speak_plainly()


def stale_records(path: Path) -> None:
    """The records of an earlier stack, whose load balancer still answers well."""
    path.serve()
    path.serve(address=(ELSEWHERE, path.port))
    for name in (DOMAIN, f"*.{DOMAIN}"):
        path.name(name, ELSEWHERE)


def wildcard_elsewhere(path: Path) -> None:
    path.serve()
    path.name(f"*.{DOMAIN}", ELSEWHERE)


def wildcard_missing(path: Path) -> None:
    path.serve()
    path.name(f"*.{DOMAIN}")


def dangling(path: Path) -> None:
    path.serve()
    path.name(DOMAIN, leads_to="gone-9z.elb.eu-central-1.amazonaws.com")


def silent_resolver(path: Path) -> None:
    path.serve()
    path.dns.silent = True


def refusing_resolver(path: Path) -> None:
    path.serve()
    path.dns.rcode = 5


def wrong_visibility(path: Path) -> None:
    path.serve()
    path.options["accepted_ranges"] = []


def private_dns_off(path: Path) -> None:
    path.serve()
    path.name(MANAGEMENT_PLANE, "198.51.100.80")


def private_dns_from_outside(path: Path) -> None:
    private_dns_off(path)
    path.options["inside_vpc"] = False
