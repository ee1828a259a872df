"""Run the queries of the engine on Apache Spark, for those who outgrow one machine (extra ``spark``)."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import polars as pl
from sqlglot import exp

from ess_impact.engine.backend import ParquetFiles, Source
from ess_impact.engine.rendering import quoted_name, render
from ess_impact.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SEMANTICS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
}
"""What makes Spark compute like the other engines: errors instead of wrapped numbers, exact column names."""

_JAVA = "spark.driver.extraJavaOptions"
_QUIET = Path(__file__).with_name("spark_log4j2.properties")


class SparkBackend:
    """The engine on Spark SQL.

    Parameters
    ----------
    session : pyspark.sql.SparkSession, optional
        Session to work beside: its tables and settings are left alone, and it is not stopped. By default the active
        one, else a local one that stops at the end.
    master : str
        Where a session of our own runs.
    config : mapping of str to str, optional
        Further settings of a session of our own (``spark.driver.memory`` …).

    Attributes
    ----------
    dialect : str
        ``spark``.
    overflow, refusals : tuple of exception types
        What Spark raises when a number leaves its type, and all it raises.
    embedded : bool
        False: rows stay there, histograms travel.
    session : pyspark.sql.SparkSession
        The session apart in which queries run.

    Raises
    ------
    MissingExtraError
        PySpark or Java is not installed.
    UsageError
        Spark does not start.
    """

    dialect = "spark"
    embedded = False

    def __init__(
        self,
        session: SparkSession | None = None,
        *,
        master: str = "local[*]",
        config: Mapping[str, str] | None = None,
    ) -> None:
        pyspark = _pyspark()
        self.refusals: tuple[type[Exception], ...] = (pyspark.errors.PySparkException,)
        self.overflow: tuple[type[Exception], ...] = (pyspark.errors.ArithmeticException,)
        self._kept: dict[str, DataFrame] = {}
        given = session or pyspark.sql.SparkSession.getActiveSession()
        self._own: SparkSession | None = None
        if given is None:
            given = self._own = self._start(master, config or {})
        # A session apart: its views and settings are seen by nobody else.
        self.session: SparkSession = given.newSession()
        for name, value in _SEMANTICS.items():
            self.session.conf.set(name, value)
        # PySpark writes a failed query to the error stream, with the values it met.
        logging.getLogger("SQLQueryContextLogger").disabled = True

    def load(self, name: str, source: Source) -> None:
        """Make accepted rows a view.

        Parameters
        ----------
        name : str
            Name of the view.
        source : polars.DataFrame or ParquetFiles
            Parquet files are read in place by the executors.
        """
        if isinstance(source, ParquetFiles):
            frame = self.session.read.parquet(source.pattern)
        else:
            frame = self.session.createDataFrame(source.to_arrow())
        self._name(name, frame)

    def place(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Say in full where a table of the session lies.

        Parameters
        ----------
        names : tuple of str
            As the session knows it.

        Returns
        -------
        tuple of str
            In the current schema where none is said: never a view of ours of the same name.
        """
        catalog = self.session.catalog
        return (catalog.currentCatalog(), catalog.currentDatabase(), *names) if len(names) == 1 else names

    def keep(self, name: str, query: exp.Query) -> None:
        """Name an intermediate result; it is cached when first read, in memory and then on disk.

        Parameters
        ----------
        name : str
            Name of the view.
        query : sqlglot.exp.Query
            What it holds.
        """
        # First of all: Spark frees by plan, and a result of the same plan would go with the former one.
        if name in self._kept:
            self._kept.pop(name).unpersist()
        self._kept[name] = self.session.sql(render(query, self.dialect)).persist()
        self._name(name, self._kept[name])

    def rows(self, query: exp.Query) -> pl.DataFrame:
        """Run a query and collect its result.

        Parameters
        ----------
        query : sqlglot.exp.Query
            A portable tree.

        Returns
        -------
        polars.DataFrame
            One row per cell: the rows of the table stay in Spark.
        """
        found = pl.from_arrow(self.session.sql(render(query, self.dialect)).toArrow())
        return found if isinstance(found, pl.DataFrame) else found.to_frame()

    def __enter__(self) -> Self:
        """Open.

        Returns
        -------
        SparkBackend
            Itself.
        """
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free what was kept, and stop the session if it is ours."""
        for frame in self._kept.values():
            frame.unpersist()
        self._kept.clear()
        if self._own is not None:
            self._own.stop()
            self._own = None

    def _name(self, name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(quoted_name(name, self.dialect))

    def _start(self, master: str, config: Mapping[str, str]) -> SparkSession:
        _require_java()
        pyspark = _pyspark()
        builder = pyspark.sql.SparkSession.builder.master(master).appName("ess-impact")
        for name, value in _settings(master, config).items():
            builder = builder.config(name, value)
        try:
            with warnings.catch_warnings():
                # PySpark warns of the pandas it finds: we use none.
                warnings.simplefilter("ignore", FutureWarning)
                started: SparkSession = builder.getOrCreate()
        except (pyspark.errors.PySparkException, OSError) as error:
            raise UsageError("Spark ne démarre pas", fix="Vérifiez Java (17 ou plus) et « master ».") from error
        return started


def _settings(master: str, config: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a session of our own; on one machine, nothing listens beyond it."""
    ours = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    if master.startswith("local"):
        ours |= dict.fromkeys(("spark.driver.bindAddress", "spark.driver.host"), "127.0.0.1")
        ours["spark.sql.shuffle.partitions"] = str(os.cpu_count() or 1)
    java = f"-Dlog4j2.configurationFile={_QUIET.as_uri()} {config.get(_JAVA, '')}".strip()
    return ours | dict(config) | {_JAVA: java}


def _pyspark() -> Any:
    try:
        import pyspark.errors
        import pyspark.sql
    except ImportError as error:
        raise MissingExtraError(
            "le moteur spark demande PySpark", fix="Installez-le : pip install 'ess-impact[spark]'."
        ) from error
    return pyspark


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home) / "bin") if home else None) is None:
        raise MissingExtraError(
            "le moteur spark demande Java, introuvable sur cette machine",
            fix="Installez Java 17 ou plus récent (Debian : apt install default-jre-headless), ou corrigez JAVA_HOME.",
        )
