"""report.html: complete, self-contained, inert, small, and equal to the verdict."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest

from understudy.gate.binomial import upper_rate
from understudy.model.action import ActionClass
from understudy.model.business import Business, HumanNoise
from understudy.model.policy import Owner, Policy
from understudy.model.verdict import WallEvidence
from understudy.report.explorer import make_blocks
from understudy.report.page import make_page
from understudy.report.phrases import percent, wall_held
from understudy.report.write import write_report

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m{{7*7}}</style>`|"


class Elements(HTMLParser):
    """Every element with its attributes, and the text that is shown."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.shown, self._hidden = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._hidden:
            self.shown.append(data)


@pytest.fixture
def render(tmp_path):
    def rendered(facts, **options):
        return write_report(tmp_path, facts, **options).read_text(encoding="utf-8")

    return rendered


def _blocks(page):
    found = re.findall(r'<script type="text/plain" id="data-([^"]+)">([^<]*)</script>', page)
    return {name: json.loads(gzip.decompress(base64.b64decode(data))) for name, data in found}


def test_the_page_shows_the_figures_of_the_verdict(render, make):
    """Verdict, reason, gates, costs, critical bound and hashes stand on the page as they are."""
    facts = make(400, critical=True)
    text = "".join(Elements(render(facts)).shown)
    verdict = facts.verdict
    assert verdict.verdict == "NO-GO" and "✗ NO-GO" in text
    for reason in verdict.reasons:
        assert reason in text
    for gate in verdict.gates:
        assert gate.reason in text
    assert f"{verdict.error_cost.per_case / 100:,.2f} EUR" in text
    assert "a month at 15,000 cases" in text and "95% confidence" in text
    assert verdict.hashes.policy in text and "chargebacks" in text
    assert "self-test passed" in text and "native code is not covered" in text
    assert "1,600 imported → 400 cases" in text and "2 on this recording" in text
    assert "8,123.45 EUR" in text


def test_the_critical_bound_is_the_gate_s(make):
    """What belongs together counts once, and a run that ended early is bounded at every look."""

    def bound(facts):
        (note,) = [each for each in make_page(facts).figures[1].notes if "confidence" in each]
        return note.partition(" of cases")[0]

    facts = make(400)
    pairs = [
        msgspec.structs.replace(each, cluster_id=f"k-{number // 2}")
        for number, each in enumerate(facts.cost.per_case)
    ]
    paired = replace(facts, cost=msgspec.structs.replace(facts.cost, per_case=pairs))
    early = upper_rate(0, 400, peeked=True)
    assert bound(facts) == f"at most {percent(upper_rate(0, 400))}"
    assert bound(paired) == f"at most {percent(upper_rate(0, 200))}"
    assert bound(replace(facts, peeked=True)) == f"at most {percent(early)}"


@pytest.mark.parametrize(("self_test", "told"), [("passed", True), ("not run: judged", False)])
def test_a_candidate_that_nothing_holds_is_told_in_plain_words(render, make, self_test, told):
    """A service or a process without a namespace has no wall; a log that was judged needs none."""
    facts = make(20)
    wall = WallEvidence(level="none", self_test=self_test)
    verdict = msgspec.structs.replace(facts.verdict, wall=wall)
    text = "".join(Elements(render(replace(facts, verdict=verdict))).shown)
    assert ("wall: none, so nothing but false credentials" in text) is told


def test_nothing_is_said_of_attempts_that_nothing_counts():
    """A bare namespace refuses without counting; what is counted elsewhere stays told."""
    told = wall_held(WallEvidence(level="netns", self_test="passed"))
    assert "attempts" not in told
    assert "refused, and not counted" in told
    for level in ("hook", "netns+witness"):
        assert "0 attempts to get out" in wall_held(WallEvidence(level=level, self_test="passed"))


def test_the_page_tells_the_time_of_both_sides_and_of_the_run(render, run):
    """The time as the cases count it, and how much of it really passed."""
    page = render(run)
    assert "41.2 s" in page
    assert "of which really passed in this run" in page
    assert "2.4 s" in page


def test_the_page_says_whose_prices_it_uses(render, run):
    """Prices without an owner are called illustrative; an owner is named. All prices are shown."""
    assert "illustrative prices" in render(run)
    owner = Owner(name="Ana Costa", role="finance", date="2026-11-01")
    text = render(replace(run, policy=Policy(version=1, owner=owner)))
    assert "owned by Ana Costa, finance, since 2026-11-01" in text
    for name in ("floors.critical", "weights.high", "tiers.regulated", "review.catch_rate"):
        assert name in text


