"""Recorded traffic with a secret of its own in every part, in every format that is imported."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import yaml
from tests.traffic.flows import flow, tnet

__all__ = ["WRITERS", "Canaries"]

_MONKEYS = "\n🐵🙈🙉\n"


@dataclass
class Canaries:
    """Makes secrets and remembers them."""

    made: list[str] = field(default_factory=list)

    def plain(self) -> str:
        """One that nothing but its place tells to be a secret."""
        return self._keep("Zq" + secrets.token_hex(10))

    def key(self) -> str:
        """One that looks like a vendor's key."""
        return self._keep("sk_live_" + secrets.token_hex(12))

    def mail(self) -> str:
        """Somebody's address."""
        return self._keep(f"x{secrets.token_hex(5)}@corp{secrets.token_hex(3)}.com")

    def _keep(self, value: str) -> str:
        self.made.append(value)
        return value

    def in_base64(self) -> str:
        """A text with secrets in it, encoded."""
        text = f"token={self.plain()} mail {self.mail()}"
        return base64.b64encode(text.encode()).decode()

    def in_multipart(self) -> tuple[str, str]:
        """A form in parts, one of them a file: its content type and its body."""
        head = 'Content-Disposition: form-data; name="{}"'
        parts = [
            f"{head.format('password')}\r\n\r\n{self.plain()}",
            f"{head.format('note')}\r\n\r\nmail {self.mail()} key {self.key()}",
            f'{head.format("file")}; filename="{self.key()}.pdf"\r\n\r\n%PDF {self.plain()}',
        ]
        body = "".join(f"--cut\r\n{part}\r\n" for part in parts)
        return "multipart/form-data; boundary=cut", f"{body}--cut--\r\n"

    def in_xml(self) -> str:
        """An envelope with secrets in elements, attributes and what stands for itself."""
        return (
            f'<?xml version="1.0"?><s:Envelope xmlns:s="urn:s"><s:Password>{self.plain()}'
            f'</s:Password><login api-key="{self.plain()}"/><clientSecret><![CDATA[{self.plain()}'
            f"]]></clientSecret><credentials><user>{self.plain()}</user></credentials>"
            f'<property name="password">{self.plain()}</property><mail>{self.mail()}</mail>'
            "</s:Envelope>"
        )

    def in_html(self) -> str:
        """A page with secrets in its head and in hidden fields of a form."""
        return (
            f'<html><head><meta name="csrf-token" content="{self.plain()}"></head><body>'
            f"<form><input type=hidden name='authenticity_token' value='{self.plain()}'>"
            f'<input value="{self.plain()}" name="password"><input type="hidden" '
            f'name="__RequestVerificationToken" value="{self.plain()}"/></form>'
            f"<p>mail {self.mail()}<br>key {self.key()}</body></html>"
        )

    def in_stream(self) -> str:
        """Events over which one key is cut to pieces."""
        key = self.key()
        cut = [key[at : at + 5] for at in range(0, len(key), 5)]
        told = ({"choices": [{"delta": {"content": piece}}]} for piece in cut)
        return "".join(f"data: {json.dumps(each)}\n\n" for each in told) + "data: [DONE]\n\n"


class Call(NamedTuple):
    """One exchange, every part of it with secrets of its own."""

    url: str
    headers: dict[str, str]
    body: str
    answered: dict[str, str]
    answer: str


def calls(of: Canaries) -> list[Call]:
    """Exchanges with JSON, a form, parts, a stream, XML and HTML."""
    told = {
        "password": of.plain(), of.key(): 1,
        "deep": [{"client_secret": of.plain(), "text": f"use {of.key()}", "b64": of.in_base64()}],
    }  # fmt: skip
    form = f"metadata%5Btoken%5D={of.plain()}&password={of.plain()}&email={quote(of.mail())}"
    parts, body = of.in_multipart()
    return [
        _call(of, "application/json", json.dumps(told), json.dumps({"secret": of.plain()})),
        _call(of, "application/x-www-form-urlencoded", form, f"password: {of.plain()}"),
        _call(of, parts, body, "{}"),
        _call(of, "application/json", "{}", of.in_stream(), "text/event-stream"),
        _call(of, "text/xml", of.in_xml(), of.in_html(), "text/html"),
        _call(of, "application/json", json.dumps({"page": of.in_html()}), of.in_xml(), "text/xml"),
    ]


