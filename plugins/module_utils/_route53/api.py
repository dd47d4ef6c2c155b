# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route 53 calls, each with its intent; nothing here decides anything."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import (
    Change,
    Record,
    Zone,
    normal,
)

Raw = dict[tuple[str, str, str], dict[str, t.Any]]


# What Route 53 says of an alias's target (InvalidChangeBatch, which ChangeResourceRecordSets returns for all of it).
ALIAS_REFUSALS = {
    "that target was not found": (
        "There is no such load balancer (any more): see what the stack is (status.yml), deploy it (tag stack), then run"
        " again. Records of a load balancer that is gone are removed by teardown.yml"
    ),
    "does not lie within the target zone": (
        "The load balancer's hosted zone is not that of its name: leave both to the stack, whose load balancer has them"
    ),
}


class Api:
    """The calls that keeping records needs, in the account that has the zones."""

    def __init__(self, route53: t.Any) -> None:
        self._route53 = route53

    def zone(self, zone_id: str) -> Zone:
        """One hosted zone, with its VPCs."""
        with intent(f"read the hosted zone {zone_id}"):
            answer = self._route53.get_hosted_zone(Id=zone_id, aws_retry=True)
        return Zone.from_api(answer["HostedZone"], answer.get("VPCs", []))

    def zones(self) -> list[Zone]:
        """Every hosted zone of the account, without VPCs."""
        found: list[Zone] = []
        arguments: dict[str, str] = {}
        while True:
            with intent("list the hosted zones"):
                page = self._route53.list_hosted_zones(**arguments, aws_retry=True)
            found += [Zone.from_api(raw) for raw in page["HostedZones"]]
            if not page.get("IsTruncated"):
                return found
            arguments = {"Marker": page["NextMarker"]}

    def records(self, zone: Zone, names: t.Iterable[str]) -> tuple[list[Record], Raw]:
        """The records of these names, of every type, also exactly as Route 53 has them.

        Each name is asked for by itself: where an asterisk sorts among a domain's sub-domains is Route 53's affair.
        """
        raw: Raw = {}
        for name in names:
            for entry in self._records_of(zone, name):
                raw[Record.from_api(entry).key] = entry
        return [Record.from_api(entry) for entry in raw.values()], raw

    def _records_of(self, zone: Zone, name: str) -> t.Iterator[dict[str, t.Any]]:
        arguments: dict[str, str] = {"StartRecordName": f"{name}."}
        while True:
            with intent(f"read the records of {name}"):
                page = self._route53.list_resource_record_sets(
                    HostedZoneId=zone.id, MaxItems="20", **arguments, aws_retry=True
                )
            for entry in page["ResourceRecordSets"]:
                if normal(entry["Name"]) != name:
                    return
                yield entry
            if not page.get("IsTruncated"):
                return
            following = {
                "StartRecordName": page.get("NextRecordName"),
                "StartRecordType": page.get("NextRecordType"),
                "StartRecordIdentifier": page.get("NextRecordIdentifier"),
            }
            arguments = {key: value for key, value in following.items() if value}

    @staticmethod
    def _refused(error: ApiError) -> ApiError:
        """The same with a next step, where Route 53 refuses what an alias points to."""
        advice = next((step for words, step in ALIAS_REFUSALS.items() if words in error.why), "")
        if error.code != "InvalidChangeBatch" or not advice:
            return error
        return ApiError(error.what, error.why, advice, error.code, error.tried)

    def change(self, zone: Zone, changes: t.Sequence[Change], raw: Raw) -> str:
        """Send the one change batch; its ID."""
        batch = {"Comment": "gitpod.enterprise_runner", "Changes": [change.as_api(raw) for change in changes]}
        try:
            with intent(f"change the records in {zone.name}"):
                answer = self._route53.change_resource_record_sets(
                    HostedZoneId=zone.id, ChangeBatch=batch, aws_retry=True
                )
        except ApiError as error:
            advised = self._refused(error)
            # What the call met stays the cause: it tells whether the change may be done all the same.
            raise advised from error.__cause__
        return str(answer["ChangeInfo"]["Id"]).rsplit("/", 1)[-1]

    def associate(self, zone: Zone, vpc_id: str, vpc_region: str) -> str:
        """Let a private zone answer in a VPC; the change's ID.

        :raises RunnerError: the VPC belongs to another account, which the zone's has to be authorized for first.
        """
        try:
            with intent(f"associate the private zone {zone.id} with {vpc_id}"):
                answer = self._route53.associate_vpc_with_hosted_zone(
                    HostedZoneId=zone.id, VPC={"VPCRegion": vpc_region, "VPCId": vpc_id}, aws_retry=True
                )
        except ApiError as error:
            if error.code != "NotAuthorizedException":
                raise
            raise RunnerError(
                error.what,
                error.why,
                "Zone and VPC are in different accounts: let the zone's account authorize the association (aws route53"
                " create-vpc-association-authorization) and the VPC's account make it, then run again",
            ) from error
        return str(answer["ChangeInfo"]["Id"]).rsplit("/", 1)[-1]

    def in_sync(self, change_id: str) -> bool:
        """Whether every authoritative server has the change."""
        with intent(f"read the change {change_id}"):
            return bool(self._route53.get_change(Id=change_id, aws_retry=True)["ChangeInfo"]["Status"] == "INSYNC")
