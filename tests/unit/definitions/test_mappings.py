"""A partner's mapping: faults all at once with their line, and what it feeds, before any data is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.mappings import Feed, Mapping, constant, feeds, without_lost
from ess_impact.errors import DefinitionError, EssImpactError

CATALOGUE = Catalogue.load()

STRUCTURES = """\
tables:
  structures:
    from: ref.v_struct
    columns:
      siret: NUM SIRET
      annee: {value: "2025"}
      effectif: eff
      femmes: {column: nb_f}
      epci: lib_epci
"""


def _load(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return Mapping.load(path, CATALOGUE)


def _faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises((EssImpactError, ExceptionGroup)) as caught:
        _load(tmp_path, text)
    error = caught.value
    return [str(one) for one in (error.exceptions if isinstance(error, ExceptionGroup) else [error])]


def test_names_of_a_database_are_free_text(tmp_path: Path) -> None:
    mapping = _load(tmp_path, STRUCTURES)
    assert mapping.tables["structures"].source == ("ref", "v_struct")
    assert mapping.tables["structures"].columns["siret"].column == "NUM SIRET"


def test_what_is_fed_what_is_lost_and_what_is_missing(tmp_path: Path) -> None:
    mapping = _load(tmp_path, STRUCTURES)
    found = {one.indicator: one for one in feeds(mapping, CATALOGUE)}
    assert len(found) == sum(one.status == "active" for one in CATALOGUE.values())
    partial, absent = found["part_femmes"], found["taux_sorties_dynamiques"]
    assert partial.status == "partiel"
    assert ("famille_ess",) in partial.lost
    assert ("structures", "famille_ess") in partial.missing
    assert absent.status == "absent"
    assert ("sorties", "type_siae") in absent.missing
    # A derived indicator lacks what its inputs lack.
    assert found["indice_diversification_territoriale_emplois"].status == "complet"
    assert found["indice_diversification_secteurs_clause"].status == "absent"


def test_a_column_known_to_be_absent_is_no_longer_missing(tmp_path: Path) -> None:
    mapping = _load(tmp_path, STRUCTURES + "      famille_ess: {absent: true}\n")
    found = {one.indicator: one for one in feeds(mapping, CATALOGUE)}
    assert ("famille_ess",) not in found["part_femmes"].lost


def test_breakdowns_lost_are_not_computed() -> None:
    feed = Feed(indicator="part_femmes", status="partiel", lost=(("famille_ess",),))
    lacking = Feed(indicator="taux_sorties_dynamiques", status="absent")
    (kept,) = without_lost(CATALOGUE, [feed, lacking])
    assert kept.id == "part_femmes"
    assert ("famille_ess",) not in kept.breakdowns
    assert ("epci",) in kept.breakdowns


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
tables:
  structurs:
    from: a
    columns: {siret: s}
  structures:
    from: a
    columns:
      siren: x
      efectif: y
      famille_ess: {column: f, recode: {"1": assoc}}
      effectif: {column: e, recode: {"1": a}}
      denomination: {column: e, stored: true}
"""
    faults = _faults(tmp_path, text)
    assert len(faults) == 6
    for line, word in (
        (2, "structures"),
        (8, "est calculée"),
        (9, "effectif"),
        (10, "association"),
        (11, "rien à recoder"),
        (12, "n'est pas un nombre"),
    ):
        assert any(f"mapping.yaml:{line}" in one and word in one for one in faults), (line, word, faults)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("tables:\n  structures: {columns: {siret: a}}\n", "from"),
        ("tables:\n  structures: {from: a, parquet: b, columns: {siret: a}}\n", "l'un des deux"),
        ("tables:\n  structures: {from: a.b.c.d, columns: {siret: a}}\n", "3"),
        ("tables:\n  structures: {from: a, columns: {siret: {}}}\n", "l'un des trois"),
        ("tables:\n  structures: {from: a, columns: {annee: {value: '2025', stored: true}}}\n", "column"),
        ('tables:\n  structures: {from: a, columns: {siret: "a\\0b"}}\n', "forme incorrecte"),
        ("tables: {}\n", "au moins"),
        ("autre: 1\n", "tables"),
    ],
)
def test_a_form_that_says_nothing_is_refused(tmp_path: Path, text: str, word: str) -> None:
    assert any(word in one for one in _faults(tmp_path, text))


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("effectif", "douze"), ("effectif", "1,5"), ("effectif", "NaN"), ("effectif", "1e400000"), ("etp", "0,0001"),
        ("annee", "Infinity"),
    ],
)  # fmt: skip
def test_a_constant_that_is_no_value_of_its_column_is_refused(tmp_path: Path, column: str, text: str) -> None:
    (fault,) = _faults(
        tmp_path, f"tables:\n  structures:\n    from: a\n    columns:\n      {column}: {{value: '{text}'}}\n"
    )
    assert "mapping.yaml:5" in fault
    assert "n'est pas une valeur de" in fault


def test_constants_are_read_as_they_are_stored() -> None:
    structures = CATALOGUE.table("structures")
    read = {"effectif": "12", "etp": "1,5", "denomination": "Ici", "annee": "2025"}
    found = {name: constant(one, read[name]) for one in structures.columns if (name := one.name) in read}
    assert found == {"effectif": 12, "etp": 1_500, "denomination": "Ici", "annee": 2025}
    exits = {one.name: one for one in CATALOGUE.table("sorties").columns}
    assert (constant(exits["en_emploi_dsn_6m"], "oui"), constant(exits["en_emploi_dsn_6m"], "non")) == (True, False)
    assert constant(exits["date_sortie"], "2024-02-29") == "2024-02-29"
    for name, text in (("en_emploi_dsn_6m", "true"), ("date_sortie", "2023-02-29")):
        with pytest.raises(DefinitionError, match="n'est pas une valeur"):
            constant(exits[name], text)


def test_a_mapping_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        Mapping.load(tmp_path / "absente.yaml", CATALOGUE)
