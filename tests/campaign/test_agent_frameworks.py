"""Agents on frameworks of their own, through a campaign: what they cannot do, and whom they ask."""

from __future__ import annotations

import json

import pytest


def script(*answers):
    return json.dumps({"script": answers})


def record_of(run):
    (path,) = run.glob("cases-*.jsonl")
    return json.loads(path.read_text("utf-8").splitlines()[0])


@pytest.mark.slow
def test_a_tool_without_a_mapping_is_a_gap_though_a_framework_answers_for_it(project):
    """The Agents SDK tells its model of the error and goes on: INVALID all the same, and told."""
    pytest.importorskip("agents")
    project.write(
        "bot.py",
        """
        from agents import Agent, OpenAIChatCompletionsModel, RunConfig, function_tool
        from openai import AsyncOpenAI
        from understudy.candidates.approvals import run_agent
        from understudy.candidates.tool_door import shadow_tools

        @function_tool
        def wipe(number: str) -> str:
            "Forget a customer."
            raise AssertionError("the real one was called")

        async def handle(case, systems):
            model = OpenAIChatCompletionsModel("gpt-5-mini", AsyncOpenAI())
            agent = Agent(name="a", model=model, tools=shadow_tools([wipe], {}))
            quiet = RunConfig(tracing_disabled=True)
            result = await run_agent(agent, "go", systems, {}, run_config=quiet)
            return {"outcome": "abstained", "rationale": str(result.final_output)}
        """,
    )
    call = {"name": "wipe", "arguments": {"number": "1"}}
    campaign = project.campaign(
        "bot:handle",
        candidates='[{name: agent, use: "bot:handle", models: scripted}]',
        models=script({"tool_calls": [call]}, {"text": "all done"}),
    )
    finished = project.command("run", str(campaign), "--limit", "2", "-q")
    run = project.runs()[0]
    assert record_of(run)["trace"]["rationale"] == "all done"
    verdict = json.loads((run / "verdict.json").read_text("utf-8"))
    assert (finished.returncode, verdict["verdict"]) == (3, "INVALID"), finished.stderr
    assert "nothing serves CALL wipe at tools (2x)" in finished.stdout
    assert "a request that nothing serves: CALL wipe at tools (2x)" in verdict["not_covered"]
    assert "made calls that nothing serves" in (run / "report.md").read_text("utf-8")


@pytest.mark.slow
def test_a_graph_that_asks_the_customer_goes_on_with_the_reply(project):
    """An interrupt is left for the customer; the same thread is resumed with what they say."""
    pytest.importorskip("langgraph")
    project.write(
        "bot.py",
        """
        from typing import TypedDict

        from langgraph.checkpoint.memory import InMemorySaver
        from langgraph.graph import START, StateGraph
        from langgraph.types import Command, interrupt
        from understudy.candidates.approvals import run_graph

        class State(TypedDict):
            said: str

        def ask(state):
            return {"said": interrupt({"question": "What is your e-mail address?"})}

        builder = StateGraph(State)
        builder.add_node("ask", ask)
        builder.add_edge(START, "ask")
        GRAPH = builder.compile(checkpointer=InMemorySaver())

        def is_question(value):
            return "question" in value

        def handle(case, systems):
            asked = any(turn.role == "agent" for turn in case.turns)
            given = Command(resume=case.turns[-1].text) if asked else {"said": ""}
            state = run_graph(GRAPH, given, case, systems, {}, leave=is_question)
            if "__interrupt__" in state:
                return {"ask": state["__interrupt__"][0].value["question"]}
            return {"outcome": "abstained", "rationale": "heard: " + state["said"]}
        """,
    )
    finished = project.command("run", str(project.campaign("bot:handle")), "--limit", "6", "-q")
    (path,) = project.runs()[0].glob("cases-*.jsonl")
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    heard = [each for each in records if (each["trace"].get("rationale") or "").startswith("heard")]
    assert heard, finished.stdout + finished.stderr
    for each in records:
        question, *replies = each["trace"]["turns"]
        assert question["text"] == "What is your e-mail address?"
        if each in heard:
            (reply,) = replies
            assert each["trace"]["rationale"] == f"heard: {reply['text']}"
            assert reply["simulated"] is True
        else:
            assert each["proposal"]["outcome"] == "escalated"
