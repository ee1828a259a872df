"""The default engine: DuckDB, embedded, larger than memory."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl
from sqlglot import exp

from ess_impact.engine.backend import ParquetFiles, Source
from ess_impact.engine.rendering import quoted_name, render
from ess_impact.errors import ReadingError

_PARTNER = "partenaire"
"""Catalogue of the database given."""


class DuckDBBackend:
    """The engine on DuckDB, in this process.

    Parameters
    ----------
    database : pathlib.Path, optional
        A DuckDB file whose tables may be read, never written.
    **config
        Settings of DuckDB (``memory_limit``, ``threads``, ``temp_directory`` …).

    Attributes
    ----------
    dialect : str
        ``duckdb``.
    overflow, refusals : tuple of exception types
        What DuckDB raises when a number leaves its type, and all it raises.
    embedded : bool
        True: rows are read where they are.

    Raises
    ------
    ReadingError
        A file that is not a DuckDB database, or that cannot be opened.
    """

    dialect = "duckdb"
    overflow: tuple[type[Exception], ...] = (duckdb.OutOfRangeException, duckdb.ConversionException)
    refusals: tuple[type[Exception], ...] = (duckdb.Error,)
    embedded = True

    def __init__(self, database: Path | None = None, **config: Any) -> None:
        self._connection = duckdb.connect(config=config)
        self._attached = database is not None
        if database is not None:
            path = exp.Literal.string(str(database)).sql(dialect=self.dialect)
            try:
                # Without a type, DuckDB downloads an extension for the file of another engine.
                self._connection.execute(f"ATTACH {path} AS {_PARTNER} (READ_ONLY, TYPE duckdb)")
            except duckdb.Error as error:
                raise ReadingError(
                    "ce fichier n'est pas une base DuckDB lisible",
                    where=database.name,
                    fix="Vérifiez sa version, et qu'aucun programme ne l'a ouverte en écriture.",
                ) from error

    def load(self, name: str, source: Source) -> None:
        """Make accepted rows a view, read in place.

        Parameters
        ----------
        name : str
            Name of the view.
        source : polars.DataFrame or ParquetFiles
            Nothing is copied.
        """
        if isinstance(source, ParquetFiles):
            self._connection.read_parquet(source.pattern).create_view(name)
        else:
            # The newest layout of text is the one polars has in memory: no conversion.
            self._connection.register(name, source.to_arrow(compat_level=pl.CompatLevel.newest()))

    def place(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Say in full where a table of the database given lies.

        Parameters
        ----------
        names : tuple of str
            ``(table,)`` or ``(schema, table)``.

        Returns
        -------
        tuple of str
            Unchanged where no database was given.
        """
        if not self._attached or len(names) > 2:
            return names
        return (_PARTNER, *(("main",) if len(names) == 1 else ()), *names)

    def keep(self, name: str, query: exp.Query) -> None:
        """Keep an intermediate result in a temporary table.

        Parameters
        ----------
        name : str
            Name of the table.
        query : sqlglot.exp.Query
            What it holds.
        """
        table = quoted_name(name, self.dialect)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {render(query, self.dialect)}")

    def rows(self, query: exp.Query) -> pl.DataFrame:
        """Run a query.

        Parameters
        ----------
        query : sqlglot.exp.Query
            A portable tree.

        Returns
        -------
        polars.DataFrame
            Its result.
        """
        try:
            return self._fetched(query.transform(_narrow))
        except duckdb.OutOfRangeException:
            return self._fetched(query)

    def _fetched(self, query: exp.Expr) -> pl.DataFrame:
        found = pl.from_arrow(self._connection.sql(render(query, self.dialect)).to_arrow_table())
        return found if isinstance(found, pl.DataFrame) else found.to_frame()

    def __enter__(self) -> Self:
        """Open.

        Returns
        -------
        DuckDBBackend
            Itself.
        """
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database, which was in memory."""
        self._connection.close()


def _narrow(node: exp.Expr) -> exp.Expr:
    """Multiply two columns on 64 bits, three times sooner: DuckDB refuses the ones that overflow, and never wraps."""
    if isinstance(node, exp.Mul) and isinstance(node.this, exp.Cast) and isinstance(node.expression, exp.Column):
        return exp.Mul(this=node.this.this, expression=node.expression)
    return node
