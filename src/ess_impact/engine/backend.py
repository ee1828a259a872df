"""What an engine must do for us: hold accepted rows, keep an intermediate result, answer a query."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import polars as pl
from sqlglot import exp


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetFiles:
    """Accepted rows kept in Parquet files, read in place by engines that can.

    Attributes
    ----------
    pattern : str
        A path or a glob; columns are in canonical types.
    """

    pattern: str


Source = pl.DataFrame | ParquetFiles
"""Accepted rows, in canonical types."""


class Backend(Protocol):
    """A connection to one engine.

    Attributes
    ----------
    dialect : str
        sqlglot dialect in which trees are rendered: ``duckdb``, ``postgres``, ``spark``.
    overflow : tuple of exception types
        What its driver raises when a number leaves 64 bits or 38 digits; the connection stays usable afterwards.
    refusals : tuple of exception types
        Everything its driver raises, a table that does not exist included.
    embedded : bool
        Whether rows reach this process for the price of a copy: the values of a median or of a number of distinct
        values are then fetched as they are; elsewhere the engine groups and counts them first, so that less travels.
    """

    dialect: str
    overflow: tuple[type[Exception], ...]
    refusals: tuple[type[Exception], ...]
    embedded: bool

    def load(self, name: str, source: Source) -> None:
        """Make accepted rows a table.

        Parameters
        ----------
        name : str
            Name of the table, to be quoted; it replaces one of that name.
        source : polars.DataFrame or ParquetFiles
            Columns in canonical types: text, Int64, Boolean, Date.
        """

    def place(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Say in full where a table that was not loaded lies.

        Parameters
        ----------
        names : tuple of str
            ``(table,)``, ``(schema, table)`` or ``(catalogue, schema, table)``.

        Returns
        -------
        tuple of str
            With the schema and the catalogue that the engine needs to find it.
        """

    def keep(self, name: str, query: exp.Query) -> None:
        """Name an intermediate result that several queries read, computed once.

        Parameters
        ----------
        name : str
            Name, to be quoted; it replaces one of that name.
        query : sqlglot.exp.Query
            What it holds.
        """

    def rows(self, query: exp.Query) -> pl.DataFrame:
        """Run a query.

        Parameters
        ----------
        query : sqlglot.exp.Query
            A portable tree, rendered in the dialect of the engine.

        Returns
        -------
        polars.DataFrame
            Columns in the order of the query and under its names; integers as any polars integer or as ``Decimal`` of
            scale 0, text as ``String``. The order of rows is that of the query's ORDER BY, else any.
        """

    def __enter__(self) -> Self:
        """Open.

        Returns
        -------
        Backend
            Itself.
        """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, and drop what was loaded and kept."""
