"""What people see while something goes on."""

from __future__ import annotations

import os
import re

from understudy.cli.progress import Progress

NOTE = (
    "9.0 cases/s, error cost 5.00 EUR so far\n"
    "evidence 3 of 20 for GO\n"
    "to stop it: understudy stop r1"
)


def _lines(text):
    """The terminal after `text`: what stands on each line when all was written over."""
    screen, row = {}, 0
    for token in re.findall(r"\x1b\[\d*[A-Z]|\n|\r|[^\x1b\n\r]+", text):
        if token.endswith("A") and token.startswith("\x1b"):
            row -= int(token[2:-1])
        elif token == "\x1b[J":
            screen = {at: line for at, line in screen.items() if at <= row}
        elif token == "\n":
            row += 1
        elif token not in ("\r", "\x1b[K"):
            screen[row] = token
    return [screen[at] for at in sorted(screen)]


def test_a_terminal_shows_where_a_run_stands_below_each_other(capsys, monkeypatch):
    """Rate, cost, evidence and how to stop stand below the bar and are written over, not down."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((60, 24)))
    progress = Progress(live=True)
    for done in (1, 5, 10):
        progress._shown_at = 0.0
        progress("shadow a", done, 10, NOTE)
    shown = _lines(capsys.readouterr().err)
    assert shown[0].startswith("shadow a [########################] 10/10")
    assert shown[1:] == NOTE.split("\n")
    assert len(shown) == 4


def test_no_line_is_wider_than_the_terminal(capsys, monkeypatch):
    """A line that would wrap is cut: else what is written over it would leave half of it."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((30, 24)))
    Progress(live=True)("shadow a", 10, 10, NOTE)
    assert all(len(line) < 30 for line in _lines(capsys.readouterr().err))


def test_a_log_gets_one_plain_line_each_tenth(capsys):
    """Outside of a terminal nothing is written over: one line holds all, and no escape is in it."""
    progress = Progress(live=False)
    for done in range(1, 101):
        progress("shadow a", done, 100, NOTE)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == f"shadow a: 100 of 100; {NOTE.replace(chr(10), '; ')}"
    assert not any("\x1b" in line or "\r" in line for line in lines)


def test_what_is_told_without_anything_to_count_stays(capsys):
    """A note alone is a line of its own, on a terminal and in a log, and none with `--quiet`."""
    for live in (True, False):
        progress = Progress(live=live)
        progress("evidence", 0, 0, "GO takes 326 cases")
        assert capsys.readouterr().err == "GO takes 326 cases\n"
        progress("shadow a", 10, 10)
        assert "10" in capsys.readouterr().err
    Progress(quiet=True)("evidence", 0, 0, "GO takes 326 cases")
    assert capsys.readouterr().err == ""
