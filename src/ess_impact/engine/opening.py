"""Open an engine by its name; the libraries of Spark and PostgreSQL are imported only when asked for."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
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
        ``session``, ``master`` and ``config`` for Spark; ``dsn`` for PostgreSQL; settings for DuckDB.

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


def opened(engine: Engine | Backend) -> AbstractContextManager[Backend]:
    """Open an engine for the time of a computation, or lend one that is already open.

    Parameters
    ----------
    engine : {"duckdb", "spark", "postgres"} or Backend
        A name, or an engine that stays open afterwards.

    Returns
    -------
    context manager
        Gives the engine.

    Raises
    ------
    UsageError
        An engine that does not exist, or that cannot be reached.
    MissingExtraError
        A library, or Java, is not installed.
    """
    return open_backend(engine) if isinstance(engine, str) else nullcontext(engine)
