"""Signing verdicts, waiving gates, and finding whatever was changed afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.campaign.pilot_project import Desk, payout, reply

from understudy.campaign.judging.recorded import judge_run
from understudy.campaign.pilot.audit import audit_file, check_run, note_judged, note_priced
from understudy.campaign.pilot.sign_off import Signer, WaiverRequest, sign_run, waive_gate
from understudy.campaign.pilot.signature import make_key
from understudy.campaign.pilot.verification import verify_run
from understudy.campaign.reporting import report_run
from understudy.campaign.runs.folder import RunFolder
from understudy.model.chain import check_chain, read_chain
from understudy.model.errors import ConfigurationError, EvidenceError, RecordingError

SOON = date.today() + timedelta(days=30)  # noqa: DTZ011 # a waiver ends on a day of its place


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A folder with one run that ended in a GO, and two keys."""
    desk = Desk(tmp_path_factory.mktemp("signed"))
    for name in ("maria", "jon"):
        make_key(desk.folder / "keys" / f"{name}.pem")
    desk.judge(authors=("Ada Author",), out=desk.folder / "run")
    return desk


@pytest.fixture
def desk(judged, tmp_path):
    """A copy of it to do anything with."""
    for each in ("run", "reports", "keys"):
        shutil.copytree(judged.folder / each, tmp_path / each)
    made = object.__new__(Desk)
    made.__dict__ |= judged.__dict__ | {"folder": tmp_path, "reports": tmp_path / "reports"}
    return made


def signer(desk, name="Maria", key="maria"):
    return Signer(name, "release manager", desk.folder / "keys" / f"{key}.pem")


def sign(desk, decision="approve", **who):
    return sign_run(str(desk.folder / "run"), desk.reports, signer(desk, **who), decision, "fine")


def verify(desk, head=None):
    return check_run(RunFolder(desk.folder / "run"), desk.reports, head)


def test_a_signed_run_is_found_as_it_was(desk):
    """Verdict, findings, costs, manifest, recording, policy, gates and the signature all hold."""
    link, _ = sign(desk)
    found = verify(desk, link.hash)
    assert found.problems == ()
    assert (found.signatures, found.head) == (1, link.hash)
    assert found.files >= 8


TRUTH = ["manifest.json", "findings.jsonl", "cost.json", "verdict.json", "audit.jsonl"]


@pytest.mark.parametrize("name", TRUTH)
def test_one_changed_byte_of_any_truth_file_is_found_and_named(desk, name):
    """At the start, in the middle and at the end: a single bit is enough, and the file is named."""
    sign(desk)
    path = desk.folder / "run" / name
    whole = path.read_bytes()
    if not whole:
        path.write_bytes(b" ")
        assert any(problem.startswith(name) for problem in verify(desk).problems)
        return
    for place in {0, len(whole) // 3, len(whole) // 2, len(whole) - 2}:
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        problems = verify_or_error(desk)
        assert any(name in problem for problem in problems), (name, place, problems)
    path.write_bytes(whole)
    assert verify(desk).problems == ()


def verify_or_error(desk):
    """What a person reads: the problems, or the error where the run cannot even be opened."""
    try:
        return verify(desk).problems
    except RecordingError as error:
        return (error.describe(),)


@pytest.mark.parametrize("name", ["cases.jsonl", "baselines.jsonl", "manifest.json"])
def test_a_changed_recording_is_found_too(judged, tmp_path, name):
    """What a verdict was judged from lies elsewhere, and is bound to it by the same chain."""
    desk = Desk(tmp_path, 20)
    run = desk.judge(out=tmp_path / "run")
    path = desk.recording / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (problem,) = check_run(run.folder, desk.reports).problems
    assert name in problem
    path.unlink()
    found = check_run(run.folder, desk.reports)
    assert found.problems == () and any("is not here" in note for note in found.notes)


def test_removed_and_added_truth_files_are_found(desk):
    """A findings file that is gone, and decisions that nobody judged by."""
    sign(desk)
    (desk.folder / "run" / "findings.jsonl").unlink()
    (desk.folder / "run" / "decisions.jsonl").write_text("{}\n")
    told = " ".join(verify(desk).problems)
    assert "findings.jsonl: this file was there" in told
    assert "decisions.jsonl: this file was not there" in told


def test_a_chain_that_was_cut_off_is_found_against_the_signed_head(desk):
    """The rest is whole in itself; the head that was noted when it was signed is missing."""
    link, _ = sign(desk)
    path = desk.folder / "run" / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert check_chain(path)[1] == []
    (problem,) = verify(desk).problems
    assert link.hash[:16] in problem and "pilot.jsonl" in problem
    (desk.reports / "pilot.jsonl").unlink()
    assert verify(desk).problems == ()
    (problem,) = verify(desk, link.hash).problems
    assert "--head" in problem


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0], lines[0], *lines[1:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], lines[2][:-20]],
        lambda lines: [*lines[:2], b"{not json\n"],
    ],
    ids=["removed", "doubled", "swapped", "torn", "garbage"],
)
def test_lines_that_were_removed_doubled_swapped_or_torn_are_found(desk, spoil):
    """Whatever is done to the chain's lines is told with the file and the line."""
    sign(desk)
    sign(desk, name="Jon", key="jon")
    path = desk.folder / "run" / "audit.jsonl"
    path.write_bytes(b"".join(spoil(path.read_bytes().splitlines(keepends=True))))
    assert any(problem.startswith("audit.jsonl") for problem in verify(desk).problems)


