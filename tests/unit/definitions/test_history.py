"""Former versions and breaks of a definition: typed, in order, covered by the hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.fingerprint import definition_hash
from ess_impact.definitions.history import PreviousVersion
from ess_impact.definitions.indicators import KINDS
from ess_impact.definitions.versions import breaks_of, former_version, former_versions
from ess_impact.errors import DefinitionError

CATALOGUE = Catalogue.load()
EXITS = CATALOGUE["taux_sorties_dynamiques"]
OLD = {"version": "0.9.0", "valid_from": "2019-01-01", "valid_until": "2020-12-31", "change": {"fr": "x"}}


def previous(**changes: Any) -> PreviousVersion:
    return PreviousVersion.model_validate(OLD | changes)


def written(**changes: Any) -> dict[str, Any]:
    return EXITS.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"kind": EXITS.kind} | changes


def test_a_former_version_says_otherwise_what_it_overrides_and_keeps_the_rest() -> None:
    old = former_version(EXITS, previous(where="type_siae = 'ACI'", unit="nombre"))
    assert (old.version, old.where, old.unit) == ("0.9.0", "type_siae = 'ACI'", "nombre")
    assert (old.measures, old.cluster, old.secrecy) == (EXITS.measures, EXITS.cluster, EXITS.secrecy)
    assert (old.examples, old.previous) == ((), ())


def test_a_field_written_empty_is_taken_away() -> None:
    assert former_version(EXITS, previous(where=None)).where is None
    assert former_version(EXITS, previous()).where == EXITS.where


def test_a_version_may_be_of_another_kind() -> None:
    old = former_version(EXITS, previous(kind="count", measures=None))
    assert isinstance(old, KINDS["count"])
    assert old.where == EXITS.where


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kind": "sommes"}, "kind"),
        ({"kind": "count"}, "measures"),
        ({"missing": {"max_share": "beaucoup"}}, "max_share"),
    ],
)
def test_an_impossible_version_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        former_version(EXITS, previous(**changes))


def test_the_hash_follows_what_is_computed_and_not_its_story() -> None:
    told = KINDS[EXITS.kind].model_validate(
        written(previous=[OLD], breaks=[{"date": "2022-01-01", "label": {"fr": "x"}, "source": "y"}])
    )
    assert definition_hash(CATALOGUE, told) == definition_hash(CATALOGUE, EXITS)
    same, other = (former_version(EXITS, previous(**more)) for more in ({}, {"where": None}))
    assert definition_hash(CATALOGUE, same) == definition_hash(CATALOGUE, EXITS)
    assert definition_hash(CATALOGUE, other) != definition_hash(CATALOGUE, EXITS)


@pytest.mark.parametrize(
    ("stories", "problem"),
    [
        ([OLD | {"version": "3.0.0"}], "ancienne"),
        ([OLD, OLD], "ancienne"),
        ([OLD, OLD | {"version": "0.9.5"}], "même jour"),
        ([OLD | {"valid_until": "2018-01-01"}], "précède"),
        ([OLD | {"script": "x"}], "script"),
    ],
)
def test_a_story_out_of_order_is_refused(stories: list[Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        KINDS[EXITS.kind].model_validate(written(previous=stories))


def test_a_former_expression_is_typed_with_its_file_and_line(tmp_path: Path) -> None:
    own = written(id="autre_taux", previous=[OLD | {"where": "secret = 1"}])
    (tmp_path / "autre_taux.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"autre_taux\.yaml:\d+ : colonne inconnue « secret »"):
        Catalogue.load(tmp_path)


def test_an_impossible_former_version_is_a_fault_of_the_file(tmp_path: Path) -> None:
    own = written(id="autre_taux", previous=[OLD | {"kind": "sommes"}])
    (tmp_path / "autre_taux.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"autre_taux\.yaml:\d+ : « kind » inconnu"):
        Catalogue.load(tmp_path)


def test_versions_of_the_catalogue_are_rebuilt_in_order() -> None:
    for one in CATALOGUE.values():
        found = former_versions(one)
        assert [old.version for old in found] == [old.version for old in one.previous]


def test_breaks_come_with_the_indicators_a_series_rests_on() -> None:
    gap = {"date": "2022-01-01", "label": {"fr": "Autre logiciel"}, "source": "essai"}
    source = KINDS[EXITS.kind].model_validate(written(id="a", breaks=[gap]))
    fields = written(
        id="b", kind="derived", **{"from": {"x": "a"}}, formula="x * 2", breaks=[gap | {"date": "2020-01-01"}]
    )
    own = {name: fields[name] for name in fields if name in KINDS["derived"].model_fields or name == "from"}
    derived = KINDS["derived"].model_validate(own | {"method": None})
    found = breaks_of({"a": source, "b": derived}, derived)
    assert [one.date.year for one in found] == [2020, 2022]
