"""What the kernel itself refuses to this process from now on, for native code as for Python.

An audit hook sees Python only, and code that sets out to take it down from inside can. A filter of
system calls cannot be lifted once it stands. It judges a call by its numbers and never by what a
pointer leads to, so it knows no addresses: where some must be reached, connecting stays open.
"""

from __future__ import annotations

import contextlib
import ctypes
import enum
import functools
import os
import platform
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

from understudy.doors.kernel_witness import TO_SERVERS_OF_NAMES, Witness

__all__ = ["Reach", "filter_calls", "start_witness"]

_ALLOW, _ERRNO, _ASK = 0x7FFF0000, 0x00050000, 0x7FC00000
_EACCES, _ENOSYS = 13, 38
_NO_NEW_PRIVILEGES, _SET_FILTER = 38, 1
_ALL_THREADS, _NEW_LISTENER = 1, 8
_LOAD, _EQUALS, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_THREAD = 0x10000
_UNIX, _INTERNET, _INTERNET_6, _NETLINK = 1, 2, 10, 16
# How the C library opens its way to the service of names, and to no other.
_TO_NAMES = 0x80801
_TYPING = (0x5412, 0x541C)
_OTHER_ABI = 0x40000000

# Numbers from the kernel's tables arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h.
_X86 = {
    "acct": 163, "add_key": 248, "adjtimex": 159, "bpf": 321, "chroot": 161, "clock_adjtime": 305,
    "clock_settime": 227, "clone": 56, "clone3": 435, "connect": 42, "delete_module": 176,
    "execve": 59, "execveat": 322, "finit_module": 313, "fork": 57, "fsconfig": 431, "fsmount": 432,
    "fsopen": 430, "fspick": 433, "init_module": 175, "io_uring_setup": 425, "ioctl": 16,
    "ioperm": 173, "iopl": 172, "ioprio_set": 251, "kcmp": 312, "kexec_file_load": 320,
    "kexec_load": 246, "keyctl": 250, "kill": 62, "migrate_pages": 256, "mount": 165,
    "mount_setattr": 442, "move_mount": 429, "move_pages": 279, "mq_open": 240, "msgget": 68,
    "open_by_handle_at": 304, "open_tree": 428, "perf_event_open": 298, "pidfd_getfd": 438,
    "pidfd_open": 434, "pidfd_send_signal": 424, "pivot_root": 155, "prlimit64": 302,
    "process_madvise": 440, "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101,
    "quotactl": 179, "reboot": 169, "request_key": 249, "rt_sigqueueinfo": 129,
    "rt_tgsigqueueinfo": 297, "sched_setaffinity": 203, "sched_setattr": 314, "sched_setparam": 142,
    "sched_setscheduler": 144, "seccomp": 317, "sendmmsg": 307, "sendmsg": 46, "sendto": 44,
    "setdomainname": 171, "sethostname": 170, "setns": 308, "setpriority": 141, "settimeofday": 164,
    "socket": 41, "swapoff": 168, "swapon": 167, "syslog": 103, "tgkill": 234, "tkill": 200,
    "umount2": 166, "unshare": 272, "userfaultfd": 323, "vfork": 58,
}  # fmt: skip
_ARM = {
    "acct": 89, "add_key": 217, "adjtimex": 171, "bpf": 280, "chroot": 51, "clock_adjtime": 266,
    "clock_settime": 112, "clone": 220, "clone3": 435, "connect": 203, "delete_module": 106,
    "execve": 221, "execveat": 281, "finit_module": 273, "fsconfig": 431, "fsmount": 432,
    "fsopen": 430, "fspick": 433, "init_module": 105, "io_uring_setup": 425, "ioctl": 29,
    "ioprio_set": 30, "kcmp": 272, "kexec_file_load": 294, "kexec_load": 104, "keyctl": 219,
    "kill": 129, "migrate_pages": 238, "mount": 40, "mount_setattr": 442, "move_mount": 429,
    "move_pages": 239, "mq_open": 180, "msgget": 186, "open_by_handle_at": 265, "open_tree": 428,
    "perf_event_open": 241, "pidfd_getfd": 438, "pidfd_open": 434, "pidfd_send_signal": 424,
    "pivot_root": 41, "prlimit64": 261, "process_madvise": 440, "process_vm_readv": 270,
    "process_vm_writev": 271, "ptrace": 117, "quotactl": 60, "reboot": 142, "request_key": 218,
    "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "sched_setaffinity": 122,
    "sched_setattr": 274, "sched_setparam": 118, "sched_setscheduler": 119, "seccomp": 277,
    "sendmmsg": 269, "sendmsg": 211, "sendto": 206, "setdomainname": 162, "sethostname": 161,
    "setns": 268, "setpriority": 140, "settimeofday": 170, "socket": 198, "swapoff": 225,
    "swapon": 224, "syslog": 116, "tgkill": 131, "tkill": 130, "umount2": 39, "unshare": 97,
    "userfaultfd": 282,
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}

