# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS records as text for whoever keeps the zone. Pure."""

from __future__ import annotations

import csv
import io
import json
import typing as t

RECORD_COLUMNS = ("name", "type", "value", "ttl")


def external_records(
    domain_name: str, load_balancer_dns_name: str, ttl: int, apex_alias: bool = False
) -> list[dict[str, t.Any]]:
    """The two CNAME records for providers other than Route 53 (guide, Standard DNS Providers).

    :param apex_alias: the domain is the apex of its zone, where only the provider's ALIAS or ANAME record is possible.
    """
    domain = domain_name.lower().rstrip(".")
    target = load_balancer_dns_name.lower().rstrip(".")
    kinds = ("ALIAS" if apex_alias else "CNAME", "CNAME")
    return [
        {"name": name, "type": kind, "value": target, "ttl": ttl} for name, kind in zip((domain, f"*.{domain}"), kinds)
    ]


def record_csv(records: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Records as CSV with a head line (RFC 4180), for tickets and spreadsheets."""
    text = io.StringIO()
    writer = csv.DictWriter(text, RECORD_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _zone_file_line(record: t.Mapping[str, t.Any], width: int) -> str:
    line = f"{str(record['name']) + '.':<{width}}  {record['ttl']}  IN  {record['type']}  {record['value']}."
    # A zone file has no such type; the provider's own interface does.
    return f"; {line}" if record["type"] == "ALIAS" else line


def zone_file_lines(records: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Records in the master file format of RFC 1035, section 5, with absolute names."""
    width = max((len(str(record["name"])) for record in records), default=0) + 1
    return [_zone_file_line(record, width) for record in records]


def record_files(records: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """Records for whoever keeps the zone, as the contents of files by their extension."""
    return {
        "zone": "".join(f"{line}\n" for line in zone_file_lines(records)),
        "csv": record_csv(records),
        "json": json.dumps(list(records), indent=4, sort_keys=True) + "\n",
    }
