"""Family of the social economy, from the legal category: unknown rather than guessed."""

from __future__ import annotations

from functools import cache

import polars as pl

from ess_impact.data.checking import Checked
from ess_impact.data.nomenclatures.validity import INDEX, canonical
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Column, Table

LEGAL = "categories_juridiques"
OUTSIDE = "naf_hors_ess"


def derive_ess_family(
    codes: pl.Series, naf: pl.Series | None = None, *, catalogue: Catalogue | None = None
) -> pl.Series:
    """Derive the family of the social economy from the legal category.

    Parameters
    ----------
    codes : polars.Series
        Legal categories, four digits.
    naf : polars.Series, optional
        Activities, as long as ``codes``; one that the statistical perimeter leaves out gives no family.
    catalogue : Catalogue, optional
        Definitions; the shipped ones by default.

    Returns
    -------
    polars.Series
        Codes of the list of families; null where the category says nothing, or nothing sure.

    Examples
    --------
    >>> derive_ess_family(pl.Series(["9220", "5458", "5710"])).to_list()
    ['association', 'cooperative', None]
    >>> derive_ess_family(pl.Series(["9220"]), pl.Series(["94.20Z"])).to_list()
    [None]
    """
    catalogue = _shipped() if catalogue is None else catalogue
    legal, outside = catalogue.codelists.get(LEGAL), catalogue.codelists.get(OUTSIDE)
    parents = {row.code: row.parent for row in legal.codes if row.parent} if legal else {}
    family = canonical(pl.col("code")).replace_strict(parents, default=None, return_dtype=pl.String)
    excluded = canonical(pl.col("naf")).is_in(list(outside.values) if outside else []).fill_null(False)
    if naf is None:
        naf = pl.Series([None], dtype=pl.String).new_from_index(0, len(codes))
    cells = pl.DataFrame({"code": codes.cast(pl.String), "naf": naf.cast(pl.String)})
    return cells.select(famille_ess=pl.when(~excluded).then(family)).to_series()


@cache
def _shipped() -> Catalogue:
    return Catalogue.load()


def legal_column(table: Table) -> Column | None:
    """Return the column that holds the legal category.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    Column or None
        None when the table has none.
    """
    return next((one for one in table.columns if one.nomenclature == "categorie_juridique"), None)


def differing_families(one: Checked, catalogue: Catalogue, registered: pl.Series | None) -> tuple[str, pl.DataFrame]:
    """Compare the family declared with the one the legal category gives.

    Parameters
    ----------
    one : Checked
        A table.
    catalogue : Catalogue
        Definitions.
    registered : polars.Series, optional
        Legal category of each row in the register, used where none is declared.

    Returns
    -------
    column, found : str, polars.DataFrame
        Column of the family, and rows where both are known and differ; empty name without such a column.
    """
    legal = catalogue.codelists.get(LEGAL)
    declared = next((c.name for c in one.table.columns if legal and legal.parents and c.codelist == legal.parents), "")
    written = legal_column(one.table)
    if legal is None or not declared or (written is None and registered is None):
        return "", pl.DataFrame()
    code = pl.col(written.name) if written else pl.lit(None, dtype=pl.String)
    rows = one.accepted.with_columns(
        _registered=registered if registered is not None else pl.lit(None, dtype=pl.String)
    )
    activity = next((c.name for c in one.table.columns if c.nomenclature == "naf"), None)
    rows = rows.with_row_index(INDEX).select(
        INDEX,
        value=declared,
        code=canonical(pl.coalesce(code, "_registered")),
        naf=activity or pl.lit(None, dtype=pl.String),
    )
    family = derive_ess_family(rows["code"], rows["naf"], catalogue=catalogue)
    return declared, _differences(
        rows.with_columns(family.alias("family")), legal, _labels(catalogue.codelists.get(legal.parents or ""))
    )


def _differences(rows: pl.DataFrame, legal: Codelist, families: dict[str, str]) -> pl.DataFrame:
    labels = _labels(legal)
    return rows.filter(pl.col("family") != pl.col("value")).select(
        INDEX,
        "value",
        rule=pl.lit("famille_ess_differe"),
        message=pl.format(
            "« {} » est déclaré, mais la catégorie juridique {} ({}) est celle d'une autre famille : « {} »",
            pl.col("value").replace(families),
            "code",
            pl.col("code").replace(labels),
            pl.col("family").replace(families),
        ),
        remedy=pl.lit(
            "Corrigez la famille ou la catégorie juridique. Si les deux sont justes, dites-le en commentaire."
        ),
    )


def _labels(codelist: Codelist | None) -> dict[str, str]:
    return {row.code: row.label.fr for row in codelist.codes} if codelist else {}
