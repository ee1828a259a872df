"""Examples of definitions: run, compared, and refused where they cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.definitions.indicators import Example
from ess_impact.errors import DefinitionError
from ess_impact.evaluation.examples import ExampleOutcome, check_examples, run_example

ROWS = [{"actif": "oui", "montant": "10,50", "zone": "a"}, {"actif": "non", "montant": None, "zone": None}]


def run(office: Any, kind: str, example: dict[str, Any], **changes: Any) -> ExampleOutcome:
    indicator = office.indicator(kind, **changes)
    rows = [{"annee": "2024"} | row for row in example.get("rows", [])]
    return run_example(office.catalogue(indicator), indicator, Example.model_validate(example | {"rows": rows}))


@pytest.mark.parametrize(
    ("kind", "expect"),
    [
        ("proportion", {"numerator": 1, "denominator": 2, "value": 0.5, "n": 2, "n_missing": 0}),
        ("sum", {"value": 10.5, "n": 1, "n_missing": 1, "reason": "manquants_excessifs"}),
        ("count", {"value": 2, "breakdown": "zone", "modality": "a"}),
    ],
)
def test_an_example_that_holds_has_no_difference(office: Any, kind: str, expect: dict[str, Any]) -> None:
    outcome = run(office, kind, {"rows": ROWS, "expect": expect}, breakdowns=["zone"])
    wrong = {"sum": {"value"}, "count": {"value"}}.get(kind, set())
    assert set(outcome.differences) == wrong


def test_a_difference_gives_both_sides(office: Any) -> None:
    outcome = run(office, "proportion", {"rows": ROWS, "expect": {"value": 0.25, "reason": "x", "n": 2}})
    assert outcome.differences == {"value": (0.25, 0.5), "reason": ("x", "")}
    assert outcome.observed["method"] == "wilson"


def test_numbers_are_compared_to_a_billionth(office: Any) -> None:
    rows = [*ROWS, {"actif": "oui"}]
    assert run(office, "proportion", {"rows": rows, "expect": {"value": 0.6666666666}}).differences == {}
    assert run(office, "proportion", {"rows": rows, "expect": {"value": 0.666667}}).differences != {}


@pytest.mark.parametrize(
    ("expect", "period", "value"),
    [({"value": 1}, 2023, 1), ({"value": 2}, 2024, 2), ({"value": 1}, None, 1)],
)
def test_the_year_may_be_named(office: Any, expect: Any, period: Any, value: int) -> None:
    rows = [{"annee": "2023"}, {"annee": "2024"}, {"annee": "2024"}]
    outcome = run(office, "count", {"rows": rows, "period": period, "expect": expect})
    assert outcome.observed["value"] == value
    assert outcome.differences == {}


def test_a_territory_may_be_named(territories: Any) -> None:
    rows = [{"dep": "62"}, {"dep": "59"}, {"dep": "59"}]
    for territory, value in (("59", 2), ("_T", 3), (None, 3)):
        outcome = run(territories, "count", {"rows": rows, "expect": {"value": value, "territory": territory}})
        assert outcome.differences == {}


def test_secrecy_does_not_hide_an_example(office: Any) -> None:
    outcome = run(office, "count", {"rows": ROWS, "expect": {"value": 2}}, secrecy={"unit": "personne"})
    assert outcome.differences == {}


def test_a_standardised_example_has_its_weights(office: Any) -> None:
    rows = [
        {"strate": strate, "actif": "oui" if n < 6 else "non", "n": "10"}
        for strate in ("jeunes", "vieux")
        for n in range(10)
    ]
    assert run(office, "standardised_rate", {"rows": rows, "expect": {"value": 60}}).differences == {}


@pytest.mark.parametrize(
    ("row", "expect", "words"),
    [
        ({"montant": "dix"}, {}, "montant"),
        ({"actif": "peut-être"}, {}, "actif"),
        ({}, {"breakdown": "zone", "modality": "z"}, "aucun chiffre"),
        ({}, {"territory": "62"}, "aucun chiffre"),
    ],
)
def test_an_example_that_cannot_be_run_is_a_bad_definition(office: Any, row: Any, expect: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words) as caught:
        run(office, "count", {"rows": [row], "expect": expect})
    assert caught.value.where == "un_count"


QUOTIENT = {"from": {"a": "x", "b": "y"}, "formula": "a / b"}
SHARES = {"from": {"parts": {"indicator": "x", "breakdown": "zone"}}, "method": "diversification"}


@pytest.mark.parametrize(
    ("derived", "inputs", "expect"),
    [
        (QUOTIENT, {"a": 3, "b": 4}, {"value": 0.75, "reason": "grandeur_derivee"}),
        (QUOTIENT, {"a": 3, "b": 0}, {"reason": "denominateur_nul"}),
        (QUOTIENT, {"a": 3, "b": None}, {"reason": "entree_non_estimable"}),
        (SHARES, {"a": 1, "b": 1}, {"value": 0.5, "reason": "grandeur_derivee"}),
        (SHARES, {"a": 0, "b": 0}, {"reason": "denominateur_nul"}),
        (SHARES, {"a": 1, "b": None}, {"reason": "entree_non_estimable"}),
    ],
)
def test_a_derived_example_gives_its_inputs(office: Any, derived: Any, inputs: Any, expect: Any) -> None:
    outcome = run(office, "derived", {"inputs": inputs, "expect": expect}, **derived)
    assert outcome.differences == {}


def test_an_input_that_is_not_given_is_a_bad_definition(office: Any) -> None:
    with pytest.raises(DefinitionError, match="« b »"):
        run(office, "derived", {"inputs": {"a": 3}, "expect": {"value": 1}}, **QUOTIENT)


def test_every_example_is_run_whatever_the_others(office: Any) -> None:
    expected = [{"expect": {"value": 3}}, {"expect": {"value": 2}}, {"expect": {"breakdown": "zone"}}]
    examples = [{"rows": [{"annee": "2024"}] * 2} | one for one in expected]
    examples += [{"rows": [{"annee": "hier"}], "expect": {"value": 1}}]
    indicator = office.indicator("count", examples=examples)
    found = check_examples(office.catalogue(indicator), [indicator.id])
    assert [(one.place, one.holds) for one in found] == [(1, False), (2, True), (3, False), (4, False)]
    assert found[0].differences == {"value": (3.0, 2.0)}
    assert "aucun chiffre" in found[2].fault
    assert "annee" in found[3].fault


def test_columns_brought_by_a_link_may_be_written_in_an_example(office: Any) -> None:
    other = office.table.model_copy(update={"id": "autre"})
    link = {"column": "siret", "table": "autre", "brings": ["pays"]}
    linked = type(office)(foreign_keys=[link])
    brought = other.model_copy(
        update={"columns": (*other.columns, other.column("zone").model_copy(update={"name": "pays"}))}
    )
    indicator = linked.indicator("count", breakdowns=["pays"])
    catalogue = linked.catalogue(indicator, tables={"essai": linked.table, "autre": brought})
    for rows, modality in (([{"annee": "2024", "pays": "p"}], "p"), ([{"annee": "2024"}], "_U")):
        example = Example.model_validate(
            {"rows": rows, "expect": {"value": 1, "breakdown": "pays", "modality": modality}}
        )
        assert run_example(catalogue, indicator, example).differences == {}
