"""Family of the social economy from the legal category."""

from __future__ import annotations

import polars as pl
import pytest

from ess_impact.data.nomenclatures import check_nomenclatures, derive_ess_family
from ess_impact.definitions.catalogue import Catalogue


@pytest.mark.parametrize(
    ("code", "family"),
    [
        ("9220", "association"),
        ("9222", "association"),
        ("5195", "association"),
        ("5458", "cooperative"),
        ("5560", "cooperative"),
        ("6317", "cooperative"),
        ("8210", "mutuelle"),
        ("6411", "mutuelle"),
        ("9300", "fondation"),
        ("9240", None),  # congregation
        ("9224", None),  # lawyers
        ("8140", None),  # agricultural social security
        ("5570", None),  # holding of a profession, not a SCIC
        ("5710", None),  # a SCIC may be an SAS
        ("5499", None),
        ("", None),
        (None, None),
        ("0000", None),
    ],
)
def test_family_of(code: str | None, family: str | None) -> None:
    assert derive_ess_family(pl.Series([code], dtype=pl.String)).to_list() == [family]


@pytest.mark.parametrize(
    ("naf", "family"),
    [("8810A", "association"), ("94.20Z", None), ("9420y", None), (None, "association")],
)
def test_activities_outside_the_perimeter_have_no_family(naf: str | None, family: str | None) -> None:
    codes, activities = pl.Series(["9220"]), pl.Series([naf], dtype=pl.String)
    assert derive_ess_family(codes, activities).to_list() == [family]


def test_without_the_lists_nothing_is_known() -> None:
    empty = Catalogue(indicators={}, tables={}, codelists={}, parameters={}, plans={}, methods={})
    assert derive_ess_family(pl.Series(["9220"]), catalogue=empty).to_list() == [None]


def test_every_parent_is_a_family_declared() -> None:
    lists = Catalogue.load().codelists
    legal = lists["categories_juridiques"]
    assert {row.parent for row in legal.codes} - {None} < set(lists[legal.parents or ""].values)
    assert len(legal.codes) == 260
    assert legal.a_verifier


def test_the_family_declared_is_compared(checked, catalogue) -> None:
    one = checked(
        siret=["73282932000074"] * 4,
        famille=["association", "cooperative", "association", None],
        cj=["9220", "9220", "5710", "9220"],
    )
    found = check_nomenclatures({"essai": one}, catalogue)["essai"].anomalies
    assert found.select("row", "column", "value", "rule", "severity").rows() == [
        (3, "famille", "cooperative", "famille_ess_differe", "alerte")
    ]
    assert found["message"].to_list() == [
        "« Famille » : « Coopérative » est déclaré, mais la catégorie juridique 9220 (Association déclarée) est celle "
        "d'une autre famille : « Association »."
    ]


@pytest.mark.parametrize(("naf", "alertes"), [("8810A", 1), ("9491Z", 0)])
def test_the_activity_counts(checked, catalogue, naf: str, alertes: int) -> None:
    one = checked(famille=["fondation"], naf=[naf], cj=["9220"])
    assert check_nomenclatures({"essai": one}, catalogue)["essai"].anomalies.height == alertes


def test_a_table_without_a_legal_category_is_not_judged(checked, catalogue, make_table) -> None:
    one = checked(make_table("famille"), famille=["fondation"])
    assert check_nomenclatures({"essai": one}, catalogue)["essai"] is one
