"""Runs in vcrpy's own environment: python vcr_peer.py BASE CALLS; one cassette, every call once."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Write a cassette by hand, then ask for every recorded answer once."""
    import requests
    import vcr

    base, calls = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    tape = [
        {
            "request": {"method": "GET", "uri": base + path, "body": None, "headers": {}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"content-type": ["application/json"]},
                "body": {"string": json.dumps(answer)},
            },
        }
        for path, answer in calls
    ]
    place = Path("cassette.json")
    place.write_text(json.dumps({"version": 1, "interactions": tape}), encoding="utf-8")
    recorder = vcr.VCR(serializer="json", record_mode="none")
    answered = 0
    with requests.Session() as session, recorder.use_cassette(str(place)):
        began = time.process_time()
        for path, answer in calls:
            answered += session.get(base + path, timeout=10).json()["case"] == answer["case"]
        took = time.process_time() - began
    sys.stdout.write(json.dumps({"answered": answered, "cpu": took}))


if __name__ == "__main__":
    main()
