"""Runs in a peer's own environment: python mess_peer.py WHAT ROWS; prints rows and CPU seconds."""

from __future__ import annotations

import json
import sys
import time
import warnings


def mimesis(rows: int) -> None:
    """A row at a time, in the workload's twelve columns."""
    from mimesis import Generic
    from mimesis.locales import Locale

    made = Generic(Locale.DE, seed=1)
    began = time.process_time()
    for number in range(rows):
        first, last = made.person.first_name(), made.person.last_name()
        row = (
            number, first, last, f"{first}.{last}@example.com".lower(), made.person.phone_number(),
            made.finance.company(), made.address.address(), made.address.city(),
            made.address.postal_code(), made.address.country_code(),
            made.datetime.datetime().isoformat(), made.numeric.integer_number(0, 4),
        )  # fmt: skip
        if len(row) != 12:
            raise ValueError(row)
    _tell(rows, began)


def faker(rows: int) -> None:
    """A row at a time, in the workload's twelve columns."""
    from faker import Faker

    made = Faker("de_DE")
    made.seed_instance(1)
    began = time.process_time()
    for number in range(rows):
        first, last = made.first_name(), made.last_name()
        row = (
            number, first, last, f"{first}.{last}@example.com".lower(), made.phone_number(),
            made.company(), made.street_address(), made.city(), made.postcode(),
            made.country_code(), made.date_time().isoformat(), made.random_int(0, 4),
        )  # fmt: skip
        if len(row) != 12:
            raise ValueError(row)
    _tell(rows, began)


def tab_err(rows: int) -> None:
    """The same seven steps on a frame, with the mask that it returns."""
    import pandas as pd

    warnings.simplefilter("ignore")
    from tab_err.api import low_level
    from tab_err.error_mechanism import ECAR
    from tab_err.error_type import Extraneous, MissingValue, Mojibake, Typo

    n = range(rows)
    frame = pd.DataFrame({
        "phone": [f"+49 30 23125 {i % 1000:03d}" for i in n],
        "lastname": [f"Meier{i % 900}" for i in n],
        "city": [f"Münster{i % 300}" for i in n], "plan": [f"plan{i % 4}" for i in n],
        "email": [f"a.b{i}@example.com" for i in n], "zip": [f"{i % 90000:05d}" for i in n],
        "company": [f"Firma {i % 5000} GmbH" for i in n],
    })  # fmt: skip
    steps = (
        ("phone", 0.05, MissingValue()), ("lastname", 0.03, Typo()), ("city", 0.01, Mojibake()),
        ("plan", 0.01, Extraneous()), ("email", 0.02, Typo()), ("zip", 0.04, MissingValue()),
        ("company", 0.01, Extraneous()),
    )  # fmt: skip
    began = time.process_time()
    for column, rate, kind in steps:
        dirty, _ = low_level.create_errors(frame, column, rate, ECAR(), kind)
        frame[column] = dirty[column]
    _tell(rows, began)


def _tell(rows: int, began: float) -> None:
    sys.stdout.write(json.dumps({"rows": rows, "cpu": time.process_time() - began}))


if __name__ == "__main__":
    {"faker": faker, "mimesis": mimesis, "tab_err": tab_err}[sys.argv[1]](int(sys.argv[2]))
