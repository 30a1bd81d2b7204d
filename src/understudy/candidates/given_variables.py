"""Variables that a campaign gives its candidate: settings, and nothing that opens anything."""

from __future__ import annotations

import contextlib
import functools
import re
from typing import Any

from understudy.candidates.use import HttpUse, parse_use
from understudy.doors.loopback import environment
from understudy.doors.variables import credential_variables
from understudy.model.candidate_use import BareModel
from understudy.model.errors import CandidateError, ConfigurationError
from understudy.model.world import World
from understudy.redact.fields import kind_of_field
from understudy.systems.engine import Engine

__all__ = ["check_reached", "check_variable"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MADE_UP = ("canary", "dummy", "example", "fake", "test")
_OURS = {"HOME", "MCP_SERVER_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PATH"}
_OURS_BY = re.compile(r"OTEL_EXPORTER_OTLP_.*|.*_API_BASE")
"""What would lead elsewhere beside those, as the addresses of own systems and of spans alone."""
_LEFT_OUT = "leave it out; `understudy systems env CAMPAIGN` prints what a candidate is given"
_KEYS = "leave it out; with `isolation: serial` at the candidate, the run's own stands there"


def check_variable(name: str, value: str) -> None:
    """Raise `ConfigurationError` for a variable that cannot be given, or that looks like a secret.

    >>> check_variable("CURRENCY", "EUR")
    >>> check_variable("DATABASE_PASSWORD", "fake-password")

    The secrets that webhooks are signed with may be given: only a service that is started has
    the run's own, and what else reads them needs some.
    """
    if not _NAME.fullmatch(name) or "\0" in value:
        raise _refused(f"`{name}` cannot be the name of a variable", "env: {CURRENCY: EUR}")
    if name in _opening() or name in _leading() or _OURS_BY.fullmatch(name):
        hint = _KEYS if name in _opening() else _LEFT_OUT
        raise _refused(f"the variable `{name}` is set by the run itself", hint)
    if value and _names_a_secret(name) and not _is_made_up(value):
        raise _refused(
            f"the variable `{name}` looks like a secret; its value is not repeated here",
            f"give it one that opens nothing and says so: env: {{{name}: fake-value}}",
        )


def check_reached(spec: str | dict[str, Any]) -> None:
    """Raise `ConfigurationError` where no code that is started here would read the variables."""
    with contextlib.suppress(CandidateError):  # told by itself
        use = parse_use(spec)
        runs = isinstance(use, HttpUse) and not use.command
        if runs or isinstance(use, BareModel):
            raise _refused(
                "`env` reaches no code of this candidate",
                "give a service that runs already its variables where it is started",
            )


@functools.cache
def _opening() -> frozenset[str]:
    """Where integrations look for their credentials to the systems."""
    return frozenset(credential_variables(_engine().open_worker("")))


@functools.cache
def _leading() -> frozenset[str]:
    """What leads a candidate to the doors of its run, and to its programs."""
    from understudy.candidates.span_receiver import span_variables

    doors = environment(dict.fromkeys(_engine().systems, "http://127.0.0.1"))
    return frozenset({*_OURS, *doors, *span_variables("")})


def _engine() -> Engine:
    return Engine(World({}))


def _is_made_up(value: str) -> bool:
    """Whether a word of it says so.

    >>> _is_made_up("sk_test_1"), _is_made_up("fake1"), _is_made_up("the-latest-4f9attest")
    (True, True, False)
    """
    return any(part.startswith(_MADE_UP) for part in re.split(r"[^a-z0-9]+", value.lower()))


def _names_a_secret(name: str) -> bool:
    words = name.split("_")
    return any(kind_of_field("_".join(words[at:])) == "secret" for at in range(len(words)))


def _refused(problem: str, hint: str) -> ConfigurationError:
    return ConfigurationError(problem, code="U183", hint=hint)
