"""Variables that a campaign gives its candidate: settings, and nothing that opens anything."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from understudy.candidates.use import HttpUse, parse_use
from understudy.model.candidate_use import BareModel
from understudy.model.errors import CandidateError, ConfigurationError
from understudy.redact.fields import kind_of_field

__all__ = ["check_reached", "check_variable"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MADE_UP = ("canary", "dummy", "example", "fake", "test")
_OURS = {"HOME", "MCP_SERVER_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"}
_OUR_PREFIXES = ("OTEL_EXPORTER_OTLP_", "ZENPY_FORCE_")


def check_variable(name: str, value: str) -> None:
    """Raise `ConfigurationError` for a variable that cannot be given, or that looks like a secret.

    >>> check_variable("CURRENCY", "EUR")
    >>> check_variable("DATABASE_PASSWORD", "fake-password")
    """
    if not _NAME.fullmatch(name) or "\0" in value:
        raise _refused(f"`{name}` cannot be the name of a variable", "env: {CURRENCY: EUR}")
    if name in _OURS or name.startswith(_OUR_PREFIXES) or name.endswith("_API_BASE"):
        raise _refused(
            f"the variable `{name}` is set by the run itself",
            "leave it out; `understudy systems env CAMPAIGN` prints what a candidate is given",
        )
    if value and _names_a_secret(name) and not any(word in value.lower() for word in _MADE_UP):
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


def _names_a_secret(name: str) -> bool:
    words = name.split("_")
    return any(kind_of_field("_".join(words[at:])) == "secret" for at in range(len(words)))


def _refused(problem: str, hint: str) -> ConfigurationError:
    return ConfigurationError(problem, code="U183", hint=hint)
