"""What judging a million recorded cases takes: time and memory, and how memory grows with them.

`python -m tests.release.judge_memory [SHARE]` writes recordings of 100,000, 300,000 and 1,000,000
cases, or that share of them, with proposals of which every tenth differs, and judges each in a
process of its own. It exits with 1 where a case takes more memory than its limit.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.benchmarks.diff_pairs import pairs

from understudy.model.action import Action, Target
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, Trigger
from understudy.model.proposal import Proposal
from understudy.traffic.proposals import write_proposals
from understudy.traffic.recording import Provenance, write_recording

__all__ = ["main"]

_SIZES = (100_000, 300_000, 1_000_000)
_MOST_BYTES_PER_CASE = 600
"""Of resident memory: an id and a few numbers of each case, and what every tenth one differs in."""
_BEGIN = datetime(2026, 10, 1, tzinfo=UTC)


def main(share: float) -> int:
    """Write, judge and measure; returns the exit code."""
    measured = []
    with tempfile.TemporaryDirectory() as place:
        for size in _SIZES:
            count = max(1_000, int(size * share))
            seconds, mb = _measured(Path(place) / str(count), count)
            measured.append((count, mb))
            sys.stdout.write(
                f"{count:>9,} cases: {seconds:,.1f} s, {count / seconds:,.0f} cases/s, "
                f"{mb:,.0f} MB resident at most\n"
            )
            sys.stdout.flush()
    (first, few), (last, many) = measured[0], measured[-1]
    grown = (many - few) * (1 << 20) / (last - first)
    sys.stdout.write(f"growth: {grown:,.0f} bytes a case\n")
    return int(grown > _MOST_BYTES_PER_CASE)


def _measured(folder: Path, count: int) -> tuple[float, float]:
    folder.mkdir()
    _write(folder, count)
    code = "from tests.release.judge_memory import judge; import sys; judge(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True, check=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["mb"]


def judge(folder: str) -> None:
    """Judge one recording and print what it took; this process does nothing else."""
    begin = time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "understudy", "judge", "--recording", "recording",
            "--proposed", "proposed.jsonl", "--out", "run", "-q",
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1, 6):
        raise RuntimeError(done.stderr)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - begin, "mb": peak}) + "\n")


def _write(folder: Path, count: int) -> None:
    cases = (Case(**_case(number)) for number in range(count))
    baselines = (
        Baseline(case_id=_id(number), baseline_id="b-1", outcome=Outcome.ACTED, actions=(done,))
        for number, (done, _) in enumerate(_actions(count))
    )
    provenance = Provenance(format="jsonl", records=count, kept=count, synthetic=True)
    write_recording(
        folder / "recording", provenance=provenance, build=lambda _folder: (cases, baselines)
    )
    proposals = (
        Proposal(case_id=_id(number), outcome=Outcome.ACTED, actions=(done,), confidence=0.8)
        for number, (_, done) in enumerate(_actions(count))
    )
    write_proposals(folder / "proposed.jsonl", proposals)


def _case(number: int) -> dict[str, Any]:
    trigger = Trigger(system="zendesk", type="ticket.created", payload={"ticket_id": str(number)})
    return {
        "case_id": _id(number), "cluster_id": f"customer-{number}", "scenario": "refund-request",
        "received_at": _BEGIN + timedelta(seconds=number), "trigger": trigger,
        "observed_systems": ("stripe", "zendesk"),
    }  # fmt: skip


def _id(number: int) -> str:
    return f"case-{number:08d}"


def _actions(count: int) -> Iterator[tuple[Any, Any]]:
    """Both sides' action of each case; the same thousand pairs over and over, with other ids."""
    made = [tuple(msgspec.convert(side, Action) for side in pair) for pair in pairs(1_000)]
    for number in range(count):
        target = Target(type="charge", id=f"ch_{number:08d}")
        one, other = made[number % 1_000]
        yield (
            msgspec.structs.replace(one, target=target),
            msgspec.structs.replace(other, target=target),
        )


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
