"""Ma cantine: yearly declarations of canteens (ratios only, no amounts)."""

from __future__ import annotations

import polars as pl

from ess_impact.data.official.journal import Journal
from ess_impact.data.official.numbers import blank_to_missing
from ess_impact.data.official.source import Source

COLUMNS = {
    "year": "annee",
    "canteen_siret": "siret",
    "canteen_department": "departement",
    "applicant_id": "declarant",
    "canteen_sector_list": "secteurs",
    "canteen_management_type": "type_gestion",
    "teledeclaration_ratio_bio": "part_bio",
    "teledeclaration_ratio_egalim_hors_bio": "part_egalim_hors_bio",
}
"""Official column to canonical column; the 20 others (names, communes, dates) are not read."""

NO_DEPARTEMENT = "déclaration sans département"
NO_DECLARANT = "déclaration sans déclarant (grappe inconnue)"
NO_SECTOR = "déclaration sans secteur"
NO_RATIO = "déclaration sans taux de bio ou sans taux EGalim hors bio"


def extract(source: Source, journal: Journal) -> pl.DataFrame:
    """Read one campaign of declarations (``campagne_td_AAAA.csv``), one row per declaration.

    Every declaration is kept: one without département, declarant, sector or ratio is counted here and judged by the
    checks of the table. ``declarant`` is the account that declared: one may hold most canteens of a
    département, and its id changes from year to year.

    Parameters
    ----------
    source : Source
        The file.
    journal : Journal
        Receives the number of incomplete declarations.

    Returns
    -------
    polars.DataFrame
        Columns annee, siret, departement, declarant, secteurs, type_gestion, part_bio and part_egalim_hors_bio
        (shares 0 to 1), ``_row``; all text but ``_row``.
    """
    texts = [
        pl.Series(new, [blank_to_missing(text) for text in source.frame[old]], pl.String)
        for old, new in COLUMNS.items()
    ]
    rows = pl.DataFrame([*texts, source.frame["_row"]])
    for label, columns in (
        (NO_DEPARTEMENT, ["departement"]),
        (NO_DECLARANT, ["declarant"]),
        (NO_SECTOR, ["secteurs"]),
        (NO_RATIO, ["part_bio", "part_egalim_hors_bio"]),
    ):
        journal.count(label, rows.filter(pl.any_horizontal(pl.col(columns).is_null())).height)
    return rows
