"""Numbers of persons rounded to a base at random, always the same way: an option beside hiding, never in its place."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from ess_impact.definitions.indicators import CollectedIndicator
from ess_impact.evaluation.results import SCHEMA
from ess_impact.stats.intervals import Reason

_COUNTED = ("count", "distinct", "proportion", "qualitative")
_BLANK = (
    *("low", "high", "confidence", "n_effective", "n_clusters"),
    *("panel_constant", "target_gap", "rank", "rank_low", "rank_high"),
)
"""What would give the exact numbers back."""
_SET_ASIDE = "arrondi_secret"
"""Reason of a figure whose interval would give the exact numbers back."""
ROUNDED = "Nombres arrondis au hasard à {base} près pour protéger les personnes."


def round_count(value: int, base: int, key: bytes, place: str) -> int:
    """Round a number to a multiple of a base, up or down at random, without bias.

    Estimand: an unbiased, reproducible substitute of a count. Assumptions: the key stays secret. Formula: with
    r = value mod base, up with probability r / base, drawn from HMAC-SHA256(key, place and value); a multiple of the
    base is unchanged. The same number of the same place is always rounded the same way, so that publishing it twice
    tells nothing more.

    Parameters
    ----------
    value : int
        Count.
    base : int
        At least 2.
    key : bytes
        Secret key.
    place : str
        What is counted, where and when.

    Returns
    -------
    int
        A multiple of the base less than one base away.

    Examples
    --------
    >>> round_count(10, 5, b"cle", "ici")
    10
    >>> round_count(12, 5, b"cle", "ici") in (10, 15)
    True
    """
    whole, rest = divmod(value, base)
    if rest == 0:
        return value
    drawn = int.from_bytes(hmac.new(key, f"{place}|{value}".encode(), sha256).digest()[:8], "big") / 2**64
    return (whole + (drawn < rest / base)) * base


def rounded_rows(
    indicator: CollectedIndicator, rows: Sequence[Mapping[str, Any]], *, base: int, key: bytes
) -> list[dict[str, Any]]:
    """Round the numbers of persons of an indicator, and compute again what is divided.

    Intervals, effective sizes, ranks and changes on the panel are emptied: they would give the exact numbers back.
    A mean, a rate, a sum or a median keeps its value; the numbers of rows beside it are rounded, and the two terms of
    its division are emptied, one of which may count persons.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition; only numbers of persons are rounded: of rows about them, at least.
    rows : sequence of mapping
        Its rows, secrecy applied.
    base : int
        Base of the rounding.
    key : bytes
        Secret key of the campaign.

    Returns
    -------
    list of dict
        The rows of results.
    """
    if indicator.secrecy.unit != "personne":
        return [dict(row) for row in rows]
    made = _rounded if indicator.kind in _COUNTED else _rounded_beside
    return [made(row, base, key) if row["n"] is not None else dict(row) for row in rows]


def _rounding(row: Mapping[str, Any], base: int, key: bytes) -> Callable[[float], int]:
    place = "|".join(str(row[name]) for name in ("indicator", "territory", "period_start", "breakdown", "modality"))
    # The same number of the same place is drawn once, whatever its column.
    return lambda value: round_count(round(value), base, key, place)


def _rounded_beside(row: Mapping[str, Any], base: int, key: bytes) -> dict[str, Any]:
    rounded = _rounding(row, base, key)
    found = {name: rounded(row[name]) for name in ("n", "n_missing")} | dict.fromkeys(("numerator", "denominator"))
    note = f"{row['notes']} {ROUNDED.format(base=base)}".strip()
    return dict(row) | found | {"notes": note}


def _rounded(row: Mapping[str, Any], base: int, key: bytes) -> dict[str, Any]:
    rounded, note = _rounding(row, base, key), ROUNDED.format(base=base)
    if row["value"] is None:
        return dict(row) | {name: rounded(row[name]) for name in ("n", "n_missing")} | {"notes": note}
    found: dict[str, Any] = {name: rounded(row[name]) for name in ("numerator", "n", "n_missing")}
    found["value"] = float(found["numerator"])
    if row["denominator"] is not None:
        found["denominator"] = found["numerator"] + rounded(row["denominator"] - row["numerator"])
    if row["kind"] == "proportion":
        found["n"] = found["denominator"]
        found["value"] = found["numerator"] / found["denominator"] if found["denominator"] else None
        found["obs_status"] = "A" if found["denominator"] else "M"
        if not found["denominator"]:
            found["reason"] = Reason.DENOMINATEUR_NUL.value
    found["reason"] = found.get("reason") or row["reason"] or _SET_ASIDE
    kept = {name: value for name, value in row.items() if name in SCHEMA}
    return kept | dict.fromkeys(_BLANK) | found | {"method": "", "trend": "", "notes": note}
