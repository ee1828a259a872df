"""Random draws of the example: one independent stream per table, missing values, weighted choices."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

T = TypeVar("T")

YEARS = (2024, 2025)


def stream(seed: int, topic: str) -> np.random.Generator:
    """Return the random stream of a topic: adding a table leaves the others untouched.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    topic : str
        Name of the table or of the step.

    Returns
    -------
    numpy.random.Generator
        Independent of the streams of other topics.

    Examples
    --------
    >>> int(stream(62, "sorties").integers(100)) == int(stream(62, "sorties").integers(100))
    True
    """
    return np.random.default_rng([seed, zlib.crc32(topic.encode())])


def pick(rng: np.random.Generator, weights: Mapping[str, float], n: int) -> list[str]:
    """Draw codes with given weights.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random stream.
    weights : mapping of str to float
        Relative weight of each code; they need not sum to one.
    n : int
        Number of draws.

    Returns
    -------
    list of str, length n
        The codes.
    """
    codes = list(weights)
    shares = np.asarray(list(weights.values()), dtype=np.float64)
    return [codes[index] for index in rng.choice(len(codes), size=n, p=shares / shares.sum()).tolist()]


def take(values: Sequence[T], positions: Integers) -> list[T]:
    """Return values by position.

    Parameters
    ----------
    values : sequence
        Values, of any one type.
    positions : numpy.ndarray of int, shape (n,)
        Positions in the sequence.

    Returns
    -------
    list, length n
        The values.
    """
    return [values[position] for position in positions.tolist()]


def yes(rng: np.random.Generator, share: float | Floats, n: int) -> Booleans:
    """Draw independent yes or no.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random stream.
    share : float or numpy.ndarray of float, shape (n,)
        Probability of yes.
    n : int
        Number of draws.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        The answers.
    """
    return rng.random(n) < share


def blank(frame: pl.DataFrame, rng: np.random.Generator, rates: Mapping[str, float]) -> pl.DataFrame:
    """Leave cells empty at random, as respondents do.

    Parameters
    ----------
    frame : polars.DataFrame
        Complete rows.
    rng : numpy.random.Generator
        Random stream.
    rates : mapping of str to float
        Share of empty cells of each column.

    Returns
    -------
    polars.DataFrame
        The same rows with nulls.
    """
    return frame.with_columns(
        pl.when(pl.Series(rng.random(frame.height) >= rate)).then(pl.col(name)).otherwise(None).alias(name)
        for name, rate in rates.items()
    )


def days(years: Integers, ranks: Integers) -> pl.Series:
    """Return dates from a year and a rank of day.

    Parameters
    ----------
    years : numpy.ndarray of int, shape (n,)
        Years.
    ranks : numpy.ndarray of int, shape (n,)
        0 for 1 January; may be negative or above 365.

    Returns
    -------
    polars.Series of Date, length n
        The dates.

    Examples
    --------
    >>> days(np.array([2024]), np.array([31])).to_list()
    [datetime.date(2024, 2, 1)]
    """
    origin = date(1970, 1, 1)
    firsts = np.asarray([(date(year, 1, 1) - origin).days for year in years.tolist()], dtype=np.int64)
    return pl.Series((firsts + ranks).astype(np.int32)).cast(pl.Date)
