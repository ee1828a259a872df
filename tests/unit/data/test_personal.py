"""Personal data: refused columns, emptied cells, pseudonyms; the canary is found nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ess_impact.data.checking import check
from ess_impact.data.personal import nir_mask, personal_content, personal_header, pseudonyms
from ess_impact.data.reading import RawTable, read_table
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.errors import SecrecyError

Write = Callable[..., Path]
Read = Callable[..., RawTable]
KEY = b"cle publique de test"
NIR = "185057800608436"
HEADER = "siret;id_salarie;date_sortie;libelle"
SIRET = "73282932000074"


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (NIR, True),
        (NIR[:13], True),
        ("1 85 05 78 006 084 36", True),
        ("M. X, 1.85.05.78.006.084, secteur nord", True),
        ("253072A07300443", True),
        ("253072B07300470", True),
        ("781309912611193", False),
        (SIRET, False),
        ("732 829 320 00074", False),
        ("1234567890123", False),
        ("p-1850578006084361850578aa", False),
        ("3760123456789", False),
        ("0321000000", False),
        (None, False),
    ],
)
def test_nir(cell: str | None, found: bool) -> None:
    assert nir_mask(pl.Series([cell], dtype=pl.String)).to_list() == [found]


def test_thirteen_digits_in_a_siret_column_are_a_truncated_siret() -> None:
    assert nir_mask(pl.Series([NIR[:13], NIR]), keyed=True).to_list() == [False, True]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("NIR", "numéro de sécurité sociale"),
        ("N° de sécurité sociale", "numéro de sécurité sociale"),
        ("E-mail", "adresse électronique"),
        ("Courriel du référent", "adresse électronique"),
        ("adresse mail", "adresse électronique"),
        ("date_naissance", "date de naissance"),
        ("Né(e) le", "date de naissance"),
        ("birthDate", "date de naissance"),
        ("DDN", "date de naissance"),
        ("Commune", None),
        ("Avenir", None),
        ("montant_email_marketing_non", "adresse électronique"),
    ],
)
def test_header(header: str, kind: str | None) -> None:
    assert personal_header(header) == kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["x", "jean.dupont@exemple.fr"], "adresse électronique"),
        (["x", NIR], "numéro de sécurité sociale"),
        (["12/03/1985", "1990-01-01", None, "inconnu"], "date de naissance"),
        (["12/03/2024", "1990-01-01"], None),
        (["a", "b@c"], None),
        ([], None),
    ],
)
def test_content(cells: list[str | None], kind: str | None) -> None:
    assert personal_content(pl.Series(cells, dtype=pl.String)) == kind


def test_undeclared_personal_column_is_dropped_and_rows_count(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(HEADER + ";Né le;contact;divers", f"{SIRET};A;30/06/2024;x;12/03/1985;a@b.fr;{NIR}"))
    assert [(one.rule, one.severity, one.column, one.value) for one in raw.anomalies] == [
        ("colonne_personnelle", "rejet", "Né le", "[masqué]"),
        ("colonne_personnelle", "rejet", "contact", "[masqué]"),
        ("colonne_personnelle", "rejet", "divers", "[masqué]"),
    ]
    assert raw.frame.height == 1
    for canary in ("1985", "a@b.fr", NIR):
        assert canary not in repr(raw)
        assert canary not in raw.frame.write_csv()


def test_header_that_is_itself_personal_is_masked(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(f"{HEADER};jean.dupont@exemple.fr", f"{SIRET};A;30/06/2024;x;y"))
    assert [one.column for one in raw.anomalies] == ["[masqué]"]
    assert "dupont" not in repr(raw)


@pytest.mark.parametrize("canary", [NIR, "1 85 05 78 006 084 36", "voir jean.dupont@exemple.fr"])
@pytest.mark.parametrize(
    ("column", "severity", "kept"), [("libelle", "alerte", 1), ("id_salarie", "rejet", 0), ("siret", "rejet", 0)]
)
def test_personal_cell_is_emptied(
    csv_file: Write, read: Read, table: Table, catalogue: Catalogue, canary: str, column: str, severity: str, kept: int
) -> None:
    cells = {"siret": SIRET, "id_salarie": "A", "date_sortie": "30/06/2024", "libelle": "x", column: canary}
    raw = read(csv_file(HEADER, ";".join(cells.values())))
    checked = check(raw, table, catalogue=catalogue, key=KEY)
    assert checked.anomalies.select("row", "column", "value", "rule", "severity").rows() == [
        (2, column, "[masqué]", "donnee_personnelle", severity)
    ]
    assert checked.rows_accepted == kept
    for frame in (raw.frame, checked.accepted, checked.refused, checked.anomalies):
        assert canary not in frame.write_csv()
    assert canary not in repr(raw) + repr(checked)


def test_personal_cell_of_a_frame_is_emptied_too(table: Table, catalogue: Catalogue) -> None:
    frame = pl.DataFrame(
        {"siret": [SIRET], "id_salarie": ["A"], "date_sortie": ["2024-06-30"], "libelle": [NIR], "mail": ["x"]}
    )
    checked = check(frame, table, catalogue=catalogue, key=KEY)
    assert checked.anomalies["rule"].to_list() == ["colonne_personnelle", "donnee_personnelle"]
    assert NIR not in repr(checked) + checked.accepted.write_csv() + checked.anomalies.write_csv()


def test_masking_can_be_left_to_the_caller(csv_file: Write, table: Table) -> None:
    path = csv_file(HEADER + ";contact", f"{SIRET};A;30/06/2024;{NIR};a@b.fr")
    raw = read_table(path, table, refuse_personal=False)
    assert raw.frame["libelle"].to_list() == [NIR]
    assert [one.rule for one in raw.anomalies] == ["colonne_inconnue"]


def test_names_of_persons_are_in_no_output(csv_file: Write, read: Read, table: Table, catalogue: Catalogue) -> None:
    canary = "Dupont-Canari"
    good = f"{SIRET};{canary};30/06/2024;x"
    path = csv_file(HEADER, good, good, f"{SIRET};{canary};32/06/2024;x", f";{canary};30/06/2024;x")
    checked = check(read(path), table, catalogue=catalogue, key=KEY)
    assert checked.anomalies.height == 3
    outputs = repr(checked) + "".join(
        frame.write_csv() for frame in (checked.accepted, checked.refused, checked.anomalies)
    )
    assert canary not in outputs
    early = read(path, key=KEY)
    assert canary not in repr(early) + early.frame.write_csv()
    assert check(early, table, catalogue=catalogue).accepted.equals(checked.accepted)


def test_pseudonyms_are_stable_keyed_and_idempotent() -> None:
    cells = pl.Series(["A", None, " A", "B", "A"])
    first = pseudonyms(cells, KEY)
    assert first[0] == first[2] == first[4] != first[3]
    assert first[1] is None
    assert first.drop_nulls().str.contains(r"^p-[0-9a-f]{24}$").all()
    assert pseudonyms(first, None).equals(first)
    assert pseudonyms(cells, b"une autre cle de test")[0] != first[0]
    with pytest.raises(SecrecyError):
        pseudonyms(cells, None)
