"""Short words for the JSON Schemas of operations' parameters and answers."""

from __future__ import annotations

from typing import Any

__all__ = [
    "BOOLEAN",
    "INTEGER",
    "NULL",
    "NUMBER",
    "OBJECT",
    "STRING",
    "TIME",
    "WHOLE",
    "any_of",
    "array",
    "constant",
    "each",
    "nullable",
    "one_of",
    "params",
    "record",
    "ref",
    "says",
    "texts",
]

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
NULL: Schema = {"type": "null"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
TIME: Schema = {
    "type": "string", "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$",
}  # fmt: skip


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


def nullable(schema: Schema) -> Schema:
    """The same or null.

    >>> nullable(STRING), nullable(one_of("a"))
    ({'type': ['string', 'null']}, {'type': ['string', 'null'], 'enum': ['a', None]})
    """
    if not isinstance(schema.get("type"), str):
        return any_of(schema, NULL)
    made = {**schema, "type": [schema["type"], "null"]}
    return {**made, "enum": [*schema["enum"], None]} if "enum" in schema else made


def any_of(*schemas: Schema) -> Schema:
    """What fits one of several schemas."""
    return {"anyOf": list(schemas)}


def constant(value: Any) -> Schema:
    """One value and no other."""
    return {"const": value}


def each(names: str, schema: Schema) -> dict[str, Schema]:
    """The same schema for several names, parted by spaces.

    >>> each("a b", STRING)
    {'a': {'type': 'string'}, 'b': {'type': 'string'}}
    """
    return dict.fromkeys(names.split(), schema)


def record(properties: Schema, optional: str = "") -> Schema:
    """An object in an answer: all its members are there but for the `optional` ones.

    Members that it does not name may be there too, as vendors add some at any time.

    >>> record({"id": STRING, "code": STRING}, optional="code")["required"]
    ['id']
    """
    left_out = optional.split()
    required = [name for name in properties if name not in left_out]
    return {"type": "object", "properties": properties, "required": required}


def texts(schema: Schema = STRING) -> Schema:
    """An object with any names, whose values are all of one kind."""
    return {"type": "object", "additionalProperties": schema}


def ref(name: str) -> Schema:
    """One of the document's named shapes.

    >>> ref("charge")
    {'$ref': '#/components/schemas/charge'}
    """
    return {"$ref": f"#/components/schemas/{name}"}
