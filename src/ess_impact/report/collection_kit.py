"""The template of one structure: the sheets that concern it, what is known already, the time it takes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
from stdnum.fr import siret as siret_numbers

from ess_impact.data.anomalies import MASK
from ess_impact.data.checking import Checked, check
from ess_impact.data.reading import RawTable, collect_table, collect_workbook
from ess_impact.data.rules import to_polars
from ess_impact.data.templates import Known, total_minutes, write_template
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import parse_expression
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import UsageError
from ess_impact.evaluation.campaign import Campaign, Submitted
from ess_impact.evaluation.pile import FRAME_TABLE
from ess_impact.text import enumerate_fr, plural

MAX_OPENED = 200
"""Workbooks opened to see who sent them, where their name does not say it."""

_SIREN = 9
_NAME = "denomination"
"""Column of the table every structure fills in that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KitSummary:
    """What a template asks for.

    Attributes
    ----------
    tables : tuple of str
        Tables asked for, by id.
    minutes : int
        Estimated time, front page and sending included.
    rows : mapping of str to int
        Table to number of rows written beforehand.
    notices : tuple of str
        What the person who prepares the template should know, in French.
    """

    tables: tuple[str, ...]
    minutes: int
    rows: Mapping[str, int]
    notices: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the summary for a terminal.

        Returns
        -------
        str
            French sentences.
        """
        prepared = sum(self.rows.values())
        lines = [f"Feuilles : {enumerate_fr(self.tables)} ; environ {self.minutes} minutes à remplir (estimation)."]
        lines += [f"{plural(prepared, 'ligne préparée')}."] if prepared else []
        return "\n".join((*lines, *self.notices))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What the last campaign holds of one structure."""

    accepted: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    year: int | None = None
    notices: tuple[str, ...] = ()


def write_kit(
    out: Path,
    catalogue: Catalogue,
    *,
    tables: Sequence[str] | None = None,
    structure: str = "",
    previous: Path | None = None,
    year: int | None = None,
) -> KitSummary:
    """Write the template of a structure, or of any structure.

    Parameters
    ----------
    out : pathlib.Path
        The ``.xlsx`` to write.
    catalogue : Catalogue
        Definitions.
    tables : sequence of str, optional
        Tables to ask for besides those every structure fills in.
    structure : str, optional
        SIRET of the structure.
    previous : pathlib.Path, optional
        Folder of the last campaign, for what is stable from one year to the next. Every establishment of the same
        SIREN is taken, since an association answers once for all its sites, save those that sent their own workbook.
    year : int, optional
        Year the answers describe; by default the one after the last campaign.

    Returns
    -------
    KitSummary
        Sheets, time and rows.

    Raises
    ------
    UsageError
        A SIRET that does not hold, or a last campaign without a structure.
    UnknownNameError
        A table that does not exist.
    ReadingError
        No campaign in the folder.
    """
    siret = _siret(structure)
    if previous is not None and not siret:
        raise UsageError("reprendre l'an dernier demande une structure", fix="Ajoutez --structure SIRET.")
    extra = [catalogue.table(name) for name in tables or ()]
    past = _past(previous, siret, catalogue) if previous is not None else _Past()
    chosen = _chosen(catalogue, extra, past)
    known = _known(siret, chosen, past, year or past.year)
    write_template(out, catalogue, tables=[table.id for table in chosen], known=known)
    return KitSummary(
        tables=tuple(table.id for table in chosen),
        minutes=total_minutes(chosen, known),
        rows={table.id: len(rows) for table in chosen if (rows := known.rows_of(table))},
        notices=past.notices,
    )


def _siret(text: str) -> str:
    compact = re.sub(r"[\s\u00a0\u202f.]", "", text)
    if compact and not siret_numbers.is_valid(compact):
        raise UsageError(f"« {text} » n'est pas un SIRET", fix="Recopiez ses 14 chiffres : sa clé est fausse.")
    return compact


def _chosen(catalogue: Catalogue, extra: Sequence[Table], past: _Past) -> list[Table]:
    """Return the tables asked for, the one every structure fills in first."""
    chosen = [
        table
        for table in catalogue.tables.values()
        if table in extra or (table.provider == "structure" and _concerns(catalogue, table, past))
    ]
    return sorted(chosen, key=lambda table: (table.id != FRAME_TABLE, table.asked.of != "toutes"))


def _concerns(catalogue: Catalogue, table: Table, past: _Past) -> bool:
    fact = table.asked.when
    if table.asked.of == "toutes" or table.id in past.accepted:
        return True
    if fact is None or fact.table not in past.accepted:
        return False
    holds = to_polars(parse_expression(fact.where, catalogue.scope(catalogue.tables[fact.table])))
    return bool(past.accepted[fact.table].select(holds.cast(pl.Boolean).any()).item())


