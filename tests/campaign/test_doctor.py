"""What the doctor says of the wall, from what the self-test has found."""

from __future__ import annotations

import socket

import pytest
from typer.testing import CliRunner

from understudy.campaign.projects.doctor import examine
from understudy.cli.main import app
from understudy.doors import self_test
from understudy.doors.self_test import SelfTest


@pytest.mark.parametrize(
    ("level", "native", "said"),
    [
        ("hook+netns", {"native connect": "blocked"}, None),
        ("hook+netns", {"native connect": "blocked, not counted"}, "native connect: blocked, and"),
        ("hook", {"native kill": "blocked, not counted"}, "native kill: blocked, and not counted"),
        ("hook", {"native connect": "open"}, "open to it: native connect"),
    ],
)
def test_what_becomes_of_native_calls_is_said(monkeypatch, level, native, said):
    """What is refused without being counted is named, and what is not refused as well."""
    tested = SelfTest(level, {"a raw socket": "blocked"}, native=native)
    monkeypatch.setattr(self_test, "self_test", lambda: tested)
    found = examine()
    assert found.sound
    assert ("not counted" in found.text) is ("not counted" in str(native))
    assert said is None or said in found.text


@pytest.mark.parametrize(
    ("level", "programs", "said"),
    [
        ("hook+netns", "blocked", "is refused, and counted by address or by the name asked for"),
        ("hook+netns", "blocked, not counted", "is refused, and not counted; the kernel cannot"),
        ("hook", "open", "exec: candidates have wall: none"),
        ("hook", "blocked", "are in the machine's network, held by the kernel's questions alone"),
    ],
)
def test_what_becomes_of_programs_is_said(monkeypatch, level, programs, said):
    """Whether their attempts to get out are refused, and whether anybody counts them."""
    tested = SelfTest(level, {"a raw socket": "blocked"}, programs=programs)
    monkeypatch.setattr(self_test, "self_test", lambda: tested)
    assert said in examine().text


CAMPAIGN = """\
version: 1
name: pilot
world: {customers: 50, cases: 5}
candidates:
  - {name: here, use: "bot:handle", needs: ["127.0.0.1:OPEN"]}
"""
OTHERS = """\
  - {name: gone, use: "bott:handle", models: scripted}
  - {name: service, use: "http://127.0.0.1:SHUT/case", models: scripted}
  - {name: program, use: "exec: no-such-program", models: scripted}
  - {name: model, use: "bot:handle", models: live, needs: ["127.0.0.1:SHUT"]}
models:
  provider: {base_url: "http://127.0.0.1:OPEN/v1", key: KEY_OF_NOBODY}
  script: [{text: hello}]
"""


def _doctored(folder, monkeypatch, text):
    """What the doctor says of a campaign beside whose candidate one port answers and one not."""
    monkeypatch.chdir(folder)
    (folder / "bot.py").write_text("CALLS = []\ndef handle(case, systems):\n    raise SystemExit\n")
    with socket.socket() as listening, socket.socket() as shut:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        shut.bind(("127.0.0.1", 0))  # bound and deaf: nobody else gets the port meanwhile
        ports = {"OPEN": listening.getsockname()[1], "SHUT": shut.getsockname()[1]}
        for name, port in ports.items():
            text = text.replace(name, str(port))
        (folder / "campaign.yaml").write_text(text)
        told = CliRunner().invoke(app, ["doctor", "campaign.yaml"])
    return told, ports


@pytest.mark.slow
def test_a_candidate_that_can_be_reached_is_started_and_gets_no_case(tmp_path, monkeypatch):
    """It is loaded inside of its wall, what it needs is connected to, and nothing is left."""
    told, ports = _doctored(tmp_path, monkeypatch, CAMPAIGN)
    assert told.exit_code == 0, told.output
    assert "candidate here starts, inside of wall hook" in told.output
    assert f"candidate here: need 127.0.0.1:{ports['OPEN']} answers" in told.output
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == [
        "bot.py",
        "campaign.yaml",
    ]


@pytest.mark.slow
def test_every_candidate_that_cannot_be_reached_is_told_as_a_run_would(tmp_path, monkeypatch):
    """A missing module, a service that is down, no such program, no key: each with its error."""
    told, ports = _doctored(tmp_path, monkeypatch, CAMPAIGN + OTHERS)
    assert told.exit_code == 2
    shown = dict(line.split(": ", 1) for line in told.output.splitlines() if "REACHED" in line)
    assert "error[U202] there is no module `bott`" in shown["candidate gone CANNOT BE REACHED"]
    assert "error[U207] nothing answers" in shown["candidate service CANNOT BE REACHED"]
    assert "error[U208]" in shown["candidate program CANNOT BE REACHED"]
    assert "`KEY_OF_NOBODY` holds no key" in shown["candidate model CANNOT BE REACHED"]
    assert f"need 127.0.0.1:{ports['SHUT']} DOES NOT ANSWER" in told.output
    assert f"provider openai at 127.0.0.1:{ports['OPEN']} answers" in told.output
    assert "there are no recorded answers of models" in shown["candidate here CANNOT BE REACHED"]
