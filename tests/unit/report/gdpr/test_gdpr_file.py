"""The data protection file follows the tables, says what is not verified, and leaves blanks to fill in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import docx
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.report.gdpr import gdpr_documents, write_gdpr_file
from ess_impact.report.gdpr.facts import about_persons, treatment


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def texts(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every document as a reader sees it: paragraphs, then cells of its tables."""
    read = {}
    for path in write_gdpr_file(catalogue, tmp_path_factory.mktemp("rgpd")):
        word = docx.Document(str(path))
        cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
        read[path.stem] = "\n".join([*(one.text for one in word.paragraphs), *cells])
    return read


def test_one_document_of_each_kind(texts):
    expected = {"registre_traitement", "aipd_trame", "durees_conservation", "roles", "retour_securise_classeurs"}
    about = ("mobilite", "sorties", "etp_iae", "porteurs_projet", "beneficiaires_clauses")
    assert set(texts) == expected | {f"notice_{table}" for table in about}


def test_tables_about_persons_are_those_with_persons(catalogue):
    persons = {t.id for t in catalogue.tables.values() if any(c.type is ColumnType.PERSONNE for c in t.columns)}
    assert {table.id for table in about_persons(catalogue)} == persons
    assert all(table.personal_data is not None for table in about_persons(catalogue))


def test_register_and_assessment_list_every_column(texts, catalogue):
    for table in about_persons(catalogue):
        for column in table.columns:
            assert column.label.fr in texts["registre_traitement"]
            assert column.label.fr in texts["aipd_trame"]


def test_a_person_identifier_is_said_to_be_pseudonymised(catalogue):
    column = catalogue.tables["sorties"].column("id_salarie")
    assert treatment(column) == "pseudonymisé à la lecture"


def test_retention_covers_every_table(texts, catalogue):
    for table in catalogue.tables.values():
        assert table.name.fr in texts["durees_conservation"]
        if table.retention_months:
            assert f"{table.retention_months} mois" in texts["durees_conservation"]


def test_a_notice_names_no_identifier_and_gives_the_rights(texts):
    notice = texts["notice_mobilite"]
    assert "CNIL" in notice
    assert "18 mois" in notice
    assert "Identifiant" not in notice
    assert "valeur juridique" not in notice, "a notice is handed to persons: it is no draft"


def test_drafts_say_so_and_leave_blanks(texts):
    for name in ("registre_traitement", "aipd_trame", "roles"):
        assert "valeur juridique" in texts[name]
        assert "[À compléter]" in texts[name]
        assert "à vérifier" in texts[name]


def test_same_definitions_same_bytes(catalogue, tmp_path: Path):
    first, second = write_gdpr_file(catalogue, tmp_path / "a"), write_gdpr_file(catalogue, tmp_path / "b")
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]


def test_a_partner_table_about_persons_enters_the_file(catalogue):
    table = catalogue.tables["sorties"].model_copy(update={"id": "parcours", "personal_data": None})
    partner = replace(catalogue, tables={**catalogue.tables, "parcours": table})
    assert "notice_parcours" in {one.name for one in gdpr_documents(partner)}
