"""What the door does quicker than httpx and httpx2 comes out as these two would have it."""

from __future__ import annotations

from collections import UserString

import httpx
import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from understudy.doors.httpx_requests import request_patches, text_headers
from understudy.doors.patching import apply, undo

NAMES = st.sampled_from(["Accept", "accept", "X-Key", b"X-Key", "Host", "é", b"\xe9", "", 7, None])
VALUES = st.sampled_from(["*/*", b"k", "é", "日本", b"\xff", "", 7, None, UserString("v")])
GIVEN = st.one_of(
    st.none(), st.lists(st.tuples(NAMES, VALUES), max_size=4), st.dictionaries(NAMES, VALUES)
)


def _told(do):
    try:
        return do()
    except Exception as error:
        return type(error).__name__, str(error)


def _story(library, first, second, key, value):
    """Everything that headers of a request go through, and what each step gives."""
    made = _told(lambda: library.Headers(first))
    if not isinstance(made, library.Headers):
        return [made]
    copied = library.Headers(made)
    return [
        _told(lambda: copied.update(second)),
        copied.raw,
        _told(lambda: key in copied),
        _told(lambda: copied.get(key, "none")),
        _told(lambda: copied.__setitem__(key, value)),
        copied.raw,
        copied.encoding,
        made.raw,
        _told(lambda: list(copied.items())),
        _told(lambda: text_headers(copied)),
        _told(lambda: library.Request("POST", "https://a.example/", headers=first).headers.raw),
    ]


@settings(deadline=None, max_examples=150)
@given(GIVEN, GIVEN, NAMES, VALUES)
@example({"Accept": "*/*"}, {"X-Key": "k"}, "accept", "é")
@example({}, {}, "X-Key", "é")
@example([("a", "b"), ("a",)], {"a": "b"}, "a", "b")
@pytest.mark.parametrize("library", [httpx, httpx2])
def test_headers_are_what_the_library_makes_of_them(library, first, second, key, value):
    """Names and values of every kind are read, merged, found, set and refused alike."""
    alone = _story(library, first, second, key, value)
    before = apply(request_patches(library))
    try:
        assert _story(library, first, second, key, value) == alone
    finally:
        undo(before)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_bodies_are_read_as_the_library_reads_them(library):
    """One at hand, one that comes in pieces, and one that comes but once."""

    def asked(content):
        request = library.Request("POST", "https://a.example/", content=content)
        return request.read(), request.read(), request.content, type(request.stream).__name__

    def pieces():
        yield b"in "
        yield b"pieces"

    alone = [asked(b"whole"), asked(None), asked(pieces())]
    before = apply(request_patches(library))
    try:
        assert [asked(b"whole"), asked(None), asked(pieces())] == alone
    finally:
        undo(before)


def test_more_names_than_are_kept_are_served():
    """A client that makes up a name for every call is served as before."""
    before = apply(request_patches(httpx))
    try:
        for number in range(2_500):
            headers = httpx.Headers({f"X-{number}": "1"})
            assert f"x-{number}" in headers
            assert text_headers(headers) == {f"x-{number}": "1"}
    finally:
        undo(before)