def test_a_signature_by_the_author_is_refused(desk):
    """Whoever made the candidate cannot let it through, however they write their name."""
    for name in ("Ada Author", "  ada  AUTHOR "):
        with pytest.raises(ConfigurationError, match="nobody approves their own candidate"):
            sign(desk, name=name)
    kinds = [link.kind for link in read_chain(desk.folder / "run" / "audit.jsonl")]
    assert kinds == ["judged", "reported"]
    sign(desk, "reject", name="Ada Author")


def test_above_the_approval_stage_the_author_must_be_known(tmp_path):
    """From limited autonomy on nobody approves a candidate of whom nobody says who made it."""
    from understudy.model.verdict import Stage

    desk = Desk(tmp_path)
    make_key(tmp_path / "keys" / "maria.pem")
    run = desk.judge(stage=Stage.LIMITED_AUTONOMY)
    text = run.folder.verdict.read_text()
    assert run.verdict.verdict == "INCONCLUSIVE"
    with pytest.raises(EvidenceError, match="the verdict is INCONCLUSIVE"):
        sign_run(str(run.folder.path), desk.reports, signer(desk), "approve", "")
    assert run.folder.verdict.read_text() == text


def test_two_people_signing_at_once_lose_nothing(desk):
    """Four processes sign at one moment: all signatures are there, and the chain is whole."""
    program = (
        "import sys; from pathlib import Path;"
        "from understudy.campaign.pilot.sign_off import Signer, sign_run;"
        "folder = Path(sys.argv[1]);"
        "sign_run(str(folder / 'run'), folder / 'reports',"
        " Signer(sys.argv[2], 'rm', folder / 'keys' / 'maria.pem'), 'approve', '')"
    )
    command = [sys.executable, "-c", program, str(desk.folder)]
    children = [subprocess.Popen([*command, f"Person {n}"]) for n in range(4)]
    assert [child.wait(60) for child in children] == [0] * 4
    links = read_chain(desk.folder / "run" / "audit.jsonl")
    assert {link.body["who"] for link in links if link.kind == "signed"} == {
        f"Person {n}" for n in range(4)
    }
    assert verify(desk).problems == ()


@pytest.mark.parametrize("place", ["run/key.pem", "run/deeper/key.pem"])
def test_a_key_inside_the_run_is_refused(desk, place):
    """Whoever has the run would have the key."""
    path = desk.folder / place
    make_key(path)
    who = Signer("Maria", "rm", path)
    with pytest.raises(ConfigurationError, match="lies in the run that it is to sign"):
        sign_run(str(desk.folder / "run"), desk.reports, who, "approve", "")


