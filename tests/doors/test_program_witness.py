"""What a program tries in a network of its own: refused, and counted by address and name."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from understudy.doors.kernel_count import KernelCount
from understudy.doors.names_asked import Lookups
from understudy.doors.refusals import Refusals

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")

HOLDING = """
import json, os, socket, subprocess, sys
from understudy.doors import kernel_steps, names_asked, program_filter
from understudy.doors.kernel_filter import start_witness
from understudy.doors.namespace import enter_namespace
from understudy.doors.program_judge import Program
from understudy.doors.refusals import Refusals
from understudy.doors.program_filter import watch_program

isolated = {isolated} and enter_namespace()
{before}
witness = start_witness()
with socket.create_server(("127.0.0.1", 0)) as door:
    port = door.getsockname()[1]
    program = Program(
        isolated=isolated, shared={shared}, reachable=[("127.0.0.1", port)], starter=os.getpid(),
        most_processes=10,
    )
    done = subprocess.run(
        {command!r} + [str(port)], preexec_fn=lambda: watch_program(witness, program),
        capture_output=True, text=True, timeout=30,
    )
    door.settimeout(0)
    try:
        arrived = bool(door.accept())
    except BlockingIOError:
        arrived = False
wall = Refusals({expected!r}, witness.count).take()
print(json.dumps({{
    "said": done.stdout, "trouble": done.stderr[-500:], "arrived": arrived, "places": wall.places,
    "counts": [wall.network, wall.process, wall.expected], "watching": witness.count.watching,
    "isolated": isolated,
}}))
"""


def held(command, *, isolated=True, shared=False, before="", expected=()):
    """What became of a program, told by a process that had it held."""
    text = HOLDING.format(
        command=command, isolated=isolated, shared=shared, before=before, expected=tuple(expected)
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    if isolated and not told["isolated"]:
        pytest.skip("no network namespace is permitted here")
    return told


def python(text, **options):
    """The same of some lines of Python, which have the door's port as `PORT`."""
    lines = "import socket, sys\nPORT = int(sys.argv[1])\n" + textwrap.dedent(text)
    return held([sys.executable, "-I", "-S", "-c", lines], **options)


TRYING = """
import threading
def tried(what, *given):
    try:
        what(*given)
    except OSError:
        return
    print("through", given)

def datagram(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

tried(socket.create_connection, ("10.0.0.1", 443))
tried(socket.create_connection, ("::ffff:10.0.0.2", 443))
tried(socket.create_connection, ("2001:db8::1", 443))
tried(datagram().sendto, b"x", ("10.0.0.3", 5000))
tried(datagram().sendmsg, [b"x"], [], 0, ("10.0.0.4", 5000))
tried(socket.create_connection, ("127.0.0.1", 1))
for name in ("telemetry.example.net", "Named.Example.com"):
    tried(socket.getaddrinfo, name, 443)
asking = threading.Thread(target=tried, args=(socket.gethostbyname, "threaded.example.com"))
asking.start(), asking.join()
tried(socket.create_connection, ("10.0.0.1", 443))
"""


def test_what_a_program_tries_is_counted_by_address_and_name():
    """TCP, UDP in each form, look-ups from any thread; expected hosts apart, each try once."""
    told = python(TRYING, expected=["telemetry.example.net"])
    assert (told["said"], told["trouble"]) == ("", "")
    assert told["places"] == [
        "connect 10.0.0.1:443",
        "connect 10.0.0.2:443",
        "connect 2001:db8::1:443",
        "sendto 10.0.0.3:5000",
        "sendto 10.0.0.4:5000",
        "connect 127.0.0.1:1",
        "resolve named.example.com",
        "resolve threaded.example.com",
    ]
    assert told["counts"] == [9, 0, 1]


OWN = """
import os, subprocess, tempfile
socket.create_connection(("127.0.0.1", PORT)).close()
with socket.create_server(("127.0.0.1", 0)) as own:
    socket.create_connection(own.getsockname()).close()
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("door")
        door.listen()
        for path in ("door", f"/proc/self/fd/{os.open('.', os.O_RDONLY)}/door", folder + "/door"):
            socket.socket(socket.AF_UNIX).connect(path)
        os.rename("door", "renamed")
        socket.socket(socket.AF_UNIX).connect("/proc/self/cwd/renamed")
one, other = socket.socketpair()
one.sendmsg([b"x"])
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
print(subprocess.run(["/bin/sh", "-c", "echo $((40 + 2))"], capture_output=True).stdout)
"""


