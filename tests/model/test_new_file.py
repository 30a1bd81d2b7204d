"""Files that are written aside: whole or not at all, each process beside the others."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from understudy.model.errors import ConfigurationError
from understudy.model.new_file import file_aside


def test_a_file_that_breaks_off_leaves_what_was_there(tmp_path):
    """An older file stays as it was, and nothing else is left."""
    path = tmp_path / "report.html"
    path.write_text("older")
    with pytest.raises(OSError, match="disk full"), file_aside(path) as aside:
        aside.write_text("half")
        raise OSError("disk full")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["older"]


def test_two_processes_write_one_file_without_mixing(tmp_path, monkeypatch):
    """Each writes beside the other; the last one to finish is there, whole."""
    path = tmp_path / "folder" / "rows.csv"
    with file_aside(path) as first:
        first.write_text("first")
        monkeypatch.setattr("os.getpid", lambda: 1)
        with file_aside(path) as second:
            second.write_text("second")
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_a_pipe_stays_a_pipe_and_is_given_the_whole(tmp_path):
    """What is written to a pipe, as to a device, is read at its other end; nothing replaces it."""
    path, told = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: told.append(path.read_text()))
    reader.start()
    with file_aside(path) as aside:
        aside.write_text("whole")
    reader.join(10)
    assert told == ["whole"]
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_the_system_refuses_is_named_as_it_was_typed(tmp_path):
    """A file stands in the way, or nobody may make a file there: the name aside is not told."""
    (tmp_path / "file").touch()
    refused = {
        tmp_path / "file" / "x": "is no folder", Path("/proc/x"): "No such", tmp_path: "a folder",
    }  # fmt: skip
    for place, reason in refused.items():
        with pytest.raises(ConfigurationError, match=reason) as caught:
            file_aside(place).__enter__()
        assert str(caught.value).startswith(f"`{place}` cannot be written")