def test_what_is_no_key_is_one_clear_error(desk):
    """A missing file, garbage and a key of another kind are told with the command to make one."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    keys = desk.folder / "keys"
    (keys / "jon.pem").write_text("garbage")
    other = ec.generate_private_key(ec.SECP256R1())
    text = other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    (keys / "curve.pem").write_bytes(text)
    for name, told in (
        ("none", "No such file"),
        ("jon", "no unencrypted"),
        ("curve", "no Ed25519"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            sign(desk, key=name)
    with pytest.raises(ConfigurationError, match="is there already"):
        make_key(keys / "maria.pem")
    assert (keys / "maria.pem").stat().st_mode & 0o077 == 0


def test_a_forged_signature_is_found(desk):
    """Another name under somebody's signature does not hold, even in a chain that was made anew."""
    sign(desk)
    path = desk.folder / "run" / "audit.jsonl"
    import msgspec

    from understudy.model.jsonl import encode_line

    links = read_chain(path)
    forged = msgspec.structs.replace(links[-1], body=links[-1].body | {"who": "Boss"}, hash="")
    forged = msgspec.structs.replace(forged, hash=forged.digest())
    path.write_bytes(b"".join(map(encode_line, (*links[:-1], forged))))
    assert any("signature of Boss does not fit" in problem for problem in verify(desk).problems)
    text = report_run(str(desk.folder / "run"), desk.reports)
    assert text and "not to be relied on" in (desk.folder / "run" / "report.md").read_text()


def test_a_verdict_that_was_edited_is_not_signed(desk):
    """A signature binds to the verdict that was judged, so nobody signs another one."""
    desk.amend(desk.folder / "run" / "verdict.json", scope="everything")
    with pytest.raises(RecordingError, match="is not the one that was judged"):
        sign(desk)


def test_a_new_judgement_is_not_signed_by_the_old_signature(desk):
    """A run that is judged again with another outcome has to be signed again."""
    sign(desk)
    run = str(desk.folder / "run")
    original = desk.gates.read_text()
    try:
        desk.gates.write_text(original.replace("limit: 0", "limit: 1"))
        judge_run(run, desk.reports, lambda *_: None)
        assert "none recorded" in (desk.folder / "run" / "report.md").read_text()
        assert verify(desk).problems == ()
    finally:
        desk.gates.write_text(original)


def no_go(tmp_path):
    desk = Desk(tmp_path, 60)
    for name in ("maria", "jon"):
        make_key(tmp_path / "keys" / f"{name}.pem")
    # Two critical findings in sixty cases: one gate fails and the other stays open.
    run = desk.judge("agent", lambda n: (reply(n), *([payout(n)] * (n < 2))), out=tmp_path / "run")
    assert run.verdict.verdict == "NO-GO"
    return desk


def test_a_no_go_is_approved_only_after_two_people_have_waived_its_gates(tmp_path):
    """With names, reason and an end, and told on the next report of the campaign as well."""
    desk = no_go(tmp_path)
    run = str(tmp_path / "run")
    with pytest.raises(EvidenceError, match="the verdict is NO-GO, so it cannot be approved"):
        sign(desk)
    maria, jon = signer(desk), signer(desk, "Jon", "jon")
    for gate in ("G1", "G2"):
        waive_gate(run, desk.reports, maria, WaiverRequest(gate, SOON, jon), "a known false alarm")
    sign(desk)
    assert verify(desk).problems == ()
    later = desk.judge("other")
    text = (later.folder.path / "report.md").read_text().replace("\\", "")
    assert (
        f"gate G1 of run {json.loads((tmp_path / 'run/verdict.json').read_text())['run_id']}"
        in text
    )
    assert f"waived by Maria (release manager) and Jon (release manager) until {SOON}" in text
    assert later.verdict.verdict == "INCONCLUSIVE", "a waiver changes no verdict"


