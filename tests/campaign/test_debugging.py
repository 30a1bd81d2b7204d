"""`understudy run … --case ID --debug`: pdb and editors' debuggers on one case, behind the wall."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import socket
import subprocess
import sys
import time

import pytest

AGENT = """
    import os
    import socket


    def handle(case, systems):
        secret = os.environ["STRIPE_API_KEY"]
        breakpoint()
        systems.call("desk.escalate", reason="the debugger was here", ticket_id="1")
        return {"outcome": "escalated", "rationale": secret[:8]}
    """
PLAIN = AGENT.replace("breakpoint()", "marked = case.id")


class Terminal:
    """A process at a terminal of its own, as a person has it."""

    def __init__(self, project, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "understudy", *arguments],
            cwd=project.folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "STRIPE_API_KEY": "sk_live_my_own", "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def until(self, text: str) -> str:
        """Read until a text appears; what was read since the last time."""
        found, deadline = "", time.monotonic() + 60
        while text not in found:
            assert time.monotonic() < deadline, self.seen
            if select.select([self._master], [], [], 0.2)[0]:
                try:
                    found += os.read(self._master, 4096).decode()
                except OSError:  # the other end of a terminal that nobody holds any more
                    break
            self.seen += found
        return found

    def type(self, line: str, answer: str = "(Pdb) ") -> str:
        os.write(self._master, f"{line}\n".encode())
        return self.until(answer)

    def end(self) -> int:
        code = self.process.wait(30)
        os.close(self._master)
        return code


def test_pdb_works_on_one_case_at_the_terminal(project):
    """`breakpoint()` stops in the candidate with the terminal's input; the systems are mocked.

    In the session the case is there, a way out is refused, the person's own key is not in the
    environment, and the case goes on to the end, where it is shown beside what people did.
    """
    project.write("bot.py", AGENT)
    path = project.campaign("bot:handle")
    terminal = Terminal(project, "run", path.name, "--case", "case-00003", "--debug")
    assert "-> systems.call" in terminal.until("(Pdb) ") or "handle()" in terminal.seen
    assert "'case-00003'" in terminal.type("p case.id")
    assert "True" in terminal.type("p secret.startswith('sk_test_')")
    refused = terminal.type("socket.create_connection(('192.0.2.1', 80))")
    assert "Permission denied" in refused
    assert "Permission denied" in terminal.type("os.system('true')")
    found = terminal.type("p len(systems.call('stripe.charges.list')['data'])")
    assert re.search(r"^[1-9]\d*\r?$", found, re.MULTILINE), found
    terminal.type("next")
    shown = terminal.type("continue", "in all")
    assert "blocked by the wall: connect 192.0.2.1:80" in shown
    assert "handed the case to a person" in shown
    assert "rationale: sk_test_" in shown
    assert terminal.end() == 0
    assert project.runs() == []


@pytest.mark.slow
def test_leaving_the_debugger_ends_the_command(project):
    """`quit` in pdb is no answer of the candidate's: the command ends as interrupted."""
    project.write("bot.py", AGENT)
    path = project.campaign("bot:handle")
    terminal = Terminal(project, "run", path.name, "--case", "case-00003", "--debug")
    terminal.until("(Pdb) ")
    told = terminal.type("quit", "interrupted")
    assert "DIFFERENCES" not in told
    assert terminal.end() == 130


EDITOR = """
    import runpy
    import socket
    import sys

    line = socket.create_connection(("127.0.0.1", int(sys.argv.pop(1))))


    def stop(frame, event, argument):
        if event == "line" and "marked" in frame.f_locals:
            line.sendall(frame.f_locals["marked"].encode())
            assert line.recv(20) == b"go on"
            sys.settrace(None)
            frame.f_trace = None
        return stop


    sys.settrace(lambda frame, event, _: stop if frame.f_code.co_name == "handle" else None)
    runpy.run_module("understudy", run_name="__main__")
    """


@pytest.mark.slow
def test_an_editors_debugger_stays_connected(project):
    """What traced the process over a socket before it began sees the candidate's variables.

    This is how editors debug: their code connects first, then starts the program under a trace.
    """
    project.write("bot.py", PLAIN)
    project.write("editor.py", EDITOR)
    path = project.campaign("bot:handle")
    case = ["run", path.name, "--case", "case-00003", "--debug"]
    with socket.create_server(("127.0.0.1", 0)) as editor:
        editor.settimeout(60)
        process = subprocess.Popen(
            [sys.executable, "editor.py", str(editor.getsockname()[1]), *case],
            cwd=project.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        line, _ = editor.accept()
        line.settimeout(60)
        assert line.recv(100) == b"case-00003"
        time.sleep(3)  # longer than `timeout: 2s` of the campaign: nobody hurries a person
        line.sendall(b"go on")
        shown, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "handed the case to a person" in shown
    line.close()


MODEL = """
    import openai


    async def handle(case, systems):
        asked = [{"role": "user", "content": "Refund?"}]
        client = openai.AsyncOpenAI(max_retries=0)
        said = await client.chat.completions.create(model="m-1", messages=asked)
        return {"outcome": "escalated", "rationale": said.choices[0].message.content}
    """


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["replay", "live"])
def test_models_answer_what_was_recorded(project, mode):
    """While debugging a model call is answered from the recording, and never by the provider."""
    pytest.importorskip("openai")
    project.write("bot.py", MODEL)
    script = '[{text: "ask finance"}]'
    project.campaign(
        "bot:handle",
        candidates='[{name: agent, use: "bot:handle", models: scripted}]',
        models=f"{{script: {script}}}",
    )
    scripted = project.command("run", "campaign.yaml", "--case", "case-00003", "--debug")
    assert "rationale: ask finance" in scripted.stdout, scripted.stderr
    project.campaign(
        "bot:handle",
        candidates=f'[{{name: agent, use: "bot:handle", models: {mode}}}]',
        models="{recording: said.jsonl}",
    )
    told = project.command("run", "campaign.yaml", "--case", "case-00003", "--debug")
    assert told.returncode == 2
    assert "there are no recorded answers of models" in told.stderr


@pytest.mark.slow
def test_what_the_candidate_raises_is_shown_with_its_traceback(project):
    """An error of the candidate's is printed where it happened, and priced as its failure."""
    project.write("bot.py", "def handle(case, systems):\n    return 1 / 0\n")
    path = project.campaign("bot:handle")
    told = project.command("run", path.name, "--case", "case-00003", "--debug")
    assert 'bot.py", line 2, in handle' in told.stderr
    assert "failed: raised: ZeroDivisionError" in told.stdout
    assert told.returncode == 0


@pytest.mark.slow
def test_what_cannot_be_debugged_is_said(project):
    """A process of its own is named as such, and debugging without a case is a usage error."""
    project.write("bot.py", PLAIN)
    path = project.campaign("exec: python bot.py")
    told = project.command("run", path.name, "--case", "case-00003", "--debug")
    assert told.returncode == 2
    assert "error[U222]" in told.stderr
    assert "under its own debugger" in told.stderr
    told = project.command("run", path.name, "--debug")
    assert told.returncode == 2
    assert "--case" in told.stderr
    assert json.dumps(told.stdout) == '""'
