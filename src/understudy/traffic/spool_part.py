"""Interactions that one process read: kept on disk, only their places in memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from understudy.model.interaction import Interaction
from understudy.traffic.blobs import Blobs
from understudy.traffic.http.inbound import is_inbound
from understudy.traffic.http.marks import Answer, Marker
from understudy.traffic.quarantine import Quarantined

__all__ = ["Problem", "SpoolPart", "number_of"]

_TIMELESS = -(2**62)
_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode


class Problem(msgspec.Struct, frozen=True, array_like=True):
    """A record that could not be used, and its place in all that is read."""

    place: int
    found: Quarantined


class SpoolPart:
    """Takes redacted interactions as they are read; memory grows by 56 bytes each.

    A forked process fills its own, and `restore` tells this side's what became of it.
    """

    def __init__(self, folder: Path, marker: Marker) -> None:
        self._marker = marker
        self.lines, self.marks, self._problems = Blobs(folder), Blobs(folder), Blobs(folder)
        self.times, self.places = array("q"), array("q")
        self.correlations, self.shown = array("q"), array("q")
        self.untimed = 0

    def add(self, interaction: Interaction, place: int, answer: Answer | None = None) -> None:
        """Take one in, without id and number."""
        at = interaction.started_at
        self.untimed += at is None
        self.times.append(_TIMELESS if at is None else round(at.timestamp() * 1e6))
        self.places.append(place)
        self.correlations.append(number_of(interaction.correlation_id))
        self.shown.append(_shown(interaction, answer))
        self.lines.add(_line(interaction, answer))
        self.marks.add(_pack(self._marker.mark(interaction, answer)))

    def refuse(self, problem: Problem) -> None:
        """Keep a record that cannot be used, in the order of places."""
        self._problems.add(_pack(problem))

    def problems(self) -> Iterator[Problem]:
        """The records that could not be used."""
        decode = msgspec.msgpack.Decoder(Problem).decode
        return map(decode, self._problems)

    def state(self) -> Any:
        """What `restore` of the same part in another process needs."""
        stores = (self.lines, self.marks, self._problems)
        for store in stores:
            store.flush()
        columns = (self.times, self.places, self.correlations, self.shown, self.untimed)
        return columns, [store.starts for store in stores]

    def restore(self, state: Any) -> None:
        """Take over what another process put into this part."""
        columns, ends = state
        self.times, self.places, self.correlations, self.shown, self.untimed = columns
        for store, starts in zip((self.lines, self.marks, self._problems), ends, strict=True):
            store.resume(starts)

    def close(self) -> None:
        """Its files are gone afterwards."""
        for store in (self.lines, self.marks, self._problems):
            store.close()


def _line(one: Interaction, answer: Answer | None) -> bytes:
    """An interaction as JSON, its answer as it was encoded before."""
    if answer is None or one.response is None:
        return _encode(one)
    response = msgspec.structs.replace(one.response, body=msgspec.Raw(answer.data))
    return _encode(msgspec.structs.replace(one, response=response))


def _shown(one: Interaction, answer: Answer | None) -> int:
    """Equal for calls of one URL that are answered alike; 0 where nobody has looked."""
    if answer is None or one.response is None or is_inbound(one.request.headers):
        return 0
    return hash((one.request.method, one.request.url, one.response.status, answer.data))


def number_of(correlation: str | None) -> int:
    """A number for an id, 0 for none."""
    if correlation is None:
        return 0
    found = blake2b(correlation.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(found, "big", signed=True)
