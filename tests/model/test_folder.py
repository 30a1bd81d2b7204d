"""Folders that are written aside: whole in place, or nothing, and never neither old nor new."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from understudy.model import folder
from understudy.model.errors import ConfigurationError
from understudy.model.folder import FolderAside, clear_leftovers

KILLED = """
import os, signal, sys
from pathlib import Path
from understudy.model.folder import FolderAside
aside = FolderAside(Path(sys.argv[1])).__enter__()
(aside.folder / "half").write_text("x")
os.kill(os.getpid(), signal.SIGKILL)
"""


def _names(path):
    return sorted(each.name for each in path.iterdir())


def _write(path, text):
    with FolderAside(path) as aside:
        (aside.folder / "file").write_text(text)
        aside.place()


@pytest.fixture(params=["exchange", "renames"])
def way(request, monkeypatch):
    """Both ways of replacing: the system's one call, and two renames where it has none."""
    if request.param == "renames":
        monkeypatch.setattr(folder, "_exchanged", lambda one, other: False)


@pytest.mark.usefixtures("way")
def test_a_folder_is_replaced_whole(tmp_path):
    """The new one stands, the old one is gone, and nothing lies beside it."""
    _write(tmp_path / "w", "old")
    _write(tmp_path / "w", "new")
    assert (tmp_path / "w" / "file").read_text() == "new"
    assert _names(tmp_path) == ["w"]


def test_a_part_of_the_folder_is_put_in_place(tmp_path):
    """What was needed on the way only is not kept."""
    with FolderAside(tmp_path / "w") as aside:
        (aside.folder / "made").mkdir()
        (aside.folder / "scrap").write_text("x")
        aside.place("made")
    assert (_names(tmp_path), _names(tmp_path / "w")) == (["w"], [])


def test_what_fails_leaves_the_old_one(tmp_path):
    """An error in the middle changes nothing."""
    _write(tmp_path / "w", "old")
    with pytest.raises(OSError, match="full"), FolderAside(tmp_path / "w"):
        raise OSError("disk full")
    assert _names(tmp_path) == ["w"]
    assert (tmp_path / "w" / "file").read_text() == "old"


def test_what_a_killed_process_left_is_cleared(tmp_path):
    """The next one to write there removes it, and nothing else that begins alike."""
    (tmp_path / ".w.notes.part").mkdir()
    (tmp_path / ".w.1.part").write_text("a file of somebody's")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "w")], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(_names(tmp_path)) == 3
    _write(tmp_path / "w", "new")
    assert _names(tmp_path) == [".w.1.part", ".w.notes.part", "w"]


def _hold(path, ready, done):
    with FolderAside(path) as aside:
        ready.set()
        done.wait(30)
        (aside.folder / "file").write_text("slow")
        aside.place()


def test_what_is_being_written_is_left_alone(tmp_path):
    """Somebody else's folder at the same place is in use until its process ends."""
    context = get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "w", ready, done))
    other.start()
    assert ready.wait(60)
    _write(tmp_path / "w", "fast")
    done.set()
    other.join(60)
    assert other.exitcode == 0
    assert (tmp_path / "w" / "file").read_text() == "slow"
    assert _names(tmp_path) == ["w"]


def test_between_two_renames_the_old_one_is_found_again(tmp_path, monkeypatch):
    """Killed when the old folder was moved away and the new one not yet there, the old one is back.

    Where the system exchanges folders in one step there is no such moment.
    """
    _write(tmp_path / "w", "old")
    monkeypatch.setattr(folder, "_exchanged", lambda one, other: False)
    (tmp_path / "w").rename(tmp_path / f".w.{os.getpid()}.earlier")
    clear_leftovers(tmp_path / "w")
    assert (tmp_path / "w" / "file").read_text() == "old"


@pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin")), reason="needs the call")
def test_the_system_exchanges_folders_in_one_step(tmp_path):
    """At no moment is there neither, wherever the process may be killed."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text("")
    assert folder._exchanged(tmp_path / "one", tmp_path / "other")
    assert (_names(tmp_path / "one"), _names(tmp_path / "other")) == (["other"], ["one"])


@pytest.mark.parametrize("place", [".", "..", "/"])
def test_the_folder_that_a_command_runs_in_is_not_replaced(tmp_path, monkeypatch, place):
    """Neither it nor one above it, so that nobody's work is moved away under them."""
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    with pytest.raises(ConfigurationError, match="the command runs in it"):
        FolderAside(Path(place))


def test_what_is_no_folder_is_not_replaced_by_one(tmp_path):
    """A file, a pipe or a device in the place of the folder stays as it is."""
    file, pipe = tmp_path / "notes.txt", tmp_path / "pipe"
    file.write_text("mine")
    os.mkfifo(pipe)
    for path in (file, pipe):
        with pytest.raises(ConfigurationError, match="is no folder"):
            FolderAside(path)
    assert file.read_text() == "mine"
    assert pipe.is_fifo()
