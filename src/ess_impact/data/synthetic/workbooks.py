"""Individual workbooks of the example: what a structure sends, with the faults people really make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from ess_impact.data.synthetic.canaries import BIRTH_DATE, EMAIL, SOCIAL_SECURITY_NUMBER
from ess_impact.data.synthetic.identifiers import spaced, with_wrong_digit
from ess_impact.data.synthetic.summary import PlantedFault
from ess_impact.data.templates import IDENTITY_SHEET, README_SHEET, REQUIRED_MARK, save_workbook, sheet_titles
from ess_impact.definitions.tables import Table

NOTICE = "Données fictives : ce classeur d'exemple n'a été rempli par aucune structure réelle."
FORMULA_NAME = '=HYPERLINK("http://exemple.invalid","x")'
MARKUP_NAME = "<script>alert(1)</script>"

Row = dict[str, object]
Place = tuple[str, int | None, str]
"""Table, row as a spreadsheet shows it, column."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A workbook before it is written; recipes spoil it in place.

    Attributes
    ----------
    siret : str
        True SIRET of the sender.
    identity : dict
        Cells of sheet ``identite``.
    rows : dict
        Table id to rows.
    extra : dict
        Table id to (header, cell) of a column nobody asked for.
    dropped : dict
        Table id to the column left out.
    """

    siret: str
    identity: dict[str, str]
    rows: dict[str, list[Row]]
    extra: dict[str, tuple[str, str]] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headings:
    """Titles of sheets and headers of columns: French labels where the tables are defined, else ids.

    Attributes
    ----------
    titles : mapping of str to str
        Table id to sheet title.
    headers : mapping
        Table id to headers by column.
    """

    titles: Mapping[str, str]
    headers: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, tables: Sequence[Table]) -> Headings:
        """Build the headings a structure finds in the template.

        Parameters
        ----------
        tables : sequence of Table
            Tables of the workbooks.

        Returns
        -------
        Headings
            Titles and headers.
        """
        headers = {
            table.id: {one.name: one.label.fr + (REQUIRED_MARK if one.required else "") for one in table.columns}
            for table in tables
        }
        return cls(titles=sheet_titles(tables), headers=headers)


def _cell(table: str, column: str, change: Callable[[Row], object]) -> Callable[[Draft], Place]:
    """Return a recipe that changes one cell of the last row of a table."""

    def spoil(draft: Draft) -> Place:
        rows = draft.rows[table]
        rows[-1][column] = change(rows[-1])
        return table, len(rows) + 1, column

    return spoil


def _extra(table: str, header: str, cell: str) -> Callable[[Draft], Place]:
    def spoil(draft: Draft) -> Place:
        draft.extra[table] = (header, cell)
        return table, None, header

    return spoil


def _late_entry(row: Row) -> object:
    left = row["date_sortie"]
    return left + timedelta(days=20) if isinstance(left, date) else None


def _too_many(row: Row) -> object:
    return int(str(row["effectif"])) + 5


def _double_last(draft: Draft) -> Place:
    rows = draft.rows["sorties"]
    rows.append(dict(rows[-1]))
    return "sorties", len(rows) + 1, ""


def _wrong_identity(draft: Draft) -> Place:
    draft.identity["SIRET"] = with_wrong_digit(draft.siret)
    return "", 2, "SIRET"


def _forget_sheet(draft: Draft) -> Place:
    del draft.rows["structures"]
    return "structures", None, ""


def _forget_column(draft: Draft) -> Place:
    draft.dropped["structures"] = "effectif"
    return "structures", None, "effectif"


def _rename(name: str) -> Callable[[Draft], Place]:
    def spoil(draft: Draft) -> Place:
        draft.identity["Dénomination"] = name
        for row in draft.rows["structures"]:
            row["denomination"] = name
        return "structures", len(draft.rows["structures"]) + 1, "denomination"

    return spoil


INSERTION_FAULTS: tuple[tuple[str, Callable[[Draft], Place]], ...] = (
    ("sortie_avant_entree", _cell("sorties", "date_recrutement", _late_entry)),
    ("date_impossible", _cell("sorties", "date_sortie", lambda row: "31/02/2025")),
    ("colonne_nir", _extra("sorties", "N° de sécurité sociale", SOCIAL_SECURITY_NUMBER)),
    ("ligne_double", _double_last),
)
"""Faults of the workbooks of integration structures, which carry a sheet of exits."""

FAULTS: tuple[tuple[str, Callable[[Draft], Place]], ...] = (
    ("siret_cle", _cell("structures", "siret", lambda row: with_wrong_digit(str(row["siret"])))),
    ("siret_identite", _wrong_identity),
    ("femmes_superieures", _cell("structures", "femmes", _too_many)),
    ("code_inconnu", _cell("structures", "evaluation_impact", lambda row: "peut-être")),
    ("texte_nombre", _cell("structures", "effectif", lambda row: "une douzaine")),
    ("feuille_absente", _forget_sheet),
    ("colonne_absente", _forget_column),
    ("colonne_courriel", _extra("structures", "Courriel", EMAIL)),
    ("colonne_naissance", _extra("structures", "Date de naissance", BIRTH_DATE)),
    ("nom_formule", _rename(FORMULA_NAME)),
    ("nom_balise", _rename(MARKUP_NAME)),
)
"""Faults of ordinary workbooks, one workbook each."""

FILE_FAULTS = ("classeur_vide", "fichier_corrompu")
"""Faults of whole files."""

SPOILT = len(INSERTION_FAULTS) + len(FAULTS) + len(FILE_FAULTS)
"""Number of workbooks that carry a fault."""


def spoil(draft: Draft, kind: str, recipe: Callable[[Draft], Place]) -> PlantedFault:
    """Apply a recipe to a workbook.

    Parameters
    ----------
    draft : Draft
        Workbook, changed in place.
    kind : str
        Kind of fault.
    recipe : callable
        One of ``FAULTS`` or ``INSERTION_FAULTS``.

    Returns
    -------
    PlantedFault
        The fault and its place.
    """
    table, row, column = recipe(draft)
    return PlantedFault(kind=kind, file=f"structures/{draft.siret}.xlsx", table=table, row=row, column=column)


def loosen(draft: Draft) -> None:
    """Write SIRET, numbers and dates as text, as many people do; this is not a fault.

    Parameters
    ----------
    draft : Draft
        Workbook, changed in place.
    """
    for rows in draft.rows.values():
        for row in rows:
            row["siret"] = spaced(str(row["siret"]))
            for name, value in row.items():
                if isinstance(value, float):
                    row[name] = str(value).replace(".", ",")
                elif isinstance(value, date):
                    row[name] = value.strftime("%d/%m/%Y")


def write_workbook(path: Path, draft: Draft, headings: Headings) -> None:
    """Write a workbook: notice, identity, one sheet per table; same content, same bytes.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    draft : Draft
        Content.
    headings : Headings
        Titles and headers.
    """
    book = Workbook()
    notice = book.worksheets[0]
    notice.title = README_SHEET
    _fill(notice, [[NOTICE]])
    _fill(book.create_sheet(IDENTITY_SHEET), (("Champ", "Valeur"), *draft.identity.items()))
    for table in draft.rows:
        _fill(book.create_sheet(headings.titles.get(table, table)), _table_lines(table, draft, headings))
    save_workbook(book, path)


def write_consolidated(path: Path, rows: Sequence[Row]) -> None:
    """Write one consolidated table as a workbook of one sheet, headers being ids.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    rows : sequence of dict
        At least one row.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = path.stem
    _fill(sheet, [list(rows[0]), *(list(row.values()) for row in rows)])
    save_workbook(book, path)