def _known(siret: str, tables: Sequence[Table], past: _Past, year: int | None) -> Known:
    latest = {table.id: _latest(table, past.accepted[table.id]) for table in tables if table.id in past.accepted}
    rows = {table.id: _stable_cells(table, latest[table.id], siret) for table in tables if table.id in latest}
    own = [row for row in rows.get(FRAME_TABLE, []) if siret in row.values()]
    return Known(
        siret=siret,
        name=str(own[0].get(_NAME, "")) if own else "",
        year=year,
        rows=rows,
        counts={name: frame.height for name, frame in latest.items()},
    )


def _latest(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the last year a table describes; what it no longer holds then has closed or is of no use."""
    dated = [name for name in table.prefilled if table.types()[name] is ColumnType.ANNEE]
    return frame.filter(pl.col(dated[0]) == pl.col(dated[0]).max()) if dated else frame


def _stable_cells(table: Table, frame: pl.DataFrame, siret: str) -> list[dict[str, str]]:
    """Return what may be written again, the structure's own rows first; no column of persons can be stable."""
    names = [column.name for column in table.columns if column.stable]
    ordered = frame.sort(pl.col(str(table.owner)) != siret, maintain_order=True)
    cells = ordered.select(names).rows(named=True) if names else []
    return [{name: str(cell) for name, cell in row.items() if cell not in (None, MASK)} for row in cells]


def _past(folder: Path, siret: str, catalogue: Catalogue) -> _Past:
    """Read of the last campaign what concerns one structure, and keep its sound rows only."""
    campaign, siren = Campaign.open(folder), siret[:_SIREN]
    tables = {name: table for name, table in catalogue.tables.items() if table.provider == "structure" and table.owner}
    # Pseudonyms are thrown away: a key of the moment does, and the campaign's is left alone.
    key = secrets.token_bytes(32)
    files = campaign.files()
    books, unread = _own_workbooks(files, siren, campaign.folder)
    sent = [collect_workbook(path, tables, root=campaign.folder, key=key) for path in books]
    others = {book.sender for book in sent if book.sender.startswith(siren)} - {siret}
    # The structure's own workbook comes last: its rows stand for those of the consolidated files.
    raw = [
        collect_table(one.path, tables[one.table], root=campaign.folder, key=key)
        for one in files
        if one.form == "consolide" and one.table in tables
    ]
    raw += [table for book in sent if book.sender == siret for table in book.tables.values()]
    checked = [check(_of_enterprise(one, siren, others), one.table, catalogue=catalogue, key=key) for one in raw]
    accepted = _accepted(checked)
    refused = sum(one.refused.height for one in checked)
    return _Past(
        accepted=accepted,
        year=campaign.settings.campagne + 1,
        notices=tuple(_notices(campaign, bool(accepted), refused, len(others), unread)),
    )


def _of_enterprise(one: RawTable, siren: str, others: set[str]) -> RawTable:
    """Keep the rows of an enterprise, save those of its establishments that answer by themselves."""
    if one.table.owner not in one.frame.columns:
        return replace(one, frame=one.frame.clear(), anomalies=())
    digits = pl.col(one.table.owner).str.replace_all(r"\D", "")
    kept = digits.str.starts_with(siren) & ~digits.is_in(sorted(others))
    return replace(one, frame=one.frame.filter(kept), anomalies=())


def _accepted(checked: Iterable[Checked]) -> dict[str, pl.DataFrame]:
    """Put the accepted rows of each table together; of two with the same key the later stands."""
    frames: dict[str, pl.DataFrame] = {}
    for one in checked:
        if one.accepted.is_empty():
            continue
        name, key = one.table.id, list(one.table.key)
        frames[name] = pl.concat([*([frames[name]] if name in frames else []), one.accepted], how="diagonal")
        frames[name] = frames[name].unique(key, keep="last", maintain_order=True) if key else frames[name]
    return frames


def _own_workbooks(files: Sequence[Submitted], siren: str, root: Path) -> tuple[list[Path], int]:
    """Return the workbooks of an enterprise, by name or by identity sheet, and how many others were not opened."""
    books = [one.path for one in files if one.form == "classeur" and one.path.suffix.lower() == ".xlsx"]
    named = [path for path in books if siren in re.sub(r"\D", "", path.stem)]
    nameless = [path for path in books if not re.search(r"\d{9}", re.sub(r"\s", "", path.stem))]
    opened = [path for path in nameless[:MAX_OPENED] if _sender(path, root).startswith(siren)]
    return named + opened, len(nameless[MAX_OPENED:])


def _sender(path: Path, root: Path) -> str:
    return collect_workbook(path, {}, root=root).sender


def _notices(campaign: Campaign, found: bool, refused: int, others: int, unread: int) -> Iterator[str]:
    if not found:
        yield f"Aucune ligne juste de cette structure dans la campagne {campaign.settings.campagne} : rien de repris."
    if refused:
        yield f"Lignes écartées lors de la dernière campagne, donc non reprises : {refused}."
    if others:
        yield f"Établissements de ce SIREN qui envoient leur propre classeur, donc non repris : {others}."
    if unread:
        yield f"Classeurs non ouverts, faute de SIREN dans leur nom : {unread}."
