"""Progress on standard error: a bar on a terminal, elsewhere a plain line every tenth or 30 s."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass, field

__all__ = ["Progress", "say"]


def say(text: str) -> None:
    """One line for people on standard error; standard output carries results only."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@dataclass(slots=True)
class Progress:
    """Counts one stretch of work: `progress("shadow careful", done, total)` for each step."""

    quiet: bool = False
    live: bool = field(default_factory=lambda: sys.stderr.isatty() and not os.environ.get("CI"))
    _stage: str = ""
    _shown_at: float = 0.0
    _shown: int = -1
    _below: int = 0
    """How many lines stand below the first of those that are written over."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Note that `done` of `total` are finished; writes only when it is worth a line.

        `note` tells how it stands, a rate or a cost, in one or more lines: below each other on a
        terminal, where they are written over, and in one line anywhere else. With a total of 0
        nobody knows how much there is, and what is done is told every so often. A note with
        nothing to count is a line of its own, and stays.
        """
        if self.quiet:
            return
        if not (done or total) and note:
            say(note)
            return
        if stage != self._stage:
            self._stage, self._shown, self._shown_at = stage, -1, time.monotonic()
            self._below = 0
        tenth = 10 * done // total if total > 0 else self._shown
        late = time.monotonic() - self._shown_at > (0.1 if self.live else 30)
        finished = 0 < total <= done and self._shown != 10
        if finished or (late if self.live else (tenth > self._shown or late)):
            self._write(stage, done, total, note.split("\n") if note else [])
            self._shown, self._shown_at = tenth, time.monotonic()

    def _write(self, stage: str, done: int, total: int, notes: list[str]) -> None:
        if total <= 0:
            sys.stderr.write(f"\r{stage}: {done:,}" if self.live else f"{stage}: {done:,}\n")
        elif self.live:
            filled = 24 * done // total
            bar = "#" * filled + "." * (24 - filled)
            self._over([f"{stage} [{bar}] {done:,}/{total:,}", *notes], ended=done >= total)
        else:
            sys.stderr.write("; ".join([f"{stage}: {done:,} of {total:,}", *notes]) + "\n")
        sys.stderr.flush()

    def _over(self, lines: list[str], *, ended: bool) -> None:
        """Write lines over those that were written last; none is wider than the terminal."""
        width = shutil.get_terminal_size().columns - 1
        up = f"\x1b[{self._below}A" if self._below else ""
        text = "\n".join(f"\r{line[:width]}\x1b[K" for line in lines)
        sys.stderr.write(f"{up}{text}\x1b[J" + ("\n" if ended else ""))
        self._below = 0 if ended else len(lines) - 1
