"""What a filter of system calls is made of: instructions, and how this machine's kernel counts."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from dataclasses import dataclass

__all__ = [
    "ALLOW",
    "ANY_BIT",
    "ASK",
    "ENOSYS",
    "EQUALS",
    "ERRNO",
    "RETURN",
    "THREAD",
    "Step",
    "calls_here",
    "installed",
    "load",
    "no_more_rights",
    "opening",
    "quietly",
    "unless_nowhere",
    "unless_one_of",
    "where",
]

ALLOW, ERRNO, ASK = 0x7FFF0000, 0x00050000, 0x7FC00000
ENOSYS = 38
_LOAD, EQUALS, _ABOVE, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER = 0
THREAD = 0x10000
_OTHER_ABI = 0x40000000
_NO_NEW_PRIVILEGES, _SET_FILTER = 38, 1
_ARCHITECTURE, _FIRST_ARGUMENT = 4, 16

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


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction; `yes` and `no` are how many to skip."""

    code: int
    value: int
    yes: int = 0
    no: int = 0

    def packed(self) -> bytes:
        """As `struct sock_filter`."""
        return struct.pack("=HBBI", self.code, self.yes, self.no, self.value)


def calls_here() -> tuple[int, dict[str, int]] | None:
    """What this machine's kernel calls itself, and its calls by name; only Linux is known."""
    return _MACHINES.get(platform.machine()) if sys.platform.startswith("linux") else None


def installed(library: ctypes.CDLL, call: int, steps: list[Step], flags: int) -> int:
    """What the kernel says to a filter: 0, a descriptor where one is asked for, or less."""
    kept = ctypes.create_string_buffer(b"".join(step.packed() for step in steps))
    head = struct.pack("@HxxxxxxQ", len(steps), ctypes.addressof(kept))
    said: int = library.syscall(call, _SET_FILTER, flags, ctypes.create_string_buffer(head))
    return said


def no_more_rights(library: ctypes.CDLL) -> bool:
    """Give up gaining rights by running programs, which a filter asks for; whether that worked."""
    return bool(library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0)


def opening(architecture: int, refuse: Step) -> list[Step]:
    """Steps that refuse other machines' calls, and load the number of the call for what follows."""
    return [
        Step(_LOAD, _ARCHITECTURE),
        Step(EQUALS, architecture, yes=1),
        refuse,
        Step(_LOAD, _NUMBER),
        Step(_ABOVE, _OTHER_ABI, no=1),
        refuse,
    ]


def where(numbers: dict[str, int], name: str, steps: list[Step]) -> list[Step]:
    """Steps for one call; they end in an answer, and the number is still loaded for all others."""
    if name not in numbers:
        return []
    whole = [*steps, Step(RETURN, ALLOW)]
    return [Step(EQUALS, numbers[name], no=len(whole)), *whole]


def unless_one_of(values: list[int], more: int = 0, argument: int = 0) -> list[Step]:
    """Checks of an argument; a value among these skips what follows, and `more` steps."""
    skip = len(values) + more
    checks = [Step(EQUALS, value, yes=skip - at) for at, value in enumerate(values)]
    return [load(argument), *checks]


def unless_nowhere(argument: int) -> list[Step]:
    """Checks of a pointer: one that is nothing, in both halves of it, skips what follows."""
    upper = Step(_LOAD, _FIRST_ARGUMENT + 8 * argument + 4)
    return [load(argument), Step(EQUALS, 0, no=2), upper, Step(EQUALS, 0, yes=1)]


def load(argument: int) -> Step:
    """Load an argument of the call."""
    # The lower half, on machines that keep it first, as both of ours do.
    return Step(_LOAD, _FIRST_ARGUMENT + 8 * argument)


def quietly(number: int) -> Step:
    """A refusal that nobody is asked about."""
    return Step(RETURN, ERRNO | number)
