# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's download host: manifests of channels and versions, and a template of each version in its bucket.

`gitpod_stack_releases_url` is the control URL with C(/releases). The templates of two versions differ in the image that
the runner's containers start from, as the vendor's do.
"""

from __future__ import annotations

import re
import typing as t

from .aws import control, template_summary

BUCKET_URL = "https://gitpod-flex-releases.s3.amazonaws.com"
TEMPLATE_NAME = "gitpod-ec2-runner-enterprise.json"
# Published before the first run, oldest first; the channels name the newest, which is the template as it is.
PUBLISHED = ("20250110.1", "20251203.4", "20260105.12")
_MANIFEST = re.compile(r"ec2/(?:releases/)?([^/]+)/manifest\.json")
_IMAGE_TAG = re.compile(r"(/runner(?:-proxy)?:)\d{8}\.\d+")


class Releases:
    """Versions by themselves and by channel.

    :param template: the template of which each release is a variant.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._channels: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """Only what was published before the first run."""
        self._channels.clear()
        for url in [url for url in template_summary.template_bodies if url.startswith(BUCKET_URL)]:
            del template_summary.template_bodies[url]
        for version in PUBLISHED:
            self.publish(version, ("stable", "latest"))

    def publish(self, version: str, channels: t.Iterable[str] = ()) -> None:
        """Put a version into the bucket, and let these channels name it."""
        template_summary.template_bodies[self.template_url(version)] = self.template(version)
        for channel in channels:
            self._channels[channel] = version
            channel_url = f"{BUCKET_URL}/ec2/{channel}/{TEMPLATE_NAME}"
            template_summary.template_bodies[channel_url] = self.template(version)

    def template(self, version: str) -> str:
        """The template of a version."""
        return _IMAGE_TAG.sub(rf"\g<1>{version}", self._template)

    @staticmethod
    def template_url(version: str) -> str:
        """Where the template of a version is."""
        return f"{BUCKET_URL}/ec2/releases/{version}/{TEMPLATE_NAME}"

    def handle(self, method: str, body: dict[str, t.Any], query: dict[str, t.Any]) -> dict[str, t.Any]:
        """GET answers manifests as the download host does; POST C(version) and C(channels) publishes one."""
        if method == "POST":
            self.publish(body["version"], body.get("channels", ()))
            return {"channels": self._channels}
        found = _MANIFEST.fullmatch(query["rest"])
        version = self._channels.get(found[1], found[1]) if found else ""
        if self.template_url(version) not in template_summary.template_bodies:
            raise ValueError(f"no release at {query['rest']}")
        return {
            "version": version,
            "image": f"public.ecr.aws/example/runner:{version}",
            "proxy_image": f"public.ecr.aws/example/runner-proxy:{version}",
            "cloudformation_template_url": self.template_url(version),
        }

    def install(self) -> None:
        """Offer the host below the control interface."""
        control.register("/_testbed/releases", self.handle)
