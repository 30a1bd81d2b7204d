"""The printed page as a PDF, by a Chromium that the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from understudy.model.errors import ConfigurationError

__all__ = ["CHROMIUMS", "find_chromium", "print_pdf"]

CHROMIUMS: Sequence[str] = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge",
)  # fmt: skip
_SECONDS = 120


def find_chromium() -> str | None:
    """The path of a browser that can print, or None."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def print_pdf(page: Path, out: Path) -> None:
    """Print a page; raises `ConfigurationError` where there is no browser or it does not print."""
    browser = find_chromium()
    if browser is None:
        raise ConfigurationError(
            "no Chromium was found to print with",
            where="--pdf",
            hint="install one, as apt-get install chromium, or print report.html in any browser",
        )
    with tempfile.TemporaryDirectory() as profile:
        made = Path(profile) / "page.pdf"
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
            f"--user-data-dir={profile}", f"--print-to-pdf={made}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []), page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - a browser from PATH, and no shell
        except subprocess.TimeoutExpired:
            raise _refused(browser, f"it took longer than {_SECONDS} s") from None
        if not made.is_file():
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise _refused(browser, told[-1] if told else f"it ended with {done.returncode}")
        shutil.copyfile(made, out)


def _refused(browser: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{browser}` did not print: {reason}",
        where="--pdf",
        hint="print report.html in any browser",
    )