def test_the_page_asks_for_nothing_from_anywhere(render, run):
    """No element loads anything, and the page's policy allows its own style and script only."""
    page = render(run)
    elements = Elements(page).seen
    for tag, attributes in elements:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base", "video")
        assert "src" not in attributes and "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("href", "#").startswith("#")
    policy = next(a["content"] for t, a in elements if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    for text in (style, script):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "@import" not in style and "url(" not in style
    assert not re.search(r"\b(fetch|XMLHttpRequest|innerHTML|eval|Function)\b", script)


def test_hostile_text_is_shown_and_does_nothing(render, make):
    """Markup, control and bidi characters in every field from outside are inert everywhere."""
    plain, hostile = make(60, critical=True), make(60, critical=True, text=HOSTILE)
    page = render(hostile)
    assert [tag for tag, _ in Elements(page).seen] == [
        tag for tag, _ in Elements(render(plain)).seen
    ]
    assert "\u202e" not in page and "\x1b" not in page and "49" in page
    assert "&lt;script&gt;alert(1)" in page and "\\u202e" in page
    shown = json.dumps(_blocks(page), ensure_ascii=False)
    assert "\\u202e" in shown and "\u202e" not in shown


def test_every_case_is_in_the_explorer_with_both_sides(render, run):
    """Index and chunks hold each case once, the costliest first, with actions and differences."""
    blocks = _blocks(render(run))
    index = blocks["index"]
    assert len(set(index["id"])) == 400 and index["detailed"] == 400
    assert index["cost"] == sorted(index["cost"], reverse=True)
    assert sum(index["cost"]) == run.cost.error_cost_minor
    first = blocks["chunk-0"][0]
    finding = next(one for one in run.findings if one.case_id == index["id"][0])
    assert first["differences"][0][0] == finding.kind
    assert first["people"][0][3][0][0] == "stripe.refunds.create"
    changed = {name for name, _, differs in first["candidate"][0][3][0][4] if differs}
    assert changed == {"amount"}


def test_cases_are_known_by_the_classes_of_their_actions(run):
    """A class stands with each case in which people or the candidate acted under it."""
    acted = dict(run.proposals)
    (own,) = acted["refund-00007"]
    sent = msgspec.structs.replace(own.actions[0], action_class=ActionClass.AUTOMATED)
    acted["refund-00007"] = (msgspec.structs.replace(own, actions=(sent, *own.actions[1:])),)
    blocks, _ = make_blocks(replace(run, proposals=acted))
    index = json.loads(gzip.decompress(base64.b64decode(blocks[0].data)))
    automated = 1 << index["classes"].index("automated")
    asked = 1 << index["classes"].index("approval_required")
    by_id = dict(zip(index["id"], index["class"], strict=True))
    assert by_id.pop("refund-00007") == automated | asked
    assert set(by_id.values()) == {asked}


def test_people_are_held_against_each_other_in_a_picture(render, run):
    """Where several people answered the same cases it is drawn how far they and it are apart."""
    pairs = (("a", 0.0, 0.0), ("b", 0.0, 250.0), ("c", 1200.0, 250.0), ("d", 1e6, 0.0))
    human = HumanNoise(
        double_handled=4, human_minor=300.0, candidate_minor=125.0, difference_minor=-175.0,
        cost_alpha=0.7, pairs=pairs,
    )  # fmt: skip
    business = Business(values=(), break_even_minor=500, headroom=None, human=human)
    cost = msgspec.structs.replace(run.cost, business=business)
    page = render(replace(run, cost=cost))
    chart = page[page.index("How far people agree themselves") :]
    chart = chart[: chart.index("</figure>")]
    rows = re.findall(r"<tr>(?:<td>([^<]*)</td>)(?:<td>([^<]*)</td>)(?:<td>([^<]*)</td>)"
                      r"(?:<td>([^<]*)</td>)(?:<td>([^<]*)</td>)</tr>", chart)  # fmt: skip
    assert rows == [
        ("no difference that costs", "2", "50.0%", "2", "50.0%"),
        ("up to 10.00 EUR", "0", "0.0%", "2", "50.0%"),
        ("up to 100.00 EUR", "1", "25.0%", "0", "0.0%"),
        ("more than 1,000.00 EUR", "1", "25.0%", "0", "0.0%"),
    ]
    assert chart.count("<rect") == 8 and "people 2" in chart and "candidate 0" in chart
    assert (
        "4 cases were answered by several people" in chart
        and "the candidate&#39;s 1.25 EUR" in chart
    )
    assert "How far people agree themselves" not in render(run)


def test_the_page_says_what_became_of_the_records_and_what_it_is_for(render, run):
    """What the import dropped and repaired stands there with its reasons, the use as stated."""
    assert "<dt>Records</dt>" not in render(run)
    reasons = {"dropped: a preflight": 30, "repaired: cut off": 7, "quarantined: no time": 3}
    reasons |= {f"dropped: rare {n}": 1 for n in range(5)}
    recording = msgspec.structs.replace(
        run.recording, records=1045, kept=1000, dropped=35, repaired=7, quarantined=3,
        reasons=reasons,
    )  # fmt: skip
    manifest = msgspec.structs.replace(run.manifest, intended_use="refunds up to 50 EUR <b>")
    text = "".join(Elements(render(replace(run, recording=recording, manifest=manifest))).shown)
    assert "1,045 read, 1,000 kept as they were, 35 dropped, 7 repaired, 3 quarantined: " in text
    assert "30 dropped: a preflight; 7 repaired: cut off; 3 quarantined: no time; 1 dro" in text
    assert "2 further reasons in its manifest.json" in text
    assert "refunds up to 50 EUR <b>; hasty at stage shadow" in text


def test_every_kind_of_finding_is_explained_where_it_stands(render, make):
    """A kind says on hover what the candidate did, and in print among the words of the page."""
    facts = make(400, critical=True)
    page = render(facts)
    for kind in {one.kind for one in facts.findings}:
        name = kind.value.replace("_", " ")
        told = re.search(rf'<th scope="row"><abbr title="([^"]+)">{name}</abbr></th>', page)[1]
        assert f"<dt>{name}</dt><dd>{told}</dd>" in page


def test_what_does_not_fit_is_left_out_and_said(run):
    """Where the budget ends, the cheapest cases lose their details, and their number is told."""
    blocks, left_out = make_blocks(run, budget=10)
    assert [block.name for block in blocks] == ["index"] and left_out == 400


def test_without_details_the_page_stays_small(render, make):
    """A page of 3,000 cases without their details needs no script and names the command."""
    page = render(make(3000), details=False)
    assert len(page.encode()) < 400_000
    assert "<script" not in page and "understudy case" in page


def test_charts_have_titles_and_tables(render, run):
    """Each picture has a name for those who do not see it, and its data as a table."""
    elements = Elements(render(run)).seen
    pictures = [attributes for tag, attributes in elements if tag == "svg"]
    assert len(pictures) == 5
    assert all(one["role"] == "img" and one["aria-label"] for one in pictures)
    figures = [tag for tag, _ in elements if tag == "figure"]
    tables = [a for tag, a in elements if tag == "table" and a.get("class") == "data"]
    assert len(figures) == 5 and len(tables) >= 4
    assert [tag for tag, _ in elements].count("h1") == 1


def test_an_empty_run_still_has_a_page(render, empty):
    """A run without a judged case shows INVALID with its reason instead of pictures."""
    page = render(empty)
    assert "no case was judged" in page and "INVALID" in page
    assert "<svg" not in page


def test_a_run_whose_cases_are_not_at_hand_shows_the_rest(render, run):
    """Without cases, baselines and proposals the page says what is missing."""
    page = render(replace(run, cases={}, baselines={}, proposals={}, traces={}, recording=None))
    assert "no baseline is at hand" in page and "no proposal is at hand" in page


def test_one_run_makes_one_page(render, run):
    """The page is the same byte for byte when it is written again."""
    assert render(run) == render(run)


def test_very_long_text_is_cut(render, make):
    """Five megabytes in one field do not end up on the page."""
    facts = make(30, critical=True)
    long = msgspec.structs.replace(facts.findings[0], explanation="x" * 5_000_000)
    assert len(render(replace(facts, findings=(long, *facts.findings[1:])))) < 400_000


def test_a_currency_without_minor_units_is_written_as_it_is(render, run):
    """Yen have no hundredths, neither in Python nor in the page's own figures."""
    costs = msgspec.structs.replace(run.cost, currency="JPY")
    error_cost = msgspec.structs.replace(run.verdict.error_cost, currency="JPY", per_case=612.0)
    verdict = msgspec.structs.replace(run.verdict, error_cost=error_cost)
    page = render(replace(run, cost=costs, verdict=verdict))
    assert "612 JPY" in page and _blocks(page)["index"]["digits"] == 0