def write_empty(path: Path) -> None:
    """Write a workbook that holds one empty sheet.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    """
    save_workbook(Workbook(), path)


def corrupt(path: Path) -> None:
    """Cut a file in the middle, as an interrupted transfer does.

    Parameters
    ----------
    path : pathlib.Path
        File to spoil.
    """
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _table_lines(table: str, draft: Draft, headings: Headings) -> Iterator[Sequence[object]]:
    rows, extra = draft.rows[table], draft.extra.get(table)
    names = [name for name in rows[0] if name != draft.dropped.get(table)]
    labels = headings.headers.get(table, {})
    yield [*(labels.get(name, name) for name in names), *(extra[:1] if extra else ())]
    for row in rows:
        yield [*(row[name] for name in names), *(extra[1:] if extra else ())]


def _fill(sheet: Worksheet, lines: Iterable[Sequence[object]]) -> None:
    """Write rows; a text stays a text, even when it starts like a formula."""
    for row, cells in enumerate(lines, start=1):
        for column, content in enumerate(cells, start=1):
            if content is None:
                continue
            cell = sheet.cell(row, column)
            value = ("oui" if content else "non") if isinstance(content, bool) else content
            cell.value = cast("str | float | date", value)
            if isinstance(value, str):
                cell.data_type = "s"
            elif isinstance(value, date):
                cell.number_format = "DD/MM/YYYY"
