"""Columns of a grid chosen, named and protected: from what was sent to what the table asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import polars as pl

from ess_impact.data.anomalies import MASK, Anomaly, sentence
from ess_impact.data.grids import Grid
from ess_impact.data.headers import Matching, match_headers
from ess_impact.data.personal import (
    full_names,
    mask_cells,
    personal_content,
    personal_header,
    pseudonyms,
    reachable,
)
from ess_impact.data.unfilled import leave_unfilled
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import did_you_mean
from ess_impact.text import plural

PLACE: dict[str, pl.DataType] = {
    "_file": pl.String(),
    "_sheet": pl.String(),
    "_row": pl.Int64(),
    "_sender": pl.String(),
}
"""Columns that say where a row comes from."""

NOT_KEPT = "[texte non conservé]"
"""Stands for a free text once read."""
_FATAL = {"colonne_absente", "colonne_en_double"}
"""Rules whose breach leaves no row: columns cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where cells come from and how they are protected.

    Attributes
    ----------
    file, sheet, sender : str
        Place of the cells, and SIRET of who sent them.
    refuse_personal : bool
        Whether undeclared columns holding personal data are dropped.
    key : bytes or None
        Key of the pseudonyms, when persons are replaced at once.
    """

    file: str = ""
    sheet: str = ""
    sender: str = ""
    refuse_personal: bool = True
    key: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Columns kept, and what was wrong with the others.

    Attributes
    ----------
    frame : polars.DataFrame
        Text cells of the known columns, with their place.
    anomalies : tuple of Anomaly
        Faults of headers and of personal columns.
    coercions : dict of str to int
        Kind of conversion to number of cells.
    unfilled : int
        Rows of a structure's workbook where nothing but what its template held is filled: left out of ``frame``.
    """

    frame: pl.DataFrame
    anomalies: tuple[Anomaly, ...]
    coercions: dict[str, int] = field(default_factory=dict)
    unfilled: int = 0


def select_columns(grid: Grid, table: Table, origin: Origin) -> Selection:
    """Keep the columns of a table, report the others, protect persons.

    Parameters
    ----------
    grid : Grid
        What the file holds.
    table : Table
        What is asked for.
    origin : Origin
        Place of the cells.

    Returns
    -------
    Selection
        No row when a required column is missing or written twice.
    """
    grid, unfilled = leave_unfilled(grid, table) if origin.sender and origin.sheet else (grid, 0)
    matching = match_headers(grid.headers, table)
    blank = _blank(table, origin)
    faults = [_unfilled_rows(blank, unfilled)] if unfilled else []
    faults += list(_header_faults(grid, table, matching, blank, origin))
    coercions = dict(grid.coercions)
    # What reading writes is not for a sender to say; a frame checked again has no file.
    ours = {column.name for column in table.columns if column.written_on_reading and origin.file}
    columns = {name: grid.cells[str(place)] for name, place in matching.found.items() if name not in ours}
    if table.owner is not None and table.owner not in columns and origin.sender and grid.headers:
        columns[table.owner] = pl.Series([origin.sender]).new_from_index(0, grid.cells.height)
        coercions["SIRET repris de la feuille identite"] = 1
    faults += _missing_columns(table, set(columns), blank) if grid.headers else []
    if any(fault.severity == "rejet" and fault.rule in _FATAL for fault in faults):
        empty = pl.DataFrame(schema=PLACE)
        return Selection(frame=empty, anomalies=tuple(faults), coercions=coercions, unfilled=unfilled)
    frame = pl.DataFrame({name: columns[name] for name in table.column_names if name in columns})
    frame = frame.with_columns(
        _file=pl.lit(origin.file), _sheet=pl.lit(origin.sheet), _row=grid.rows, _sender=pl.lit(origin.sender)
    )
    faults += [replace(blank, rule=bad.rule, message=bad.message, remedy=bad.remedy, row=bad.row) for bad in grid.bad]
    faults += _declared_faults(frame, table, origin, at_sign=grid.at_sign)
    frame = protect(frame, table, origin, at_sign=grid.at_sign)
    return Selection(frame=frame, anomalies=tuple(faults), coercions=coercions, unfilled=unfilled)


def protect(frame: pl.DataFrame, table: Table, origin: Origin, *, at_sign: bool = True) -> pl.DataFrame:
    """Mask cells that look like a NIR or an e-mail, drop free texts, pseudonymise persons where there is a key.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns of the table, as text.
    table : Table
        What they mean.
    origin : Origin
        Whether to mask, and the key.
    at_sign : bool, default True
        Whether some cell may hold an ``@``.

    Returns
    -------
    polars.DataFrame
        Same shape.
    """
    present = {name: kind for name, kind in table.types().items() if name in frame.columns}
    if origin.refuse_personal:
        numbers = [name for name, kind in present.items() if kind in (ColumnType.SIRET, ColumnType.SIREN)]
        frame = mask_cells(frame, present, identifiers=numbers, at_sign=at_sign)
    free = [column.name for column in table.columns if column.free_text and column.name in frame.columns]
    frame = frame.with_columns(pl.when(pl.col(name).is_not_null()).then(pl.lit(NOT_KEPT)).alias(name) for name in free)
    persons = [name for name, kind in present.items() if kind is ColumnType.PERSONNE]
    if origin.key is None or not persons:
        return frame
    return frame.with_columns(pseudonyms(frame[name].str.strip_chars(), origin.key) for name in persons)


