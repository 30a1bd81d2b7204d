"""A campaign's candidate and its models, end to end with the unmodified `openai` client."""

from __future__ import annotations

import json
import re
import sys

import pytest

pytest.importorskip("openai")

SECRET = "sk-the-users-own"
BOT = """
import os

import openai

early = openai.OpenAI(max_retries=0, timeout=5)


def handle(case, systems):
    own = openai.OpenAI(
        base_url=case.base_urls.openai, api_key=case.credentials.openai.api_key, max_retries=0
    )
    seen = []
    for client in (early, own, openai.OpenAI(max_retries=0)):
        try:
            answer = client.chat.completions.create(
                model="m-1", messages=[{"role": "user", "content": case.id}]
            )
            seen.append(answer.choices[0].message.content)
        except Exception as error:
            seen.append(type(error).__name__)
    streamed = "".join(
        event.delta
        for event in own.responses.create(model="m-1", input=case.id, stream=True)
        if event.type == "response.output_text.delta"
    ) if {stream} else ""
    print("seen", seen, streamed)
    print("key", any("users-own" in text for text in os.environ.values()))
    return {"outcome": "escalated"}
"""


@pytest.fixture
def provider(monkeypatch, serving):
    """Plays the provider: answers with how often it was asked, and what."""

    def answer(path, asked):
        text = f"{asked['messages'][0]['content']} {len(server.seen)}"
        return {
            "id": "c", "object": "chat.completion", "created": 1, "model": "m-1",
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                         "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000},
        }  # fmt: skip

    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    server = serving(answer)
    return server


def _models(server, **keys):
    base = f"{server.url}/v1" if server else "https://api.openai.com/v1"
    prices = "{m-1: {input: 1000 EUR, output: 1000 EUR}}"
    more = "".join(f", {key}: {value}" for key, value in keys.items())
    return f'{{provider: {{base_url: "{base}"}}, prices: {prices}{more}}}'


def _run(project, mode, models, *, limit="2", stream=False, more="", quiet=True, **keys):
    project.write("bot.py", BOT.replace("{stream}", str(stream)))
    candidates = f'[{{name: agent, use: "bot:handle", timeout: 20s, models: {mode}{more}}}]'
    campaign = project.campaign("", candidates=candidates, models=models, **keys)
    told = ["-q"] if quiet else []
    return project.command("run", str(campaign), *told, "--json", "--limit", limit)


def _records(project):
    stores = sorted(project.folder.glob("reports/*/*/cases-*.jsonl"))
    return [json.loads(line) for line in stores[-1].read_text(encoding="utf-8").splitlines()]


def _printed(project):
    return [record["trace"]["printed"] for record in _records(project)]


@pytest.mark.slow
def test_models_are_recorded_and_replayed_without_the_provider(project, provider):
    """The user's key stays outside, the trace holds prompts and answers; a miss fails closed."""
    finished = _run(project, "record", _models(provider))
    (run,) = json.loads(finished.stdout)["runs"]
    assert len(provider.seen) == 6, finished.stderr
    assert {sent["authorization"] for sent, _, _ in provider.seen} == {f"Bearer {SECRET}"}
    assert run["model_traffic"] == [
        {"provider": "openai", "requests": 6, "bytes_out": run["model_traffic"][0]["bytes_out"]}
    ]
    assert run["wall"]["attempts"] == 0
    recorded = _printed(project)
    assert all("key False" in text for text in recorded)
    first = _records(project)[0]
    assert [each["messages"][0]["content"] for each in first["trace"]["prompts"]] == [
        first["case_id"]
    ] * 3
    assert first["trace"]["outputs"][0]["usage"]["prompt_tokens"] == 1000
    usage = first["proposal"]["usage"]
    assert usage["model_tokens_in"] == 3000
    assert (usage["model_cost_minor"], usage["model_cost_currency"]) == (600.0, "EUR")
    _paid_as_they_were(project, first)
    provider.seen.clear()
    finished = _run(project, "replay", _models(None), limit="3")
    (run,) = json.loads(finished.stdout)["runs"]
    assert provider.seen == []
    assert _printed(project)[:2] == recorded
    assert _records(project)[0]["proposal"]["usage"] == usage
    assert "BadRequestError" in _printed(project)[2]
    assert run["model_traffic"] == []
    assert any("3 model calls: no answer was recorded" in line for line in run["not_covered"])
    missed = _records(project)[2]
    detail = missed["gaps"][0]["detail"]
    assert missed["case_id"] in detail
    assert "--- recorded" in detail
    finished = project.command("case", "latest", missed["case_id"])
    assert "no recorded answer of a model fits a call of /" in finished.stdout


