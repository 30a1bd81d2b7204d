"""The systems as tools of the Model Context Protocol, asked by a real client over stdio."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys

import pytest

from understudy.doors import mcp_http, mcp_stdio
from understudy.doors.loopback import environment, serving
from understudy.doors.mcp_tools import hints, offered, tool_name
from understudy.doors.variables import credential_variables
from understudy.model.errors import ConfigurationError
from understudy.model.world import World
from understudy.systems.calling import find_operation
from understudy.systems.engine import Engine
from understudy.systems.routes import mounted

CHARGE = {
    "id": "ch_1", "customer": "cus_1", "amount": 1000, "amount_refunded": 0, "currency": "eur",
    "status": "succeeded", "paid": True, "refunded": False, "captured": True,
    "created": 1790000000,
}  # fmt: skip
CONTACT = {
    "id": "101", "email": "ada@example.com", "archived": False,
    "createdAt": "2026-01-05T08:00:00Z", "updatedAt": "2026-01-05T08:00:00Z",
}  # fmt: skip


@pytest.fixture
def engine():
    tables = {"stripe.charges": {"ch_1": CHARGE}, "hubspot.contacts": {"101": CONTACT}}
    return Engine(World(tables, now=1800000000))


@pytest.fixture
def served(engine):
    """Two open cases, and for each what its agent finds in the environment."""
    bases = {name: system.base_url for name, system in engine.systems.items()}
    with serving(engine, bases) as urls:
        yield {
            name: environment(urls) | credential_variables(engine.open_case(name).credentials)
            for name in ("one", "two")
        }


def test_a_client_works_on_its_case_over_stdio(engine, served):
    """A real client lists, reads and writes; what it did is captured in the case of its key."""
    pytest.importorskip("mcp")
    from mcp import Client, StdioServerParameters

    async def talk(name):
        command = ["-m", "understudy.doors.mcp_stdio", "stripe.*", "hubspot.objects.*", "desk.*"]
        parameters = StdioServerParameters(command=sys.executable, args=command, env=served[name])
        async with Client(parameters) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            refund = await client.call_tool("stripe_refunds_create", {"charge": "ch_1"})
            read = await client.call_tool("stripe_charges_retrieve", {"id": "ch_1"})
            twice = await client.call_tool("stripe_refunds_create", {"charge": "ch_1"})
            lost = await client.call_tool("stripe_charges_retrieve", {})
            unknown = await client.call_tool("stripe_refund_create", {})
            update = {"object_type": "contacts", "id": "101", "properties": {"phone": "+43 2"}}
            changed = await client.call_tool("hubspot_objects_update", update)
        return tools, [refund, read, twice, lost, unknown, changed]

    async def both():
        return await asyncio.gather(talk("one"), talk("two"))

    for tools, (refund, read, twice, lost, unknown, changed) in asyncio.run(both()):
        assert not refund.is_error
        assert json.loads(refund.content[0].text)["amount"] == 1000
        assert json.loads(read.content[0].text)["amount_refunded"] == 1000
        assert (twice.is_error, lost.is_error, unknown.is_error) == (True, True, True)
        assert twice.content[0].text.startswith("HTTP 400: {")
        assert "needs `id`" in lost.content[0].text
        assert "did you mean `stripe_refunds_create`" in unknown.content[0].text
        assert not changed.is_error
        assert tools["stripe_charges_list"].annotations.read_only_hint
        assert "zendesk_tickets_get" not in tools
    for name in ("one", "two"):
        session = engine.session(name)
        assert [(each.operation, each.response_status) for each in session.actions] == [
            ("stripe.refunds.create", 200), ("stripe.refunds.create", 400),
            ("hubspot.objects.update", 200),
        ]  # fmt: skip
        assert session.reads == {"stripe.charges.retrieve": 1}


def test_a_client_works_on_its_case_over_http(engine, served):
    """The same tools at an address; the server ends when it is asked to."""
    pytest.importorskip("mcp")
    from mcp import Client

    process = subprocess.Popen(
        [sys.executable, "-m", "understudy.doors.mcp_http", "stripe.refunds.*"],
        env={**os.environ, **served["one"]}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    async def talk(url):
        async with Client(url) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            return names, await client.call_tool("stripe_refunds_create", {"charge": "ch_1"})

    try:
        names, refund = asyncio.run(talk(process.stdout.readline().strip()))
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert "stripe_refunds_create" in names
    assert all(name.startswith("stripe_refunds_") for name in names)
    assert json.loads(refund.content[0].text)["amount"] == 1000
    assert [each.operation for each in engine.session("one").actions] == ["stripe.refunds.create"]
    assert engine.session("two").actions == []


async def _call(url, headers, name, arguments):
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        answer = await client.call_tool(name, arguments)
        return answer.is_error, answer.content[0].text[:8]


def test_over_http_a_server_needs_no_credential_of_its_own(engine, served):
    """Where the environment holds addresses only, each client's own credential is what counts."""
    pytest.importorskip("mcp")
    bases = {name: text for name, text in served["one"].items() if name.endswith("_API_BASE")}
    refund = ("stripe_refunds_create", {"charge": "ch_1"})
    key = engine.systems["stripe"].authorization(engine.session("two").credentials["stripe"])
    with _served_over_http(bases) as url:
        refused, done = (asyncio.run(_call(url, headers, *refund)) for headers in ({}, key))
    assert (refused, done[0]) == ((True, "HTTP 401"), False)
    assert [len(engine.session(name).actions) for name in ("one", "two")] == [0, 1]