def test_a_waiver_needs_two_people_two_keys_a_gate_and_a_day_to_come(tmp_path):
    """Everything else is refused with its reason, and nothing is written."""
    desk = no_go(tmp_path)
    maria, jon = signer(desk), signer(desk, "Jon", "jon")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    for request, told in (
        (WaiverRequest("G1", SOON, signer(desk, "maria ", "jon")), "two people"),
        (WaiverRequest("G1", SOON, signer(desk, "Jon", "maria")), "one key"),
        (WaiverRequest("G7", SOON, jon), "no gate `G7`"),
        (WaiverRequest("G1", yesterday, jon), "a day to come"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            waive_gate(str(tmp_path / "run"), desk.reports, maria, request, "")
    kinds = [link.kind for link in read_chain(tmp_path / "run" / "audit.jsonl")]
    assert kinds == ["judged", "reported"]


@pytest.mark.slow
def test_the_commands_sign_verify_and_tell(desk):
    """`audit key`, `sign` and `audit verify` as a person types them, with their exit codes."""

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "understudy", *arguments],
            cwd=desk.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert "public key" in command("audit", "key", "keys/me.pem").stdout
    who = ("--key", "keys/me.pem", "--name", "Me", "--role", "release manager")
    signed = command("sign", "run", *who, "--decision", "aprove")
    assert signed.returncode == 2 and "did you mean `approve`" in signed.stderr
    assert command("sign", "run", *who, "--waive", "G1").returncode == 2
    signed = command("sign", "run", *who, "--reason", "looks good")
    assert "approve, signed by Me (release manager)" in signed.stdout
    head = signed.stdout.split()[-1]
    assert command("audit", "verify", "run", "--head", head).returncode == 0
    Path(desk.folder / "run" / "cost.json").write_text("{}")
    found = command("audit", "verify", "run")
    assert found.returncode == 3 and "PROBLEM cost.json: this file was changed" in found.stdout


def test_a_line_that_a_killed_writer_left_half_is_cut_off_and_told(desk):
    """It was never acknowledged; the next signature stands on what was."""
    path = audit_file_of(desk)
    with path.open("ab") as file:
        file.write(b'{"seq":1,"at"')
    assert any("torn" in problem for problem in verify(desk).problems)
    sign(desk)
    assert verify(desk).problems == ()


def audit_file_of(desk):
    from understudy.campaign.runs.folder import RunFolder

    return audit_file(RunFolder(desk.folder / "run"))


def public(desk, name):
    from understudy.campaign.pilot.signature import load_key, public_key

    path = desk.folder / "keys" / f"{name}.pem"
    return public_key(load_key(path, RunFolder(desk.folder / "run")))


def people(desk, **keys):
    listed = ", ".join(f"{name}: [{key}]" for name, key in keys.items())
    (desk.reports / "people.yaml").write_text(f"version: 1\nkeys: {{{listed}}}\n")


def test_a_key_signs_for_the_person_it_belongs_to(desk):
    """With a list of people, another's key and one that nobody has are refused before they sign."""
    people(desk, Maria=public(desk, "maria"))
    sign(desk)
    assert verify(desk).problems == ()
    assert not any("whose keys" in note for note in verify(desk).notes)
    with pytest.raises(ConfigurationError, match="this key is Maria's"):
        sign(desk, name="Jon", key="maria")
    with pytest.raises(ConfigurationError, match="this key is nobody's"):
        sign(desk, name="Jon", key="jon")


def test_an_unknown_key_on_a_signed_line_is_told(desk):
    """Signed before there was a list, or past it: the audit names who signed with whose key."""
    sign(desk)
    assert any("nothing says whose keys signed" in note for note in verify(desk).notes)
    people(desk, Jon=public(desk, "jon"))
    (problem,) = verify(desk).problems
    assert "the key that signed as Maria is unknown" in problem
    people(desk, Jon=public(desk, "maria"))
    (problem,) = verify(desk).problems
    assert "the key that signed as Maria is Jon's" in problem


def test_one_key_of_two_people_is_refused(desk):
    """A key that two people share says of neither that they signed."""
    people(desk, Maria=public(desk, "maria"), Jon=public(desk, "maria"))
    with pytest.raises(ConfigurationError, match="Maria and Jon have one key"):
        verify(desk)


DERIVED = ["report.html", "report.md", "junit.xml", "results.sarif", "summary.parquet"]


@pytest.mark.slow
def test_derived_files_are_made_again_and_compared(desk):
    """As they were written they hold, signed since or not; one changed byte of any is named."""
    run = str(desk.folder / "run")
    report_run(run, desk.reports)
    sign(desk)
    assert verify_run(run, desk.reports).problems == ()
    report_run(run, desk.reports)
    assert verify_run(run, desk.reports).problems == ()
    for name in DERIVED:
        path = desk.folder / "run" / name
        whole = path.read_bytes()
        place = len(whole) // 3
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        (problem,) = verify_run(run, desk.reports).problems
        assert problem.startswith(f"{name}: it is not what the run's files give")
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["verdict.json", "cost.json", "findings.jsonl"])
def test_a_verdict_that_was_forged_with_its_chain_is_found_by_judging_again(tmp_path, name):
    """Whoever writes the digests anew as well cannot make the cases say something else."""
    desk = Desk(tmp_path, 60)
    run = desk.judge(act=lambda number: (reply(number, "Paid: 9 EUR."),), out=tmp_path / "run")
    assert verify_run(str(tmp_path / "run"), desk.reports).problems == ()
    file = tmp_path / "run" / name
    forged = {
        "verdict.json": ('"judged": 60', '"judged": 61'),
        "cost.json": ('"cases": 60', '"cases": 61'),
        "findings.jsonl": ('"severity":"', '"severity":"low","was":"'),
    }[name]
    assert forged[0] in file.read_text()
    file.write_text(file.read_text().replace(*forged, 1))
    audit_file(run.folder).unlink()
    note_judged(run.folder, run.folder.read_manifest(), run.folder.read_verdict())
    assert verify_run(str(tmp_path / "run"), desk.reports, rejudged=False).problems == ()
    (problem,) = verify_run(str(tmp_path / "run"), desk.reports).problems
    assert problem == f"{name}: it is not what the run's cases, judged again, give"


