"""Whatever the cells: no relation is left with a single hidden member, and nothing hidden comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import polars as pl
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ess_impact.definitions.indicators import KINDS
from ess_impact.engine.cells import CellKey, Cells, UnitSums
from ess_impact.evaluation.results import as_results_frame
from ess_impact.evaluation.secrecy import (
    FREE,
    PRIMARY,
    SECONDARY,
    Relation,
    audit,
    confidentiality,
    protect,
    relations,
)

ZONES, SEXES, PLACES = ("x", "y", "z"), ("F", "H"), ("59", "62")


def _keys() -> list[CellKey]:
    """A table of two crossed breakdowns, over two territories and their whole."""
    found = []
    for place in ("_T", *PLACES):
        found.append(CellKey(territory=place, year=2024))
        found += [CellKey(territory=place, year=2024, breakdown=("zone",), modality=(one,)) for one in ZONES]
        found += [CellKey(territory=place, year=2024, breakdown=("sexe",), modality=(one,)) for one in SEXES]
        found += [
            CellKey(territory=place, year=2024, breakdown=("zone", "sexe"), modality=pair)
            for pair in product(ZONES, SEXES)
        ]
    return found


KEYS = _keys()
LINKS = relations(KEYS)
LEAVES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=12, max_size=12)
"""Known persons and, among them, active ones, by territory, zone and sexe."""


def _sums(leaves: Sequence[tuple[int, int]], column: int) -> list[int]:
    places = list(product(PLACES, ZONES, SEXES))
    size = [n if column == 0 else min(n, x) for n, x in leaves]
    sums = []
    for key in KEYS:
        wanted = dict(zip(key.breakdown, key.modality, strict=True))
        sums.append(sum(
            one for one, (place, zone, sexe) in zip(size, places, strict=True)
            if key.territory in ("_T", place) and wanted.get("zone", zone) == zone and wanted.get("sexe", sexe) == sexe
        ))  # fmt: skip
    return sums


def _cells(kind: str, leaves: Sequence[tuple[int, int]], unit: str, **more: Any) -> Cells:
    words = {name: {"fr": kind} for name in ("name", "definition", "rationale", "limitations")}
    measures = {"measures": {"numerator": {"where": "a"}, "denominator": {}}} if kind == "proportion" else {}
    measures |= {"measures": {"value": {"expr": "a"}}} if kind == "sum" else {}
    fields = {
        "id": kind, "version": "1.0.0", "valid_from": "2024-01-01", "status": "active", "disponibilite": "collecte",
        "niveau": "resultat", "unit": "nombre", "source": {"provider": "x", "dataset": "x"},
        "examples": [{"expect": {}}],
        "kind": kind, "table": "t", "period": {"column": "annee"}, "inference": "aucune", "secrecy": {"unit": unit},
    }  # fmt: skip
    n, x = (np.asarray(_sums(leaves, column), dtype=object) for column in (0, 1))
    zero = np.zeros(len(KEYS), dtype=object)
    indicator: Any = KINDS[kind].model_validate(fields | words | measures)
    return Cells(
        indicator=indicator, keys=tuple(KEYS), numerator=x if kind == "proportion" else n, denominator=n, n=n,
        missing=zero,
        nn=zero, xx=zero, nx=zero, numerator_scale=1, denominator_scale=1, **more,
    )  # fmt: skip


def _hidden(link: Relation, status: Sequence[str]) -> list[int]:
    return [index for index in (link.total, *link.parts) if status[index] != FREE]


STATUSES = st.lists(st.sampled_from([FREE, FREE, FREE, PRIMARY]), min_size=len(KEYS), max_size=len(KEYS))
SIZES = st.lists(st.integers(1, 9), min_size=len(KEYS), max_size=len(KEYS))


@given(STATUSES, SIZES)
@settings(max_examples=25, deadline=None)
def test_no_relation_keeps_a_single_hidden_member(status: list[str], sizes: list[int]) -> None:
    after = protect(status, LINKS, sizes)
    assert all(len(_hidden(link, after)) != 1 for link in LINKS)


@given(STATUSES, SIZES)
@settings(max_examples=25, deadline=None)
def test_what_is_hidden_stays_hidden_and_says_why(status: list[str], sizes: list[int]) -> None:
    after = protect(status, LINKS, sizes)
    assert [one == PRIMARY for one in after] == [one == PRIMARY for one in status]
    assert set(after) <= {FREE, PRIMARY, SECONDARY}


@given(STATUSES, SIZES)
@settings(max_examples=25, deadline=None)
def test_protecting_twice_changes_nothing_more(status: list[str], sizes: list[int]) -> None:
    after = protect(status, LINKS, sizes)
    assert protect(after, LINKS, sizes) == after


@given(SIZES)
def test_without_anything_to_hide_all_is_free(sizes: list[int]) -> None:
    assert set(protect([FREE] * len(KEYS), LINKS, sizes)) == {FREE}


def _recovered(status: Sequence[str], values: Sequence[int]) -> set[int]:
    """Hidden cells that all relations together determine, an absent cell being known to be empty."""
    unknown = [index for index, one in enumerate(status) if one != FREE and values[index]]
    rows = [[(index in link.parts) - (index == link.total) for index in unknown] for link in LINKS]
    equations = np.asarray(rows, dtype=float).reshape(len(LINKS), len(unknown))
    rank = np.linalg.matrix_rank(equations) if unknown else 0
    without = [np.delete(equations, place, axis=1) for place in range(len(unknown))]
    # A cell is determined when taking its column away loses a rank.
    return {
        index
        for index, rest in zip(unknown, without, strict=True)
        if rest.size == 0 or np.linalg.matrix_rank(rest) < rank
    }


def _leaves(*sizes: int, active: Sequence[int] = ()) -> list[tuple[int, int]]:
    return list(zip(sizes, active or [0] * len(sizes), strict=True))


@example(_leaves(0, 2, 3, 0, 0, 0, 3, 0, 0, 3, 0, 0), "count", 1)
@example(_leaves(0, 0, 2, 1, 2, 1, 1, 0, 3, 3, 3, 2, active=(0, 0, 2, 0, 2, 0, 0, 0, 3, 3, 3, 2)), "proportion", 1)
@given(LEAVES, st.sampled_from(["count", "proportion"]), st.sampled_from([1, 5, 11]))
@settings(max_examples=30, deadline=None)
def test_no_subtraction_gives_a_hidden_count_back(leaves: list[tuple[int, int]], kind: str, threshold: int) -> None:
    cells = _cells(kind, leaves, "personne")
    status = confidentiality(cells, min_count=threshold)
    assert _recovered(status, [int(one) for one in cells.n]) == set()


@given(LEAVES, st.sampled_from(["count", "proportion"]))
@settings(max_examples=10, deadline=None)
def test_a_shown_cell_of_persons_holds_enough_of_them(leaves: list[tuple[int, int]], kind: str) -> None:
    cells = _cells(kind, leaves, "personne")
    for one, n, x in zip(confidentiality(cells), cells.denominator, cells.numerator, strict=True):
        if one == FREE:
            assert all(size == 0 or size >= 5 for size in (n, x, n - x))


@given(LEAVES, st.lists(st.integers(0, 5), min_size=len(KEYS), max_size=len(KEYS)), st.integers(0, 100))
@settings(max_examples=4, deadline=None)
def test_a_shown_cell_of_enterprises_holds_three_and_none_dominates(
    leaves: list[tuple[int, int]], count: list[int], percent: int
) -> None:
    total = np.asarray(_sums(leaves, 0), dtype=object)
    largest = np.asarray([one * percent // 100 for one in total], dtype=object)
    zero = np.zeros(len(KEYS), dtype=object)
    units = UnitSums(
        units=np.asarray(count, dtype=object), n=total, x=total, nn=zero, xx=zero, nx=zero, largest=largest,
        dominant_n=zero, dominant_x=zero,
    )  # fmt: skip
    cells = _cells("sum", leaves, "entreprise", enterprises=units)
    for index, one in enumerate(confidentiality(cells)):
        if one == FREE and int(cells.n[index]):
            assert count[index] >= 3
            assert 100 * largest[index] <= 85 * total[index]


TWO_WAY = st.lists(st.integers(0, 7), min_size=4, max_size=4)
"""Persons by zone and sexe, in a table small enough to try every other one."""


def _small_keys() -> list[CellKey]:
    found = [CellKey(territory="_T", year=2024)]
    found += [CellKey(territory="_T", year=2024, breakdown=("zone",), modality=(one,)) for one in "xy"]
    found += [CellKey(territory="_T", year=2024, breakdown=("sexe",), modality=(one,)) for one in "FH"]
    return found + [
        CellKey(territory="_T", year=2024, breakdown=("zone", "sexe"), modality=pair) for pair in product("xy", "FH")
    ]


def _vector(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, ...]:
    return (a + b + c + d, a + b, c + d, a + c, b + d, a, b, c, d)


def _consistent(status: Sequence[str], truth: Sequence[int]) -> np.ndarray:
    """Try every table: those that agree with all that is shown, an absent cell being known to be empty."""
    sizes = np.arange(sum(truth[5:]) + 6)
    tried = np.stack(_vector(*(one.ravel() for one in np.meshgrid(*[sizes] * 4))))
    shown = [index for index, one in enumerate(status) if one == FREE or not truth[index]]
    return tried[:, (tried[shown] == np.asarray(truth)[shown, None]).all(axis=0)]


@example([2, 7, 7, 7])
@example([1, 2, 7, 0])
@example([3, 0, 0, 7])
@given(TWO_WAY)
@settings(max_examples=25, deadline=None)
def test_tables_tried_one_by_one_leave_every_small_cell_uncertain(inside: list[int]) -> None:
    truth, keys = _vector(*inside), _small_keys()
    status = confidentiality(_counted(keys, truth))
    assume(PRIMARY in status)
    for one, values in zip(status, _consistent(status, truth), strict=True):
        assert np.ptp(values) >= {FREE: 0, PRIMARY: 5, SECONDARY: 1}[one]


def _counted(keys: Sequence[CellKey], values: Sequence[int]) -> Cells:
    model = _cells("count", [(0, 0)] * 12, "personne")
    whole = np.asarray(values, dtype=object)
    zero = np.zeros(len(keys), dtype=object)
    changes: dict[str, Any] = dict.fromkeys(("missing", "nn", "xx", "nx"), zero)
    return replace(model, keys=tuple(keys), numerator=whole, denominator=whole, n=whole, **changes)


def _published(cells: Cells, status: Sequence[str]) -> pl.DataFrame:
    """Write the cells as a publication: absent where empty, blank where hidden."""
    rows = []
    for index, (key, one) in enumerate(zip(cells.keys, status, strict=True)):
        if not int(cells.n[index]):
            continue
        told = one == FREE
        numbers = {
            "numerator": cells.numerator,
            "denominator": cells.denominator,
            "n": cells.n,
            "n_missing": cells.missing,
        }
        rows.append(
            {name: int(values[index]) if told else None for name, values in numbers.items()}
            | {
                "indicator": cells.indicator.id,
                "territory": key.territory,
                "period_start": date(key.year, 1, 1),
                "breakdown": "*".join(key.breakdown) or "_T",
                "modality": "*".join(key.modality) or "_T",
                "conf_status": one,
            }
        )
    return as_results_frame(rows)


@example(_leaves(0, 2, 3, 0, 0, 0, 3, 0, 0, 3, 0, 0), "count", 5)
@example(
    _leaves(9, 2, 3, 30, 8, 7, 3, 20, 21, 3, 22, 23, active=(0, 0, 3, 15, 0, 6, 0, 10, 1, 0, 2, 22)), "proportion", 5
)
@given(LEAVES, st.sampled_from(["count", "proportion"]), st.sampled_from([5, 11]))
@settings(max_examples=10, deadline=None)
def test_the_audit_finds_nothing_in_what_was_protected(
    leaves: list[tuple[int, int]], kind: str, threshold: int
) -> None:
    cells = _cells(kind, leaves, "personne")
    frame = _published(cells, confidentiality(cells, min_count=threshold))
    assert audit(frame, {kind: cells.indicator}, min_count=threshold) == ()
