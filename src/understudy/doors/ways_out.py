"""The known ways out of a process, each as one attempt on a listener and a folder of our own."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import importlib.machinery
import multiprocessing
import os
import pty
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["NATIVE_WAYS", "SLOW_WAYS", "WAYS", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A listener on loopback, a folder to leave a mark in, and a connection opened beforehand."""

    address: tuple[str, int]
    folder: Path
    opened_before: socket.socket

    @property
    def url(self) -> str:
        """The listener as a web server."""
        return f"http://{self.address[0]}:{self.address[1]}/"

    def command(self, way: str) -> list[str]:
        """A command that would leave a mark."""
        return ["/bin/sh", "-c", f"echo out > '{self.folder}/{way}'"]


def _raw_socket(target: Target) -> None:
    with socket.socket() as made:
        made.connect(target.address)


def _socket_module(target: Target) -> None:
    importlib.import_module("_socket").socket(socket.AF_INET, socket.SOCK_STREAM).connect(
        target.address
    )


def _host_name(target: Target) -> None:
    with socket.socket() as made:
        made.connect(("name-of-nobody.invalid", target.address[1]))


def _udp(target: Target) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendto(b"out", target.address)


def _udp_message(target: Target) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendmsg([b"out"], [], 0, target.address)


def _packet_socket(target: Target) -> None:
    del target
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


def _look_up(target: Target) -> None:
    socket.getaddrinfo("name-of-nobody.invalid", target.address[1])


def _unix_socket(target: Target) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(str(target.folder / "door"))


def _listen_everywhere(target: Target) -> None:
    del target
    with socket.socket() as made:
        made.bind(("0.0.0.0", 0))  # noqa: S104 -- what is tried is to be refused


def _opened_before(target: Target) -> None:
    target.opened_before.sendall(b"out")


def _asyncio(target: Target) -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(*target.address), 5))


def _urllib(target: Target) -> None:
    urllib.request.urlopen(target.url, timeout=5)  # noqa: S310 -- what is tried is to be refused


def _client(library: str) -> Callable[[Target], None]:
    def get(target: Target) -> None:
        importlib.import_module(library).get(target.url, timeout=5)

    return get


def _aiohttp(target: Target) -> None:
    library = importlib.import_module("aiohttp")

    async def get() -> None:
        async with library.ClientSession() as session:
            await session.get(target.url)

    asyncio.run(get())


def _subprocess(target: Target) -> None:
    subprocess.run(target.command("subprocess"), check=False)  # noqa: S603 -- what is tried is to be refused


def _system(target: Target) -> None:
    os.system(target.command("system")[2])  # noqa: S605 -- what is tried is to be refused


def _exec(target: Target) -> None:
    os.execv("/bin/sh", target.command("exec"))  # noqa: S606 -- what is tried is to be refused


def _spawn(target: Target) -> None:
    command = target.command("posix_spawn")
    os.waitpid(os.posix_spawn(command[0], command, {}), 0)


def _fork(target: Target) -> None:
    if os.fork() == 0:
        (target.folder / "fork").write_text("out", encoding="ascii")
        os._exit(0)


def _terminal(target: Target) -> None:
    pty.spawn(target.command("pty"))


def _fork_exec(target: Target) -> None:
    util = importlib.import_module("multiprocessing.util")
    command = [os.fsencode(part) for part in target.command("fork_exec")]
    os.waitpid(util.spawnv_passfds(command[0], command, []), 0)


def _fork_exec_again(target: Target) -> None:
    sys.modules.pop("_posixsubprocess", None)
    importlib.import_module("_posixsubprocess")
    _fork_exec(target)


def _multiprocessing(target: Target) -> None:
    del target
    multiprocessing.get_context("spawn").Process(target=os.getpid).start()


def _kill_parent(target: Target) -> None:
    del target
    os.kill(os.getppid(), 0)


def _library(target: Target) -> None:
    del target
    ctypes.CDLL(None)


def _symbol(target: Target) -> None:
    del target
    getattr(ctypes.pythonapi, "connect")  # noqa: B009 -- the look-up is the attempt


def _memory(target: Target) -> None:
    del target
    Path("/proc/self/mem").open("r+b").close()


def _memory_by_another_name(target: Target) -> None:
    name = target.folder.parent / f"{target.folder.name}-link"
    try:
        name.symlink_to("/proc/self/mem")
        name.open("r+b").close()
    finally:
        name.unlink(missing_ok=True)


def _memory_by_its_folder(target: Target) -> None:
    del target
    folder = os.open("/proc/self", os.O_RDONLY)
    try:
        os.close(os.open("mem", os.O_RDWR, dir_fd=folder))
    finally:
        os.close(folder)


def _environment_of_the_parent(target: Target) -> None:
    del target
    Path(f"/proc/{os.getppid()}/environ").read_bytes()


