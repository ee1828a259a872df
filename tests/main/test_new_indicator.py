"""One YAML file, and nothing else: the indicator is computed, listed, shown, tested, asked for and in the book."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from ess_impact import Catalogue
from ess_impact._resources import shipped
from ess_impact.data.templates import write_template
from ess_impact.evaluation.examples import run_example
from ess_impact.report.frames import load_edition
from ess_impact.report.pages import write_pages

NAME = "Part des CDI dans l'emploi répondant"
NEW = f"""\
id: part_cdi_essai
version: 1.0.0
valid_from: 2020-01-01
status: active
disponibilite: collecte
niveau: resultat
name: {{fr: "{NAME}"}}
definition: {{fr: "Les contrats à durée indéterminée rapportés aux personnes salariées."}}
rationale: {{fr: "La stabilité de l'emploi."}}
limitations: {{fr: "Les structures qui n'ont pas répondu n'y sont pas."}}
unit: pourcent
kind: ratio
table: structures
period: {{column: annee}}
measures:
  numerator: {{expr: cdi}}
  denominator: {{expr: effectif}}
breakdowns: [zone]
inference: aucune
missing: {{max_share: 0.4}}
secrecy: {{unit: entreprise}}
source: {{provider: "Structures", dataset: "Déclaration annuelle"}}
examples:
  - period: 2025
    rows:
      - {{siret: "00000001800010", annee: "2025", denomination: A, epci: E, effectif: "10", etp: "8", cdi: "6"}}
      - {{siret: "00000002600013", annee: "2025", denomination: B, epci: E, effectif: "30", etp: "8", cdi: "24"}}
      - {{siret: "00000003400017", annee: "2025", denomination: C, epci: E, effectif: "5", etp: "8", cdi: null}}
    expect: {{numerator: 30, denominator: 40, value: 0.75, n: 2, n_missing: 1}}
"""
SETTINGS = """\
departement: "62"
campagne: 2025
plan: pas_de_calais
date_reference: 2026-03-31
definitions: [indicateurs]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, row: Callable, sirets: tuple[str, ...]) -> Path:
    """A campaign of seven structures that holds one definition of its own."""
    home = tmp_path_factory.mktemp("campagne")
    (home / "campagne.yaml").write_text(SETTINGS, encoding="utf-8")
    (home / "indicateurs").mkdir()
    (home / "indicateurs/part_cdi_essai.yaml").write_text(NEW, encoding="utf-8")
    rows = [row(siret, effectif=20, cdi=6 + place, zone="prioritaire") for place, siret in enumerate(sirets)]
    (home / "structures").mkdir()
    pl.DataFrame(rows).write_csv(home / "structures/structures.csv", separator=";")
    return home


@pytest.fixture(scope="module")
def out(folder: Path, ess_impact: Callable) -> Path:
    done = ess_impact("evaluate", folder, "--out", folder / "sortie", "--no-book")
    assert done.returncode == 0, done.stderr
    return folder / "sortie"


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> Catalogue:
    return Catalogue.load(folder / "indicateurs")


def test_it_is_computed(out: Path) -> None:
    results = pl.read_parquet(out / "results/indicateurs.parquet")
    rows = results.filter(pl.col("indicator") == "part_cdi_essai").select("breakdown", "modality", "value", "n").rows()
    assert rows == [("_T", "_T", 0.45, 7), ("zone", "prioritaire", 0.45, 7)]


def test_its_definition_is_kept_with_the_results(out: Path) -> None:
    assert (out / "results/definitions/part_cdi_essai.yaml").read_text(encoding="utf-8") == NEW
    assert "part_cdi_essai" in json.loads((out / "results/provenance.json").read_text(encoding="utf-8"))["indicateurs"]


def test_it_is_listed(ess_impact: Callable, folder: Path) -> None:
    done = ess_impact("list", "--definitions", folder / "indicateurs", "--json")
    assert {"id": "part_cdi_essai", "nom": NAME, "type": "ratio"}.items() <= next(
        one.items() for one in json.loads(done.stdout) if one["id"] == "part_cdi_essai"
    )
    assert "part_cdi_essai" not in ess_impact("list").stdout


def test_it_is_shown_with_its_calculation(ess_impact: Callable, folder: Path) -> None:
    done = ess_impact("show", "part_cdi_essai", "--definitions", folder / "indicateurs")
    assert done.returncode == 0
    for word in (
        NAME.replace("'", "’"),
        "part_cdi_essai, version 1.0.0",
        "Calcul\u00a0:",
        "SQL (duckdb)",
        "Historique\u00a0:",
    ):
        assert word in done.stdout


def test_its_sql_is_written(ess_impact: Callable, folder: Path) -> None:
    done = ess_impact("sql", "part_cdi_essai", "--definitions", folder / "indicateurs", "--dialect", "postgres")
    assert done.returncode == 0
    assert "cdi" in done.stdout


def test_its_example_is_run(catalogue: Catalogue) -> None:
    indicator = catalogue["part_cdi_essai"]
    assert [run_example(catalogue, indicator, one).differences for one in indicator.examples] == [{}]


def test_it_is_in_the_template(catalogue: Catalogue, tmp_path: Path) -> None:
    write_template(tmp_path / "avec.xlsx", catalogue)
    write_template(tmp_path / "sans.xlsx", Catalogue.load())
    assert NAME in _words(tmp_path / "avec.xlsx")
    assert NAME not in _words(tmp_path / "sans.xlsx")


def _words(path: Path) -> str:
    book = load_workbook(path)
    cells = [cell for sheet in book.worksheets for line in sheet.iter_rows() for cell in line]
    return "\n".join(f"{cell.value or ''}\n{cell.comment.text if cell.comment else ''}" for cell in cells)


def test_it_is_in_the_book_with_its_value(out: Path) -> None:
    pages, _ = write_pages(load_edition(out / "results", "public"), shipped("book"))
    texts = {page.name: page.text for page in pages}
    holding = [name for name, text in texts.items() if "(ind-part-cdi-essai)=" in text]
    assert len(holding) == 1
    assert "45,0\u202f%" in texts[holding[0]]
    assert "CDI dans l" in texts["indicateurs"]