def test_what_a_program_may_reach_is_no_attempt():
    """Our doors, what it listens at itself, its own Unix sockets, and programs that it starts."""
    told = python(OWN)
    assert (told["said"], told["trouble"]) == ("b'42\\n'\n", "")
    assert (told["arrived"], told["counts"], told["places"]) == (True, [0, 0, 0], [])


OUTSIDE = """
import os
folder = {folder!r}
at = os.open(folder, os.O_RDONLY)
os.chdir(folder)
os.chmod("door", 0o777)
os.link("door", "linked")
os.rename("linked", "moved")
for path in (folder + "/door", folder + "/moved", "door", f"/proc/self/fd/{{at}}/door",
             "/proc/self/cwd/door", "/proc/thread-self/cwd/door"):
    try:
        socket.socket(socket.AF_UNIX).connect(path)
    except ConnectionRefusedError:
        continue
    print("through", path)
"""


def test_a_unix_socket_of_another_network_is_another_s(tmp_path):
    """A network of its own holds no files: who listens there is outside, and is not reached.

    However it is named, and though the program has changed the file since.
    """
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{tmp_path}/door")
        door.listen()
        told = python(OUTSIDE.format(folder=str(tmp_path)))
    assert (told["said"], told["trouble"], told["counts"]) == ("", "", [6, 0, 0])
    assert told["places"][:2] == [f"connect {tmp_path}/door", f"connect {tmp_path}/moved"]


def test_where_the_kernel_tells_of_no_sockets_a_file_from_before_is_another_s(tmp_path):
    """By when it was changed; the program's own sockets are reached all the same."""
    silent = "from understudy.doors import unix_sockets\nunix_sockets._SOCKETS = 31"
    trying = f"""
        try:
            socket.socket(socket.AF_UNIX).connect("{tmp_path}/door")
        except ConnectionRefusedError:
            print("refused")
        """
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{tmp_path}/door")
        door.listen()
        told = python(textwrap.dedent(trying) + OWN, before=silent)
    assert (told["said"], told["trouble"]) == ("refused\nb'42\\n'\n", "")
    assert told["places"] == [f"connect {tmp_path}/door"]


LEAVING = """
import ctypes, os
library = ctypes.CDLL(None, use_errno=True)
network = os.open("/proc/self/ns/net", os.O_RDONLY)
print(library.setns(network, 0), ctypes.get_errno())
"""


def test_a_program_cannot_enter_another_network():
    """Not even as root, who may enter any: that of the machine as its own."""
    told = held([sys.executable, "-I", "-c", LEAVING])
    assert told["said"] == "-1 1\n"
    assert (told["counts"], told["places"]) == ([0, 1, 0], ["setns"])


CROWD = """
import os, time
started = []
try:
    for _ in range(40):
        pid = os.fork()
        if not pid:
            time.sleep(30)
            os._exit(0)
        started.append(pid)
except OSError as error:
    print(len(started), error.strerror)
finally:
    for pid in started:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
os.waitpid(os.spawnv(os.P_NOWAIT, "/bin/true", ["true"]), 0)
print("and goes on")
"""


UNTOLD = "from understudy.doors import descendants\ndescendants._TOLD = 'untold'"


@pytest.mark.parametrize(("isolated", "before"), [(False, ""), (True, ""), (False, UNTOLD)])
def test_the_kernel_keeps_to_a_number_of_processes(isolated, before):
    """Of ten that may descend from its starter one is the program itself; then it goes on.

    So it is where the system tells each process's parent only.
    """
    told = python(CROWD, isolated=isolated, before=before)
    assert told["said"] == "9 Resource temporarily unavailable\nand goes on\n", told["trouble"]
    assert told["counts"] == [0, 0, 0]


def test_where_the_system_does_not_tell_of_processes_none_is_started():
    """Nobody could say how many there are, so there are no more of them."""
    blind = "from understudy.doors import descendants\n"
    blind += "from pathlib import Path\ndescendants._PROC = Path('/nowhere')"
    told = python("import os\nos.fork()", before=blind)
    assert "Resource temporarily unavailable" in told["trouble"]


def test_where_the_kernel_cannot_ask_nothing_is_counted():
    """It is refused all the same, by the network, and nobody says that it would be counted."""
    told = python(TRYING, before="program_filter._NEW_LISTENER = 1 << 20")
    assert (told["said"], told["counts"], told["watching"]) == ("", [0, 0, 0], False)


