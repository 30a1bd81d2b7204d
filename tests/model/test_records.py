"""The JSON forms of the domain's records."""

from __future__ import annotations

import json

import jsonschema
import msgspec
import pytest

from understudy.model.action import Action, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.errors import RecordingError
from understudy.model.exit_code import ExitCode, worst
from understudy.model.finding import Finding, Kind
from understudy.model.jsonl import encode_line, read_lines, write_lines
from understudy.model.proposal import Proposal
from understudy.model.schemas import json_schemas
from understudy.model.world import World

CASE = Case(
    case_id="c1",
    scenario="refund",
    cluster_id="k1",
    trigger=Trigger(system="zendesk", type="ticket.created", payload={"id": 1}),
)
ACTION = Action(
    system="stripe",
    operation="stripe.refunds.create",
    target=Target(type="charge", id="ch_1"),
    fields={"amount": 500},
    amount_minor=500,
    currency="EUR",
)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("case", CASE),
        ("baseline", Baseline(case_id="c1", baseline_id="b1", actions=(ACTION,))),
        ("proposal", Proposal(case_id="c1", actions=(ACTION,))),
        ("finding", Finding(case_id="c1", kind=Kind.WRONG_VALUE)),
    ],
)
def test_records_survive_the_disk_and_fit_their_schema(tmp_path, name, record):
    """What is written is read back equal, and validates against the published schema."""
    path = tmp_path / "records.jsonl"
    write_lines(path, [record])
    assert list(read_lines(path, type(record))) == [record]
    jsonschema.validate(json.loads(path.read_text("utf-8")), json_schemas()[name])


def test_only_system_and_operation_are_obligatory_in_an_action():
    """An imported log may know no more than who was called and what for."""
    action = msgspec.json.decode(b'{"system":"retail","operation":"retail.x"}', type=Action)
    assert action.target is None
    with pytest.raises(msgspec.ValidationError, match="operation"):
        msgspec.json.decode(b'{"system":"retail"}', type=Action)


@pytest.mark.parametrize("damage", [b'{"case_id":', b"[1]", b'{"case_id": 1}', b"\xff\xff"])
def test_a_damaged_line_is_named_with_its_number(tmp_path, damage):
    """A damaged line raises one error with file and line; nothing is skipped silently."""
    path = tmp_path / "cases.jsonl"
    path.write_bytes(encode_line(CASE) + damage + b"\n")
    with pytest.raises(RecordingError) as caught:
        list(read_lines(path, Case))
    assert caught.value.where == f"{path}:2"


def test_nan_never_reaches_the_disk(tmp_path):
    """A NaN is an error and leaves no file behind."""
    path = tmp_path / "x.jsonl"
    with pytest.raises(ValueError, match="not a number"):
        write_lines(path, [{"cost": float("nan")}])
    assert not list(tmp_path.iterdir())


def test_every_schema_is_a_valid_schema():
    """All published schemas are themselves valid JSON Schema."""
    for schema in json_schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_a_campaign_exits_with_its_worst_code():
    """The order is safety stop, invalid, no-go, inconclusive, no cases, go."""
    order = [ExitCode.SAFETY_STOP, ExitCode.INVALID, ExitCode.NO_GO, ExitCode.INCONCLUSIVE]
    order += [ExitCode.NO_CASES, ExitCode.GO]
    for index, code in enumerate(order):
        assert worst(order[index:]) is code
    assert worst([]) is ExitCode.GO


def test_a_world_finds_rows_by_any_column():
    """Look-ups by id and by column agree, and a missing table is simply empty."""
    world = World({"stripe.charges": {f"ch_{n}": {"id": f"ch_{n}", "c": n % 2} for n in range(5)}})
    assert world.find("stripe.charges", "c", 1) == ("ch_1", "ch_3")
    assert world.get("stripe.charges", "ch_9") is None
    assert world.find("stripe.refunds", "charge", "ch_1") == ()