def _call(of: Canaries, kind: str, body: str, answer: str, answers: str = "text/plain") -> Call:
    url = f"https://user:{of.plain()}@api.stripe.com/v1/refunds?api_key={of.plain()}"
    headers = {
        "Content-Type": kind, "Authorization": f"Bearer {of.plain()}", "X-Api-Key": of.plain(),
        "Cookie": f"session={of.plain()}; theme=dark", "X-Note": of.key(),
        "Referer": f"https://u:{of.plain()}@h.example/?token={of.plain()}", of.key(): "x",
    }  # fmt: skip
    answered = {"Content-Type": answers, "Set-Cookie": f"sid={of.plain()}; Path=/",
                "Location": f"https://a.example/?access_token={of.plain()}"}  # fmt: skip
    return Call(f"{url}&email={quote(of.mail())}", headers, body, answered, answer)


def _har(of: Canaries) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {}, "entries": [{
        "startedDateTime": f"2026-01-01T00:00:0{n}Z", "time": 1, "comment": of.key(),
        "request": {
            "method": "POST", "url": one.url, "headers": _pairs(one.headers),
            "cookies": [{"name": "session", "value": of.plain()}],
            "queryString": [{"name": "api_key", "value": of.plain()}],
            "postData": {"mimeType": one.headers["Content-Type"], "text": one.body},
        },
        "response": {
            "status": 200, "headers": _pairs(one.answered), "cookies": [],
            "content": {"encoding": "base64", "text": _encoded(one.answer)},
        },
    } for n, one in enumerate(calls(of))]}})  # fmt: skip


def _lines(of: Canaries) -> str:
    return "\n".join(
        json.dumps({
            "started_at": f"2026-01-01T00:00:0{n}Z", "actor": of.mail(), "correlation_id": of.key(),
            "request": {"method": "POST", "url": one.url, "headers": one.headers, "body": one.body},
            "response": {"status": 200, "headers": one.answered, "body": one.answer},
        })
        for n, one in enumerate(calls(of))
    )  # fmt: skip


def _cassette(of: Canaries) -> str:
    return yaml.safe_dump({"version": 1, "interactions": [{
        "request": {"method": "POST", "uri": one.url, "headers": _listed(one.headers),
                    "body": one.body},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": _listed(one.answered),
                     "body": {"string": gzip.compress(one.answer.encode())}},
    } for one in calls(of)]})  # fmt: skip


def _gor(of: Canaries) -> str:
    return "".join(_gor_records(of))


def _gor_records(of: Canaries) -> Iterator[str]:
    for n, one in enumerate(calls(of), 1):
        at, length = 1_700_000_000_000_000_000 + n, len(one.body.encode())
        parts = urlsplit(one.url)
        asked = f"POST {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.hostname}\r\n"
        asked += f"{_raw(one.headers)}Content-Length: {length}\r\n\r\n{one.body}"
        cut = [one.answer[place : place + 7] for place in range(0, len(one.answer), 7)]
        chunks = "".join(f"{len(each.encode()):x}\r\n{each}\r\n" for each in cut)
        told = f"HTTP/1.1 200 OK\r\n{_raw(one.answered)}Transfer-Encoding: chunked\r\n\r\n{chunks}"
        yield f"1 {n:040x} {at} 0\n{asked}{_MONKEYS}2 {n:040x} {at} 9\n{told}0\r\n\r\n{_MONKEYS}"


def _keploy(of: Canaries) -> str:
    return "---\n".join(
        yaml.safe_dump({
            "version": "api.keploy.io/v1beta1", "kind": "Http", "name": f"test-{n}",
            "spec": {
                "req": {"method": "POST", "url": one.url, "header": one.headers, "body": one.body,
                        "timestamp": f"2026-01-01T00:00:0{n}Z"},
                "resp": {"status_code": 200, "header": one.answered, "body": one.answer},
            },
        })
        for n, one in enumerate(calls(of))
    ) + f"---\nversion: api.keploy.io/v1beta1\nkind: {of.key()}\n"  # fmt: skip


def _flows(of: Canaries) -> str:
    made = []
    for n, one in enumerate(calls(of)):
        parts = urlsplit(one.url)
        asked = flow(
            n, path=f"{parts.path}?{parts.query}".encode(), authority=parts.netloc.encode(),
            headers=[*map(list, one.headers.items())], content=one.body.encode(),
        )  # fmt: skip
        told = {"headers": [*map(list, one.answered.items())], "content": one.answer.encode()}
        made.append({**asked, "response": asked["response"] | told, "comment": of.key()})
    return b"".join(map(tnet, (*made, flow(9, kind=of.key())))).decode()


def _spans(of: Canaries) -> str:
    tool = {"password": of.plain(), "note": f"key {of.key()} {of.in_base64()}"}
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "stripe_refunds_create",
            "gen_ai.tool.call.arguments": json.dumps(tool)}  # fmt: skip
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": f"tool {of.key()}", "attributes": [
        {"key": name, "value": {"stringValue": value}} for name, value in told.items()
    ]}  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})


