"""Places that cannot be read or written: one clear error that names what was typed."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from understudy.cli.main import main

TABLE = "id,name,zip\n" + "".join(f"{n},n{n % 7},{n % 9:05d}\n" for n in range(60))
UNWRITABLE = (
    "world build --customers 4 --out PLACE",
    "world build --customers 4 --out PLACE --shard 1/2",
    "world build --customers 40 --cases 1 --out PLACE",
    "world profile table.csv --out PLACE",
    "world apply table.csv --profile p.yaml --out PLACE.csv",
    "world apply table.csv --profile p.yaml --out new.csv --ledger PLACE.csv",
    "traffic import auto calls.jsonl --out PLACE",
)
FOLDERS = [line for line in UNWRITABLE if line.endswith(("PLACE", "1/2")) and "profile" not in line]
UNREADABLE = (
    "world build --customers 4 --out new --recipe folder",
    "world build --customers 4 --out new --profile folder",
    "world profile folder --out new.yaml",
    "world profile table.csv --clean folder --out new.yaml",
    "world apply folder --profile p.yaml --out new.csv",
    "world apply table.csv --profile folder --out new.csv",
    "world score folder table.csv",
    "world score table.csv table.csv --clean folder",
    "world show folder",
    "world check folder",
    "world import folder --out new",
    "traffic import auto folder --out new",
)


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Runs a command line in a folder with a table, a profile, calls and a folder; its error."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: p\n"
        "tables: {table: {cells: {zip: [{op: leading_zero_loss, rate: 0.5}]}}}\n"
    )
    (tmp_path / "calls.jsonl").write_text(
        '{"request": {"method": "GET", "url": "https://api.stripe.com/v1/charges/ch_1"}}\n'
    )
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)

    def run(line):
        before, quiet = sorted(tmp_path.iterdir()), ["-q"][: "show" not in line]
        monkeypatch.setattr(sys, "argv", ["understudy", *line.split(), *quiet])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr().err
        assert end.value.code == 2, told
        assert told.startswith("error[U") and told.count("error[") == 1 and "U900" not in told
        assert sorted(tmp_path.iterdir()) == before
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
        assert (tmp_path / "file").read_text() == "kept"
        return told

    return run


@pytest.mark.parametrize("line", UNWRITABLE)
def test_a_file_in_the_way_is_told_by_the_place_that_was_typed(refused, line):
    """No command writes below a file, and none names what it would have written aside."""
    told = refused(line.replace("PLACE", "file/x"))
    assert "`file/x" in told and "`file` is no folder" in told


@pytest.mark.parametrize("line", FOLDERS)
def test_no_folder_takes_the_place_of_a_pipe_or_a_device(refused, line):
    """Whatever may be done by who runs it: what is no file and no folder stays what it is."""
    assert "`pipe" in refused(line.replace("PLACE", "pipe"))


@pytest.mark.parametrize("line", UNREADABLE)
def test_a_folder_where_a_file_belongs_is_named(refused, line):
    """The folder is named, and nothing is made."""
    assert "`folder`" in refused(line)
