"""A company's own exports as a world: joined, pseudonymised, and every record accounted for."""

from __future__ import annotations

import json

import pytest

from understudy.campaign.recordings.world_import import ImportWish, import_world
from understudy.model.errors import ConfigurationError, NoCasesError
from understudy.redact.key import RedactionKey
from understudy.redact.people import Span
from understudy.redact.redactor import Redactor
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.world.store import load_ledger, load_world

KEY = RedactionKey(material=bytes(range(32)))
MAIL = "ann@corp.com"
CUSTOMER = {
    "id": "cus_1", "object": "customer", "email": MAIL, "name": "Ann Corp", "livemode": True,
    "created": 1_790_000_000, "metadata": {"crm_contact_id": "501"},
}  # fmt: skip
CHARGE = {
    "id": "ch_1", "object": "charge", "customer": "cus_1", "amount": 500, "currency": "eur",
    "status": "succeeded", "paid": True, "refunded": False, "captured": True,
    "amount_refunded": 0, "created": 1_790_000_100,
}  # fmt: skip
BEGAN, LATER = "2026-01-02T03:04:05.000Z", "2026-02-02T03:04:05.000Z"
CONTACT = {
    "id": "501", "archived": False, "createdAt": BEGAN, "updatedAt": LATER,
    "properties": {"email": MAIL, "firstname": "Ann", "lifecyclestage": "customer"},
    "propertiesWithHistory": {
        "lifecyclestage": [
            {"value": "customer", "timestamp": LATER, "sourceType": "CRM_UI"},
            {"value": "lead", "timestamp": BEGAN, "sourceType": "CRM_UI"},
        ]
    },
}  # fmt: skip
USER = {
    "id": 7, "name": "Ann Corp", "email": MAIL, "role": "end-user", "organization_id": None,
    "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
}  # fmt: skip
TICKET = {
    "id": 9, "subject": "Refund", "description": f"I am {MAIL}", "status": "open",
    "requester_id": 7, "submitter_id": 7, "created_at": "2026-03-02T03:04:05Z",
    "updated_at": "2026-03-02T03:04:05Z",
}  # fmt: skip
MAP = """version: 1
table: stripe.customers
major: [balance]
columns: {id: Customer ID, email: E-mail, currency: Currency, balance: Balance, created: Created}
"""


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    lines = [json.dumps(CUSTOMER), "{broken", json.dumps(CHARGE)]
    (folder / "stripe.ndjson").write_text("\n".join(lines) + "\n")
    (folder / "contacts.json").write_text(json.dumps({"results": [CONTACT]}))
    (folder / "users.json").write_text(json.dumps({"users": [USER], "count": 1}))
    (folder / "tickets.ndjson").write_text(json.dumps(TICKET) + "\n")
    return folder


def _import(files, out, **more):
    return import_world(ImportWish(sorted(files), out, key=KEY, **more), lambda *_: None)


def test_copies_of_one_person_still_join(exports, tmp_path):
    """Ids stay, e-mails become one pseudonym in all systems, and nothing personal is left."""
    out = tmp_path / "world"
    _import(exports.iterdir(), out)
    world = load_world(out)
    mail = Redactor(KEY).redact_text(MAIL)
    assert world.find("stripe.customers", "email", mail) == ("cus_1",)
    assert world.find("hubspot.contacts", "email", mail) == ("501",)
    assert world.find("zendesk.users", "email", mail) == ("7",)
    assert world.get("stripe.customers", "cus_1")["metadata"] == {"crm_contact_id": "501"}
    assert world.get("hubspot.contacts", "501")["lifecyclestage"] == "customer"
    assert MAIL.encode() not in b"".join(path.read_bytes() for path in out.rglob("*.*"))
    assert mail in world.get("zendesk.tickets", "9")["description"]


def test_bad_records_are_quarantined_with_file_and_line(exports, tmp_path):
    """What is no record is named by file and line, and the counts add up."""
    out = tmp_path / "world"
    said = _import(exports.iterdir(), out)
    account = json.loads((out / "import.json").read_text())
    assert [each["where"] for each in account["quarantined"]] == ["stripe.ndjson:2"]
    counted = account["kept"] + account["dropped"] + account["repaired"]
    assert counted + len(account["quarantined"]) == account["records"] == 6
    assert "stripe.ndjson:2" in said


