"""Records what people do on their own systems: they work through it, and it writes down."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from understudy.doors.loopback import addresses, listening, running
from understudy.model.errors import ConfigurationError
from understudy.model.interaction import Source
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.systems.routes import KNOWN
from understudy.traffic.http.answers import Answers
from understudy.traffic.http.exchange import Exchange, Writer
from understudy.traffic.http.importing import write_cases
from understudy.traffic.http.marks import HINTS
from understudy.traffic.http.proxy import Proxy
from understudy.traffic.http.recognise import Recogniser
from understudy.traffic.raw_record import Malformed
from understudy.traffic.recording import refuse_foreign
from understudy.traffic.report import ImportReport, Tally
from understudy.traffic.spool import Spool

if TYPE_CHECKING:
    import httpx2

__all__ = ["Recorder", "record_traffic"]

_SECONDS = 120.0


@dataclass(slots=True)
class Recorder:
    """Takes exchanges from any thread; what it keeps is redacted before it is written anywhere."""

    key: RedactionKey
    spool: Spool
    tally: Tally = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        redactor = Redactor(self.key, watched=HINTS)
        self.tally = Tally(redactor)
        self._writer = Writer(
            redactor, Recogniser(), Source(format="recorder", file=""), Answers(redactor)
        )

    def take(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        with self._lock:
            place = self.tally.records
            try:
                made, answer = self._writer.interaction(exchange)
                self.spool.add(made, place, answer)
                self.tally.keep()
            except Malformed as reason:
                self.tally.quarantine(f"exchange {place + 1}", str(reason))

    def finish(self, out: Path) -> ImportReport | None:
        """Write the recording; None where nothing was recorded."""
        with self._lock:
            if not self.tally.records:
                return None
            facts = self.tally.provenance(format="recorder")
            report = write_cases(self.spool, out, facts)
            return dataclasses.replace(report, quarantined=self.tally.quarantined)


def record_traffic(
    upstreams: Mapping[str, str],
    out: Path,
    ports: Mapping[str, int] | None,
    work: Callable[[Mapping[str, str]], None],
) -> ImportReport | None:
    """Open a proxy on loopback for every upstream while `work` runs, then write the recording.

    `work` is given their addresses by name. An upstream that has the name of a mocked system is
    recorded as that vendor; nothing but the upstreams can be reached. None where nothing passed.
    Raises `ConfigurationError` for an upstream that is no http URL, and `RecordingError` where
    `out` holds something else.
    """
    refuse_foreign(out)
    bases = {name: _known_as(name, _checked(name, url)) for name, url in upstreams.items()}
    with Spool(out.parent) as spool:
        recorder, client = Recorder(RedactionKey(), spool), _Client()
        with listening(upstreams, ports) as doors:
            applications = [
                (Proxy(url, bases[name], client.get, recorder.take), doors[name])
                for name, url in upstreams.items()
            ]
            with running(applications, client.close):
                work(addresses(doors))
        return recorder.finish(out)


class _Client:
    """The client of all proxies, made in the loop that uses it."""

    def __init__(self) -> None:
        self._made: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Close its connections."""
        if self._made is not None:
            await self._made.aclose()

    def get(self) -> httpx2.AsyncClient:
        """The client; made when it is first asked for."""
        if self._made is None:
            import httpx2

            self._made = httpx2.AsyncClient(
                timeout=_SECONDS, follow_redirects=False, trust_env=False,
                limits=httpx2.Limits(max_connections=200, max_keepalive_connections=50),
            )  # fmt: skip
        return self._made


def _known_as(name: str, url: str) -> str:
    known = KNOWN.get(name)
    return known().base_url if known else url


def _checked(name: str, url: str) -> str:
    parts: Any = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"the upstream `{name}={url}` is no http URL",
            code="U123",
            hint="--upstream stripe=http://127.0.0.1:12111",
        )
    return url
