"""Trends of series of five periods and more, refused with their reason."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.evaluation.trends import trends
from ess_impact.stats.trend import chi_square_trend, sen_slope

BREAK = {"date": "2022-01-01", "label": {"fr": "autre logiciel"}, "source": "essai"}


def rows_of(shares: list[int | None], size: int = 50) -> list[dict[str, Any]]:
    return [
        {"siret": f"s{place}", "annee": 2018 + index, "actif": place < share, "montant": 100 * share}
        for index, share in enumerate(shares)
        if share is not None
        for place in range(size)
    ]


def trend(office: Any, kind: str, shares: list[int | None], **changes: Any) -> dict[str, Any]:
    indicator = office.indicator(kind, **changes)
    catalogue = office.catalogue(indicator)
    found = trends(catalogue, office.results([indicator], rows_of(shares)))
    assert len(found) == 1
    return found[0]


def test_independent_shares_take_the_chi_square_of_the_last_five_years(office: Any) -> None:
    found = trend(office, "proportion", [40, 10, 14, 18, 20, 27])
    test = chi_square_trend([10, 14, 18, 20, 27], [50] * 5)
    slope = sen_slope([0.2, 0.28, 0.36, 0.4, 0.54])
    assert (found["method"], found["n_periods"], found["direction"]) == ("chi2_tendance", 5, "hausse")
    assert found["p_value"] == pytest.approx(test.p_value)
    assert (found["change"], found["low"]) == pytest.approx((slope[0].value, slope[0].low))


def test_amounts_take_mann_and_kendall(office: Any) -> None:
    found = trend(office, "mean", [27, 20, 18, 14, 12, 10])
    assert (found["method"], found["n_periods"], found["direction"]) == ("mann_kendall", 6, "baisse")
    flat = trend(office, "mean", [10, 12, 9, 11, 10, 11])
    assert (flat["direction"], flat["p_value"] > 0.05) == ("", True)


@pytest.mark.parametrize(
    ("shares", "changes", "reason"),
    [
        ([10, 12, None, 15, 16, 17], {}, "periodes_non_consecutives"),
        ([10, 12, 13, 15, 16, 17], {"breaks": [BREAK]}, "rupture_de_serie"),
        ([10, 12, 2, 15, 16], {"secrecy": {"unit": "personne", "min_count": 5}}, "secret_statistique"),
    ],
)
def test_a_condition_that_fails_is_said(office: Any, shares: Any, changes: Any, reason: str) -> None:
    found = trend(office, "proportion", shares, **changes)
    assert (found["reason"], found.get("change"), found["direction"]) == (reason, None, "")


def test_four_periods_are_not_a_series(office: Any) -> None:
    indicator = office.indicator("proportion")
    assert trends(office.catalogue(indicator), office.results([indicator], rows_of([10, 12, 14, 15]))) == []
