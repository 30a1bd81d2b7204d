"""YAML that others wrote: plain values only, document by document."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from understudy.traffic.json_stream import Broken, Entry
from understudy.traffic.source_file import Limits, opened_text, unreadable

__all__ = ["plain_yaml", "yaml_documents"]

_MOST_NODES = 5_000_000
# The tags that old cassettes hold; of all others nothing is built.
_TEXT_TAGS = ("python/unicode", "python/str")


def plain_yaml(text: str) -> Any:
    """The value of one document; `ValueError` where it is damaged, tagged or unfolds to a bomb."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import YAMLError

    class Constructor(SafeConstructor):
        """Plain values, and the few tags that old cassettes hold."""

    for tag in _TEXT_TAGS:
        Constructor.add_constructor(
            f"tag:yaml.org,2002:{tag}", lambda loader, node: loader.construct_scalar(node)
        )
    for kind in ("int", "float"):
        Constructor.add_constructor(f"tag:yaml.org,2002:{kind}", _number)
    # So does Ruby's writer put YAML's own tag, as one of the document.
    Constructor.add_constructor("!binary", SafeConstructor.construct_yaml_binary)
    Constructor.add_constructor(
        "tag:yaml.org,2002:python/tuple",
        lambda loader, node: list(loader.construct_sequence(node, deep=True)),
    )
    Constructor.add_constructor(
        "tag:yaml.org,2002:python/object/new:_io.BytesIO",
        lambda loader, node: loader.construct_mapping(node, deep=True),
    )
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    try:
        value = yaml.load(io.StringIO(text))
    except YAMLError as error:
        raise ValueError(f"it is not YAML of plain values: {_told(error)}") from None
    except RecursionError:
        raise ValueError("its values are nested too deep") from None
    if _nodes_exceed(value, _MOST_NODES):
        raise ValueError(f"its aliases unfold to more than {_MOST_NODES:,} values")
    return value


def _number(loader: Any, node: Any) -> Any:
    """A number, where it is one to the version 1.1 that the tools write; `7e45` and `089` are ids.

    They leave those without quotes, and this reader's version 1.2 would lose what they say.
    """
    text = node.value
    if node.tag.endswith("float"):
        return loader.construct_yaml_float(node) if "." in text else text
    plain = text.lstrip("+-")
    padded = len(plain) > 1 and plain.startswith("0") and plain.isdecimal()
    return text if padded else loader.construct_yaml_int(node)


def _told(error: Any) -> str:
    """What is wrong, and in which line, in one."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{problem}, line {mark.line + 1}" if mark else str(problem)


def yaml_documents(path: Path, limits: Limits) -> Iterator[Entry | Broken]:
    """The documents of a file by number; a damaged one does not touch the others."""
    with opened_text(path, limits) as file:
        for number, text in enumerate(_documents(file, limits), 1):
            if len(text) > limits.record_bytes:
                yield Broken(number, f"a record of more than {limits.record_bytes:,} bytes")
                continue
            try:
                yield Entry(number, plain_yaml(text))
            except ValueError as error:
                yield Broken(number, str(error).splitlines()[0])


def _documents(file: TextIO, limits: Limits) -> Iterator[str]:
    """The texts between the lines of three dashes; of one too large only its beginning."""
    held: list[str] = []
    size = 0
    for line in _lines(file):
        if line.startswith("---") and not line[3:4].strip():
            if any(each.strip() for each in held):
                yield "".join(held)
            held, size = [line[3:].lstrip(" \t")], 0
        elif size <= limits.record_bytes:
            held.append(line)
            size += len(line)
    if any(each.strip() for each in held):
        yield "".join(held)


def _lines(file: TextIO) -> Iterator[str]:
    try:
        yield from file
    except UnicodeDecodeError as error:
        raise unreadable(Path(file.name), f"it is not the text that it says: {error}") from None


def _nodes_exceed(value: Any, limit: int) -> bool:
    """Whether the value has more parts than `limit`, aliases counted each time they stand."""
    waiting, count = [value], 0
    while waiting:
        item = waiting.pop()
        count += 1
        if count > limit:
            return True
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False
