"""Which open case the credential of a request names."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping

from understudy.systems import mint
from understudy.systems.message import Request
from understudy.systems.session import CaseSession, CoverageGap, Credentials
from understudy.systems.system import System

__all__ = ["Keyring"]

_NOBODY = (None, "")
_MOST_GONE = 4096
_STATIC = (
    "it came with the key of the environment, which is one for all cases: write `isolation: "
    "serial` at the candidate, or use the credentials that each case brings"
)


class Keyring:
    """Credentials in the vendors' shapes, drawn by `seed`, and the cases that they open.

    `shown` maps an `Authorization` header as it came to whom it named last, so that it need not
    be taken apart again; it is forgotten whenever a credential changes hands. What is forgotten
    while another thread looks it up must not come back, so both hold the lock.
    """

    __slots__ = ("_bound", "_gone", "_lock", "_secrets", "_seed", "_systems", "_workers", "shown")

    def __init__(self, systems: Mapping[str, System], seed: int) -> None:
        self._lock = threading.RLock()
        self._systems = systems
        self._seed = seed
        self._secrets: dict[str, tuple[CaseSession, str]] = {}
        self._bound: dict[str, list[str]] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._workers: dict[str, Credentials] = {}
        self.shown: dict[str | None, tuple[System | None, CaseSession | None]] = {}

    def made(self, owner: str, kind: str) -> Credentials:
        """The credentials of one owner to every system; they open nothing yet."""
        text = mint.letters(86, self._seed, owner, kind)
        made: Credentials = {}
        for name, system in self._systems.items():
            text = text[21:] + text[:21]
            made[name] = system.credentials(text)
        return made

    def bind(self, given: Credentials, session: CaseSession) -> None:
        """From now on these credentials name this case."""
        with self._lock:
            bound = self._bound.setdefault(session.case_id, [])
            for name, system in self._systems.items():
                secret = system.secret(given[name])
                self._secrets[secret] = (session, name)
                bound.append(secret)

    def open_worker(self, worker: str) -> Credentials:
        """Credentials that stay the same from case to case."""
        given = self._workers[worker] = self.made(worker, "worker")
        return given

    def assign(self, worker: str, session: CaseSession | None) -> None:
        """From now on a worker's credentials name this case, or none."""
        with self._lock:
            given = self._workers[worker]
            self.shown.clear()
            for name, system in self._systems.items():
                self._secrets.pop(system.secret(given[name]), None)
            if session is not None:
                self.bind(given, session)

    def forget(self, session: CaseSession) -> None:
        """Nothing names this case any longer."""
        with self._lock:
            self.shown.clear()
            for secret in self._bound.pop(session.case_id, ()):
                if self._secrets.get(secret, _NOBODY)[0] is session:
                    del self._secrets[secret]
                    self._gone[secret] = None
            while len(self._gone) > _MOST_GONE:
                self._gone.popitem(last=False)

    def outlived(self, system: System, request: Request) -> bool:
        """Whether a request presents what was a case's credential, and that case has ended."""
        with self._lock:
            secret = system.presented(request.headers) or ""
            return secret in self._gone and secret not in self._secrets

    def strange(self, system: System, request: Request) -> list[CoverageGap]:
        """A gap where a request presents a key of this process's environment that names no case."""
        secret = system.presented(request.headers)
        if not secret or secret not in os.environ.values():
            return []
        told = {"system": system.name, "method": request.method, "path": request.path}
        return [CoverageGap(**told, reason="credential", detail=_STATIC)]

    def named(self, system: System, request: Request) -> CaseSession | None:
        """The case whose credential to this system a request presents."""
        with self._lock:
            secret = system.presented(request.headers)
            session, name = self._secrets.get(secret or "", _NOBODY)
            if session is None or name != system.name:
                return None
            header = request.headers.get("authorization")
            if header and system.presented({"authorization": header}) == secret:
                self.shown[header] = system, session
            return session
