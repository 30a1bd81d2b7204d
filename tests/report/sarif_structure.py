"""What SARIF 2.1.0 (an OASIS standard) demands of the objects that are written, as a JSON Schema.

Each object is closed: of the standard's properties those that are used stand here, and no others
may appear but in property bags, where the standard leaves everything open.
"""

from __future__ import annotations

from typing import Any

__all__ = ["SARIF"]

TEXT: dict[str, Any] = {"type": "string"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {
    "type": "object",
    "properties": {"tags": {"type": "array", "uniqueItems": True, "items": TEXT}},
}


def _closed(*required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def _list(items: dict[str, Any], *, unique: bool = False) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": unique}


MESSAGE = _closed("text", text=TEXT)
RULE = _closed(
    "id",
    id=TEXT,
    name=TEXT,
    shortDescription=MESSAGE,
    defaultConfiguration=_closed(level=LEVEL),
    properties=BAG,
)
LOCATION = _closed(
    physicalLocation=_closed(
        artifactLocation=_closed(uri={"type": "string", "pattern": r"^[!#-;=?-\[\]_a-z~%]*$"}),
        region=_closed(startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=_list(_closed(name=TEXT, kind=TEXT), unique=True),
)
RESULT = _closed(
    "message",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    message=MESSAGE,
    locations=_list(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties=BAG,
)
RUN = _closed(
    "tool",
    tool=_closed("driver", driver=_closed(
        "name", name=TEXT, version=TEXT, rules=_list(RULE, unique=True)
    )),
    automationDetails=_closed(id=TEXT),
    results=_list(RESULT),
    properties=BAG,
)  # fmt: skip
SARIF = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    **_closed(
        "version", "runs",
        **{"$schema": TEXT, "version": {"enum": ["2.1.0"]}, "runs": _list(RUN)},
    ),
}  # fmt: skip