def _blank(table: Table, origin: Origin) -> Anomaly:
    return Anomaly(
        rule="", message="", remedy="", table=table.id, siret=origin.sender, file=origin.file, sheet=origin.sheet
    )


def _header_faults(grid: Grid, table: Table, matching: Matching, blank: Anomaly, origin: Origin) -> Iterator[Anomaly]:
    for position in matching.repeated:
        yield replace(
            blank,
            rule="colonne_en_double",
            column=grid.headers[position][:60],
            message="Deux colonnes du fichier sont la même colonne de la table : on ne sait laquelle lire.",
            remedy="Retirez ou renommez l'une des deux.",
        )
    for position in matching.unknown:
        header, cells = grid.headers[position], grid.cells[str(position)]
        kind = (personal_header(header) or personal_content(cells)) if origin.refuse_personal else None
        masked = bool(reachable(pl.Series([header], dtype=pl.String)).any())
        name = MASK if masked else header[:60]
        if kind is not None:
            yield _personal_column(blank, name, kind)
        elif header or cells.null_count() < cells.len():
            yield _unknown_column(blank, name, table)


def _declared_faults(frame: pl.DataFrame, table: Table, origin: Origin, *, at_sign: bool) -> Iterator[Anomaly]:
    """Say, without quoting any, how many cells of declared columns name a person although they are not kept."""
    blank = replace(_blank(table, origin), severity="alerte")
    asked = table.columns if origin.refuse_personal else ()
    for column in asked:
        if column.name not in frame.columns or frame[column.name].dtype != pl.String:
            continue
        if column.free_text:
            count = int(reachable(frame[column.name], at_sign=at_sign).sum())
            yield from _texts_with_contacts(blank, column, count)
        elif column.type is ColumnType.PERSONNE:
            yield from _named_persons(blank, column, full_names(frame[column.name]))


def _texts_with_contacts(blank: Anomaly, column: Column, count: int) -> Iterator[Anomaly]:
    if count:
        cells = plural(count, "cellule", "cellules")
        holds = "contient" if count == 1 else "contiennent"
        yield replace(
            blank,
            rule="coordonnees_dans_texte",
            column=column.name,
            message=f"{cells} de « {column.label.fr} » {holds} une adresse électronique, un téléphone ou un numéro de "
            "sécurité sociale : le texte n'est pas conservé.",
            remedy="Retirez ces coordonnées de votre fichier avant tout nouvel envoi.",
        )


def _named_persons(blank: Anomaly, column: Column, count: int) -> Iterator[Anomaly]:
    if count:
        cells = plural(count, "cellule", "cellules")
        looks = "ressemble" if count == 1 else "ressemblent"
        yield replace(
            blank,
            rule="identifiant_nominatif",
            column=column.name,
            message=f"{cells} de « {column.label.fr} » {looks} au nom d'une personne : un pseudonyme le remplace.",
            remedy="Écrivez un numéro interne, le même d'un envoi à l'autre, plutôt que le nom.",
        )


def _unfilled_rows(blank: Anomaly, count: int) -> Anomaly:
    several = "lignes préparées n'ont pas été remplies : elles n'ont pas été lues"
    one = "ligne préparée n'a pas été remplie : elle n'a pas été lue"
    alone = count == 1
    whose, add = ("elle vous concerne", "ajoutez-la") if alone else ("elles vous concernent", "ajoutez-les")
    return replace(
        blank,
        rule="ligne_non_remplie",
        severity="alerte",
        message=f"{plural(count, one, several)}.",
        remedy=f"Si {whose}, {add} au bas de cette feuille ; sinon, rien à faire.",
    )


def _personal_column(blank: Anomaly, name: str, kind: str) -> Anomaly:
    return replace(
        blank,
        rule="colonne_personnelle",
        column=name,
        value=MASK,
        message=f"Cette colonne ressemble à une donnée personnelle ({kind}) : elle n'a pas été lue.",
        remedy="Retirez cette colonne du fichier avant tout nouvel envoi.",
    )


def _unknown_column(blank: Anomaly, name: str, table: Table) -> Anomaly:
    known = [*table.column_names, *(column.label.fr for column in table.columns)]
    title = f"inconnue « {name} »" if name else "sans titre"
    return replace(
        blank,
        rule="colonne_inconnue",
        severity="alerte",
        column=name,
        message=f"Colonne {title} : elle n'a pas été lue.",
        remedy=did_you_mean(name, known) or "Retirez-la, ou reprenez les titres du modèle.",
    )


def _missing_columns(table: Table, present: set[str], blank: Anomaly) -> list[Anomaly]:
    missing = [column for column in table.columns if column.required and column.name not in present]
    if not missing:
        return []
    names = ", ".join(f"« {column.label.fr} »" for column in missing)
    plural = "s obligatoires absentes" if len(missing) > 1 else " obligatoire absente"
    return [
        replace(
            blank,
            rule="colonne_absente",
            column=missing[0].name,
            message=sentence(f"colonne{plural} : {names} ; aucune ligne n'a été retenue"),
            remedy="Reprenez la ligne de titres du modèle sur la première ligne, puis renvoyez le fichier.",
        )
    ]
