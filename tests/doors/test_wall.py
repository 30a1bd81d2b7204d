"""The wall, in sealed processes: what is refused, what is let through, what is counted."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import textwrap
import threading

import pytest

from understudy.doors import self_test as module
from understudy.doors.self_test import self_test
from understudy.doors.ways_out import SLOW_WAYS, WAYS

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux's")

PRELUDE = """
import json, os, socket, sys
from understudy.doors.wall import seal
from understudy.doors.refusals import Refused
def attempt(call):
    try:
        call()
    except PermissionError as error:
        return "refused"
    except OSError as error:
        return type(error).__name__
    return "through"
"""


def sealed(script, *arguments):
    """Run a script in a fresh process and read the JSON that it prints."""
    finished = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.fixture(scope="module")
def tested():
    return self_test()


@pytest.fixture(scope="module")
def tested_without_namespace():
    return self_test(namespace=False)


def test_no_known_way_leads_out(tested):
    """Every known way out is tried in a sealed process; none leads out and nothing arrives."""
    assert tested.leaks == ()
    assert tested.passed
    assert tested.ways == dict.fromkeys(WAYS, "blocked")
    assert len(WAYS) >= 41


def test_a_run_s_self_test_waits_for_no_slow_library():
    """What is left out for its loading is tried by the others' ways, and by `doctor`."""
    quick = self_test(namespace=False, thorough=False)
    assert quick.passed
    assert WAYS.keys() - quick.ways.keys() == set(SLOW_WAYS)


def test_the_hook_alone_holds(tested_without_namespace):
    """The same where the system permits no network namespace."""
    assert tested_without_namespace.level == "hook"
    assert tested_without_namespace.leaks == ()
    assert tested_without_namespace.passed


def test_the_self_test_sees_a_wall_that_is_not_there():
    """Without the wall the same attempts go through, so that `blocked` means something."""
    found = sealed(
        """
        import msgspec, pathlib, tempfile
        from understudy.doors import drill
        from understudy.doors.refusals import Refusals
        chosen = ["a raw socket", "UDP sendto", "urllib", "subprocess", "os.system", "pty.spawn"]
        drill.seal = Refusals
        drill.WAYS = {name: drill.WAYS[name] for name in chosen}
        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as at:
            target = drill.Target(at.getsockname(), pathlib.Path(folder), None)
            outcomes = {name: drill._attempt(name, target, Refusals()) for name in chosen[:2]}
            outcomes |= {name: drill._attempt(name, target, Refusals()) for name in chosen[3:]}
            marks = sorted(path.name for path in pathlib.Path(folder).iterdir())
        print(json.dumps([outcomes, marks]))
        """
    )
    assert set(found[0].values()) == {"went through"}
    assert found[1] == ["pty", "subprocess", "system"]


@pytest.mark.parametrize(
    ("script", "leak"),
    [
        ('echo \'{"level":"hook","ways":{"UDP sendto":"went through"}}\'', "UDP sendto"),
        ('echo \'{"level":"hook","ways":{"all":"blocked"}}\'; touch "$6/fork"', "by fork"),
        ("echo broken >&2; exit 3", "the drill: broken"),
        ("exit 3", "the drill: ended without a word"),
        ("echo '[]'", "the drill"),
        ("exec sleep 20", "the drill: did not end"),
    ],
)
def test_a_failed_self_test_says_what_leaked(script, leak, tmp_path, monkeypatch):
    """A way that led out, a mark that was left, a drill that broke: none of them passes."""
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    interpreter.chmod(0o755)
    monkeypatch.setattr(module.sys, "executable", str(interpreter))
    tested = self_test(seconds=1)
    assert not tested.passed
    assert leak in " ".join(tested.leaks)


