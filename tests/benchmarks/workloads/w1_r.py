"""W1-R: recorded answers replayed, six calls a case, from recordings of any length.

vcrpy looks through its whole cassette at every call, so it is measured at 200 cases alone.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from tests.benchmarks.peers import python_of
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.message import Request
from understudy.systems.recorded import RECORDED

__all__ = ["WORKLOAD"]

_HOST, _CALLS = "shop.example.com", 6
_VCR = ("vcrpy==9.4.2", "requests==2.34.2", "urllib3==2.7.0")
_PEER = Path(__file__).parents[1] / "vcr_peer.py"


def calls(size: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Path and answer of every call, those of one case one after the other."""
    for case in range(size):
        for step in range(_CALLS):
            yield f"/orders/{case}/{step}", {"case": case, "step": step, "text": "x" * 300}


def _recording(place: Path, size: int) -> None:
    with (place / "interactions.jsonl").open("wb") as file:
        for number, (path, answer) in enumerate(calls(size)):
            request = {"method": "GET", "url": f"https://{_HOST}{path}", "headers": {}}
            file.write(orjson.dumps({
                "interaction_id": f"i{number}", "seq": number, "system": _HOST, "request": request,
                "response": {"status": 200, "headers": {}, "body": answer},
            }) + b"\n")  # fmt: skip


def _ours(length: int) -> Callable[[int], Callable[[], Outcome]]:
    """Every recorded case is played once, in an order that runs all over the recording."""

    def prepare(size: int) -> Callable[[], Outcome]:
        recorded = min(length, size)
        place = tempfile.TemporaryDirectory()
        _recording(Path(place.name), recorded)
        system = f"{RECORDED}shop@{_HOST}@{place.name}"
        engines = [Engine(World({}), systems={"shop": system}) for _ in range(size // recorded)]

        def work() -> Outcome:
            found = sum(_all_played(engine, recorded) for engine in engines)
            place.cleanup()
            cases = recorded * len(engines)
            return Outcome(cases, {"answered": found / cases})

        return work

    return prepare


def _all_played(engine: Engine, recorded: int) -> int:
    found = 0
    for number in range(recorded):
        session = engine.open_case(f"case-{number}")
        token = session.credentials["shop"]["token"]
        found += _played(engine, token, number * 7919 % recorded)
        engine.close_case(session.case_id)
    return found


def _played(engine: Engine, token: str, case: int) -> int:
    found = 0
    for step in range(_CALLS):
        request = Request(
            "GET", _HOST, f"/orders/{case}/{step}", "", {"authorization": f"Bearer {token}"}, b""
        )
        answer = engine.handle(request)
        found += answer.status == 200 and orjson.loads(answer.body)["case"] == case
    return found


def _vcr(size: int) -> Callable[[], Outcome]:
    place = tempfile.TemporaryDirectory()
    data = Path(place.name) / "calls.json"
    data.write_text(json.dumps([*calls(size)]))

    def work() -> Outcome:
        with place:
            done = subprocess.run(
                [str(python_of(_VCR)), str(_PEER), f"https://{_HOST}", str(data)],
                capture_output=True, text=True, check=True, cwd=place.name,
            )  # fmt: skip
        told = json.loads(done.stdout)
        return Outcome(size, {"answered": told["answered"] / size}, cpu=told["cpu"])

    return work


WORKLOAD = Workload(
    id="W1-R",
    title="cases of six recorded answers, replayed",
    unit="case",
    size=20_000,
    small=10,
    sides=(
        Side("200 cases recorded", _ours(200)),
        Side("20,000 cases recorded", _ours(20_000)),
        Side("vcrpy, 50 cases recorded", _vcr, size=50, needs=_VCR),
        Side("vcrpy, 200 cases recorded", _vcr, size=200, needs=_VCR),
    ),
    goals=(
        Ratio("20,000 cases recorded", "200 cases recorded", 0.9, gated=True),
        Ratio("20,000 cases recorded", "vcrpy, 200 cases recorded", 8),
    ),
)
