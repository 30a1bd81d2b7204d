"""Builds the committed pools of names, companies, places and jobs: `python -m` this module.

Faker promises equal output only within one version, so worlds never call it: they gather from the
pools that this script wrote once. Run it again only to change the pools on purpose.
"""

from __future__ import annotations

import hashlib
import json
import sys
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.world.locales import LOCALES

if TYPE_CHECKING:
    from faker import Faker

__all__ = ["build_pools", "romanise"]

SIZES = {"first": 500, "last": 700, "street": 500, "city": 250, "company": 500, "job": 200}
_TRIES = 12


def _pairs(letters: str, sounds: str) -> dict[str, str]:
    """What each letter is written as; `_` stands for nothing."""
    return dict(zip(letters, sounds.split(), strict=True))


_GREEK = _pairs("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o")
_CYRILLIC = _pairs(
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'",
    "a b v h g d e ie zh z y i i i k l m n o p r s t u f kh ts ch sh shch _ iu ia _",
)
_ARABIC = _pairs(
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآءئؤ",
    "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a a a i a _ y w",
)
_LATIN = {"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "ä": "ae", "ö": "oe", "ü": "ue", "đ": "d"}
_LETTERS = {**_GREEK, **_CYRILLIC, **_ARABIC, **_LATIN}

_KUWAIT = (
    "الكويت السالمية حولي الفروانية الجهراء الفحيحيل المنقف صباح_السالم الرميثية بيان مشرف "
    "الجابرية سلوى الخيران العديلية الشامية الروضة كيفان الشويخ الأحمدي المهبولة "
    "أبو_حليفة خيطان جليب_الشيوخ"
)
_ARAB_FIRMS = {
    "شركة {} التجارية": "trading", "مجموعة {}": "group", "مؤسسة {} للمقاولات": "contracting",
    "شركة {} للتقنية": "tech", "{} وأولاده": "sons", "شركة {} للنقل": "transport",
    "{} للأغذية": "foods", "شركة {} للاستشارات": "consulting", "{} للأثاث": "furniture",
    "عيادات {}": "clinics", "شركة {} للطباعة": "print", "مطاعم {}": "restaurants",
}  # fmt: skip
_ARAB_JOBS = (
    "محاسب مهندس مدير_مبيعات مدير_مالي سكرتير مدير_عام مشرف محلل منسق مستشار مبرمج مدير_مشتريات "
    "مسؤول_موارد_بشرية أمين_صندوق مدقق_حسابات مدير_عمليات"
)


def romanise(text: str) -> str:
    """A name in lower-case ASCII letters and hyphens, as it stands in e-mail addresses.

    >>> romanise("Müller-Łoś"), romanise("Παπαδόπουλος"), romanise("Шевченко")
    ('mueller-los', 'papadopoylos', 'shevchenko')
    """
    letters = (_plain(letter) for letter in unicodedata.normalize("NFC", text.lower()))
    kept = "".join(part if part.isascii() and part.isalnum() else "-" * bool(part)
                   for part in letters)  # fmt: skip
    return "-".join(part for part in kept.split("-") if part)


def _plain(letter: str) -> str:
    stem = unicodedata.normalize("NFD", letter)[0]
    return (_LETTERS.get(letter) or _LETTERS.get(stem) or stem).replace("_", "")


def build_pools(folder: Path) -> dict[str, str]:
    """Write one JSON file per locale and `index.json` with their sha256; returns the index."""
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, str] = {}
    for locale in LOCALES.values():
        content = json.dumps(_pool(locale.faker), ensure_ascii=False, indent=0).encode() + b"\n"
        (folder / f"{locale.name}.json").write_bytes(content)
    for file in sorted(folder.glob("*.json")):
        if file.name != "index.json":
            index[file.stem] = hashlib.sha256(file.read_bytes()).hexdigest()
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return index


def _pool(faker_locale: str) -> dict[str, list[str]]:
    from faker import Faker

    faker = Faker(faker_locale)
    faker.seed_instance(20_261_101)
    pool: dict[str, list[str]] = {}
    for kind, size in SIZES.items():
        pairs = _distinct(partial(_MAKERS[kind], faker, faker_locale), size)
        pool[kind] = [text for text, _ in pairs]
        if kind in ("first", "last", "company"):
            pool[f"{kind}_ascii"] = [plain for _, plain in pairs]
    return pool


def _distinct(make: Callable[[], tuple[str, str]], size: int) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for _ in range(size * _TRIES):
        text, plain = make()
        if plain and len(text) < 80:
            found.setdefault(text, plain)
        if len(found) == size:
            break
    return list(found.items())


def _first(faker: Faker, locale: str) -> tuple[str, str]:
    if locale == "ja_JP":
        written, _, spoken = faker.first_name_pair()
        return written, romanise(spoken)
    name = faker.first_name()
    return name, romanise(name)


def _last(faker: Faker, locale: str) -> tuple[str, str]:
    if locale == "ja_JP":
        written, _, spoken = faker.last_name_pair()
        return written, romanise(spoken)
    name = faker.last_name()
    return name, romanise(name)


def _street(faker: Faker, locale: str) -> tuple[str, str]:
    own: dict[str, Callable[[], str]] = {
        "ja_JP": lambda: f"{faker.town()}{faker.chome()}",
        "ar_SA": lambda: f"شارع {faker.last_name()}",
    }
    street = own.get(locale, faker.street_name)()
    return street, "-"


def _city(faker: Faker, locale: str) -> tuple[str, str]:
    if locale == "ar_SA":
        return faker.random_element(_KUWAIT.split()).replace("_", " "), "-"
    named = getattr(faker, "city_name", None) if locale in ("uk_UA", "de_DE") else None
    return (named or faker.city)(), "-"


def _company(faker: Faker, locale: str) -> tuple[str, str]:
    name = faker.company()
    if locale == "ja_JP":
        return name, romanise(faker.last_name_pair()[2]) + "-" + faker.random_element(_JAPANESE)
    if locale == "ar_SA":
        form = faker.random_element(tuple(_ARAB_FIRMS))
        last = faker.last_name()
        return form.format(last), f"{romanise(last)}-{_ARAB_FIRMS[form]}"
    return name, romanise(name)[:30].strip("-")


def _job(faker: Faker, locale: str) -> tuple[str, str]:
    if locale == "ar_SA":
        return faker.random_element(_ARAB_JOBS.split()).replace("_", " "), "-"
    return faker.job(), "-"


_JAPANESE = ("kogyo", "shoji", "denki", "gas", "nourin", "suisan", "unyu", "insatsu", "tsushin")
_MAKERS: dict[str, Callable[[Any, str], tuple[str, str]]] = {
    "first": _first,
    "last": _last,
    "street": _street,
    "city": _city,
    "company": _company,
    "job": _job,
}

if __name__ == "__main__":
    build_pools(Path(__file__).parents[1] / "data" / "pools")
    sys.stdout.write("pools written\n")
