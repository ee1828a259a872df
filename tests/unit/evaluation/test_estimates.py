"""From sums to figures: value, interval by kind, notes, or the reason why there is none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import isnan, sqrt
from typing import Any

import pytest

from ess_impact.evaluation.estimates import Figures, estimate
from ess_impact.text import format_interval, format_value

WEIGHTS = {"strates": (Decimal(3), Decimal(1))}
AMOUNTS = [{"montant": 1000}, {"montant": -250}, {"montant": 0}]
HOURS = [{"montant": 600, "heures": 200}, {"montant": 50, "heures": 100}]
EVENTS = [{"actif": True, "heures": 100}, {"actif": False, "heures": 150}]
STRATA = [{"strate": "jeunes", "actif": index < 6, "n": 5} for index in range(20)]
STRATA += [{"strate": "vieux", "actif": index < 6, "n": 5} for index in range(10)]
PEOPLE = [{"personne": "x"}, {"personne": "x"}, {"personne": "y"}]
ANSWERS = [{"zone": "a"}, {"zone": "b"}, {"zone": "a"}]


def figures(office: Any, kind: str, rows: Any, **changes: Any) -> Figures:
    return estimate(office.cells(kind, rows, **changes), WEIGHTS)


def clustered(sizes: list[int], active: list[int]) -> list[dict[str, Any]]:
    return [
        {
            "siret": f"s{index}",
            "siren": f"e{index}",
            "actif": place < active[index],
            "montant": 100 + place,
            "heures": 100,
        }
        for index, size in enumerate(sizes)
        for place in range(size)
    ]


@pytest.mark.parametrize(
    ("kind", "rows", "changes", "numerator", "denominator", "value"),
    [
        ("count", [{}] * 3, {}, 3, None, 3),
        ("sum", AMOUNTS, {}, 7.5, None, 7.5),
        ("mean", AMOUNTS, {}, 7.5, 3, 2.5),
        ("median", AMOUNTS, {}, None, None, 0),
        ("quantile", AMOUNTS, {}, None, None, -1.25),
        ("proportion", EVENTS, {}, 1, 2, 0.5),
        ("ratio", HOURS, {}, 6.5, 3, 6.5 / 3),
        ("rate", EVENTS, {}, 1, 2.5, 400),
        ("rate", EVENTS, {"per": 10}, 1, 2.5, 4),
        ("distinct", PEOPLE, {}, 2, None, 2),
        ("qualitative", ANSWERS, {}, 3, 3, 3),
        # (3 × 6/100 + 1 × 6/50) / 4 × 1 000
        ("standardised_rate", STRATA, {}, 12, 150, 75),
        # 12 / (3 × 100 + 1 × 50) × 7
        ("standardised_rate", STRATA, {"standardisation": "indirect", "reference_rate": "1", "per": 7}, 12, 150, 0.24),
    ],
)
def test_each_kind_divides_once_in_natural_units(
    office: Any, kind: str, rows: Any, changes: Any, numerator: Any, denominator: Any, value: float
) -> None:
    found = figures(office, kind, rows, **changes)
    assert found.value[0] == pytest.approx(value, rel=1e-12)
    assert found.numerator[0] == pytest.approx(numerator if numerator is not None else float("nan"), nan_ok=True)
    assert found.denominator[0] == pytest.approx(denominator if denominator is not None else float("nan"), nan_ok=True)


SUPER = {"inference": "superpopulation"}
MANY = clustered([4] * 12, [3] * 12)


@pytest.mark.parametrize(
    ("kind", "rows", "changes", "method"),
    [
        ("proportion", MANY, {}, "wilson"),
        ("proportion", MANY, {"cluster": "siret"}, "wilson_cluster"),
        ("mean", MANY, {}, "student"),
        ("mean", MANY, {"cluster": "siret"}, "ratio_linearise_cluster"),
        ("ratio", MANY, {}, "ratio_linearise"),
        ("ratio", MANY, {"cluster": "siret"}, "ratio_linearise_cluster"),
        ("rate", MANY, {}, "byar"),
        ("rate", EVENTS, {}, "poisson_exact"),
        ("median", MANY, {}, "ordre"),
        ("median", MANY, {"cluster": "siret"}, "woodruff"),
        ("quantile", MANY, {}, "ordre"),
        ("count", MANY, SUPER, "byar"),
        ("standardised_rate", STRATA, {}, "dobson"),
        ("standardised_rate", STRATA, {"standardisation": "indirect", "reference_rate": "1"}, "byar"),
    ],
)
def test_each_kind_has_its_interval(office: Any, kind: str, rows: Any, changes: Any, method: str) -> None:
    found = figures(office, kind, rows, **changes)
    assert (found.method[0], found.reason[0]) == (method, "")
    assert found.low[0] <= found.value[0] <= found.high[0]


@pytest.mark.parametrize(
    ("kind", "asked", "clustered", "method"),
    [
        ("proportion", "clopper_pearson", False, "clopper_pearson"),
        ("proportion", "imbens_manski", False, "imbens_manski"),
        ("proportion", "wilson", True, "wilson_cluster"),
        ("proportion", "rao_scott", True, "rao_scott"),
        ("proportion", "logit_robuste", True, "logit_robuste"),
        ("mean", "student", False, "student"),
        ("mean", "ratio_linearise", False, "ratio_linearise"),
        ("mean", "fieller", True, "fieller_cluster"),
        ("ratio", "fieller", False, "fieller"),
        ("ratio", "fieller", True, "fieller_cluster"),
        ("rate", "poisson_exact", False, "poisson_exact"),
        ("rate", "byar", False, "byar"),
        ("median", "woodruff", False, "woodruff"),
        ("median", "bootstrap", False, "bootstrap"),
        ("median", "bootstrap", True, "bootstrap_cluster"),
        ("quantile", "bca", False, "bca"),
        ("quantile", "bca", True, "bca_cluster"),
    ],
)
def test_a_definition_may_ask_for_its_method(office: Any, kind: str, asked: str, clustered: bool, method: str) -> None:
    rows = clustered_by_size() if clustered else MANY
    found = figures(office, kind, rows, uncertainty=asked, cluster="siret" if clustered else None)
    assert (found.method[0], found.reason[0]) == (method, "")
    assert found.low[0] <= found.value[0] <= found.high[0]


def clustered_by_size() -> list[dict[str, Any]]:
    return clustered([3 + index % 3 for index in range(14)], [1 + index % 2 for index in range(14)])


def test_methods_of_one_figure_give_the_same_value(office: Any) -> None:
    asked = ("auto", "woodruff", "bootstrap", "bca")
    assert len({float(figures(office, "median", MANY, uncertainty=one).value[0]) for one in asked}) == 1


def test_nothing_is_drawn_where_only_values_are_wanted(office: Any) -> None:
    found = estimate(office.cells("median", MANY, uncertainty="bca"), resample=False)
    assert isnan(found.low[0])
    assert found.value[0] == pytest.approx(1.015)


ANSWERED = {2024: (36, 48)}


def test_most_structures_answered(office: Any) -> None:
    cells = office.cells("mean", clustered([1] * 48, [1] * 48), unit="euros")
    plain, known = estimate(cells), estimate(cells, answered=ANSWERED)
    assert known.value[0] == plain.value[0]
    assert known.high[0] - known.value[0] == pytest.approx((plain.high[0] - plain.value[0]) / 2, abs=1e-12)
    assert "36 des 48" in known.notes[0].replace("\xa0", " ")


def test_an_unknown_answer_is_no_answer(office: Any) -> None:
    rows = clustered([1] * 40, [1] * 40) + [{"actif": None}] * 8
    found = estimate(office.cells("proportion", rows, missing={"policy": "exclude"}), answered={2024: (48, 48)})
    assert "40 des 48" in found.notes[0].replace("\xa0", " ")


@pytest.mark.parametrize(
    ("changes", "answered"), [(SUPER, ANSWERED), ({"inference": "echantillon"}, ANSWERED), ({}, {2023: (36, 48)})]
)
def test_only_non_response_of_the_year_has_a_population(office: Any, changes: Any, answered: Any) -> None:
    cells = office.cells("proportion", MANY, **changes)
    plain, same = estimate(cells), estimate(cells, answered=answered)
    assert (same.low[0], same.high[0], same.notes) == (plain.low[0], plain.high[0], plain.notes)


@pytest.mark.parametrize("kind", ["proportion", "ratio", "median", "rate"])
def test_everybody_answered_and_nothing_is_estimated(office: Any, kind: str) -> None:
    found = estimate(office.cells(kind, MANY), answered={2024: (48, 48)})
    assert (found.reason[0], found.method[0], found.notes[0]) == ("tous_ont_repondu", "", "")
    assert isnan(found.low[0])
    assert not isnan(found.value[0])


def test_a_negative_sum_is_flagged_and_stops_nobody(office: Any) -> None:
    measures = {"numerator": {"expr": "montant"}, "denominator": {"expr": "heures"}}
    rows = [{"montant": -500, "heures": 200, "zone": "a"}, {"montant": 2000, "heures": 200, "zone": "b"}]
    found = figures(office, "rate", rows, measures=measures, breakdowns=["zone"])
    assert found.reason[1:] == ("hors_domaine", "")
    assert found.method[1:] == ("", "byar")


def test_wilson_is_the_one_of_the_book(office: Any) -> None:
    found = figures(office, "proportion", [{"actif": index < 3} for index in range(4)])
    z, p, n = 1.959963984540054, 0.75, 4
    centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert found.low[0] == pytest.approx((centre - half) / (1 + z * z / n))
    assert found.high[0] == pytest.approx((centre + half) / (1 + z * z / n))


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        ("proportion", {"inference": "aucune"}, "donnee_exhaustive"),
        ("median", {"inference": "aucune"}, "donnee_exhaustive"),
        ("mean", {"uncertainty": "none", "uncertainty_reason": {"fr": "essai"}}, "intervalle_ecarte"),
        ("sum", {}, "total_des_repondants"),
        ("sum", SUPER, "total_des_repondants"),
        ("distinct", {}, "total_des_repondants"),
        ("qualitative", {}, "total_des_repondants"),
        ("count", {}, "total_des_repondants"),
        ("count", {"inference": "echantillon"}, "total_des_repondants"),
    ],
)
def test_what_was_not_sampled_has_a_value_and_no_interval(office: Any, kind: str, changes: Any, reason: str) -> None:
    rows = [row | {"personne": "x", "zone": "a"} for row in MANY]
    found = figures(office, kind, rows, cluster="siret", **changes)
    assert not isnan(found.value[0])
    assert isnan(found.low[0])
    assert isnan(found.high[0])
    assert (found.method[0], found.reason[0]) == ("", reason)
    assert isnan(found.n_effective[0])


@pytest.mark.parametrize(
    ("kind", "rows", "reason"),
    [
        ("proportion", [{"actif": None}], "manquants_excessifs"),
        ("ratio", [{"montant": 5, "heures": 0}], "denominateur_nul"),
        ("rate", [{"actif": True, "heures": 0}], "denominateur_nul"),
        ("mean", [{"montant": None}], "manquants_excessifs"),
        ("standardised_rate", STRATA[:20], "strate_vide"),
        ("standardised_rate", STRATA[:1] + STRATA[20:21], "effectif_insuffisant"),
    ],
)
def test_a_value_that_cannot_be_computed_has_a_reason(office: Any, kind: str, rows: Any, reason: str) -> None:
    found = figures(office, kind, rows)
    assert isnan(found.value[0])
    assert (found.reason[0], found.method[0]) == (reason, "")


@pytest.mark.parametrize("kind", ["sum", "mean", "median", "quantile"])
def test_no_known_row_gives_no_value_even_where_nothing_is_missing(office: Any, kind: str) -> None:
    found = figures(
        office, kind, [{"montant": 1, "zone": "a"}] * 9 + [{"zone": "b"}], breakdowns=["zone"], missing={"max_share": 1}
    )
    assert isnan(found.value[2])
    assert found.reason[2] == "observations_insuffisantes"


@pytest.mark.parametrize("inference", ["non_reponse", "aucune"])
@pytest.mark.parametrize(("unknown", "reason"), [(2, False), (3, True)])
def test_above_the_share_of_unknowns_nothing_is_estimated(
    office: Any, unknown: int, reason: bool, inference: str
) -> None:
    rows = [{"actif": True}] * 8 + [{"actif": None}] * unknown
    found = figures(office, "proportion", rows, inference=inference)
    assert (isnan(found.value[0])) is reason
    assert (isnan(found.low[0])) is (reason or inference == "aucune")
    assert (found.reason[0] == "manquants_excessifs") is reason


def test_the_share_of_unknowns_is_the_one_of_the_definition(office: Any) -> None:
    found = figures(office, "proportion", [{"actif": True}, {"actif": None}], missing={"max_share": 0.5})
    assert found.value[0] == 1.0


@pytest.mark.parametrize(
    ("policy", "unknown", "noted"), [("bounds", 1, True), ("bounds", 0, False), ("exclude", 1, False)]
)
def test_bounds_say_what_the_unknown_could_change(office: Any, policy: str, unknown: int, noted: bool) -> None:
    rows = [{"actif": index < 3} for index in range(4)] + [{"actif": None}] * unknown
    found = figures(office, "proportion", rows, missing={"policy": policy}, unit="pourcent")
    # 3 of 5 if the unknown is out, 4 of 5 if it is in.
    assert (format_interval(0.6, 0.8, "pourcent") in found.notes[0]) is noted
    assert bool(found.notes[0]) is noted


def test_only_proportions_have_bounds(office: Any) -> None:
    assert figures(office, "mean", [{"montant": 1}] * 9 + [{}]).notes == ("",)


DOMINATED = clustered([80, 20, 20], [60, 12, 12])
NOTE = {"cluster": "siret", "unit": "pourcent", "secrecy": {"unit": "personne", "min_count": 5}}


def test_few_clusters_keep_the_value_and_say_what_the_largest_weighs(office: Any) -> None:
    found = figures(office, "proportion", DOMINATED, **NOTE)
    assert (found.reason[0], found.value[0]) == ("grappes_insuffisantes", 0.7)
    assert found.n_effective[0] == pytest.approx(60**2 / (40**2 + 10**2 + 10**2))
    # 80 of 120; without it 24 of 40.
    assert format_value(40 / 60, "pourcent") in found.notes[0]
    assert format_value(0.6, "pourcent") in found.notes[0]


def test_the_value_without_the_largest_cluster_is_in_natural_units(office: Any) -> None:
    rows = [{"siret": f"s{index}", "montant": 1000 * (index + 1), "heures": 200 + 100 * index} for index in range(3)]
    found = figures(office, "ratio", rows, cluster="siret", unit="euros")
    # Without 30 € for 4 h: 30 € for 5 h.
    assert format_value(6, "euros") in found.notes[0]


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        (DOMINATED, {"secrecy": {"unit": "entreprise"}}),
        (MANY, {}),
        (clustered([40, 2, 2], [30, 1, 1]), {}),
        (clustered([4, 3, 2], [2, 1, 1]), {}),
        # One of the twenty persons of the largest cluster: a subtraction would name them.
        (clustered([20, 10, 10], [1, 6, 6]), {}),
        (clustered([20, 10, 10], [19, 6, 6]), {}),
        (clustered([20, 10, 10], [10, 1, 1]), {}),
        (clustered([40, 20, 20], [16, 4, 4]), {}),
        (DOMINATED, {"secrecy": {"unit": "personne", "plancher": {"min_count": 17, "source": "essai"}}}),
    ],
    ids=[
        "enterprises",
        "enough clusters",
        "few others",
        "few in it",
        "one case in it",
        "one other in it",
        "few cases left",
        "few for a sensitive group",
        "few for the source",
    ],
)
def test_the_largest_cluster_is_never_named(office: Any, rows: Any, changes: Any) -> None:
    assert figures(office, "proportion", rows, **NOTE | changes).notes == ("",)


def test_the_largest_cluster_is_named_where_nobody_is_protected(office: Any) -> None:
    found = figures(office, "proportion", clustered([2, 1], [1, 1]), **NOTE | {"secrecy": {"unit": "deja_public"}})
    assert format_value(2 / 3, "pourcent") in found.notes[0]


def test_the_only_cluster_has_no_other_to_be_compared_with(office: Any) -> None:
    found = figures(office, "proportion", clustered([3], [1]), **NOTE | {"secrecy": {"unit": "aucun"}})
    assert found.notes == ("",)


def test_rows_without_cluster_stay_in_the_value(office: Any) -> None:
    rows = [*MANY, {"actif": False, "montant": 0, "heures": 0}]
    found = figures(office, "proportion", rows, cluster="siret")
    assert found.value[0] == pytest.approx(36 / 49)


def test_a_ratio_of_great_sums_keeps_its_digits(office: Any) -> None:
    cells = office.cells("ratio", [{"montant": 2**61, "heures": 2**61 - 1}, {"montant": 2**61, "heures": 2**61}])
    assert estimate(cells).value[0] == pytest.approx(1.0, rel=1e-15)


def test_figures_are_aligned_with_cells(office: Any) -> None:
    cells = office.cells("median", [*AMOUNTS, {"zone": "b"}], breakdowns=["zone"])
    found = estimate(cells)
    sizes = {len(getattr(found, name)) for name in ("value", "low", "high", "method", "reason", "notes")}
    assert sizes == {len(cells.keys)}


def test_a_sum_beyond_the_engine_is_not_told_as_unknown_answers(office: Any) -> None:
    cells = replace(office.cells("sum", [{"montant": 100}]), out_of_range=True)
    assert estimate(cells).reason == ("nombre_trop_grand",)


def test_rows_without_a_date_are_said_beside_the_totals(office: Any) -> None:
    cells = replace(office.cells("count", [{"zone": "a"}] * 3, breakdowns=["zone"]), undated=2)
    notes = dict(zip((key.breakdown for key in cells.keys), estimate(cells).notes, strict=True))
    assert notes == {(): "2\u00a0lignes sans date ne comptent dans aucune année.", ("zone",): ""}
