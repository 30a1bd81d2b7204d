"""Further ways out, tried in fresh sealed processes: each is blocked, and each is counted."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="calls of Linux")

SCRIPT = """
import asyncio, atexit, concurrent.futures, ctypes, fcntl, importlib, json, os, pathlib, platform
import signal, socket, ssl, struct, subprocess, sys, termios, threading, weakref
from understudy.doors.wall import seal

port, folder, allow = int(sys.argv[1]), pathlib.Path(sys.argv[2]), json.loads(sys.argv[3])
here = ("127.0.0.1", port)
opened = socket.create_connection(here)
copied = socket.socket(fileno=os.dup(opened.fileno()))
library = ctypes.CDLL(None, use_errno=True)
for name in (
    "fork", "kill", "popen", "ptrace", "socket", "connect", "sendto", "system", "syscall",
    "gethostbyname", "ioctl",
):
    getattr(library, name)
bare = importlib.import_module("_socket")

class Early(bare.socket):
    pass

connect_from_before = bare.socket.connect
socket_from_before = socket.socket()
method_from_before = socket_from_before.connect
pool_from_before = concurrent.futures.ThreadPoolExecutor(1)
pool_from_before.submit(int).result()
loop_from_before = asyncio.new_event_loop()
started, tried = threading.Event(), []

def early():
    started.wait()
    tried.append(outcome(lambda: socket.socket().connect(here)))

def outcome(call):
    try:
        call()
    except BaseException as error:
        return type(error).__name__
    return "through"

thread = threading.Thread(target=early, daemon=True)
thread.start()
wall = seal(map(tuple, allow))
walled = socket.socket
address = struct.pack("=H", 2) + struct.pack("!H4s8x", port, bytes([127, 0, 0, 1]))
x86 = platform.machine() == "x86_64"

def native(name, *arguments):
    if getattr(library, name)(*arguments) < 0:
        raise PermissionError(name)

def native_system():
    if library.system(mark("system").encode()):
        raise PermissionError("system")

def call(on_x86, elsewhere, *arguments):
    native("syscall", on_x86 if x86 else elsewhere, *arguments)

def mark(name):
    return f"echo out > '{folder}/{name}'"

def a_thread_from_before():
    started.set()
    thread.join(10)
    raise PermissionError(tried)

def by_way_of(run):
    def way():
        said = []
        run(lambda *_: said.append(outcome(lambda: socket.socket().connect(here))))
        if said != ["through"]:
            raise PermissionError(said)
    return way

def at_exit(call):
    atexit.register(call)
    atexit._run_exitfuncs()

def at_a_signal(call):
    signal.signal(signal.SIGUSR1, call)
    signal.raise_signal(signal.SIGUSR1)

def at_an_end(call):
    made = Early()
    weakref.finalize(made, call)

def later(call):
    timer = threading.Timer(0, call)
    timer.start()
    timer.join()

def native_look_up():
    library.gethostbyname(b"name-of-nobody.invalid")
    raise PermissionError("gethostbyname")

def processes_of_a_pool():
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(os.getpid).result(5)

async def a_socket_of_the_loop():
    made = socket.socket()
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, here)

async def a_server_of_the_loop():
    await asyncio.get_running_loop().create_server(asyncio.Protocol, "0.0.0.0", 0)

def a_copy_by_another_name():
    machinery, util = importlib.import_module("importlib.machinery"), importlib.import_module(
        "importlib.util"
    )
    found = util.find_spec("_posixsubprocess")
    spec = machinery.ModuleSpec("other._posixsubprocess", found.loader, origin=found.origin)
    importlib.import_module("_imp").create_dynamic(spec)

def kept_in_its_closure():
    kept = [cell.cell_contents for cell in walled.connect.__closure__]
    (real,) = [each for each in kept if getattr(each, "__name__", "") == "connect"]
    real(walled(), nobody)

def a_socket_module_loaded_again():
    importlib.reload(socket)
    socket.socket().connect(here)

def a_socket_module_imported_again():
    sys.modules.pop("_socket"), sys.modules.pop("socket")
    importlib.import_module("socket").socket().connect(here)

async def process():
    await (await asyncio.create_subprocess_exec("/bin/sh", "-c", mark("exec"))).wait()

async def shell():
    await (await asyncio.create_subprocess_shell(mark("shell"))).wait()

async def datagram():
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=here)

