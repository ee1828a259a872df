"""Least loss, protection levels, attackers who hold a cell alone, sensitive groups, places and rounding."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from ess_impact.definitions.indicators import Secrecy
from ess_impact.definitions.tables import Column
from ess_impact.engine.cells import CellKey
from ess_impact.evaluation.campaign import SecrecySettings
from ess_impact.evaluation.results import as_results_frame
from ess_impact.evaluation.secrecy import (
    Kind,
    Relation,
    audit,
    confidentiality,
    joint_confidentiality,
    protect,
    relations,
)
from ess_impact.evaluation.secrecy import protection as module
from ess_impact.evaluation.secrecy.fields import Need, Quantity
from ess_impact.evaluation.secrecy.overlaps import nested_places
from ess_impact.evaluation.secrecy.primary import least_of
from ess_impact.evaluation.secrecy.protection import losses
from ess_impact.evaluation.secrecy.rounding import round_count, rounded_rows

PERSON = {"unit": "personne", "min_count": 5}


def counts(*values: float, alone: frozenset[int] = frozenset(), signed: bool = False) -> Quantity:
    return Quantity(values=np.asarray(values, dtype=float), known=np.zeros(len(values)), alone=alone, signed=signed)


def square(values: np.ndarray) -> tuple[list[Relation], list[int]]:
    """A two-way table: cells first, then rows, columns, the total."""
    high, wide = values.shape
    cells = [[row * wide + column for column in range(wide)] for row in range(high)]
    rows, columns = [high * wide + one for one in range(high)], [high * wide + high + one for one in range(wide)]
    whole = high * wide + high + wide
    links = [Relation(total=rows[one], parts=tuple(cells[one])) for one in range(high)]
    links += [Relation(total=columns[one], parts=tuple(line[one] for line in cells)) for one in range(wide)]
    links += [Relation(total=whole, parts=tuple(rows)), Relation(total=whole, parts=tuple(columns))]
    sizes = [*values.ravel(), *values.sum(axis=1), *values.sum(axis=0), values.sum()]
    return links, [int(one) for one in sizes]


VALUES = np.asarray([[2, 20, 30, 11], [40, 9, 60, 12], [70, 80, 8, 13]])


def test_an_interval_must_be_as_wide_as_the_level() -> None:
    links = [Relation(total=0, parts=(1, 2, 3, 4))]
    sizes, needs = (
        [33, 2, 3, 8, 20],
        [Need(cell=1, quantities=(0,), level=5.0), Need(cell=2, quantities=(0,), level=6.0)],
    )
    found = protect(list("FCCFF"), links, sizes, quantities=[counts(*sizes)], needs=needs)
    # Five persons are shared by the two: enough for one, not for the other.
    assert "".join(found) == "FCCDF"
    assert "".join(protect(list("FCCFF"), links, sizes, quantities=[counts(*sizes)], needs=needs[:1])) == "FCCFF"


def test_the_pattern_costs_no_more_than_any_other() -> None:
    """Every pattern of a small table is tried: the least loss among those that hold."""
    links, sizes = square(VALUES)
    status = ["C" if 0 < one < 5 else "F" for one in sizes]
    quantities, needs = [counts(*sizes)], [Need(cell=0, quantities=(0,), level=5.0)]
    found = protect(status, links, sizes, quantities=quantities, needs=needs)
    cost = losses(sizes, links)
    best = min(
        (math_cost(cost, chosen), chosen)
        for chosen in product([False, True], repeat=11)
        if _wide_enough(links, sizes, [True, *chosen])
    )
    ours = sum(cost[index] for index, one in enumerate(found) if one == "D")
    assert ours == pytest.approx(best[0])
    assert found.count("D") == 3


def math_cost(cost: np.ndarray, chosen: tuple[bool, ...]) -> float:
    return float(sum(cost[1 + index] for index, one in enumerate(chosen) if one))


def _wide_enough(links: list[Relation], sizes: list[int], hidden: list[bool]) -> bool:
    """Tell, by squares of four corners alone (a two-way table with shown margins), whether the first cell may move."""
    width = VALUES.shape[1]
    grid = np.asarray(hidden).reshape(VALUES.shape)
    ways = [
        (row, column)
        for row in range(1, VALUES.shape[0])
        for column in range(1, width)
        if grid[row, 0] and grid[0, column] and grid[row, column]
    ]
    reach = [min(VALUES[row, 0], VALUES[0, column]) + min(VALUES[0, 0], VALUES[row, column]) for row, column in ways]
    return max(reach, default=0) >= 5


def test_the_heuristic_protects_too_and_shows_again_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    links, sizes = square(VALUES)
    status = ["C" if 0 < one < 5 else "F" for one in sizes]
    options: Any = {"quantities": [counts(*sizes)], "needs": [Need(cell=0, quantities=(0,), level=5.0)]}
    exact = protect(status, links, sizes, **options)
    monkeypatch.setattr(module, "MILP_CELLS", 0)
    found = protect(status, links, sizes, **options)
    assert found.count("D") >= exact.count("D")
    assert protect(found, links, sizes, **options) == found
    for index in [index for index, one in enumerate(found) if one == "D"]:
        less = [one if place != index else "F" for place, one in enumerate(found)]
        assert protect(less, links, sizes, **options) != less


def test_the_search_that_stops_at_its_limit_leaves_the_heuristic(monkeypatch: pytest.MonkeyPatch) -> None:
    links, sizes = square(VALUES)
    status = ["C" if 0 < one < 5 else "F" for one in sizes]
    monkeypatch.setattr(module, "cheapest", lambda *_: None)
    assert protect(status, links, sizes).count("D") >= 3
    monkeypatch.undo()
    monkeypatch.setattr(module, "_ROUNDS", 0)
    assert protect(status, links, sizes).count("D") >= 3


def test_who_fills_a_cell_alone_does_not_read_the_other() -> None:
    links, sizes = [Relation(total=0, parts=(1, 2, 3, 4))], [400, 100, 100, 90, 110]
    needs = [Need(cell=1, quantities=(0,), level=17.0)]
    plain = protect(list("FCCFF"), links, sizes, quantities=[counts(*sizes)], needs=needs)
    held = protect(list("FCCFF"), links, sizes, quantities=[counts(*sizes, alone=frozenset({2}))], needs=needs)
    assert ("".join(plain), "".join(held)) == ("FCCFF", "FCCDF")


def test_what_an_attacker_knows_beforehand_cannot_be_kept_from_it() -> None:
    # Both cells are the same enterprise: nothing that may be hidden changes what it knows.
    links, sizes = [Relation(total=0, parts=(1,))], [10, 10]
    need = [Need(cell=1, quantities=(0,), level=5.0)]
    held = counts(*sizes, alone=frozenset({0}))
    assert protect(list("CC"), links, sizes, quantities=[held], needs=need) == list("CC")


def test_amounts_that_may_be_negative_have_no_floor() -> None:
    links, sizes = [Relation(total=0, parts=(1, 2, 3))], [9, 3, 3, 3]
    values = (5.0, 1.0, 1.0, 3.0)
    need = [Need(cell=1, quantities=(0,), level=50.0)]
    assert protect(list("FCCF"), links, sizes, quantities=[counts(*values, signed=True)], needs=need) == list("FCCF")
    assert protect(list("FCCF"), links, sizes, quantities=[counts(*values)], needs=need) != list("FCCF")


def test_a_relation_the_figures_do_not_obey_is_no_relation() -> None:
    # Distinct persons do not add up.
    links, sizes = [Relation(total=0, parts=(1, 2))], [8, 6, 6]
    need = [Need(cell=1, quantities=(0,), level=5.0)]
    assert protect(list("FCD"), links, sizes, quantities=[counts(8, 6, 6)], needs=need) == list("FCD")


def test_a_zero_may_be_known_to_be_zero_but_nothing_in_between() -> None:
    links, sizes = [Relation(total=0, parts=(1, 2, 3))], [30, 3, 7, 20]
    need = [Need(cell=1, quantities=(0,), level=5.0, nil=True)]
    nothing, some = counts(0, 0, 0, 0), counts(9, 0, 2, 7)
    assert protect(list("FCDF"), links, sizes, quantities=[nothing], needs=need) == list("FCDF")
    assert protect(list("FCDF"), links, sizes, quantities=[some], needs=need) == list("FCDD")


def test_a_large_component_is_protected_in_a_moment() -> None:
    rng = np.random.default_rng(5)
    values = np.where(rng.random((20, 20)) < 0.05, rng.integers(1, 5, (20, 20)), rng.integers(5, 200, (20, 20)))
    links, sizes = square(values)
    status = ["C" if 0 < one < 5 else "F" for one in sizes]
    needs = [Need(cell=index, quantities=(0,), level=5.0) for index, one in enumerate(status) if one == "C"]
    found = protect(status, links, sizes, quantities=[counts(*sizes)], needs=needs)
    assert 0 < found.count("D") <= status.count("C")


@pytest.mark.parametrize(("floor", "own", "campaign", "least"), [(11, 5, 0, 11), (3, 5, 0, 5), (11, 5, 20, 20)])
def test_the_floor_of_the_source_prevails_when_higher(
    office: Any, floor: int, own: int, campaign: int, least: int
) -> None:
    secrecy = {"unit": "personne", "min_count": own, "plancher": {"min_count": floor, "source": "convention"}}
    cells = office.cells("count", [{}] * 10, secrecy=secrecy)
    assert least_of(cells, [0], campaign) == least
    assert Secrecy.model_validate(secrecy).threshold == max(floor, own)


def test_a_sensitive_group_needs_ten_persons(office: Any) -> None:
    rows = [{"sexe": "F"}] * 9 + [{"sexe": "H"}] * 30
    by_sex = office.cells("count", rows, secrecy=PERSON, breakdowns=["sexe"])
    only = office.cells("count", rows, secrecy=PERSON, measures={"value": {"where": "sexe = 'F'"}})
    assert confidentiality(by_sex) == ["F", "F", "F"]
    assert confidentiality(by_sex, sensitive={"sexe"}) == ["F", "C", "D"]
    assert (confidentiality(only), confidentiality(only, sensitive={"sexe"})) == (["F"], ["C"])


def test_a_sensitive_column_holds_grouped_codes() -> None:
    fields: dict[str, Any] = {"name": "handicap", "label": {"fr": "Handicap"}, "sensitive": True}
    assert Column.model_validate(fields | {"type": "booleen"}).sensitive
    with pytest.raises(ValueError, match="codes déjà regroupés"):
        Column.model_validate(fields | {"type": "texte"})


def _placed(small: int) -> list[dict[str, Any]]:
    sizes = [("62", "a", 30), ("62", "b", small), ("59", "b", 20)]
    return [{"dep": dep, "zone": zone} for dep, zone, size in sizes for _ in range(size)]


@pytest.mark.parametrize(("small", "free"), [(2, False), (0, True), (5, True)])
def test_what_is_left_of_a_place_is_protected_like_a_cell(office: Any, small: int, free: bool) -> None:
    cells = office.cells("count", _placed(small), secrecy=PERSON, breakdowns=["zone", "dep"])
    nested = nested_places(office.frame(_placed(small)), ["dep", "zone"])
    found = joint_confidentiality([cells], nested=nested)["un_count"]
    assert (set(found) == {"F"}) is free
    assert set(confidentiality(cells)) == {"F"}


def test_few_cases_left_of_a_place_are_protected_like_a_cell(office: Any) -> None:
    active = {("62", "a"): (12, 30), ("62", "b"): (1, 9), ("59", "b"): (11, 20)}
    rows = [
        {"dep": dep, "zone": zone, "actif": n < cases}
        for (dep, zone), (cases, size) in active.items()
        for n in range(size)
    ]
    one = office.indicator("proportion", secrecy=PERSON, breakdowns=["zone", "dep"])
    cells = office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone", "dep"])
    nested = nested_places(office.frame(rows), ["dep", "zone"])
    # Thirteen cases in 62, twelve in a: the nine others hold a single one.
    assert set(confidentiality(cells)) == {"F"}
    assert set(joint_confidentiality([cells], nested=nested)[one.id]) != {"F"}
    leaky = as_results_frame(office.results([one], rows)[one.id])
    assert {found.kind for found in audit(leaky, {one.id: one}, nested={"essai": nested})} == {Kind.OVERLAP}


def test_a_place_that_is_another_hides_with_it(office: Any) -> None:
    rows = [{"dep": "62", "zone": "a"}] * 3 + [{"dep": "59", "zone": "b"}] * 20 + [{"dep": "59", "zone": "c"}] * 9
    cells = office.cells("count", rows, secrecy=PERSON, breakdowns=["zone", "dep"])
    nested = nested_places(office.frame(rows), ["dep", "zone"])
    assert nested["dep", "zone"] == {"59": ["b", "c"], "62": ["a"]}
    assert nested["zone", "dep"] == {"a": ["62"]}
    found = joint_confidentiality([cells], nested=nested)["un_count"]
    status = {"*".join(key.modality): one for key, one in zip(cells.keys, found, strict=True)}
    assert (status["62"], status["a"]) == ("C", "C")
    assert status["59"] == "D"


def test_rounding_is_unbiased_and_always_the_same() -> None:
    found = [round_count(12, 5, b"cle", f"ici {one}") for one in range(4_000)]
    assert set(found) == {10, 15}
    # Three standard errors of a share of 2/5.
    assert np.mean([one == 15 for one in found]) == pytest.approx(0.4, abs=3 * np.sqrt(0.24 / 4_000))
    assert found == [round_count(12, 5, b"cle", f"ici {one}") for one in range(4_000)]
    assert round_count(0, 5, b"cle", "ici") == 0


@pytest.mark.parametrize(("active", "others"), [(13, 24), (13, 1), (0, 7)])
def test_rounded_rows_say_so_and_keep_nothing_exact(office: Any, active: int, others: int) -> None:
    indicator = office.indicator("proportion", secrecy={"unit": "personne", "min_count": 1})
    (found,) = office.results([indicator], [{"actif": True}] * active + [{"actif": False}] * others)[indicator.id]
    (row,) = rounded_rows(indicator, [found], base=5, key=b"cle")
    assert (row["numerator"] % 5, row["denominator"] % 5, row["n"] % 5) == (0, 0, 0)
    assert abs(row["numerator"] - active) < 5
    assert row["value"] == row["numerator"] / row["denominator"]
    assert row["value"] <= 1
    assert (row["low"], row["high"], row["n_effective"]) == (None, None, None)
    assert "à 5 près" in row["notes"]


def test_a_count_and_its_rows_are_rounded_alike(office: Any) -> None:
    indicator = office.indicator("count", secrecy=PERSON)
    (found,) = office.results([indicator], [{}] * 12)[indicator.id]
    (row,) = rounded_rows(indicator, [found], base=5, key=b"cle")
    assert row["value"] == row["numerator"] == row["n"] in (10, 15)


def test_a_share_rounded_to_nothing_is_not_given(office: Any) -> None:
    indicator = office.indicator("proportion", secrecy={"unit": "personne", "min_count": 1})
    (found,) = office.results([indicator], [{"actif": True}])[indicator.id]
    rows = [rounded_rows(indicator, [found], base=5, key=bytes([one]))[0] for one in range(30)]
    assert {(row["denominator"], row["value"], row["obs_status"], row["reason"]) for row in rows} == {
        (0, None, "M", "denominateur_nul"), (5, 1.0, "A", "arrondi_secret"),
    }  # fmt: skip


def test_two_fields_are_not_asked_the_same_attacks() -> None:
    links, sizes = [Relation(total=0, parts=(1, 2, 3))], [30, 3, 7, 20]
    needs = [Need(cell=1, quantities=(0,), level=5.0), Need(cell=1, quantities=(1,), level=6.0)]
    found = protect(list("FCDF"), links, sizes, quantities=[counts(*sizes), counts(20, 1, 2, 17)], needs=needs)
    assert "".join(found) == "FCDD"


def test_without_enterprises_to_count_nothing_is_hidden(office: Any) -> None:
    cells = replace(office.cells("sum", [{"montant": 5}], secrecy={"unit": "entreprise"}), enterprises=None)
    assert confidentiality(cells) == ["F"]


@pytest.mark.parametrize("kind", ["sum", "mean", "median", "distinct"])
def test_no_exact_number_of_persons_stands_beside_a_rounded_one(office: Any, kind: str) -> None:
    indicator = office.indicator(kind, secrecy=PERSON)
    people = [{"personne": f"p{n}", "montant": 101} for n in range(12)] + [{"personne": "p0"}] * 2
    (found,) = office.results([indicator], people)[indicator.id]
    (row,) = rounded_rows(indicator, [found], base=5, key=b"cle")
    assert found["n"] + found["n_missing"] == 14
    assert (row["n"] % 5, row["n_missing"] % 5) == (0, 0)
    assert "à 5 près" in row["notes"]
    if kind == "distinct":
        assert (found["value"], row["value"]) in {(12, 10), (12, 15)}
    else:
        assert (row["value"], row["numerator"], row["denominator"]) == (found["value"], None, None)


def test_a_value_withheld_gives_no_exact_number_of_persons(office: Any) -> None:
    indicator = office.indicator("proportion", secrecy=PERSON, missing={"policy": "bounds", "max_share": 0.1})
    (found,) = office.results([indicator], [{"actif": True}] * 12 + [{}] * 9)[indicator.id]
    assert (found["value"], found["n_missing"]) == (None, 9)
    (row,) = rounded_rows(indicator, [found], base=5, key=b"cle")
    assert (row["n"] % 5, row["n_missing"] % 5, row["reason"]) == (0, 0, "manquants_excessifs")
    assert "9" not in row["notes"]


@pytest.mark.parametrize(("kind", "unit"), [("sum", "entreprise"), ("count", "entreprise"), ("count", "aucun")])
def test_only_numbers_of_persons_are_rounded(office: Any, kind: str, unit: str) -> None:
    indicator = office.indicator(kind, secrecy={"unit": unit})
    rows = office.results([indicator], [{"siren": f"e{n}", "montant": 101} for n in range(7)])[indicator.id]
    assert rounded_rows(indicator, rows, base=5, key=b"cle") == rows


def test_a_hidden_row_stays_as_it_is(office: Any) -> None:
    indicator = office.indicator("count", secrecy=PERSON)
    rows = office.results([indicator], [{}] * 3)[indicator.id]
    assert rounded_rows(indicator, rows, base=5, key=b"cle") == rows


def test_rounding_is_off_unless_asked() -> None:
    assert SecrecySettings().arrondi is None
    assert SecrecySettings.model_validate({"arrondi": "5"}).arrondi == 5


@pytest.mark.parametrize("base", [2, 3, 4, 6, 7, 8, 9])
def test_a_base_that_rounds_a_shown_number_below_its_threshold_is_refused(base: int) -> None:
    with pytest.raises(ValidationError, match="diviseur de 5 et de 10, ou 10 et plus"):
        SecrecySettings(arrondi=base)


def test_relations_of_a_territory_and_a_crossing() -> None:
    keys = [
        CellKey(territory=place, year=2024, breakdown=names, modality=codes)
        for place in ("_T", "62")
        for names, codes in [((), ()), (("x",), ("1",))]
    ]
    assert {(one.total, one.parts) for one in relations(keys)} == {(0, (1,)), (2, (3,)), (0, (2,)), (1, (3,))}
