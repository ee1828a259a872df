"""Closing entries: a ledger exported after them has its charges and products at zero, without a word.

They bring each charge and product back to zero against the result of the year (account 12). An entry made of nothing
else is one; voluntary contributions (86 against 87) are brought back between themselves.
"""

from __future__ import annotations

import polars as pl

from ess_impact.data.accounts.entries import ENTRY
from ess_impact.data.accounts.faults import Faults
from ess_impact.text import plural

RESULT = "^(?:12|88|89)"
"""Accounts of the result, and of the closing balance sheet."""
_MANAGEMENT = "^[67]"
_VOLUNTARY = "^8[67]"
_REMEDY = "Exportez de nouveau le FEC avant les écritures de clôture, comme l'administration le demande."


def without_closing(lines: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    """Set closing entries aside and say so; refuse a ledger brought to zero where they cannot be told.

    Parameters
    ----------
    lines : polars.DataFrame
        Lines of the ledger.
    faults : Faults
        Where faults are reported.

    Returns
    -------
    polars.DataFrame
        Lines of the year itself.
    """
    found = closing_entries(lines)
    kept = lines
    if found.height:
        closing = lines.join(found, on=ENTRY, how="semi", maintain_order="left")
        kept = lines.join(found, on=ENTRY, how="anti", maintain_order="left")
        faults.add(
            "ecritures_de_cloture",
            f"le FEC contient {plural(closing.select(ENTRY).n_unique(), 'écriture')} de clôture "
            f"({plural(closing.height, 'ligne')}), qui ramènent à zéro les charges et les produits : "
            "elles ont été laissées de côté",
            _REMEDY + " Les montants lus sont ceux d'avant la clôture.",
            severity="alerte",
            row=int(closing["line"][0]),
        )
    if _brought_to_zero(kept):
        faults.add(
            "cloture_non_isolee",
            "charges et produits sont ramenés à zéro, et les écritures de clôture ne se distinguent pas des autres",
            _REMEDY,
        )
    return kept


def closing_entries(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what tells closing entries from the others.

    Parameters
    ----------
    lines : polars.DataFrame
        Lines of the ledger.

    Returns
    -------
    polars.DataFrame
        Columns ``journal`` and ``number``, one row per entry.
    """
    account = pl.col("account")
    gap = pl.col("debit") - pl.col("credit")
    result, management = account.str.contains(RESULT), account.str.contains(_MANAGEMENT)
    voluntary = account.str.contains(_VOLUNTARY)
    emptied = gap.filter(account.str.starts_with("86")).sum() < 0
    accounts = lines.select(account.unique()).filter(result | voluntary)["account"]
    suspects = lines.filter(account.is_in(accounts.implode())) if accounts.len() else lines.clear()
    touched = lines.join(suspects.select(ENTRY).unique(), on=ENTRY, how="semi") if suspects.height else suspects
    entries = touched.group_by(ENTRY).agg(
        result=(result | management).all() & result.any() & management.any(),
        voluntary=voluntary.all() & emptied,
    )
    found = entries.filter("result")
    cancelled = lines.filter(voluntary & account.str.starts_with("86")).select(gap.sum()).item() == 0
    # Correcting a contribution also credits 86: only a ledger brought to zero holds closings of them.
    return (pl.concat([found, entries.filter("voluntary")]) if cancelled else found).select(ENTRY).unique()


def _brought_to_zero(lines: pl.DataFrame) -> bool:
    """Say whether charges and products, each as a whole, net to zero though there were some."""
    accounts = lines.group_by("account").agg(
        gap=(pl.col("debit") - pl.col("credit")).sum(), gross=pl.col("debit").abs().sum() + pl.col("credit").abs().sum()
    )
    moved = accounts.filter(pl.col("account").str.contains(_MANAGEMENT))
    net = moved.group_by(pl.col("account").str.slice(0, 1)).agg(pl.col("gap").sum())
    return bool(moved["gross"].sum()) and not (net["gap"] != 0).any()
