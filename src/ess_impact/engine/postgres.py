"""Run the queries of the engine on PostgreSQL, for those whose data live there (extra ``postgres``)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import polars as pl
from sqlglot import exp

from ess_impact.engine.backend import ParquetFiles, Source
from ess_impact.engine.rendering import quoted_name, render
from ess_impact.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    import psycopg

ADDRESS = "ESS_IMPACT_POSTGRES"
"""Environment variable holding the address of the server, so that no password is typed on a command line."""

_SQL_TYPES: dict[Any, str] = {pl.Boolean: "boolean", pl.Date: "date", pl.Int64: "bigint", pl.String: 'text COLLATE "C"'}
_POLARS_TYPES: dict[int, Any] = {
    16: pl.Boolean,
    20: pl.Int64,
    21: pl.Int64,
    23: pl.Int64,
    25: pl.String,
    1042: pl.String,
    1043: pl.String,
    1082: pl.Date,
    1700: pl.Decimal(38, 0),
}
"""By type number: bool, int8, int2, int4, text, char, varchar, date, numeric."""
_BATCH = 100_000
_CONNECTION = {"application_name": "ess-impact", "client_encoding": "utf8", "connect_timeout": 10}
"""By default; what the address says prevails."""
_SETTINGS = """
SET LOCAL standard_conforming_strings = on;
SET LOCAL datestyle = ISO;
SELECT set_config('search_path', concat_ws(', ', 'pg_temp', nullif(current_setting('search_path'), '')), true)
"""
"""Our temporary tables first, then where the owner of the database looks."""


class PostgresBackend:
    """The engine on PostgreSQL: one transaction, temporary tables only, undone at the end.

    Parameters
    ----------
    dsn : str, optional
        Address of the server (``postgresql://…`` or ``host=… dbname=…``); by default that of the environment variable
        ``ESS_IMPACT_POSTGRES``.

    Attributes
    ----------
    dialect : str
        ``postgres``.
    overflow, refusals : tuple of exception types
        What is raised when a number leaves its type, and all that the driver raises.
    embedded : bool
        False: rows stay there, histograms travel.

    Raises
    ------
    MissingExtraError
        psycopg is not installed.
    UsageError
        No address, or a server that does not answer; the message never holds a password.
    """

    dialect = "postgres"
    embedded = False

    def __init__(self, dsn: str | None = None) -> None:
        driver = _psycopg()
        self.refusals: tuple[type[Exception], ...] = (driver.Error,)
        self.overflow: tuple[type[Exception], ...] = (driver.errors.NumericValueOutOfRange, OverflowError)
        self._connection: psycopg.Connection[Any] = _connected(driver, dsn or os.environ.get(ADDRESS, ""))
        # Every table is read as it was at one moment, whoever writes meanwhile.
        self._connection.isolation_level = driver.IsolationLevel.REPEATABLE_READ
        # A prepared statement would outlive the temporary tables it names.
        self._connection.prepare_threshold = None
        self._connection.execute(_SETTINGS)

    def load(self, name: str, source: Source) -> None:
        """Copy accepted rows into a temporary table.

        Parameters
        ----------
        name : str
            Name of the table.
        source : polars.DataFrame or ParquetFiles
            Sent in batches.
        """
        schema = pl.read_parquet_schema(source.pattern) if isinstance(source, ParquetFiles) else source.schema
        columns = ", ".join(f"{self._name(one)} {_SQL_TYPES[kind]}" for one, kind in schema.items())
        with self._connection.transaction(), self._connection.cursor() as cursor:
            self._drop(name)
            cursor.execute(f"CREATE TEMPORARY TABLE {self._name(name)} ({columns}) ON COMMIT DROP".encode())
            with cursor.copy(f"COPY {self._name(name)} FROM STDIN (FORMAT csv)".encode()) as copy:
                for batch in _batches(source):
                    # Text always quoted: an empty text is not an unknown, and a lone « \\. » would end the copy.
                    copy.write(batch.write_csv(include_header=False, quote_style="non_numeric"))

    def place(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Say in full where a table of the server lies.

        Parameters
        ----------
        names : tuple of str
            ``(table,)`` or ``(schema, table)``.

        Returns
        -------
        tuple of str
            In the schema ``public`` where none is said: nothing is looked up on a search path.
        """
        return ("public", *names) if len(names) == 1 else names

    def keep(self, name: str, query: exp.Query) -> None:
        """Keep an intermediate result in a temporary table.

        Parameters
        ----------
        name : str
            Name of the table.
        query : sqlglot.exp.Query
            What it holds.
        """
        with self._connection.transaction():
            self._drop(name)
            text = f"CREATE TEMPORARY TABLE {self._name(name)} ON COMMIT DROP AS {render(query, self.dialect)}"
            self._connection.execute(text.encode())

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

        Raises
        ------
        OverflowError
            A number of more than 38 digits.
        """
        # A savepoint: a query that fails leaves the others what was loaded.
        with self._connection.transaction(), self._connection.cursor(binary=True) as cursor:
            cursor.execute(render(query, self.dialect).encode())
            schema = {one.name: _POLARS_TYPES[one.type_code] for one in cursor.description or ()}
            found = cursor.fetchall()
        return _frame(found, schema)

    def __enter__(self) -> Self:
        """Open.

        Returns
        -------
        PostgresBackend
            Itself.
        """
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo everything and close."""
        self._connection.rollback()
        self._connection.close()

    def _name(self, name: str) -> str:
        return quoted_name(name, self.dialect)

    def _drop(self, name: str) -> None:
        self._connection.execute(f"DROP TABLE IF EXISTS pg_temp.{self._name(name)}".encode())


def _frame(rows: list[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    try:
        return pl.DataFrame(rows, schema=schema, orient="row")
    except RuntimeError as error:
        raise OverflowError("nombre de plus de 38 chiffres") from error


def _batches(source: Source) -> Iterator[pl.DataFrame]:
    if isinstance(source, ParquetFiles):
        yield from pl.scan_parquet(source.pattern).collect_batches(chunk_size=_BATCH)
    else:
        yield from source.iter_slices(_BATCH)


def _connected(driver: Any, dsn: str) -> psycopg.Connection[Any]:
    if not dsn:
        raise UsageError("aucune adresse PostgreSQL", fix=f"Donnez-la dans la variable d'environnement {ADDRESS}.")
    # Errors of the driver may quote the address, password included: none is repeated, nor kept as a cause.
    known = _parsed(driver, dsn)
    if known is None:
        raise UsageError("adresse PostgreSQL illisible", fix="Forme : postgresql://nom@serveur:5432/base.")
    state = ""
    try:
        connection: psycopg.Connection[Any] = driver.connect(dsn, **(_CONNECTION | known))
    except driver.Error as error:
        state = f" ({error.sqlstate})" if error.sqlstate else ""
    else:
        return connection
    where = f"{known.get('host', 'localhost')}:{known.get('port', 5432)}"
    raise UsageError(
        f"PostgreSQL ne répond pas{state}", where=where, fix="Vérifiez le serveur, le compte et le mot de passe."
    )


def _parsed(driver: Any, dsn: str) -> dict[str, Any] | None:
    try:
        return dict(driver.conninfo.conninfo_to_dict(dsn))
    except driver.Error:
        return None


def _psycopg() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        raise MissingExtraError(
            "le moteur postgres demande psycopg", fix="Installez-le : pip install 'ess-impact[postgres]'."
        ) from error
    return psycopg