def test_only_allowed_addresses_are_reached():
    """An allowed port on loopback answers, under each name of loopback; its neighbour does not."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        found = sealed(
            """
            port = int(sys.argv[1])
            wall = seal([("127.0.0.1", port)])
            def reach(host, port):
                return attempt(lambda: socket.create_connection((host, port), 5).close())
            found = [reach("127.0.0.1", port), reach("localhost", port)]
            found.append(reach("127.0.0.1", port + 1))
            count = wall.take()
            print(json.dumps([found, count.network, count.places]))
            """,
            port,
        )
    assert found == [["through", "through", "refused"], 1, [f"connect 127.0.0.1:{port + 1}"]]


def test_attempts_are_counted_apart_and_by_place():
    """Network and process attempts have counts of their own; each place is named once."""
    found = sealed(
        """
        import subprocess
        wall = seal()
        for _ in range(3):
            attempt(lambda: socket.create_connection(("10.0.0.1", 443)))
        attempt(lambda: subprocess.run(["curl", "https://example.com"]))
        first, second = wall.take(), wall.take()
        print(json.dumps([first.network, first.process, first.places, second.network]))
        """
    )
    assert found == [3, 1, ["connect 10.0.0.1:443", "subprocess curl"], 0]


def test_a_refusal_is_a_permission_error():
    """A refusal is what a firewall's would be to the candidate: a `PermissionError`."""
    found = sealed(
        """
        seal()
        try:
            socket.create_connection(("10.0.0.1", 443))
        except OSError as error:
            print(json.dumps([isinstance(error, PermissionError), error.errno, str(error)]))
        """
    )
    assert found == [True, 13, "[Errno 13] Permission denied: 'connect 10.0.0.1:443'"]


def test_what_needs_no_outside_keeps_working():
    """Event loops, threads, local files, socket pairs and the platform's name need no way out."""
    found = sealed(
        """
        import asyncio, pathlib, platform, tempfile, threading, uuid
        wall = seal()
        async def talk():
            await asyncio.sleep(0)
            return await asyncio.to_thread(lambda: 7)
        thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
        left, right = socket.socketpair(); left.sendall(b"x"); right.recv(1)
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "a").write_text("b")
        uuid.uuid4(); uuid.uuid1(); platform.platform(); platform.uname().processor
        with socket.create_server(("127.0.0.1", 0)):
            pass
        value = asyncio.run(talk())
        count = wall.take()
        print(json.dumps([value, count.network, count.process, count.places]))
        """
    )
    assert found == [7, 0, 0, []]


def test_the_vendors_clients_can_be_imported_afterwards():
    """What a candidate usually imports neither needs a way out nor tries one."""
    found = sealed(
        """
        wall = seal()
        import stripe, hubspot, requests, httpx, httpx2, pydantic, pandas
        count = wall.take()
        print(json.dumps([count.network, count.process, count.places]))
        """
    )
    assert found == [0, 0, []]


def test_a_name_is_not_asked_for_before_it_is_refused():
    """A host name in an address is refused before the C library sends it to a name server."""
    found = sealed(
        """
        wall = seal()
        def udp(): socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("secret.example.com", 53))
        def tcp(): socket.socket().connect_ex(("secret.example.com", 53))
        print(json.dumps([attempt(udp), attempt(tcp), wall.take().places]))
        """
    )
    assert found[:2] == ["refused", "refused"]
    assert all("secret.example.com" in place for place in found[2])


def test_the_count_of_places_stays_small():
    """A thousand different targets are counted, but not all of them written down."""
    found = sealed(
        """
        wall = seal()
        for number in range(1000):
            attempt(lambda: socket.socket().connect(("10.0.0.1", number)))
        count = wall.take()
        print(json.dumps([count.network, len(count.places)]))
        """
    )
    assert found == [1000, 20]


def test_threads_and_handlers_cannot_lift_it():
    """The wall stands in every thread, and a hook of the candidate's own does not replace it."""
    found = sealed(
        """
        import threading
        seal()
        sys.addaudithook(lambda event, args: None)
        seen = []
        def work():
            seen.append(attempt(lambda: socket.create_connection(("10.0.0.1", 443))))
        thread = threading.Thread(target=work); thread.start(); thread.join()
        print(json.dumps(seen))
        """
    )
    assert found == ["refused"]


