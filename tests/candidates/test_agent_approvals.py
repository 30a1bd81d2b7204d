"""Agents of OpenAI's SDK that wait for approvals: the desk decides, and they go on."""

import asyncio
import json

import pytest

from understudy.candidates.approvals import run_agent
from understudy.candidates.tool_door import shadow_tools

pytest.importorskip("agents")

import agents
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

MAP = {
    "refund": lambda systems, charge, euros: systems.call(
        "stripe.refunds.create", charge=charge, amount=euros * 100
    )
}
QUIET = agents.RunConfig(tracing_disabled=True)


class Scripted(agents.Model):
    """A model that says these, one a turn; `heard` is what the tools answered it."""

    def __init__(self, *said):
        self.said = list(said)
        self.heard = []

    async def get_response(self, system_instructions, input, *args, **kwargs):
        items = input if isinstance(input, list) else []
        self.heard = [each["output"] for each in items if each.get("output")]
        said = self.said.pop(0)
        return agents.ModelResponse(output=said, usage=agents.Usage(), response_id=None)

    async def stream_response(self, system_instructions, input, *args, **kwargs):
        said = await self.get_response(system_instructions, input)
        whole = Response(
            id="r", created_at=0, model="m", object="response", output=said.output,
            tool_choice="auto", tools=[], parallel_tool_calls=True,
        )  # fmt: skip
        yield ResponseCompletedEvent(type="response.completed", response=whole, sequence_number=0)


def call(number, arguments):
    return ResponseFunctionToolCall(
        type="function_call", name="refund", call_id=f"call-{number}", arguments=arguments
    )


def done(text="done"):
    part = ResponseOutputText(type="output_text", text=text, annotations=[])
    return ResponseOutputMessage(
        id="m", role="assistant", status="completed", type="message", content=[part]
    )


@agents.function_tool(needs_approval=True)
def refund(charge: str, euros: int) -> dict:
    """Give money back."""
    raise AssertionError("the real one was called")


def run(desk, *said, **options):
    model = Scripted(*said)
    agent = agents.Agent(name="support", model=model, tools=shadow_tools([refund], MAP))
    result = asyncio.run(run_agent(agent, "hi", desk.systems, MAP, run_config=QUIET, **options))
    return result.final_output, model.heard


def refunding(number, euros):
    return call(number, json.dumps({"charge": "ch_1", "euros": euros}))


def test_calls_of_one_turn_are_decided_together(desk):
    """Each refers to its own approval, and they wait once."""
    desk.decide(status="approved")
    said, heard = run(desk, [refunding(1, 3), refunding(2, 2)], [done()])
    assert (said, len(heard)) == ("done", 2)
    asked = [each.after["id"] for each in desk.session.actions[:2]]
    refunds = {each.amount_minor: each.approval_ref for each in desk.session.actions[2:]}
    assert refunds == {300: asked[0], 200: asked[1]}
    assert 300 <= desk.session.clock.passed < 600


def test_what_is_approved_otherwise_is_told_and_then_approved(desk):
    """The SDK lets nobody change a call: the agent hears which one would do, and makes it."""
    desk.decide(status="modified", approved_action={"amount": 200})
    said, heard = run(desk, [refunding(1, 3)], [refunding(2, 2)], [done()])
    assert said == "done"
    assert heard[0].startswith('Not approved as asked; with the arguments {"charge":"ch_1"')
    assert len(desk.asked) == 1
    asked, made = desk.session.actions
    assert (made.amount_minor, made.approval_ref) == (200, asked.after["id"])


def test_a_call_whose_arguments_are_no_json_is_asked_about_as_it_is(desk):
    """Nothing can be foreseen of it; the desk sees what the model wrote."""
    desk.decide(status="rejected")
    said, heard = run(desk, [call(1, '["ch_1"]')], [done()])
    assert (said, heard) == ("done", ["Not approved."])
    assert desk.asked[0]["action"]["asked"] == 'refund: ["ch_1"]'


@pytest.mark.parametrize("later", [False, True])
def test_a_streamed_run_is_resumed_as_well(desk, later):
    """What hears its events hears those after the decision too, awaited where it has to be."""
    desk.decide(status="approved")
    events = []

    async def hear(event):
        events.append(event.type)

    heard = hear if later else lambda event: events.append(event.type)
    said, _ = run(desk, [refunding(1, 3)], [done()], hear=heard)
    assert said == "done"
    assert events.count("raw_response_event") == 2
    asked, made = desk.session.actions
    assert made.approval_ref == asked.after["id"]
