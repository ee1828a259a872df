"""Rows of a workbook that are about another enterprise than its sender: they change nothing and are said."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.reading import RawTable

RULE = "ligne_d_une_autre_structure"
_SIREN = 9
_SIRET = r"^\d{14}$"


def without_foreign_rows(whole: RawTable) -> RawTable:
    """Set aside the rows a structure wrote about another enterprise.

    Parameters
    ----------
    whole : RawTable
        All rows of a table, those of workbooks with their sender.

    Returns
    -------
    RawTable
        Without the rows whose owner is a SIRET of another SIREN than the sender's: they would replace or contradict
        what that enterprise sent itself. One rejet each; an owner that is no SIRET is left to the checks.
    """
    owner = whole.table.owner
    if owner is None or owner not in whole.frame.columns:
        return whole
    written = pl.col(owner).str.replace_all(r"[\s\u00a0\u202f.]", "")
    foreign = (
        (pl.col("_sender") != "")
        & written.str.contains(_SIRET)
        & (written.str.slice(0, _SIREN) != pl.col("_sender").str.slice(0, _SIREN))
    )
    marked = whole.frame.with_columns(_foreign=foreign.fill_null(False))
    found = marked.filter("_foreign")
    if found.is_empty():
        return whole
    label = next(one.label.fr for one in whole.table.columns if one.name == owner)
    anomalies = (
        Anomaly(
            rule=RULE,
            table=whole.table.id,
            siret=sender,
            file=file,
            sheet=sheet,
            row=row,
            column=owner,
            message=f"« {label} » : ce numéro est celui d'une autre structure que celle qui envoie le classeur.",
            remedy="Écrivez le SIRET de votre structure, ou retirez la ligne : chaque structure envoie les siennes.",
        )
        for file, sheet, row, sender in found.select("_file", "_sheet", "_row", "_sender").iter_rows()
    )
    kept = marked.filter(~pl.col("_foreign")).drop("_foreign")
    return replace(whole, frame=kept, anomalies=(*whole.anomalies, *anomalies))
