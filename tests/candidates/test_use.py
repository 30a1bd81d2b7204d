"""How a candidate is named."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from understudy.candidates.use import CommandUse, HttpUse, PythonUse, parse_use
from understudy.model.campaign import CandidateSpec
from understudy.model.candidate_use import BareModel
from understudy.model.errors import CandidateError


@pytest.mark.parametrize(
    ("use", "read"),
    [
        ("bot:handle", PythonUse("bot", "handle")),
        (" my_bot.agent:Agent.handle ", PythonUse("my_bot.agent", "Agent.handle")),
        ("http://127.0.0.1:8000/case", HttpUse("http://127.0.0.1:8000/case")),
        ("exec: node 'my bot.js'", CommandUse(("node", "my bot.js"))),
        ("mcp: python bot.py", CommandUse(("python", "bot.py"), tools=True)),
        ({"openai": {"model": "m", "prompt": "p.md"}}, BareModel(model="m", prompt="p.md")),
    ],
)
def test_every_form_is_read(use, read):
    """A module with its callable, an address, a command and a model are told apart."""
    assert parse_use(use) == read


@pytest.mark.parametrize(
    ("use", "address"),
    [("http://localhost/x", ("localhost", 80)), ("https://[::1]:8443/", ("::1", 8443))],
)
def test_an_address_is_taken_apart(use, address):
    """Host and port of a service are known, with the scheme's own port where none is named."""
    assert parse_use(use).address == address


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("bot", "name the callable too: `bot:handle`"),
        ("src/bot.py", "a file is named as a module: `src.bot:handle`"),
        ("htp://127.0.0.1:9000/x", "begins with its scheme: `http://127.0.0.1:9000/x`"),
        ("localhost:9000/handle", "begins with its scheme: `http://localhost:9000/handle`"),
        ("python3 bot.py", "a command is named as one: `exec: python3 bot.py`"),
        ("exec:", "no command behind it"),
        ("mcp: ", "no command behind it"),
        ("exec: 'open", "No closing quotation"),
        ("http://:80/", "names no host"),
        ("http://a:b/", "Port could not be cast"),
        ("", "does not name a candidate"),
    ],
)
def test_an_unknown_form_is_an_error_that_helps(use, said):
    """What is of no known form is named, with what was expected and the likely remedy."""
    with pytest.raises(CandidateError, match="does not name a candidate") as caught:
        parse_use(use)
    assert said in caught.value.describe()
    assert "`module:callable`" in caught.value.problem
    assert "understudy init" in caught.value.describe()


def test_a_service_says_more_than_its_address():
    """Delivery, command, quiet seconds and operations; a webhook without serial is refused."""
    http = {
        "url": "http://127.0.0.1:1/x",
        "deliver": "webhook",
        "start": "node a.js",
        "quiet": "3s",
    }
    spec = CandidateSpec(name="a", use={"http": http}, isolation="serial")
    use = parse_use(spec.spec)
    assert (use.webhooks, use.command, use.quiet) == (True, ("node", "a.js"), 3.0)
    with pytest.raises(ValidationError, match="write `isolation: serial`"):
        CandidateSpec(name="a", use={"http": http})
    with pytest.raises(ValidationError, match="leave out `start`"):
        CandidateSpec(name="a", use={"http": {**http, "ports": {"stripe": 1}}}, isolation="serial")


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ({"htpp": {"url": "http://x"}}, "`htpp` is no form of candidate; did you mean `http`?"),
        ({"mcp": {"command": "x"}}, "`mcp` is a command: `mcp: node agent.js`"),
        ({"exec": []}, "`exec` is a command"),
        ({"exec": "a", "mcp": "b"}, "one form; known: `module:callable`"),
        ({}, "one form; known"),
    ],
)
def test_a_mapping_of_no_form_says_what_there_is(use, said):
    """An unknown form, a command that is none, and several at once."""
    with pytest.raises(ValidationError, match=said.replace("?", "[?]")):
        CandidateSpec(name="a", use=use)


def test_a_command_may_be_a_list():
    """Its parts are kept apart."""
    spec = CandidateSpec(name="a", use={"exec": ["node", "my bot.js"]})
    assert parse_use(spec.spec) == CommandUse(("node", "my bot.js"))