# `tkill` names a thread alone, so it could be anybody's.
_NEVER = (
    "acct", "add_key", "adjtimex", "bpf", "chroot", "clock_adjtime", "clock_settime",
    "delete_module", "execve", "execveat", "finit_module", "fork", "fsconfig", "fsmount", "fsopen",
    "fspick", "init_module", "io_uring_setup", "ioperm", "iopl", "ioprio_set", "kcmp",
    "kexec_file_load", "kexec_load", "keyctl", "migrate_pages", "mount", "mount_setattr",
    "move_mount", "move_pages", "mq_open", "msgget", "open_by_handle_at", "open_tree",
    "perf_event_open", "pidfd_getfd", "pidfd_open", "pidfd_send_signal", "pivot_root",
    "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot",
    "request_key", "setdomainname", "sethostname", "setns", "setpriority", "settimeofday",
    "swapoff", "swapon", "syslog", "tkill", "umount2", "unshare", "userfaultfd", "vfork",
)  # fmt: skip
_TO_ITSELF = ("kill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tgkill")
# No number, or none of its own, is the calling process here.
_ABOUT_ITSELF = (
    "prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
)  # fmt: skip
_REACHING = ("connect", "sendmmsg", "sendmsg")


@dataclass(frozen=True, slots=True)
class _Step:
    """One instruction; `yes` and `no` are how many to skip."""

    code: int
    value: int
    yes: int = 0
    no: int = 0

    def packed(self) -> bytes:
        """As `struct sock_filter`."""
        return struct.pack("=HBBI", self.code, self.yes, self.no, self.value)


def filter_calls(
    *, connecting: bool, naming: bool = False, witness: Witness | None = None
) -> Reach:
    """Refuse what leads out of this process, for all of its threads; how far the kernel does.

    Processes, other processes' memory, signals, limits and priorities, the machine's name and
    clock, namespaces, keys and queues that others share, what is typed into a terminal, and sockets
    of other sorts than the internet's are refused in any case; without `connecting`, every
    connection and datagram too, and without `naming` what the C library asks servers of names. What
    is refused fails with "permission denied", and is counted where the kernel can ask the `witness`
    about it.
    """
    known = _calls_here()
    if known is None:
        return Reach.NONE
    architecture, numbers = known
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return Reach.NONE
    install = functools.partial(_installed, library, numbers["seccomp"])
    program = functools.partial(_program, architecture, numbers, connecting, naming)
    if witness is not None and _counted(install, program, witness):
        return Reach.COUNTED
    return Reach.NONE if install(program(_ERRNO | _EACCES), _ALL_THREADS) else Reach.BLOCKED


def start_witness() -> Witness | None:
    """Who counts what the kernel will refuse, where it can be asked to and a process be started."""
    known = _calls_here()
    if known is None:
        return None
    with contextlib.suppress(OSError):
        return Witness({number: name for name, number in known[1].items()})
    return None


def _calls_here() -> tuple[int, dict[str, int]] | None:
    """What this machine's kernel calls itself, and its calls by name; only Linux is known."""
    return _MACHINES.get(platform.machine()) if sys.platform.startswith("linux") else None


class Reach(enum.StrEnum):
    """What becomes of calls that only the kernel can refuse."""

    NONE = "open"
    BLOCKED = "blocked, not counted"
    COUNTED = "blocked"


_Install = Callable[[list["_Step"], int], int]


def _counted(install: _Install, program: Callable[[int], list[_Step]], witness: Witness) -> bool:
    """Whether the kernel asks the witness about what it refuses, in all threads."""
    if not witness.hand_over(lambda: install(program(_ASK), _NEW_LISTENER)):
        return False
    # The filter stands in this thread; one more, which allows all, takes it to the others.
    return install([_Step(_RETURN, _ALLOW)], _ALL_THREADS) == 0