def _output_of_the_parent(target: Target) -> None:
    del target
    Path(f"/proc/{os.getppid()}/fd/2").open("wb").close()


def _environment_by_a_sly_name(target: Target) -> None:
    del target
    Sly = type("Sly", (str,), {"__contains__": lambda *_: False, "rpartition": lambda *_: ("", "")})
    os.close(os.open(Sly(f"/proc/{os.getppid()}/environ"), os.O_RDONLY))


def _address_that_equals_all(target: Target) -> None:
    own = {"__eq__": lambda *_: True, "__hash__": str.__hash__, "__str__": lambda _: "127.0.0.1"}
    with socket.socket() as made:
        made.connect((type("Sly", (str,), own)("name-of-nobody.invalid"), target.address[1]))


def _limit_of_the_parent(target: Target) -> None:
    del target
    limits = importlib.import_module("resource")
    limits.prlimit(os.getppid(), limits.RLIMIT_CPU)


def _name_of_the_machine(target: Target) -> None:
    del target
    socket.sethostname(socket.gethostname())


def _interpreter(target: Target) -> None:
    inner = importlib.import_module("_xxsubinterpreters")
    host, port = target.address
    script = f"import _socket; _socket.socket(2, 1).connect(({host!r}, {port}))"
    inner.run_string(inner.create(), script)


def _builtin(target: Target) -> None:
    spec = importlib.machinery.ModuleSpec("_posixsubprocess", None)
    importlib.import_module("_imp").create_builtin(spec)
    _fork_exec(target)


def _log(target: Target) -> None:
    del target
    importlib.import_module("syslog").syslog("out")


def _collected(target: Target) -> None:
    tables = [each for each in gc.get_objects() if isinstance(each, dict)]
    for each in tables:
        if "socket.connect" in each and "os.fork" in each:
            each.clear()
    _raw_socket(target)


WAYS: dict[str, Callable[[Target], Any]] = {
    "a raw socket": _raw_socket,
    "the _socket module": _socket_module,
    "a host name in connect": _host_name,
    "UDP sendto": _udp,
    "UDP sendmsg": _udp_message,
    "a packet socket": _packet_socket,
    "getaddrinfo": _look_up,
    "a unix socket": _unix_socket,
    "listening on all addresses": _listen_everywhere,
    "a connection opened before sealing": _opened_before,
    "asyncio": _asyncio,
    "urllib": _urllib,
    "requests": _client("requests"),
    "httpx": _client("httpx"),
    "httpx2": _client("httpx2"),
    "aiohttp": _aiohttp,
    "subprocess": _subprocess,
    "os.system": _system,
    "os.execv": _exec,
    "os.posix_spawn": _spawn,
    "os.fork": _fork,
    "pty.spawn": _terminal,
    "fork_exec without an event": _fork_exec,
    "fork_exec imported again": _fork_exec_again,
    "multiprocessing spawn": _multiprocessing,
    "a signal to the parent": _kill_parent,
    "ctypes by dlopen": _library,
    "ctypes by dlsym": _symbol,
    "its own memory as a file": _memory,
    "its own memory by another name": _memory_by_another_name,
    "its own memory by its folder": _memory_by_its_folder,
    "the environment of the parent": _environment_of_the_parent,
    "the output of the parent": _output_of_the_parent,
    "the environment of the parent by a sly name": _environment_by_a_sly_name,
    "an address that equals all": _address_that_equals_all,
    "a limit of the parent": _limit_of_the_parent,
    "the name of the machine": _name_of_the_machine,
    "an interpreter of its own": _interpreter,
    "fork_exec created again": _builtin,
    "the system's log": _log,
    "the hook found among all objects": _collected,
}

SLOW_WAYS = ("aiohttp",)
"""What takes long to load and goes, in the end, where asyncio goes, which is tried as well."""


def _native_connect(target: Target) -> bool:
    host, port = target.address
    address = struct.pack("=H", socket.AF_INET) + struct.pack(
        "!H4s8x", port, socket.inet_aton(host)
    )
    number = _LIBRARY.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    return int(_LIBRARY.connect(number, address, len(address))) == 0


def _native_process(target: Target) -> bool:
    return int(_LIBRARY.system(os.fsencode(target.command("native process")[2]))) == 0


def _native_signal(target: Target) -> bool:
    del target
    return int(_LIBRARY.kill(os.getppid(), 0)) == 0


_LIBRARY = ctypes.CDLL(None)
# Looked up now: afterwards that is refused, and a library of a candidate's has no need to.
for _name in ("socket", "connect", "system", "kill"):
    getattr(_LIBRARY, _name)

NATIVE_WAYS: dict[str, Callable[[Target], bool]] = {
    "native connect": _native_connect,
    "native process": _native_process,
    "native signal": _native_signal,
}
"""What native code does without an audit event; each gives whether it went through."""
