"""Candidates that are clients of the Model Context Protocol: the systems are their tools."""

import sys

import pytest

from understudy.model.errors import CandidateError

pytest.importorskip("mcp")

CLIENT = """
import asyncio, json, os, sys

from mcp import Client


async def work(case):
    number = case["trigger"]["payload"]["number"]
    assert case["base_urls"]["mcp"] == os.environ["MCP_SERVER_URL"]
    async with Client(case["base_urls"]["mcp"]) as client:
        tools = await client.list_tools()
        arguments = {"charge": "ch_1", "amount": 100 + number}
        done = await client.call_tool("stripe_refunds_create", arguments)
        wrong = await client.call_tool("stripe_refunds_create", {"charge": "ch_none"})
    refund = json.loads(done.content[0].text)
    return {"rationale": f"{refund['amount']} {wrong.is_error} {len(tools.tools) > 20}"}


for line in sys.stdin:
    print(json.dumps(asyncio.run(work(json.loads(line)))), flush=True)
"""


@pytest.mark.parametrize("isolation", ["case", "serial"])
def test_an_mcp_client_works_on_the_case_at_hand(project, run, isolation):
    """It finds the server in its environment and its case; its writes are the case's own."""
    project.write("client.py", CLIENT)
    use = f"mcp: {sys.executable} client.py"
    report, records = run(project.plan(3, use=use, isolation=isolation))
    assert report.failures == {}, [record.proposal.failure for record in records]
    assert [record.trace.rationale for record in records] == [
        f"{100 + number} True True" for number in range(3)
    ]
    done = [
        [action.amount_minor for action in record.proposal.actions if not action.refused]
        for record in records
    ]
    assert done == [[100], [101], [102]]
    assert {len(record.proposal.actions) for record in records} == {2}


def test_a_program_that_is_not_there_is_one_clear_error(project, run):
    """The command is named before the first case."""
    with pytest.raises(CandidateError, match="no such command"):
        run(project.plan(1, use="mcp: no-such-program-anywhere"))