def by_tls():
    context = ssl.create_default_context()
    context.wrap_socket(socket.socket(), server_hostname="x").connect(here)

def fork_exec():
    command = [b"/bin/sh", b"-c", mark("fork_exec").encode()]
    pipes = [-1] * 8
    importlib.import_module("_posixsubprocess").fork_exec(
        command, [command[0]], True, (), None, None, *pipes, False, False, 0, None, None, None,
        -1, None, False,
    )

def by(module, use):
    def way():
        use(importlib.import_module(module))
    return way

fast = 0x20000000
nobody = ("name-of-nobody.invalid", 53)
parent = os.getppid()
inet, inet6, udp = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM
WAYS = {
    "a connection from before": lambda: opened.sendall(b"x"),
    "reading from a connection from before": lambda: opened.recv(1),
    "a copy of its descriptor": lambda: copied.send(b"x"),
    "a thread from before": a_thread_from_before,
    "the socket module loaded again": a_socket_module_loaded_again,
    "_posixsubprocess.fork_exec": fork_exec,
    "pty.fork": by("pty", lambda pty: pty.fork()),
    "os.execv": lambda: os.execv("/bin/sh", ["sh", "-c", mark("execv")]),
    "os.execve of memory": lambda: os.execve(os.memfd_create("x"), ["x"], {}),
    "os.popen": lambda: os.popen(mark("popen")).close(),
    "os.spawnl": lambda: os.spawnl(os.P_WAIT, "/bin/sh", "sh", "-c", mark("spawnl")),
    "os.posix_spawnp": lambda: os.posix_spawnp("sh", ["sh", "-c", mark("spawnp")], {}),
    "subprocess.getoutput": lambda: subprocess.getoutput(mark("getoutput")),
    "asyncio's processes": lambda: asyncio.run(process()),
    "asyncio's shells": lambda: asyncio.run(shell()),
    "asyncio's datagrams": lambda: asyncio.run(datagram()),
    "multiprocessing fork": by(
        "multiprocessing", lambda m: m.get_context("fork").Process(target=print).start()
    ),
    "multiprocessing forkserver": by(
        "multiprocessing", lambda m: m.get_context("forkserver").Process(target=print).start()
    ),
    "multiprocessing's client": by("multiprocessing.connection", lambda m: m.Client(here)),
    "a socketserver on all addresses": by(
        "socketserver", lambda m: m.TCPServer(("0.0.0.0", 0), None)
    ),
    "ssl": by_tls,
    "urllib3": by(
        "urllib3",
        lambda m: m.PoolManager(retries=False).request("GET", f"http://127.0.0.1:{port}/"),
    ),
    "http.client": by("http.client", lambda m: m.HTTPConnection(*here).request("GET", "/")),
    "xmlrpc": by("xmlrpc.client", lambda m: m.ServerProxy(f"http://127.0.0.1:{port}/").x()),
    "smtplib": by("smtplib", lambda m: m.SMTP(*here)),
    "ftplib": by("ftplib", lambda m: m.FTP().connect(*here)),
    "logging's sockets": by("logging.handlers", lambda m: m.SocketHandler(*here).makeSocket()),
    "getnameinfo": lambda: socket.getnameinfo(("8.8.8.8", 53), 0),
    "gethostbyname": lambda: socket.gethostbyname("example.com"),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex("example.com"),
    "gethostbyaddr": lambda: socket.gethostbyaddr("8.8.8.8"),
    "an abstract unix socket": lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + "door"),
    "datagrams to a unix socket": lambda: socket.socket(socket.AF_UNIX, udp).sendto(b"", "/x"),
    "_socket's unix socket": lambda: importlib.import_module("_socket").socket(
        socket.AF_UNIX, socket.SOCK_STREAM
    ).connect("/var/run/docker.sock"),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM).connect((2, 1234)),
    "packets": lambda: socket.socket(17, socket.SOCK_RAW),
    "the kernel's ciphers": lambda: socket.socket(38, socket.SOCK_SEQPACKET),
    "IPv6": lambda: socket.create_connection(("::1", port)),
    "datagrams over IPv6": lambda: socket.socket(inet6, udp).sendto(b"", ("2001:db8::1", 53)),
    "connected datagrams": lambda: socket.socket(inet, udp).connect(("8.8.8.8", 53)),
    "data with the first packet": lambda: socket.socket().sendto(b"x", fast, here),
    "a message with the first packet": lambda: socket.socket().sendmsg([b"x"], [], fast, here),
    "ctypes by path": lambda: ctypes.CDLL("libc.so.6"),
    "_ctypes.dlopen": by("_ctypes", lambda m: m.dlopen("libc.so.6", 2)),
    "ctypes.pythonapi": lambda: ctypes.pythonapi.PyRun_SimpleString,
    "the memory of a thread": lambda: open("/proc/thread-self/mem", "r+b"),
    "the parent's folder": lambda: os.open(
        "environ", os.O_RDONLY, dir_fd=os.open(f"/proc/{parent}", os.O_RDONLY)
    ),
    "a handle of the parent": lambda: os.pidfd_open(parent),
    "a signal to a group": lambda: os.killpg(parent, 0),
    "native system": native_system,
    "native fork": lambda: native("fork"),
    "native kill": lambda: native("kill", parent, 0),
    "native ptrace": lambda: native("ptrace", 16, parent, 0, 0),
    "native vfork": lambda: call(58, 220, *([] if x86 else [17, 0, 0, 0, 0])),
    "native clone": lambda: call(56, 220, 17, 0, 0, 0, 0),
    "native execve": lambda: call(59, 221, b"/bin/sh", None, None),
    "native io_uring": lambda: call(425, 425, 4, ctypes.create_string_buffer(200)),
    "native process_vm_readv": lambda: call(310, 270, parent, 0, 0, 0, 0, 0),
    "native unshare": lambda: call(272, 97, 0x40000000),
    "native packets": lambda: call(41, 198, 17, 3, 0),
    "native keys": lambda: call(250, 219, 0, -3, 0),
    "native queues": lambda: call(68, 186, 0, 0o1600),
    "native typing": lambda: native("ioctl", 0, termios.TIOCSTI, b"x"),
    "native look-up": native_look_up,
    "_socket's look-up": lambda: bare.socket(2, 1).connect(nobody),
    "_socket's look-up in a datagram": lambda: bare.socket(2, 2).sendto(b"x", nobody),
    "the look-up below a socket": lambda: socket.socket.__base__.connect(socket.socket(), nobody),
    "what is kept in a closure": kept_in_its_closure,
    "_socket.getaddrinfo": lambda: bare.getaddrinfo(*nobody),
    "connect_ex": lambda: socket.socket().connect_ex(here),
    "a method from before": lambda: connect_from_before(socket.socket(), here),
    "a bound method from before": lambda: method_from_before(here),
    "a socket from before": lambda: socket_from_before.connect(here),
    "a class from before": lambda: Early(2, 1).connect(here),
    "a pool from before": lambda: pool_from_before.submit(
        lambda: socket.socket().connect(here)
    ).result(),
    "a loop from before": lambda: loop_from_before.run_until_complete(a_socket_of_the_loop()),
    "a loop's servers": lambda: asyncio.run(a_server_of_the_loop()),
    "a loop's unix sockets": lambda: asyncio.run(asyncio.open_unix_connection("/run/door")),
    "at exit": by_way_of(at_exit),
    "at a signal": by_way_of(at_a_signal),
    "at an object's end": by_way_of(at_an_end),
    "by a timer": by_way_of(later),
    "a pool of processes": processes_of_a_pool,
    "multiprocessing's pool": by("multiprocessing", lambda m: m.Pool(1)),
    "multiprocessing's manager": by("multiprocessing", lambda m: m.Manager()),
    "shared memory": by(
        "multiprocessing.shared_memory", lambda m: m.SharedMemory(create=True, size=1)
    ),
    "a copy by another name": a_copy_by_another_name,
    "imaplib": by("imaplib", lambda m: m.IMAP4(*here)),
    "poplib": by("poplib", lambda m: m.POP3(*here)),
    "typing into a terminal": lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"),
}
WITHOUT_ALLOWED = {
    "native connect": lambda: native("connect", library.socket(2, 1, 0), address, 16),
    "native sendto": lambda: native(
        "sendto", library.socket(2, 2, 0), b"x", 1, 0, address, 16
    ),
    "a descriptor sent to another": lambda: socket.send_fds(
        socket.socketpair()[0], [b"x"], [1]
    ),
}
LAST = {"the socket module imported again": a_socket_module_imported_again}
ways = {**WAYS, **({} if allow else WITHOUT_ALLOWED), **LAST}
found = {}
for name, way in ways.items():
    wall.take()
    said = outcome(way)
    count = wall.take()
    found[name] = [said, count.network + count.process, count.places]