def test_what_was_judged_otherwise_is_not_judged_again(desk, monkeypatch):
    """Another understudy, or differences priced anew since, is no forgery: it is said."""
    run = str(desk.folder / "run")
    monkeypatch.setattr("understudy.campaign.pilot.verification.harness_hash", lambda: "another")
    found = verify_run(run, desk.reports)
    assert found.problems == ()
    assert "nothing was judged again: another understudy gave the verdict" in found.notes
    monkeypatch.undo()
    note_priced(RunFolder(desk.folder / "run"))
    assert any(
        "priced anew after the verdict" in each for each in verify_run(run, desk.reports).notes
    )


def test_a_report_that_says_nothing_new_leaves_the_chain_as_it_is(desk):
    """Writing reports again adds a line where what stands on them beside the run has changed."""
    run = str(desk.folder / "run")
    report_run(run, desk.reports)
    head = verify(desk).head
    report_run(run, desk.reports)
    assert verify(desk).head == head
    sign(desk)
    signed = verify(desk).head
    report_run(run, desk.reports)
    assert verify(desk).head not in (head, signed)


def test_where_files_do_not_hold_nothing_is_made_from_them(desk):
    """A changed verdict is the problem; what would be derived from it says nothing."""
    desk.amend(desk.folder / "run" / "verdict.json", scope="everything")
    found = verify_run(str(desk.folder / "run"), desk.reports)
    assert [each.partition(":")[0] for each in found.problems] == ["verdict.json"]
    assert "derived files were not made again to compare" in found.notes
