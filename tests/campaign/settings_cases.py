# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the user's Ansible, and of the machine that it runs on, each in a case of its own."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from tests.e2e.harness import COLLECTION

STATUS, SITE, PREREQUISITES = f"{COLLECTION}.status", f"{COLLECTION}.site", f"{COLLECTION}.prerequisites"
UPGRADE, TEARDOWN, ADOPT = f"{COLLECTION}.upgrade", f"{COLLECTION}.teardown", f"{COLLECTION}.adopt"
PLAN, VERIFY, ACCEPTANCE = f"{COLLECTION}.plan", f"{COLLECTION}.verify", f"{COLLECTION}.acceptance"
WORKS = ""
# Stands in a case for the run's own directory.
HERE = "{here}"
# As sudo, but it only tells that it was called.
SUDO = '#!/bin/sh\necho "$@" >> "{here}/sudo.log"\nexit 1\n'
CONNECTION: t.Mapping[str, t.Any] = {
    "ansible_connection": "ssh",
    "ansible_host": "192.0.2.1",
    "ansible_user": "nobody-here",
    "ansible_become": True,
    "ansible_python_interpreter": "/nowhere/python3",
}


@dataclasses.dataclass(frozen=True)
class Case:
    """Settings that stand together in one run.

    :param configuration: of ansible.cfg, by key, of the section C(defaults) or with another one, C(section.key).
    :param environment: what differs in the environment; None takes a variable away.
    :param arguments: of ansible-playbook.
    :param runners: variables of every runner's host.
    :param refused: words of the message with which the run is refused; empty where it works.
    :param document: whether standard output has to be one JSON document.
    :param writes: whether there is something to do.
    """

    name: str
    configuration: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    environment: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    arguments: t.Sequence[str] = ()
    runners: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    playbook: str = STATUS
    refused: str = WORKS
    document: bool = False
    writes: bool = False


def _set(name: str, **configuration: str) -> Case:
    return Case(name, configuration=configuration)


def _environment(name: str, **environment: str | None) -> Case:
    return Case(name, environment=environment)


def _strategies() -> list[Case]:
    named = ("free", "host_pinned", "linear", "debug", "ansible.builtin.free")
    return [
        *(Case(f"ANSIBLE_STRATEGY={name}", environment={"ANSIBLE_STRATEGY": name}, playbook=SITE) for name in named),
        Case(
            "strategy = mitogen_linear",
            configuration={"strategy": "mitogen_linear", "strategy_plugins": f"{HERE}/strategies"},
            playbook=SITE,
        ),
        Case("any_errors_fatal", environment={"ANSIBLE_ANY_ERRORS_FATAL": "true"}, playbook=SITE),
    ]


def _connections() -> list[Case]:
    extra = json.dumps(dict(CONNECTION))
    return [
        Case("inventory: a machine to log in to", runners=CONNECTION, playbook=SITE),
        Case(
            "inventory: winrm and PowerShell",
            runners={"ansible_connection": "winrm", "ansible_shell_type": "powershell"},
        ),
        # Ansible loads such a connection before any action.
        Case(
            "inventory: a network device",
            runners={"ansible_connection": "ansible.netcommon.network_cli"},
            refused="ansible_network_os",
        ),
        Case("-e: a machine to log in to", arguments=("-e", extra), playbook=SITE),
        Case("--become, -c ssh, -u", arguments=("--become", "-c", "ssh", "-u", "nobody-here"), playbook=SITE),
        Case("become = true", configuration={"privilege_escalation.become": "true"}),
        _environment("ANSIBLE_BECOME", ANSIBLE_BECOME="true"),
        _environment("ANSIBLE_TRANSPORT", ANSIBLE_TRANSPORT="ssh", ANSIBLE_REMOTE_USER="nobody-here"),
        _environment("ANSIBLE_PYTHON_INTERPRETER", ANSIBLE_PYTHON_INTERPRETER="/nowhere/python3"),
        _environment("ANSIBLE_PIPELINING", ANSIBLE_PIPELINING="true"),
        _environment("ANSIBLE_PIPELINING=false", ANSIBLE_PIPELINING="false"),
        Case("adopt, a machine to log in to", arguments=("-e", extra, *_ADOPT), playbook=ADOPT),
        Case("adopt, localhost in the inventory", arguments=("-i", f"{HERE}/localhost.yml", *_ADOPT), playbook=ADOPT),
    ]


_ADOPT = ("-e", "gitpod_adopt_regions=us-east-1", "-e", f"gitpod_adopt_directory={HERE}/adopted")


