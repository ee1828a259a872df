"""Rows of a file of results, for one circle of readers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ess_impact.definitions.vocabulary import DIFFUSION_ORDER, Diffusion
from ess_impact.errors import ReadingError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
_NO_NAME: Mapping[str, str] = {}


def read_rows(
    path: Path, model: type[T], diffusion: Diffusion, *, renamed: Mapping[str, str] = _NO_NAME
) -> dict[str, tuple[T, ...]]:
    """Read the rows of a Parquet file of results that a circle of readers may see.

    Parameters
    ----------
    path : pathlib.Path
        File; its columns ``indicator`` and ``diffusion`` are read too.
    model : type
        Dataclass of one row; its attributes are columns of the file.
    diffusion : {"structure", "service", "cdess", "public"}
        Circle of readers; a row that names none is public.
    renamed : mapping of str to str, optional
        Attribute to column, where the names differ.

    Returns
    -------
    dict
        Rows by indicator; empty for results written before this file existed.

    Raises
    ------
    ReadingError
        The file has other columns.
    """
    if not path.is_file():
        return {}
    import polars

    columns = {one.name: renamed.get(one.name, one.name) for one in fields(model)}
    try:
        frame = polars.read_parquet(path, columns=list(columns.values()))
    except (OSError, polars.exceptions.PolarsError) as error:
        raise ReadingError("résultats illisibles", where=str(path), fix="Relancez « ess-impact evaluate ».") from error
    narrowest = DIFFUSION_ORDER.index(diffusion)
    found: dict[str, list[T]] = defaultdict(list)
    for row in frame.rename({old: new for new, old in columns.items()}).iter_rows(named=True):
        if DIFFUSION_ORDER.index(row["diffusion"] or "public") >= narrowest:
            found[row["indicator"]].append(model(**row))
    return {name: tuple(rows) for name, rows in found.items()}