def test_the_namespace_keeps_native_code_in_too():
    """Where a namespace is permitted, what the C library is told to reach is not there."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        reached = threading.Event()
        threading.Thread(target=lambda: (door.accept(), reached.set()), daemon=True).start()
        found = sealed(
            """
            from understudy.doors.namespace import enter_namespace
            entered = enter_namespace()
            mine = socket.create_server(("127.0.0.1", 0)) if entered else None
            inside = entered and attempt(lambda: socket.create_connection(mine.getsockname(), 5))
            outside = attempt(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5))
            print(json.dumps([entered, inside, outside, os.getuid()]))
            """,
            door.getsockname()[1],
        )
        if not found[0]:
            pytest.skip("this system permits no network namespace")
        assert found[1:3] == ["through", "ConnectionRefusedError"]
        assert not reached.is_set()


@on_linux
def test_the_kernel_keeps_native_code_in():
    """Processes, signals and connections of native code are refused; its threads and pairs stay."""
    found = sealed(
        """
        import ctypes, signal, struct, threading
        library = ctypes.CDLL(None, use_errno=True)
        names = ("fork", "kill", "socket", "connect", "sendto", "sendmsg", "ptrace", "system")
        calls = {name: getattr(library, name) for name in names}
        seal()
        address = struct.pack("=H", 2) + struct.pack("!H4s8x", 9, bytes([127, 0, 0, 1]))
        def tried(name, *args): return calls[name](*args)
        stream, datagram = tried("socket", 2, 1, 0), tried("socket", 2, 2, 0)
        refused = [tried("fork"), tried("kill", os.getppid(), 0), tried("socket", 16, 3, 0),
                   tried("connect", stream, address, 16), tried("ptrace", 16, os.getppid(), 0, 0),
                   tried("sendto", datagram, b"x", 1, 0, address, 16), tried("kill", -1, 0)]
        thread = threading.Thread(target=lambda: signal.pthread_kill(threading.get_ident(), 0))
        thread.start(); thread.join()
        left, right = socket.socketpair(); left.sendall(b"x")
        print(json.dumps([refused, tried("kill", os.getpid(), 0), right.recv(1).decode()]))
        """
    )
    assert found == [[-1] * 7, 0, "x"]


@on_linux
def test_the_machine_and_other_processes_are_not_steered():
    """Limits and priorities of the parent, the machine's name and its clock stay as they are."""
    found = sealed(
        """
        import resource, time
        parent, own = os.getppid(), os.getpid()
        seal()
        def limit(whose):
            return lambda: resource.prlimit(whose, resource.RLIMIT_CORE, (0, 0))
        def name(): socket.sethostname(socket.gethostname())
        def clock(): time.clock_settime(time.CLOCK_REALTIME, time.time())
        refused = [limit(parent), name, clock, lambda: os.setpriority(os.PRIO_PROCESS, parent, 0),
                   lambda: os.sched_setaffinity(parent, os.sched_getaffinity(0))]
        allowed = [limit(0), limit(own), lambda: os.sched_setaffinity(0, os.sched_getaffinity(0))]
        print(json.dumps([[attempt(one) for one in tries] for tries in (refused, allowed)]))
        """
    )
    assert found == [["refused"] * 5, ["through"] * 3]


def test_values_that_lie_about_themselves_are_read_as_the_system_reads_them():
    """Paths, hosts, ports and addresses of classes of the candidate's own are no way past."""
    found = sealed(
        """
        def same(*_): return True
        sly = {"__eq__": same, "__hash__": lambda self: hash("127.0.0.1")}
        Name = type("Name", (str,), {**sly, "__str__": lambda _: "127.0.0.1"})
        Path = type("Path", (str,), {"__contains__": lambda *_: False, "partition": same})
        Port = type("Port", (int,), {"__eq__": same, "__hash__": lambda self: hash(9)})
        Pair = type("Pair", (tuple,), {"__getitem__": lambda *_: "127.0.0.1"})
        parent = os.getppid()
        wall = seal(allow=[("127.0.0.1", 9)])
        def reach(*address):
            with socket.socket() as made: made.connect(*address)
        tries = [lambda: open(Path(f"/proc/{parent}/environ")),
                 lambda: reach((Name("10.1.2.3"), 9)), lambda: reach(("127.0.0.1", Port(1))),
                 lambda: reach(Pair(("secret.example.com", 9))),
                 lambda: reach((Name("secret.example.com"), 9)),
                 lambda: socket.getaddrinfo(Name("secret.example.com"), 9)]
        print(json.dumps([[attempt(one) for one in tries], wall.take().places]))
        """
    )
    assert found[0] == ["refused"] * 6
    assert len(found[1]) == 5


