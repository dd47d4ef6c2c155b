# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that look at a fleet, against the test bed and in this process: inventory variables in, results out."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import module as look_module
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import (
    operation as preflight_operation,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import look as status_look
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import (
    operation as verification_operation,
)
from tests.e2e.harness import EXAMPLE

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testbed.client import TestBed

Result = dict[str, t.Any]
EXAMPLES: dict[str, dict[str, t.Any]] = yaml.safe_load(EXAMPLE.read_text("utf-8"))["gitpod_runners"]["hosts"]
ACCOUNT = "123456789012"
# Options of amazon.aws that say how AWS is reached.
_AWS = ("profile", "access_key", "secret_key", "session_token", "endpoint_url", "region", "aws_ca_bundle", "aws_config")


class FleetModule:
    """What the operations take of the module.

    :param raw: variables of each host, as an inventory has them; the door types them.
    :param keys: credentials of those that name no profile.
    """

    def __init__(
        self,
        testbed: TestBed,
        raw: t.Mapping[str, t.Mapping[str, t.Any]],
        earlier: t.Mapping[str, t.Any] | None = None,
        check: bool = False,
        keys: t.Mapping[str, str] | None = None,
        **options: t.Any,
    ) -> None:
        typed = {host: read(host, "/", variables(), given) for host, given in raw.items()}
        wrong = {host: values.problems or values.unknown for host, values in typed.items()}
        if any(wrong.values()):
            raise ValueError(f"not an inventory: {wrong}")
        runners = [
            {"host": host, "values": values.public(), "earlier": (earlier or {}).get(host, {})}
            for host, values in typed.items()
        ]
        defaults = {name: entry.get("default") for name, entry in look_module.ARGUMENT_SPEC.items()}
        given = keys or {"access_key": ACCOUNT, "secret_key": "test"}
        self.params: Result = {
            **dict.fromkeys(_AWS),
            **given,
            "endpoint_url": testbed.aws_endpoint_url,
            "validate_certs": True,
            **defaults,
            "runners": runners,
            "secrets": {host: values.secrets() for host, values in typed.items()},
            **options,
        }
        self.region = None
        self.check_mode = check
        self.shown: set[str] = set()
        self.covered: set[str] = set()
        self.hidden: set[str] = set()

    def cover(self, option: str, public: t.Collection[str]) -> None:
        """Keep what may be shown."""
        self.covered.add(option)
        self.shown |= set(public)

    def hide(self, texts: t.Iterable[str]) -> None:
        """Keep what may not."""
        self.hidden |= set(texts)

    def fail_json(self, **result: t.Any) -> None:
        """As Ansible does it."""
        raise SystemExit(str(result))


def of_fleet(module: FleetModule, run: t.Callable[[t.Any], Result]) -> dict[str, Result]:
    """Each runner's result."""
    found: dict[str, Result] = run(module)["runners"]
    return found


def of_one(module: FleetModule, run: t.Callable[[t.Any], Result]) -> Result:
    """The result of a fleet of one."""
    try:
        (found,) = of_fleet(module, run).values()
    except RunnerError as error:
        return {"failed": True, "msg": error.message}
    return found


def preflight(testbed: TestBed, host: str, keys: t.Mapping[str, str] | None = None, **changes: t.Any) -> Result:
    """What the prerequisites say of a host of the example inventory.

    :param changes: of its variables, without the prefix C(gitpod_).
    """
    return prerequisites(testbed, {host: inventory(testbed, host, **changes)}, keys)


def prerequisites(
    testbed: TestBed, raw: t.Mapping[str, t.Mapping[str, t.Any]], keys: t.Mapping[str, str] | None = None
) -> Result:
    """What the prerequisites say of one runner.

    :param raw: its variables, by the host's name.
    """
    return of_one(FleetModule(testbed, raw, keys=keys), preflight_operation.run)


def inventory(testbed: TestBed, host: str, **changes: t.Any) -> Result:
    """Variables of a host of the example inventory on the test bed, with changes; what is empty is left out."""
    usual = {
        name: value for name, value in EXAMPLES[host].items() if not (isinstance(value, str) and "lookup(" in value)
    }
    found = {
        **usual,
        "gitpod_exchange_token": testbed.exchange_tokens[EXAMPLES[host]["gitpod_region"]],
        "gitpod_account_id": ACCOUNT,
        "gitpod_stack_template_url": testbed.template_url,
        "gitpod_resolvers": [testbed.dns],
        **{f"gitpod_{name}": value for name, value in changes.items()},
    }
    return {name: value for name, value in found.items() if value is not None}


def stack_variables(region: str, options: t.Mapping[str, t.Any]) -> Result:
    """The inventory of a runner whose stack M(gitpod.enterprise_runner.runner_stack) makes with these options."""
    tags = {key: value for key, value in (options.get("tags") or {}).items() if not key.startswith("gitpod:")}
    return {
        "gitpod_region": region,
        "gitpod_runner_name": options["name"],
        "gitpod_stack_template_url": options["template_url"],
        "gitpod_stack_parameters": options["parameters"],
        "gitpod_tags": tags,
    }


def status(testbed: TestBed, raw: t.Mapping[str, t.Any]) -> Result:
    """How one runner is doing."""
    return of_one(FleetModule(testbed, {"runner": raw}), status_look.run)


def verification(testbed: TestBed, raw: t.Mapping[str, t.Any], **more: t.Any) -> Result:
    """What is seen of one runner."""
    earlier = more.pop("earlier", {})
    return of_one(
        FleetModule(testbed, {"runner": raw}, earlier={"runner": earlier}, **more), verification_operation.run
    )


@contextlib.contextmanager
def profiles(**accounts: str) -> Iterator[None]:
    """Profiles of the AWS configuration, each with an account's keys."""
    kept = {name: os.environ.get(name) for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE")}
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        for name, account in accounts.items():
            file.write(f"[{name}]\naws_access_key_id = {account}\naws_secret_access_key = test\n")
        file.flush()
        os.environ.update(AWS_SHARED_CREDENTIALS_FILE=file.name, AWS_CONFIG_FILE=os.devnull)
        try:
            yield
        finally:
            for name, value in kept.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