def test_a_call_that_cannot_be_judged_is_refused_and_nobody_waits_for_an_answer():
    """Whatever goes wrong with one, the program goes on, and the next one is judged again."""
    broken = """
from understudy.doors.program_judge import ProgramJudge
real = ProgramJudge._reaches_host
def broken(self, question, host, port):
    return 1 / 0 if host == "10.0.0.1" else real(self, question, host, port)
ProgramJudge._reaches_host = broken
"""
    told = python(
        """
        for host in ("10.0.0.1", "10.0.0.2"):
            try:
                socket.create_connection((host, 443))
            except OSError as error:
                print(error.strerror)
        """,
        before=broken,
    )
    assert told["said"] == "Permission denied\nNetwork is unreachable\n"
    assert told["places"] == ["connect, for an address that cannot be read", "connect 10.0.0.2:443"]


def test_what_cannot_be_read_of_a_program_is_refused():
    """A call that names an address where nobody else may read goes nowhere, and is counted."""
    closed = """
from understudy.doors import kernel_question
def closed(*given, **named):
    raise PermissionError(13, "not this one's")
kernel_question.open = closed
"""
    told = python(
        """
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for attempt in (
            lambda: socket.socket().connect(("127.0.0.1", PORT)),
            lambda: datagram.sendmsg([b"x"], [], 0, ("127.0.0.1", PORT)),
        ):
            try:
                attempt()
            except OSError as error:
                print(error.strerror)
        """,
        before=closed,
    )
    assert told["said"] == "Permission denied\n" * 2, told["trouble"]
    assert told["counts"] == [2, 0, 0]
    assert (told["arrived"], told["places"]) == (
        False,
        [f"{call}, for an address that cannot be read" for call in ("connect", "sendmsg")],
    )


def test_whoever_counts_keeps_nothing_of_what_is_no_socket():
    """However often a program connects what it cannot, its own sockets are told apart after it."""
    few = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))"
    told = python(
        """
        import ctypes, os, struct
        library, (number, _) = ctypes.CDLL(None), os.pipe()
        address = struct.pack("=H", 2) + bytes([1, 187, 10, 0, 0, 1]) + bytes(8)
        for _ in range(100):
            library.connect(number, address, len(address))
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
        """,
        before=few,
    )
    assert (told["counts"], told["places"]) == ([100, 0, 0], ["connect 10.0.0.1:443"])


def test_a_datagram_to_an_address_of_no_family_is_counted():
    """The kernel sends it to the address of the internet that is named, so it is an attempt."""
    told = python(
        """
        import ctypes, struct
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        address = struct.pack("=H", 0) + bytes([1, 187, 10, 0, 0, 1]) + bytes(8)
        print(ctypes.CDLL(None).sendto(made.fileno(), b"x", 1, 0, address, len(address)))
        """
    )
    assert (told["said"], told["counts"]) == ("-1\n", [1, 0, 0])


def test_what_is_told_of_one_case_is_told_before_the_next_begins():
    """Nobody takes what was counted while it is being told, or it would be charged twice."""
    count, order, begun = KernelCount(), [], threading.Event()
    refusals = Refusals((), count)

    def tell(wall):
        begun.set()
        time.sleep(0.2)
        order.append(wall.network)

    refusals.tell = tell
    count.add("network", "connect 10.0.0.1:443")
    refusals.tell_of_programs(lambda: False)
    assert begun.wait(10)
    order.append(refusals.take().network)
    refusals.tell = None
    assert (order, refusals.take().network) == ([1, 1], 0)


def test_many_names_are_counted_and_not_kept():
    """Whoever asks for ever more names is counted, and takes no memory for it."""
    lookups = Lookups(())
    found = [lookups.begins(f"name-{number}.test", 1) for number in range(25_000)]
    assert all(found)
    assert len(lookups._asked) <= 10_001
    assert lookups.told("name-0.test") == "name-0.test"


def test_where_nobody_can_be_asked_for_names_the_asking_is_counted():
    """Without the right to be a server of names, by the address that was to be asked."""
    told = python(TRYING, before="names_asked.claim_all_addresses = lambda: False")
    assert told["said"] == ""
    assert not any(place.startswith("resolve") for place in told["places"])
    assert told["counts"][0] > 6


def test_a_program_of_another_language_is_counted_alike():
    """Both curl and Node ask for names and connect by code of their own."""
    curl, node = shutil.which("curl"), shutil.which("node")
    if curl is None or node is None:
        pytest.skip("there is no curl or no node here")
    lines = "fetch('https://one.example.net/').catch(() => fetch('http://10.0.0.7/')).catch(e => 0)"
    script = f"{curl} -s -m 5 https://two.example.net/; {curl} -s -m 5 http://10.0.0.8/; exit 0"
    assert held([node, "-e", lines])["places"] == ["resolve one.example.net", "connect 10.0.0.7:80"]
    told = held(["/bin/sh", "-c", script])
    assert told["places"] == ["resolve two.example.net", "connect 10.0.0.8:80"]
    assert told["counts"] == [2, 0, 0]
