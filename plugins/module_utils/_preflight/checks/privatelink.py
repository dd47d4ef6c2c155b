# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint through which the runner reaches the management plane."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import (
    Unread,
    UnreadError,
    known,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import paths
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import proxy, stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import model, plan, users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.users import User
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import VENDOR_HOSTS, is_loopback

HTTPS = 443
OFF = "PrivateLink is not asked for (gitpod_privatelink_enabled)."


@check(
    "privatelink.service",
    asks="Can the management plane's endpoint service be seen from this region?",
    why='It is the step "Verify service" of the vendor\'s guide; what cannot be seen cannot be connected to.',
    fix="Check the service's name and region, and ask Gitpod to admit the account and region.",
)
def service(wanted: Wanted, facts: Facts) -> Finding:
    """By name, in the service's region."""
    if not wanted.privatelink_enabled:
        return skipped(OFF)
    if isinstance(facts.service, Unread) and facts.service.decided:
        return failed(
            f"{facts.service.message.rstrip('.')}.",
            facts.service.remedy
            or "Check name and region of the service, and ask Gitpod to admit this account and region.",
        )
    found = known(facts.service)
    if found is None:
        return skipped("It was not looked for.")
    return passed(f"{found.name} is offered in {found.region}, as {found.private_dns_name or 'no name of its own'}.")


@check(
    "privatelink.subnets",
    asks="Can the endpoint have its subnets?",
    why="An endpoint takes one subnet a zone; in the service's own region only zones that the service has.",
    fix="Name one subnet a zone, in zones of the service, in `gitpod_privatelink_subnet_ids`.",
)
def subnets(wanted: Wanted, facts: Facts) -> Finding:
    """As the endpoint's own planner places it."""
    if not wanted.privatelink_enabled:
        return skipped(OFF)
    found, there = facts.service, known(facts.subnets) or ()
    if found is None or isinstance(found, Unread):
        return skipped("The service is not known: see privatelink.service.")
    named = [subnet for subnet in there if subnet.id in wanted.privatelink_subnet_ids]
    if not named:
        return failed("None of the endpoint's subnets exists.", "Name some in gitpod_privatelink_subnet_ids.")
    placed = [model.Subnet(subnet.id, subnet.zone, subnet.vpc_id) for subnet in named]
    try:
        placement = plan.place(placed, found, wanted.vpc_id, wanted.region)
    except RunnerError as error:
        why = f": {error.why}" if error.why else ""
        return failed(f"{error.what}{why}.", f"{error.next_step}.")
    if placement.left_out:
        return warned(
            f"The service has no zone for {', '.join(placement.left_out)}; the endpoint goes without.",
            "Traffic from these zones crosses to another one, which costs a little and shares its fate.",
        )
    return passed(f"In {', '.join(placement.subnet_ids)}.")


@check(
    "privatelink.endpoint",
    asks="Has the VPC an endpoint for the service already?",
    why="A second one cannot have private DNS; one that others made is used as it is, and a broken one of others is in"
    " the way.",
    fix="Remove the endpoint that is in the way, or have it repaired by whoever made it.",
)
def endpoint(wanted: Wanted, facts: Facts) -> Finding:
    """As the endpoint's own planner chooses."""
    if not wanted.privatelink_enabled:
        return skipped(OFF)
    there = [entry.endpoint for entry in known(facts.endpoints) or ()]
    ours = [entry for entry in there if entry.service_name == wanted.privatelink_service_name]
    try:
        found = plan.choose(ours, model.Wanted(wanted.name, wanted.vpc_id, adopt=wanted.privatelink_adopt))
    except RunnerError as error:
        return failed(f"{error.what}.", "Remove it, or set gitpod_privatelink_adopt: true, which uses it.")
    if found is None:
        return passed("None yet; one is created.")
    stage, mine = model.stage(found.state), plan.is_ours(found)
    if stage == model.BROKEN and not mine:
        return failed(
            f"{found.id}, which this collection did not make, is {found.state}. {found.reason}".rstrip(),
            "Have it removed or repaired by whoever made it.",
        )
    if stage == model.BROKEN and not wanted.privatelink_replace_failed:
        return failed(
            f"{found.id} is {found.state}. {found.reason}".rstrip(),
            "Set gitpod_privatelink_replace_failed: true, which deletes it and creates it anew, or repair it by hand.",
        )
    if stage == model.BROKEN:
        return warned(f"{found.id} is {found.state}. {found.reason}".rstrip(), "It is deleted and created anew.")
    if stage == model.ACCEPTANCE:
        return warned(f"{found.id} waits for the service's owner.", "Ask Gitpod to accept the connection.")
    first = users.owner(found.tags)
    whose = "others made it, and it is used as it is" if not mine else ""
    if first and not users.belongs_to(found.tags, User(wanted.name, wanted.runner_id)):
        whose = f"it belongs to {first.name} and is used with it"
    return passed(f"{found.id} is {found.state}{'; ' if whose else ''}{whose}.")


