"""The wall: an audit hook that lets nothing out of this process but what was allowed.

It is put up before the candidate's code is imported. Native code raises no audit event, and Python
code that sets out to take the hook down from inside finds a way; behind the hook stand a filter of
system calls and the network namespace, each where the system permits it.
"""

from __future__ import annotations

import _imp
import gc
import importlib
import importlib.util
import os
import platform
import socket
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from understudy.doors.guards import (
    Address,
    Guard,
    everywhere,
    exact,
    guards,
    is_forbidden,
    is_numeric,
    shown,
)
from understudy.doors.kernel_filter import filter_calls, start_witness
from understudy.doors.kernel_witness import Witness
from understudy.doors.refusals import Refusals
from understudy.doors.severing import sever

__all__ = ["seal", "seal_for_debugging"]

# Importing these after sealing would be refused, or would leave their way of forking open.
_PRELOADED = (
    "ctypes",
    "ctypes.util",
    "_posixsubprocess",
    "subprocess",
    "multiprocessing.util",
    "encodings.idna",
)
_FORKING = ("_posixsubprocess", "subprocess")


def seal(
    allow: Iterable[Address] = (),
    *,
    keep: Collection[int] = (),
    expected: Collection[str] = (),
    witness: Witness | None = None,
) -> Refusals:
    """Seal this process for good; returns the count of what is refused from now on.

    Only the `allow`ed (host, port) pairs can be reached. Descriptors of sockets that are open
    already are closed, but for those in `keep`. Attempts on `expected` hosts are counted apart.
    `witness` was started when there was little memory for it to keep; without one it is now.
    """
    allow = tuple(allow)
    naming = any(host != "localhost" and _is_name(host) for host, _ in allow)
    _preload()
    witness = witness or start_witness()
    refusals = Refusals(expected, witness.count if witness else None)
    sever([*keep, *([witness.fileno()] if witness else [])], refusals)
    _put_up(refusals, allow)
    refusals.reach = filter_calls(
        connecting=bool(allow or keep),
        naming=naming,
        witness=witness,
        reachable=() if naming else everywhere(allow),
    )
    sys.addaudithook(_hook(MappingProxyType(guards(refusals, allow))))
    # Out of reach of `gc.get_objects`.
    gc.freeze()
    return refusals


def seal_for_debugging(
    allow: Iterable[Address] = (), *, expected: Collection[str] = ()
) -> Refusals:
    """Put up the audit hook alone, for good, in a process that a person debugs.

    Connections that are open stay open, because one of them may be the debugger's, and the kernel
    refuses nothing; so this holds a candidate's mistakes, and no native code.
    """
    allow = tuple(allow)
    _preload()
    refusals = Refusals(expected, None)
    _put_up(refusals, allow)
    sys.addaudithook(_hook(MappingProxyType(guards(refusals, allow))))
    return refusals


def _put_up(refusals: Refusals, allow: Collection[Address]) -> None:
    _replace_fork_exec(refusals)
    _replace_loaders(refusals)
    _watch_names(refusals, frozenset(allow))


def _hook(table: Mapping[str, Guard]) -> Callable[[str, tuple[Any, ...]], None]:
    find = table.get

    def watch(event: str, args: tuple[Any, ...]) -> None:
        guard = find(event)
        if guard is not None:
            guard(args)

    return watch


def _preload() -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    # Vendors' clients state the platform in a header, and asking for it starts a process.
    platform.platform()
    platform.uname().processor  # noqa: B018 -- computed and kept on first access


def _replace_fork_exec(refusals: Refusals) -> None:
    """Replace the one function that starts processes without an audit event."""

    def fork_exec(args: Any, *rest: Any) -> int:
        del rest
        first = args[0] if args else ""
        raise refusals.process(f"fork_exec {os.fsdecode(first)}")

    for name in _FORKING:
        module = sys.modules[name]
        for attribute in ("fork_exec", "_fork_exec"):
            if hasattr(module, attribute):
                setattr(module, attribute, fork_exec)


def _replace_loaders(refusals: Refusals) -> None:
    """Replace what opens other interpreters, libraries and fresh copies without an audit event."""
    create = _imp.create_builtin

    def create_builtin(spec: Any) -> Any:
        if is_forbidden(spec.name):
            raise refusals.process(f"import {spec.name}")
        return create(spec)

    _imp.create_builtin = create_builtin
    if importlib.util.find_spec("_cffi_backend"):
        backend = importlib.import_module("_cffi_backend")

        def load_library(name: Any = None, *rest: Any) -> Any:
            del rest
            raise refusals.process(f"dlopen {name}")

        vars(backend)["load_library"] = load_library


def _watch_names(refusals: Refusals, allow: frozenset[Address]) -> None:
    """Refuse a host name in an address before the C library asks for it.

    The audit events of these methods come after the look-up, which is a message by itself.
    """
    known = {host for host, _ in allow} | {"", "localhost", "<broadcast>"}
    for method in ("connect", "connect_ex", "sendto", "sendmsg", "bind"):
        real = getattr(socket.socket, method)
        setattr(socket.socket, method, _numeric(real, method, known, refusals))
    if allow:
        _refuse_unix(refusals)


def _refuse_unix(refusals: Refusals) -> None:
    """Count what the kernel would refuse without a word; pairs are made from descriptors."""
    real: Any = socket.socket.__init__

    def made(
        self: Any, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None
    ) -> None:
        if family == getattr(socket, "AF_UNIX", None) and fileno is None:
            raise refusals.network("a unix socket")
        real(self, family, type, proto, fileno)

    socket.socket.__init__ = made  # type: ignore[method-assign]  # that is the purpose


def _numeric(
    real: Callable[..., Any], method: str, known: Collection[str], refusals: Refusals
) -> Callable[..., Any]:
    def checked(self: Any, *args: Any, **options: Any) -> Any:
        address = next((each for each in args if isinstance(each, tuple)), None)
        host = None if address is None else exact(tuple.__getitem__(address, 0))
        if _is_name(host) and host not in known:
            raise refusals.network(f"{method} {shown(address)}")
        return real(self, *args, **options)

    checked.__name__ = checked.__qualname__ = method
    return checked


def _is_name(host: Any) -> bool:
    return isinstance(host, str) and not is_numeric(host)