def test_the_imported_world_is_served(exports, tmp_path):
    """The mocked systems answer from the imported objects, typed as the vendor types them."""
    out = tmp_path / "world"
    _import(exports.iterdir(), out)
    engine = Engine(load_world(out), seed=1)
    session = engine.open_case("c1")
    for name, given, wanted in (
        ("stripe.charges.retrieve", {"id": "ch_1"}, {"amount": 500, "customer": "cus_1"}),
        ("zendesk.tickets.get", {"id": "9"}, {"ticket": {"id": 9}}),
    ):
        request = build_request(find_operation(name), given, session.credentials)
        answer = json.loads(engine.handle(request).body)
        if name.startswith("zendesk"):
            assert answer["ticket"]["id"] == wanted["ticket"]["id"]
        else:
            assert {key: answer[key] for key in wanted} == wanted


def test_mess_can_be_laid_over(exports, tmp_path):
    """With a profile the imported world is damaged, and the ledger has the values before."""
    profile = tmp_path / "mess.yaml"
    profile.write_text(
        "version: 1\nname: mine\ntables:\n  zendesk.tickets:\n    cells:\n"
        "      subject: [{op: null_explicit, rate: 100%}]\n"
    )
    out = tmp_path / "world"
    _import(exports.iterdir(), out, profile=str(profile))
    assert "subject" not in load_world(out).get("zendesk.tickets", "9")
    assert [entry["before"] for entry in load_ledger(out)] == ["Refund"]


def test_csv_is_read_through_a_map(exports, tmp_path):
    """Columns become fields, money minor units; bad cells are told by their line."""
    csv, maps = tmp_path / "customers.csv", tmp_path / "map.yaml"
    maps.write_text(MAP)
    csv.write_text(
        "Customer ID,E-mail,Currency,Balance,Created\n"
        "cus_7,bo@corp.com,jpy,120,2026-01-02\n"
        "cus_8,cy@corp.com,kwd,1.250,1790000000\n"
        "cus_9,di@corp.com,eur,many,2026-01-02\n"
        "cus_10,ed@corp.com\n"
    )
    out = tmp_path / "world"
    said = _import([csv], out, maps={"customers.csv": maps})
    world = load_world(out)
    balances = [world.get("stripe.customers", name)["balance"] for name in ("cus_7", "cus_8")]
    assert balances == [120, 1250]
    assert world.get("stripe.customers", "cus_9") is None
    assert "customers.csv:4: `Balance`" in said
    assert "customers.csv:5: it has more or fewer cells" in said
    assert "4 records = 2 kept + 0 dropped + 0 repaired + 2 quarantined" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAP.replace("E-mail", "Email"), "no column `Email` for `email`; did you mean `E-mail`"),
        (MAP.replace("stripe.customers", "stripe.customer"), "did you mean `stripe.customers`"),
        (MAP.replace("id: Customer ID, ", ""), "must name the column of `id`"),
    ],
)
def test_a_map_that_does_not_fit_is_told(tmp_path, text, said):
    """An unknown table, a header that is not there and a map without `id` are told by name."""
    csv, maps = tmp_path / "customers.csv", tmp_path / "map.yaml"
    maps.write_text(text)
    csv.write_text("Customer ID,E-mail,Currency,Balance,Created\n")
    with pytest.raises(ConfigurationError) as raised:
        _import([csv], tmp_path / "world", maps={"customers.csv": maps})
    assert said in raised.value.describe()
    assert not (tmp_path / "world").exists()


def test_csv_without_a_map_is_told(tmp_path):
    """CSV alone does not say what its columns are; the option that would is shown."""
    (tmp_path / "a.csv").write_text("id\n1\n")
    with pytest.raises(ConfigurationError, match="no map") as raised:
        _import([tmp_path / "a.csv"], tmp_path / "world")
    assert raised.value.hint == "--map a.csv=MAP.yaml"