print(json.dumps(found), flush=True)
os._exit(0)
"""


@pytest.fixture(
    scope="module", params=[[], [["127.0.0.1", 9]]], ids=["nothing allowed", "one address allowed"]
)
def tried(request, tmp_path_factory):
    """What became of each way, and what arrived at the listener and in the folder."""
    folder = tmp_path_factory.mktemp("marks")
    with socket.create_server(("127.0.0.1", 0)) as door:
        finished = subprocess.run(
            [
                sys.executable, "-c", textwrap.dedent(SCRIPT), str(door.getsockname()[1]),
                str(folder), json.dumps(request.param),
            ],
            capture_output=True, text=True, check=False, timeout=100, cwd=folder,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        yield json.loads(finished.stdout), _arrived(door), list(folder.iterdir())


def _arrived(door):
    """What was said on each connection that reached the door."""
    door.setblocking(False)
    said = []
    while True:
        try:
            connection, _ = door.accept()
        except BlockingIOError:
            return said
        with connection:
            connection.settimeout(2)
            said.append(connection.recv(100))


@on_linux
def test_each_way_is_blocked_and_counted(tried):
    """Python's own, other libraries', and what native code asks the kernel itself."""
    found = tried[0]
    assert len(found) >= 92
    assert {name: said for name, (said, *_) in found.items() if said == "through"} == {}
    assert {name: told for name, told in found.items() if not told[1]} == {}


@on_linux
def test_nothing_of_it_arrives(tried):
    """The one connection from before ends without a word, and no process has left its mark."""
    _, arrived, marks = tried
    assert arrived == [b""]
    assert marks == []


@on_linux
def test_the_place_says_what_native_code_wanted(tried):
    """The call by its name, and where it named an address and could be read, the address."""
    found = tried[0]
    assert found["native kill"][2] == ["native kill"]
    if "native connect" in found:
        assert found["native connect"][2][0].startswith("native connect 127.0.0.1:")
    assert found["native packets"][2] == ["native socket of family 17"]


SEALED = """
import json, os, socket, sys
from understudy.doors import kernel_filter, kernel_witness
from understudy.doors.wall import seal
{before}
wall = seal()
found = []
try:
    os.pidfd_open(os.getppid())