def test_over_http_the_client_s_credential_names_the_case(engine, served):
    """Two clients of one server are each at their own case; a foreign or closed one is refused."""
    pytest.importorskip("mcp")

    def key(case, system="stripe"):
        return engine.systems[system].authorization(engine.session(case).credentials[system])

    refund = ("stripe_refunds_create", {"charge": "ch_1"})
    update = (
        "hubspot_objects_update",
        {"object_type": "contacts", "id": "101", "properties": {"phone": "1"}},
    )
    both = key("two") | {"HubSpot-Authorization": key("two", "hubspot")["authorization"]}
    with _served_over_http(served["one"]) as url:
        done = [
            asyncio.run(_call(url, *each))
            for each in (
                (key("two"), *refund), (key("one"), *update), (both, *update),
                (key("two"), *update), ({"Authorization": "Bearer no"}, *refund), ({}, *refund),
            )
        ]  # fmt: skip
    assert [failed for failed, _ in done] == [False, False, False, True, True, False]
    assert [text for failed, text in done if failed] == ["HTTP 401"] * 2
    accepted = {
        name: [a.operation for a in engine.session(name).actions if a.response_status == 200]
        for name in ("one", "two")
    }
    names = ["stripe.refunds.create", "hubspot.objects.update"]
    assert accepted == {"one": names[::-1], "two": names}


@contextlib.contextmanager
def _served_over_http(environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "understudy.doors.mcp_http", "stripe.refunds.*", "hubspot.*"],
        env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_over_http_too_an_environment_without_systems_is_an_error(monkeypatch, capsys):
    """Told on standard error with what to do, and exit code 2."""
    pytest.importorskip("mcp")
    for name in list(os.environ):
        if name.endswith("_API_BASE"):
            monkeypatch.delenv(name)
    assert mcp_http.main(["4009"]) == 2
    assert "understudy systems serve" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "reads", "destroys", "repeats", "seen"),
    [
        ("stripe.charges.list", True, False, True, False),
        ("stripe.refunds.create", False, True, False, None),
        ("hubspot.objects.archive", False, True, True, None),
        ("hubspot.objects.create", False, False, False, None),
        ("zendesk.tickets.public_reply", False, False, True, True),
    ],
)
def test_hints_come_from_class_and_effect(name, reads, destroys, repeats, seen):
    """Reads, money, deletions and messages to customers are told apart for the model."""
    given = hints(find_operation(name))
    assert (given["read_only_hint"], given["destructive_hint"]) == (reads, destroys)
    assert given["idempotent_hint"] is repeats
    assert seen is None or given["open_world_hint"] is seen


def test_every_operation_is_offered_under_a_name_of_its_own():
    """Names differ, and have only letters that every model's interface takes."""
    names = [tool_name(each) for each in offered(mounted(), ("*",))]
    assert len(set(names)) == len(names) > 200
    assert all(name.replace("_", "").isalnum() and len(name) <= 64 for name in names)


def test_what_few_need_is_offered_by_name_only():
    """Without a word no more than a model takes; batches and the like where they are named."""
    names = [each.name for each in offered(mounted())]
    assert 100 < len(names) <= 128
    assert "stripe.refunds.create" in names
    aside = "hubspot.objects.batch_create"
    assert aside not in names
    assert [each.name for each in offered(mounted(), (aside,))] == [aside]


def test_a_pattern_that_fits_nothing_names_the_nearest():
    """A misspelt operation is an error before anything is served."""
    with pytest.raises(ConfigurationError, match=r"did you mean `stripe\.refunds\.create`"):
        offered(mounted(), ["stripe.refund.create"])


def test_an_environment_without_systems_says_what_to_do(monkeypatch):
    """Without addresses the server ends with exit code 2 and the command that gives them."""
    monkeypatch.setattr(mcp_stdio, "check_extra", lambda: None)
    monkeypatch.setattr(mcp_stdio.os, "environ", {"STRIPE_API_KEY": "sk_test_1"})
    with contextlib.redirect_stderr(io.StringIO()) as said:
        assert mcp_stdio.main([]) == 2
    assert "understudy systems serve WORLD" in said.getvalue()


def test_without_the_package_the_extra_is_named(monkeypatch):
    """Where `mcp` is not installed, the error is the command that installs it."""
    monkeypatch.setattr(mcp_stdio.importlib.util, "find_spec", lambda name: None)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        assert mcp_stdio.main([]) == 2
    assert "pip install 'understudy[mcp]'" in said.getvalue()


def test_only_systems_with_an_address_are_offered(served):
    """A system without a base address is left out, whatever keys there are."""
    variables = {name: text for name, text in served["one"].items() if "HUBSPOT_API" not in name}
    with mcp_stdio.served_offer(variables) as offer:
        assert set(offer.systems) == {"desk", "stripe", "zendesk"}
        assert not any(each.system == "hubspot" for each in offer.operations)
