"""Published schemas: what French open-data practice expects, the same bytes each time."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import frictionless
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column, RowRule, Table
from ess_impact.definitions.vocabulary import Label
from ess_impact.errors import DefinitionError, UnknownNameError
from ess_impact.report.export_schemas import export_table_schemas, valid_row
from ess_impact.report.schema_differences import STRICTER, TOLERATED, concerning

FILES = ["schema.json", "README.md", "CHANGELOG.md", "LICENSE.md", "exemple-valide.csv", "exemple-invalide.csv"]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def folder(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("publié")
    export_table_schemas(catalogue, out)
    return out


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def test_files(catalogue: Catalogue, folder: Path) -> None:
    expected = {"datapackage.json", *(f"{name}/{file}" for name in catalogue.tables for file in FILES)}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == expected


def test_chosen_tables_at_an_address(catalogue: Catalogue, tmp_path: Path) -> None:
    written = export_table_schemas(catalogue, tmp_path, tables=["cdess"], url="https://exemple.org/schemas/")
    names = [path.relative_to(tmp_path).as_posix() for path in written]
    assert names == ["datapackage.json", *(f"cdess/{name}" for name in FILES)]
    schema = _read(tmp_path / "cdess/schema.json")
    assert schema["path"] == "https://exemple.org/schemas/cdess/schema.json"
    assert schema["resources"][0]["path"] == "https://exemple.org/schemas/cdess/exemple-valide.csv"


def test_an_unknown_table_writes_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="cdess"):
        export_table_schemas(catalogue, tmp_path / "out", tables=["cdes"])
    assert not (tmp_path / "out").exists()


def test_same_bytes_again(catalogue: Catalogue, folder: Path, tmp_path: Path) -> None:
    export_table_schemas(catalogue, tmp_path, tables=["sorties"])
    for name in FILES:
        assert (tmp_path / "sorties" / name).read_bytes() == (folder / "sorties" / name).read_bytes()


def test_words_of_the_french_catalogue(folder: Path) -> None:
    schema = _read(folder / "sorties/schema.json")
    assert schema["name"] == "sorties"
    assert (schema["countryCode"], schema["licenses"][0]["name"]) == ("FR", "etalab-2.0")
    assert (schema["version"], schema["created"]) == ("1.0.0", "2026-11-22")
    assert schema["primaryKey"] == ["siret", "id_salarie", "date_sortie"]
    assert schema["sources"][0]["title"].startswith("ASP")


def test_frictionless_5_accepts_schemas_and_package(folder: Path) -> None:
    for path in sorted(folder.glob("*/schema.json")):
        report = frictionless.Schema.validate_descriptor(_read(path))
        assert report.valid, (path, report.flatten(["note"]))
    package = frictionless.validate(str(folder / "datapackage.json"))
    assert package.valid, package.flatten(["type", "note"])
    assert package.stats["tasks"] == len(list(folder.glob("*/schema.json")))


def test_examples_are_one_row(folder: Path) -> None:
    for path in folder.glob("*/exemple-*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == 1, path


def test_readme_says_what_a_schema_cannot(catalogue: Catalogue, folder: Path) -> None:
    text = (folder / "sorties/README.md").read_text(encoding="utf-8")
    table = catalogue.tables["sorties"]
    for difference in (*concerning(table, TOLERATED), *concerning(table, STRICTER)):
        assert f"- {difference.text}\n" in text
    for rule in table.rules:
        assert f"`{rule.id}`" in text
    assert "Validata le vérifie aussi." in text
    assert "doit se trouver dans la table `structures`" in text


def _table(**more: Any) -> Table:
    fields = {"id": "essai", "version": "2.0.0", "provider": "service", "source": "essai | <b>", **more}
    label = {"fr": "Essai <script>alert(1)</script> | [lien](http://x)"}
    columns = fields.pop("columns", [{"name": "a", "type": "texte", "label": label, "required": True}])
    return Table.model_validate({**fields, "name": label, "description": label, "columns": columns})


def _with(catalogue: Catalogue, table: Table) -> Catalogue:
    return Catalogue(
        indicators={}, tables={table.id: table}, codelists=catalogue.codelists, parameters={}, plans={}, methods={}
    )


def test_texts_of_definitions_are_no_markup(catalogue: Catalogue, tmp_path: Path) -> None:
    export_table_schemas(_with(catalogue, _table()), tmp_path)
    for name in ("README.md", "CHANGELOG.md", "LICENSE.md"):
        text = (tmp_path / "essai" / name).read_text(encoding="utf-8")
        assert "<script>" not in text
        assert "[lien](" not in text


def test_an_example_is_no_formula(catalogue: Catalogue) -> None:
    column = Column.model_validate({"name": "a", "type": "texte", "label": {"fr": "A"}, "example": "=1+1"})
    table = _table(columns=[column.model_dump()])
    assert valid_row(table, _with(catalogue, table)) == {"a": "'=1+1"}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ({"type": "code", "codelist": "sexes"}, "F"),
        ({"type": "entier", "min": "3"}, "3"),
        ({"type": "euros"}, "0"),
        ({"type": "date"}, "2025-01-31"),
        ({"type": "personne"}, "P0001"),
    ],
)
def test_a_required_column_without_example(catalogue: Catalogue, column: dict[str, str], expected: str) -> None:
    table = _table(columns=[{"name": "a", "label": {"fr": "A"}, "required": True, **column}])
    assert valid_row(table, _with(catalogue, table)) == {"a": expected}


def test_an_optional_example_a_rule_doubts_is_left_out(catalogue: Catalogue) -> None:
    numbers = [
        {"name": name, "label": {"fr": name}, "type": "entier", "required": name == "a", "example": example}
        for name, example in (("a", "2"), ("b", "3"))
    ]
    words = {"message": Label(fr="b dépasse a"), "remedy": Label(fr="Corrigez.")}
    table = _table(columns=numbers, rules=[RowRule(id="ordre", expr="b <= a", **words).model_dump()])
    assert valid_row(table, _with(catalogue, table)) == {"a": "2", "b": ""}
    always = table.model_copy(update={"rules": (RowRule(id="jamais", expr="a > 5", **words),)})
    with pytest.raises(DefinitionError, match="ne forment pas une ligne"):
        valid_row(always, _with(catalogue, always))
