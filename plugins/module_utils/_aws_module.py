# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleAWSModule whose clients share one session.

amazon.aws makes a session for each client, and each session reads the list of services and the endpoints of every AWS
service again.
"""

from __future__ import annotations

import os
import types
import typing as t

try:
    import boto3
    import botocore.config
    import botocore.exceptions
    import botocore.session
except ImportError:  # AnsibleAWSModule reports missing boto3 with instructions.
    boto3 = botocore = None

from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import RetryingBotoClientWrapper

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError

# As Ansible itself shows a value that it hides.
COVERED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
USER_AGENT = f"Ansible/{ansible_version} gitpod.enterprise_runner"
# The options of amazon.aws that hold keys, and what of the environment stands for each (its modules.py).
KEYS: t.Mapping[str, tuple[str, ...]] = {
    "access_key": ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "EC2_ACCESS_KEY"),
    "secret_key": ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "EC2_SECRET_KEY"),
    "session_token": ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "EC2_SECURITY_TOKEN"),
}
# As amazon.aws has it, but for the environment's AWS_PROFILE: the SDK reads that itself, and as AWS's own tools do it
# lets keys of the environment win over it. What stands in this option was named by the task, so by the inventory.
PROFILE_OPTION = {"type": "str", "aliases": ["aws_profile"]}


def connection_of(module: t.Any) -> tuple[str | None, str | None, dict[str, t.Any]]:
    """Region, endpoint, and arguments of clients, from amazon.aws's options.

    A profile that the task names wins over keys that lie in the environment: who names an account means that one.
    Keys that the task itself names beside a profile are refused, as amazon.aws does.
    """
    options = dict(module.params)
    if options.get("profile"):
        for option, variables in KEYS.items():
            if options.get(option) in [os.environ[name] for name in variables if name in os.environ]:
                options[option] = None
    answer = get_aws_connection_info(types.SimpleNamespace(params=options, fail_json=module.fail_json))
    return t.cast("tuple[str | None, str | None, dict[str, t.Any]]", answer)


class RunnerModule(AnsibleAWSModule):
    """Options, credentials and connection settings are those of every module of amazon.aws."""

    def __init__(self, **arguments: t.Any) -> None:
        # What amazon.aws finds wrong is told while it is set up.
        self._covered: set[str] = set()
        spec = {"profile": PROFILE_OPTION, **arguments.pop("argument_spec", {})}
        super().__init__(argument_spec=spec, **arguments)
        self._sessions: dict[str | None, t.Any] = {}
        self._loader: t.Any = None

    def client(self, service: str, retry_decorator: t.Any = None, **arguments: t.Any) -> t.Any:
        """A client of `service`; not to be called from several threads at once.

        :param retry_decorator: lets its methods take C(aws_retry=True).
        :param arguments: laid over the module's own: keys of C(boto3.Session.client), such as C(region_name), and
            C(profile_name).
        :raises InputError: there is no such profile, or no region.
        """
        region, endpoint, own = connection_of(self)
        wanted = {**own, **arguments}
        config = botocore.config.Config(user_agent_extra=USER_AGENT)
        for name in ("config", "aws_config"):
            config = config.merge(wanted.pop(name, None) or botocore.config.Config())
        profile = wanted.pop("profile_name", None)
        try:
            made = self._session(profile).client(
                service, **{"region_name": region, "endpoint_url": endpoint, "config": config, **wanted}
            )
        except botocore.exceptions.NoRegionError as error:
            raise InputError("No region is named", next_step="Set gitpod_region") from error
        except (ValueError, botocore.exceptions.BotoCoreError) as error:
            raise InputError(
                "The credentials, or another setting of the AWS SDK, cannot be used",
                str(error),
                "Check gitpod_aws_profile, and the SDK's own variables and files",
            ) from error
        return RetryingBotoClientWrapper(made, retry_decorator) if retry_decorator else made

    def cover(self, option: str, public: t.Collection[str]) -> None:
        """Show a secret option nowhere, but let texts in it be shown elsewhere that are no secrets themselves.

        Ansible masks every text of such an option wherever it occurs, and so each V(1) of a result.

        :param public: those texts.
        """
        self._covered.add(option)
        self._module.no_log_values.difference_update(public)

    def share_descriptions(self, loader: t.Any) -> None:
        """Have sessions read services' descriptions from a loader that several threads may use.

        :param loader: in place of the SDK's own, which a client asks again for its paginators.
        """
        self._loader = loader

    def hide(self, texts: t.Iterable[str]) -> None:
        """Mask texts wherever they occur in the result, whichever option they came in."""
        self._module.no_log_values.update(text for text in texts if text)

    def masked(self, text: str) -> str:
        """A text for others than Ansible, such as a line of progress, as Ansible would show it."""
        return str(remove_values(text, self._module.no_log_values))

    def exit_json(self, *arguments: t.Any, **result: t.Any) -> None:
        """Leave the module with its result."""
        super().exit_json(*arguments, **{**self._invocation(), **result})

    def fail_json(self, *arguments: t.Any, **result: t.Any) -> None:
        """Leave the module with its failure."""
        super().fail_json(*arguments, **{**self._invocation(), **result})

    def _invocation(self) -> dict[str, t.Any]:
        """How the module was called, as callbacks show it, without what is covered."""
        covered = {option: COVERED for option in self._covered if self.params.get(option)}
        return {"invocation": {"module_args": {**self.params, **covered}}} if covered else {}

    def _session(self, profile: str | None) -> t.Any:
        if profile not in self._sessions:
            own = botocore.session.Session()
            if self._loader is None:
                self._loader = own.get_component("data_loader")
            # Descriptions of services are read once, however many profiles there are.
            own.register_component("data_loader", self._loader)
            self._sessions[profile] = boto3.session.Session(profile_name=profile, botocore_session=own)
        return self._sessions[profile]
