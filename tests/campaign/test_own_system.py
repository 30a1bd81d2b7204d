"""A system of one's own, in one file: mounted by name, with all that the vendors' systems have."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from understudy.doors.serving import open_world
from understudy.model.campaign import Fault
from understudy.model.errors import ConfigurationError
from understudy.model.world import World
from understudy.systems.calling import build_request
from understudy.systems.engine import Engine
from understudy.systems.openapi import openapi
from understudy.systems.routes import mounted

EXAMPLE = Path(__file__).parents[2] / "fixtures" / "systems" / "warehouse.py"
USE = "warehouse:Warehouse"
CANDIDATE = """
    import httpx

    def handle(case, systems):
        base, token = case.base_urls["warehouse"], case.credentials["warehouse"]["token"]
        with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}) as client:
            left = client.get("/items/pump").json()["stock"]
            refused = client.post("/shipments", json={"item": "pump", "quantity": 99})
            sent = client.post("/shipments", json={"item": "pump", "quantity": 1})
        listed = systems.call("warehouse.items.list")["items"]
        made = systems.call("warehouse.shipments.create", item="fan", quantity=2)
        return {
            "outcome": "acted",
            "rationale": f"{left} {refused.status_code} {sent.status_code} {made['status']}"
            f" {listed[0]['stock']}",
        }
"""


@pytest.fixture
def warehouse(monkeypatch):
    """The shipped example, importable."""
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    yield USE
    sys.modules.pop("warehouse", None)


@pytest.fixture
def systems(warehouse):
    """The vendors' systems with the user's own beside them."""
    return {"finance": "stripe", "warehouse": warehouse}


def test_the_example_is_short():
    """One file of less than a hundred lines is a whole system."""
    assert len(EXAMPLE.read_text().splitlines()) < 100


def test_a_campaign_mounts_it_by_name(project):
    """By httpx at its host and by `systems.call` it is reached; writes are captured and priced."""
    project.write("warehouse.py", EXAMPLE.read_text())
    project.write("bot.py", CANDIDATE)
    fault = "{match: {operation: warehouse.shipments.create, nth: 2}, do: status, options: %s}"
    path = project.campaign(
        "bot:handle",
        systems='{support: zendesk, warehouse: "warehouse:Warehouse"}',
        faults=f"[{fault % '{status: 503}'}]",
    )
    done = project.command("run", str(path), "--limit", "2")
    assert done.returncode in (0, 1, 6), done.stderr
    (run,) = project.runs()
    lines = [line for file in run.glob("cases-*.jsonl") for line in file.read_text().splitlines()]
    record = json.loads(lines[0])
    proposal = record["proposal"]
    actions = [each for each in proposal["actions"] if each["system"] == "warehouse"]
    assert [each["response_status"] for each in actions] == [409, 503, 201]
    assert [each["amount_minor"] for each in actions] == [99 * 24_900, 24_900, 2 * 8_900]
    assert actions[2]["currency"] == "EUR"
    assert actions[2]["after"]["item"] == "fan"
    assert "3 409 503 sent 3" in json.dumps(record)


def test_two_cases_have_a_stock_each(systems):
    """What one case takes is there for the other; the diff is each one's own."""
    engine = Engine(World({}), systems=systems)
    first, second = engine.open_case("a"), engine.open_case("b")
    operation = engine.systems["warehouse"].by_name["warehouse.shipments.create"]
    for _ in range(3):
        request = build_request(operation, {"item": "pump"}, first.credentials, engine.systems)
        assert engine.handle(request).status == 201
    assert engine.handle(request).status == 409
    assert first.effect()["warehouse.items", "pump"] == {"stock": (3, 0)}
    assert second.effect() == {}
    assert len(first.actions) == 4


