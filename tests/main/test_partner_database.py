"""A partner's own database, under its own names: the same figures as from files, and what its rows break."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from ess_impact.data.synthetic import write_example
from ess_impact.definitions.vocabulary import SCALES, ColumnType
from ess_impact.errors import DefinitionError, ReadingError
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import collect
from ess_impact.evaluation.indicators import evaluate
from ess_impact.evaluation.mapped import campaign_engine, held_tables

TABLES = ("structures", "sorties", "clauses", "mobilite")
PANEL = ("notes", "panel_constant", "trend")
ANSWERS = ("n_attendus", "n_repondants", "taux_reponse", "couverture_emplois", "source_hash")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("partenaire") / "campagne"
    write_example(folder, scale=0.03)
    return Campaign.open(folder)


@pytest.fixture(scope="module")
def accepted(files: Campaign) -> dict[str, pl.DataFrame]:
    return {name: one.accepted for name, one in collect(files).checked.items()}


def _physical(frame: pl.DataFrame, table: Any) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Rows as a partner may keep them: own names, natural units as decimals, codes of its own."""
    columns: dict[str, Any] = {}
    selected = []
    for place, column in enumerate(table.columns):
        name, value = f"C{place} {column.name[:3]}", pl.col(column.name)
        if SCALES.get(column.type, 1) != 1:
            value = (value.cast(pl.Decimal(38, 6)) / SCALES[column.type]).cast(pl.Decimal(38, 6))
        if column.name == "sexe":
            value = value.replace_strict({"F": "2", "H": "1"}, default=None)
            columns[column.name] = {"column": name, "recode": {"2": "F", "1": "H"}}
        elif column.type is ColumnType.BOOLEEN:
            value = value.replace_strict({True: "O", False: "N"}, default=None, return_dtype=pl.String)
            columns[column.name] = {"column": name, "recode": {"O": "oui", "N": "non"}}
        else:
            columns[column.name] = name
        selected.append(value.alias(name))
    return frame.select(selected), columns


@pytest.fixture(scope="module")
def partner(files: Campaign, accepted: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("base") / "campagne du partenaire"
    folder.mkdir()
    mapping: dict[str, Any] = {"database": "base.duckdb", "tables": {}}
    with duckdb.connect(str(folder / "base.duckdb")) as connection:
        connection.execute('CREATE SCHEMA "schéma"')
        for name in TABLES:
            rows, columns = _physical(accepted[name], files.catalogue.table(name))
            connection.register("lignes", rows.to_arrow())
            connection.execute(f'CREATE TABLE "schéma"."T_{name}" AS SELECT * FROM lignes')
            mapping["tables"][name] = {"from": ["schéma", f"T_{name}"], "columns": columns}
    (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    settings = (files.folder / "campagne.yaml").read_text(encoding="utf-8").replace("attendus:", "# attendus:")
    (folder / "campagne.yaml").write_text(settings + "\ncorrespondance: mapping.yaml\n", encoding="utf-8")
    (folder / "cle.txt").write_bytes((files.folder / "cle.txt").read_bytes())
    return Campaign.open(folder)


def test_a_database_gives_the_figures_that_files_give(
    files: Campaign, partner: Campaign, accepted: dict[str, pl.DataFrame]
) -> None:
    ours = evaluate(partner)
    collected = [
        one.id for one in files.catalogue.values() if one.status == "active" and getattr(one, "table", "") in TABLES
    ]
    theirs = evaluate(files, indicators=collected)
    left, right = (
        one.to_frame().filter(pl.col("indicator").is_in(collected)).drop(*PANEL, *ANSWERS) for one in (ours, theirs)
    )
    # Finite populations and panels of respondents are known of files only.
    kept = [
        name
        for name in left.columns
        if name not in ("low", "high", "method", "reason", "n_effective", "confidence", "comparison")
    ]
    assert left.height > 500
    assert_frame_equal(left.select(kept), right.select(kept), check_exact=True)
    assert ours.provenance["correspondance"] == sorted(TABLES)
    counts = {name: ours.provenance["tables"][name] for name in TABLES}
    assert {name: one["ecartees"] for name, one in counts.items()} == dict.fromkeys(TABLES, 0)
    assert counts["sorties"]["acceptees"] == accepted["sorties"].height
    json.dumps(ours.provenance)


def test_persons_of_a_database_are_rounded_as_those_of_files(partner: Campaign, tmp_path: Path) -> None:
    folder = tmp_path / "arrondie"
    shutil.copytree(partner.folder, folder)
    settings = folder / "campagne.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("{min_count: 5}", "{min_count: 5, arrondi: 5}"), encoding="utf-8")
    found = evaluate(Campaign.open(folder), indicators=["taux_sorties_dynamiques"]).to_frame()
    assert set(found["indicator"]) == {"taux_sorties_dynamiques"}
    numerators = found["numerator"].drop_nulls()
    assert numerators.len() > 0
    assert (numerators % 5 == 0).all()


def test_a_table_given_twice_is_refused(files: Campaign, partner: Campaign, tmp_path: Path) -> None:
    folder = tmp_path / "deux fois"
    shutil.copytree(partner.folder, folder)
    (folder / "services").mkdir()
    shutil.copy(files.folder / "services" / "sorties.csv", folder / "services")
    with pytest.raises(DefinitionError, match=r"deux fois.*: sorties"):
        evaluate(Campaign.open(folder))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("T_sorties", "T_absente", "la table « schéma.T_absente » n'existe pas"),
        ("siret: C0 sir", "siret: C0 absente", "n'a pas de colonne « C0 absente » (siret)"),
    ],
)
def test_what_does_not_exist_is_named_without_the_words_of_the_driver(
    partner: Campaign, tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "campagne [1]"
    shutil.copytree(partner.folder, folder)
    path = folder / "mapping.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ReadingError) as caught:
        evaluate(Campaign.open(folder))
    assert said in caught.value.problem
    assert caught.value.where.startswith("mapping.yaml, ")
    assert "Error" not in str(caught.value)


def test_parquet_files_of_a_folder_with_brackets_are_found(partner: Campaign, tmp_path: Path) -> None:
    folder = tmp_path / "campagne [2024]"
    shutil.copytree(partner.folder, folder)
    with duckdb.connect(str(folder / "base.duckdb"), read_only=True) as connection:
        rows = connection.sql('SELECT * FROM "schéma"."T_structures"').pl()
    rows.write_parquet(folder / "structures.parquet")
    given = yaml.safe_load((folder / "mapping.yaml").read_text(encoding="utf-8"))["tables"]["structures"]["columns"]
    text = yaml.safe_dump({"tables": {"structures": {"parquet": "*.parquet", "columns": given}}}, allow_unicode=True)
    (folder / "mapping.yaml").write_text(text, encoding="utf-8")
    campaign = Campaign.open(folder)
    with campaign_engine(campaign, None) as backend, held_tables(campaign, backend) as held:
        assert held.tables["structures"].read == rows.height


def test_a_mapping_that_feeds_nothing_is_refused(partner: Campaign, tmp_path: Path) -> None:
    settings = (partner.folder / "campagne.yaml").read_text(encoding="utf-8")
    (tmp_path / "campagne.yaml").write_text(settings, encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text("tables: {structures: {from: t, columns: {siret: s}}}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="n'alimente aucun indicateur"):
        evaluate(Campaign.open(tmp_path))
