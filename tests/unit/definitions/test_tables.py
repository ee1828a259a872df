"""Tables, codelists, parameters, notes and words: what each refuses and what each answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ess_impact.definitions.codelists import Code, Codelist, Parameter
from ess_impact.definitions.methods import read_note
from ess_impact.definitions.plans import Plan
from ess_impact.definitions.tables import Table, scale_of
from ess_impact.definitions.vocabulary import ColumnType, Label
from ess_impact.errors import DefinitionError

COLUMNS = [
    {"name": "siret", "type": "siret", "label": {"fr": "SIRET"}},
    {"name": "n", "type": "entier", "label": {"fr": "N"}},
]


def table(**changes: Any) -> Table:
    words = {"name": {"fr": "T"}, "description": {"fr": "T"}, "provider": "service", "source": "essai"}
    return Table.model_validate({"id": "t", "version": "1.0.0", "columns": COLUMNS, **words, **changes})


RULE = {"id": "r", "expr": "n > 0", "message": {"fr": "m"}, "remedy": {"fr": "m"}}
DERIVED = {"name": "siren", "type": "siren", "label": {"fr": "SIREN"}}


def test_a_table_knows_its_columns() -> None:
    found = table(derived=[DERIVED | {"prefix": {"column": "siret", "length": 9}}])
    assert found.column_names == ("siret", "n")
    assert [one.name for one in found.all_columns] == ["siret", "n", "siren"]
    assert found.types() == {"siret": ColumnType.SIRET, "n": ColumnType.ENTIER, "siren": ColumnType.SIREN}
    assert found.column("siren").type is ColumnType.SIREN
    assert found.column("absente") is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"columns": [*COLUMNS, COLUMNS[0]]}, "écrite deux fois : siret"),
        ({"derived": [DERIVED | {"name": "n", "expr": "n"}]}, "écrite deux fois : n"),
        ({"key": ["siret", "annee"]}, "absente : annee"),
        ({"owner": "siren"}, "absente : siren"),
        ({"foreign_keys": [{"column": "id", "table": "x"}]}, "absente : id"),
        ({"columns": []}, "columns"),
        ({"columns": [{"name": "c", "type": "code", "label": {"fr": "C"}}]}, "nomme sa codelist"),
        ({"columns": [{"name": "c", "type": "liste", "label": {"fr": "C"}}]}, "nomme sa codelist"),
        ({"columns": [{"name": "c", "type": "texte", "codelist": "x", "label": {"fr": "C"}}]}, "nomme sa codelist"),
        ({"columns": [{"name": "c", "type": "mot", "label": {"fr": "C"}}]}, "type"),
        ({"columns": [{"name": "c", "type": "annee", "deadline": True, "label": {"fr": "C"}}]}, "échéance"),
        ({"derived": [DERIVED]}, "une seule façon"),
        ({"derived": [DERIVED | {"expr": "n", "year_of": "n"}]}, "une seule façon"),
        ({"derived": [DERIVED | {"prefix": {"column": "siret", "length": 15}}]}, "length"),
        ({"derived": [DERIVED | {"contains": {"column": "siret", "any_of": []}}]}, "any_of"),
        ({"provider": "tous"}, "provider"),
        ({"retention_months": 0}, "retention_months"),
        ({"territory": {"column": "n", "level": "canton"}}, "level"),
        ({"rules": [RULE | {"severity": "grave"}]}, "severity"),
    ],
)  # fmt: skip
def test_a_table_refuses_what_contradicts_itself(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        table(**changes)


@pytest.mark.parametrize(
    ("kind", "scale"),
    [("euros", 100), ("heures", 100), ("quantite", 1_000), ("ratio", 1_000_000), ("entier", 1), ("texte", 1)],
)
def test_amounts_have_scales(kind: str, scale: int) -> None:
    assert scale_of(ColumnType(kind)) == scale


CODE = {"code": "a", "label": {"fr": "A"}}


def codelist(*codes: dict[str, Any]) -> Codelist:
    return Codelist.model_validate({"id": "l", "name": {"fr": "L"}, "source": "essai", "codes": list(codes)})


def test_codes_keep_their_order_and_labels() -> None:
    found = codelist(CODE | {"code": "b"}, CODE)
    assert found.values == ("b", "a")
    assert found.labels["a"].fr == "A"


@pytest.mark.parametrize(
    "codes",
    [
        (CODE, CODE),
        (CODE, CODE | {"code": "b", "synonyms": ["a"]}),
        (CODE | {"synonyms": ["x", "x"]},),
        (),
        ({"code": "", "label": {"fr": "A"}},),
    ],
)
def test_a_codelist_refuses_two_readings_of_one_word(codes: Any) -> None:
    with pytest.raises(ValidationError):
        codelist(*codes)


@pytest.mark.parametrize(
    ("start", "end", "day", "valid"),
    [
        (None, None, "2024-01-01", True),
        ("2024-01-01", None, "2024-01-01", True),
        ("2024-01-02", None, "2024-01-01", False),
        (None, "2024-01-01", "2024-01-01", True),
        (None, "2023-12-31", "2024-01-01", False),
    ],
)
def test_a_code_is_in_force_between_its_days_included(start: Any, end: Any, day: str, valid: bool) -> None:
    found = Code.model_validate(CODE | {"valid_from": start, "valid_to": end})
    assert found.valid_on(date.fromisoformat(day)) is valid


@pytest.mark.parametrize(
    ("day", "value"), [("2019-12-31", 1), ("2020-01-01", 1), ("2023-12-31", 1), ("2024-01-01", 2), ("2050-01-01", 2)]
)
def test_a_parameter_has_the_value_in_force_or_the_oldest_known(day: str, value: int) -> None:
    values = [
        {"valid_from": one, "value": number, "source": "essai"}
        for one, number in (("2024-01-01", 2), ("2020-01-01", 1))
    ]
    found = Parameter.model_validate({"id": "p", "name": {"fr": "P"}, "unit": "x", "values": values})
    assert found.on(date.fromisoformat(day)).value == Decimal(value)


@pytest.mark.parametrize(
    ("label", "lang", "text"),
    [({"fr": "un", "en": "one"}, "en", "one"), ({"fr": "un"}, "en", "un"), ({"fr": "un", "en": "one"}, "fr", "un")],
)
def test_a_text_falls_back_on_french(label: Any, lang: str, text: str) -> None:
    assert Label.model_validate(label).text(lang) == text
    assert Label.model_validate(label).text() == "un"


NOTE = (
    "---\nid: maison\nnom: {fr: Maison}\nfonction: ess_impact.stats.proportion.wilson\n---\n\n# Maison\n\n---\n\nFin.\n"
)


def test_a_note_has_a_header_and_a_text(tmp_path: Path) -> None:
    path = tmp_path / "maison.md"
    path.write_text(NOTE, encoding="utf-8")
    found = read_note(path)
    assert (found.id, found.name.fr, found.function) == ("maison", "Maison", "ess_impact.stats.proportion.wilson")
    assert found.body == "# Maison\n\n---\n\nFin.\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("---\nid", "id", 1, "en-tête"),
        ("---\nid", "texte\n---\nid", 1, "en-tête"),
        ("id: maison", "id: autre", 2, "autre.md"),
        ("stats.proportion.wilson", "data.reading.read_table", 4, "fonction"),
        ("ess_impact.stats.proportion.wilson", "os.system", 4, "fonction"),
        ("nom: {fr: Maison}", "nom: Maison", 3, "nom"),
        ("nom: {fr: Maison}", "nom: {fr: Maison}\nauteur: x", 4, "auteur"),
    ],
)
def test_a_note_that_names_no_method_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    path = tmp_path / "maison.md"
    path.write_text(NOTE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=words) as caught:
        read_note(path)
    assert caught.value.where == f"maison.md:{line}"


def test_a_plan_is_loaded_from_its_file(shelf: Any) -> None:
    shelf.load()
    found = Plan.load(shelf.root / "plans" / "plan.yaml")
    assert [one.indicator for one in found.objectives[0].placements] == ["part", "derive"]
    with pytest.raises(DefinitionError, match="illisible"):
        Plan.load(str(shelf.root / "absent.yaml"))
