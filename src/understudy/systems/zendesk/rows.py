"""What the rows of Zendesk's part of the route table have in common."""

from __future__ import annotations

from typing import Any

from understudy.model.action import ActionClass
from understudy.systems.operation import Operation
from understudy.systems.schema import INTEGER, STRING, one_of, params, says

__all__ = ["API", "APPROVAL", "AUTOMATED", "INCLUDE", "PAGE", "SORTED", "TICKET", "read"]

API = "/api/v2"
TICKET = API + "/tickets/{id}"
APPROVAL: dict[str, Any] = {
    "system": "zendesk", "action_class": ActionClass.APPROVAL_REQUIRED,
}  # fmt: skip
AUTOMATED: dict[str, Any] = {"system": "zendesk", "action_class": ActionClass.AUTOMATED}
PAGE: dict[str, Any] = {
    "page[size]": INTEGER, "page[after]": STRING, "per_page": INTEGER, "page": INTEGER,
}  # fmt: skip
INCLUDE = says(STRING, "What to show beside: users, organizations.")
SORTED: dict[str, Any] = {
    **PAGE, "include": INCLUDE, "sort_by": STRING, "sort_order": one_of("asc", "desc"),
}  # fmt: skip


def read(
    name: str, template: str, description: str, handler: Any, answers: Any, /, **given: Any
) -> Operation:
    """A GET under the API; the parameters of its path are obligatory."""
    required = given.pop("required", " ".join(_names(template)))
    shown = dict.fromkeys(_names(template), STRING)
    return Operation(
        name=f"zendesk.{name}", method="GET", template=API + template, description=description,
        params=params(required, **shown, **given), handler=handler, answers=answers,
        system="zendesk",
    )  # fmt: skip


def _names(template: str) -> list[str]:
    return [part[1:-1] for part in template.split("/") if part.startswith("{")]
