"""What the kernel itself refuses to this process from now on, for native code as for Python.

An audit hook sees Python only, and code that sets out to take it down from inside can. A filter of
system calls cannot be lifted once it stands. It judges a call by its numbers and never by what a
pointer leads to, so it knows no addresses: where some must be reached, it has the witness read
them, and where nobody can be asked connecting stays open.
"""

from __future__ import annotations

import contextlib
import ctypes
import enum
import functools
import os
from collections.abc import Callable, Collection

from understudy.doors.kernel_steps import (
    ALLOW,
    ANY_BIT,
    ASK,
    ENOSYS,
    EQUALS,
    ERRNO,
    RETURN,
    THREAD,
    Step,
    calls_here,
    installed,
    load,
    no_more_rights,
    opening,
    quietly,
    unless_nowhere,
    unless_one_of,
    where,
)
from understudy.doors.kernel_witness import TO_SERVERS_OF_NAMES, Sealed, Witness

__all__ = ["PROTOCOLS", "Reach", "by_its_sort", "filter_calls", "start_witness"]

_EACCES = 13
_ALL_THREADS, _NEW_LISTENER = 1, 8
_UNIX, _INTERNET, _INTERNET_6, _NETLINK = 1, 2, 10, 16
# How the C library opens its way to the service of names, and to no other.
_TO_NAMES = 0x80801
_TYPING = (0x5412, 0x541C)
PROTOCOLS = (0, 1, 6, 17, 58, 262)
"""Any, ICMP, TCP, UDP, ICMP of version 6, and TCP by several ways at once."""
_FURTHER_SORTS = 0xC
"""Bits that streams and datagrams do not have, and sorts such as ordered packets do."""

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


def filter_calls(
    *,
    connecting: bool,
    naming: bool = False,
    witness: Witness | None = None,
    reachable: Collection[tuple[str, int]] = (),
) -> Reach:
    """Refuse what leads out of this process, for all of its threads; how far the kernel does.

    Processes, other processes' memory, signals, limits and priorities, the machine's name and
    clock, namespaces, keys and queues that others share, what is typed into a terminal, and sockets
    of other sorts than the internet's are refused in any case; without `connecting`, every
    connection and datagram too, and without `naming` what the C library asks servers of names. What
    is refused fails with "permission denied", and is counted where the kernel can ask the `witness`
    about it. Where what is `reachable` is known by numbers, it is asked about each connection, and
    each message to an address, too.
    """
    known = calls_here()
    if known is None:
        return Reach.NONE
    architecture, numbers = known
    library = ctypes.CDLL(None, use_errno=True)
    if not no_more_rights(library):
        return Reach.NONE
    install = functools.partial(installed, library, numbers["seccomp"])
    program = functools.partial(_program, architecture, numbers, connecting, naming)
    asking = functools.partial(program, ASK, each=bool(reachable))
    if witness is not None and _counted(install, asking, witness, Sealed((*reachable,))):
        return Reach.COUNTED
    return Reach.NONE if install(program(ERRNO | _EACCES), _ALL_THREADS) else Reach.BLOCKED


def start_witness() -> Witness | None:
    """Who counts what the kernel will refuse, where it can be asked to and a process be started."""
    known = calls_here()
    if known is None:
        return None
    with contextlib.suppress(OSError):
        return Witness({number: name for name, number in known[1].items()})
    return None


class Reach(enum.StrEnum):
    """What becomes of calls that only the kernel can refuse."""

    NONE = "open"
    BLOCKED = "blocked, not counted"
    COUNTED = "blocked"


_Install = Callable[[list[Step], int], int]


def _counted(
    install: _Install, program: Callable[[], list[Step]], witness: Witness, about: Sealed
) -> bool:
    """Whether the kernel asks the witness about what it refuses, in all threads."""
    if not witness.hand_over(lambda: install(program(), _NEW_LISTENER), about):
        return False
    # The filter stands in this thread; one more, which allows all, takes it to the others.
    return install([Step(RETURN, ALLOW)], _ALL_THREADS) == 0


def _program(
    architecture: int,
    numbers: dict[str, int],
    connecting: bool,
    naming: bool,
    refusal: int,
    *,
    each: bool = False,
) -> list[Step]:
    refuse = Step(RETURN, refusal)
    steps = opening(architecture, refuse)
    unseen = connecting and not each
    for name in _NEVER if unseen else (*_NEVER, *_REACHING):
        steps += where(numbers, name, [refuse])
    # The C library makes threads with `clone` where it finds no newer call.
    steps += where(numbers, "clone3", [quietly(ENOSYS)])
    steps += where(numbers, "clone", [load(0), Step(ANY_BIT, THREAD, yes=1), refuse])
    for name in _TO_ITSELF:
        steps += where(numbers, name, [*unless_one_of([os.getpid()]), refuse])
    for name in _ABOUT_ITSELF:
        steps += where(numbers, name, [*unless_one_of([0, os.getpid()]), refuse])
    # Where nothing can be connected, a Unix socket leads nowhere, and asking for one is harmless.
    families = [_INTERNET, _INTERNET_6, *([] if connecting else [_UNIX])]
    asking = [load(1), Step(EQUALS, TO_SERVERS_OF_NAMES, no=1), refuse]
    others = [*unless_one_of(families, 7), *_by_the_library(), refuse]
    asked = [*(asking if connecting and not naming else []), *others, *by_its_sort(refuse)]
    steps += where(numbers, "socket", asked)
    typing = [Step(EQUALS, _TYPING[0], yes=1), Step(EQUALS, _TYPING[1], no=1)]
    steps += where(numbers, "ioctl", [load(1), *typing, refuse])
    if not unseen:
        steps += where(numbers, "sendto", [*unless_nowhere(4), refuse])
    return [*steps, Step(RETURN, ALLOW)]


def by_its_sort(refuse: Step) -> list[Step]:
    """Refuse internet sockets that reach others by calls of their own, as those of SCTP do."""
    protocols = [*unless_one_of(list(PROTOCOLS), argument=2), refuse]
    sort = [load(1), Step(ANY_BIT, _FURTHER_SORTS, yes=len(protocols) - 1)]
    told = [*sort, *protocols]
    return [load(0), Step(EQUALS, _UNIX, yes=len(told)), *told]


def _by_the_library() -> list[Step]:
    """Quietly refuse the sockets that the C library asks for by itself.

    It looks for its own addresses by netlink, and for a name service by a Unix socket.
    """
    return [
        Step(EQUALS, _NETLINK, no=2),
        load(2),
        Step(EQUALS, 0, yes=3, no=4),
        Step(EQUALS, _UNIX, no=3),
        load(1),
        Step(EQUALS, _TO_NAMES, no=1),
        quietly(_EACCES),
    ]
