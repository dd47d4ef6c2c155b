# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's download host and the bucket behind it: manifests of channels and versions, and each version's template.

`gitpod_stack_releases_url` is the control URL with C(/releases). As the vendor's (manifests of 20260805.559 and
20260917.657 in its public Terraform module): a manifest has the images, their digests, and the URL on the download host
of the release's one template. Releases of 2025 have the file name of the guide of that year, later ones another, and
what is not there S3 refuses with 403, because nobody may list the bucket. The templates of two versions differ in the
images; those of January 2025 and earlier have environments listen for SSH on 22 (vendor's page on updates).
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from .aws import control, template_summary

HOST_URL = "https://releases.gitpod.io"
BUCKET_URL = "https://gitpod-flex-releases.s3.amazonaws.com"
TEMPLATE_NAME = "gitpod-ec2-runner-enterprise-fargate-private-ecr.json"
OLD_TEMPLATE_NAME = "gitpod-ec2-runner-enterprise.json"
# Published before the first run, oldest first, with the channels that name them at the end.
PUBLISHED: t.Mapping[str, tuple[str, ...]] = {
    "20250110.1": ("stable", "latest"),
    "20251203.4": ("stable", "latest"),
    "20260105.12": ("stable", "latest"),
    "20260112.3": ("latest",),
}
NEWEST_STABLE = "20260105.12"
FIRST_WITH_NEW_NAME = "20260101"
LAST_WITH_OLD_SSH_PORT = "20250131"
_MANIFEST = re.compile(r"ec2/(?:releases/)?([^/]+)/manifest\.json")
_IMAGE_TAG = re.compile(r"(/runner(?:-proxy)?:)\d{8}\.\d+")
_REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


def template_name(version: str) -> str:
    """The file name of a release's template."""
    return TEMPLATE_NAME if version >= FIRST_WITH_NEW_NAME else OLD_TEMPLATE_NAME


def template_url(version: str, base: str = BUCKET_URL) -> str:
    """Where the template of a version is."""
    return f"{base}/ec2/releases/{version}/{template_name(version)}"


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


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
        for version, channels in PUBLISHED.items():
            self.publish(version, channels)

    def publish(self, version: str, channels: t.Iterable[str] = ()) -> None:
        """Put a version into the bucket, and let these channels name it.

        A channel's own copy moves; the one under the old name stays what it was when the name was given up.
        """
        template_summary.template_bodies[template_url(version)] = self.template(version)
        for channel in channels:
            self._channels[channel] = version
            channel_url = f"{BUCKET_URL}/ec2/{channel}/{template_name(version)}"
            template_summary.template_bodies[channel_url] = self.template(version)

    def template(self, version: str) -> str:
        """The template of a version."""
        found = _IMAGE_TAG.sub(rf"\g<1>{version}", self._template)
        if version < FIRST_WITH_NEW_NAME:
            found = found.replace(_REGISTRY, "public.ecr.aws/")
        return found.replace("29222", "22") if version <= LAST_WITH_OLD_SSH_PORT else found

    def handle(self, method: str, body: dict[str, t.Any], query: dict[str, t.Any]) -> dict[str, t.Any]:
        """GET answers manifests as the download host does; POST C(version) and C(channels) publishes one."""
        if method == "POST":
            self.publish(body["version"], body.get("channels", ()))
            return {"channels": self._channels}
        found = _MANIFEST.fullmatch(query["rest"])
        version = self._channels.get(found[1], found[1]) if found else ""
        if template_url(version) not in template_summary.template_bodies:
            raise control.Refusal(403, DENIED)
        images = {
            "image": f"public.ecr.aws/example/gitpod-next/gitpod-ec2-runner:{version}",
            "proxy_image": f"public.ecr.aws/example/gitpod-next/gitpod-proxy:{version}",
        }
        return {
            "version": version,
            **images,
            **{f"{name}_digest": _digest(image) for name, image in images.items()},
            "runner_control_protocol": 1,
            "runner_control_source_sha256": _digest(version),
            "cloudformation_template_url": template_url(version, HOST_URL),
        }

    def install(self) -> None:
        """Offer the host below the control interface."""
        control.register("/_testbed/releases", self.handle)
