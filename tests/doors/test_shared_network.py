"""What a program tries where it has no network of its own: refused and counted by the kernel."""

from __future__ import annotations

import socket
import sys
import threading

import pytest
from tests.doors.test_program_witness import OWN, TRYING, python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")


def held(text, **options):
    """What became of some lines of Python in the machine's network; those who asked nobody skip."""
    told = python(text, isolated=False, shared=True, **options)
    if not told["watching"]:
        pytest.skip("the kernel cannot ask here")
    return told


def test_what_a_program_tries_is_counted_by_address_and_name():
    """As in a network of its own: each form, each try once, expected hosts apart."""
    told = held(TRYING, expected=["telemetry.example.net"])
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


def test_what_is_its_own_is_reached():
    """The doors, what it listens at itself, its own Unix sockets, and programs that it starts."""
    told = held(OWN)
    assert (told["trouble"], told["counts"], told["arrived"]) == ("", [0, 0, 0], True)
    assert told["said"] == "b'42\\n'\n"


OTHERS = """
import errno
def tried(made, *to):
    try:
        made.connect(*to)
    except OSError as error:
        print(errno.errorcode[error.errno])
    else:
        print("through", to)
tried(socket.socket(), ("127.0.0.1", {tcp}))
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
made.connect(("127.0.0.1", {udp}))
try:
    made.send(b"x")
except OSError as error:
    print(errno.errorcode[error.errno])
tried(socket.socket(socket.AF_UNIX), {path!r})
tried(socket.socket(socket.AF_UNIX), "\\0{name}")
"""


def test_what_others_listen_at_on_the_same_machine_is_not(tmp_path):
    """Ports, datagrams, files and names: another's, though it is on loopback."""
    path, name = str(tmp_path / "door"), f"door-{tmp_path.name}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as by_name,
    ):
        udp.bind(("127.0.0.1", 0))
        by_path.bind(path)
        by_name.bind(f"\0{name}")
        by_path.listen()
        by_name.listen()
        ports = {"tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1]}
        told = held(OTHERS.format(**ports, path=path, name=name))
        udp.settimeout(0)
        with pytest.raises(BlockingIOError):
            udp.recv(1)
    assert told["said"].split() == ["ECONNREFUSED"] * 4
    assert told["places"] == [
        f"connect 127.0.0.1:{ports['tcp']}",
        f"connect {path}",
        f"connect @{name}",
    ]


ODD = """
for sort in ((17, 3, 0), (socket.AF_INET, 1, 132), (40, 1, 0)):
    try:
        socket.socket(*sort)
    except OSError:
        continue
    print("through", sort)
"""


DISGUISED = """
import errno, os
os.chdir({folder!r})
file = socket.socket(socket.AF_UNIX)
file.bind("@{name}")
datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
datagrams.bind("\\0{name}")
try:
    socket.socket(socket.AF_UNIX).connect("\\0{name}")
except OSError as error:
    print(errno.errorcode[error.errno])
else:
    print("through")
"""


def test_a_name_that_others_have_too_is_not_its_own(tmp_path):
    """A file and a socket of another sort that are shown alike do not open another's door."""
    name = f"door-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(f"\0{name}")
        foreign.listen()
        told = held(DISGUISED.format(folder=str(tmp_path), name=name))
    assert told["trouble"] == ""
    assert "through" not in told["said"]
    assert told["counts"][0] >= 1


def test_sockets_that_reach_others_by_calls_of_their_own_are_refused():
    """Packets by hand, SCTP, machines below this one."""
    told = held(ODD)
    assert (told["said"], told["counts"]) == ("", [3, 0, 0])


def test_names_lead_to_no_server_of_names():
    """What is asked reaches nobody: no byte goes to whoever is named as a server."""
    heard = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind(("127.0.0.77", 53))
        except OSError:
            pytest.skip("only root may be a server of names")
        server.settimeout(1)

        def listen():
            try:
                heard.append(server.recv(512))
            except OSError:
                return

        thread = threading.Thread(target=listen)
        thread.start()
        told = held("""
        import os
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.connect(("127.0.0.77", 53))
        asked = b"ab" + bytes([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + b"\\x03api\\x04test\\0\\0\\1\\0\\1"
        for way in (made.send, lambda m: os.write(made.fileno(), m), lambda m: made.sendmsg([m])):
            try:
                way(asked)
            except OSError:
                continue
            print("through")
        """)
        thread.join()
    assert (told["said"], heard) == ("", [])
    assert told["places"] == ["resolve api.test"]
