"""What Zendesk's answers look like: JSON Schemas of every object, written from use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.systems.schema import (
    BOOLEAN,
    OBJECT,
    STRING,
    TIME,
    WHOLE,
    any_of,
    array,
    constant,
    each,
    nullable,
    one_of,
    record,
    ref,
    texts,
)

__all__ = [
    "COUNT",
    "COUNTED",
    "IDENTITIES",
    "METRICS",
    "PREVIEW",
    "RESTORED",
    "SEVERAL_USERS",
    "SHAPES",
    "TAGS",
    "created",
    "export",
    "job",
    "nothing",
    "one",
    "page",
    "page_by_number",
]

Answers = Mapping[int, Mapping[str, Any] | None]

_TEXT = nullable(STRING)
_ID = nullable(WHOLE)
_STATUS = one_of("new", "open", "pending", "hold", "solved", "closed")
_TIMES = each("created_at updated_at", TIME)
_VIA = record({"channel": any_of(STRING, WHOLE), "source": OBJECT})
_WORDS = array(STRING)
_VALUE = any_of(*({"type": kind} for kind in ("string", "number", "boolean", "null")), _WORDS)
_CUSTOM = array(record({"id": any_of(WHOLE, STRING), "value": _VALUE}))
_ERROR = record(
    {
        "error": any_of(STRING, record(each("title message", STRING))),
        "description": STRING,
        "details": texts(
            array(record({"description": STRING, "error": STRING}, optional="error"))
        ),
    },
    optional="description details",
)  # fmt: skip
_TICKET = record(
    {
        "url": STRING, "id": WHOLE, "status": _STATUS, **_TIMES, "generated_timestamp": WHOLE,
        "priority": nullable(one_of("low", "normal", "high", "urgent")),
        "type": nullable(one_of("problem", "incident", "question", "task")),
        **each("description encoded_id external_id raw_subject recipient subject", _TEXT),
        "due_at": nullable(TIME), "tags": _WORDS, "via": _VIA,
        **each(
            "assignee_id brand_id custom_status_id forum_topic_id group_id organization_id"
            " problem_id requester_id submitter_id ticket_form_id",
            _ID,
        ),
        **each(
            "allow_attachments allow_channelback from_messaging_channel has_incidents is_public",
            BOOLEAN,
        ),
        **each(
            "collaborator_ids email_cc_ids follower_ids followup_ids sharing_agreement_ids",
            array(WHOLE),
        ),
        "satisfaction_rating": nullable(OBJECT), **each("custom_fields fields", _CUSTOM),
    }
)  # fmt: skip
_COMMENT = record(
    {
        "id": WHOLE, "type": one_of("Comment", "VoiceComment"), "author_id": _ID,
        **each("body html_body plain_body", STRING), "public": BOOLEAN,
        "attachments": array(OBJECT), "audit_id": WHOLE, "via": _VIA, "created_at": TIME,
        "metadata": OBJECT,
    }
)  # fmt: skip
_EVENT = record(
    {"id": WHOLE, "type": STRING, "field_name": STRING, "value": {}, "previous_value": {}},
    optional="field_name value previous_value",
)
_AUDIT = record(
    {
        **each("id ticket_id author_id", WHOLE), "created_at": TIME, "metadata": OBJECT,
        "events": array(_EVENT), "via": _VIA,
    }
)  # fmt: skip
_USER = record(
    {
        "id": WHOLE, "url": STRING, "name": STRING, **_TIMES, "email": _TEXT, "tags": _WORDS,
        "role": one_of("end-user", "agent", "admin"), "user_fields": OBJECT,
        **each(
            "alias details external_id iana_time_zone locale notes phone signature"
            " ticket_restriction time_zone",
            _TEXT,
        ),
        **each("organization_id custom_role_id default_group_id role_type", _ID),
        "locale_id": WHOLE, "last_login_at": nullable(TIME), "photo": nullable(OBJECT),
        **each(
            "active moderator only_private_comments report_csv restricted_agent shared"
            " shared_agent suspended verified",
            BOOLEAN,
        ),
        **each("shared_phone_number two_factor_auth_enabled", nullable(BOOLEAN)),
    }
)  # fmt: skip
_ORGANIZATION = record(
    {
        "id": WHOLE, "url": STRING, "name": _TEXT, **_TIMES, "domain_names": _WORDS,
        "tags": _WORDS, **each("details external_id notes", _TEXT), "group_id": _ID,
        **each("shared_comments shared_tickets", BOOLEAN), "organization_fields": OBJECT,
    }
)  # fmt: skip
_GROUP = record(
    {
        "id": WHOLE, **each("description name url", STRING), **_TIMES,
        **each("default deleted is_public", BOOLEAN),
    }
)  # fmt: skip
_STEP = record(
    {"field": STRING, "value": any_of(STRING, array(STRING), BOOLEAN, WHOLE, {"type": "null"})}
)
_MACRO = record(
    {
        "id": WHOLE, "url": STRING, **each("title raw_title description", _TEXT),
        "active": BOOLEAN, "default": BOOLEAN, **_TIMES, "position": WHOLE,
        "actions": array(_STEP), "restriction": nullable(OBJECT),
    }
)  # fmt: skip
_RESULT = record(
    {
        "id": any_of(WHOLE, STRING), "action": STRING, "success": BOOLEAN, "status": STRING,
        "error": STRING, "details": STRING, "index": WHOLE,
    },
    optional="id status error details index",
)  # fmt: skip
_JOB = record(
    {
        "id": STRING, "url": STRING, "total": _ID, "progress": _ID, "message": _TEXT,
        "status": one_of("queued", "working", "failed", "completed", "killed"),
        "results": nullable(array(_RESULT)), "job_type": STRING,
    }
)  # fmt: skip
_DELETED = record(
    {
        "id": WHOLE, **each("subject description", _TEXT), "deleted_at": TIME,
        "actor": record({"id": WHOLE, "name": STRING}), "previous_state": STRING,
    }
)  # fmt: skip
_CHOICE = record({"id": WHOLE, **each("name value", STRING)})
_FIELD = record(
    {
        "id": WHOLE, **each("url title raw_title type raw_title_in_portal", STRING), **_TIMES,
        "position": WHOLE, **each("active required", BOOLEAN), "key": _TEXT,
        "regexp_for_validation": _TEXT, "custom_field_options": array(_CHOICE),
    },
    optional="required key custom_field_options",
)  # fmt: skip
_FORM = record(
    {
        "id": WHOLE, **each("url name raw_name display_name", STRING), **_TIMES,
        "position": WHOLE, **each("active default", BOOLEAN), "ticket_field_ids": array(WHOLE),
    }
)  # fmt: skip
_SIDE = record(
    {
        "id": STRING, "ticket_id": WHOLE, **each("subject preview_text", _TEXT), "url": STRING,
        "state": one_of("open", "closed"), "participants": array(OBJECT), "external_ids": OBJECT,
        **each("created_at message_added_at state_updated_at updated_at", TIME),
    }
)  # fmt: skip
_RESULT_OF_SEARCH = any_of(
    *(
        {"allOf": [ref(kind), record({"result_type": constant(kind)})]}
        for kind in ("ticket", "user", "organization")
    )
)
_IDENTITY = record(
    {
        **each("id undeliverable_count user_id", WHOLE),
        **each("deliverable_state type url value", STRING), **each("primary verified", BOOLEAN),
        **each("created_at updated_at", nullable(TIME)),
    }
)  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "error": _ERROR, "ticket": _TICKET, "comment": _COMMENT, "audit": _AUDIT, "user": _USER,
    "organization": _ORGANIZATION, "group": _GROUP, "macro": _MACRO, "job_status": _JOB,
    "deleted_ticket": _DELETED, "side_conversation": _SIDE, "found": _RESULT_OF_SEARCH,
    **each("ticket_field user_field organization_field", _FIELD), "ticket_form": _FORM,
    "identity": _IDENTITY,
}  # fmt: skip
_BY_NUMBER: dict[str, Any] = {
    "count": WHOLE, **each("next_page previous_page", _TEXT),
}  # fmt: skip
_BY_CURSOR: dict[str, Any] = {
    "meta": record({"has_more": BOOLEAN, **each("after_cursor before_cursor", _TEXT)}),
    "links": record(each("next prev", _TEXT)),
}  # fmt: skip

COUNT: Answers = {200: record({"count": WHOLE})}
TAGS: Answers = {200: record({"tags": _WORDS})}
SEVERAL_USERS: Answers = {200: record({"users": array(ref("user")), **_BY_NUMBER})}
RESTORED: Answers = {200: {"type": "object", "maxProperties": 0}}
_WOULD_BE = record(
    {"url": STRING, "comment": record({"public": BOOLEAN, "body": STRING}, optional="body")},
    optional="comment url",
)
PREVIEW: Answers = {200: record({"result": record({"ticket": _WOULD_BE})})}


COUNTED: Answers = {200: record({"count": record({"value": WHOLE, "refreshed_at": TIME})})}
METRICS: Answers = {
    200: record(
        {
            "ticket_metric": record(
                {
                    "id": WHOLE, "ticket_id": WHOLE, "url": STRING, **_TIMES,
                    **each("assignee_stations group_stations reopens replies", WHOLE),
                    **each("latest_comment_added_at solved_at status_updated_at", nullable(TIME)),
                }
            )
        }
    )
}  # fmt: skip
IDENTITIES: Answers = {200: record({"identities": array(ref("identity")), **_BY_NUMBER})}


def export(key: str, *, by_cursor: bool) -> Answers:
    """What changed since a time, and where to go on."""
    rows = {key: array(ref(key.removesuffix("s"))), "end_of_stream": BOOLEAN}
    if by_cursor:
        told = each("after_cursor after_url before_cursor before_url", _TEXT)
        return {200: record({**rows, **told})}
    return {200: record({**rows, "count": WHOLE, "end_time": WHOLE, "next_page": _TEXT})}


def nothing() -> Answers:
    """No body."""
    return {204: None}


def one(*kinds: str) -> Answers:
    """Objects, each under its own name."""
    return {200: record({kind: ref(kind) for kind in kinds})}


def created(*kinds: str) -> Answers:
    """The same of what is new."""
    return {201: record({kind: ref(kind) for kind in kinds})}


def job() -> Answers:
    """A job that has been queued."""
    return one("job_status")


def page_by_number(key: str, kind: str) -> Answers:
    """A page that has a number."""
    facets = {"facets": nullable(OBJECT)}
    return {200: record({key: array(ref(kind)), **facets, **_BY_NUMBER}, optional="facets")}


def page(key: str, kind: str) -> Answers:
    """A page that has a number, or that a cursor leads to."""
    numbered = {key: array(ref(kind)), **_BY_NUMBER}
    return {200: any_of(record(numbered), record({key: array(ref(kind)), **_BY_CURSOR}))}
