"""The measured process: one side of one workload, once, and nothing else in it.

python -m tests.benchmarks.child WORKLOAD SIDE SIZE
"""

from __future__ import annotations

import dataclasses
import gc
import json
import resource
import sys
import time

from tests.benchmarks.suite import find

__all__ = ["run"]


def run(workload: str, side: str, size: int) -> dict[str, object]:
    """Do the work; wall and CPU seconds of the work alone, peak memory of the whole process."""
    work = find([workload])[0].side(side).prepare(size)
    gc.collect()
    gc.freeze()  # what was prepared is no garbage of the work, for any side; our workers do so too
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "peak_mb": peak, **dataclasses.asdict(outcome), "cpu": outcome.cpu or cpu}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