def _output() -> list[Case]:
    plain = (
        "minimal",
        "oneline",
        "default",
        "community.general.unixy",
        "community.general.dense",
        "ansible.posix.debug",
    )
    return [
        Case("stdout_callback = json", environment={"ANSIBLE_STDOUT_CALLBACK": "json"}, document=True),
        Case("json, site", environment={"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}, playbook=SITE, document=True),
        Case("json, prerequisites", configuration={"stdout_callback": "json"}, playbook=PREREQUISITES, document=True),
        Case("stdout_callback = jsonl", environment={"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl"}, document=True),
        *(_environment(f"stdout_callback = {name}", ANSIBLE_STDOUT_CALLBACK=name) for name in plain),
        _set("callback_result_format = yaml", callback_result_format="yaml"),
        _set("display_skipped_hosts", display_skipped_hosts="false", display_ok_hosts="false"),
        Case("display_args_to_stdout", configuration={"display_args_to_stdout": "true"}, playbook=SITE),
        _environment("ANSIBLE_NOCOLOR", ANSIBLE_NOCOLOR="1"),
        _environment("ANSIBLE_FORCE_COLOR", ANSIBLE_NOCOLOR=None, ANSIBLE_FORCE_COLOR="1"),
        Case("no_log", environment={"ANSIBLE_NO_LOG": "true"}, playbook=SITE),
        Case(
            "-vvvv and a log file", environment={"ANSIBLE_LOG_PATH": f"{HERE}/log"}, arguments=("-vvvv",), playbook=SITE
        ),
    ]


def _variables() -> list[Case]:
    cached = {"fact_caching": "jsonfile", "fact_caching_connection": f"{HERE}/cache"}
    return [
        *(_environment(f"gathering = {name}", ANSIBLE_GATHERING=name) for name in ("implicit", "explicit", "smart")),
        Case("fact caching", configuration=cached, playbook=SITE),
        _set("inject_facts_as_vars", inject_facts_as_vars="false"),
        _set("hash_behaviour = merge", hash_behaviour="merge"),
        _set("jinja2_native", jinja2_native="true"),
        _set("error_on_undefined_vars", error_on_undefined_vars="false"),
        _set("private_role_vars", private_role_vars="true"),
        _set("task_timeout", task_timeout="1"),
        _environment("ANSIBLE_TASK_TIMEOUT", ANSIBLE_TASK_TIMEOUT="1"),
    ]


def _control_node() -> list[Case]:
    odd = f"{HERE}/odd $(directory)  with blanks"
    return [
        _environment("PWD unset", PWD=None),
        _environment("PWD of another directory", PWD="/nowhere"),
        _environment("LANG=C", LC_ALL=None, LANG="C"),
        Case("LC_ALL=C", environment={"LC_ALL": "C"}, refused="Ansible requires the locale encoding to be UTF-8"),
        _environment("LANG unset", LC_ALL=None, LANG=None, LC_CTYPE=None),
        _environment("HOME unset", HOME=None),
        _environment("HOME that cannot be written", HOME="/proc"),
        _environment("TMPDIR with blanks", TMPDIR=odd),
        _environment("ANSIBLE_LOCAL_TEMP with blanks", ANSIBLE_LOCAL_TEMP=odd),
        _environment("ANSIBLE_REMOTE_TEMP that cannot be written", ANSIBLE_REMOTE_TEMP="/proc/nowhere"),
        _environment("ANSIBLE_KEEP_REMOTE_FILES", ANSIBLE_KEEP_REMOTE_FILES="true"),
        _set("no_target_syslog", no_target_syslog="true"),
        _set("forks = 1", forks="1"),
        _set("force_handlers", force_handlers="true"),
    ]


def _selections() -> list[Case]:
    begin = "The task that begins a batch was left out"

    def refused(playbook: str, words: str, *arguments: str) -> Case:
        return Case(
            f"{playbook.rpartition('.')[2]} {' '.join(arguments)}", None or {}, {}, arguments, {}, playbook, words
        )

    return [
        Case("site --start-at-task 'Begin the batch'", arguments=("--start-at-task", "Begin the batch"), playbook=SITE),
        Case("site --start-at-task, report", arguments=("--start-at-task", "*Report the fleet"), playbook=SITE),
        refused(SITE, begin, "--start-at-task", "Deploy"),
        refused(SITE, begin, "--tags", "verify", "--skip-tags", "always"),
        refused(SITE, "The look at the runners was left out", "--skip-tags", "always"),
        Case("site --skip-tags prerequisites", arguments=("--skip-tags", "prerequisites"), playbook=SITE),
        Case("ANSIBLE_RUN_TAGS=verify", environment={"ANSIBLE_RUN_TAGS": "verify"}, playbook=SITE),
        refused(UPGRADE, "What would change was not computed", "--start-at-task", "Show what would change"),
        refused(
            TEARDOWN,
            "was not looked at",
            "--start-at-task",
            "Show what goes and what stays, and require the confirmation",
        ),
    ]


def _more() -> list[Case]:
    """What else Ansible can be told."""
    callbacks = "ansible.posix.profile_tasks,ansible.posix.timer,community.general.log_plays"
    return [
        _environment("callbacks_enabled", ANSIBLE_CALLBACKS_ENABLED=callbacks),
        _environment("duplicate_dict_key = error", ANSIBLE_DUPLICATE_YAML_DICT_KEY="error"),
        _environment("enable_task_debugger", ANSIBLE_ENABLE_TASK_DEBUGGER="true"),
        Case("executable of nowhere", environment={"ANSIBLE_EXECUTABLE": "/nowhere/bash"}, refused="/nowhere/bash"),
        Case("inventory: another machine's shell", runners={"ansible_shell_executable": "/nowhere/bash"}),
        _environment("display_failed_stderr", ANSIBLE_DISPLAY_FAILED_STDERR="true"),
        _environment("show_task_path_on_failure", ANSIBLE_SHOW_TASK_PATH_ON_FAILURE="true"),
        _environment("show_custom_stats", ANSIBLE_SHOW_CUSTOM_STATS="true"),
        _environment("check_mode_markers", ANSIBLE_CHECK_MODE_MARKERS="true"),
        Case("--check --diff", arguments=("--check", "--diff"), playbook=SITE),
        Case("DIFF_ALWAYS", environment={"ANSIBLE_DIFF_ALWAYS": "true"}, playbook=SITE),
        _environment("host_pattern_mismatch = error", ANSIBLE_HOST_PATTERN_MISMATCH="error"),
        _environment("transform_invalid_group_chars", ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS="always"),
        _environment("run_vars_plugins = start", ANSIBLE_RUN_VARS_PLUGINS="start"),
        _environment("jinja2_extensions", ANSIBLE_JINJA2_EXTENSIONS="jinja2.ext.do,jinja2.ext.loopcontrols"),
        _environment("target_log_info", ANSIBLE_TARGET_LOG_INFO="x %s {{ y }}"),
        _environment("string_conversion_action = error", ANSIBLE_STRING_CONVERSION_ACTION="error"),
        _environment("module_strict_utf8_response", ANSIBLE_MODULE_STRICT_UTF8_RESPONSE="false"),
        _environment("verbosity = 2", ANSIBLE_VERBOSITY="2"),
        _environment("stdout_callback = community.general.null", ANSIBLE_STDOUT_CALLBACK="ansible.builtin.tree"),
    ]


def _machine() -> list[Case]:
    """What Python, the terminal, the time zone and the SDK can be told."""
    return [
        _environment("PYTHONOPTIMIZE", PYTHONOPTIMIZE="2"),
        _environment("PYTHONSAFEPATH", PYTHONSAFEPATH="1"),
        _environment("PYTHONDONTWRITEBYTECODE", PYTHONDONTWRITEBYTECODE="1"),
        _environment("PYTHONUNBUFFERED and PYTHONDEVMODE", PYTHONUNBUFFERED="1", PYTHONDEVMODE="1"),
        _environment("PYTHONWARNINGS", PYTHONWARNINGS="always"),
        _environment("TZ", TZ="Asia/Kathmandu"),
        _environment("COLUMNS and LINES", COLUMNS="1", LINES="1", TERM="dumb"),
        _environment("COLUMNS of nothing", COLUMNS="0", TERM=None),
        _environment("AWS_MAX_ATTEMPTS and AWS_RETRY_MODE", AWS_MAX_ATTEMPTS="1", AWS_RETRY_MODE="adaptive"),
        _environment("AWS_REGION of another place", AWS_REGION="cn-north-1", AWS_DEFAULT_REGION="us-gov-west-1"),
        _environment("AWS_PAGER and AWS_DEFAULT_OUTPUT", AWS_PAGER="/bin/false", AWS_DEFAULT_OUTPUT="table"),
        _environment("AWS_SESSION_TOKEN of nothing", AWS_SESSION_TOKEN=""),
        _environment("AWS_STS_REGIONAL_ENDPOINTS", AWS_STS_REGIONAL_ENDPOINTS="legacy"),
        _environment("AWS_USE_FIPS_ENDPOINT", AWS_USE_FIPS_ENDPOINT="true"),
        _environment("AWS_USE_DUALSTACK_ENDPOINT", AWS_USE_DUALSTACK_ENDPOINT="true"),
        _environment("AWS_REQUEST_CHECKSUM_CALCULATION", AWS_REQUEST_CHECKSUM_CALCULATION="when_required"),
        _environment("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES="1"),
        _environment("AWS_DEFAULTS_MODE", AWS_DEFAULTS_MODE="mobile"),
        _environment("ALL_PROXY", ALL_PROXY="socks5://192.0.2.1:1", all_proxy="socks5://192.0.2.1:1"),
        Case(
            "AWS_PROFILE of nobody",
            environment={
                "AWS_PROFILE": "nobody-of-that-name",
                "AWS_ACCESS_KEY_ID": None,
                "AWS_SECRET_ACCESS_KEY": None,
            },
            refused="nobody-of-that-name",
        ),
        Case(
            "HTTP_PROXY that cannot be read",
            environment={"HTTP_PROXY": "socks5://me:s3cret@192.0.2.1:1", "NO_PROXY": None, "no_proxy": None},
            refused="The URL of the proxy in the environment variable HTTP_PROXY",
        ),
        Case("AWS_CONFIG_FILE of nonsense", environment={"AWS_CONFIG_FILE": f"{HERE}/bin/sudo"}, refused="sudo"),
    ]


# What can be set at once, and turns nothing wrong.
TOGETHER: t.Mapping[str, str] = {
    "strategy": "free",
    "any_errors_fatal": "true",
    "gathering": "implicit",
    "transport": "ssh",
    "remote_user": "nobody-here",
    "task_timeout": "1",
    "hash_behaviour": "merge",
    "inject_facts_as_vars": "true",
    "error_on_undefined_vars": "false",
    "jinja2_native": "true",
    "private_role_vars": "true",
    "display_skipped_hosts": "false",
    "display_args_to_stdout": "true",
    "no_target_syslog": "true",
    "force_handlers": "true",
    "forks": "1",
    "stdout_callback": "json",
    "fact_caching": "jsonfile",
    "fact_caching_connection": f"{HERE}/cache",
    "interpreter_python": "/nowhere/python3",
    "privilege_escalation.become": "true",
}
ODD = f"{HERE}/odd $(directory)  with blanks"
AROUND: t.Mapping[str, str | None] = {
    "HOME": "/proc",
    "PWD": "/nowhere",
    "TMPDIR": ODD,
    "ANSIBLE_LOCAL_TEMP": ODD,
    "ANSIBLE_REMOTE_TEMP": "/proc/nowhere",
    "LC_ALL": None,
    "LANG": "C",
}


def together(playbook: str, refused: str = WORKS, **more: t.Any) -> Case:
    """A playbook with all of it.

    :param more: extra variables.
    """
    extra = json.dumps({"ansible_become": True, **more})
    name = f"{playbook.rpartition('.')[2]}, everything at once"
    return Case(name, TOGETHER, AROUND, ("-e", extra), CONNECTION, playbook, refused, document=True)


def _every_playbook() -> list[Case]:
    """Those that read, each with all of it; an acceptance needs a token, and says so."""
    return [
        *(together(playbook) for playbook in (PLAN, VERIFY, STATUS, PREREQUISITES)),
        together(ACCEPTANCE, "gitpod_api_token"),
        Case("plan --tags prerequisites", arguments=("--tags", "prerequisites"), playbook=PLAN, refused="no task of"),
        Case("verify --skip-tags verify", arguments=("--skip-tags", "verify"), playbook=VERIFY, refused="no task of"),
        Case("plan -vvvv", environment={"ANSIBLE_LOG_PATH": f"{HERE}/log"}, arguments=("-vvvv",), playbook=PLAN),
        Case("verify -vvvv", environment={"ANSIBLE_LOG_PATH": f"{HERE}/log"}, arguments=("-vvvv",), playbook=VERIFY),
    ]


def cases() -> list[Case]:
    """Every case."""
    return [
        *_every_playbook(),
        *_more(),
        *_machine(),
        *_strategies(),
        *_connections(),
        *_output(),
        *_variables(),
        *_control_node(),
        *_selections(),
    ]
