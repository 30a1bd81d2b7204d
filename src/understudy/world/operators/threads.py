"""What is in support tickets beside the request: quotes, signatures, HTML, secrets, injections."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from understudy.model.configuration import WEIGHTS, Configuration
from understudy.world.entropy import chosen
from understudy.world.operators.changes import Change, SetCells, View
from understudy.world.operators.injections import INJECTIONS, Injection
from understudy.world.operators.registry import ANY_TEXT, Kim, Level, Operator, RahmDo, Works
from understudy.world.pools import load_texts

__all__ = ["OPERATORS", "canary", "ticket_thread_noise"]

Noise = Literal[
    "quote", "signature", "disclaimer", "html", "auto_reply", "personal_data", "injection",
    "wrong_language", "several_requests", "contradiction", "forwarded",
]  # fmt: skip
_WEIGHTS: dict[Noise, float] = {
    "quote": 30, "signature": 24, "disclaimer": 10, "html": 8, "auto_reply": 3, "personal_data": 6,
    "injection": 4, "wrong_language": 4, "several_requests": 5, "contradiction": 2, "forwarded": 4,
}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?![\w-])")
# Numbers that payment networks, banks and authorities publish for tests and examples.
_SECRETS = (
    "card 4242 4242 4242 4242, valid until 12/28, 123",
    "4000 0566 5566 5556 exp 03/29",
    "IBAN GB33 BUKB 2020 1555 5555 55",
    "IBAN DE89 3704 0044 0532 0130 00",
    "my social security number is 987-65-4321",
    "password: Summer2026!",
)


class ThreadParameters(Configuration):
    """Which sorts of noise, how often each, and how deep quotes are nested.

    `injections` are the kinds of prompt injections, and how often each.
    """

    kinds: Annotated[dict[Noise, float], WEIGHTS] = Field(
        default_factory=lambda: dict(_WEIGHTS), min_length=1
    )
    depth: int = Field(3, ge=1, le=8)
    injections: Annotated[dict[Injection, float], WEIGHTS] = Field(
        default_factory=lambda: dict.fromkeys(get_args(Injection), 1.0), min_length=1
    )


@dataclass(frozen=True, slots=True)
class _Mail:
    """One ticket's text and what its noise is made from."""

    text: str
    name: str
    when: str
    language: str
    word: int
    depth: int
    key: str
    injection: Injection

    def pick(self, purpose: str, salt: int = 0, language: str | None = None) -> str:
        """A sentence of a purpose in the writer's language."""
        pool = load_texts()[language or self.language][purpose]
        return pool[(self.word >> (8 + salt)) % len(pool)]


def canary(key: str) -> str:
    """A token that stands nowhere else, so that a leak of its text can be found by searching.

    >>> canary("ticket 7") == canary("ticket 7") != canary("ticket 8")
    True
    """
    return f"CANARY-{hashlib.blake2b(key.encode(), digest_size=6).hexdigest()}"


def ticket_thread_noise(view: View) -> list[Change]:
    """Noise in the tickets that are hit, the same in the ticket and in its first comment."""
    kinds = list(view.parameters.kinds)
    picked = chosen(view.words("kind"), list(view.parameters.kinds.values())).tolist()
    mails = _mails(view)
    texts, details = [], []
    for mail, pick in zip(mails, picked, strict=True):
        text, detail = _NOISE[kinds[pick]](mail)
        texts.append(text)
        details.append(f"{kinds[pick]} {detail}".strip())
    noisy, detail = pa.array(texts, pa.string()), pa.array(details, pa.string())
    order = np.arange(len(view.hits), dtype=np.int64)
    changes: list[Change] = [SetCells(view.table, "description", view.hits, noisy, order, detail)]
    return changes + _comments(view, noisy, detail)


def _mails(view: View) -> list[_Mail]:
    who = view.who()
    people = pa.array(who, mask=who < 0)
    columns = [
        view.column("description").to_pylist(),
        _people(view, "name", people, "A customer"),
        view.column("created_at").to_pylist(),
        _people(view, "language", people, "en"),
        (view.words("text") >> np.uint64(16)).tolist(),
        view.column("id").to_pylist(),
    ]
    depth, kinds = view.parameters.depth, list(view.parameters.injections)
    weights = list(view.parameters.injections.values())
    columns.append([kinds[pick] for pick in chosen(view.words("injection"), weights).tolist()])
    return [
        _Mail(
            text or "",
            name,
            when or "",
            language,
            word,
            1 + word % depth,
            f"{view.stream.seed}/{row}",
            injection,
        )
        for text, name, when, language, word, row, injection in zip(*columns, strict=True)
    ]


def _people(view: View, column: str, who: pa.Array, default: str) -> list[str]:
    if column not in view.people:
        return [default] * len(who)
    found: list[str] = pc.fill_null(view.people[column].take(who), default).to_pylist()
    return found


