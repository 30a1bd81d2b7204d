"""Runs in a peer's own environment: python mess_peer.py WHAT ROWS [FILE]; prints rows and CPU.

Rows of Faker and Mimesis are made as their users make them, one after the other, by the libraries'
defaults; what each loads on a first row is not counted.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable

Row = tuple[object, ...]


def mimesis(rows: int) -> None:
    """The workload's twelve columns."""
    from mimesis import Generic
    from mimesis.locales import Locale

    made = Generic(Locale.EN, seed=1)
    person, finance, address = made.person, made.finance, made.address

    def row(number: int) -> Row:
        first, last = person.first_name(), person.last_name()
        return (
            number, first, last, f"{first}.{last}@example.com".lower(), person.phone_number(),
            finance.company(), address.address(), address.city(), address.postal_code(),
            address.country(), made.datetime.datetime(), made.numeric.integer_number(0, 99_999),
        )  # fmt: skip

    _loop(row, rows)


def faker(rows: int, *, weighted: bool = True) -> None:
    """The workload's twelve columns."""
    from faker import Faker

    made = Faker(use_weighting=weighted)
    made.seed_instance(1)

    def row(number: int) -> Row:
        first, last = made.first_name(), made.last_name()
        return (
            number, first, last, f"{first}.{last}@example.com".lower(), made.phone_number(),
            made.company(), made.street_address(), made.city(), made.postcode(), made.country(),
            made.date_time(), made.random_int(0, 99_999),
        )  # fmt: skip

    _loop(row, rows)


def unweighted(rows: int) -> None:
    """Faker that draws all names alike often, which is faster."""
    faker(rows, weighted=False)


def _loop(row: Callable[[int], Row], rows: int) -> None:
    if len(row(0)) != 12:
        raise ValueError(row(0))
    began = time.process_time()
    made = [row(number) for number in range(rows)]
    _tell(len(made), began)


def tab_err(file: str) -> None:
    """The same seven steps on the same rows, read before, each with the mask that it returns."""
    import pandas as pd

    warnings.simplefilter("ignore")
    from tab_err.api import low_level
    from tab_err.error_mechanism import EAR, ECAR, ENAR
    from tab_err.error_type import Extraneous, MissingValue, Mojibake, Typo, WrongUnit

    numbers = {"created_at": "int64", "credit_limit": "int64"}
    names = pd.read_csv(file, nrows=0).columns
    frame = pd.read_csv(file, dtype={name: numbers.get(name, "object") for name in names})
    slip = WrongUnit({"wrong_unit_scaling": lambda amount: amount * 100})
    steps = (
        ("phone", 0.05, ECAR(), MissingValue()),
        ("last_name", 0.03, ECAR(), Typo()),
        ("city", 0.01, ECAR(), Mojibake()),
        ("credit_limit", 0.01, ECAR(), slip),
        ("email", 0.02, EAR("country"), Typo()),
        ("postcode", 0.04, ENAR(), MissingValue()),
        ("company", 0.01, ECAR(), Extraneous()),
    )
    began = time.process_time()
    for column, rate, mechanism, kind in steps:
        frame, _ = low_level.create_errors(frame, column, rate, mechanism, kind)
    _tell(len(frame), began)


def _tell(rows: int, began: float) -> None:
    sys.stdout.write(json.dumps({"rows": rows, "cpu": time.process_time() - began}))


if __name__ == "__main__":
    what, rows = sys.argv[1], int(sys.argv[2])
    if what == "tab_err":
        tab_err(sys.argv[3])
    else:
        {"faker": faker, "unweighted": unweighted, "mimesis": mimesis}[what](rows)