def _paid_as_they_were(project, record):
    """Costs, ladder, report, the case on the terminal and the exported spans tell it."""
    (run,) = {path.parent for path in project.folder.glob("reports/*/*/cases-*.jsonl")}
    cost = json.loads((run / "cost.json").read_text(encoding="utf-8"))
    assert [each["model_cost_minor"] for each in cost["per_case"]] == [600, 600]
    assert cost["model_cost_minor"] == 1200
    ladder = (project.folder / "reports" / "pilot.jsonl").read_text(encoding="utf-8")
    assert re.search(r'"money_minor": ?1200\b', ladder)
    assert "of it for models, as they were paid" in (run / "report.html").read_text("utf-8")
    told = project.command("case", "latest", record["case_id"]).stdout
    assert "models: 3 calls, 3,000 tokens in, 3,000 tokens out, 6.0000 EUR" in told
    project.command("report", "latest", "--otlp", "traces.jsonl")
    line = (project.folder / "traces.jsonl").read_text(encoding="utf-8").splitlines()[0]
    root, *spans = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    times = [int(span["startTimeUnixNano"]) for span in spans if span["name"] == "chat m-1"]
    ends = [int(span["endTimeUnixNano"]) for span in spans if span["name"] == "chat m-1"]
    assert len(times) == 3
    assert times == sorted(times)
    assert int(root["startTimeUnixNano"]) <= times[0] < ends[0] <= times[1] < ends[2]
    assert ends[2] <= int(root["endTimeUnixNano"])


@pytest.mark.slow
def test_several_candidates_have_their_recorded_answers_each(project, provider):
    """Two into one file are refused before the first call; with a file for each, both replay."""
    project.write("bot.py", BOT.replace("{stream}", "False"))

    def run(mode, **keys):
        both = ", ".join(
            f'{{name: {name}, use: "bot:handle", timeout: 20s, models: {mode}}}' for name in "ab"
        )
        server = provider if mode == "record" else None
        campaign = project.campaign("", candidates=f"[{both}]", models=_models(server, **keys))
        return project.command("run", str(campaign), "--limit", "2", "-q", "--json")

    refused = run("record")
    assert (refused.returncode, provider.seen) == (2, [])
    assert "`a` and `b` would record into one file, `models.jsonl`" in refused.stderr
    assert "models-{candidate}.jsonl" in refused.stderr
    recording = {"recording": '"models-{candidate}.jsonl"'}
    recorded = [run["verdict"] for run in json.loads(run("record", **recording).stdout)["runs"]]
    assert len(provider.seen) == 12
    replayed = [run["verdict"] for run in json.loads(run("replay", **recording).stdout)["runs"]]
    assert len(provider.seen) == 12
    assert (len(recorded), replayed) == (2, recorded)
    assert not any("BadRequestError" in text for text in _printed(project))


@pytest.mark.slow
def test_a_budget_ends_the_run(project, provider):
    """What calls cost is counted and told; at `stop.budget` the run ends INCONCLUSIVE, with 4."""
    stop = "{budget: 9 EUR}"
    finished = _run(project, "live", _models(provider), limit="9", quiet=False, stop=stop)
    (run,) = json.loads(finished.stdout)["runs"]
    assert finished.returncode == 4
    assert run["verdict"] == "INCONCLUSIVE"
    assert len(provider.seen) == 5  # each costs 2 EUR, and the fifth reaches the limit
    assert run["cases"]["run"] == 1  # the second was starved, and is done again on resume
    assert re.search(r"; models \d+\.00 EUR so far", finished.stderr)


@pytest.mark.slow
def test_a_case_that_spends_too_much_fails_alone(project, provider):
    """At `limits.spend` a case's further model calls are refused, and it fails; the run goes on."""
    finished = _run(project, "live", _models(provider), more=", limits: {spend: 3 EUR}")
    (run,) = json.loads(finished.stdout)["runs"]
    assert run["cases"]["run"] == 2, finished.stderr
    assert len(provider.seen) == 4  # each costs 2 EUR, so a case's second reaches the limit
    failures = [record["proposal"]["failure"]["reason"] for record in _records(project)]
    assert failures == ["spend_limit"] * 2


@pytest.mark.slow
def test_scripted_models_stream_and_go_down(project):
    """Scripted answers are streamed by Responses; the plan's faults befall models too."""
    script = "[{text: one}, {text: two}, {text: three}]"
    faults = (
        "[{match: {operation: models.chat, nth: 1}, do: status, options: {status: 503}},"
        " {match: {operation: models.chat, nth: 2}, do: truncate},"
        " {match: {system: models, nth: 3}, do: half_json}]"
    )
    finished = _run(
        project, "scripted", f"{{script: {script}}}", limit="1", faults=faults, stream=True
    )
    (run,) = json.loads(finished.stdout)["runs"]
    (printed,) = _printed(project)
    assert "InternalServerError" in printed, finished.stderr
    assert "three" in printed
    assert any("status of models" in line for line in run["not_covered"])


