"""Checking: each fault once, at its place, and no second fault from the first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from ess_impact.data.anomalies import ANOMALY_SCHEMA
from ess_impact.data.checking import Checked, check
from ess_impact.data.reading import RawTable, combine
from ess_impact.data.schemas import build_schema
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.errors import DefinitionError, SecrecyError, UnknownNameError, UsageError

Check = Callable[..., Checked]
Write = Callable[..., Path]
KEY = b"cle publique de test"
SIRET = "73282932000074"


def places(checked: Checked) -> list[tuple[Any, ...]]:
    return checked.anomalies.select("row", "column", "rule", "severity").rows()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"siret": None}, (1, "siret", "valeur_manquante", "rejet")),
        ({"siret": "  "}, (1, "siret", "valeur_manquante", "rejet")),
        ({"heures": "-1"}, (1, "heures", "minimum", "rejet")),
        ({"heures": "4000,01"}, (1, "heures", "maximum", "rejet")),
        ({"date_entree": "2024-07-01"}, (1, "date_sortie", "sortie_apres_entree", "rejet")),
        ({"libelle": "complet"}, (1, "heures", "heures_connues", "alerte")),
        ({"date_sortie": "2026-04-01"}, (1, "date_sortie", "date_future", "alerte")),
    ],
)
def test_fault_is_reported_once(check_cells: Check, row: dict[str, str | None], expected: tuple[Any, ...]) -> None:
    checked = check_cells(row, as_of=date(2026, 3, 31))
    assert places(checked) == [expected]
    assert checked.rows_accepted == (expected[3] == "alerte")
    assert checked.refused.height == 1 - checked.rows_accepted


def test_a_deadline_may_lie_ahead(table: Table, catalogue: Catalogue) -> None:
    columns = [one.model_copy(update={"deadline": one.name == "date_sortie"}) for one in table.columns]
    cells = {"siret": [SIRET], "id_salarie": ["A1"], "date_sortie": ["2026-04-01"]}
    due = table.model_copy(update={"columns": tuple(columns)})
    checked = check(pl.DataFrame(cells), due, catalogue=catalogue, key=KEY, as_of=date(2026, 3, 31))
    assert places(checked) == []


def test_bounds_are_admitted(check_cells: Check) -> None:
    assert places(check_cells({"heures": "0"}, {"heures": "4000"})) == []


@pytest.mark.parametrize(
    "row",
    [
        {"date_sortie": "32/01/2024", "date_entree": "2024-05-01"},
        {"date_entree": "32/01/2024"},
        {"libelle": "complet", "heures": "douze"},
        {"siret": "73282932000075"},
    ],
)
def test_bad_cell_makes_no_second_anomaly(check_cells: Check, row: dict[str, str]) -> None:
    assert check_cells(row).anomalies.height == 1


def test_duplicates_after_the_first_are_refused(check_cells: Check) -> None:
    same = {"id_salarie": "A1"}
    checked = check_cells(same, {"id_salarie": "A2"}, same, same)
    assert places(checked) == [(3, "siret", "doublon", "rejet"), (4, "siret", "doublon", "rejet")]
    assert set(checked.anomalies["message"]) == {"Même clé que la ligne 1."}


def test_unknown_key_is_no_duplicate(check_cells: Check) -> None:
    checked = check_cells({"id_salarie": None}, {"id_salarie": None})
    assert [rule for _, _, rule, _ in places(checked)] == ["valeur_manquante"] * 2


def test_duplicate_across_files_names_the_first(csv_file: Write, read: Any, table: Table, catalogue: Catalogue) -> None:
    lines = ("siret;id_salarie;date_sortie", f"{SIRET};A1;30/06/2024")
    raw = combine([read(csv_file(*lines, name="a.csv")), read(csv_file(*lines, name="b.csv"))])
    checked = check(raw, table, catalogue=catalogue, key=KEY)
    assert checked.anomalies.select("file", "row", "message").rows() == [
        ("b.csv", 2, "Même clé que la ligne 2 de a.csv.")
    ]
    assert checked.rows_read == 2
    assert checked.conversions == {("a.csv", "date jj/mm/aaaa"): 1, ("b.csv", "date jj/mm/aaaa"): 1}


def test_derived_columns(check_cells: Check) -> None:
    row = {"date_entree": "2024-01-01", "heures": "150", "themes": "bio,local"}
    accepted = check_cells(row, {}).accepted.select("siren", "duree", "an_sortie", "bio", "longue")
    assert accepted.rows() == [("732829320", 181, 2024, True, True), ("732829320", None, 2024, None, None)]


def test_accepted_columns_and_types(check_cells: Check, table: Table) -> None:
    accepted = check_cells({}).accepted
    assert accepted.columns == [one.name for one in table.all_columns] + ["_file", "_sheet", "_row", "_sender"]
    assert accepted.schema["heures"] == accepted.schema["part"] == accepted.schema["annee"] == pl.Int64
    assert accepted.schema["date_entree"] == pl.Date
    assert accepted.schema["actif"] == pl.Boolean


def test_checking_accepted_rows_again_changes_nothing(check_cells: Check, table: Table, catalogue: Catalogue) -> None:
    row = {"montant": "1 234,50", "part": "31 %", "themes": "bio;local", "date_entree": "01/01/2024", "actif": "oui"}
    accepted = check_cells(row).accepted
    again = check(accepted, table, catalogue=catalogue)
    assert again.anomalies.height == 0
    assert again.accepted.equals(accepted)


def test_anomaly_names_the_owner_or_the_sender(check_cells: Check) -> None:
    checked = check_cells({"heures": "x"}, {"siret": "1", "heures": "x"})
    assert checked.anomalies["siret"].to_list() == [SIRET, "", ""]
    assert dict(checked.anomalies.schema) == ANOMALY_SCHEMA


@pytest.mark.parametrize("convert", [pl.DataFrame.to_pandas, pl.DataFrame.to_arrow, pl.DataFrame.lazy])
def test_frames_of_other_libraries(convert: Any, table: Table, catalogue: Catalogue) -> None:
    frame = pl.DataFrame({"SIRET": [SIRET], "id_salarie": ["A"], "date_sortie": ["2024-06-30"]})
    assert check(convert(frame), table, catalogue=catalogue, key=KEY).rows_accepted == 1


def test_categories_and_dates_of_pandas(table: Table, catalogue: Catalogue) -> None:
    frame = pd.DataFrame({"siret": [SIRET], "id_salarie": ["A"], "date_sortie": pd.to_datetime(["2024-06-30"])})
    frame["sexe"] = pd.Categorical(["F"])
    accepted = check(frame, table, catalogue=catalogue, key=KEY).accepted
    assert accepted.select("date_sortie", "sexe").rows() == [(date(2024, 6, 30), "F")]


@pytest.mark.parametrize("rows", [0, 2])
def test_missing_required_column_leaves_no_row(table: Table, catalogue: Catalogue, rows: int) -> None:
    checked = check(pl.DataFrame({"siret": [SIRET] * rows}, schema={"siret": pl.String}), table, catalogue=catalogue)
    assert places(checked) == [(None, "id_salarie", "colonne_absente", "rejet")]
    assert (checked.rows_read, checked.rows_accepted) == (rows, 0)


def test_unknown_table_has_a_hint(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownNameError, match="sorties"):
        check(pl.DataFrame(), "sortie", catalogue=catalogue)


def test_no_frame_at_all(table: Table, catalogue: Catalogue) -> None:
    with pytest.raises(UsageError):
        check(12, table, catalogue=catalogue)


def test_persons_without_key_are_refused(table: Table, catalogue: Catalogue) -> None:
    frame = pl.DataFrame({"siret": [SIRET], "id_salarie": ["Dupont"], "date_sortie": ["2024-06-30"]})
    with pytest.raises(SecrecyError, match="clé") as error:
        check(frame, table, catalogue=catalogue)
    assert "Dupont" not in str(error.value)
    with pytest.raises(SecrecyError, match="16 octets"):
        check(frame, table, catalogue=catalogue, key=b"court")


def test_raw_table_without_conversions_by_file_keeps_its_own(table: Table, catalogue: Catalogue) -> None:
    frame = pl.DataFrame({"siret": [SIRET], "_file": ["a"], "_sheet": [""], "_row": [2], "_sender": [""]})
    raw = RawTable(table=table, frame=frame, coercions={"fichier officiel": 1}, rows_read=1)
    assert check(raw, table, catalogue=catalogue, key=KEY).coercions == {"fichier officiel": 1}


def test_schema_stands_alone(table: Table, catalogue: Catalogue, check_cells: Check) -> None:
    schema = build_schema(table, catalogue)
    accepted = check_cells({"heures": "12"}).accepted
    assert schema.validate(accepted).equals(accepted)
    assert set(schema.columns) == {one.name for one in table.all_columns}


@pytest.mark.parametrize(
    "change",
    [
        {
            "foreign_keys": [{"column": "siret", "table": "autres", "brings": ["epci"]}],
            "rules": [{"id": "r", "expr": "epci = 'x'", "message": {"fr": "m"}, "remedy": {"fr": "r"}}],
        },
        {"rules": [{"id": "r", "expr": "1 = 1", "message": {"fr": "m"}, "remedy": {"fr": "r"}}]},
        {"columns": [{"name": "siret", "type": "siret", "label": {"fr": "S"}, "min": "1"}]},
        {
            "columns": [
                {"name": "siret", "type": "siret", "label": {"fr": "S"}},
                {"name": "n", "type": "entier", "label": {"fr": "S"}, "max": "x"},
            ]
        },
        {"columns": [{"name": "siret", "type": "code", "label": {"fr": "S"}, "codelist": "inconnue"}]},
    ],
)
def test_wrong_definition_is_an_error_of_its_author(catalogue: Catalogue, table: Table, change: dict[str, Any]) -> None:
    base = {
        "columns": [{"name": "siret", "type": "siret", "label": {"fr": "S"}}],
        "rules": [],
        "derived": [],
        "key": ["siret"],
    }
    wrong = Table.model_validate({**table.model_dump(), **base, **change})
    epci = {"name": "epci", "type": "texte", "label": {"fr": "E"}}
    far = Table.model_validate(
        {**table.model_dump(), **base, "id": "autres", "key": [], "owner": None, "columns": [epci]}
    )
    other = dataclasses.replace(catalogue, tables={wrong.id: wrong, far.id: far})
    with pytest.raises(DefinitionError):
        build_schema(wrong, other)
