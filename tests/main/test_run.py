"""The main job on the example: what is written, in what form, and what the command says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import polars as pl
import pytest

COLUMNS = [
    "indicator",
    "version",
    "definition_hash",
    "objective",
    "table",
    "kind",
    "geo_level",
    "territory",
    "period_start",
    "period_end",
    "breakdown",
    "modality",
    "numerator",
    "denominator",
    "n",
    "n_missing",
    "n_clusters",
    "n_effective",
    "value",
    "unit",
    "low",
    "high",
    "confidence",
    "method",
    "reason",
    "notes",
    "reference",
    "reference_value",
    "comparison",
    "rank",
    "rank_low",
    "rank_high",
    "trend",
    "target",
    "target_gap",
    "n_attendus",
    "n_repondants",
    "taux_reponse",
    "couverture_emplois",
    "panel_constant",
    "obs_status",
    "conf_status",
    "diffusion",
    "synthetic",
    "source_hash",
]
INTEGERS = ["n", "n_missing", "n_clusters", "rank", "rank_low", "rank_high", "n_attendus", "n_repondants"]
FLOATS = [
    "numerator",
    "denominator",
    "n_effective",
    "value",
    "low",
    "high",
    "confidence",
    "reference_value",
    "target",
    "target_gap",
    "taux_reponse",
    "couverture_emplois",
    "panel_constant",
]
TYPES = {
    **dict.fromkeys(COLUMNS, pl.String),
    **dict.fromkeys(INTEGERS, pl.Int64),
    **dict.fromkeys(FLOATS, pl.Float64),
    **dict.fromkeys(["period_start", "period_end"], pl.Date),
    "synthetic": pl.Boolean,
}
REASONS = {
    *("", "denominateur_nul", "observations_insuffisantes", "grappes_insuffisantes", "manquants_excessifs"),
    *("effectif_insuffisant", "strate_vide", "donnee_exhaustive", "secret_statistique", "sans_objet"),
    *("total_des_repondants", "intervalle_ecarte", "grandeur_derivee", "entree_non_estimable"),
}

Run = CompletedProcess[str]
Cli = Callable[..., Run]


def test_faults_of_the_example_do_not_fail_the_run(first_run: Run) -> None:
    assert first_run.returncode == 0, first_run.stderr
    assert re.search(r"[1-9]\d* lignes sur [\d\u202f]+ lues, [1-9]\d* fichiers refusés", first_run.stdout)


def test_the_closing_message_says_where_everything_is(first_run: Run, published: Path) -> None:
    for name in ("book/html/index.html", "book/evaluation.pdf", "results/indicateurs.csv", "anomalies/anomalies.csv"):
        assert str(published / name) in first_run.stdout
        assert (published / name).stat().st_size > 500
    assert "fictives" in first_run.stdout


@pytest.mark.parametrize("step", ["définitions", "lecture et contrôle", "indicateurs", "livre et PDF", "total"])
def test_timings_print_each_step(first_run: Run, step: str) -> None:
    assert re.search(rf"^{step}\s+\d+\.\d\d\s+\d+\.\d\d$", first_run.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["results/indicateurs.parquet", "results/provenance.json", "results/definitions/tables", "journal.json"]
)
def test_outputs_of_the_contract_exist(published: Path, name: str) -> None:
    assert (published / name).exists()


def test_each_structure_in_fault_has_its_workbook(published: Path, anomalies) -> None:
    expected = {siret for siret in anomalies["siret"] if siret}
    written = {path.stem for path in (published / "anomalies").glob("*.xlsx")}
    assert expected <= written
    assert all(name in expected or name.startswith("fichier-") for name in written)


def test_schema_and_order_of_columns(figures: pl.DataFrame) -> None:
    assert dict(figures.schema) == TYPES
    assert figures.columns == COLUMNS


def test_rows_are_sorted_and_unique_by_the_first_twelve_columns(figures: pl.DataFrame) -> None:
    keys = [tuple("" if part is None else str(part) for part in one) for one in figures.select(COLUMNS[:12]).rows()]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_floats_have_at_most_twelve_significant_digits(figures: pl.DataFrame) -> None:
    numbers = [one for name in FLOATS for one in figures[name].drop_nulls()]
    assert len(numbers) > 5_000
    assert all(float(f"{one:.12g}") == one for one in numbers)


def test_csv_says_the_same_as_parquet(published: Path, figures: pl.DataFrame) -> None:
    text = pl.read_csv(published / "results/indicateurs.csv", schema_overrides=TYPES)
    compared = [name for name in COLUMNS if TYPES[name] is not pl.String]
    assert text.select(compared).equals(figures.select(compared))
    assert text["indicator"].equals(figures["indicator"])


@pytest.mark.parametrize(("column", "admitted"), [("obs_status", {"A", "M"}), ("conf_status", {"F", "C", "D"})])
def test_statuses_are_those_of_the_contract(figures: pl.DataFrame, column: str, admitted: set[str]) -> None:
    assert set(figures[column]) == admitted


def test_every_absent_value_or_interval_says_why(figures: pl.DataFrame) -> None:
    absent = figures.filter(pl.col("value").is_null() | pl.col("low").is_null())
    assert set(absent["reason"]) <= REASONS - {""}
    assert set(figures.filter(pl.col("low").is_not_null())["reason"]) == {""}


def test_values_lie_in_their_intervals(figures: pl.DataFrame) -> None:
    bounded = figures.filter(pl.col("low").is_not_null())
    assert bounded.height > 100
    assert bounded.filter(~pl.col("value").is_between(pl.col("low") - 1e-9, pl.col("high") + 1e-9)).is_empty()


def test_everything_is_said_synthetic(figures: pl.DataFrame) -> None:
    assert figures["synthetic"].all()


def test_no_clock_and_no_machine_path_in_results(published: Path) -> None:
    today, here = date.today().isoformat(), str(published.parent)
    for path in sorted((published / "results").rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            # Definitions carry the day they were last changed, which may be this one.
            assert today.encode() not in content or "definitions" in path.parts, path.name
            assert here.encode() not in content, path.name


def test_provenance_counts_every_row(published: Path) -> None:
    found = json.loads((published / "results/provenance.json").read_text(encoding="utf-8"))
    for one in found["fichiers"]:
        counted = ("lignes_acceptees", "lignes_ecartees", "lignes_hors_champ", "lignes_remplacees")
        assert one["lignes_lues"] == sum(one[name] for name in counted), one["fichier"]
    for name, table in found["tables"].items():
        files = [one for one in found["fichiers"] if one["table"] == name]
        assert sum(one["lignes_lues"] for one in files) == table["lues"], name
        assert sum(one["lignes_acceptees"] for one in files) == table["acceptees"]
        assert table["lues"] == table["acceptees"] + table["ecartees"] + table["remplacees"], name


def test_strict_gives_one_and_json_is_json(ess_impact: Cli, small_campaign, row, sirets, tmp_path: Path) -> None:
    folder = small_campaign(structures=[*map(row, sirets), row("00000001800011")])
    done = ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book", "--strict", "--json")
    assert done.returncode == 1
    facts = json.loads(done.stdout)
    assert (facts["lignes_lues"], facts["lignes_ecartees"], facts["rejets"]) == (8, 1, 1)
    assert facts["livre"] is None
    assert Path(facts["resultats"]).is_file()


def test_strict_and_quiet_say_nothing_of_a_sound_campaign(ess_impact: Cli, small_campaign, tmp_path: Path) -> None:
    done = ess_impact("evaluate", small_campaign(), "--out", tmp_path / "out", "--no-book", "--strict", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "out/book").exists()
    assert (tmp_path / "out/journal.json").is_file()
