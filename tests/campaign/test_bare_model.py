"""A prompt under shadow: no code of the user's, the systems as the model's tools."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("openai")

TAGS = '{name: zendesk_tags_add, arguments: {id: "%s", tags: [seen]}}'
LAST = json.dumps({"outcome": "acted", "confidence": 0.8, "rationale": "tagged it"})


@pytest.fixture
def provider(monkeypatch, serving):
    """Plays the provider: tags the ticket of the event by a tool, then says that it is done."""

    def answer(path, asked):
        message = {"role": "assistant", "content": LAST}
        if asked["messages"][-1]["role"] == "user":
            ticket = json.loads(asked["messages"][-1]["content"])["event"]["payload"]["ticket_id"]
            arguments = json.dumps({"id": ticket, "tags": ["seen"]})
            call = {"name": "zendesk_tags_add", "arguments": arguments}
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
            }
        return {
            "id": "c", "object": "chat.completion", "created": 1, "model": "m-1",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }  # fmt: skip

    monkeypatch.setenv("OPENAI_API_KEY", "sk-the-users-own")
    return serving(answer)


def _run(
    project, use, *, mode="scripted", script="[]", limit="2", prompt="Tag every ticket.", more=()
):
    if prompt is not None:
        project.write("prompt.md", prompt)
    candidates = f"[{{name: prompt, use: {{openai: {use}}}, models: {mode}}}]"
    campaign = project.campaign("", candidates=candidates, models=f"{{script: {script}}}")
    return project.command("run", str(campaign), "-q", "--json", "--limit", limit, *more)


def _records(project):
    stores = sorted(project.folder.glob("reports/*/*/cases-*.jsonl"))
    return [json.loads(line) for line in stores[-1].read_text(encoding="utf-8").splitlines()]


@pytest.mark.slow
def test_a_prompt_is_recorded_and_replayed_with_the_same_verdict(project, provider):
    """Prompt and provider are all it takes; replayed, the provider is not asked once."""
    use = f'{{model: m-1, prompt: prompt.md, base_url: "{provider.url}/v1"'
    use += ', tools: ["zendesk.*"], options: {temperature: 0}}'
    recorded = json.loads(_run(project, use, mode="record").stdout)["runs"][0]
    first, second = _records(project)
    assert [action["operation"] for action in first["proposal"]["actions"]] == ["zendesk.tags.add"]
    assert first["proposal"]["outcome"] == "acted"
    assert first["proposal"]["confidence"] == 0.8
    assert first["trace"]["prompts"][0]["messages"][0]["content"] == "Tag every ticket."
    _, _, asked = provider.seen[0]
    assert asked["temperature"] == 0
    assert {each["function"]["name"].partition("_")[0] for each in asked["tools"]} == {"zendesk"}
    assert recorded["hashes"]["prompt"]
    count = len(provider.seen)
    assert count == 4
    replayed = json.loads(_run(project, use, mode="replay").stdout)["runs"][0]
    assert len(provider.seen) == count
    again = _records(project)
    assert [each["proposal"]["actions"] for each in again] == [
        each["proposal"]["actions"] for each in (first, second)
    ]
    assert replayed["verdict"] == recorded["verdict"]
    assert replayed["error_cost"] == recorded["error_cost"]
    changed = json.loads(_run(project, use, mode="replay", prompt="Do nothing.").stdout)["runs"][0]
    assert changed["hashes"]["prompt"] != recorded["hashes"]["prompt"]
    assert changed["hashes"]["candidate"] != recorded["hashes"]["candidate"]


@pytest.mark.slow
def test_what_is_wrong_with_a_call_is_told_to_the_model(project):
    """Unknown tools, refused calls, missing parts of the path: its next call reads the reason."""
    script = (
        "[{tool_calls: [{name: no_such_tool, arguments: {}},"
        ' {name: zendesk_tickets_get, arguments: {id: "1"}}, {name: zendesk_tickets_get}]},'
        " {text: nothing to do}]"
    )
    finished = _run(project, "{model: m, prompt: prompt.md}", script=script, limit="1")
    (record,) = _records(project)
    told = [each["content"] for each in record["trace"]["prompts"][1]["messages"][-3:]]
    assert "no tool no_such_tool" in told[0], finished.stderr
    assert json.loads(told[1])["status"] == 404
    assert "needs `id`" in told[2]
    assert record["trace"]["rationale"] == "nothing to do"
    assert record["proposal"]["outcome"] == "abstained"
    assert len(record["trace"]["prompts"][0]["tools"]) <= 128


@pytest.mark.slow
def test_a_model_that_never_comes_to_an_end_fails_its_case(project):
    """The calls of a case are counted, and a model that is down is a failure of the candidate."""
    call = "{tool_calls: [{name: zendesk_users_me, arguments: {}}]}"
    script = f"[{call}, {call}, {call}, {{status: 400}}]"
    for calls, expected in ((3, "after 3 calls"), (9, "BadRequestError")):
        use = f"{{model: m, prompt: prompt.md, most_calls: {calls}}}"
        _run(project, use, script=script, limit="1")
        assert expected in _records(project)[0]["proposal"]["failure"]["detail"]


@pytest.mark.parametrize(
    ("use", "prompt", "expected"),
    [
        ("{model: m}", "x", "campaign.yaml:4: `candidates.0.use.openai.prompt` is req"),
        ("{model: m, promt: prompt.md, prompt: prompt.md}", "x", "did you mean `prompt`?"),
        ("{model: m, prompt: prompt.md, base_url: ftp}", "x", "got `ftp`"),
        ("{model: m, prompt: prompt.md}", None, "`prompt.md` cannot be read: No such file"),
        ("{model: m, prompt: prompt.md}", "  ", "`prompt.md` is empty"),
        ('{model: m, prompt: prompt.md, tools: ["zendesk.tiket.*"]}', "x", "did you mean"),
        ('{model: m, prompt: prompt.md, tools: ["*"]}', "x", "128 are the most"),
    ],
)
def test_a_prompt_that_cannot_be_run_is_one_clear_error(project, use, prompt, expected):
    """Missing keys with their line, missing files, unknown tools, too many of them."""
    finished = _run(project, use, prompt=prompt)
    assert finished.returncode == 2
    assert expected in finished.stderr


@pytest.mark.parametrize("tools", ["", ', tools: ["customer.*", "zendesk.users.me"]'])
@pytest.mark.slow
def test_a_model_asks_the_customer_by_a_tool(project, tools):
    """The answer is the result of its call, in one conversation; one question at a time."""
    ask = '{name: customer_ask, arguments: {question: "What is your name?"}}'
    empty = "{name: customer_ask, arguments: {}}"
    script = f"[{{tool_calls: [{empty}]}}, {{tool_calls: [{ask}, {ask}]}}, {{text: thanks}}]"
    lines = (project.world / "recording" / "cases.jsonl").read_text("utf-8").splitlines()
    case = next(
        each for each in map(json.loads, lines) if "requester_id" in each["trigger"]["payload"]
    )
    use = f"{{model: m, prompt: prompt.md{tools}}}"
    _run(project, use, script=script, limit="1", more=("--case", case["case_id"]))
    (record,) = _records(project)
    turns = record["trace"]["turns"]
    assert [turn["role"] for turn in turns] == ["agent", "customer"]
    assert turns[0]["text"] == "What is your name?"
    told = record["trace"]["prompts"][-1]["messages"]
    assert [each["role"] for each in told[:2]] == ["system", "user"]
    results = [json.loads(each["content"]) for each in told if each["role"] == "tool"]
    assert "one `question` at a time" in results[0]["error"]
    assert {"answer": turns[1]["text"]} in results
    assert record["trace"]["rationale"] == "thanks"


@pytest.mark.slow
def test_a_model_that_is_offered_other_tools_cannot_ask(project):
    """What it is offered is what the campaign names, and nothing besides."""
    _run(project, '{model: m, prompt: prompt.md, tools: ["zendesk.users.me"]}', limit="1")
    (record,) = _records(project)
    (prompt,) = record["trace"]["prompts"]
    assert [each["function"]["name"] for each in prompt["tools"]] == ["zendesk_users_me"]
