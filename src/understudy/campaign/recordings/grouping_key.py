"""A user's own expression that says what recorded calls belong together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from understudy.cost.clauses import evaluator
from understudy.model.errors import ConfigurationError
from understudy.model.expression import check_expression
from understudy.model.interaction import Interaction

__all__ = ["NAMES", "grouping_key"]

NAMES = (
    "method", "url", "host", "path", "parts", "query", "system", "operation", "actor",
    "correlation_id", "request", "response",
)  # fmt: skip
"""What the expression may speak of."""


def grouping_key(source: str) -> Callable[[Interaction], str | None]:
    """The value of an expression for each call; None where it has none there.

    `parts` are the path's segments, `request` and `response` have `headers`, in lower case, and
    `body`, `response` a `status` too. Secrets are replaced already, equal ones by equal words.

    >>> from understudy.model.interaction import Interaction, RecordedRequest, Source
    >>> one = Interaction(interaction_id="i1", seq=1, system="erp", request=RecordedRequest(
    ...     method="GET", url="https://erp.test/orders/7?a=1"))
    >>> grouping_key("parts[1]")(one), grouping_key("request.headers['x-case']")(one)
    ('7', None)
    """
    try:
        evaluate = evaluator(check_expression(source, NAMES))
    except ValueError as error:
        raise ConfigurationError(
            str(error), code="U198", hint="--by \"request.headers['x-case']\""
        ) from None

    def key(one: Interaction) -> str | None:
        try:
            found = evaluate(_names(one))
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
            return None
        return str(found) if isinstance(found, str | int) and found != "" else None

    return key


def _names(one: Interaction) -> dict[str, Any]:
    parts, answer = urlsplit(one.request.url), one.response
    return {
        "method": one.request.method, "url": one.request.url, "host": parts.netloc,
        "path": parts.path, "parts": parts.path.strip("/").split("/"),
        "query": dict(parse_qsl(parts.query)), "system": one.system, "operation": one.operation,
        "actor": one.actor, "correlation_id": one.correlation_id,
        "request": {"headers": one.request.headers, "body": one.request.body},
        "response": {} if answer is None else
        {"status": answer.status, "headers": answer.headers, "body": answer.body},
    }  # fmt: skip
