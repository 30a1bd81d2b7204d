"""What a campaign of 100,000 cases takes: time and memory, and how both grow from 1,000 on.

`python -m tests.release.campaign_growth [SHARE]` makes a world with the recording of its staff,
repeats the recording's cases to 1,000, 10,000 and 100,000, or that share of them, and runs each
through the demo's careful candidate on two workers, judged and reported, in a process of its own.
It exits with 1 where memory or time grows faster than the cases do beyond their limits.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

__all__ = ["main"]

_SIZES = (1_000, 10_000, 100_000)
_MOST_KB_PER_CASE = 60
"""Of resident memory, above what a run of the smallest size takes: records, costs, report rows."""
_MOST_SLOWER = 1.5
"""How much longer a case may take in the largest run than in the one before."""
_CAMPAIGN = """version: 1
name: growth
recording: {recording}
candidates: [{{name: careful, use: "understudy.candidates.demo.careful:handle"}}]
policy: demo
"""


def main(share: float) -> int:
    """Build, repeat, run and measure; returns the exit code."""
    measured = []
    with tempfile.TemporaryDirectory() as place:
        world = Path(place) / "world"
        _understudy(
            Path(place), "world", "build", "--out", str(world), "--customers", "2000",
            "--cases", "900", "--seed", "7",
        )  # fmt: skip
        for size in _SIZES:
            count = max(100, int(size * share))
            measured.append(_measured(Path(place), world, count))
            sys.stdout.write(
                "{cases:>9,} cases: {seconds:,.1f} s, {per_second:,.1f} cases/s, {mb:,.0f} MB "
                "resident at most, report {report_mb:,.1f} MB\n".format(**measured[-1])
            )
            sys.stdout.flush()
    first, before, last = measured
    grown = (last["mb"] - first["mb"]) * 1024 / (last["cases"] - first["cases"])
    slower = before["per_second"] / last["per_second"]
    sys.stdout.write(f"growth: {grown:,.1f} kB a case, {slower:.2f} times as long a case\n")
    return int(grown > _MOST_KB_PER_CASE or slower > _MOST_SLOWER)


def _measured(place: Path, world: Path, count: int) -> dict[str, float]:
    recording = world / f"recording-{count}"
    _repeat(world / "recording", recording, count)
    folder = place / f"run-{count}"
    folder.mkdir()
    (folder / "campaign.yaml").write_text(_CAMPAIGN.format(recording=recording), encoding="utf-8")
    code = "from tests.release.campaign_growth import run; import sys; run(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True, check=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    (report,) = folder.glob("reports/growth/*/report.html")
    return {
        "cases": count,
        "per_second": count / told["seconds"],
        "report_mb": report.stat().st_size / 1e6,
        **told,
    }


def run(folder: str) -> None:
    """Run one campaign and print what it took; this process does nothing else."""
    begin = time.monotonic()
    _understudy(Path(folder), "run", "campaign.yaml", "--workers", "2", "-q", ends=(0, 1, 6))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - begin, "mb": peak}) + "\n")


def _understudy(folder: Path, *arguments: str, ends: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "understudy", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in ends:
        raise RuntimeError(done.stderr)


def _repeat(source: Path, out: Path, count: int) -> None:
    """A recording of so many cases: those of another one over and over, under ids of their own."""
    out.mkdir()
    cases = [orjson.loads(line) for line in (source / "cases.jsonl").open("rb")]
    baselines: dict[str, list[dict[str, object]]] = {}
    for line in (source / "baselines.jsonl").open("rb"):
        one = orjson.loads(line)
        baselines.setdefault(one["case_id"], []).append(one)
    written = 0
    with (out / "cases.jsonl").open("wb") as into, (out / "baselines.jsonl").open("wb") as also:
        for number, case in _over_and_over(cases, count):
            own = f"{case['case_id']}-{number}"
            cluster = f"{case['cluster_id']}-{number}"
            into.write(orjson.dumps({**case, "case_id": own, "cluster_id": cluster}) + b"\n")
            for one in baselines.get(case["case_id"], ()):
                also.write(orjson.dumps({**one, "case_id": own}) + b"\n")
                written += 1
    (out / "interactions.jsonl").touch()
    manifest = orjson.loads((source / "manifest.json").read_bytes())
    state = hashlib.sha256()
    for name in ("cases.jsonl", "baselines.jsonl"):
        state.update((out / name).read_bytes())
    manifest |= {"cases": count, "baselines": written, "digest": state.hexdigest()}
    (out / "manifest.json").write_bytes(orjson.dumps(manifest))


def _over_and_over(cases: list[dict[str, str]], count: int) -> Iterator[tuple[int, dict[str, str]]]:
    for place in range(count):
        yield place // len(cases), cases[place % len(cases)]


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
