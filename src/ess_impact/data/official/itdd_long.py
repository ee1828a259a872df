"""Insee, ITDD as published since 2021: one row per territory, indicator, variable and field, one column per year."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.official.deposit import Deposit, raw_table
from ess_impact.data.official.glimpse import Glimpse, cut_line, find_member, member_head
from ess_impact.data.official.journal import Journal
from ess_impact.data.official.numbers import blank_to_missing
from ess_impact.data.official.source import MAX_BYTES, Source, cut_text, read_bytes
from ess_impact.data.official.territories import keep_departements
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table

MEMBER = "ODD_DEP.csv"
"""File of the départements in ``ODD_CSV.zip``."""

MARK = frozenset({"codgeo", "libgeo", "no_indic", "variable", "sous_champ"})
_YEAR = re.compile(r"A(\d{4})")


def is_long(glimpse: Glimpse) -> bool:
    """Say whether a file is the table of départements, or the archive that holds it.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From the names of its columns.
    """
    if glimpse.suffix != ".zip":
        return glimpse.header >= MARK
    start = member_head(glimpse.path, MEMBER).decode("utf-8-sig", errors="replace")
    return frozenset(cut_line(start.split("\n", 1)[0])) >= MARK


def read_indicators(path: Path | str, *, variables: Collection[str] | None = None) -> pl.DataFrame:
    """Read the indicators of départements, one row per value.

    Parameters
    ----------
    path : Path or str
        ``ODD_CSV.zip`` or ``ODD_DEP.csv``.
    variables : collection of str, optional
        Keep these variables only, such as ``med_dist_km``.

    Returns
    -------
    polars.DataFrame
        Columns code_departement, nom, indicateur, variable, sous_champ, annee, valeur (text, in the unit of the
        producer), ``_row``. Values not published are left out.

    Raises
    ------
    FileRefusedError
        When the file cannot be read.
    """
    file = Path(path)
    journal = Journal(table="departements", file=file.name)
    return _long(_source(file), journal, variables)


def load(deposit: Deposit, table: Table) -> RawTable:
    """Say that the file feeds no column of the table of départements.

    Parameters
    ----------
    deposit : Deposit
        The file.
    table : Table
        Table ``departements``.

    Returns
    -------
    RawTable
        Without row: nobody has checked under which variable this file holds the ESS share, if it still does. Its
        covariates are read by :func:`read_indicators`.
    """
    source = _source(deposit.path)
    journal = Journal(table=table.id, file=deposit.place)
    for bad in source.bad:
        journal.reject(bad)
    journal.doubt(
        1,
        "variable",
        "",
        rule="fichier_sans_colonne",
        message="Ce fichier de l'Insee est reconnu, mais aucune de ses variables n'entre dans la table.",
        remedy="Pour la part de l'ESS, gardez le classeur ITDD-DonneesDetaillees.xls.",
    )
    empty = pl.DataFrame(schema={"code_departement": pl.String, "annee": pl.String, "_row": pl.Int64})
    return raw_table(empty, table, journal, sha256=source.sha256, rows_read=source.frame.height + len(source.bad))


def _long(source: Source, journal: Journal, variables: Collection[str] | None) -> pl.DataFrame:
    rows = source.frame
    if variables is not None:
        rows = rows.filter(pl.col("variable").str.strip_chars().is_in(list(variables)))
    rows = keep_departements(rows, "codgeo", journal)
    years = [name for name in rows.columns if _YEAR.fullmatch(name)]
    named = rows.select(
        "code_departement",
        pl.col("libgeo").alias("nom"),
        pl.col("no_indic").alias("indicateur"),
        "variable",
        "sous_champ",
        *years,
        "_row",
    )
    long = named.unpivot(
        years,
        index=["code_departement", "nom", "indicateur", "variable", "sous_champ", "_row"],
        variable_name="annee",
        value_name="valeur",
    )
    values = pl.col("valeur").map_elements(blank_to_missing, return_dtype=pl.String)
    filled = long.with_columns(pl.col("annee").str.slice(1), values).filter(pl.col("valeur").is_not_null())
    order = ["code_departement", "nom", "indicateur", "variable", "sous_champ", "annee", "valeur", "_row"]
    return filled.select(order).sort("_row", "annee")


def _source(path: Path) -> Source:
    if path.suffix.casefold() != ".zip":
        return cut_text(read_bytes(path), path.name)
    if not member_head(path, MEMBER):
        raise _refused(path)
    try:
        with zipfile.ZipFile(path) as archive:
            member = find_member(archive, MEMBER)
            if member is None or member.file_size > MAX_BYTES:
                raise _refused(path)
            with archive.open(member) as stream:
                content = stream.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refused(path) from error
    if len(content) > MAX_BYTES:
        raise _refused(path)
    return cut_text(content, path.name)


def _refused(path: Path) -> FileRefusedError:
    return FileRefusedError(
        f"archive abîmée, démesurée ou sans {MEMBER}",
        rule="archive_illisible",
        where=path.name,
        fix="Téléchargez de nouveau ODD_CSV.zip sur insee.fr.",
    )
