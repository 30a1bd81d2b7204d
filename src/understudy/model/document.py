"""YAML files that people write, read with line numbers, so that every error names its line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from understudy.model.errors import ConfigurationError, UnderstudyError, nearest, one_error

__all__ = [
    "Document",
    "Place",
    "load_document",
    "parse_document",
    "parse_text",
    "read_document",
]

MAX_BYTES = 20_000_000
MAX_DEPTH = 60

_QUOTED = re.compile(r"'([^']*)'")
Model = TypeVar("Model", bound=pydantic.BaseModel)
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its plain content, and the line on which each key or item stands."""

    file: str
    content: Any
    lines: Mapping[Place, int] = field(default_factory=dict)

    def where(self, place: Sequence[str | int]) -> str:
        """`file:line` of the innermost part of `place` that the file has.

        What the file does not have is skipped: the name of a shape that a part could be of.
        """
        found: Place = ()
        for part in place:
            if (*found, part) in self.lines:
                found = (*found, part)
        line = self.lines.get(found)
        return self.file if line is None else f"{self.file}:{line}"


def load_document(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into `model`; all that is wrong with it is raised as one error."""
    return parse_document(read_document(path), model)


def read_document(path: Path) -> Document:
    """Parse a YAML file; raises `ConfigurationError` where it is missing or is not YAML."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ConfigurationError(
            f"`{path}` cannot be read: {reason}", code="U101", hint=_neighbours(path)
        ) from error
    if len(data) > MAX_BYTES:
        raise ConfigurationError(
            f"`{path}` has {len(data):,} bytes; at most {MAX_BYTES:,} are read", code="U102"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"`{path}` is not UTF-8 text (byte {error.start})", code="U102"
        ) from error
    return parse_text(text, str(path))


def parse_document(document: Document, model: type[Model]) -> Model:
    """Validate a parsed file; every unknown key and wrong value is told with its line."""
    if not isinstance(document.content, Mapping):
        raise ConfigurationError(
            f"the file holds {_kind(document.content)}, not a mapping of keys to values",
            code="U103",
            where=document.where(()),
        )
    try:
        return model.model_validate(document.content)
    except pydantic.ValidationError as error:
        mistakes = [dict(item) for item in error.errors()]
        told = [item for item in mistakes if not _beside_the_point(item)] or mistakes
        raise one_error([_explain(document, model, item) for item in told]) from None