except OSError as error:
    found.append(type(error).__name__)
count = wall.take()
print(json.dumps([wall.reach, found, count.process, os.listdir("/proc/self/fd")]))
"""


def _sealed(before):
    finished = subprocess.run(
        [sys.executable, "-c", SEALED.format(before=before)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@on_linux
def test_where_nothing_can_count_it_is_blocked_all_the_same():
    """Without a second process, or where the kernel can ask none, only the count lacks."""
    for before in (
        "def fork(): raise OSError\nos.fork = fork",
        "kernel_filter._NEW_LISTENER = 1 << 20",
    ):
        reach, found, counted, _ = _sealed(before)
        assert (reach, counted) == ("blocked, not counted", 0)
        assert found == ["PermissionError"]


@on_linux
def test_the_questions_are_not_left_with_the_candidate():
    """Nothing stays open here that the kernel's questions could be answered with."""
    reach, found, counted, descriptors = _sealed("")
    assert (reach, found, counted) == ("blocked", ["PermissionError"], 1)
    assert len(descriptors) == 4  # three standard ones, and that of the listing


ENDING = """
import os, signal
from understudy.doors.kernel_filter import start_witness
from understudy.doors.wall import seal
witness = start_witness()
print(witness._pid, flush=True)
if {sealed}:
    seal(witness=witness)
os.kill(os.getpid(), signal.SIGKILL)
"""


@on_linux
@pytest.mark.parametrize("sealed", [True, False])
def test_who_counts_ends_with_the_last_whom_it_could_be_about(sealed):
    """No process is left behind by one that is killed, with the wall up or before it is."""
    finished = subprocess.run(
        [sys.executable, "-c", ENDING.format(sealed=sealed)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert finished.returncode == -signal.SIGKILL, finished.stderr
    pid = int(finished.stdout)
    deadline = time.monotonic() + 10
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(pid)


def _lives(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