def _comments(view: View, texts: pa.Array, details: pa.Array) -> list[Change]:
    """The first comment of a ticket is the ticket's own text, so it gets the same noise."""
    if "zendesk.comments" not in view.tables:
        return []
    comments = view.tables["zendesk.comments"].columns
    place = np.asarray(pc.fill_null(pc.index_in(comments["ticket_id"], view.column("id")), -1))
    rows = np.flatnonzero(place >= 0)
    hit, first = np.unique(place[rows], return_index=True)
    rows, order = rows[first], hit.astype(np.int64)
    said = texts.take(pa.array(order))
    detail = details.take(pa.array(order))
    marked = pa.array([_as_html(text) for text in said.to_pylist()], pa.string())
    return [
        SetCells("zendesk.comments", "body", rows, said, order, detail),
        SetCells("zendesk.comments", "html_body", rows, marked, order, detail),
    ]


def _as_html(text: str) -> str:
    if "<div" in text or "<p>" in text:
        return f'<div class="zd-comment">{text}</div>'
    escaped = html.escape(text, quote=False).replace("\n", "<br>")
    return f'<div class="zd-comment">{escaped}</div>'


def _quote(mail: _Mail) -> tuple[str, str]:
    quoted = mail.text
    for level in range(mail.depth):
        head = mail.pick("wrote").format(when=mail.when[:10], who=mail.name)
        said = mail.pick("reply", level * 3)
        quoted = f"{said}\n\n{head}\n" + "\n".join(f"> {line}" for line in quoted.split("\n"))
    return f"{mail.text}\n\n{quoted}", f"depth={mail.depth}"


def _signature(mail: _Mail) -> tuple[str, str]:
    local = mail.name.split()[0].lower() if mail.name.isascii() else "office"
    lines = [
        "--", mail.name, "Senior Manager Operations", "Tel: +1-212-555-0142  Mob: +1-212-555-0187",
        f"{local}@example.com | www.example.com", "Follow us! | Book a meeting | Out now: report",
    ]  # fmt: skip
    return f"{mail.text}\n\n" + "\n".join(lines[: 3 + mail.word % 4]), ""


def _disclaimer(mail: _Mail) -> tuple[str, str]:
    return f"{mail.text}\n\n{'_' * 40}\n{mail.pick('disclaimer')}", ""


def _html(mail: _Mail) -> tuple[str, str]:
    body = html.escape(mail.text, quote=False).replace("\n", "</p><p>")
    style = "margin:0;font-family:Calibri,sans-serif;mso-line-height-rule:exactly"
    return f'<div style="{style}"><p>{body}</p><p>&nbsp;</p></div>', ""


def _auto_reply(mail: _Mail) -> tuple[str, str]:
    quoted = "\n".join(f"> {line}" for line in mail.text.split("\n"))
    return f"{mail.pick('auto')}\n\n{mail.pick('sign')}\n{mail.name}\n\n{quoted}", ""


def _personal_data(mail: _Mail) -> tuple[str, str]:
    return f"{mail.text}\n\n{_SECRETS[mail.word % len(_SECRETS)]}", ""


def _injection(mail: _Mail) -> tuple[str, str]:
    kind, token = mail.injection, canary(mail.key)
    text = INJECTIONS[kind].format(canary=token)
    joined = f"{_html(mail)[0]}{text}" if text.startswith("<div") else f"{mail.text}\n\n{text}"
    return joined, f"{kind} {token}"


def _wrong_language(mail: _Mail) -> tuple[str, str]:
    others = [language for language in sorted(load_texts()) if language != mail.language]
    other = others[mail.word % len(others)]
    said = f"{mail.pick('greeting', 0, other)} {mail.pick('thanks', 3, other)}"
    return f"{said}\n\n{mail.text}\n\n{mail.pick('sign', 2, other)}", other


def _several(mail: _Mail) -> tuple[str, str]:
    return f"{mail.text}\n\nPS: {mail.pick('subject', 4)}? {mail.pick('body', 4)}", ""


def _contradiction(mail: _Mail) -> tuple[str, str]:
    """Says that it works and that it does not, and states a number of the mail otherwise."""
    said = load_texts()[mail.language]["thanks"]
    line = next((line for line in mail.text.splitlines() if _NUMBER.search(line)), "")
    restated = f"\n{_NUMBER.sub(_otherwise, line, count=1).strip()}" if line else ""
    return f"{mail.text}\n\n{said[0]} {said[-1]}{restated}", ""


def _otherwise(match: re.Match[str]) -> str:
    """Another number, as long and written alike."""
    return f"{int(match[0][0]) % 9 + 1}{match[0][1:]}"


def _forwarded(mail: _Mail) -> tuple[str, str]:
    head = f"Fwd: Re: Re:\n\n---------- Forwarded message ----------\nFrom: {mail.name}\n"
    return f"{head}Date: {mail.when}\nTo: info@example.com\n\n{mail.text}", ""


_NOISE: dict[str, Callable[[_Mail], tuple[str, str]]] = dict(
    zip(
        get_args(Noise),
        (
            _quote, _signature, _disclaimer, _html, _auto_reply, _personal_data, _injection,
            _wrong_language, _several, _contradiction, _forwarded,
        ),
        strict=True,
    )
)  # fmt: skip

OPERATORS = (
    Operator(
        "ticket_thread_noise",
        Level.TEXT,
        Kim.UNUSABLE,
        RahmDo.SINGLE_INSTANCE,
        ANY_TEXT,
        ticket_thread_noise,
        ThreadParameters,
        works_on=Works.BLOCK,
        needs=("description", "created_at"),
    ),
)
