"""Amounts as CRMs keep them: decimal text in major units."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.model.money import minor_digits
from understudy.world.columns import text

__all__ = ["major_text"]


def major_text(
    minor: npt.NDArray[np.int64], currency: pa.Array, currencies: tuple[str, ...]
) -> pa.Array:
    """Minor units as decimal text with the currency's own digits.

    >>> major_text(np.array([1234, 500]), pa.array(["eur", "jpy"]), ("eur", "jpy")).to_pylist()
    ['12.34', '500']
    """
    which = np.asarray(pc.index_in(currency, pa.array(currencies)).to_numpy(zero_copy_only=False))
    digits = np.array([minor_digits(code) for code in currencies], dtype=np.int64)[which]
    scale = 10**digits
    whole, rest = text(minor // scale), text(minor % scale)
    padded = pc.if_else(
        pa.array(digits == 3), pc.utf8_lpad(rest, 3, "0"), pc.utf8_lpad(rest, 2, "0")
    )
    return pc.if_else(pa.array(digits == 0), whole, pc.binary_join_element_wise(whole, padded, "."))
