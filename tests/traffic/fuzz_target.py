"""What a coverage-guided fuzzer runs: `python -m tests.traffic.fuzz_target PARSER [OPTIONS]`.

The options are libFuzzer's. Only what a parser promises may come out of it; all else is a crash.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import islice
from pathlib import Path


def main() -> None:
    """Fuzz one parser until libFuzzer has had enough."""
    # Imported here: it does not install everywhere, and tests are collected everywhere.
    import atheris

    with atheris.instrument_imports(include=["understudy.traffic", "understudy.redact"]):
        from tests.traffic.parsing import PARSERS

    parse = PARSERS[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"

        def one(data: bytes) -> None:
            path.write_bytes(data)
            for _ in islice(parse(path), 10_000):
                pass

        atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