@pytest.mark.slow
def test_planned_faults_that_never_acted_are_told(project):
    """In the verdict and with the case: which, and why nothing is known of how they are met."""
    faults = (
        "[{match: {operation: stripe.refunds.create}, do: reset},"
        " {match: {operation: models.chat, nth: 1}, do: status},"
        " {match: {operation: models.chat, nth: 9}, do: truncate},"
        " {match: {case: nobody}, do: webhook_late}]"
    )
    finished = _run(
        project, "scripted", "{script: [{text: one}, {text: two}]}", limit="1", faults=faults
    )
    (run,) = json.loads(finished.stdout)["runs"]
    prefix = "a planned fault that never acted, "
    told = [line for line in run["not_covered"] if line.startswith(prefix)]
    assert [line.removeprefix(prefix).partition(":")[0] for line in told] == [
        "reset of stripe.refunds.create", "truncate of models.chat, call 9",
        "webhook_late of any event, case nobody",
    ]  # fmt: skip
    case = project.command("case", "latest", _records(project)[0]["case_id"]).stdout
    assert "a planned fault did not act, reset of stripe.refunds.create: nothing that it" in case
    assert "a planned fault acted once, status of models.chat" in case


@pytest.mark.parametrize(
    ("mode", "models", "keys", "expected"),
    [
        ("replay", "{recording: nowhere.jsonl}", {}, "no recorded answers"),
        ("live", "{provider: {key: NO_SUCH_KEY}}", {}, "NO_SUCH_KEY"),
        ("live", "{provider: {key: PATH}}", {"stop": "{budget: 1 EUR}"}, "models' prices"),
        ("record", "{recording: bot.py, provider: {key: PATH}}", {}, "recorded answers already"),
        (
            "live", "{provider: {key: PATH}, prices: {m-1: {input: 5 JPY, output: 9 JPY}}}",
            {"stop": "{budget: 1 EUR}"}, "prices are in JPY, and `stop.budget` is 1.00 EUR",
        ),
        (
            "live", "{provider: {key: PATH}, prices: {m-1: {input: 5 EUR, output: 9 USD}}}", {},
            "the price of `m-1` is in USD, others are in EUR",
        ),
        (
            "scripted", "{script: []}",
            {"faults": "[{match: {operation: models.chta}, do: status}]"}, "did you mean",
        ),
        (
            "scripted", "{script: []}",
            {"faults": "[{match: {system: models}, do: page_drift}]"}, "cannot befall models",
        ),
    ],
)  # fmt: skip
def test_what_a_mode_lacks_is_one_clear_error(project, mode, models, keys, expected):
    """Said before the first case, and no run folder is left behind."""
    finished = _run(project, mode, models, **keys)
    assert finished.returncode == 2
    assert expected in finished.stderr
    assert not list(project.folder.glob("reports/*/*/manifest.json"))


def test_a_process_finds_its_models_in_its_environment(project):
    """`exec:` candidates too, in a network of their own; a call that nothing serves is a gap."""
    project.write(
        "agent.py",
        """
        import json
        import sys

        import openai

        client = openai.OpenAI(max_retries=0, timeout=10)
        for line in sys.stdin:
            case = json.loads(line)
            messages = [{"role": "user", "content": case["id"]}]
            answer = client.chat.completions.create(model="m", messages=messages)
            try:
                client.models.list()
            except openai.NotFoundError:
                pass
            said = answer.choices[0].message.content
            print(json.dumps({"outcome": "escalated", "rationale": said}), flush=True)
        """,
    )
    use = f"exec: {sys.executable} agent.py"
    candidates = f'[{{name: agent, use: "{use}", timeout: 20s, models: scripted}}]'
    models = "{script: [{text: from the script}]}"
    campaign = project.campaign("", candidates=candidates, models=models)
    finished = project.command("run", str(campaign), "-q", "--json", "--limit", "2")
    records = _records(project)
    told = [record["trace"]["rationale"] for record in records]
    assert told == ["from the script"] * 2, finished.stderr
    gaps = [(g["system"], g["method"], g["path"]) for record in records for g in record["gaps"]]
    assert gaps == [("models", "GET", "/v1/models")] * 2
    (run,) = json.loads(finished.stdout)["runs"]
    uncounted = any("and nothing counts them" in line for line in run["not_covered"])
    assert uncounted is (run["wall"]["level"] == "netns")
