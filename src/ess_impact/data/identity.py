"""Sheet ``identite`` of a workbook: who sends it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ess_impact.data.anomalies import Anomaly, FileRefusedError
from ess_impact.data.headers import fold, match_name
from ess_impact.data.identifiers import parse_siret
from ess_impact.data.personal import quotable
from ess_impact.data.workbooks_in import Spreadsheet
from ess_impact.definitions.vocabulary import ColumnType

IDENTITY_SHEET = "identite"
_REMEDY = "Dans la feuille « identite », écrivez en face de « SIRET » les 14 chiffres du SIRET de la structure."


def read_identity(book: Spreadsheet, file: str) -> tuple[str, list[Anomaly]]:
    """Read the SIRET of the sender.

    Parameters
    ----------
    book : Spreadsheet
        The workbook.
    file : str
        Name to write in anomalies.

    Returns
    -------
    tuple of str and list of Anomaly
        The SIRET, empty when missing or wrong, and the fault that makes it so.
    """
    sheet = next((one for one in book.sheets if match_name(one, {IDENTITY_SHEET: ("identité",)})), None)
    if sheet is None:
        return "", [_fault("identite_absente", "Feuille « identite » absente : l'expéditeur est inconnu.", file)]
    try:
        row, value = _siret_cell(book, sheet)
    except FileRefusedError as error:
        return "", [error.as_anomaly(file=file)]
    if value == "":
        return "", [
            _fault("identite_absente", "Le SIRET de la structure n'est pas indiqué.", file, sheet=sheet, row=row)
        ]
    parsed = parse_siret(pl.LazyFrame({"text": [value]})).collect()
    siret = parsed["value"][0]
    if siret is None:
        message = "Le SIRET de la structure est incorrect."
        fault = _fault(str(parsed["fault"][0]), message, file, sheet=sheet, row=row)
        return "", [replace(fault, value=str(quotable(pl.Series([value]), ColumnType.SIRET).item()))]
    return str(siret), []


def _siret_cell(book: Spreadsheet, sheet: str) -> tuple[int | None, str]:
    grid = book.grid(sheet)
    if len(grid.headers) > 1 and fold(grid.headers[0]) == "siret":
        return 1, grid.headers[1]
    if len(grid.headers) < 2:
        return None, ""
    for row, (field, value) in zip(grid.rows, grid.cells.select("0", "1").rows(), strict=True):
        if field is not None and fold(field) == "siret":
            return int(row), str(value or "").strip()
    return None, ""


def _fault(rule: str, message: str, file: str, *, sheet: str = "", row: int | None = None) -> Anomaly:
    return Anomaly(rule=rule, message=message, remedy=_REMEDY, file=file, sheet=sheet, row=row, column="siret")
