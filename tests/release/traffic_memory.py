"""What importing large recordings costs: resident memory, and speed beside a bare parse.

`python -m tests.release.traffic_memory [SHARE]` makes JSON lines of 1 GB and a HAR of 300 MB of the
smallest records, and less of both as a desk's traffic is; or that share of them. It imports each
as a command would, with as many processes as it takes for itself, and exits with 1 where a limit is
broken. A bare parse is `json.loads`, of each line or of the whole HAR, which leaves the bodies in a
HAR as text. Speed is printed by the clock, which the limit is for, and by one core: CPU time of all
processes. Resident is what all of them hold at most, shared pages counted in each.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from tests.release.recorded_traffic import desk_exchange, har_entry, small_exchange

__all__ = ["main"]

Make = Callable[[int], dict[str, Any]]
_FILES: tuple[tuple[str, int, str, Make], ...] = (
    ("small", 1_000_000_000, "jsonl", small_exchange),
    ("small", 300_000_000, "har", small_exchange),
    ("desk", 300_000_000, "jsonl", desk_exchange),
    ("desk", 300_000_000, "har", desk_exchange),
)
_MOST_MB, _LEAST_SHARE = 400, 0.15


def main(share: float) -> int:
    """Make, import and measure; returns the exit code."""
    broken = False
    with tempfile.TemporaryDirectory() as folder:
        for kind, size, name, make in _FILES:
            path = Path(folder) / f"{kind}.{name}"
            write = _write_lines if name == "jsonl" else _write_har
            count = write(path, int(size * share), make)
            told = _measured(name, path, Path(folder) / "out")
            bare = _bare(path, name)
            rate, floor = count / told["seconds"], count / bare["seconds"]
            core = bare["cpu"] / told["cpu"]
            sys.stdout.write(
                f"{kind} {name}: {path.stat().st_size / 1e6:,.0f} MB, {count:,} exchanges,"
                f" {told['mb']:,.0f} MB resident, {rate:,.0f}/s,"
                f" {rate / floor:.3f} of a bare parse ({floor:,.0f}/s), {core:.3f} by one core\n"
            )
            broken = broken or told["mb"] > _MOST_MB or rate / floor < _LEAST_SHARE
    return int(broken)


def _measured(format: str, path: Path, out: Path) -> dict[str, float]:
    code = "from tests.release.traffic_memory import run; import sys; run(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, format, str(path), str(out)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(format: str, path: str, out: str) -> None:
    """Import one file and print what it took; this process does nothing else."""
    from understudy.redact.key import RedactionKey
    from understudy.traffic.forks import processors
    from understudy.traffic.http.importing import HAR, JSONL, HttpOptions, import_http

    begin = _spent()
    options = HttpOptions(key=RedactionKey(material=b"k" * 32))
    import_http({"har": HAR, "jsonl": JSONL}[format], [Path(path)], Path(out), options)
    spent = _since(begin)
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    peak = (_own_peak() + others * (processors() - 1)) / 1024
    sys.stdout.write(json.dumps({**spent, "mb": peak}) + "\n")


def _own_peak() -> int:
    """What this process held at most, in kB; `getrusage` counts what started it as well."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _bare(path: Path, format: str) -> dict[str, float]:
    """What nothing but parsing takes: line by line, or the whole file."""
    begin = _spent()
    if format == "har":
        json.loads(path.read_bytes())
    else:
        with path.open("rb") as file:
            for line in file:
                json.loads(line)
    return _since(begin)


def _spent() -> tuple[float, float]:
    """The clock, and the CPU time of this process and of those that it has ended."""
    times = os.times()
    return time.perf_counter(), sum(times[:4])


def _since(begin: tuple[float, float]) -> dict[str, float]:
    clock, cpu = _spent()
    return {"seconds": clock - begin[0], "cpu": cpu - begin[1]}


def _write_lines(path: Path, size: int, make: Make) -> int:
    count = 0
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(orjson.dumps(make(count)) + b"\n")
            count += 1
    return count


def _write_har(path: Path, size: int, make: Make) -> int:
    count = 0
    with path.open("wb") as file:
        file.write(b'{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[')
        while file.tell() < size:
            file.write((b"," if count else b"") + orjson.dumps(har_entry(make(count))))
            count += 1
        file.write(b"]}}")
    return count


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
