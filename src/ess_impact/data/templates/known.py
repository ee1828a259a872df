"""What is known of a structure before it answers, and the time its answer should take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType

READING_MINUTES = 5
"""Estimated time to read the front page, check the identity and send the workbook back."""

Row = Mapping[str, str | int]
"""Column to what its cell holds: codes, texts and years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a template holds beforehand; by default nothing.

    Attributes
    ----------
    siret, name : str
        Of the structure, empty when unknown.
    year : int or None
        Year to write in the rows.
    rows : mapping of str to sequence of rows
        Table id to rows of last time; only their stable columns are kept.
    counts : mapping of str to int
        Table id to number of rows sent last time.
    """

    siret: str = ""
    name: str = ""
    year: int | None = None
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    def rows_of(self, table: Table) -> list[dict[str, str | int]]:
        """Return the rows written beforehand in the sheet of a table.

        Parameters
        ----------
        table : Table
            The table.

        Returns
        -------
        list of dict
            Those of last time, else the usual ones, for the new year; none when the table is never pre-filled.
        """
        if not self.siret or not table.prefilled:
            return []
        stable = [column.name for column in table.columns if column.stable]
        dated = {
            name: self.year
            for name in table.prefilled
            if self.year is not None and table.types()[name] is ColumnType.ANNEE
        }
        held = self.rows.get(table.id) or _usual_rows(table, self.siret)
        return [{**{name: row[name] for name in stable if name in row}, **dated} for row in held]

    def minutes(self, table: Table) -> int:
        """Estimate the time one sheet takes.

        Parameters
        ----------
        table : Table
            Its table.

        Returns
        -------
        int
            Whole minutes, for the rows written beforehand, else those of last time, else the usual number.
        """
        filling = table.filling
        rows = len(self.rows_of(table)) or self.counts.get(table.id) or filling.usual_rows
        return filling.minutes + math.ceil(filling.seconds_per_row * rows / 60)


def total_minutes(tables: Iterable[Table], known: Known) -> int:
    """Estimate the time a whole workbook takes, front page and sending included.

    Parameters
    ----------
    tables : iterable of Table
        Tables asked for.
    known : Known
        What the workbook holds beforehand.

    Returns
    -------
    int
        Minutes.
    """
    return READING_MINUTES + sum(known.minutes(table) for table in tables)


def _usual_rows(table: Table, siret: str) -> list[Row]:
    usual = {column.name: column.usual for column in table.columns if column.usual}
    owner: dict[str, str | int] = {table.owner: siret} if table.owner else {}
    return [{**owner, **dict(zip(usual, values, strict=True))} for values in product(*usual.values())]
