"""What the Sirene register says of the establishments named in a table."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ess_impact.data.checking import Checked
from ess_impact.data.nomenclatures.findings import FINDING
from ess_impact.data.nomenclatures.periods import communes, naf
from ess_impact.data.nomenclatures.validity import INDEX, canonical
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType

_REGISTERED = "_registered"
_CLOSED = ("F", "C")
"""Sirene writes F for a closed establishment, C for an enterprise that ceased."""


def registered_facts(one: Checked, sirene: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Compare a table with the register.

    Parameters
    ----------
    one : Checked
        A table.
    sirene : polars.DataFrame
        ``siret`` and any of siren, code_naf, categorie_juridique, code_commune, etat_administratif, rna; one row per
        establishment.

    Yields
    ------
    column, found : str, polars.DataFrame
        Column of the table, and rows that differ. A fact describes the establishment whose SIRET is the last one
        written before it in the table; it is compared where both sides know it.
    """
    for column in one.table.columns:
        fact, siret = _fact(column), siret_before(one.table, column)
        if column.type in (ColumnType.SIRET, ColumnType.SIREN) and column.type in sirene.columns:
            yield column.name, _presence(one, column, sirene)
        elif siret and fact in sirene.columns:
            yield column.name, _differences(one, column, registered(one, siret, sirene, fact))


def registered(one: Checked, siret: str, sirene: pl.DataFrame, fact: str) -> pl.Series:
    """Return what the register says of each row.

    Parameters
    ----------
    one : Checked
        A table.
    siret : str
        Its column that names the establishment.
    sirene : polars.DataFrame
        See :func:`registered_facts`.
    fact : str
        Column of the register.

    Returns
    -------
    polars.Series
        One value per accepted row, null where the register does not know the establishment.
    """
    known = sirene.select(pl.col("siret").alias(siret), pl.col(fact).alias(_REGISTERED)).unique(siret, keep="last")
    return one.accepted.select(siret).join(known, on=siret, how="left", maintain_order="left")[_REGISTERED]


def siret_before(table: Table, column: Column) -> str:
    """Return the SIRET column that a column describes.

    Parameters
    ----------
    table : Table
        The table.
    column : Column
        One of its columns.

    Returns
    -------
    str
        The last column of type SIRET before it; empty without any.
    """
    before = table.columns[: table.columns.index(column)]
    return next((one.name for one in reversed(before) if one.type is ColumnType.SIRET), "")


def _fact(column: Column) -> str:
    """Return the column of the register that holds the same fact."""
    if column.type is ColumnType.RNA:
        return "rna"
    if column.type is ColumnType.COMMUNE:
        return "code_commune"
    facts = {"naf": "code_naf", "categorie_juridique": "categorie_juridique", "commune": "code_commune"}
    return facts.get(column.nomenclature or "", "")


def _presence(one: Checked, column: Column, sirene: pl.DataFrame) -> pl.DataFrame:
    """Find the numbers the register does not hold, and the establishments it says are closed."""
    kind = column.type.value
    state = pl.col("etat_administratif") if "etat_administratif" in sirene.columns else pl.lit(None, dtype=pl.String)
    closed = state.is_in(_CLOSED) & pl.lit(kind == "siret")
    known = sirene.select(pl.col(kind).alias("value"), _closed=closed.fill_null(False)).unique("value", keep="last")
    rows = one.accepted.select(value=column.name).with_row_index(INDEX).drop_nulls("value")
    found = rows.join(known, on="value", how="left", maintain_order="left").filter(pl.col("_closed").fill_null(True))
    unknown = pl.col("_closed").is_null()
    return found.select(
        INDEX,
        "value",
        rule=pl.when(unknown).then(pl.lit(f"{kind}_hors_sirene")).otherwise(pl.lit("etablissement_ferme")),
        message=pl.when(unknown)
        .then(pl.lit("ce numéro ne figure pas dans l'extrait de Sirene fourni"))
        .otherwise(pl.lit("Sirene indique que cet établissement est fermé")),
        remedy=pl.when(unknown)
        .then(pl.lit("Vérifiez le numéro sur l'avis de situation Sirene."))
        .otherwise(pl.lit("Si l'activité continue ailleurs, écrivez le SIRET du nouvel établissement.")),
    )


def _differences(one: Checked, column: Column, facts: pl.Series) -> pl.DataFrame:
    rows = one.accepted.select(value=column.name).with_columns(facts).with_row_index(INDEX).drop_nulls()
    declared, known = canonical(pl.col("value")), canonical(pl.col(_REGISTERED))
    found = rows.filter(declared != known)
    if column.nomenclature == "naf":
        found = _same_revision(found)
    if _fact(column) == "code_commune":
        found = found.filter(_present(declared) != _present(known))
    return found.with_columns(
        rule=pl.lit("differe_de_sirene"),
        message=pl.format("Sirene indique « {} »", _REGISTERED),
        remedy=pl.format(
            "Écrivez {} si c'était déjà vrai à la date de la ligne ; si Sirene se trompe, faites-le corriger.",
            _REGISTERED,
        ),
    ).select(FINDING)


def _same_revision(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep what can be compared: Sirene may hold an older revision, the next one, or 00.00Z for unknown."""
    revisions = dict(naf().select("code", "valid_from").iter_rows())
    first, second = (
        canonical(pl.col(name)).replace_strict(revisions, default=None, return_dtype=pl.Date)
        for name in ("value", _REGISTERED)
    )
    return rows.filter(second.is_not_null() & (first.is_null() | (first == second)))


def _present(code: pl.Expr) -> pl.Expr:
    """Return the commune of today: the register only knows those."""
    ended = communes().filter(pl.col("valid_to").is_not_null() & pl.col("successor").is_not_null())
    return code.replace(dict(ended.select("code", "successor").iter_rows()))
