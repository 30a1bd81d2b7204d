"""What ties a process to its parent and cuts it off the network, where the system permits it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = [
    "adopt_orphans",
    "claim_all_addresses",
    "end_with_parent",
    "enter_namespace",
    "give_up_powers",
]

_NEW_NETWORK = 0x40000000
_NEW_USER = 0x10000000
_PARENT_DEATH_SIGNAL, _CHILD_SUBREAPER = 1, 36
_DROP_FOR_GOOD, _CAPABILITIES = 24, 0x20080522
# Numbers from include/uapi/linux/capability.h: what reaches beyond a process's own files.
_POWERS = {
    "dac_read_search": 2, "setpcap": 8, "linux_immutable": 9, "net_admin": 12, "net_raw": 13,
    "ipc_owner": 15, "sys_module": 16, "sys_rawio": 17, "sys_chroot": 18, "sys_ptrace": 19,
    "sys_pacct": 20, "sys_admin": 21, "sys_boot": 22, "sys_nice": 23, "sys_resource": 24,
    "sys_time": 25, "sys_tty_config": 26, "mknod": 27, "audit_write": 29, "audit_control": 30,
    "setfcap": 31, "mac_override": 32, "mac_admin": 33, "syslog": 34, "wake_alarm": 35,
    "block_suspend": 36, "audit_read": 37, "perfmon": 38, "bpf": 39, "checkpoint_restore": 40,
}  # fmt: skip
_SET_FLAGS = 0x8914
_UP_AND_RUNNING = 0x1 | 0x40
_NEW_ROUTE, _REQUEST_CREATE = 24, 0x1 | 0x4 | 0x400
_LOCAL_TABLE, _STATIC, _TO_HOST, _LOCAL, _INTERFACE = 255, 4, 254, 2, 4


def enter_namespace() -> bool:
    """Leave the machine's network for an empty one with only `lo` in it; whether that worked.

    To be called before the process has a second thread. Loopback is up where it can be brought
    up; nothing else exists there, for native code as for Python.
    """
    if not sys.platform.startswith("linux"):
        return False
    user, group = os.getuid(), os.getgid()
    if _unshare(_NEW_NETWORK):
        _raise_loopback()
        return True
    if _unshare(_NEW_NETWORK | _NEW_USER):
        _map_identity(user, group)
        _raise_loopback()
        return True
    return False


def _unshare(flags: int) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    return hasattr(library, "unshare") and library.unshare(flags) == 0


def _map_identity(user: int, group: int) -> None:
    # Unmapped, the process would run as `nobody` and could not read its own files.
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with contextlib.suppress(OSError):
            Path("/proc/self", name).write_text(text, encoding="ascii")


def _raise_loopback() -> None:
    import fcntl

    request = struct.pack("16sh14x", b"lo", _UP_AND_RUNNING)
    with _datagram_socket() as number, contextlib.suppress(OSError):
        fcntl.ioctl(number, _SET_FLAGS, request)


@contextlib.contextmanager
def _datagram_socket() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made.fileno()


def claim_all_addresses() -> bool:
    """Have every address be this machine's own, in a network that leads nowhere; whether it is so.

    Where there is another way out, nothing is changed. What is sent to any address then arrives at
    whoever listens for all of them here.
    """
    try:
        if [name for _, name in socket.if_nameindex()] != ["lo"]:
            return False
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
            claimed = [_claimed(kernel, each) for each in (socket.AF_INET, socket.AF_INET6)]
            return any(claimed)
    except (AttributeError, OSError):
        return False


def _claimed(kernel: socket.socket, family: int) -> bool:
    """Ask for the route `local default dev lo`, as rtnetlink(7) has it."""
    scope = _TO_HOST if family == socket.AF_INET else 0
    route = struct.pack("=BBBBBBBBI", family, 0, 0, 0, _LOCAL_TABLE, _STATIC, scope, _LOCAL, 0)
    through = struct.pack("=HHI", 8, _INTERFACE, socket.if_nametoindex("lo"))
    whole = 16 + len(route) + len(through)
    kernel.send(struct.pack("=IHHII", whole, _NEW_ROUTE, _REQUEST_CREATE, 1, 0) + route + through)
    said: int = struct.unpack("=i", kernel.recv(4096)[16:20])[0]
    return said in (0, -errno.EEXIST)


def end_with_parent() -> None:
    """Have the system kill this process when its parent ends, however that happens."""
    if sys.platform.startswith("linux"):
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def adopt_orphans() -> None:
    """Be the parent of whatever this process's children leave behind, instead of the system."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def give_up_powers() -> bool:
    """Keep of the system's powers only those over files, signals and the user; whether that worked.

    What the supervisor holds, its environment among it, is then closed to native code and to
    programs too: the kernel shows a process's insides to none that has fewer powers. Root may still
    become another user, as what starts services and packages' scripts does, and has then what is
    that user's. To be called before the process has a second thread.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    for power in _POWERS.values():
        library.prctl(_DROP_FOR_GOOD, power, 0, 0, 0)  # else a program that is started has it again
    head, held = struct.pack("=Ii", _CAPABILITIES, 0), ctypes.create_string_buffer(24)
    if library.capget(head, held):
        return False
    words = list(struct.unpack("=6I", held.raw))
    for power in _POWERS.values():
        for kind in range(3):  # effective, permitted, inheritable
            words[power // 32 * 3 + kind] &= ~(1 << power % 32)
    return bool(library.capset(head, struct.pack("=6I", *words)) == 0)
