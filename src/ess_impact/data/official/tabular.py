"""Official files that are one of our tables under its official names: SCDL grants, purchases of ma cantine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace

import polars as pl

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.delimited import read_delimited
from ess_impact.data.grids import Grid
from ess_impact.data.headers import fold
from ess_impact.data.official.deposit import Deposit
from ess_impact.data.official.glimpse import Glimpse
from ess_impact.data.official.source import read_bytes
from ess_impact.data.reading import RawTable
from ess_impact.data.selection import select_columns
from ess_impact.definitions.tables import Table

SCDL_MARK = frozenset({"nomAttribuant", "idAttribuant", "nomBeneficiaire", "montant"})
"""Header cells that tell an SCDL grant file from any other."""

SCDL_REQUIRED = ("notificationUE", "pourcentageSubvention")
"""Fields the schema requires and our table does without."""

PURCHASE_FIELDS = (
    "siret",
    "description",
    "fournisseur",
    "date",
    "prix_ht",
    "famille_produits",
    "categories_egalim",
    "origine",
    "est_circuit_court",
    "est_local",
    "definition_local",
    "definition_local_km",
)
"""Fields of the purchase import of ma cantine, by SIRET, in order."""

PURCHASE_MARK = frozenset({"siret", "prix_ht", "famille_produits"})
OLD_PURCHASE_FIELDS = (*PURCHASE_FIELDS[:6], "caracteristiques", "definition_local")
"""Layout before 2026: origin, short circuit and local are among the ``caracteristiques``."""

FAMILIES = frozenset(
    {
        "VIANDES_VOLAILLES",
        "CHARCUTERIE",
        "PRODUITS_DE_LA_MER",
        "FRUITS_ET_LEGUMES",
        "PRODUITS_LAITIERS",
        "BOULANGERIE",
        "BOISSONS",
        "AUTRES",
    }
)
NO_HEADER = "fichier sans ligne de titres : colonnes prises dans l'ordre de ma cantine"
FREE_TERMS = "conditions de versement décrites librement : lues « autre »"
OLD_LAYOUT = "ancien format d'achats : circuit court, local et origine repris des caractéristiques"
_TERMS = ("unique", "echelonne", "autre")
_OLD_MARKS = {"CIRCUIT_COURT": "est_circuit_court", "LOCAL": "est_local", "FRANCE": "origine", "EUROPE": "origine"}


def is_scdl(glimpse: Glimpse) -> bool:
    """Say whether a file holds grants in the SCDL format.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From the names of its columns.
    """
    return glimpse.header >= SCDL_MARK


def is_purchases(glimpse: Glimpse) -> bool:
    """Say whether a file holds purchases in the import format of ma cantine, with or without its header.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From the names of its columns or, without a header, from the shape of its first row.
    """
    return glimpse.header >= PURCHASE_MARK or _is_purchase_row(glimpse.cells)


def load_scdl(deposit: Deposit, table: Table) -> RawTable:
    """Read grants in the SCDL format 2.1.1.

    Parameters
    ----------
    deposit : Deposit
        The file, with ``,`` or ``;``.
    table : Table
        Table ``subventions``.

    Returns
    -------
    RawTable
        One row per grant. Terms of payment described freely, which the schema admits, are read ``autre``.
    """
    content = read_bytes(deposit.path)
    grid = read_delimited(content, deposit.place)
    raw = _select(grid, table, deposit, content)
    missing = [name for name in SCDL_REQUIRED if name not in grid.headers]
    faults = (_missing_official(missing, deposit, table),) if missing else ()
    raw = replace(raw, anomalies=(*raw.anomalies, *faults))
    if "conditions_versement" not in raw.frame.columns:
        return raw
    known = pl.col("conditions_versement").map_elements(lambda text: fold(text) in _TERMS, return_dtype=pl.Boolean)
    free = pl.col("conditions_versement").is_not_null() & ~known
    number = raw.frame.select(free.sum()).item()
    terms = pl.when(free).then(pl.lit("autre")).otherwise(pl.col("conditions_versement"))
    frame = raw.frame.with_columns(terms.alias("conditions_versement"))
    return _counted(replace(raw, frame=frame), FREE_TERMS, number, deposit)


def load_purchases(deposit: Deposit, table: Table) -> RawTable:
    """Read purchases in the import format of ma cantine.

    Parameters
    ----------
    deposit : Deposit
        The file, with ``,`` ``;`` or tabs, with or without its header.
    table : Table
        Table ``achats``.

    Returns
    -------
    RawTable
        One row per purchase.
    """
    content = read_bytes(deposit.path)
    grid = read_delimited(content, deposit.place)
    headless = _is_purchase_row(grid.headers)
    if headless:
        grid = _with_header(grid)
    old = "caracteristiques" in grid.headers and "categories_egalim" not in grid.headers
    if old:
        grid = _modernised(grid)
    raw = _select(grid, table, deposit, content)
    raw = _counted(raw, OLD_LAYOUT, raw.frame.height if old else 0, deposit)
    return _counted(raw, NO_HEADER, int(headless), deposit)


def _select(grid: Grid, table: Table, deposit: Deposit, content: bytes) -> RawTable:
    selection = select_columns(grid, table, deposit.origin())
    return RawTable(
        table=table,
        frame=selection.frame,
        anomalies=selection.anomalies,
        coercions=selection.coercions,
        sha256=hashlib.sha256(content).hexdigest(),
        rows_read=grid.rows_read,
        conversions={(deposit.place, kind): number for kind, number in selection.coercions.items()},
    )


def _counted(raw: RawTable, label: str, number: int, deposit: Deposit) -> RawTable:
    if not number:
        return raw
    conversions = {**raw.conversions, (deposit.place, label): number}
    return replace(raw, coercions={**raw.coercions, label: number}, conversions=conversions)


def _missing_official(missing: Collection[str], deposit: Deposit, table: Table) -> Anomaly:
    names = ", ".join(f"« {name} »" for name in missing)
    return Anomaly(
        rule="colonne_officielle_absente",
        severity="alerte",
        table=table.id,
        file=deposit.place,
        message=f"Le schéma SCDL 2.1.1 demande aussi : {names}.",
        remedy="Ajoutez ces colonnes avant de publier le fichier ; elles ne manquent pas à l'évaluation.",
    )


def _is_purchase_row(cells: Collection[str]) -> bool:
    row = [cell.strip() for cell in cells]
    if len(row) not in (len(PURCHASE_FIELDS), len(OLD_PURCHASE_FIELDS)):
        return False
    siret = row[0].replace(" ", "")
    return len(siret) == 14 and siret.isdigit() and row[5].upper() in FAMILIES


def _with_header(grid: Grid) -> Grid:
    """Turn what was taken for a header into the first row."""
    names = PURCHASE_FIELDS if len(grid.headers) == len(PURCHASE_FIELDS) else OLD_PURCHASE_FIELDS
    first = pl.DataFrame(
        {str(place): [cell or None] for place, cell in enumerate(grid.headers)}, schema=grid.cells.schema
    )
    rows = pl.concat([pl.Series([1], dtype=pl.Int64), grid.rows])
    return replace(grid, headers=tuple(names), cells=pl.concat([first, grid.cells]), rows=rows)


def _modernised(grid: Grid) -> Grid:
    """Spread the ``caracteristiques`` of the old layout over the columns of the new one."""
    place = grid.headers.index("caracteristiques")
    found: dict[str, list[str | None]] = {"est_circuit_court": [], "est_local": [], "origine": []}
    labels: list[str | None] = []
    for cell in grid.cells[str(place)]:
        words = [word.strip() for word in (cell or "").split(",") if word.strip()]
        labels.append(",".join(word for word in words if word not in _OLD_MARKS) or None)
        for name, values in found.items():
            marks = [word for word in words if _OLD_MARKS.get(word) == name]
            values.append((",".join(marks) if name == "origine" else "oui") if marks else None)
    width = len(grid.headers)
    added = [pl.Series(str(width + index), values, pl.String) for index, values in enumerate(found.values())]
    headers = [*grid.headers[:place], "categories_egalim", *grid.headers[place + 1 :], *found]
    cells = grid.cells.with_columns(pl.Series(str(place), labels, pl.String), *added)
    return replace(grid, headers=tuple(headers), cells=cells)
