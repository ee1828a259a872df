"""Cells to canonical values: what is read, what is refused and why, what is recorded as converted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from ess_impact.data.checking import Checked, check
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table

Check = Callable[..., Checked]
KEY = b"cle publique de test"
GOOD = {"siret": "73282932000074", "id_salarie": "A", "date_sortie": date(2024, 6, 30)}


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("siret", "732 829 320 00074", "73282932000074"),
        ("siret", "732\u00a0829\u202f320.00074", "73282932000074"),
        ("siret", "35600000000048", "35600000000048"),
        ("siret", "35600000049837", "35600000049837"),
        ("date_entree", "2024-02-29", date(2024, 2, 29)),
        ("date_entree", "29/02/2024", date(2024, 2, 29)),
        ("date_entree", "1-3-2024", date(2024, 3, 1)),
        ("date_entree", "2024-03-01 00:00:00", date(2024, 3, 1)),
        ("montant", "1 234,50", 123450),
        ("montant", "1\u00a0234,50 €", 123450),
        ("montant", "1\u202f234,5\u00a0euros", 123450),
        ("montant", "1234.5", 123450),
        ("montant", "1.234,50", 123450),
        ("montant", "1,234.50", 123450),
        ("montant", "1.234.567", 123456700),
        ("montant", "-0,01", -1),
        ("montant", "\u221212", -1200),
        ("montant", "12,340000", 1234),
        ("montant", "0.30000000000000004", 30),
        ("montant", "1234.5599999999999", 123456),
        ("montant", "999999999999,99", 99999999999999),
        ("heures", "12,5 h", 1250),
        ("tonnes", "1,234", 1234),
        ("tonnes", "0.125", 125),
        ("part", "0.1234567", 123457),
        ("part", "31,5 %", 315000),
        ("part", "1", 1_000_000),
        ("effectif", "1 234", 1234),
        ("effectif", "12,0", 12),
        ("annee", "2024", 2024),
        ("annee", "2024.0", 2024),
        ("sexe", "F", "F"),
        ("sexe", "FEMME", "F"),
        ("sexe", "mme", "F"),
        ("themes", "bio, local", "bio,local"),
        ("themes", "Agriculture Biologique;bio", "bio"),
        ("themes", "Produit local, circuit court", "local"),
        ("actif", "Oui", True),
        ("actif", "0", False),
        ("actif", "x", True),
        ("dep", "2a", "2A"),
        ("dep", "971", "971"),
        ("dep", "F07", "F07"),
        ("com", "2A004", "2A004"),
        ("rna", "w621001234", "W621001234"),
        ("libelle", "  un texte\u00a0 ", "un texte"),
        ("libelle", '=HYPERLINK("http://x")', '=HYPERLINK("http://x")'),
        ("libelle", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("libelle", "'; DROP TABLE sorties; --", "'; DROP TABLE sorties; --"),
    ],
)
def test_cell_is_read(check_cells: Check, column: str, text: str, expected: object) -> None:
    checked = check_cells({column: text})
    assert checked.anomalies.height == 0
    assert checked.accepted[column].to_list() == [expected]


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("siret", "73282932000075", "siret_cle"),
        ("siret", "3282932000074", "siret_longueur"),
        ("siret", "ABC", "siret_format"),
        ("siret", "7,3282932E+13", "identifiant_tronque"),
        ("siret", "35600000000002", "siret_cle"),
        ("date_entree", "31/02/2024", "date_impossible"),
        ("date_entree", "03/25/2024", "date_impossible"),
        ("date_entree", "0024-03-01", "date_impossible"),
        ("date_entree", "01/02/24", "annee_deux_chiffres"),
        ("date_entree", "45352", "date_numero"),
        ("date_entree", "mars 2024", "date_illisible"),
        ("montant", "1.234", "nombre_ambigu"),
        ("montant", "1,234", "nombre_ambigu"),
        ("montant", "12,345678", "decimales_excessives"),
        ("montant", "12 34", "nombre_illisible"),
        ("montant", "1e5", "nombre_illisible"),
        ("montant", "environ 12", "nombre_illisible"),
        ("montant", "1234567890123", "nombre_trop_grand"),
        ("tonnes", "12.345", "nombre_ambigu"),
        ("effectif", "12,5", "entier_attendu"),
        ("heures", "12h30", "nombre_illisible"),
        ("annee", "01/01/2024", "annee_date_complete"),
        ("annee", "1024", "annee_impossible"),
        ("annee", "24", "annee_illisible"),
        ("sexe", "G", "code_inconnu"),
        ("themes", "bio,inconnu", "code_inconnu"),
        ("themes", "60,7", "code_inconnu"),
        ("actif", "peut-être", "oui_ou_non"),
        ("dep", "1", "departement_inconnu"),
        ("dep", "20", "departement_inconnu"),
        ("com", "1004", "commune_format"),
        ("rna", "621001234", "rna_format"),
        ("libelle", "#N/A", "erreur_tableur"),
    ],
)
def test_cell_is_refused_once(check_cells: Check, column: str, text: str, rule: str) -> None:
    checked = check_cells({}, {column: text})
    assert checked.anomalies.select("row", "column", "value", "rule", "severity").rows() == [
        (2, column, text, rule, "rejet")
    ]
    assert checked.rows_accepted == 1
    assert checked.anomalies["message"][0].endswith(".")
    assert checked.anomalies["remedy"][0] != ""


@pytest.mark.parametrize(
    ("column", "text", "kind"),
    [
        ("siret", "732 829 320 00074", "espaces dans un identifiant"),
        ("montant", "12,5", "virgule décimale"),
        ("montant", "1 234", "espaces dans un nombre"),
        ("montant", "1.234,50", "séparateur de milliers"),
        ("montant", "12 €", "unité ou signe écrit dans la cellule"),
        ("part", "0.12345678", "arrondi"),
        ("date_entree", "01/03/2024", "date jj/mm/aaaa"),
        ("sexe", "femme", "libellé ou synonyme lu comme un code"),
        ("actif", "1", "oui ou non écrit autrement"),
        ("dep", "2b", "code récrit"),
        ("libelle", " a", "espaces superflus"),
    ],
)
def test_conversion_is_counted(check_cells: Check, column: str, text: str, kind: str) -> None:
    assert check_cells({column: text}, {column: text}, {}).coercions == {kind: 2}


def test_canonical_text_is_no_conversion(check_cells: Check) -> None:
    assert check_cells({"montant": "12.5", "date_entree": "2024-01-01", "sexe": "F", "actif": "oui"}).coercions == {}


def test_unknown_code_names_the_nearest(check_cells: Check) -> None:
    remedies = check_cells({"sexe": "Homm"}, {"sexe": "zzz"}).anomalies["remedy"].to_list()
    assert remedies == ["Vouliez-vous dire « Homme » ?", "Choix admis : « Femme », « Homme »."]


def test_same_value_parses_the_same_alone_or_repeated(check_cells: Check) -> None:
    texts = ["1 234,5", "x", "12", None]
    once = check_cells(*({"montant": text} for text in texts)).accepted["montant"].to_list()
    many = check_cells(*({"montant": text} for text in texts * 20)).accepted["montant"].to_list()
    assert many == once * 20


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("montant", [1234], 123400),
        ("part", ["1.000"], 1_000_000),
        ("montant", [1234.5], 123450),
        ("montant", [Decimal("1234.50")], 123450),
        ("montant", [0.1 + 0.2], 30),
        ("montant", [float("nan")], None),
        ("annee", [2024.0], 2024),
        ("date_entree", [date(2024, 1, 1)], date(2024, 1, 1)),
        ("date_entree", [datetime(2024, 1, 1, 12)], date(2024, 1, 1)),
        ("actif", [True], True),
        ("actif", [1], True),
        ("themes", [["bio", "local"]], "bio,local"),
    ],
)
def test_typed_cell_is_read(
    table: Table, catalogue: Catalogue, column: str, values: list[object], expected: object
) -> None:
    checked = check(pl.DataFrame({**GOOD, column: values}), table, catalogue=catalogue, key=KEY)
    assert checked.anomalies.height == 0
    assert checked.accepted[column].to_list() == [expected]


def test_integers_of_a_checked_frame_are_stored_already(table: Table, catalogue: Catalogue) -> None:
    place = {"_file": "a.csv", "_sheet": "", "_row": 12, "_sender": ""}
    checked = check(pl.DataFrame({**GOOD, **place, "montant": [1234]}), table, catalogue=catalogue, key=KEY)
    assert checked.accepted.select("montant", "_file", "_row").rows() == [(1234, "a.csv", 12)]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("montant", 12.3456, "decimales_excessives"),
        ("effectif", 1.5, "entier_attendu"),
        ("montant", float("inf"), "nombre_trop_grand"),
        ("montant", 10**17, "nombre_trop_grand"),
        ("annee", 24, "annee_impossible"),
        ("date_entree", 45352, "date_numero"),
    ],
)
def test_typed_cell_is_refused(table: Table, catalogue: Catalogue, column: str, value: object, rule: str) -> None:
    checked = check(pl.DataFrame({**GOOD, column: [value]}), table, catalogue=catalogue, key=KEY)
    assert checked.anomalies["rule"].to_list() == [rule]
