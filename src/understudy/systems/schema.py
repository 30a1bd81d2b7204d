"""Short words for the JSON Schemas of operations' parameters."""

from __future__ import annotations

from typing import Any

__all__ = ["BOOLEAN", "INTEGER", "OBJECT", "STRING", "array", "one_of", "params", "says"]

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}


def params(required: str = "", **properties: Schema) -> Schema:
    """An object of parameters; `required` names the obligatory ones, parted by spaces.

    >>> params("id", id=STRING)["required"]
    ['id']
    """
    return {
        "type": "object", "properties": properties, "required": required.split(),
        "additionalProperties": False,
    }  # fmt: skip


def array(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def one_of(*words: str) -> Schema:
    """One of some words."""
    return {"type": "string", "enum": list(words)}


def says(schema: Schema, description: str) -> Schema:
    """The same schema with a word of explanation."""
    return {**schema, "description": description}
