"""Whatever the rows: the engine gives what a loop over them gives, and neither order nor files change it."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import KINDS, CollectedIndicator
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.cells import Cells
from ess_impact.engine.computing import compute_cells
from ess_impact.engine.values import CellUnits, CellValues
from ess_impact.evaluation.campaign import Campaign, Settings
from ess_impact.evaluation.collecting import collect
from ess_impact.evaluation.estimates import estimate
from ess_impact.evaluation.indicators import evaluate_collected
from ess_impact.evaluation.secrecy import confidentiality

TYPES = {
    "annee": ColumnType.ANNEE, "siret": ColumnType.SIRET, "zone": ColumnType.TEXTE, "sexe": ColumnType.TEXTE,
    "actif": ColumnType.BOOLEEN, "n": ColumnType.ENTIER, "montant": ColumnType.EUROS, "heures": ColumnType.HEURES,
    "strate": ColumnType.TEXTE, "personne": ColumnType.PERSONNE,
}  # fmt: skip
NUMBERS = dict.fromkeys(("annee", "n", "montant", "heures"), pl.Int64)
DTYPES = dict.fromkeys(TYPES, pl.String) | NUMBERS | {"actif": pl.Boolean}
STRATA = ("s1", "s2")
SCOPE = Scope(columns=TYPES, codelists={"r": STRATA}, parameters={}, codes_of={})
BREAKDOWNS = ((), ("zone",), ("zone", "sexe"))
MEASURES: dict[str, dict[str, Any]] = {
    "count": {},
    **{kind: {"measures": {"value": {"expr": "montant"}}} for kind in ("sum", "mean", "median")},
    "quantile": {"measures": {"value": {"expr": "montant"}}, "quantile": 0.9},
    "proportion": {"measures": {"numerator": {"where": "actif"}, "denominator": {"where": "sexe <> 'H'"}}},
    "ratio": {"measures": {"numerator": {"expr": "montant"}, "denominator": {"expr": "heures", "where": "actif"}}},
    "rate": {"measures": {"numerator": {"where": "actif"}, "denominator": {"expr": "heures"}}},
    "distinct": {"measures": {"value": {"column": "personne"}}},
    "qualitative": {"measures": {"value": {"column": "personne"}}, "said_by": {"fr": "elle"}},
    "standardised_rate": {
        "measures": {"numerator": {"where": "actif"}, "denominator": {"expr": "heures"}},
        "strata": "strate", "reference": "r",
    },
}  # fmt: skip


def _indicator(kind: str, **more: Any) -> CollectedIndicator:
    words = {name: {"fr": kind} for name in ("name", "definition", "rationale", "limitations")}
    fields = {
        "id": kind, "version": "1.0.0", "valid_from": "2024-01-01", "status": "active", "disponibilite": "collecte",
        "niveau": "resultat", "unit": "nombre", "source": {"provider": "x", "dataset": "x"},
        "examples": [{"expect": {}}],
        "kind": kind, "table": "t", "period": {"column": "annee"}, "inference": "non_reponse", "where": "n > 0",
        "secrecy": {"unit": "aucun"}, "breakdowns": [list(one) for one in BREAKDOWNS[1:]],
    }  # fmt: skip
    return KINDS[kind].model_validate(fields | words | MEASURES[kind] | more)  # type: ignore[return-value]


INDICATORS = [_indicator(kind) for kind in MEASURES]
HOLISTIC = [_indicator("median", cluster="siret"), _indicator("distinct"), _indicator("standardised_rate")]
BY_UNIT = [
    _indicator("proportion", cluster="siret", secrecy={"unit": "personne"}),
    _indicator("median", cluster="siret", secrecy={"unit": "personne"}),
    _indicator("ratio", cluster="siret", secrecy={"unit": "entreprise", "column": "siret"}),
]
TABLE = Table.model_validate(
    {"id": "t", "version": "1.0.0", "name": {"fr": "T"}, "description": {"fr": "T"}, "provider": "service",
     "source": "x",
     "columns": [{"name": name, "type": kind, "label": {"fr": name}} for name, kind in TYPES.items()]}
)  # fmt: skip


def _maybe(values: Any) -> Any:
    return st.none() | values


ROWS = st.lists(
    st.fixed_dictionaries({
        "annee": st.sampled_from([2023, 2024]),
        "siret": _maybe(st.sampled_from("abcdefghijklm")),
        "zone": _maybe(st.sampled_from("xy")),
        "sexe": _maybe(st.sampled_from("FH")),
        "actif": _maybe(st.booleans()),
        "n": _maybe(st.integers(0, 1)),
        "montant": _maybe(st.integers(-(10**12), 10**15)),
        "heures": _maybe(st.integers(0, 10**9)),
        "strate": _maybe(st.sampled_from([*STRATA, "hors"])),
        "personne": _maybe(st.sampled_from("pqr")),
    }),
    max_size=40,
)  # fmt: skip


def computed(rows: Iterable[dict[str, Any]], indicators: Sequence[CollectedIndicator] = INDICATORS) -> dict[str, Cells]:
    frame = pl.DataFrame([[row[name] for name in TYPES] for row in rows], schema=DTYPES, orient="row")
    return compute_cells(frame, TABLE, indicators, SCOPE, strata={"r": STRATA})


Fact = tuple[int, int, int, int]
UNKNOWN: Fact = (0, 0, 0, 1)
OUT: Fact = (0, 0, 0, 0)


def both(*conditions: bool | None) -> bool | None:
    """And of three-valued conditions."""
    return False if False in conditions else None if None in conditions else True


def fact(kind: str, row: dict[str, Any]) -> Fact:
    """Numerator, denominator, known, missing of one row, in Python."""
    universe = None if row["n"] is None else row["n"] > 0
    if kind == "proportion":
        base = both(universe, None if row["sexe"] is None else row["sexe"] != "H")
        return _seen(base, None if row["actif"] is None else (int(row["actif"]), 1))
    if kind == "ratio":
        hours = None if row["actif"] is None else row["heures"] if row["actif"] else 0
        return _seen(universe, None if None in (row["montant"], hours) else (row["montant"], hours))
    if kind == "standardised_rate" and row["strate"] not in STRATA:
        return _seen(universe, None)
    if kind in ("rate", "standardised_rate"):
        return _seen(universe, None if None in (row["actif"], row["heures"]) else (int(row["actif"]), row["heures"]))
    if kind in ("distinct", "qualitative"):
        return _seen(universe, None if row["personne"] is None else (1, 0))
    if kind == "count":
        return _seen(universe, (1, 1))
    return _seen(universe, None if row["montant"] is None else (row["montant"], 1))


def _seen(base: bool | None, measure: tuple[int, int] | None) -> Fact:
    if base is False:
        return OUT
    return UNKNOWN if base is None or measure is None else (*measure, 1, 0)


def brute(kind: str, rows: list[dict[str, Any]], breakdown: tuple[str, ...]) -> pd.DataFrame:
    facts = pd.DataFrame(
        [[row["annee"], *(row[name] or "_U" for name in breakdown), *fact(kind, row)] for row in rows],
        columns=["annee", *breakdown, "numerator", "denominator", "n", "missing"],
        dtype=object,
    )
    return facts.groupby(["annee", *breakdown], sort=True).sum()


@given(ROWS)
@settings(max_examples=15, deadline=None)
def test_sums_are_those_of_a_loop_for_every_kind(rows: list[dict[str, Any]]) -> None:
    for kind, cells in computed(rows).items():
        whole = [
            index for index, key in enumerate(cells.keys) if kind != "qualitative" or "personne" not in key.breakdown
        ]
        names = ["numerator", "denominator", "n", "missing"]
        if kind in ("distinct", "qualitative"):
            names = ["n", "missing"]
        found = {
            (cells.keys[index].breakdown, cells.keys[index].year, *cells.keys[index].modality): tuple(
                int(getattr(cells, name)[index]) for name in names
            )
            for index in whole
        }
        expected = {
            (breakdown, *(place if isinstance(place, tuple) else (place,))): tuple(int(row[name]) for name in names)
            for breakdown in BREAKDOWNS
            for place, row in brute(kind, rows, breakdown).iterrows()
        }
        assert found == expected, kind


def _members(rows: list[dict[str, Any]], key: Any) -> list[dict[str, Any]]:
    kept = dict(zip(key.breakdown, key.modality, strict=True))
    return [
        row
        for row in rows
        if row["annee"] == key.year and all((row[name] or "_U") == code for name, code in kept.items())
    ]


@given(ROWS)
@settings(max_examples=10, deadline=None)
def test_values_distinct_and_strata_are_those_of_a_loop(rows: list[dict[str, Any]]) -> None:
    found = computed(rows, HOLISTIC)
    for index, key in enumerate(found["median"].keys):
        kept = [row for row in _members(rows, key) if fact("median", row)[2]]
        assert found["median"].values[index].tolist() == sorted(row["montant"] / 100 for row in kept)
        assert sorted(found["median"].value_units[index]) == sorted(row["siret"] or "_U" for row in kept)
        people = {row["personne"] for row in _members(rows, key) if fact("distinct", row)[2]}
        assert int(found["distinct"].numerator[index]) == len(people)
        events, hours = (one[index] for one in found["standardised_rate"].strata)
        for place, stratum in enumerate(STRATA):
            facts = [fact("standardised_rate", row) for row in _members(rows, key) if row["strate"] == stratum]
            assert (events[place], hours[place]) == (sum(x for x, *_ in facts), sum(d for _, d, *_ in facts) / 100)


@given(ROWS)
@settings(max_examples=6, deadline=None)
def test_modalities_add_up_to_the_total(rows: list[dict[str, Any]]) -> None:
    for kind, cells in computed(rows).items():
        sums: dict[tuple[int, tuple[str, ...]], list[int]] = defaultdict(lambda: [0, 0, 0])
        for index, key in enumerate(cells.keys):
            for place, name in enumerate(("n", "missing", "numerator")):
                sums[key.year, key.breakdown][place] += int(getattr(cells, name)[index])
        for (year, breakdown), total in sums.items():
            if kind != "distinct":
                assert total == sums[year, ()], (kind, breakdown)


def _same(one: Any, other: Any) -> None:
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, (tuple, list, CellValues, CellUnits)):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            _same(left, right)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            _same(getattr(one, name), getattr(other, name))
    else:
        assert one == other


@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_changes_nothing(pair: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    one, other = (computed(rows, BY_UNIT) for rows in pair)
    for kind, cells in one.items():
        _same(cells, other[kind])
        _same(estimate(cells), estimate(other[kind]))
        assert confidentiality(cells) == confidentiality(other[kind])


CATALOGUE = Catalogue.load()
SIRETS = ("00000001800010", "00000002600013", "00000003400017", "00000004200010")
EXITS = st.lists(
    st.tuples(
        st.sampled_from(SIRETS),
        st.sampled_from(["durable", "transition", "positive", "autre", "retrait", ""]),
        st.sampled_from(["F", "H", ""]),
        st.sampled_from([2024, 2025]),
    ),
    min_size=2,
    max_size=60,
)
HEADER = "siret;type_siae;id_salarie;date_recrutement;date_sortie;heures_travaillees;categorie_sortie;sexe"


def _line(number: int, exit_: tuple[str, str, str, int]) -> str:
    siret, category, sexe, year = exit_
    return f"{siret};ACI;S{number};2023-01-02;{date(year, 6, 1)};900;{category};{sexe}"


def _results(files: dict[str, list[str]]) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "services").mkdir()
        (folder / "cle.txt").write_text("cle publique des tests\n", encoding="utf-8")
        for file, lines in files.items():
            (folder / "services" / file).write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        fields = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": "2026-03-31"}
        settings_ = Settings.model_validate(fields)
        plan = CATALOGUE.plan("pas_de_calais").model_copy(update={"required_tables": ()})
        campaign = Campaign(folder=folder, settings=settings_, catalogue=CATALOGUE, plan=plan)
        found = evaluate_collected(campaign, collect(campaign), indicators=["taux_sorties_dynamiques"])
    return found.to_frame().drop("source_hash")


@given(EXITS, st.data())
@settings(max_examples=6, deadline=None)
def test_splitting_the_rows_of_a_structure_in_two_files_changes_nothing(exits: list[Any], data: st.DataObject) -> None:
    lines = [_line(number, one) for number, one in enumerate(exits)]
    first = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    halves = {
        "sorties_a.csv": [line for line, kept in zip(lines, first, strict=True) if kept],
        "sorties_b.csv": [line for line, kept in zip(lines, first, strict=True) if not kept],
    }
    assert _results(halves).equals(_results({"sorties.csv": lines}))


def test_doubling_every_row_doubles_every_sum() -> None:
    shared = {"annee": 2024, "siret": "a", "zone": "x", "sexe": "F", "heures": 10, "strate": "s1", "personne": "p"}
    rows = [shared | {"actif": index % 2 == 0, "n": index % 3, "montant": index} for index in range(9)]
    one, two = computed(rows), computed(rows * 2)
    for kind, name in product(set(MEASURES) - {"distinct"}, ("numerator", "denominator", "n", "missing")):
        assert one[kind].keys == two[kind].keys
        assert [2 * int(value) for value in getattr(one[kind], name)] == [
            int(value) for value in getattr(two[kind], name)
        ]