def test_faults_befall_it(systems):
    """Applied, then reset: the shipment has left, and the caller does not know."""
    fault = Fault.model_validate(
        {"match": {"system": "warehouse", "nth": 1}, "do": "apply_then_reset"}
    )
    engine = Engine(World({}), systems=systems, faults=[fault])
    session = engine.open_case("a")
    operation = engine.systems["warehouse"].by_name["warehouse.shipments.create"]
    request = build_request(operation, {"item": "fan"}, session.credentials, engine.systems)
    assert engine.handle(request).wire == "reset"
    assert session.effect()["warehouse.items", "fan"] == {"stock": (12, 11)}
    assert session.actions[0].candidate_saw_response is False


def test_it_is_served_on_loopback(systems):
    """Its address and its token stand in the environment, under its own name."""
    with open_world(World({}), systems=systems) as served:
        base = served.variables["WAREHOUSE_API_BASE"]
        asked = urllib.request.Request(base + "/items/fan")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(asked)
        asked.add_header("Authorization", f"Bearer {served.variables['WAREHOUSE_TOKEN']}")
        assert json.load(urllib.request.urlopen(asked))["stock"] == 12


@pytest.mark.parametrize("named", [[USE], ["--system", USE]])
def test_it_is_offered_as_tools(systems, named):
    """A real client over stdio finds its operations as tools, with hints, and ships with them."""
    pytest.importorskip("mcp")
    from mcp import Client, StdioServerParameters

    async def talk(variables):
        command = ["-m", "understudy.doors.mcp_stdio", *named, "warehouse.*"]
        parameters = StdioServerParameters(
            command=sys.executable, args=command, env=variables, cwd=EXAMPLE.parent
        )
        async with Client(parameters) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            return tools, await client.call_tool("warehouse_shipments_create", {"item": "fan"})

    with open_world(World({}), systems=systems) as served:
        tools, sent = asyncio.run(talk(served.variables))
        assert set(tools) == {
            "warehouse_items_list", "warehouse_items_get", "warehouse_shipments_create",
        }  # fmt: skip
        assert tools["warehouse_items_get"].annotations.read_only_hint is True
        assert "sent" in sent.content[0].text
        assert [each.operation for each in served.session.actions] == ["warehouse.shipments.create"]


def test_its_openapi_document_is_made_of_its_table(warehouse):
    """Paths, parameters and the shapes of answers, as for the vendors' systems."""
    document = openapi(mounted({"warehouse": warehouse})["warehouse"])
    assert set(document["paths"]) == {"/items", "/items/{id}", "/shipments"}
    assert "shipment" in document["components"]["schemas"]


def test_the_commands_take_it(tmp_path):
    """`systems openapi` and `systems operations` know it from the folder that holds it."""
    (tmp_path / "warehouse.py").write_text(EXAMPLE.read_text())

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "understudy", "systems", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    document = json.loads(command("openapi", USE).stdout)
    assert document["info"]["title"].startswith("warehouse")
    assert "warehouse.shipments.create" in command("operations", "--system", USE).stdout


def test_what_its_author_forgot_is_told_at_once(tmp_path, monkeypatch):
    """No host, a name that is taken, an operation of another system: one error, before any case."""
    (tmp_path / "hasty_system.py").write_text(
        "from understudy.systems.operation import Operation, Reply\n"
        "from understudy.systems.system import System\n"
        "class Hasty(System):\n"
        "    name = 'stripe'\n"
        "    operations = (Operation(name='other.a.list', system='other', method='GET',\n"
        "        template='/a', description='', params={}, handler=lambda call: Reply(200)),)\n"
        "class Nothing: pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigurationError) as caught:
        mounted({"a": "hasty_system:Hasty"})
    for told in ("`host` is empty", "built in", "`other.a.list` is not an operation of `stripe`"):
        assert told in caught.value.describe()
    for name in ("hasty_system:Nothing", "hasty_system:Missing", "no_such_module:A"):
        with pytest.raises(ConfigurationError, match=name):
            mounted({"a": name})
