"""All three interfaces of models in a campaign, and candidates of every form that use them."""

from __future__ import annotations

import json

import pytest

openai = pytest.importorskip("openai")

SECRET = "sk-the-users-own"
BOT = """
import json

import openai


def handle(case, systems):
    client = openai.OpenAI(max_retries=0)
    chat = client.chat.completions.create(
        model="m-1", messages=[{"role": "user", "content": case.id}]
    )
    whole = client.responses.create(model="m-1", input=case.id)
    streamed = client.responses.create(model="m-1", input=case.id, stream=True)
    pieces = [e.delta for e in streamed if e.type == "response.output_text.delta"]
    vectors = client.embeddings.create(model="e-1", input=[case.id, "other"]).data
    return {"outcome": "escalated", "rationale": json.dumps([
        chat.choices[0].message.content, whole.output_text, "".join(pieces),
        [each.embedding for each in vectors],
    ])}
"""


def _message(text):
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "msg", "type": "message", "role": "assistant", "status": "completed",
            "content": content}  # fmt: skip


def _response(text, status="completed"):
    return {
        "id": "resp", "object": "response", "created_at": 1, "model": "m-1", "status": status,
        "output": [_message(text)] if status == "completed" else [], "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [],
        "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10,
                  "input_tokens_details": {"cached_tokens": 0},
                  "output_tokens_details": {"reasoning_tokens": 0}},
    }  # fmt: skip


def _events(text):
    place = {"item_id": "msg", "output_index": 0, "content_index": 0}
    told = [
        {"type": "response.created", "response": _response("", "in_progress")},
        *({"type": "response.output_text.delta", "delta": each, **place} for each in text),
        {"type": "response.completed", "response": _response(text)},
    ]
    for number, each in enumerate(told):
        data = json.dumps({**each, "sequence_number": number})
        yield f"event: {each['type']}\ndata: {data}\n\n"


@pytest.fixture
def provider(monkeypatch, serving):
    """Plays the provider of all three interfaces; each answer says how often it was asked."""

    def answer(path, asked):
        text = f"answer {len(server.seen)}"
        if path.endswith("/chat/completions"):
            message = {"role": "assistant", "content": text}
            return {
                "id": "c", "object": "chat.completion", "created": 1, "model": "m-1",
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
            }  # fmt: skip
        if path.endswith("/embeddings"):
            vectors = [[len(server.seen), number] for number in range(len(asked["input"]))]
            data = [{"object": "embedding", "index": i, "embedding": v}
                    for i, v in enumerate(vectors)]  # fmt: skip
            return {"object": "list", "model": "e-1", "data": data,
                    "usage": {"prompt_tokens": 4, "total_tokens": 4}}  # fmt: skip
        return "".join(_events(text)) if asked.get("stream") else _response(text)

    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    server = serving(answer)
    return server


def _run(project, use, mode, models, limit="2"):
    candidates = f'[{{name: agent, use: "{use}", timeout: 30s, models: {mode}}}]'
    campaign = project.campaign("", candidates=candidates, models=models)
    finished = project.command("run", str(campaign), "-q", "--json", "--limit", limit)
    stores = sorted(project.folder.glob("reports/*/*/cases-*.jsonl"))
    assert stores, finished.stderr
    lines = stores[-1].read_text(encoding="utf-8").splitlines()
    return json.loads(finished.stdout)["runs"][0], [json.loads(line) for line in lines]


@pytest.mark.slow
def test_responses_and_embeddings_are_recorded_and_replayed(project, provider):
    """Chat, Responses whole and streamed, embeddings: the same answers again, and nobody asked."""
    project.write("bot.py", BOT)
    models = f'{{provider: {{base_url: "{provider.url}/v1"}}}}'
    run, recorded = _run(project, "bot:handle", "record", models)
    assert run["model_traffic"][0]["requests"] == 8
    assert {sent["authorization"] for sent, _, _ in provider.seen} == {f"Bearer {SECRET}"}
    first = json.loads(recorded[0]["trace"]["rationale"])
    assert first == ["answer 1", "answer 2", "answer 3", [[4.0, 0.0], [4.0, 1.0]]]
    assert [each["path"] for each in recorded[0]["trace"]["prompts"]] == [
        "/chat/completions", "/responses", "/responses", "/embeddings",
    ]  # fmt: skip
    usage = recorded[0]["proposal"]["usage"]
    assert (usage["model_calls"], usage["model_tokens_in"], usage["model_tokens_out"]) == (4, 23, 8)
    provider.seen.clear()
    run, replayed = _run(project, "bot:handle", "replay", models)
    assert (provider.seen, run["model_traffic"]) == ([], [])
    assert [each["trace"]["rationale"] for each in replayed] == [
        each["trace"]["rationale"] for each in recorded
    ]
    assert replayed[0]["trace"]["outputs"] == recorded[0]["trace"]["outputs"]


def test_a_service_finds_its_models_in_the_case(project, provider, serving):
    """An `http://` candidate reaches the gateway with the case's key, and nobody else's."""

    def service(path, case):
        base, key = case["base_urls"]["openai"], case["credentials"]["openai"]["api_key"]
        with openai.OpenAI(base_url=base, api_key=key, max_retries=0) as client:
            said = client.responses.create(model="m-1", input="Hello").output_text
            vector = client.embeddings.create(model="e-1", input=["a"]).data[0].embedding
        wrong = openai.OpenAI(base_url=base, api_key=SECRET, max_retries=0)
        with wrong as client, pytest.raises(openai.AuthenticationError):
            client.responses.create(model="m-1", input="Hello")
        told = json.dumps([key == SECRET, said, vector])
        return {"outcome": "escalated", "rationale": told}

    models = f'{{provider: {{base_url: "{provider.url}/v1"}}}}'
    run, records = _run(project, f"{serving(service).url}/case", "live", models)
    told = [json.loads(record["trace"]["rationale"]) for record in records]
    assert told == [[False, "answer 1", [2.0, 0.0]], [False, "answer 3", [4.0, 0.0]]]
    assert [len(record["trace"]["prompts"]) for record in records] == [2, 2]
    assert run["model_traffic"][0]["requests"] == 4
