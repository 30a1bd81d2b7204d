"""Records that stay on the disk are the records, however they are asked for."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.model import line_file
from understudy.model.errors import RecordingError
from understudy.model.jsonl import write_lines
from understudy.model.line_file import Derived, Grouped, open_lines


class Word(msgspec.Struct):
    """A record for these tests."""

    text: str


@pytest.fixture
def on_disk(monkeypatch):
    """No file is small enough to be held."""
    monkeypatch.setattr(line_file, "HELD_BYTES", -1)


@given(texts=st.lists(st.text(max_size=20), max_size=30), index=st.integers(-40, 40))
def test_a_file_on_the_disk_reads_as_its_records(texts, index, tmp_path_factory):
    """Length, iteration, indices from both ends and slices are those of a list."""
    path = tmp_path_factory.mktemp("lines") / "words.jsonl"
    words = [Word(text) for text in texts]
    write_lines(path, words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_file, "HELD_BYTES", -1)
        lines = open_lines(path, Word)
    assert isinstance(lines, Derived) or not words
    assert list(lines) == words
    assert list(lines[index:]) == words[index:]
    if -len(words) <= index < len(words):
        assert lines[index] == words[index]
    elif words:
        with pytest.raises(IndexError):
            lines[index]


def test_blank_lines_stand_between_records_unseen(tmp_path, on_disk):
    """A file that somebody edited by hand has the same records."""
    path = tmp_path / "words.jsonl"
    path.write_text('\n{"text":"a"}\n\n\n{"text":"b"}\n\n')
    lines = open_lines(path, Word)
    assert [lines[0], lines[1]] == [Word("a"), Word("b")] == list(lines)


def test_a_line_that_is_damaged_later_is_named(tmp_path, on_disk):
    """Where the file is spoilt under a reader, the error says where."""
    path = tmp_path / "words.jsonl"
    write_lines(path, [Word("first"), Word("second")])
    lines = open_lines(path, Word)
    with path.open("r+b") as file:
        file.write(b"!")
    with pytest.raises(RecordingError, match="cannot be read") as raised:
        lines[0]
    assert "byte 0" in str(raised.value)


@given(st.lists(st.sampled_from("abc"), max_size=12))
def test_groups_hold_all_records_in_their_order(texts):
    """Each key has its own records, and no record is lost."""
    words = [Word(text) for text in texts]
    groups = Grouped(words, lambda word: word.text)
    assert {key: list(groups[key]) for key in groups} == {
        key: [word for word in words if word.text == key] for key in dict.fromkeys(texts)
    }
    assert set(groups.shared()) == {text for text in texts if texts.count(text) > 1}
