"""Official files recognised under their own names and headers, so that a campaign needs no configuration for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.official import drees, itdd, ma_cantine
from ess_impact.data.official.journal import Journal
from ess_impact.data.official.source import (
    SHEET_SUFFIXES,
    TEXT_SUFFIXES,
    Source,
    header_of,
    read_sheet,
    read_text_file,
    sheet_names,
)
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table
from ess_impact.errors import ReadingError, UsageError

Extract = Callable[[Source, Journal], pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialFormat:
    """Layout of one official file.

    Attributes
    ----------
    id : str
        Stable identifier.
    name : str
        Producer and content, in French.
    table : str
        Id of the table the file feeds.
    columns : frozenset of str
        Header columns that must all be present (CSV); empty for a spreadsheet.
    sheet : str
        Sheet read (spreadsheet), empty for a CSV.
    file_pattern : str
        Regular expression the file name must hold, where the header alone says too little.
    extract : callable
        Function that turns the text of the file into canonical text rows.
    """

    id: str
    name: str
    table: str
    columns: frozenset[str] = frozenset()
    sheet: str = ""
    file_pattern: str = ""
    extract: Extract


_DREES = ("Code.departement", "Territoire", "TypeTerritoire", "Annee")

FORMATS: tuple[OfficialFormat, ...] = (
    OfficialFormat(
        id="insee_itdd",
        name="Insee, indicateurs territoriaux de développement durable",
        table="departements",
        sheet=itdd.SHEET,
        extract=itdd.extract_workbook,
    ),
    OfficialFormat(
        id="insee_itdd_ess",
        name="Insee, part de l'ESS par département (extrait des ITDD)",
        table="departements",
        columns=frozenset({"code_departement", "nom"}),
        file_pattern=r"ess_share_departements",
        extract=itdd.extract_panel,
    ),
    OfficialFormat(
        id="drees_minima_sociaux",
        name="DREES, minima sociaux par département",
        table="departements",
        columns=frozenset({*_DREES, "RSAalloc"}),
        extract=drees.extract_recipients,
    ),
    OfficialFormat(
        id="drees_depenses",
        name="DREES, dépenses d'aide sociale des départements",
        table="departements",
        columns=frozenset({*_DREES, "Code.region", "DepBruteInsertionRSA", "DepBruteInsertion", "DepBruteRSA"}),
        extract=drees.extract_spending,
    ),
    OfficialFormat(
        id="drees_population",
        name="Insee, population par département (diffusée par la DREES)",
        table="departements",
        columns=frozenset({*_DREES, "Code.region", "popTOT"}),
        extract=drees.extract_population,
    ),
    OfficialFormat(
        id="ma_cantine",
        name="Ma cantine, télédéclarations",
        table="cantines",
        columns=frozenset(ma_cantine.COLUMNS),
        extract=ma_cantine.extract,
    ),
)
"""Every official layout known."""


def recognise(path: Path | str) -> OfficialFormat | None:
    """Tell which official file this is, from its header or its sheets.

    Parameters
    ----------
    path : Path or str
        Any file.

    Returns
    -------
    OfficialFormat or None
        None when the file is no official file known, readable or not: the ordinary reader then takes it.
    """
    file = Path(path)
    suffix = file.suffix.casefold()
    try:
        if suffix in TEXT_SUFFIXES:
            return _by_header(file, frozenset(header_of(file)))
        if suffix in SHEET_SUFFIXES:
            return next((known for known in FORMATS if known.sheet and _is_itdd(file, known.sheet)), None)
    except ReadingError:
        return None
    return None


def load_official(path: Path | str, tables: Mapping[str, Table], *, root: Path | str | None = None) -> list[RawTable]:
    """Read one official file into the canonical text rows of the tables it feeds.

    Parameters
    ----------
    path : Path or str
        An official file.
    tables : mapping of str to Table
        Tables of the catalogue, by id.
    root : Path or str, optional
        Campaign folder: places are written relative to it.

    Returns
    -------
    list of RawTable
        One per table fed; empty when the catalogue has none of them. Everything left out, rewritten or doubted
        is in ``coercions`` or in ``anomalies``.

    Raises
    ------
    UsageError
        When the file is no official file known.
    FileRefusedError
        When it cannot be read, lies outside the campaign folder, or its layout changed.
    """
    file = Path(path)
    known = recognise(file)
    if known is None:
        names = ", ".join(sorted({one.name for one in FORMATS}))
        raise UsageError("fichier officiel inconnu", where=file.name, fix=f"Fichiers reconnus : {names}.")
    table = tables.get(known.table)
    if table is None:
        return []
    place = _place(file, root)
    source = read_sheet(file, _sheet_of(file, known.sheet)) if known.sheet else read_text_file(file)
    journal = Journal(table=table.id, file=place, sheet=source.sheet)
    for label, number in source.coercions.items():
        journal.count(label, number)
    for bad in source.bad:
        journal.reject(bad)
    rows = known.extract(source, journal)
    return [_raw_table(rows, table, source, journal)]


def _raw_table(rows: pl.DataFrame, table: Table, source: Source, journal: Journal) -> RawTable:
    asked = [name for name in table.column_names if name in rows.columns]
    frame = rows.select(
        *asked,
        pl.lit(journal.file).alias("_file"),
        pl.lit(journal.sheet).alias("_sheet"),
        "_row",
        pl.lit("").alias("_sender"),
    )
    coercions = dict(sorted(journal.counts.items()))
    return RawTable(
        table=table,
        frame=frame,
        anomalies=tuple(journal.anomalies),
        coercions=coercions,
        sha256=source.sha256,
        rows_read=source.frame.height + len(source.bad),
        conversions={(journal.file, kind): number for kind, number in coercions.items()},
    )


def _by_header(file: Path, header: frozenset[str]) -> OfficialFormat | None:
    for known in FORMATS:
        named = re.search(known.file_pattern, file.name.casefold()) is not None
        if known.columns and named and known.columns <= header:
            return known
    return None


def _is_itdd(file: Path, sheet: str) -> bool:
    plain = {_plain(name) for name in sheet_names(file)}
    return {_plain(sheet), "social", "environnement"} <= plain


def _sheet_of(file: Path, sheet: str) -> str:
    return next(name for name in sheet_names(file) if _plain(name) == _plain(sheet))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip().casefold()


def _place(file: Path, root: Path | str | None) -> str:
    if root is None:
        return file.name
    folder = Path(root).resolve()
    if not file.resolve().is_relative_to(folder):
        raise FileRefusedError(
            "fichier hors du dossier de la campagne",
            rule="hors_du_dossier",
            where=file.name,
            fix="Copiez le fichier dans le dossier de la campagne (les liens vers l'extérieur sont refusés).",
        )
    return (file.parent.resolve() / file.name).relative_to(folder).as_posix()
