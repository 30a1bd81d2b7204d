"""Interactions on their way to their order: kept on disk, only their places in memory."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from understudy.model.interaction import Interaction
from understudy.systems.routes import mounted
from understudy.systems.system import System
from understudy.traffic.inbound import is_inbound
from understudy.traffic.marks import Answer, Mark, Marker

__all__ = ["Spool"]

_TIMELESS = -(2**62)
_HEAD, _ENTITY = b'{"interaction_id":"","seq":0,', b'"entity_key":null,'
_LEAST_AHEAD, _MOST_AHEAD = 1 << 14, 1 << 20
_BLOCK = 1 << 18
_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode


class Spool:
    """Takes redacted interactions as they are read and gives them in the order of time.

    Where times are equal the place in the source decides, and where any is missing it alone does,
    for a missing time is never guessed. Memory grows by 56 bytes an interaction.
    """

    def __init__(self, folder: Path, systems: Mapping[str, System] | None = None) -> None:
        """What is held lies in `folder`, under no name, so that a killed process leaves nothing.

        `systems` are those that stand for vendors; by default all that are mocked.
        """
        self.systems = systems or mounted()
        self._marker = Marker(self.systems)
        folder.mkdir(parents=True, exist_ok=True)
        self._lines, self._marks = _Blobs(folder), _Blobs(folder)
        self._times, self._places, self._correlations = array("q"), array("q"), array("q")
        self._shown = array("q")
        self._untimed = 0
        self._shared: frozenset[int] | None = None
        self._order: array[int] | None = None
        self._interaction = msgspec.json.Decoder(Interaction)

    def __enter__(self) -> Self:
        """Use the spool; its file is gone afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._marks.close()

    def __len__(self) -> int:
        """How many interactions are held."""
        return len(self._times)

    @property
    def timed(self) -> bool:
        """Whether every interaction has a time."""
        return self._untimed == 0

    def add(self, interaction: Interaction, place: int, answer: Answer | None = None) -> None:
        """Take one in, without id and number; `place` is where it stands in all that is read.

        `answer` is what its answer holds, where that is known already.
        """
        at = interaction.started_at
        self._untimed += at is None
        self._times.append(_TIMELESS if at is None else round(at.timestamp() * 1e6))
        self._places.append(place)
        self._correlations.append(_number(interaction.correlation_id))
        self._shown.append(_shown(interaction, answer))
        self._lines.add(_line(interaction, answer))
        self._marks.add(_pack(self._marker.mark(interaction, answer)))

    def marks(self) -> Iterator[Mark]:
        """What decides where each interaction belongs, in order."""
        decode = msgspec.msgpack.Decoder(Mark).decode
        for place in self._ordered():
            yield decode(self._marks.at(place))

    def ordered(self) -> Iterator[Interaction]:
        """Every interaction in order, numbered from 1."""
        for number in range(1, len(self) + 1):
            yield self.at(number)

    def lines(self, entities: Iterable[bytes | None]) -> Iterator[bytes]:
        """The lines of `interactions.jsonl` in order, each with what it is about, given as JSON."""
        places = enumerate(self._ordered(), 1)
        for (number, place), entity in zip(places, entities, strict=True):
            line = self._lines.at(place)
            if entity is not None:
                line = line.replace(_ENTITY, b'"entity_key":%b,' % entity, 1)
            yield b'{"interaction_id":"i%d","seq":%d,%b\n' % (number, number, line[len(_HEAD) :])

    def at(self, number: int) -> Interaction:
        """The interaction of a number in the order; nothing may be added any more."""
        found = self._interaction.decode(self._lines.at(self._ordered()[number - 1]))
        return msgspec.structs.replace(found, interaction_id=f"i{number}", seq=number)

    def shown(self, number: int) -> int:
        """What a call and its answer are like, as a number; 0 where there is none."""
        return self._shown[self._ordered()[number - 1]]

    def _ordered(self) -> array[int]:
        if self._order is None:
            keys = [self._places, self._times] if self.timed else [self._places]
            order = np.lexsort([np.array(key, np.int64) for key in keys])
            self._order = array("q", order.astype(np.int64).tobytes())
        return self._order

    def shares(self, correlation: str | None) -> bool:
        """Whether several interactions carry this id; one that is unique groups nothing."""
        if self._shared is None:
            marks, counts = np.unique(np.array(self._correlations, np.int64), return_counts=True)
            self._shared = frozenset(marks[(counts > 1) & (marks != 0)].tolist())
        return correlation is not None and _number(correlation) in self._shared


class _Blobs:
    """Bytes of any number one after the other in a file that nobody else sees."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- closed with the spool
        self._starts = array("q", (0,))
        self._waiting: list[bytes] = []
        self._written = 0
        self._held, self._from, self._ahead = b"", 0, _LEAST_AHEAD

    def add(self, data: bytes) -> None:
        """Append one; none may have been read yet."""
        end = self._starts[-1] + len(data)
        self._starts.append(end)
        self._waiting.append(data)
        if end - self._written > _BLOCK:
            self._write()

    def at(self, number: int) -> bytes:
        """The one of a number, from 0; what lies behind it is at hand afterwards."""
        if self._waiting:
            self._write()
        start, end = self._starts[number], self._starts[number + 1]
        begin = start - self._from
        if begin < 0 or end - self._from > len(self._held):
            self._read(start, end)
            begin = 0
        return self._held[begin : begin + end - start]

    def _write(self) -> None:
        """Put what waits into the file."""
        self._file.write(b"".join(self._waiting))
        self._file.flush()
        self._waiting.clear()
        self._written = self._starts[-1]

    def _read(self, start: int, end: int) -> None:
        follows = 0 <= start - self._from - len(self._held) < self._ahead
        self._ahead = min(self._ahead * 2, _MOST_AHEAD) if follows else _LEAST_AHEAD
        size = max(end - start, self._ahead)
        self._held, self._from = os.pread(self._file.fileno(), size, start), start

    def close(self) -> None:
        """The file is gone afterwards."""
        self._file.close()


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


def _number(correlation: str | None) -> int:
    """A number for an id, 0 for none."""
    if correlation is None:
        return 0
    found = blake2b(correlation.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(found, "big", signed=True)
