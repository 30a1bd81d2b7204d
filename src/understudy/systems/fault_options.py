"""The options of each kind of fault, checked before the first case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.model.campaign import Fault, FaultKind
from understudy.model.errors import ConfigurationError, nearest

__all__ = ["OPTIONS", "Option", "options_of"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its default, what its value must be, and that in words."""

    default: Any
    fits: Callable[[Any], bool]
    words: str


def _is_span(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9


def _seconds(default: float) -> Option:
    return Option(default, _is_span, "a number of seconds from 0 on")


def _status(default: int) -> Option:
    return Option(
        default, lambda v: _is_whole(v) and 400 <= v <= 599, "an HTTP status from 400 to 599"
    )


def _one_of(*words: str) -> Option:
    return Option(words[0], lambda value: value in words, "one of " + ", ".join(words))


_APPLIED = Option(False, lambda value: isinstance(value, bool), "true or false")
_RETRY_AFTER = Option(
    # Clients that read the header as a whole number crash on anything else.
    None,
    lambda value: value is None or _is_whole(value),
    "a whole number of seconds",
)
_NAME = Option(None, lambda value: isinstance(value, str) and bool(value), "the name of a field")
_NEW = Option(None, lambda value: value is None or isinstance(value, str), "a text")
_FIELDS = Option(
    None, lambda value: isinstance(value, dict) and bool(value), "field names with their values"
)
_MESSAGE = Option("Something went wrong.", lambda value: isinstance(value, str), "a text")

OPTIONS: dict[FaultKind, dict[str, Option]] = {
    FaultKind.LATENCY: {"seconds": _seconds(2.0)},
    FaultKind.HANG: {"seconds": _seconds(300.0), "applied": _APPLIED},
    FaultKind.STATUS: {
        "status": _status(503), "retry_after": _RETRY_AFTER, "message": _MESSAGE,
        "applied": _APPLIED,
    },
    FaultKind.RESET: {},
    FaultKind.APPLY_THEN_RESET: {},
    FaultKind.TRUNCATE: {},
    FaultKind.HALF_JSON: {},
    FaultKind.HTML: {"status": _status(502), "applied": _APPLIED},
    FaultKind.STALE_READ: {"seconds": _seconds(60.0)},
    FaultKind.INDEX_LAG: {"seconds": _seconds(60.0)},
    FaultKind.PAGE_DRIFT: {"change": _one_of("skip", "repeat")},
    FaultKind.TOKEN_EXPIRY: {},
    FaultKind.SCOPE_DENIED: {},
    FaultKind.SCHEMA_DRIFT: {
        "field": _NAME, "change": _one_of("rename", "null", "type", "enum"), "to": _NEW,
    },
    FaultKind.CONCURRENT_EDIT: {"fields": _FIELDS},
    FaultKind.WEBHOOK_DUPLICATE: {"seconds": _seconds(60.0)},
    FaultKind.WEBHOOK_LATE: {"seconds": _seconds(3600.0)},
    FaultKind.WEBHOOK_REORDER: {},
    FaultKind.NONSENSE: {
        "form": _one_of("drawn", "unknown_ids", "unknown_tool", "nothing"),
    },
}  # fmt: skip


def options_of(fault: Fault) -> dict[str, Any]:
    """The options of a fault with its defaults filled in; a `ConfigurationError` else."""
    known = OPTIONS[fault.do]
    for name in fault.options:
        if name not in known:
            raise ConfigurationError(
                f"the fault `{fault.do}` has no option `{name}`{nearest(name, known)}; "
                + (f"known are {', '.join(known)}" if known else "it has none")
            )
    return {name: _value(fault, name, option) for name, option in known.items()}


def _value(fault: Fault, name: str, option: Option) -> Any:
    given: Mapping[str, Any] = fault.options
    value = given.get(name, option.default)
    if not option.fits(value):
        said = f"`{value}`" if name in given else "nothing"
        raise ConfigurationError(
            f"`{name}` of the fault `{fault.do}` must be {option.words}, and {said} was given"
        )
    return value
