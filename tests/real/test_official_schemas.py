"""What the official schemas give as examples is read and accepted; their field lists are those the readers know."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ess_impact.data.checking import Checked, check
from ess_impact.data.official.flux_exits import OUTSIDE
from ess_impact.data.official.recognition import load_official
from ess_impact.data.official.tabular import PURCHASE_FIELDS, SCDL_MARK, SCDL_REQUIRED
from ess_impact.definitions.catalogue import Catalogue

NAMES = (
    "scdl_subventions_2.1.1_schema.json",
    "schema_decp_v2.0.3.json",
    "ma-cantine_achats_siret.json",
    "asp_ref_mesure_v2.csv",
)


@pytest.fixture(scope="module")
def reference() -> Path:
    """Folder of the official schemas, never copied into the repository."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "ref"
    absent = [name for name in NAMES if not (folder / name).is_file()]
    if absent:
        pytest.skip(f"schémas officiels absents de ../shared/data/ref : {', '.join(absent)}")
    return folder


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    return Catalogue.load()


def _schema(reference: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reference / name).read_text(encoding="utf-8"))
    return found


def _examples(path: Path, fields: list[dict[str, Any]], separator: str) -> Path:
    """Write the example of every field of a Table Schema as one row."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow(field["name"] for field in fields)
        writer.writerow(field.get("example", "") for field in fields)
    return path


def _checked(path: Path, catalogue: Catalogue) -> Checked:
    (raw,) = load_official(path, catalogue.tables)
    return check(raw, raw.table, catalogue=catalogue)


@pytest.mark.parametrize("separator", [",", ";"])
def test_scdl_examples(reference: Path, catalogue: Catalogue, tmp_path: Path, separator: str) -> None:
    fields = _schema(reference, "scdl_subventions_2.1.1_schema.json")["fields"]
    names = [field["name"] for field in fields]
    required = {field["name"] for field in fields if field.get("constraints", {}).get("required")}
    assert SCDL_MARK | set(SCDL_REQUIRED) <= required
    checked = _checked(_examples(tmp_path / "scdl.csv", fields, separator), catalogue)
    assert (checked.rows_accepted, checked.anomalies.filter(checked.anomalies["severity"] == "rejet").height) == (1, 0)
    assert set(catalogue.tables["subventions"].column_names) <= set(checked.accepted.columns)
    assert len(names) == 16


@pytest.mark.parametrize("separator", [",", ";"])
def test_purchase_examples(reference: Path, catalogue: Catalogue, tmp_path: Path, separator: str) -> None:
    fields = _schema(reference, "ma-cantine_achats_siret.json")["fields"]
    assert [field["name"] for field in fields] == list(PURCHASE_FIELDS)
    path = _examples(tmp_path / "achats.csv", fields, separator)
    (raw,) = load_official(path, catalogue.tables)
    checked = check(raw, "achats", catalogue=catalogue)
    # The SIRET of the example breaks its own checksum.
    rules = checked.anomalies.filter(checked.anomalies["severity"] == "rejet")["column"].to_list()
    assert (raw.anomalies, rules) == ((), ["siret"])


def _sample(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return a value a part of the DECP schema admits."""
    if "$ref" in schema:
        part: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            part = part[step]
        return _sample(part, root)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: _sample(schema["properties"][name], root) for name in schema.get("required", ())}
    if kind == "array":
        return [_sample(schema["items"], root)]
    patterns = {
        r"\d{4}-\d{2}-\d{2}": "2025-03-14",
        "^[0-9]{14}$": "00000002600013",
        "^[0-9]{8}(-[0-9])?$": "77310000-6",
    }
    text = patterns.get(schema.get("pattern", ""), "1")
    values = {"boolean": True, "integer": 12, "number": 120000.5, "string": text}
    return values[kind]


def test_a_contract_made_from_the_decp_schema(reference: Path, catalogue: Catalogue, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema absent")
    schema = _schema(reference, "schema_decp_v2.0.3.json")
    contract = _sample(schema["definitions"]["marche"], schema)
    contract["titulaires"] = [{"titulaire": {"typeIdentifiant": "SIRET", "id": "00000001800010"}}]
    document = {"marches": {"marche": [contract]}}
    jsonschema.validate(document, schema)
    path = tmp_path / "decp.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    checked = _checked(path, catalogue)
    assert (checked.rows_accepted, checked.anomalies.height) == (1, 0)
    assert checked.accepted["considerations_sociales"].to_list() == ["clause_sociale"]


@pytest.mark.parametrize("subject", ["Sociale", "Environnementale"])
def test_every_consideration_of_the_decp_is_a_code(reference: Path, catalogue: Catalogue, subject: str) -> None:
    schema = _schema(reference, "schema_decp_v2.0.3.json")
    listed = schema["definitions"]["marche"]["definitions"][f"consideration{subject}Array"]["items"]["enum"]
    codes = catalogue.codelists[f"considerations_{subject.lower()}s"].codes
    assert [code.synonyms[0] for code in codes] == listed


def test_every_measure_of_the_asp_is_a_type_or_out_of_scope(reference: Path, catalogue: Catalogue) -> None:
    with (reference / "asp_ref_mesure_v2.csv").open(encoding="utf-8-sig", newline="") as stream:
        measures = {row["Rme_code_mesure_disp"] for row in csv.DictReader(stream, delimiter=";")}
    known = {word for code in catalogue.codelists["types_siae"].codes for word in code.synonyms}
    assert measures <= known | set(OUTSIDE)
