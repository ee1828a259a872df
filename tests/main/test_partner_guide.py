"""What documents say is executable: the guide of a partner, from a file and from a base; the notebook of the README."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ess_impact.definitions.mappings import Mapping
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.indicators import evaluate

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/definitions.md").read_text(encoding="utf-8")
NOTEBOOK = re.compile(r"```python\n(.*?)```", re.DOTALL)
BLOCK = re.compile(r"^`([\w/.]+)`\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAME = "part_femmes_ateliers"
PHYSICAL = {"siret": "num_siret", "annee": "exercice", "participants": "nb_total", "participantes": "nb_femmes"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("guide") / "ma_campagne"
    for name, text in BLOCK.findall(GUIDE):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    return home


def test_its_examples_hold_and_a_false_one_is_told(ess_impact: Callable, folder: Path, tmp_path: Path) -> None:
    text = (folder / f"definitions/reparation/{NAME}.yaml").read_text(encoding="utf-8")
    other = text.replace(f"id: {NAME}", "id: autre").replace("value: 0.5", "value: 0.4")
    (tmp_path / "autre.yaml").write_text(other, encoding="utf-8")
    done = ess_impact("verifier", folder / "definitions", tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.replace("\xa0", " ").splitlines() == [
        "autre, exemple 1 : value attendu 0.4, trouvé 0.5",
        "Définitions sans faute. 2 exemples de 2 indicateurs : 1 à corriger.",
    ]


@pytest.fixture(scope="module")
def campaign(folder: Path) -> Campaign:
    return Campaign.open(folder)


def _totals(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return frame.filter(breakdown="_T").select("indicator", "numerator", "denominator", "value", "n_missing").rows()


def test_it_is_evaluated_as_it_says(campaign: Campaign) -> None:
    assert _totals(evaluate(campaign).frame) == [(NAME, 75, 150, 0.5, 1)]
    assert "75 femmes sur 150" in GUIDE
    assert "50,0 %" in GUIDE


def test_its_mapping_tells_what_it_feeds(ess_impact: Callable, folder: Path) -> None:
    done = ess_impact("mapping", folder / "mapping.yaml", "--definitions", folder / "definitions")
    said = done.stdout.replace("\xa0", " ").splitlines()
    assert re.fullmatch(r"Alimentés en entier : 1 sur \d+", said[0])
    assert NAME in said[1]
    assert re.fullmatch(r"\d+ autres indicateurs lisent des tables absentes de la correspondance .*", said[3])
    assert len(said) == 4


def test_its_base_gives_the_same_figure(campaign: Campaign, tmp_path: Path) -> None:
    frame = pl.read_csv(campaign.folder / "services/ateliers.csv", separator=";", schema_overrides={"siret": pl.String})
    (tmp_path / "export").mkdir()
    frame.rename(PHYSICAL).with_columns(cible=pl.lit("1")).write_parquet(tmp_path / "export/ateliers.parquet")
    mapping = Mapping.load(campaign.folder / "mapping.yaml", campaign.catalogue)
    assert _totals(evaluate(replace(campaign, folder=tmp_path, mapping=mapping)).frame) == [(NAME, 75, 150, 0.5, 1)]


def test_the_notebook_of_the_readme_shows_what_it_says(
    small_campaign: Callable,
    csv_of: Callable,
    row: Callable,
    sirets: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    small_campaign(structures=[row(sirets[0])]).rename(tmp_path / "campagne")
    days = {"date_recrutement": "2024-01-15", "date_sortie": "2025-06-30", "heures_travaillees": "600"}
    exits = [
        {"siret": sirets[place % 7], "type_siae": "ACI", "id_salarie": f"S{place}", "categorie_sortie": category} | days
        for place, category in enumerate(["durable"] * 8 + ["autre"] * 12)
    ]
    csv_of("campagne/services/sorties.csv", exits)
    shares = {"02": "0.14", "59": "0.09", "62": "0.12"}
    rows = [{"code_departement": code, "annee": 2024, "part_emploi_ess": share} for code, share in shares.items()]
    csv_of("campagne/veille/departements.csv", rows)
    monkeypatch.chdir(tmp_path)
    (text,) = NOTEBOOK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    shown = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Expr):
            shown.append(eval(ast.unparse(statement), names))
        else:
            exec(ast.unparse(statement), names)
    figures, territories = shown
    assert figures["period_start"].dt.year.tolist() == [2025, 2025]
    assert figures[["modality", "n", "value"]].to_numpy().tolist() == [["_T", 20.0, 0.4], ["ACI", 20.0, 0.4]]
    assert set(figures["reason"]) == {"grappes_insuffisantes"}
    assert territories.select("territory", "rank").rows() == [("02", 1), ("62", 2), ("59", 3)]