@on_linux
def test_lifting_the_hook_from_inside_leads_nowhere():
    """Whoever replaces our functions or finds the hook in a traceback meets the kernel."""
    found = sealed(
        """
        import understudy.doors.guards as guards
        seal()
        there = socket.create_server(("127.0.0.1", 0)).getsockname()
        def connect(): socket.socket().connect(there)
        def patched():
            guards._NetworkGuards._check = lambda *args: None
            connect()
        def traced():
            try:
                socket.getaddrinfo("example.com", 80)
            except PermissionError as error:
                here = error.__traceback__
                while here:
                    find = here.tb_frame.f_locals.get("find")
                    getattr(getattr(find, "__self__", None), "clear", int)()
                    here = here.tb_next
            connect()
        print(json.dumps([attempt(traced), attempt(patched), attempt(connect)]))
        """
    )
    assert found == ["refused"] * 3


@on_linux
def test_with_an_allowed_address_unix_sockets_are_counted():
    """Where connecting must stay open, sockets of other families are not even made."""
    found = sealed(
        """
        wall = seal(allow=[("127.0.0.1", 9)])
        tries = [attempt(lambda: socket.socket(socket.AF_UNIX)),
                 attempt(lambda: __import__("_socket").socket(socket.AF_UNIX))]
        socket.socketpair()
        print(json.dumps([tries, wall.take().network]))
        """
    )
    assert found == [["refused", "refused"], 2]


@on_linux
def test_other_processes_files_are_not_opened():
    """Another process's environment holds its credentials; one's own files stay readable."""
    found = sealed(
        """
        from pathlib import Path
        parent = os.getppid()
        wall = seal()
        def read(path): return lambda: Path(path).read_bytes()
        os.chdir("/proc")
        tries = [read(f"/proc/{parent}/environ"), read(f"//proc/{parent}/cmdline"),
                 read(f"{parent}/environ"), lambda: os.symlink(f"/proc/{parent}/environ", "/tmp/x"),
                 read("/proc/self/status"), read("/proc/cpuinfo")]
        print(json.dumps([[attempt(one) for one in tries], wall.take().process]))
        """
    )
    assert found == [["refused"] * 4 + ["through"] * 2, 4]


