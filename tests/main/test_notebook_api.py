"""The library as a notebook uses it: frames of any kind, in natural units, a few names from one package."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

import ess_impact
from ess_impact import Campaign, Catalogue, Plan
from ess_impact._resources import shipped
from ess_impact.errors import EssImpactError

FRAMES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars paresseux": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
}
CATEGORIES = ["durable"] * 8 + ["transition"] * 6 + ["autre"] * 12
LEFT = date(2025, 6, 30)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def exits(sirets: tuple[str, ...]) -> pl.DataFrame:
    """Twenty-six exits of seven structures, half of each type, as an analyst holds them."""
    size = len(CATEGORIES)
    return pl.DataFrame(
        {
            "siret": [sirets[place % 7] for place in range(size)],
            "type_siae": [["ACI", "ETTI"][place % 2] for place in range(size)],
            "id_salarie": [f"S{place}" for place in range(size)],
            "date_recrutement": [date(2024, 6, 30)] * size,
            "date_sortie": [LEFT] * size,
            "heures_travaillees": [150] * size,
            "categorie_sortie": CATEGORIES,
        }
    )


@pytest.fixture(scope="module")
def purchases(sirets: tuple[str, ...]) -> pl.DataFrame:
    """Four canteens, each with the same three purchases: 100, 50.5 and 49.5 euros."""
    return pl.DataFrame(
        {
            "siret": [siret for siret in sirets[:4] for _ in range(3)],
            "description": ["Carottes", "Poulet", "Eau"] * 4,
            "date": [date(2025, 3, 12)] * 12,
            "prix_ht": [100.0, 50.5, 49.5] * 4,
            "famille_produits": ["FRUITS_ET_LEGUMES", "VIANDES_VOLAILLES", "BOISSONS"] * 4,
            "categories_egalim": ["BIO", "LABEL_ROUGE", None] * 4,
        }
    )


def _rows(results: Any, *columns: str) -> list[tuple[Any, ...]]:
    return results.to_frame().select(columns).rows()


def test_the_ten_second_call(exits: pl.DataFrame) -> None:
    results = ess_impact.compute("taux_sorties_dynamiques", exits.to_pandas(), by=["type_siae"])
    assert _rows(results, "breakdown", "modality", "numerator", "denominator", "value", "n_clusters") == [
        ("_T", "_T", 14.0, 26.0, 0.538461538462, 7),
        ("type_siae", "ACI", 7.0, 13.0, 0.538461538462, 7),
        ("type_siae", "ETTI", 7.0, 13.0, 0.538461538462, 7),
    ]


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_of_any_kind_give_the_same_figures(
    exits: pl.DataFrame, purchases: pl.DataFrame, catalogue: Catalogue, kind: str
) -> None:
    given = {"sorties": FRAMES[kind](exits), "achats": FRAMES[kind](purchases)}
    wanted = ["taux_sorties_dynamiques", "part_achats_egalim", "part_achats_bio"]
    results = ess_impact.evaluate(given, indicators=wanted, by=[], catalogue=catalogue)
    assert _rows(results, "indicator", "numerator", "denominator", "value") == [
        ("part_achats_bio", 400.0, 800.0, 0.5),
        ("part_achats_egalim", 602.0, 800.0, 0.7525),
        ("taux_sorties_dynamiques", 14.0, 26.0, 0.538461538462),
    ]


@pytest.mark.parametrize("kind", FRAMES)
def test_a_whole_number_of_euros_is_euros(purchases: pl.DataFrame, catalogue: Catalogue, kind: str) -> None:
    whole = purchases.with_columns(prix_ht=pl.Series([100, 60, 40] * 4, dtype=pl.Int64))
    results = ess_impact.compute("part_achats_egalim", FRAMES[kind](whole), by=[], catalogue=catalogue)
    assert _rows(results, "numerator", "denominator", "value") == [(640.0, 800.0, 0.8)]


@pytest.mark.parametrize("written", [["100,00", "60", "40 €"], ["100.00", "60.0", "40"]])
def test_text_amounts_are_read_as_a_person_reads_them(
    purchases: pl.DataFrame, catalogue: Catalogue, written: list[str]
) -> None:
    texts = purchases.with_columns(prix_ht=pl.Series(written * 4))
    results = ess_impact.compute("part_achats_egalim", texts, by=[], catalogue=catalogue)
    assert _rows(results, "numerator", "denominator") == [(640.0, 800.0)]


def test_the_users_frame_is_left_alone(exits: pl.DataFrame, catalogue: Catalogue) -> None:
    frame = exits.to_pandas()
    before = frame.copy(deep=True)
    ess_impact.compute("taux_sorties_dynamiques", frame, by=[], catalogue=catalogue)
    pd.testing.assert_frame_equal(frame, before)


def test_a_period_is_kept_alone(exits: pl.DataFrame, catalogue: Catalogue) -> None:
    earlier = exits.with_columns(
        pl.col("date_sortie").dt.offset_by("-1y"), pl.col("date_recrutement").dt.offset_by("-1y")
    )
    results = ess_impact.compute(
        "taux_sorties_dynamiques", pl.concat([exits, earlier]), period=2024, catalogue=catalogue
    )
    assert set(_rows(results, "period_start")) == {(date(2024, 1, 1),)}


def test_secrecy_holds_in_a_notebook_too(exits: pl.DataFrame, catalogue: Catalogue) -> None:
    results = ess_impact.compute("taux_sorties_dynamiques", exits.head(4), by=[], catalogue=catalogue)
    assert _rows(results, "value", "n", "reason") == [(None, None, "secret_statistique")]


def test_check_gives_good_rows_and_faults(exits: pl.DataFrame, catalogue: Catalogue) -> None:
    bad = exits.with_columns(date_sortie=pl.when(pl.col("id_salarie") == "S3").then(date(2020, 1, 1)).otherwise(LEFT))
    checked = ess_impact.check(bad, "sorties", catalogue=catalogue, key=b"une cle de seize octets")
    assert (checked.rows_read, checked.rows_accepted) == (26, 25)
    assert checked.anomalies.select("row", "rule").rows() == [(4, "sortie_apres_recrutement")]


def test_a_file_read_then_checked(
    csv_of: Callable, row: Callable, sirets: tuple[str, ...], catalogue: Catalogue
) -> None:
    path = csv_of("structures.csv", map(row, sirets))
    read = ess_impact.read_table(path, catalogue.table("structures"))
    assert ess_impact.check(read, "structures", catalogue=catalogue).rows_accepted == 7
    assert ess_impact.read_table(path, "structures").rows_read == 7


def test_territories_are_compared(catalogue: Catalogue) -> None:
    shares = {"01": 0.10, "02": 0.14, "59": 0.09, "62": 0.12}
    rows = [{"code_departement": code, "annee": 2014, "part_emploi_ess": share} for code, share in shares.items()]
    given = {"departements": pl.DataFrame(rows)}
    results = ess_impact.evaluate(given, indicators=["part_emploi_ess_departements"], catalogue=catalogue)
    compared = ess_impact.compare(results, indicator="part_emploi_ess_departements", reference="tous")
    assert compared.reference_value == pytest.approx(0.11)
    assert compared.frame.select("territory", "rank").rows() == [("02", 1), ("62", 2), ("01", 3), ("59", 4)]


def test_a_campaign_gives_what_the_command_wrote(campaign_folder: Path, figures: pl.DataFrame) -> None:
    campaign = Campaign.open(campaign_folder)
    results = ess_impact.evaluate(campaign, indicators=["structures_aidees", "aide_moyenne"])
    kept = pl.col("indicator").is_in(["structures_aidees", "aide_moyenne", "engagement_financier_direct"])
    assert results.to_frame().equals(figures.filter(kept))
    assert results.provenance["campagne"] == 2025


def test_results_convert_and_show_themselves(purchases: pl.DataFrame, catalogue: Catalogue) -> None:
    results = ess_impact.compute("part_achats_egalim", purchases, by=[], catalogue=catalogue)
    assert results.to_pandas()["value"].tolist() == [0.7525]
    assert results.to_dict()[0]["value"] == 0.7525
    assert "75,2" in results.sentence() or "75,3" in results.sentence()
    assert "<table" in results._repr_html_()


def test_a_plan_is_loaded_alone() -> None:
    path = shipped("indicators") / "plans/pas_de_calais.yaml"
    assert [one.id for one in Plan.load(path).objectives][:6] == ["o1", "o2", "o3", "o4", "o5", "o6"]


@pytest.mark.parametrize("name", ["build_book", "Results", "Comparison", "NotEstimable", "Checked"])
def test_public_names_are_importable(name: str) -> None:
    assert getattr(ess_impact, name).__module__.startswith("ess_impact.")
    assert name in dir(ess_impact)


MISTAKES: dict[str, tuple[Callable[..., Any], type[Exception], str]] = {
    "indicateur": (lambda frame: {"indicator_id": "taux_sortie_dynamique"}, KeyError, "taux_sorties_dynamiques"),
    "derive": (lambda frame: {"indicator_id": "aide_moyenne"}, ValueError, "evaluate\\(\\)"),
    "chemin": (lambda frame: {"frame": "sorties.csv"}, ValueError, "tableau"),
    "liste": (lambda frame: {"frame": [1, 2]}, ValueError, "tableau"),
    "ventilation": (lambda frame: {"by": ["couleur"]}, KeyError, "couleur"),
    "vide": (lambda frame: {"frame": frame.clear()}, ValueError, "aucune ligne"),
    "colonne": (lambda frame: {"frame": frame.drop("siret")}, ValueError, "aucune ligne"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told_in_french(exits: pl.DataFrame, catalogue: Catalogue, name: str) -> None:
    changes, error, words = MISTAKES[name]
    asked = {"indicator_id": "taux_sorties_dynamiques", "frame": exits, "catalogue": catalogue} | changes(exits)
    with pytest.raises(error, match=words) as caught:
        ess_impact.compute(**asked)
    assert isinstance(caught.value, EssImpactError)


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [({"sortie": pl.DataFrame()}, {}, "« sorties »"), ({"sorties": pl.DataFrame()}, {"engine": "oracle"}, "duckdb")],
    ids=["table", "moteur"],
)
def test_a_wrong_source_or_engine_is_refused(catalogue: Catalogue, source: Any, options: Any, words: str) -> None:
    with pytest.raises(EssImpactError, match=words):
        ess_impact.evaluate(source, catalogue=catalogue, **options)
