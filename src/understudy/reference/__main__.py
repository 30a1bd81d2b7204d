"""`python -m understudy.reference FOLDER`: write every page that is made from the code."""

from __future__ import annotations

import sys
from pathlib import Path

from understudy.reference.pages import pages

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
