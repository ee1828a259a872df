"""Insee, indicateurs territoriaux de développement durable: ESS share of salaried jobs by département."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.official.journal import Journal
from ess_impact.data.official.numbers import PERCENT_TO_SHARE, blank_to_missing, parse_decimal, rescale
from ess_impact.data.official.source import Source
from ess_impact.data.official.territories import DEPARTEMENT_PATTERN, NOT_A_DEPARTEMENT

SHEET = "Economie"
SECTION = "DEPARTEMENTS"
YEAR_HEADER = "Année"
LABEL_WORDS = ("economie sociale", "emplois salaries")
"""Words, without accents, that the label of the ESS share holds: Insee's sentence varies."""

SHARE = "pourcentage converti en part (0 à 1)"
BLANK = "département sans valeur publiée : ligne écartée"
REGIONS = "ligne du bloc des régions : non lue"
SHARE_DECIMALS = 6

Cells = tuple[str | None, ...]

_CODE = re.compile(DEPARTEMENT_PATTERN)
_YEAR = re.compile(r"\d{4}")


def extract_workbook(source: Source, journal: Journal) -> pl.DataFrame:
    """Read the ESS share from sheet ``Economie`` of ``ITDD-DonneesDetaillees.xls`` (layout of 2018).

    Parameters
    ----------
    source : Source
        The sheet as a grid of text: a block of régions, then a block of départements, each with the label
        of the indicator on one row (merged over its years) and the years on the next.
    journal : Journal
        Receives what is left out.

    Returns
    -------
    polars.DataFrame
        Columns code_departement, nom, annee, part_emploi_ess (share), ``_row``; all text but ``_row``.

    Raises
    ------
    FileRefusedError
        When the block of départements, the indicator or its years cannot be found.
    """
    cells = source.frame.drop("_row").rows()
    start = _find_row(cells, lambda row: SECTION in (_trim(cell) for cell in row), "bloc « DEPARTEMENTS »")
    journal.count(REGIONS, sum(bool(_trim(row[0]) and _trim(row[1])) for row in cells[:start]))
    labels = _find_row(cells, lambda row: any(_is_ess_label(cell) for cell in row), "indicateur de l'ESS", after=start)
    years = _find_row(cells, lambda row: YEAR_HEADER in (_trim(cell) for cell in row), "années", after=labels)
    columns = _year_columns(cells[labels], cells[years])
    if not columns:
        raise _layout_error("années de l'indicateur de l'ESS")
    rows = list(zip(source.frame["_row"].to_list()[years + 1 :], cells[years + 1 :], strict=True))
    return _long_rows(rows, columns, journal)


def extract_panel(source: Source, journal: Journal) -> pl.DataFrame:
    """Read the derived panel ``ess_share_departements_*.csv``: one row per département, one column per year, in %.

    Parameters
    ----------
    source : Source
        Columns code_departement, nom, and one per year.
    journal : Journal
        Receives what is left out.

    Returns
    -------
    polars.DataFrame
        Columns code_departement, nom, annee, part_emploi_ess (share), ``_row``; all text but ``_row``.
    """
    years = [name for name in source.frame.columns if _YEAR.fullmatch(name)]
    ordered = source.frame.select("_row", "code_departement", "nom", *years)
    rows = [(row[0], row[1:]) for row in ordered.rows()]
    return _long_rows(rows, {index + 2: year for index, year in enumerate(years)}, journal)


def _long_rows(rows: list[tuple[int, Cells]], columns: dict[int, str], journal: Journal) -> pl.DataFrame:
    """Turn rows ``(code, name, ..., values)`` into one row per département and year."""
    found: list[dict[str, str | int | None]] = []
    for number, cells in rows:
        code, name = _trim(cells[0]), _trim(cells[1])
        if not _CODE.match(code):
            journal.count(NOT_A_DEPARTEMENT, int(bool(code) and bool(name)))
            continue
        for index, year in columns.items():
            share = rescale(cells[index], PERCENT_TO_SHARE, SHARE_DECIMALS)
            if share is None and not (cells[index] or "").strip():
                journal.count(BLANK, 1)
                continue
            journal.count(SHARE, int(parse_decimal(cells[index]) is not None))
            row = {"code_departement": code, "nom": name, "annee": year, "part_emploi_ess": share, "_row": number}
            found.append(row)
    schema = {"code_departement": pl.String, "nom": pl.String, "annee": pl.String, "part_emploi_ess": pl.String}
    return pl.DataFrame(found, schema={**schema, "_row": pl.Int64})


def _find_row(cells: list[Cells], holds: Callable[[Cells], bool], what: str, *, after: int = 0) -> int:
    for index in range(after, len(cells)):
        if holds(cells[index]):
            return index
    raise _layout_error(what)


def _year_columns(labels: Cells, years: Cells) -> dict[int, str]:
    """Return column index to year for the ESS share: from its label to the next one."""
    first = next(index for index, cell in enumerate(labels) if _is_ess_label(cell))
    following = [index for index in range(first + 1, len(labels)) if _trim(labels[index])]
    columns = range(first, following[0] if following else len(labels))
    found = {index: _YEAR.search(_trim(years[index])) for index in columns}
    return {index: match[0] for index, match in found.items() if match}


def _is_ess_label(cell: str | None) -> bool:
    plain = unicodedata.normalize("NFKD", _trim(cell)).encode("ascii", "ignore").decode().casefold()
    return all(word in plain for word in LABEL_WORDS)


def _trim(cell: str | None) -> str:
    return blank_to_missing(cell) or ""


def _layout_error(what: str) -> FileRefusedError:
    return FileRefusedError(
        f"mise en page inattendue du fichier ITDD de l'Insee : {what} introuvable",
        rule="mise_en_page",
        where=f"feuille « {SHEET} »",
        fix="Déposez le fichier ITDD-DonneesDetaillees.xls d'origine.",
    )
