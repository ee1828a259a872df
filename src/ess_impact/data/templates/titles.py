"""Titles of the sheets of a template, and what its headers carry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ess_impact.data.identity import IDENTITY_SHEET
from ess_impact.data.templates.writing import printable
from ess_impact.definitions.tables import Table

README_SHEET = "Lisez-moi"
EXAMPLES_SHEET = "Exemples"
LISTS_SHEET = "Listes"
REQUIRED_MARK = " *"

_TITLE_LENGTH = 31
_RESERVED = (README_SHEET, IDENTITY_SHEET, EXAMPLES_SHEET, LISTS_SHEET)


def sheet_titles(tables: Sequence[Table]) -> dict[str, str]:
    """Return the title of the sheet of each table: its French label as far as Excel takes it, else its id.

    Parameters
    ----------
    tables : sequence of Table
        Tables of one workbook.

    Returns
    -------
    dict
        Id to title, at most 31 characters, unique whatever the case.
    """
    titles: dict[str, str] = {}
    taken = {title.casefold() for title in _RESERVED}
    for table in tables:
        title = re.sub(r"[\[\]:*?/\\]", " ", printable(table.name.fr))[:_TITLE_LENGTH].strip(" '")
        if not title or title.casefold() in taken:
            title = table.id[:_TITLE_LENGTH]
        taken.add(title.casefold())
        titles[table.id] = title
    return titles
