"""Open an engine by its name; the libraries of Spark and PostgreSQL are imported only when asked for."""

from __future__ import annotations

from typing import Any, Literal, get_args

from ess_impact.engine.backend import Backend
from ess_impact.errors import UsageError

Engine = Literal["duckdb", "spark", "postgres"]


def open_backend(engine: Engine, **options: Any) -> Backend:
    """Open an engine, to be used as a context manager.

    Parameters
    ----------
    engine : {"duckdb", "spark", "postgres"}
        Which one.
    **options
        ``session``, ``master`` and ``config`` for Spark; ``dsn`` for PostgreSQL; none for DuckDB.

    Returns
    -------
    Backend
        Ready to hold rows and answer queries.

    Raises
    ------
    UsageError
        An engine that does not exist, or that cannot be reached.
    MissingExtraError
        A library, or Java, is not installed.
    """
    if engine == "duckdb":
        from ess_impact.engine.duckdb_engine import DuckDBBackend

        return DuckDBBackend(**options)
    if engine == "spark":
        from ess_impact.engine.spark import SparkBackend

        return SparkBackend(**options)
    if engine == "postgres":
        from ess_impact.engine.postgres import PostgresBackend

        return PostgresBackend(**options)
    raise UsageError(f"moteur inconnu : « {engine} »", fix=f"Moteurs disponibles : {', '.join(get_args(Engine))}.")
