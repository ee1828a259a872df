"""The unknown, kind by kind: never false, always counted. Every number here is computed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ess_impact.engine.cells import Cells
from ess_impact.errors import ExpressionError

T, F, U = True, False, None
NAMES = ("numerator", "denominator", "n", "missing")


def total(cells: Cells) -> tuple[int, ...]:
    assert cells.keys[0].breakdown == ()
    return tuple(int(getattr(cells, name)[0]) for name in NAMES)


# Universe: n > 0. Denominator: sexe <> 'H'. Numerator: actif.
PROPORTION = {
    "where": "n > 0",
    "measures": {"denominator": {"where": "sexe <> 'H'"}, "numerator": {"where": "actif"}},
}


@pytest.mark.parametrize(
    ("n", "sexe", "actif", "expected"),
    [
        (1, "F", T, (1, 1, 1, 0)),
        (1, "F", F, (0, 1, 1, 0)),
        (1, "F", U, (0, 0, 0, 1)),
        (1, "H", T, (0, 0, 0, 0)),
        (1, "H", U, (0, 0, 0, 0)),
        (1, U, T, (0, 0, 0, 1)),
        (U, "F", T, (0, 0, 0, 1)),
        (U, "H", T, (0, 0, 0, 0)),
        (0, U, U, (0, 0, 0, 0)),
        (0, "F", T, (0, 0, 0, 0)),
    ],
)
def test_a_row_of_a_proportion_is_in_out_or_unknown(
    workshop: Any, n: Any, sexe: Any, actif: Any, expected: Any
) -> None:
    assert total(workshop.cells("proportion", [{"n": n, "sexe": sexe, "actif": actif}], **PROPORTION)) == expected


def test_a_not_in_does_not_drop_the_unknown(workshop: Any) -> None:
    rows = [{"zone": "a"}, {"zone": "b"}, {"zone": None}]
    measures = {"denominator": {}, "numerator": {"where": "zone NOT IN ('a')"}}
    assert total(workshop.cells("proportion", rows, measures=measures)) == (1, 2, 2, 1)


# Kind: rows and the four sums they give.
AMOUNTS = [{"montant": 1000}, {"montant": -250}, {"montant": None}, {"montant": 0}]
RATIO = [
    {"montant": 600, "heures": 200},
    {"montant": 100, "heures": None},
    {"montant": None, "heures": 300},
    {"montant": 50, "heures": 100},
]
EVENTS = [{"actif": T, "heures": 100}, {"actif": F, "heures": 150}, {"actif": U, "heures": 200}, {"actif": T}]
SIMPLE = {
    "count": ("count", [{}, {}, {}], {}, (3, 3, 3, 0)),
    "count with an unknown condition": ("count", [{"n": 1}, {"n": 0}, {}], {"where": "n = 1"}, (1, 1, 1, 1)),
    "sum": ("sum", AMOUNTS, {}, (750, 3, 3, 1)),
    "mean": ("mean", AMOUNTS, {}, (750, 3, 3, 1)),
    "median": ("median", AMOUNTS, {}, (750, 3, 3, 1)),
    "quantile": ("quantile", AMOUNTS, {}, (750, 3, 3, 1)),
    "ratio": ("ratio", RATIO, {}, (650, 300, 2, 2)),
    "rows over an amount": (
        "ratio",
        RATIO,
        {"measures": {"numerator": {}, "denominator": {"expr": "heures"}}},
        (3, 600, 3, 1),
    ),
    "sum of a parameter": ("sum", [{}, {}, {}], {"measures": {"value": {"expr": "parametre('seuil')"}}}, (6, 3, 3, 0)),
    "rate": ("rate", EVENTS, {}, (1, 250, 2, 2)),
    "sum of kept rows": (
        "sum",
        [{"montant": 100, "actif": T}, {"montant": 200, "actif": F}, {"montant": 400}, {"actif": T}],
        {"measures": {"value": {"expr": "montant", "where": "actif"}}},
        (100, 1, 1, 2),
    ),
    "an unknown amount where it does not count": (
        "ratio",
        [{"montant": None, "actif": F, "heures": 100}, {"montant": 700, "actif": T, "heures": 100}],
        {"measures": {"numerator": {"expr": "montant", "where": "actif"}, "denominator": {"expr": "heures"}}},
        (700, 200, 2, 0),
    ),
    "a row of neither sum": (
        "ratio",
        [{"zone": "bio", "montant": 300}, {"zone": "autre", "montant": 500}, {"zone": "hors", "montant": 900}, {}],
        {
            "measures": {
                "numerator": {"expr": "montant", "where": "zone = 'bio'"},
                "denominator": {"expr": "montant", "where": "zone IN ('bio', 'autre')"},
            }
        },
        (300, 800, 2, 1),
    ),
    "distinct": ("distinct", [{"personne": "x"}, {"personne": "x"}, {"personne": "y"}, {}], {}, (2, 0, 3, 1)),
    "distinct where": (
        "distinct",
        [{"personne": "x", "actif": T}, {"personne": "y", "actif": F}, {"personne": "z"}, {"actif": T}],
        {"measures": {"value": {"column": "personne", "where": "actif"}}},
        (1, 0, 1, 2),
    ),
    "qualitative": ("qualitative", [{"zone": "a"}, {"zone": "b"}, {"zone": "a"}, {}], {}, (3, 3, 3, 1)),
    "standardised": (
        "standardised_rate",
        [{"strate": "jeunes", "actif": T, "n": 100}, {"strate": "vieux", "actif": F, "n": 50}, {"strate": "vieux"}],
        {},
        (1, 150, 2, 1),
    ),
}


@pytest.mark.parametrize(("kind", "rows", "changes", "expected"), SIMPLE.values(), ids=SIMPLE)
def test_sums_leave_the_unknown_out_and_count_it(
    workshop: Any, kind: str, rows: Any, changes: Any, expected: tuple[int, ...]
) -> None:
    assert total(workshop.cells(kind, rows, **changes)) == expected


def test_a_row_of_unknown_stratum_is_missing_from_a_standardised_rate(workshop: Any) -> None:
    rows = [{"strate": "jeunes", "actif": T, "n": 100}, {"strate": None, "actif": T, "n": 40}]
    assert total(workshop.cells("standardised_rate", rows)) == (1, 100, 1, 1)


def test_strata_come_in_the_order_of_the_reference_and_in_natural_units(workshop: Any) -> None:
    rows = [
        {"strate": "vieux", "actif": T, "heures": 20_000},
        {"strate": "vieux", "actif": T, "heures": 10_000},
        {"strate": "jeunes", "actif": F, "heures": 5_000},
    ]
    measures = {"numerator": {"where": "actif"}, "denominator": {"expr": "heures"}}
    events, exposed = workshop.cells("standardised_rate", rows, measures=measures).strata
    assert events.tolist() == [[0, 2]]
    assert exposed.tolist() == [[50, 300]]


def test_strata_nobody_is_in_have_no_event(workshop: Any) -> None:
    from ess_impact.engine.computing import compute_cells

    three = ("jeunes", "adultes", "vieux")
    scope = replace(workshop.scope, codelists={"strates": three})
    frame = workshop.frame([{"strate": "vieux", "actif": T, "n": 4}, {"strate": "jeunes", "actif": F, "n": 3}])
    indicator = workshop.indicator("standardised_rate")
    cells = compute_cells(frame, workshop.table, [indicator], scope, strata={"strates": three})
    events, people = cells["un_standardised_rate"].strata
    assert (events.tolist(), people.tolist()) == ([[0, 0, 1]], [[3, 0, 4]])


@pytest.mark.parametrize(
    ("kind", "scales"),
    [("count", (1, 1)), ("sum", (100, 1)), ("ratio", (100, 100)), ("rate", (1, 100)), ("proportion", (1, 1))],
)
def test_rows_are_whole_and_amounts_are_scaled(workshop: Any, kind: str, scales: tuple[int, int]) -> None:
    cells = workshop.cells(kind, [{"montant": 1, "heures": 1, "actif": T}])
    assert (cells.numerator_scale, cells.denominator_scale) == scales


def test_values_of_a_quantile_are_sorted_known_and_in_natural_units(workshop: Any) -> None:
    rows = [{"montant": amount, "siret": siret} for amount, siret in [(300, "b"), (None, "a"), (100, "a"), (200, None)]]
    cells = workshop.cells("median", rows, cluster="siret")
    assert cells.values[0].tolist() == [1.0, 2.0, 3.0]
    # A row of unknown cluster stays: those rows share one.
    assert cells.value_units[0].tolist() == ["a", "_U", "b"]


def test_a_cell_without_any_known_value_has_no_value_at_all(workshop: Any) -> None:
    cells = workshop.cells("median", [{"montant": 100, "zone": "a"}, {"zone": "b"}], by=[("zone",)])
    assert [one.tolist() for one in cells.values] == [[1.0], [1.0], []]
    assert cells.value_units is None


@pytest.mark.parametrize(("expr", "scale", "sums"), [("montant * 2", 100, 600), ("n * heures", 100, 1500), ("n", 1, 3)])
def test_scales_follow_the_expression(workshop: Any, expr: str, scale: int, sums: int) -> None:
    cells = workshop.cells("sum", [{"montant": 300, "n": 3, "heures": 500}], measures={"value": {"expr": expr}})
    assert (cells.numerator_scale, int(cells.numerator[0])) == (scale, sums)


def test_a_codelist_and_a_parameter_serve_as_conditions(workshop: Any) -> None:
    rows = [{"sexe": "F", "n": 2}, {"sexe": "F", "n": 1}, {"sexe": None, "n": 3}]
    where = "sexe IN codelist('sexes') AND n >= parametre('seuil')"
    assert total(workshop.cells("count", rows, where=where)) == (1, 1, 1, 1)


def test_an_expression_that_does_not_type_is_refused(workshop: Any) -> None:
    with pytest.raises(ExpressionError, match="vrai ou faux"):
        workshop.cells("count", [{}], where="n + 1")


def test_a_counted_column_may_bear_the_name_of_a_measure(workshop: Any) -> None:
    # "x0", "n0" … name the measures of the projection.
    renamed = workshop.frame([{"personne": "x"}, {"personne": "y"}]).rename({"personne": "n0"})
    from ess_impact.definitions.expression import Scope
    from ess_impact.definitions.vocabulary import ColumnType
    from ess_impact.engine.computing import compute_cells

    scope = Scope(columns={"annee": ColumnType.ANNEE, "n0": ColumnType.TEXTE}, codelists={}, parameters={}, codes_of={})
    indicator = workshop.indicator("distinct", measures={"value": {"column": "n0"}})
    assert total(compute_cells(renamed, workshop.table, [indicator], scope)["un_distinct"])[0] == 2


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("CASE WHEN actif THEN 1 ELSE 0 END", 1),
        ("CASE WHEN actif THEN 0 ELSE 1 END", 3),
        ("CASE WHEN actif THEN 1 WHEN n = 2 THEN 1 ELSE 0 END", 2),
        ("CASE WHEN n IS NULL THEN 0 ELSE 1 END", 3),
        ("CASE WHEN actif THEN 1 ELSE 1 END", 4),
    ],
)
def test_an_author_s_case_gives_what_it_says(workshop: Any, expr: str, expected: int) -> None:
    rows = [{"actif": T, "n": 1}, {"actif": F, "n": 2}, {"actif": U, "n": U}, {"actif": F, "n": 3}]
    cells = workshop.cells("mean", rows, measures={"value": {"expr": expr}})
    assert total(cells) == (expected, 4, 4, 0)
    assert (int(cells.xx[0]), int(cells.nx[0])) == (expected, expected)


def test_products_of_a_count_and_an_amount_are_those_of_the_rows(workshop: Any) -> None:
    cells = workshop.cells("ratio", RATIO, measures={"numerator": {}, "denominator": {"expr": "heures"}})
    assert (int(cells.nn[0]), int(cells.xx[0]), int(cells.nx[0])) == (200**2 + 300**2 + 100**2, 3, 600)
