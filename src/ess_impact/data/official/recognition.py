"""Official files recognised by what they hold, so that a campaign needs no configuration for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.official import decp, drees, flux_iae, inclusion, itdd, itdd_long, ma_cantine, sirene, tabular
from ess_impact.data.official.deposit import Deposit, raw_table
from ess_impact.data.official.glimpse import Glimpse, look
from ess_impact.data.official.journal import Journal
from ess_impact.data.official.source import Source, read_sheet, read_text_file, sheet_names
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table
from ess_impact.errors import UsageError

Recognises = Callable[[Glimpse], bool]
Load = Callable[[Deposit, Table], RawTable]
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
        Id of the table the file feeds; empty for a file that only completes or checks others.
    recognises : callable
        Whether the start of a file is in this layout.
    load : callable or None
        Reader of the file; None when it feeds no table.
    """

    id: str
    name: str
    table: str
    recognises: Recognises
    load: Load | None = None


def _columns(*names: str, file_pattern: str = "") -> Recognises:
    """Recognise a CSV by columns that must all be present and, where they say too little, by its name."""
    wanted = frozenset(names)

    def recognises(glimpse: Glimpse) -> bool:
        named = re.search(file_pattern, glimpse.path.name.casefold()) is not None
        return named and glimpse.header >= wanted

    return recognises


def _extracting(extract: Extract, sheet: str = "") -> Load:
    """Return the reader of a file read whole, as a CSV or as one sheet of a workbook."""

    def load(deposit: Deposit, table: Table) -> RawTable:
        source = read_sheet(deposit.path, _sheet_of(deposit.path, sheet)) if sheet else read_text_file(deposit.path)
        journal = Journal(table=table.id, file=deposit.place, sheet=source.sheet)
        for label, number in source.coercions.items():
            journal.count(label, number)
        for bad in source.bad:
            journal.reject(bad)
        rows = extract(source, journal)
        read = source.frame.height + len(source.bad)
        return raw_table(rows, table, journal, sha256=source.sha256, rows_read=read)

    return load


def _is_itdd(glimpse: Glimpse) -> bool:
    wanted = {_plain(itdd.SHEET), "social", "environnement"}
    if glimpse.is_old_spreadsheet:
        start = glimpse.head.decode("latin-1").casefold()
        return all(title in start for title in wanted)
    return wanted <= {_plain(title) for title in glimpse.sheets}


_DREES = ("Code.departement", "Territoire", "TypeTerritoire", "Annee")

FORMATS: tuple[OfficialFormat, ...] = (
    OfficialFormat(
        id="insee_itdd",
        name="Insee, indicateurs territoriaux de développement durable",
        table="departements",
        recognises=_is_itdd,
        load=_extracting(itdd.extract_workbook, itdd.SHEET),
    ),
    OfficialFormat(
        id="insee_itdd_ess",
        name="Insee, part de l'ESS par département (extrait des ITDD)",
        table="departements",
        recognises=_columns("code_departement", "nom", file_pattern=r"ess_share_departements"),
        load=_extracting(itdd.extract_panel),
    ),
    OfficialFormat(
        id="insee_itdd_odd",
        name="Insee, indicateurs territoriaux de développement durable (ODD_CSV.zip)",
        table="departements",
        recognises=itdd_long.is_long,
        load=itdd_long.load,
    ),
    OfficialFormat(
        id="drees_minima_sociaux",
        name="DREES, minima sociaux par département",
        table="departements",
        recognises=_columns(*_DREES, "RSAalloc"),
        load=_extracting(drees.extract_recipients),
    ),
    OfficialFormat(
        id="drees_depenses",
        name="DREES, dépenses d'aide sociale des départements",
        table="departements",
        recognises=_columns(*_DREES, "Code.region", "DepBruteInsertionRSA", "DepBruteInsertion", "DepBruteRSA"),
        load=_extracting(drees.extract_spending),
    ),
    OfficialFormat(
        id="drees_population",
        name="Insee, population par département (diffusée par la DREES)",
        table="departements",
        recognises=_columns(*_DREES, "Code.region", "popTOT"),
        load=_extracting(drees.extract_population),
    ),
    OfficialFormat(
        id="ma_cantine",
        name="Ma cantine, télédéclarations",
        table="cantines",
        recognises=_columns(*ma_cantine.COLUMNS),
        load=_extracting(ma_cantine.extract),
    ),
    OfficialFormat(
        id="ma_cantine_achats",
        name="Ma cantine, achats (import par SIRET)",
        table="achats",
        recognises=tabular.is_purchases,
        load=tabular.load_purchases,
    ),
    OfficialFormat(
        id="scdl_subventions",
        name="SCDL, subventions",
        table="subventions",
        recognises=tabular.is_scdl,
        load=tabular.load_scdl,
    ),
    OfficialFormat(
        id="decp",
        name="DECP, données essentielles de la commande publique (JSON)",
        table="marches",
        recognises=decp.is_regulatory,
        load=decp.load_regulatory,
    ),
    OfficialFormat(
        id="decp_tabulaire",
        name="DECP, données essentielles de la commande publique (CSV consolidé)",
        table="marches",
        recognises=decp.is_flat,
        load=decp.load_flat,
    ),
    OfficialFormat(
        id="asp_flux_iae",
        name="ASP, export « fluxIAE » : contrats et sorties",
        table="sorties",
        recognises=flux_iae.is_contracts,
        load=flux_iae.load,
    ),
    OfficialFormat(
        id="asp_flux_iae_annexe",
        name="ASP, export « fluxIAE » : fichier qui complète les contrats",
        table="",
        recognises=flux_iae.is_neighbour,
    ),
    OfficialFormat(
        id="insee_sirene",
        name="Insee, stock Sirene (Parquet)",
        table="",
        recognises=sirene.is_sirene,
    ),
    OfficialFormat(
        id="data_inclusion",
        name="data·inclusion, structures ou services (schéma v1)",
        table="",
        recognises=inclusion.is_inclusion,
    ),
)
"""Every official layout known, the first that fits being taken."""


def recognise(path: Path | str) -> OfficialFormat | None:
    """Tell which official file this is, from its first bytes.

    Parameters
    ----------
    path : Path or str
        Any file.

    Returns
    -------
    OfficialFormat or None
        None when the file is no official file known, readable or not: the ordinary reader then takes it.
    """
    glimpse = look(Path(path))
    if glimpse is None:
        return None
    return next((known for known in FORMATS if known.recognises(glimpse)), None)


def load_official(
    path: Path | str, tables: Mapping[str, Table], *, root: Path | str | None = None, key: bytes | None = None
) -> list[RawTable]:
    """Read one official file into the canonical text rows of the tables it feeds.

    Parameters
    ----------
    path : Path or str
        An official file.
    tables : mapping of str to Table
        Tables of the catalogue, by id.
    root : Path or str, optional
        Campaign folder: places are written relative to it.
    key : bytes, optional
        Key of the pseudonyms; without it, identifiers of persons wait for the checks.

    Returns
    -------
    list of RawTable
        One per table fed; empty when the file only completes others or the catalogue lacks its table. Everything left
        out, rewritten or doubted is in ``coercions`` or in ``anomalies``.

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
    if table is None or known.load is None:
        return []
    return [known.load(Deposit(path=file, place=_place(file, root), key=key), table)]


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