@on_linux
def test_native_connections_beside_the_allowed_ones_are_counted():
    """Where some addresses may be reached, native code reaches these, and no others."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        found = sealed(
            """
            import ctypes, struct
            from understudy.doors.kernel_filter import Reach
            library = ctypes.CDLL(None)
            names = ("socket", "connect", "sendto", "sendmsg")
            calls = {name: getattr(library, name) for name in names}
            port = int(sys.argv[1])
            wall = seal(allow=[("localhost", port)])
            def address(host, port):
                return struct.pack("=H", 2) + struct.pack("!H4s8x", port, socket.inet_aton(host))
            def reach(host, port):
                made = calls["socket"](2, 1, 0)
                return calls["connect"](made, address(host, port), 16)
            def mapped(port):
                made = calls["socket"](10, 1, 0)
                whole = struct.pack("=H", 10) + struct.pack("!HI", port, 0)
                whole += socket.inet_pton(10, "::ffff:127.0.0.1") + bytes(4)
                return calls["connect"](made, whole, 28)
            def message(host, port):
                place = ctypes.create_string_buffer(address(host, port), 16)
                part = ctypes.create_string_buffer(b"x")
                parts = struct.pack("@PN", ctypes.addressof(part), 1)
                parts = ctypes.create_string_buffer(parts)
                head = struct.pack("@PIPNPNi", ctypes.addressof(place), 16,
                                   ctypes.addressof(parts), 1, 0, 0, 0)
                return calls["sendmsg"](datagram, head, 0)
            datagram = calls["socket"](2, 2, 0)
            through = [reach("127.0.0.1", port), mapped(port), message("127.0.0.1", port) - 1]
            refused = [reach("127.0.0.1", 9), reach("10.1.2.3", port), mapped(9),
                       calls["sendto"](datagram, b"x", 1, 0, address("10.1.2.3", 53), 16),
                       message("10.1.2.3", 53)]
            python = attempt(lambda: socket.create_connection(("127.0.0.1", port)))
            told = wall.take()
            print(json.dumps([wall.reach == Reach.COUNTED, through, refused, python,
                              told.network, sorted(told.places)]))
            """,
            door.getsockname()[1],
        )
    if not found[0]:
        pytest.skip("this kernel cannot be asked to count")
    assert found[1:5] == [[0] * 3, [-1] * 5, "through", 5]
    assert found[5][0].startswith("native connect 10.1.2.3:")
    assert found[5][-1] == "native sendto 10.1.2.3:53"


@on_linux
@pytest.mark.parametrize("allowed", [[], [["127.0.0.1", 9]]])
def test_sockets_that_connect_by_calls_of_their_own_are_refused(allowed):
    """Those of SCTP need no `connect`: Python's and native code's alike; TCP's are made."""
    found = sealed(
        """
        import ctypes
        made = ctypes.CDLL(None, use_errno=True).socket
        ready = [made(2, 1, 6), made(2, 1 | 0x80000, 0), made(2, 2, 17)]
        refusals = seal([tuple(each) for each in json.loads(sys.argv[1])])
        found = []
        for kind, protocol in ((1, 132), (5, 0), (5, 132)):
            found.append([made(2, kind, protocol), ctypes.get_errno()])
            try:
                socket.socket(socket.AF_INET, kind, protocol)
            except PermissionError:
                found.append("refused")
        after = [made(2, 1, 6), made(2, 1 | 0x80000, 0), made(10, 2, 17)]
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, 6)
        count = refusals.take()
        print(json.dumps([min(ready + after), found, count.network, str(refusals.reach)]))
        """,
        json.dumps(allowed),
    )
    assert found[0] >= 0
    assert found[1] == [[-1, 13], "refused"] * 3
    assert found[2] == (6 if found[3] == "blocked" else 3)


@on_linux
def test_the_powers_that_are_kept_are_over_files_signals_and_the_user():
    """In every set, for good: what is not among these is no more there, and cannot come back."""
    found = sealed(
        """
        from pathlib import Path
        from understudy.doors.namespace import enter_namespace, give_up_powers
        enter_namespace()
        kept, lines = give_up_powers(), Path("/proc/self/status").read_text().splitlines()
        sets = [int(line.split()[1], 16) for line in lines
                if line.startswith(("CapInh", "CapPrm", "CapEff", "CapBnd"))]
        told = [[n for n in range(41) if each >> n & 1] for each in sets]
        print(json.dumps([kept, os.geteuid(), *told]))
        """
    )
    owner_and_user, ports, memory_and_leases = {0, 1, 3, 4, 5, 6, 7}, {10, 11}, {14, 28}
    kept, user, *sets = found
    assert kept
    # What nobody in particular may never have need not be dropped for good.
    for held in sets if user == 0 else sets[:-1]:
        assert set(held) <= owner_and_user | ports | memory_and_leases


@on_linux
def test_the_insides_of_other_processes_are_closed_to_native_code():
    """What a process with more powers holds is not shown; one's own files are as they were."""
    found = sealed(
        """
        import ctypes
        from understudy.doors.namespace import enter_namespace, give_up_powers
        opened = ctypes.CDLL(None).open
        separate = enter_namespace() or os.geteuid() == 0
        kept = give_up_powers()
        seal()
        def shown(path): return opened(path.encode(), 0) >= 0
        parent = os.getppid()
        print(json.dumps([separate and kept, [shown(f"/proc/{parent}/{name}")
                          for name in ("environ", "mem", "maps", "auxv")],
                          shown("/proc/self/environ"), shown(sys.executable)]))
        """
    )
    if not found[0]:
        pytest.skip("without a namespace, and as nobody in particular, there are no fewer powers")
    assert found[1:] == [[False] * 4, True, True]
