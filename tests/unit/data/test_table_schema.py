"""Tables, Table Schemas and pandera schemas: what one says, the others say."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest

from ess_impact.data.identifiers import parse_commune, parse_departement, parse_rna
from ess_impact.data.table_schema import from_pandera, from_table_schema, to_pandera, to_table_schema
from ess_impact.data.table_schema.fields import OWN, PATTERNS, canonical
from ess_impact.data.table_schema.merge_patch import difference, merge
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import DefinitionError

CATALOGUE = Catalogue.load()


def _descriptor(name: str) -> dict[str, Any]:
    made = to_table_schema(CATALOGUE.tables[name], CATALOGUE.codelists)
    return json.loads(json.dumps(made))


def _field(name: str, column: str) -> dict[str, Any]:
    return next(one for one in _descriptor(name)["fields"] if one["name"] == column)


@pytest.mark.parametrize("name", CATALOGUE.tables)
def test_a_table_comes_back_from_its_schema(name: str) -> None:
    back = from_table_schema(_descriptor(name))
    assert (back.table, back.rest) == (CATALOGUE.tables[name], {})
    assert back.codelists == {one: CATALOGUE.codelists[one] for one in back.codelists}
    assert {column.codelist for column in back.table.columns if column.codelist} <= set(back.codelists)


@pytest.mark.parametrize("name", CATALOGUE.tables)
def test_a_schema_comes_back_from_pandera(name: str) -> None:
    descriptor = _descriptor(name)
    schema = to_pandera(descriptor)
    assert from_pandera(schema) == descriptor
    dates = [one["name"] for one in descriptor["fields"] if one["type"] == "date"]
    assert [str(schema.columns[one].dtype) for one in dates] == ["Date"] * len(dates)


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        ("sorties", "siret", {"type": "string", "constraints": {"required": True, "pattern": "^[0-9]{14}$"}}),
        (
            "sorties",
            "date_sortie",
            {"type": "date", "constraints": {"required": True, "minimum": "1900-01-01", "maximum": "2100-12-31"}},
        ),
        ("sorties", "heures_travaillees", {"type": "number", "constraints": {"minimum": 0, "maximum": 4000}}),
        ("structures", "annee", {"type": "year", "constraints": {"required": True, "minimum": 2000, "maximum": 2100}}),
        ("subventions", "pourcentage_subvention", {"type": "number", "constraints": {"minimum": 0.01, "maximum": 1}}),
        ("clauses", "marche_acheve", {"type": "boolean", "trueValues": ["oui"], "falseValues": ["non"]}),
        ("sorties", "sexe", {"type": "string", "constraints": {"enum": ["F", "H"]}}),
        ("sorties", "id_salarie", {"type": "string", "constraints": {"required": True}}),
    ],
)
def test_words_of_the_standard(table: str, column: str, expected: dict[str, Any]) -> None:
    field = _field(table, column)
    assert {name: field[name] for name in expected} == expected


def test_a_list_of_codes_is_a_pattern() -> None:
    pattern = _field("achats", "categories_egalim")["constraints"]["pattern"]
    cells = pl.Series(["BIO", "BIO,LABEL_ROUGE", "BIO,", "AUTRE CHOSE", "BIOBIO"])
    assert cells.str.contains(pattern).to_list() == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("kind", "parse"),
    [
        (ColumnType.RNA, parse_rna),
        (ColumnType.DEPARTEMENT, parse_departement),
        (ColumnType.COMMUNE, parse_commune),
    ],
)
def test_patterns_are_those_of_reading(kind: ColumnType, parse: Any) -> None:
    numbers = [f"{number:02}" for number in range(100)]
    texts = [*numbers, *(f"{number}" for number in range(960, 990)), "2A", "2B", "F01", "F00", "F99"]
    texts += [*(f"{one}041" for one in numbers), "2A004", "F1234", "F0123", "620410", "W621000001", "W9R1000001", "W62"]
    read = parse(pl.LazyFrame({"text": texts})).collect()["value"] == pl.Series(texts)
    assert read.fill_null(False).to_list() == pl.Series(texts).str.contains(PATTERNS[kind]).to_list()


def test_checks_that_validata_knows() -> None:
    checks = [(one["name"], *one["params"].values()) for one in _descriptor("sorties")["custom_checks"]]
    assert checks == [
        ("french-siret-value", "siret"),
        ("compare-columns-value", "date_sortie", ">=", "date_recrutement"),
    ]
    # A rule that only warns must not make a file invalid there.
    clauses = CATALOGUE.tables["clauses"]
    assert [rule.severity for rule in clauses.rules] == ["alerte"] * len(clauses.rules)
    assert {one["name"] for one in _descriptor("clauses")["custom_checks"]} == {"french-siret-value"}


def test_nothing_depends_on_the_day() -> None:
    table = CATALOGUE.tables["sorties"]
    made = to_table_schema(
        table.model_copy(update={"created": date(2020, 1, 2), "modified": None}), CATALOGUE.codelists
    )
    assert (made["created"], "lastModified" in made) == ("2020-01-02", False)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (ColumnType.DATE, "31/12/2024", "2024-12-31"),
        (ColumnType.EUROS, "1 234,50 €", "1234.5"),
        (ColumnType.ENTIER, "1 000 000", "1000000"),
        (ColumnType.RATIO, "12,5 %", "0.125"),
        (ColumnType.BOOLEEN, "VRAI", "oui"),
        (ColumnType.SIRET, "732 829 320 00074", "73282932000074"),
        (ColumnType.TEXTE, "=1+1", "=1+1"),
        (ColumnType.DATE, "hier", None),
    ],
)
def test_canonical_writing(kind: ColumnType, text: str, expected: str | None) -> None:
    column = Column.model_validate({"name": "a", "type": kind, "label": {"fr": "A"}})
    assert canonical(column, text, {}) == expected


FOREIGN: dict[str, Any] = {
    "$schema": "https://example.org/table-schema.json",
    "name": "Ma Table",
    "homepage": "https://example.org",
    "fields": [
        {"name": "idÉlève", "type": "integer", "constraints": {"unique": True, "enum": [1, 2]}},
        {"name": "idEleve", "type": "string", "rdfType": "x", "constraints": {"pattern": r"^\d{9}$", "maxLength": 9}},
        {"name": "jour", "type": "date", "format": "%d/%m/%Y", "constraints": {"minimum": "2020-01-01"}},
        {"name": "heure", "type": "datetime", "constraints": {"maximum": "2030-01-01T00:00:00"}},
        {"name": "part", "type": "number", "bareNumber": False, "constraints": {"minimum": 0, "maximum": 1.0}},
        {"name": "montant", "title": "Montant en euros", "type": "number", "constraints": {"minimum": "12"}},
        {"name": "2025", "type": "any", "constraints": {}},
        {"name": "siege", "type": "string"},
        {"name": "etat", "type": "string", "constraints": {"enum": ["ouvert", "fermé", "ouvert"]}},
        {"name": "liste", "type": "array", "arrayItem": {"type": "string"}},
    ],
    "primaryKey": "jour",
    "foreignKeys": [{"fields": "siege", "reference": {"resource": "x", "fields": "y"}}],
    "custom_checks": [{"name": "siret", "params": {"column": "siege"}}],
}


def test_the_schema_of_somebody_else() -> None:
    found = from_table_schema(FOREIGN)
    assert {column.name: column.type.value for column in found.table.columns} == {
        "id_eleve": "entier",
        "id_eleve_2": "siren",
        "jour": "date",
        "heure": "texte",
        "part": "ratio",
        "montant": "euros",
        "c_2025": "texte",
        "siege": "siret",
        "etat": "code",
        "liste": "texte",
    }
    assert found.table.columns[0].synonyms == ("idÉlève",)
    assert (found.table.key, found.table.version) == (("jour",), "0.0.0")
    assert to_table_schema(found.table, found.codelists, rest=found.rest) == FOREIGN
    assert from_pandera(to_pandera(FOREIGN)) == FOREIGN


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "aucun champ"),
        ("siret", "aucun champ"),
        ([{"type": "string"}], "chaque champ"),
        ([{"name": "a", OWN: {"type": "inconnu"}}], "ne fait pas une table"),
        ([{"name": "a", "constraints": ["required"]}], "constraints"),
        ([{"name": "a", "constraints": {"enum": "F,H"}}], "enum"),
    ],
)
def test_what_is_no_schema(fields: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        from_table_schema({"name": "essai", "fields": fields})


@pytest.mark.parametrize("bound", ["NaN", "beaucoup", "1e999999999", True])
def test_a_bound_that_is_no_number_is_kept_aside(bound: Any) -> None:
    descriptor = {"fields": [{"name": "a", "type": "integer", "constraints": {"minimum": bound}}]}
    found = from_table_schema(descriptor)
    assert found.table.columns[0].min is None
    assert to_table_schema(found.table, found.codelists, rest=found.rest) == descriptor


GOOD = pl.DataFrame(
    {
        "id_seance": ["a", "b"],
        "date": [date(2025, 1, 1), date(2025, 2, 1)],
        "type": ["pleniere", None],
        "college": ["c1", "c2"],
        "sieges": [3, 4],
        "presents": [2, 4],
    }
)


def test_pandera_accepts_what_the_schema_accepts() -> None:
    assert to_pandera(_descriptor("cdess")).validate(GOOD).height == 2


@pytest.mark.parametrize(
    "change",
    [
        {"college": pl.lit("c99")},
        {"sieges": pl.lit(101, dtype=pl.Int64)},
        {"date": pl.lit("2025-01-01")},
        {"date": pl.lit(date(1850, 1, 1))},
        {"presents": pl.lit(None, dtype=pl.Int64)},
        {"id_seance": pl.lit("a"), "college": pl.lit("c1")},
    ],
)
def test_pandera_refuses_what_the_schema_refuses(change: dict[str, pl.Expr]) -> None:
    with pytest.raises(pa.errors.SchemaErrors):
        to_pandera(_descriptor("cdess")).validate(GOOD.with_columns(**change), lazy=True)


def test_a_pandera_schema_changed_since_says_so() -> None:
    schema = to_pandera(_descriptor("cdess"))
    schema.columns["presents"].nullable = True
    schema.columns["date"].checks = [pa.Check.gt(date(2000, 1, 1)), pa.Check.lt(date(2030, 1, 1))]
    fields = {one["name"]: one for one in from_pandera(schema)["fields"]}
    assert "required" not in fields["presents"]["constraints"]
    bounds = {"required": True, "exclusiveMinimum": "2000-01-01", "exclusiveMaximum": "2030-01-01"}
    assert fields["date"]["constraints"] == bounds


def test_text_lengths_are_checks() -> None:
    field = {"name": "a", "type": "string", "constraints": {"minLength": 2, "maxLength": 3, "unique": True}}
    schema = to_pandera({"fields": [field]})
    assert from_pandera(schema) == {"fields": [field]}
    with pytest.raises(pa.errors.SchemaErrors):
        schema.validate(pl.DataFrame({"a": ["abcd"]}), lazy=True)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ({}, {}),
        ({"a": 1}, {"a": True}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": {}}),
        ({"a": 1}, {"a": {"b": [1, {"c": 2}]}}),
        ({"a": [1, 2]}, {"a": [1, 2, 3], "d": 1.0}),
    ],
)
def test_a_merge_patch_leads_from_one_to_the_other(source: dict[str, Any], target: dict[str, Any]) -> None:
    merged = merge(source, difference(source, target))
    assert json.dumps(merged, sort_keys=True) == json.dumps(target, sort_keys=True)
    assert difference(target, target) == {}
