"""What httpx and httpx2 do for every request, as they do it and quicker in the plain case."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from understudy.doors.patching import Patch

__all__ = ["request_patches", "text_headers"]

_NAMES_KEPT = 1_000


def request_patches(library: Any) -> Iterator[Patch]:
    """What to replace in the library's `Headers`, where it is made as the ones that are known.

    A call makes five of them, each anew out of the same names. What is odd in any way (another
    type, a character beyond ASCII) is left to the library, with the errors that it raises.
    """
    headers = library.Headers
    if not {"_list", "_encoding"} <= vars(headers()).keys():
        return
    yield Patch(headers, "__init__", _start_door(headers, headers.__init__))
    yield Patch(headers, "encoding", _encoding_door(headers.encoding))
    yield Patch(headers, "__contains__", _contains_door(headers.__contains__))
    yield Patch(headers, "get", _get_door(headers, headers.get))
    yield Patch(headers, "update", _update_door(headers, headers.update))
    yield Patch(library.Request, "read", _read_door(library.ByteStream, library.Request.read))


def text_headers(headers: Any) -> dict[str, str]:
    """The library's headers by their names in lower case; the last one of a name counts."""
    held = getattr(headers, "_list", None)
    if held is None:
        return {_LOWERED[name]: value.decode("latin-1") for name, value in headers.raw}
    return {_LOWERED[name]: value.decode("latin-1") for _, name, value in held}


class _Names(dict[Any, Any]):
    """A form of each name that was asked for, made once; emptied where there are too many."""

    def __init__(self, made: Callable[[Any], Any]) -> None:
        self._made = made

    def __missing__(self, name: Any) -> Any:
        form = self._made(name)
        if len(self) >= _NAMES_KEPT:
            self.clear()
        self[name] = form
        return form


def _coded(name: str | bytes) -> tuple[bytes, bytes]:
    raw = name if isinstance(name, bytes) else name.encode("ascii")
    return raw, raw.lower()


def _asked(name: str) -> bytes:
    return name.lower().encode("ascii")


def _lowered(name: bytes) -> str:
    return name.lower().decode("latin-1")


_CODED, _ASKED, _LOWERED = _Names(_coded), _Names(_asked), _Names(_lowered)


def _start_door(own: Any, real: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(real)
    def __init__(self: Any, headers: Any = None, encoding: str | None = None) -> None:
        kind = type(headers)
        if kind is own:
            self._list, self._encoding = headers._list.copy(), encoding
            return
        if encoding is None and (kind is dict or kind is list):
            try:
                self._list = _triples(headers.items() if kind is dict else headers)
            except (AttributeError, TypeError, ValueError):
                pass  # The library tells what is wrong with them, or can read them.
            else:
                self._encoding = None
                return
        real(self, headers, encoding)

    return __init__


def _triples(pairs: Any) -> list[tuple[bytes, bytes, bytes]]:
    triples = []
    for name, value in pairs:
        raw, low = _CODED[name]
        triples.append((raw, low, value if type(value) is bytes else str.encode(value, "ascii")))
    return triples


def _encoding_door(real: property) -> property:
    # The library decodes all headers to find that they are ASCII, for each of their copies anew.
    def encoding(headers: Any) -> Any:
        known = headers._encoding
        if known is None and b"".join(chain.from_iterable(headers._list)).isascii():
            known = headers._encoding = "ascii"
        return known or real.__get__(headers)

    return property(encoding, real.fset)


def _contains_door(real: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    @functools.wraps(real)
    def __contains__(self: Any, key: Any) -> bool:
        if (self._encoding or self.encoding) != "ascii" or type(key) is not str:
            return real(self, key)
        asked = _ASKED[key]
        for _, name, _ in self._list:  # noqa: SIM110 - a generator takes twice as long
            if name == asked:
                return True
        return False

    return __contains__


def _get_door(own: Any, real: Callable[..., Any]) -> Callable[..., Any]:
    # The library asks by catching the error of what is missing, which takes longer than looking.
    @functools.wraps(real)
    def get(self: Any, key: Any, default: Any = None) -> Any:
        return real(self, key, default) if type(self) is not own or key in self else default

    return get


def _update_door(own: Any, real: Callable[..., None]) -> Callable[..., None]:
    # The library looks for each added name in turn, and mostly none of them is there.
    @functools.wraps(real)
    def update(self: Any, headers: Any = None) -> None:
        added = own(headers)
        if type(self) is own and added._list and self.encoding == added.encoding == "ascii":
            there = {name for _, name, _ in self._list}
            if there.isdisjoint([name for _, name, _ in added._list]):
                self._list.extend(added._list)
                return
        real(self, added)

    return update


def _read_door(plain: Any, real: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    # What kind of stream it is, the library asks in a way that takes longer than reading it.
    @functools.wraps(real)
    def read(self: Any) -> bytes:
        if type(self.stream) is not plain or hasattr(self, "_content"):
            return real(self)
        content: bytes = b"".join(self.stream)
        self._content = content
        return content

    return read