def test_what_is_no_vendors_export_is_told(tmp_path):
    """Recorded traffic is no export of objects, and the command for it is shown."""
    line = {"request": {"method": "GET", "url": "https://x.example"}, "response": {"status": 200}}
    (tmp_path / "t.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(ConfigurationError, match="exports") as raised:
        _import([tmp_path / "t.jsonl"], tmp_path / "world")
    assert raised.value.hint.startswith("understudy traffic import")


def test_exports_without_an_object_make_no_world(tmp_path):
    """Where no record is left there is no world, not an empty one."""
    (tmp_path / "customers.csv").write_text("Customer ID,E-mail,Currency,Balance,Created\n")
    (tmp_path / "map.yaml").write_text(MAP)
    with pytest.raises(NoCasesError):
        _import(
            [tmp_path / "customers.csv"], tmp_path / "world",
            maps={"customers.csv": tmp_path / "map.yaml"},
        )  # fmt: skip
    assert not (tmp_path / "world").exists()


MINIMAL = {
    "zendesk.users": ('{"users": [{"id": 1, "name": "Ann"}]}', "utf-8"),
    "zendesk.tickets": (
        '{"tickets":[{"id":1,"subject":"A","status":"open","requester_id":2,'
        '"created_at":"2026-01-01T00:00:00Z"}]}',
        "utf-8",
    ),
    "zendesk.organizations": ('{"organizations": [{"id": 1, "name": "A"}]}', "utf-8-sig"),
    "hubspot.contacts": ('{"results": [{"id":"1","properties":{"email":"a@corp.com"}}]}', "utf-16"),
    "hubspot.deals": ('[{"id": "1", "properties": {"dealname": "Big"}}]', "utf-8"),
    "stripe.customers": ('{"id": "cus_1", "object": "customer"}', "utf-8"),
    "stripe.charges": ('{"data":[{"id":"ch_1","object":"charge"}],"object":"list"}', "utf-8"),
}


@pytest.mark.parametrize("table", MINIMAL)
def test_the_smallest_export_is_recognised(tmp_path, table):
    """One object with hardly a field is an export of its vendor, in any encoding with a mark."""
    text, encoding = MINIMAL[table]
    (tmp_path / "export.json").write_text(text, encoding=encoding)
    _import([tmp_path / "export.json"], tmp_path / "world")
    world = load_world(tmp_path / "world")
    assert [name for name in world.tables if len(world.table(name))] == [table]


def test_everything_wrong_with_the_files_is_one_error(exports, tmp_path):
    """Missing, unknown and ill-mapped files are told together, and nothing is written."""
    (exports / "customers.csv").write_text("Customer;Mail\n")
    (exports / "other.csv").write_text("id\n")
    (exports / "prose.json").write_text('{"words": 1}')
    maps = {"customers.csv": tmp_path / "map.yaml", "costumers.csv": tmp_path / "map.yaml"}
    (tmp_path / "map.yaml").write_text(MAP)
    files = [*exports.iterdir(), exports / "gone.json", exports]
    with pytest.raises(ConfigurationError) as raised:
        _import(files, tmp_path / "world", maps=maps)
    told = raised.value.describe()
    for said in (
        "`--map costumers.csv=…` is for none of the files; did you mean `customers.csv`?",
        "no column `Customer ID` for `id`; did you mean `Customer`?",
        "no column `Balance` for `balance`",
        "other.csv` is CSV, and no map",
        "prose.json` is of no known format",
        "gone.json` cannot be read: No such file",
        "exports` cannot be read: Is a directory",
    ):
        assert said in told
    assert not (tmp_path / "world").exists()


def test_csv_with_semicolons_is_read(tmp_path):
    """What spreadsheets of half of Europe write needs no option."""
    csv, maps = tmp_path / "customers.csv", tmp_path / "map.yaml"
    maps.write_text(MAP)
    csv.write_text(
        "Customer ID;E-mail;Currency;Balance;Created\ncus_7;bo@corp.com;jpy;120;2026-01-02\n",
        encoding="utf-8-sig",
    )
    _import([csv], tmp_path / "world", maps={"customers.csv": maps})
    assert load_world(tmp_path / "world").get("stripe.customers", "cus_7")["balance"] == 120


def test_people_in_prose_are_found_where_that_is_asked_for(exports, tmp_path):
    """A name in a ticket stays without it, and goes with it, by the same pseudonym as its field."""
    ticket = TICKET | {"description": "Yours, Ann Corp"}
    export = tmp_path / "tickets.json"
    export.write_text(json.dumps({"users": [USER], "tickets": [ticket]}))

    def found(text):
        start = text.find("Ann Corp")
        return [Span(start, start + len("Ann Corp"), "name")] if start >= 0 else []

    told = {}
    for name, finder in (("plain", None), ("prose", found)):
        wish = ImportWish([export], tmp_path / name, key=KEY, finder=finder)
        import_world(wish, lambda *_: None)
        world = load_world(tmp_path / name)
        told[name] = (
            world.table("zendesk.tickets")["9"]["description"],
            world.table("zendesk.users")["7"]["name"],
        )
    assert told["plain"][0] == "Yours, Ann Corp"
    described, named = told["prose"]
    assert "Ann" not in described + named
    assert described == f"Yours, {named}"
