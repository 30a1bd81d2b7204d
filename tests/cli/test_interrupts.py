"""Ctrl-C: what is left of the work is said in one line."""

from __future__ import annotations

import signal
import sys

import pytest

from understudy.campaign.recordings import mess_profiles, worlds
from understudy.cli.main import main


@pytest.fixture
def interrupted(monkeypatch, capsys):
    """Runs a command that is interrupted where it calls a function; gives what it said."""

    def run(place, name, *arguments):
        monkeypatch.setattr(place, name, lambda *_, **__: signal.raise_signal(signal.SIGINT))
        monkeypatch.setattr(sys, "argv", ["understudy", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 130
        return capsys.readouterr().err.splitlines()[-1]

    return run


def test_of_a_world_that_was_being_built_nothing_is_left(interrupted, tmp_path):
    """Neither the world nor what was written aside."""
    out = tmp_path / "w"
    build = ("world", "build", "--customers", 20, "--cases", 2, "--out", out, "-q")
    told = interrupted(worlds, "record", *build)
    assert told == f"interrupted; `{out}` was not made, and nothing half-made is left"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_to_be_replaced_stands(interrupted, tmp_path):
    """As it was before."""
    sample, out = tmp_path / "s.csv", tmp_path / "p.yaml"
    sample.write_text("id,x\n" + "\n".join(f"{n},N/A" for n in range(40)) + "\n")
    out.write_text("version: 1\n")
    module = sys.modules[mess_profiles.write_profile.__module__]
    told = interrupted(module, "profile_text", "world", "profile", sample, "--out", out, "-q")
    assert told == f"interrupted; `{out}` is as it was before, and nothing half-made is left"
    assert out.read_text() == "version: 1\n"


def test_where_nothing_is_written_nothing_more_is_said(interrupted):
    """One word, and the exit code of an interrupt."""
    assert interrupted(worlds, "describe_world", "world", "show", "w") == "interrupted"
