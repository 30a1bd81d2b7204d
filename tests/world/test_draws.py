"""Random words and the texts that rows are put together of."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from understudy.world.columns import numbered
from understudy.world.entropy import Stream, chosen, share
from understudy.world.locales import LOCALES
from understudy.world.population import draw_people
from understudy.world.recipe import Recipe
from understudy.world.shelves import kind_shelf, mask_halves, mask_shelf, stitched


def _fresh(stream, block, lane=0):
    name = f"{stream.seed}\x1f{stream.table}\x1f{stream.column}\x1f{stream.purpose}"
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16).digest(), "little")
    return np.random.Philox(key=key, counter=[0, 0, lane, block + 2])


@pytest.mark.parametrize(("block", "lane"), [(-2, 0), (-1, 0), (0, 1), (70_000, 3)])
def test_words_are_philox_with_the_streams_key_and_the_blocks_counter(block, lane):
    """However often a stream is read, it gives what a Philox made for it alone begins with."""
    stream = Stream(7, "people", "zip", "tail")
    expected = _fresh(stream, block, lane).random_raw(9)
    for _ in range(2):
        assert stream.words(block, 9, lane).tolist() == expected.tolist()
    halves = _fresh(stream, block).random_raw(5)
    pairs = [half for word in halves.tolist() for half in (word & 0xFFFFFFFF, word >> 32)]
    assert stream.halves(block, 9).tolist() == pairs[:9]


def test_threads_disturb_each_other_in_nothing():
    """Words that four threads draw at once are those that one would draw."""
    streams = [Stream(1, "t", str(number)) for number in range(400)]
    alone = [stream.words(0, 50).tolist() for stream in streams]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda stream: stream.words(0, 50).tolist(), streams)) == alone


@pytest.mark.parametrize("weights", [(1.0,), (3, 0, 1), (1, 1, 0), tuple(range(1, 40))])
def test_choices_follow_their_weights_and_the_length_of_words_does_not_matter(weights):
    """Half words choose as the whole words that begin with them; what weighs 0 is never chosen."""
    halves = Stream(1, "t").halves(0, 200_000)
    picked = chosen(halves, weights)
    assert picked.tolist() == chosen(halves.astype(np.uint64) << np.uint64(32), weights).tolist()
    shares = np.bincount(picked, minlength=len(weights)) / len(picked)
    assert shares == pytest.approx(np.array(weights) / sum(weights), abs=0.004)
    assert not any(shares[np.array(weights) == 0])


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_rates_hit_as_often_as_they_say(rate):
    """No row at 0, each at 1, and for half words as for whole ones."""
    halves = Stream(1, "t").halves(0, 100_000)
    hit = share(halves, rate)
    assert hit.mean() == pytest.approx(rate, abs=0.005)
    assert hit.tolist() == share(halves.astype(np.uint64) << np.uint64(32), rate).tolist()


def test_masks_come_to_what_they_say():
    """Every text of a mask has its form, none stands twice, and many-valued ones have 10,000."""
    masks = tuple(locale.postcode for locale in LOCALES.values())
    shelf = mask_shelf(masks)
    for mask, start, size in zip(masks, shelf.starts, shelf.sizes, strict=True):
        texts = shelf.values[int(start) : int(start + size)].to_pylist()
        form = re.escape(mask).replace(r"\#", r"\d").replace("@", "[A-Z]")
        assert all(re.fullmatch(form, text) for text in texts)
        assert len(set(texts)) == len(texts) == 10_000
        assert len({text[0] for text in texts}) >= 10


def test_halves_of_masks_come_to_all_that_the_mask_can():
    """Both halves of a telephone number together reach each number once."""
    head, tail = mask_halves(("+1-###-555-01##", "x"))
    count = int(head.sizes[0] * tail.sizes[0])
    one, other = np.divmod(np.arange(count), int(tail.sizes[0]))
    texts = stitched(head.values, head.starts[0] + one, tail.starts[0] + other).to_pylist()
    assert len(set(texts)) == count == 100_000
    assert all(re.fullmatch(r"\+1-\d{3}-555-01\d\d", text) for text in texts)
    place = np.array([1])
    nothing = np.zeros(1, dtype=np.uint32)
    assert (
        stitched(head.values, head.pick(place, nothing), tail.pick(place, nothing))[0].as_py()
        == "x"
    )


def test_texts_put_together_of_nothing_are_none():
    """No rows make an empty column."""
    nothing = np.zeros(0, dtype=np.int64)
    assert stitched(kind_shelf(("en_US",), "first").values, nothing, nothing).to_pylist() == []


def test_ids_are_the_same_text_whether_written_by_fours_or_not():
    """Ids rise, stand once, and blocks whose ids gain a digit are written as all others."""
    for start in (99_900_000 - 97 * 2**20, 3, 7_000_000_000):
        ids = numbered(start, 97, Stream(1, "t"), 0, 5_000).to_pylist()
        rising = [int(text) for text in ids]
        assert ids == [str(number) for number in rising]
        assert rising == sorted(set(rising))
    assert numbered(1, 97, Stream(1, "t"), 0, 0).to_pylist() == []


def test_people_are_as_many_sorts_as_the_recipe_says():
    """Shares of private people, firms, numbered mail boxes and locales are the recipe's own."""
    people = draw_people(Recipe(customers=20_000, block=20_000, leads=0.0), 1, 0)
    emails = np.array(people.columns["email"].to_pylist())
    private = people.private
    assert private.mean() == pytest.approx(0.25, abs=0.01)
    assert len(people.firms) / (~private).sum() == pytest.approx(0.35, abs=0.01)
    numbered_boxes = [bool(re.search(r"\d\d@", email)) for email in emails[private]]
    assert np.mean(numbered_boxes) == pytest.approx(0.35, abs=0.02)
    assert not any(re.search(r"\d\d@", email) for email in emails[~private])
    assert (people.locale == 0).mean() == pytest.approx(0.3, abs=0.02)
    companies = people.columns["company"].is_null().to_numpy(zero_copy_only=False)
    assert companies.tolist() == private.tolist()


def test_people_of_a_firm_share_what_is_the_firms():
    """Company, domain, address and place are one for all of a firm; names are their own."""
    people = draw_people(Recipe(customers=2_000, block=2_000), 1, 0)
    for column in ("company", "domain", "address", "city", "zip", "currency", "plan"):
        values = people.columns[column].to_pylist()
        assert values == [values[leader] for leader in people.leader], column
    names = people.columns["name"].to_pylist()
    assert names != [names[leader] for leader in people.leader]
    hosts = [email.split("@")[1] for email in people.columns["email"].to_pylist()]
    assert [host for host, alone in zip(hosts, people.private, strict=True) if not alone] == [
        domain for domain in people.columns["domain"].to_pylist() if domain
    ]


def test_a_persons_other_mail_box_is_another():
    """Whoever has a second address has another than the first, but for chance."""
    people = draw_people(Recipe(customers=2_000, block=2_000), 1, 0)
    first, other = (people.columns[name].to_pylist() for name in ("email", "private_email"))
    same = sum(one == two for one, two in zip(first, other, strict=True))
    assert same < 10
