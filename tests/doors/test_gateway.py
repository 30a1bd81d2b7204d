"""The model gateway, driven by the unmodified `openai` client."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from understudy.doors.gateway import Gateway, serving_models
from understudy.doors.gateway_meter import Meter, ModelBudget, TokenPrice
from understudy.doors.gateway_provider import PassThrough, Provider
from understudy.doors.gateway_replay import Replay
from understudy.doors.gateway_script import Script, script_from
from understudy.doors.gateway_trace import Traced
from understudy.doors.gateway_wire import Exchange
from understudy.model.errors import ConfigurationError, SafetyError
from understudy.model.jsonl import read_lines

openai = pytest.importorskip("openai")

SECRET = "sk-the-users-own"
ASK = {"model": "m-1", "messages": [{"role": "user", "content": "Refund?"}]}
CHAT = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-1",
    "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                 "message": {"role": "assistant", "content": "Yes, ünd so"}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
}  # fmt: skip
RESPONSE = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m-1",
    "output": [{"id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": "Answered", "annotations": []}]}],
    "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": None,
}  # fmt: skip
VECTOR = {
    "object": "list", "model": "e-1", "usage": {"prompt_tokens": 3, "total_tokens": 3},
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
}  # fmt: skip


def chunk(part, finish=None):
    choice = {"index": 0, "delta": part, "finish_reason": finish}
    return {**CHAT, "object": "chat.completion.chunk", "choices": [choice], "usage": None}


CHUNKS = [chunk({"role": "assistant"}), chunk({"content": "a"}), chunk({"content": "b"}, "stop")]


class Provided(BaseHTTPRequestHandler):
    """A server that plays the provider; what the test asks it to do stands in the prompt."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body)
        self.server.seen.append((self.path, dict(self.headers), asked))
        if self.headers["authorization"] != f"Bearer {SECRET}":
            self.whole(401, {"error": {"message": "no", "code": "invalid_api_key"}})
        elif "busy" in body.decode():
            self.whole(503, {"error": {"message": "busy", "code": "overloaded"}})
        elif asked.get("stream"):
            self.events("broken" in body.decode())
        else:
            kinds = {"/v1/chat/completions": CHAT, "/v1/responses": RESPONSE}
            self.whole(200, kinds.get(self.path, VECTOR))

    def whole(self, status, answer):
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("x-request-id", "req_1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def events(self, broken):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for each in CHUNKS[:2] if broken else CHUNKS:
            self.piece(b"data: " + json.dumps(each).encode() + b"\n\n")
            self.server.released.wait(10)
        if broken:
            self.close_connection = True
            return
        self.piece(b"data: [DONE]\n\n")
        self.piece(b"")

    def piece(self, block):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
        self.wfile.flush()

    def log_message(self, *args):
        return


@pytest.fixture
def provider():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provided)
    server.seen, server.released = [], threading.Event()
    server.released.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client():
    """The unmodified client on a gateway's address; closed at the end."""
    made = []

    def make(base_url, key="sk-the-candidates", **options):
        made.append(openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def passing(server, *, budget=None, record=None):
    meter = Meter(budget)
    place = Provider("acme-models", server.base_url, SECRET)
    return PassThrough(place, [server.base_url], meter=meter, record=record), meter


def ask_all(asking):
    """One call of each interface, the first one streamed too."""
    streamed = asking.chat.completions.create(**ASK, stream=True)
    return [
        asking.chat.completions.create(**ASK).choices[0].message.content,
        "".join(each.choices[0].delta.content or "" for each in streamed),
        asking.responses.create(model="m-1", input="Refund?").output_text,
        asking.embeddings.create(model="e-1", input="text").data[0].embedding,
    ]


ANSWERS = ["Yes, ünd so", "ab", "Answered", [0.5, -0.25]]


def test_the_provider_is_asked_with_the_users_key(provider, client):
    """All three interfaces go through; the candidate's key stays here, the user's goes out."""
    source, meter = passing(provider)
    with serving_models(Gateway(source)) as url:
        assert ask_all(client(url)) == ANSWERS
    assert [path for path, _, _ in provider.seen] == [
        "/v1/chat/completions", "/v1/chat/completions", "/v1/responses", "/v1/embeddings",
    ]  # fmt: skip
    for _, headers, asked in provider.seen:
        assert headers["authorization"] == f"Bearer {SECRET}"
        assert "sk-the-candidates" not in json.dumps([headers, asked])
        assert not any(name.lower().startswith("x-stainless") for name in headers)
    (counted,) = meter.traffic()
    assert (counted.provider, counted.requests) == ("acme-models", 4)
    assert counted.bytes_out > 200
    assert SECRET not in repr(Provider("a", "https://a.example/v1", SECRET))


def test_a_stream_arrives_piece_by_piece(provider, client):
    """The first piece is there before the provider has sent the second."""
    provider.released.clear()
    source, _ = passing(provider)
    with serving_models(Gateway(source)) as url:
        stream = client(url, timeout=10).chat.completions.create(**ASK, stream=True)
        first = next(stream)
        assert first.choices[0].delta.role == "assistant"
        provider.released.set()
        assert len(list(stream)) == 2


def test_a_recorded_run_is_replayed_without_a_provider(provider, client, tmp_path):
    """The same calls get the same answers, streamed ones too; nothing is asked of anybody."""
    record = tmp_path / "models" / "calls.jsonl"
    source, _ = passing(provider, record=record)
    with serving_models(Gateway(source)) as url:
        assert ask_all(client(url)) == ANSWERS
    lines = list(read_lines(record, Exchange))
    assert [line.path for line in lines].count("/chat/completions") == 2
    assert SECRET not in record.read_text()
    asked = len(provider.seen)
    with serving_models(Gateway(Replay(record))) as url:
        assert ask_all(client(url)) == ANSWERS
    assert len(provider.seen) == asked


def test_a_miss_is_refused_and_shows_what_is_different(provider, client, tmp_path):
    """Another prompt, a second equal call and another scope are refused; nothing goes out."""
    record = tmp_path / "calls.jsonl"
    source, _ = passing(provider, record=record)
    with serving_models(Gateway(source)) as url:
        client(url).chat.completions.create(**ASK)
    replay = Replay(record)
    other = {**ASK, "messages": [{"role": "user", "content": "Refund now?"}]}
    with serving_models(Gateway(replay)) as url:
        asking = client(url)
        for asked in (other, ASK, ASK):
            try:
                asking.chat.completions.create(**asked)
            except openai.BadRequestError as error:
                assert error.code == "no_recorded_answer"
        with pytest.raises(openai.BadRequestError):
            asking.embeddings.create(model="e-1", input="text")
    differences = [miss.difference for miss in replay.misses]
    assert '-   "content": "Refund?",' in differences[0]
    assert '+   "content": "Refund now?",' in differences[0]
    assert differences[1] == (
        "the same call was recorded 1 times in this case and is asked once more; record again "
        "where the candidate may ask so often"
    )
    assert differences[2] == "no call of this kind is recorded: record again, with `models: record`"
    assert len(provider.seen) == 1


def test_the_order_of_keys_in_a_body_does_not_matter(provider, tmp_path):
    """A body that is written otherwise but says the same is the same request."""
    record = tmp_path / "calls.jsonl"
    source, _ = passing(provider, record=record)
    with serving_models(Gateway(source)) as url:
        first = post(f"{url}/chat/completions", json.dumps(ASK).encode())
    again = json.dumps(dict(reversed(ASK.items())), indent=3).encode()
    with serving_models(Gateway(Replay(record))) as url:
        assert post(f"{url}/chat/completions", again) == first


def post(url, body, **headers):
    given = {"content-type": "application/json", **headers}
    with urllib.request.urlopen(urllib.request.Request(url, body, given), timeout=10) as answer:
        return answer.read()


def test_errors_of_the_provider_are_the_candidates(provider, client, tmp_path):
    """A 503 arrives as a 503 with its body, is recorded, and is replayed as one."""
    record = tmp_path / "calls.jsonl"
    busy = {**ASK, "messages": [{"role": "user", "content": "busy"}]}
    source, _ = passing(provider, record=record)
    for behind in (source, lambda: Replay(record)):
        gateway = Gateway(behind() if callable(behind) else behind)
        with serving_models(gateway) as url, pytest.raises(openai.InternalServerError) as caught:
            client(url).chat.completions.create(**busy)
        assert (caught.value.status_code, caught.value.code) == (503, "overloaded")
    assert len(provider.seen) == 1


def test_a_provider_that_breaks_off_is_no_answer(provider, client, tmp_path):
    """A stream that ends in the middle ends so for the candidate, and is not recorded."""
    record = tmp_path / "calls.jsonl"
    source, meter = passing(provider, record=record)
    broken = {**ASK, "messages": [{"role": "user", "content": "broken"}]}
    with serving_models(Gateway(source)) as url:
        stream = client(url).chat.completions.create(**broken, stream=True)
        with pytest.raises(Exception, match=r"(?i)incomplete|peer closed|connection"):
            list(stream)
    assert not record.exists()
    assert meter.traffic()[0].tokens_out > 0


def test_a_provider_that_is_not_there_is_a_502(client):
    """Where nobody listens the candidate gets an error in the provider's shape."""
    place = Provider("gone", "http://127.0.0.1:9/v1", SECRET)
    source = PassThrough(place, ["http://127.0.0.1:9/v1/"], meter=Meter())
    raised = pytest.raises(openai.InternalServerError)
    traced = Traced(source)
    gateway = Gateway(traced)
    with serving_models(gateway) as url, raised as caught:
        client(url).chat.completions.create(**ASK)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_unreachable")
    assert "127.0.0.1:9" not in str(caught.value)
    ((code, path, why),) = traced.take("").unanswered
    assert (code, path) == ("upstream_unreachable", "/chat/completions")
    assert why.startswith("`gone` at http://127.0.0.1:9/v1: ConnectError: ")
    assert why.endswith("see it alone: curl -i http://127.0.0.1:9/v1/models")


@pytest.mark.parametrize(
    ("base_url", "key", "kind", "said"),
    [
        ("https://elsewhere.example/v1", SECRET, SafetyError, "not among the allowed ones"),
        ("http://plain.example/v1", SECRET, ConfigurationError, "unencrypted"),
        ("https://fine.example/v1", "", ConfigurationError, "no key"),
    ],
)
def test_only_allowed_providers_are_asked(base_url, key, kind, said):
    """Another address, a key in the clear and no key at all are refused before anything is sent."""
    allowed = ["https://fine.example/v1", "http://plain.example/v1"]
    with pytest.raises(kind, match=said):
        PassThrough(Provider("acme", base_url, key), allowed, meter=Meter())


@pytest.mark.parametrize(
    ("budget", "through", "said"),
    [
        (ModelBudget(requests=2), 2, "2 requests"),
        (ModelBudget(bytes_out=10), 0, "10 bytes"),
        # 100 tokens at 2 EUR and 50 at 10 EUR a million: 700 cents over 10,000 calls, so 0.07 each.
        (ModelBudget(cost_minor=1, prices={"m-1": TokenPrice(20_000, 100_000)}), 1, "is spent"),
        (ModelBudget(cost_minor=1, prices={"m-2": TokenPrice(1, 1)}), 0, "has no price"),
    ],
)
def test_a_budget_that_is_spent_stops_the_calls(provider, client, budget, through, said):
    """Past requests, bytes or money nothing goes out, and the client does not try again."""
    source, meter = passing(provider, budget=budget)
    with serving_models(Gateway(source)) as url:
        asking = client(url).with_options(max_retries=2)
        for _ in range(through):
            asking.chat.completions.create(**ASK)
        with pytest.raises(openai.RateLimitError, match=said) as caught:
            asking.chat.completions.create(**ASK)
    assert caught.value.code == "insufficient_quota"
    assert (len(provider.seen), meter.refused) == (through, 1)


def test_cost_is_counted_from_the_tokens_that_are_stated(provider, client):
    """100 tokens in at 20,000 and 50 out at 100,000 minor units a million: 2 + 5 = 7."""
    budget = ModelBudget(prices={"m-1": TokenPrice(20_000, 100_000)}, currency="JPY")
    source, meter = passing(provider, budget=budget)
    assert meter.spent is None
    with serving_models(Gateway(source)) as url:
        client(url).chat.completions.create(**ASK)
    assert meter.cost_minor == 7
    assert str(meter.spent) == "7 JPY"
    assert (meter.traffic()[0].tokens_in, meter.traffic()[0].tokens_out) == (100, 50)


TOOL = {"name": "stripe_refunds_create", "arguments": {"charge": "ch_1", "amount": 500}}


@pytest.fixture
def scripted(client):
    import contextlib

    @contextlib.contextmanager
    def serve(data):
        with serving_models(Gateway(Script(script_from(data)))) as url:
            yield client(url)

    return serve


def test_a_script_calls_tools_and_answers(scripted):
    """A tool loop of the client runs against a script, chat completions and Responses alike."""
    with scripted([{"tool_calls": [TOOL]}, {"text": "Refunded."}] * 2) as asking:
        first = asking.chat.completions.create(**ASK)
        (call,) = first.choices[0].message.tool_calls
        assert first.choices[0].finish_reason == "tool_calls"
        assert (call.function.name, json.loads(call.function.arguments)) == tuple(TOOL.values())
        assert asking.chat.completions.create(**ASK).choices[0].message.content == "Refunded."
        told = asking.responses.create(model="m-1", input="Refund?")
        assert [(each.type, each.name) for each in told.output] == [("function_call", TOOL["name"])]
        assert asking.responses.create(model="m-1", input="Go on").output_text == "Refunded."


def test_scripted_streams_are_put_together_by_the_client(scripted):
    """The client's own accumulators build text and tool calls from the events."""
    text = "A longer text that is streamed in several pieces."
    both = {"text": text, "tool_calls": [TOOL]}
    with scripted([both, both]) as asking:
        with asking.chat.completions.stream(**ASK) as stream:
            stream.until_done()
            message = stream.get_final_completion().choices[0].message
        assert message.content == text
        assert json.loads(message.tool_calls[0].function.arguments) == TOOL["arguments"]
        with asking.responses.stream(model="m-1", input="Refund?") as stream:
            kinds = [event.type for event in stream]
            final = stream.get_final_response()
    assert final.output_text == text
    assert json.loads(final.output[1].arguments) == TOOL["arguments"]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert kinds.count("response.output_text.delta") == 5


def test_scripted_embeddings_come_in_both_encodings(scripted):
    """One vector per text of the input, as floats and as the client's default encoding."""
    with scripted([{"embedding": [0.5, 2.0]}] * 2) as asking:
        two = asking.embeddings.create(model="e-1", input=["a", "b"])
        assert [each.embedding for each in two.data] == [[0.5, 2.0]] * 2
        plain = asking.embeddings.create(model="e-1", input="a", encoding_format="float")
        assert plain.data[0].embedding == [0.5, 2.0]


@pytest.mark.parametrize(
    ("fault", "raised", "said"),
    [
        ({"status": 503}, "InternalServerError", "server_overloaded"),
        ({"status": 429, "retry_after": 7}, "RateLimitError", "rate_limit_exceeded"),
        ({"fault": "html"}, "InternalServerError", "Bad Gateway"),
        ({"text": "x" * 400, "fault": "truncate"}, "APIConnectionError", ""),
        ({"text": "x" * 400, "fault": "half_json"}, "JSONDecodeError", ""),
        ({"text": "late", "delay": 2}, "APITimeoutError", ""),
    ],
)
def test_a_model_that_is_down_slow_wrong_or_cut_off(scripted, fault, raised, said):
    """Each fault reaches the candidate as its client knows it from life."""
    with scripted([fault, {"text": "fine"}]) as asking:
        began = time.monotonic()
        with pytest.raises(Exception) as caught:
            asking.with_options(timeout=0.5).chat.completions.create(**ASK)
        assert type(caught.value).__name__ == raised
        assert said in f"{caught.value} {getattr(caught.value, 'body', '')}"
        assert time.monotonic() - began < 2
        if "retry_after" in fault:
            assert caught.value.response.headers["retry-after"] == "7"
        assert asking.chat.completions.create(**ASK).choices[0].message.content == "fine"


def test_an_answer_cut_off_by_its_length_says_so(scripted):
    """`finish: length` is the finish reason, and Responses are incomplete."""
    with scripted([{"text": "half a", "finish": "length"}] * 2) as asking:
        assert asking.chat.completions.create(**ASK).choices[0].finish_reason == "length"
        told = asking.responses.create(model="m-1", input="x")
    assert (told.status, told.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_malformed_arguments_and_whole_bodies_are_sent_as_they_stand(scripted):
    """Arguments that are text need not be JSON, and a body replaces the whole answer."""
    odd = {**TOOL, "arguments": '{"charge": '}
    with scripted([{"tool_calls": [odd]}, {"body": CHAT}]) as asking:
        call = asking.chat.completions.create(**ASK).choices[0].message.tool_calls[0]
        assert call.function.arguments == '{"charge": '
        assert asking.chat.completions.create(**ASK).id == "chatcmpl-1"


def test_a_script_that_ends_is_refused_and_starts_anew_for_each_case(client):
    """Every case's key has the script from its start; beyond the end, and unknown keys, nothing."""
    gateway = Gateway(Script(script_from([{"text": "one"}])))
    keys = [gateway.open(f"case-{number}/0") for number in range(2)]
    with serving_models(gateway) as url:
        for key in keys:
            asking = client(url, key)
            assert asking.chat.completions.create(**ASK).choices[0].message.content == "one"
            with pytest.raises(openai.BadRequestError, match="all given"):
                asking.chat.completions.create(**ASK)
        gateway.close(keys[0])
        for key in (keys[0], "sk-unknown"):
            with pytest.raises(openai.AuthenticationError):
                client(url, key).chat.completions.create(**ASK)
    assert len(set(keys)) == 2
    assert all(key.startswith("sk-proj-") for key in keys)


def test_cases_are_recorded_and_replayed_apart(provider, client, tmp_path):
    """An answer recorded for one case and repeat is not given to another."""
    record = tmp_path / "calls.jsonl"
    source, _ = passing(provider, record=record)
    recording = Gateway(source)
    key = recording.open("case-1/0")
    with serving_models(recording) as url:
        client(url, key).chat.completions.create(**ASK)
    replay = Replay(record)
    replaying = Gateway(replay)
    own, other = replaying.open("case-1/0"), replaying.open("case-1/1")
    with serving_models(replaying) as url:
        with pytest.raises(openai.BadRequestError):
            client(url, other).chat.completions.create(**ASK)
        assert client(url, own).chat.completions.create(**ASK).id == "chatcmpl-1"
    assert [(miss.scope, miss.difference) for miss in replay.misses] == [
        ("case-1/1", "the same call is recorded for `case-1/0` only, and not for `case-1/1`")
    ]


def test_odd_fields_do_not_matter(scripted):
    """Fields of the wrong type that a provider may take or not are no trouble of the gateway."""
    with scripted([{"text": "a"}] * 2) as asking:
        odd = {"stream": True, "stream_options": ["x"]}
        assert len(list(asking.chat.completions.create(**ASK, extra_body=odd))) > 0
        created = asking.chat.completions.create(**ASK, extra_body={"model": {"a": [1e308]}})
        assert created.choices[0].message.content == "a"


def test_trouble_of_the_gateway_is_told(provider, client, tmp_path):
    """An answer that cannot be recorded is not passed off as whole, and the gateway says why."""
    record = tmp_path / "calls.jsonl"
    source, _ = passing(provider, record=record)
    record.mkdir()
    gateway = Gateway(source)
    with serving_models(gateway) as url, pytest.raises(openai.APIConnectionError):
        client(url).chat.completions.create(**ASK)
    assert gateway.troubles[0].startswith("IsADirectoryError")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([{"text": "a"}, {"txt": "b"}], "answer 2 of the script: .*`txt`"),
        ([{"fault": "gone"}], "answer 1 of the script: Invalid enum value 'gone'"),
        (["a"], "answer 1 of the script: Expected `object`"),
    ],
)
def test_a_script_that_cannot_be_read_names_the_answer(data, said):
    """An unknown key, an unknown fault and a wrong type are named with their place."""
    with pytest.raises(ConfigurationError, match=said):
        script_from(data)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/files", b"{}", 404, "unknown_url"),
        ("/chat/completions", b"{", 400, "invalid_json"),
        ("/chat/completions", b"[]", 400, "invalid_json"),
        ("/chat/completions", b"\xff\xfe", 400, "invalid_json"),
        ("/chat/completions", b'{"a":' * 990 + b"1" + b"}" * 990, 400, "invalid_json"),
        ("/embeddings", b'{"model":"e"}', 400, "no_scripted_answer"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_providers_shape(path, body, status, code):
    """Unknown paths, bodies that are no JSON and answers that do not fit are plain errors."""
    gateway = Gateway(Script(script_from([{"text": "a"}])))
    with serving_models(gateway) as url, pytest.raises(urllib.error.HTTPError) as caught:
        post(url + path, body)
    with caught.value as answer:
        assert (answer.code, json.load(answer)["error"]["code"]) == (status, code)
    assert gateway.unserved == (["POST /v1/files"] if status == 404 else [])