def _installed(library: ctypes.CDLL, call: int, steps: list[_Step], flags: int) -> int:
    """What the kernel says to a filter: 0, a descriptor where one is asked for, or less."""
    kept = ctypes.create_string_buffer(b"".join(step.packed() for step in steps))
    head = struct.pack("@HxxxxxxQ", len(steps), ctypes.addressof(kept))
    said: int = library.syscall(call, _SET_FILTER, flags, ctypes.create_string_buffer(head))
    return said


def _program(
    architecture: int, numbers: dict[str, int], connecting: bool, naming: bool, refusal: int
) -> list[_Step]:
    refuse = _Step(_RETURN, refusal)
    steps = [
        _Step(_LOAD, _ARCHITECTURE),
        _Step(_EQUALS, architecture, yes=1),
        refuse,
        _Step(_LOAD, _NUMBER),
        _Step(_ABOVE, _OTHER_ABI, no=1),
        refuse,
    ]
    for name in _NEVER if connecting else (*_NEVER, *_REACHING):
        steps += _where(numbers, name, [refuse])
    # The C library makes threads with `clone` where it finds no newer call.
    steps += _where(numbers, "clone3", [_quietly(_ENOSYS)])
    steps += _where(numbers, "clone", [_load(0), _Step(_ANY_BIT, _THREAD, yes=1), refuse])
    for name in _TO_ITSELF:
        steps += _where(numbers, name, [*_unless_one_of([os.getpid()]), refuse])
    for name in _ABOUT_ITSELF:
        steps += _where(numbers, name, [*_unless_one_of([0, os.getpid()]), refuse])
    # Where nothing can be connected, a Unix socket leads nowhere, and asking for one is harmless.
    families = [_INTERNET, _INTERNET_6, *([] if connecting else [_UNIX])]
    asking = [_load(1), _Step(_EQUALS, TO_SERVERS_OF_NAMES, no=1), refuse]
    others = [*_unless_one_of(families, 7), *_by_the_library(), refuse]
    steps += _where(numbers, "socket", [*(asking if connecting and not naming else []), *others])
    typing = [_Step(_EQUALS, _TYPING[0], yes=1), _Step(_EQUALS, _TYPING[1], no=1)]
    steps += _where(numbers, "ioctl", [_load(1), *typing, refuse])
    if not connecting:
        steps += _where(numbers, "sendto", [*_unless_nowhere(4), refuse])
    return [*steps, _Step(_RETURN, _ALLOW)]


def _where(numbers: dict[str, int], name: str, steps: list[_Step]) -> list[_Step]:
    """Steps for one call; they end in an answer, and the number is still loaded for all others."""
    if name not in numbers:
        return []
    whole = [*steps, _Step(_RETURN, _ALLOW)]
    return [_Step(_EQUALS, numbers[name], no=len(whole)), *whole]


def _unless_one_of(values: list[int], more: int = 0) -> list[_Step]:
    """Checks of the first argument; a value among these skips what follows, and `more` steps."""
    skip = len(values) + more
    checks = [_Step(_EQUALS, value, yes=skip - at) for at, value in enumerate(values)]
    return [_load(0), *checks]


def _by_the_library() -> list[_Step]:
    """Quietly refuse the sockets that the C library asks for by itself.

    It looks for its own addresses by netlink, and for a name service by a Unix socket.
    """
    return [
        _Step(_EQUALS, _NETLINK, no=2),
        _load(2),
        _Step(_EQUALS, 0, yes=3, no=4),
        _Step(_EQUALS, _UNIX, no=3),
        _load(1),
        _Step(_EQUALS, _TO_NAMES, no=1),
        _quietly(_EACCES),
    ]


def _unless_nowhere(argument: int) -> list[_Step]:
    """Checks of a pointer: one that is nothing, in both halves of it, skips what follows."""
    upper = _Step(_LOAD, _FIRST_ARGUMENT + 8 * argument + 4)
    return [_load(argument), _Step(_EQUALS, 0, no=2), upper, _Step(_EQUALS, 0, yes=1)]


def _load(argument: int) -> _Step:
    # The lower half, on machines that keep it first, as both of ours do.
    return _Step(_LOAD, _FIRST_ARGUMENT + 8 * argument)


def _quietly(number: int) -> _Step:
    """A refusal that nobody is asked about."""
    return _Step(_RETURN, _ERRNO | number)
