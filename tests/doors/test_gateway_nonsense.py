"""Models that answer well-formed nonsense: OpenAI's own client reads it, and it is wrong."""

from __future__ import annotations

import json

import pytest

from understudy.doors.gateway import Gateway, serving_models
from understudy.doors.gateway_faults import FaultyModels
from understudy.doors.gateway_script import Script, script_from
from understudy.model.campaign import Fault
from understudy.model.errors import ConfigurationError

openai = pytest.importorskip("openai")

TOOL = {"name": "refund", "arguments": {"charge": "ch_19A", "amount": 950, "parts": [0, 0.5]}}
OTHER = {"charge": "ch_21A", "amount": 160, "parts": [0, 0.6]}
ASK = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def asking():
    """A client of a model that says one thing, and says it wrongly in this form."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def client(form, *said, share="100%"):
            match = {"system": "models", "share": share}
            options = {"form": form} if form else {}
            fault = Fault.model_validate({"match": match, "do": "nonsense", "options": options})
            source = FaultyModels(Script(script_from(said)), [fault], seed=7)
            url = stack.enter_context(serving_models(Gateway(source)))
            made = openai.OpenAI(base_url=url, api_key="x", max_retries=0)
            return stack.enter_context(made)

        yield client


def chat(client, streamed):
    """Finish reason, text, and calls with their arguments, of a whole answer or a streamed one."""
    if streamed:
        with client.chat.completions.stream(**ASK) as stream:
            choice = stream.get_final_completion().choices[0]
    else:
        choice = client.chat.completions.create(**ASK).choices[0]
    calls = [
        (each.function.name, json.loads(each.function.arguments))
        for each in choice.message.tool_calls or ()
    ]
    return choice.finish_reason, choice.message.content or "", calls


def responses(client, streamed):
    """The same of Responses."""
    if streamed:
        with client.responses.stream(model="m", input="hello") as stream:
            told = stream.get_final_response()
    else:
        told = client.responses.create(model="m", input="hello")
    calls = [(e.name, json.loads(e.arguments)) for e in told.output if e.type == "function_call"]
    return told.status, told.output_text, calls


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("ask", [chat, responses])
@pytest.mark.parametrize(
    ("form", "text", "calls"),
    [
        ("unknown_ids", "Rifandid 61 IAR.", [("refund", OTHER)]),
        ("unknown_tool", "Rifandid 61 IAR.", [("refund_v2", OTHER)]),
        ("nothing", "", []),
    ],
)
def test_an_answer_keeps_its_shape_and_is_wrong(asking, form, text, calls, ask, streamed):
    """Ids and amounts that nothing has, a tool that nobody offered, or no word at all."""
    said = {"text": "Refunded 59 EUR.", "tool_calls": [TOOL]}
    ended, told, called = ask(asking(form, said), streamed)
    assert (told, called) == (text, calls)
    assert ended in ("stop", "tool_calls", "completed")


def test_what_is_said_as_json_stays_json_of_the_same_names(asking):
    """A structured answer has its fields, with other values in them."""
    text = json.dumps({"outcome": "refund", "amount": 95})
    for streamed in (False, True):
        _, told, _ = chat(asking("unknown_ids", {"text": text}), streamed)
        assert json.loads(told) == {"outcome": "refund", "amount": 16}


@pytest.mark.parametrize(("form", "vector"), [("unknown_ids", [2, 0.5]), ("nothing", [0, 0])])
def test_vectors_are_other_vectors(asking, form, vector):
    """As floats, and in the encoding that clients ask for by themselves."""
    client = asking(form, *[{"embedding": [0.5, 2.0]}] * 2)
    for options in ({}, {"encoding_format": "float"}):
        (found,) = client.embeddings.create(model="e", input="a", **options).data
        assert found.embedding == vector


def test_errors_stay_errors_and_forms_are_drawn(asking):
    """Nothing is made of an error; without a form each is drawn, the same one for the same call."""
    with pytest.raises(openai.InternalServerError):
        chat(asking("unknown_ids", {"status": 503}), False)
    said = {"text": "Refunded 59 EUR.", "tool_calls": [TOOL]}
    drawn = [chat(asking("", said), False) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0][1:] != (said["text"], [("refund", TOOL["arguments"])])


def test_a_form_that_is_none_is_refused(asking):
    """With what is known."""
    with pytest.raises(ConfigurationError, match="one of drawn, unknown_ids, unknown_tool, noth"):
        asking("unknown", {"text": "x"})