@check(
    "privatelink.private_dns",
    asks="Is the service's name free in the VPC?",
    why="Private DNS makes `app.gitpod.io` lead to the endpoint; AWS refuses it when another endpoint has it, and a"
    " private hosted zone of the name or of its parent would answer in its place.",
    fix="Remove the endpoint or the private zone that claims the name.",
)
def private_dns(wanted: Wanted, facts: Facts) -> Finding:
    """Other endpoints and private zones that claim the name."""
    if not wanted.privatelink_enabled or not wanted.privatelink_private_dns_enabled:
        return skipped(OFF if not wanted.privatelink_enabled else "Private DNS is not asked for.")
    found = facts.service
    name = found.private_dns_name if isinstance(found, model.Service) else ""
    if not name:
        return skipped("The service's name is not known.")
    others = [
        entry.endpoint.id
        for entry in known(facts.endpoints) or ()
        if entry.endpoint.private_dns
        and entry.endpoint.service_name != wanted.privatelink_service_name
        and name in entry.endpoint.dns_names
    ]
    if others:
        return failed(f"{', '.join(others)} has the name {name} already.", "Remove it, or switch its private DNS off.")
    claiming = [zone for zone in known(facts.vpc_zones) or () if name == zone.name or name.endswith(f".{zone.name}")]
    if claiming:
        listed = ", ".join(f"{zone.name} ({zone.id})" for zone in claiming)
        return failed(
            f"Private hosted zones answer for {name} in {wanted.vpc_id}: {listed}.",
            "Remove the zone from the VPC, or add no private DNS and point a record of that zone to the endpoint.",
        )
    return passed(f"{name} is free.")


@check(
    "privatelink.api_endpoint",
    asks="Is the API endpoint's host the name that leads to the endpoint?",
    why="Private DNS answers for the service's own name alone: a runner whose API endpoint has another of the vendor's"
    f" names ({' or '.join(VENDOR_HOSTS)}) goes past the endpoint, or nowhere where there is no other way out.",
    fix="Name the service's private name in `gitpod_api_endpoint`, such as `https://app.gitpod.io/api`.",
)
def api_endpoint(wanted: Wanted, facts: Facts) -> Finding:
    """By the name that AWS gives for the service."""
    if not wanted.privatelink_enabled:
        return skipped(OFF)
    if not wanted.privatelink_private_dns_enabled:
        return skipped("Private DNS is not asked for: which name leads to the endpoint is the VPC's own DNS's affair.")
    names = facts.service.private_names if isinstance(facts.service, model.Service) else ()
    host = proxy.api_host(wanted, facts)
    if not names or not host or is_loopback(host):
        return skipped("The service's name or the API endpoint is not known, or that is this machine.")
    # A name may be one for everything below it (EC2 API reference, PrivateDnsName).
    if any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in names):
        return passed(f"{host} leads to the endpoint.")
    summary = f"The API endpoint is at {host}, and the endpoint answers for {' and '.join(names)}."
    remediation = f"Set gitpod_api_endpoint: https://{names[0]}/api, or leave PrivateLink out."
    if not stack.exists(facts):
        return failed(summary, remediation)
    tables = known(facts.route_tables) or ()
    if not all(paths.ways_out(paths.table_of(name, tables)) for name in wanted.ec2_subnet_ids):
        return failed(f"{summary} There is no other way out.", remediation)
    return warned(f"{summary} The runner reaches it by the other way out.", remediation)


@check(
    "privatelink.security_group",
    asks="Do the endpoint's security groups admit HTTPS from the runner?",
    why="The runner connects to port 443 of the endpoint (vendor's guide, Security Group Configuration).",
    fix="Admit TCP 443 from the EC2 subnets' ranges, or leave `gitpod_privatelink_security_group_ids` empty: a group is"
    " then made.",
)
def security_group(wanted: Wanted, facts: Facts) -> Finding:
    """Ranges of the EC2 subnets; what a source group stands for is not known."""
    if not wanted.privatelink_enabled:
        return skipped(OFF)
    if not wanted.privatelink_security_group_ids and isinstance(facts.endpoint_group, Unread):
        if facts.endpoint_group.decided:
            return failed(
                f"{facts.endpoint_group.message.rstrip('.')}.",
                "Remove or rename that group, or name the endpoint's groups in gitpod_privatelink_security_group_ids.",
            )
        raise UnreadError(facts.endpoint_group)
    if not wanted.privatelink_security_group_ids:
        return passed("None is given; one is made that admits HTTPS from the runner's subnets.")
    groups = {group.id: group for group in known(facts.security_groups) or ()}
    named = wanted.privatelink_security_group_ids
    absent = [name for name in named if name not in groups or groups[name].vpc_id != wanted.vpc_id]
    if absent:
        return failed(f"Not in {wanted.vpc_id}: {', '.join(absent)}.", "Name groups of the VPC.")
    sources = {
        source for name in named for rule in groups[name].inbound if rule.admits(HTTPS) for source in rule.sources
    }
    ranges = [subnet.cidr for subnet in known(facts.subnets) or () if subnet.id in wanted.ec2_subnet_ids]
    closed = [cidr for cidr in ranges if not paths.covered(cidr, sources)]
    if not closed:
        return passed(f"{', '.join(named)} admit HTTPS from {', '.join(ranges)}.")
    groups_admitted = sorted(source for source in sources if source.startswith(("sg-", "pl-")))
    if groups_admitted:
        return warned(
            f"HTTPS is admitted from {', '.join(groups_admitted)} and not from the ranges {', '.join(closed)}.",
            "Make sure that the runner's instances and tasks have these groups.",
        )
    return failed(
        f"HTTPS is not admitted from {', '.join(closed)}.", "Add an inbound rule for TCP 443 from these ranges."
    )


CHECKS = (service, subnets, endpoint, private_dns, api_endpoint, security_group)
