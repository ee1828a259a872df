"""The default engine: DuckDB, embedded, larger than memory."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl
from sqlglot import exp

from ess_impact.engine.backend import ParquetFiles, Source
from ess_impact.engine.rendering import quoted_name, render


class DuckDBBackend:
    """The engine on DuckDB, in this process.

    Parameters
    ----------
    **config
        Settings of DuckDB (``memory_limit``, ``threads``, ``temp_directory`` …).

    Attributes
    ----------
    dialect : str
        ``duckdb``.
    overflow : tuple of exception types
        What DuckDB raises when a number leaves its type.
    embedded : bool
        True: rows are read where they are.
    """

    dialect = "duckdb"
    overflow: tuple[type[Exception], ...] = (duckdb.OutOfRangeException, duckdb.ConversionException)
    embedded = True

    def __init__(self, **config: Any) -> None:
        self._connection = duckdb.connect(config=config)

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