def _langfuse(of: Canaries) -> str:
    at, tool = "2026-10-01T12:00:00.000Z", {"password": of.plain(), "note": _said(of)}
    call = {"traceId": "lf", "type": "TOOL", "startTime": at, "endTime": at}
    return json.dumps([{
        "id": "lf", "timestamp": at, "name": of.key(), "sessionId": of.key(), "userId": of.mail(),
        "tags": [of.key()], "metadata": {"api_key": of.plain()}, "input": {"note": _said(of)},
        "observations": [
            {**call, "id": "o1", "type": "GENERATION", "name": "model", "model": of.key(),
             "input": [{"role": "user", "content": _said(of)}],
             "output": {"role": "assistant", "content": of.key()}},
            {**call, "id": "o2", "name": "stripe_refunds_create", "input": json.dumps(tool),
             "output": of.key()},
            {**call, "id": "o3", "name": of.key(), "input": tool, "statusMessage": of.key()},
        ],
    }])  # fmt: skip


def _langsmith(of: Canaries) -> str:
    told = {"messages": [{"type": "human", "content": _said(of)}]}
    tool = {"input": json.dumps({"charge": "ch_1", "password": of.plain(), "note": of.key()})}
    runs = (
        ("agent", "chain", None, told), (of.key(), "llm", "r0", told),
        ("stripe_refunds_create", "tool", "r0", tool), (of.key(), "tool", "r0", tool),
    )  # fmt: skip
    return "\n".join(json.dumps({
        "id": f"r{n}", "trace_id": "ls", "parent_run_id": parent, "name": name, "run_type": kind,
        "start_time": f"2026-10-01T12:00:0{n}", "end_time": "2026-10-01T12:00:09", "inputs": given,
        "outputs": {"output": of.key()}, "error": f"boom {of.key()}",
        "extra": {"metadata": {"thread_id": of.key(), "token": of.plain()}},
    }) for n, (name, kind, parent, given) in enumerate(runs))  # fmt: skip


def _stripe(of: Canaries) -> str:
    told = {"description": _said(of), "metadata": {"token": of.plain(), of.key(): of.key()}}
    found = {"id": "cus_1aaaaaaa", "object": "customer", "email": of.mail(), "created": 1, **told}
    before = {"email": of.mail(), "description": of.key()}
    return "\n".join(json.dumps(each) for each in (
        found, {"id": "zz_1", "object": of.key(), "created": 1},
        {"id": "evt_1", "object": "event", "type": "customer.updated", "created": 2,
         "data": {"object": found, "previous_attributes": before},
         "request": {"id": of.key(), "idempotency_key": of.key()}},
    ))  # fmt: skip


def _hubspot(of: Canaries) -> str:
    born, at = "2026-01-01T00:00:00Z", "2026-07-01T10:00:00Z"
    values = {"email": of.mail(), "password": of.plain(), "note": _said(of), of.key(): of.key()}
    told = {name: [{"value": value, "timestamp": at, "sourceType": "CRM_UI", of.key(): of.key()},
                   {"value": of.key(), "timestamp": born, "sourceType": "IMPORT"}]
            for name, value in values.items()}  # fmt: skip
    return json.dumps({"id": "9001", "createdAt": born, "updatedAt": at, "archived": False,
                       "properties": values, "propertiesWithHistory": told})  # fmt: skip


def _audits(of: Canaries) -> str:
    said = _said(of)
    return "\n".join(json.dumps(each) for each in (
        {"id": 1, "subject": of.key(), "description": said, "status": "open", "requester_id": 5,
         "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"},
        {"id": 9, "ticket_id": 1, "author_id": 7, "created_at": "2026-01-01T00:10:00Z", "events": [
            {"id": 91, "type": "Comment", "public": True, "body": said, "author_id": 7},
            {"id": 92, "type": "Change", "field_name": "subject", "value": of.key(),
             "previous_value": of.key()},
        ]},
    ))  # fmt: skip


def _said(of: Canaries) -> str:
    return f"password: {of.plain()}, key {of.key()}, {of.in_base64()}, I am {of.mail()}"


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _listed(headers: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def _raw(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WRITERS: dict[str, Any] = {
    "har": _har, "jsonl": _lines, "vcr": _cassette, "gor": _gor, "keploy": _keploy,
    "mitmproxy": _flows,
    "otlp": _spans, "langfuse": _langfuse, "langsmith": _langsmith, "zendesk": _audits,
    "stripe": _stripe, "hubspot": _hubspot,
}  # fmt: skip
"""The text of one file by format."""
