"""Places that lie in other places: what a breakdown gives of another by subtraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from ess_impact.engine.cells import CellKey
from ess_impact.evaluation.secrecy.relations import Relation, identity

Nested = Mapping[tuple[str, str], Mapping[str, Sequence[str]]]
"""Outer and inner column to each outer place and the inner places that lie wholly in it."""


def nested_places(frame: pl.DataFrame, columns: Sequence[str]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Find the places of one column that lie wholly in a place of another.

    Parameters
    ----------
    frame : polars.DataFrame
        Accepted rows.
    columns : sequence of str
        Columns that name places: what lies in what is known to all.

    Returns
    -------
    dict
        Outer and inner column to each outer place and the inner ones it holds.
    """
    found = {}
    for outer, inner in ((one, other) for one in columns for other in columns if one != other):
        pairs = frame.select(pl.col(inner, outer).cast(pl.String)).drop_nulls().unique()
        homes = pairs.group_by(inner).agg(pl.col(outer).first(), count=pl.len())
        held: dict[str, list[str]] = {}
        for place, home in homes.filter(pl.col("count") == 1).select(inner, outer).sort(inner).iter_rows():
            held.setdefault(home, []).append(place)
        if held:
            found[outer, inner] = held
    return found


def nested_relations(keys: Sequence[CellKey], nested: Nested) -> list[Relation]:
    """List the places whose parts, wholly or nearly, are published by another breakdown.

    Parameters
    ----------
    keys : sequence of CellKey
        Published cells.
    nested : Nested
        Which places lie in which.

    Returns
    -------
    list of Relation
        The total may hold more than its parts.
    """
    position = {identity(key): index for index, key in enumerate(keys)}
    found = []
    for index, key in enumerate(keys):
        for (outer, inner), held in nested.items():
            if key.breakdown != (outer,):
                continue
            inside = [
                position.get((key.territory, key.year, ((inner, place),))) for place in held.get(key.modality[0], ())
            ]
            parts = tuple(one for one in inside if one is not None)
            if parts:
                found.append(Relation(total=index, parts=parts))
    return found
