"""Runs in DeepDiff's own environment: python diff_peer.py PAIRS; prints what it found."""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Compare every pair and count those that differ."""
    from deepdiff import DeepDiff
    from diff_pairs import pairs

    made = pairs(int(sys.argv[1]))
    began = time.process_time()
    differing = sum(bool(DeepDiff(one, other, ignore_order=True)) for one, other in made)
    told = {"pairs": len(made), "differing": differing, "cpu": time.process_time() - began}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
