"""What importing large recordings costs: resident memory, and speed beside a bare parse.

`python -m tests.release.traffic_memory [SHARE]` makes JSON lines of 1 GB and a HAR of 300 MB, or
that share of them, imports each in a process of its own, and exits with 1 where a limit is broken.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

__all__ = ["main"]

_GIGABYTE, _HAR = 1_000_000_000, 300_000_000
_MOST_MB, _LEAST_SHARE = 400, 0.15
_START = datetime(2026, 10, 1, tzinfo=UTC)
_SHOP = "https://acme.zendesk.com/api/v2"
_EVERY = 40
"""Of so many calls one group has writes; the others are reads, as in a gateway's log."""


def main(share: float) -> int:
    """Make, import and measure; returns the exit code."""
    broken = False
    with tempfile.TemporaryDirectory() as folder:
        for name, size, write in (("jsonl", _GIGABYTE, _write_lines), ("har", _HAR, _write_har)):
            path = Path(folder) / f"large.{name}"
            count = write(path, int(size * share))
            told = _measured(name, path, Path(folder) / "out")
            bare = _bare(path, name)
            rate, floor = count / told["seconds"], count / bare
            sys.stdout.write(
                f"{name}: {path.stat().st_size / 1e6:,.0f} MB, {count:,} exchanges,"
                f" {told['mb']:,.0f} MB resident, {rate:,.0f}/s,"
                f" {rate / floor:.3f} of a bare parse ({floor:,.0f}/s)\n"
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
    from understudy.traffic.http_import import HAR, JSONL, HttpOptions, import_http

    begin = time.process_time()
    options = HttpOptions(key=RedactionKey(material=b"k" * 32))
    import_http({"har": HAR, "jsonl": JSONL}[format], [Path(path)], Path(out), options)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "mb": peak}) + "\n")


def _bare(path: Path, format: str) -> float:
    """CPU seconds of nothing but parsing: line by line, or the whole file."""
    begin = time.process_time()
    if format == "har":
        json.loads(path.read_bytes())
    else:
        with path.open("rb") as file:
            for line in file:
                json.loads(line)
    return time.process_time() - begin


def _write_lines(path: Path, size: int) -> int:
    count = 0
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(orjson.dumps(_exchange(count)) + b"\n")
            count += 1
    return count


def _write_har(path: Path, size: int) -> int:
    count = 0
    with path.open("wb") as file:
        file.write(b'{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[')
        while file.tell() < size:
            file.write((b"," if count else b"") + orjson.dumps(_har_entry(_exchange(count))))
            count += 1
        file.write(b"]}}")
    return count


def _exchange(number: int) -> dict[str, Any]:
    """Reads of tickets, and now and then an update."""
    ticket, minute = number // 4, timedelta(seconds=number)
    at = (_START + minute).isoformat()
    written = number % _EVERY == 3
    body = {"ticket": {"status": "solved"}} if written else None
    shown = {
        "id": ticket, "subject": f"Question {ticket}", "description": "lorem ipsum " * 60,
        "status": "solved" if written else "open", "requester_id": 1000 + ticket % 500,
        "created_at": _START.isoformat(), "updated_at": at if written else _START.isoformat(),
        "tags": ["billing", "refund"], "custom_fields": [{"id": n, "value": n} for n in range(20)],
    }  # fmt: skip
    return {
        "started_at": at, "actor": f"agent-{number % 7}",
        "request": {"method": "PUT" if written else "GET", "body": body, "headers": {},
                    "url": f"{_SHOP}/tickets/{ticket}.json"},
        "response": {"status": 200, "headers": {"content-type": "application/json"},
                     "body": {"ticket": shown}},
    }  # fmt: skip


def _har_entry(one: dict[str, Any]) -> dict[str, Any]:
    request, response = one["request"], one["response"]
    text = json.dumps(request["body"])
    posted = {"postData": {"mimeType": "application/json", "text": text}} if request["body"] else {}
    return {
        "startedDateTime": one["started_at"], "time": 12,
        "request": {"method": request["method"], "url": request["url"], "headers": [], **posted},
        "response": {"status": 200, "headers": [], "content": {
            "mimeType": "application/json", "text": json.dumps(response["body"])}},
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
