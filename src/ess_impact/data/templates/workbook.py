"""A template from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from ess_impact.data.identity import IDENTITY_SHEET
from ess_impact.data.templates.front import Contents, fill_front
from ess_impact.data.templates.known import Known
from ess_impact.data.templates.sheets import fill_examples, fill_identity, fill_lists, fill_table
from ess_impact.data.templates.titles import EXAMPLES_SHEET, LISTS_SHEET, README_SHEET, sheet_titles
from ess_impact.data.templates.writing import save_workbook
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.errors import UsageError


def write_template(
    path: str | Path, catalogue: Catalogue, *, tables: Sequence[str] | None = None, known: Known | None = None
) -> None:
    """Write the workbook a structure fills in: front page, identity, one sheet per table, examples, lists.

    Parameters
    ----------
    path : str or pathlib.Path
        The ``.xlsx`` to write; same catalogue, same bytes.
    catalogue : Catalogue
        Definitions: tables, codelists, and the indicators each column feeds.
    tables : sequence of str, optional
        Ids of the tables to ask for; by default every table provided by structures.
    known : Known, optional
        What is written beforehand; by default nothing.

    Raises
    ------
    UnknownNameError
        A table that does not exist.
    UsageError
        No table to ask for.
    """
    chosen, known = _chosen(catalogue, tables), known or Known()
    titles = sheet_titles(chosen)
    book = Workbook()
    front = book.worksheets[0]
    front.title = README_SHEET
    fill_front(front, catalogue, Contents(tables=chosen, titles=titles, known=known))
    fill_identity(book.create_sheet(IDENTITY_SHEET), known)
    sheets = {table.id: book.create_sheet(titles[table.id]) for table in chosen}
    examples = book.create_sheet(EXAMPLES_SHEET)
    offered = fill_lists(book.create_sheet(LISTS_SHEET), catalogue.codelists, chosen)
    for table in chosen:
        fill_table(sheets[table.id], table, offered, known.rows_of(table))
    fill_examples(examples, chosen, titles, offered)
    save_workbook(book, path)


def _chosen(catalogue: Catalogue, names: Sequence[str] | None) -> list[Table]:
    if names is not None:
        chosen = [catalogue.table(name) for name in dict.fromkeys(names)]
    else:
        chosen = [table for table in catalogue.tables.values() if table.provider == "structure"]
    if not chosen:
        raise UsageError("aucune table à demander", fix="Nommez au moins une table.")
    return chosen