def parse_text(text: str, file: str) -> Document:
    """Parse YAML that is there as text; `file` is what errors call it by."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        _refuse_tricks(text, file)
        content = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        raise ConfigurationError(
            f"this is not valid YAML: {_first_line(error.problem or str(error))}",
            code="U104",
            where=where,
        ) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise ConfigurationError(
            f"this is not valid YAML: {_first_line(str(error))}", code="U104", where=file
        ) from None
    lines: dict[Place, int] = {}
    return Document(file, _plain(content, (), lines), lines)


def _refuse_tricks(text: str, file: str) -> None:
    """Anchors, aliases, tags and deep nesting are how a YAML file becomes a program or a bomb."""
    from ruamel.yaml import YAML, AliasEvent

    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        depth += _step(event)
        trick = None
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            trick = "anchors and aliases (`&name`, `*name`) are not part of this dialect"
        elif getattr(event, "tag", None):
            trick = f"tags (`{event.tag}`) are not part of this dialect"
        elif depth > MAX_DEPTH:
            trick = f"values are nested more than {MAX_DEPTH} deep"
        if trick:
            line = event.start_mark.line + 1
            raise ConfigurationError(
                f"{trick}; write the value out", code="U104", where=f"{file}:{line}"
            )


def _step(event: Any) -> int:
    name = type(event).__name__
    if name in ("MappingStartEvent", "SequenceStartEvent"):
        return 1
    return -1 if name in ("MappingEndEvent", "SequenceEndEvent") else 0


def _plain(value: Any, place: Place, lines: dict[Place, int]) -> Any:
    """Plain Python values, with the line of every key and item noted on the way."""
    position = getattr(value, "lc", None)
    if isinstance(value, Mapping):
        lines.setdefault(place, position.line + 1 if position else 1)
        for key in value:
            lines[(*place, key)] = position.key(key)[0] + 1 if position else 1
        return {_scalar(key): _plain(item, (*place, key), lines) for key, item in value.items()}
    if isinstance(value, list):
        lines.setdefault(place, position.line + 1 if position else 1)
        for index in range(len(value)):
            lines[(*place, index)] = position.item(index)[0] + 1 if position else 1
        return [_plain(item, (*place, index), lines) for index, item in enumerate(value)]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool | date | datetime):
        return value
    for plain in (int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return value


def _named(document: Document, place: Place) -> Place:
    """The place as the file has it: without the names of the shapes that a part could be of."""
    found: Place = ()
    for number, part in enumerate(place, 1):
        if (*found, part) in document.lines or number == len(place):
            found = (*found, part)
    return found


def _explain(document: Document, model: type[Model], error: dict[str, Any]) -> UnderstudyError:
    place: Place = tuple(error["loc"])
    where = document.where(place)
    path = ".".join(str(part) for part in _named(document, place))
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, place[:-1])
        hint = f"known keys: {', '.join(known)}" if known else None
        problem = f"unknown key `{place[-1]}`{nearest(str(place[-1]), known)}"
        return ConfigurationError(problem, code="U105", where=where, hint=hint)
    if error["type"] == "missing":
        return ConfigurationError(f"`{path}` is required", code="U106", where=where)
    message = _message(error)
    shown = f"`{path}`: {message}" if path else message
    value = error.get("input")
    if isinstance(value, str | int | float | bool) and f"`{value}`" not in shown:
        shown += f", got `{value}`"
    return ConfigurationError(shown, code="U107", where=where)


def _message(error: dict[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    context = error.get("ctx", {})
    if error["type"] == "too_short":
        return f"at least {context['min_length']} of them must be there, and none is"
    if error["type"] in ("enum", "literal_error"):
        known = _QUOTED.findall(str(context.get("expected", "")))
        value = str(error.get("input"))
        return f"`{value}` is none of {', '.join(known)}{nearest(value, known)}"
    return message


def _beside_the_point(error: dict[str, Any]) -> bool:
    """What is said of a value only because of something else that is wrong.

    A mapping was written where text is possible too: that it is no text helps nobody. And a list
    is not too short because what stands in it is wrong.
    """
    given = error.get("input")
    if error["type"] == "too_short" and isinstance(given, list):
        return len(given) >= int(error["ctx"]["min_length"])
    return error["type"] == "string_type" and isinstance(given, Mapping)


def _known_keys(model: type[pydantic.BaseModel], place: Place) -> list[str]:
    """The keys that the model at `place` takes, followed through nested models."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in place:
        node = _resolve(schema, node)
        if isinstance(part, int):
            node = node.get("items", {})
        elif part in schema.get("$defs", {}):
            node = schema["$defs"][part]
        else:
            inner = node.get("properties", {}).get(part)
            node = inner if inner is not None else node.get("additionalProperties", {}) or {}
        if not isinstance(node, dict):
            return []
    return list(_resolve(schema, node).get("properties", {}))


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", []):
        if "$ref" in option or "properties" in option or "items" in option:
            node = option
            break
    if "$ref" in node:
        found: dict[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        return found
    return node


def _neighbours(path: Path) -> str | None:
    try:
        names = [item.name for item in path.parent.iterdir() if item.suffix in (".yaml", ".yml")]
    except OSError:
        return f"there is no folder `{path.parent}`"
    guess = nearest(path.name, names)
    return guess.lstrip("; ") or (
        f"in that folder: {', '.join(sorted(names)[:5])}" if names else None
    )


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "unreadable"
