"""The places that people of a world live in: script, currency, time zone, formats, tax."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CURRENCIES", "LOCALES", "Locale"]


@dataclass(frozen=True, slots=True)
class Locale:
    """One locale.

    `phone` and `postcode` are masks: each `#` becomes a digit, each `@` a capital letter. No call
    to any of the numbers reaches anyone: they lie in ranges that are kept for fiction (555-01xx in
    North America, those of Ofcom, the Bundesnetzagentur and ARCEP) or, where a country keeps none,
    begin as none of its numbers does.
    """

    name: str
    faker: str
    language: str
    country: str
    country_name: str
    currency: str
    time_zone: str
    phone: str
    postcode: str
    tax_bps: int
    family_first: bool = False
    number_first: bool = False


def _index(*locales: Locale) -> dict[str, Locale]:
    return {locale.name: locale for locale in locales}


LOCALES = _index(
    Locale("en_US", "en_US", "en", "US", "United States", "usd", "America/New_York",
           "+1-###-555-01##", "#####", 0, number_first=True),
    Locale("en_GB", "en_GB", "en", "GB", "United Kingdom", "gbp", "Europe/London",
           "+44 20 7946 0###", "@@# #@@", 2000, number_first=True),
    Locale("de_DE", "de_DE", "de", "DE", "Deutschland", "eur", "Europe/Berlin",
           "+49 30 23125 ###", "#####", 1900),
    Locale("fr_FR", "fr_FR", "fr", "FR", "France", "eur", "Europe/Paris",
           "+33 1 99 00 ## ##", "#####", 2000, number_first=True),
    Locale("es_MX", "es_MX", "es", "MX", "México", "mxn", "America/Mexico_City",
           "+52 10 5550 1###", "#####", 1600),
    Locale("pl_PL", "pl_PL", "pl", "PL", "Polska", "pln", "Europe/Warsaw",
           "+48 10 555 01 ##", "##-###", 2300),
    Locale("el_GR", "el_GR", "el", "GR", "Ελλάδα", "eur", "Europe/Athens",
           "+30 31 0555 01##", "### ##", 2400),
    Locale("uk_UA", "uk_UA", "uk", "UA", "Україна", "uah", "Europe/Kyiv",
           "+380 20 555 01 ##", "#####", 2000),
    Locale("ja_JP", "ja_JP", "ja", "JP", "日本", "jpy", "Asia/Tokyo",
           "+81 3 0550 1###", "###-####", 1000, family_first=True),
    Locale("ar_KW", "ar_SA", "ar", "KW", "الكويت", "kwd", "Asia/Kuwait",
           "+965 3555 01##", "#####", 0),
)  # fmt: skip

CURRENCIES = {
    "usd": 100, "eur": 92, "gbp": 79, "mxn": 1850, "pln": 395, "uah": 4150, "jpy": 150, "kwd": 310,
}  # fmt: skip
"""Minor units that one US dollar buys, rounded: list prices are set by it, not exchanged."""
