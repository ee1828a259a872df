"""Personal data: refused columns, emptied cells, pseudonyms; the canary is found nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ess_impact.data.checking import check
from ess_impact.data.personal import (
    MASKED_TEXT,
    full_names,
    nir_mask,
    personal_content,
    personal_header,
    pseudonyms,
    quotable,
    reachable,
    shown_file,
    shown_name,
)
from ess_impact.data.reading import RawTable, collect_table, read_table, read_workbook
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
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


@pytest.mark.parametrize(
    "name",
    [
        SIRET,
        f"{SIRET}_20251231",
        f"{SIRET}-2025",
        "732 829 320 00074",
        "123456782FEC20251231",
        "fluxIAE_Salarie_20251231_063000",
        "releve_2025-01-02-03-04-05",
        "comptes_31-12-2024",
        "Sorties d'insertion",
        "masqué-0a1b2c",
    ],
)
def test_names_without_a_person_are_shown_as_they_are(name: str) -> None:
    assert shown_name(name, KEY) == name


@pytest.mark.parametrize(
    "canary",
    [
        NIR,
        "1 85 05 78 006 084 36",
        "jean.dupont@exemple.fr",
        "0612345678",
        "06 12 34 56 78",
        "+33 6 12 34 56 78",
        "12-03-1980",
        "1980_03_12",
    ],
)
@pytest.mark.parametrize("around", ["{}", "liste_{}", "salariés {} bis"])
def test_what_names_a_person_in_a_name_is_masked(canary: str, around: str) -> None:
    name = around.format(canary)
    shown = shown_name(name, KEY)
    assert "masqué-" in shown
    assert not [part for part in canary.replace("@", " ").split() if len(part) > 4 and part in shown]
    assert canary not in shown
    assert shown == shown_name(name, KEY) == shown_name(shown, KEY)
    assert shown != shown_name(name, b"une autre cle de test")
    assert shown != shown_name(f"{name} ", KEY)
    assert shown_file(f"structures/{name}.XLSX", KEY) == f"structures/{shown}.XLSX"


@pytest.mark.parametrize(
    ("cell", "kind", "shown"),
    [
        ("12 k€", ColumnType.EUROS, True),
        ("trente", ColumnType.ENTIER, True),
        ("n.c.", ColumnType.HEURES, True),
        ("12h30", ColumnType.HEURES, True),
        ("peut-être", ColumnType.BOOLEEN, True),
        ("31/02/2025", ColumnType.DATE, True),
        ("1er mars 2025", ColumnType.DATE, True),
        ("né le 12/03/1980", ColumnType.DATE, False),
        ("Marie Dupond", ColumnType.SIRET, False),
        ("7328293200007", ColumnType.SIRET, True),
        ("0612345678", ColumnType.DATE, False),
        ("voir a@b.fr", ColumnType.EUROS, False),
        ("a@b.fr", ColumnType.EUROS, False),
        (NIR, ColumnType.ANNEE, False),
        ("sortie durable", ColumnType.CODE, True),
        ("contrat en alternance", ColumnType.CODE, True),
        ("texte Marie DUPOND", ColumnType.CODE, False),
        ("Marie Dupond", ColumnType.CODE, False),
        ("contrat avec marie dupond", ColumnType.CODE, False),
        ("dossier 12345678", ColumnType.CODE, False),
        ("bio, local, équitable, court", ColumnType.LISTE, True),
        ("bio ; vu avec marie dupond", ColumnType.LISTE, False),
        ("Association des amis", ColumnType.TEXTE, True),
        ("[masqué]", ColumnType.EUROS, True),
        (None, ColumnType.EUROS, True),
    ],
)
def test_a_value_at_fault_is_quoted_only_when_it_names_nobody(cell: str | None, kind: ColumnType, shown: bool) -> None:
    assert quotable(pl.Series([cell], dtype=pl.String), kind).to_list() == [cell if shown else MASKED_TEXT]


def test_a_text_typed_in_a_number_is_in_no_anomaly(
    csv_file: Write, read: Read, table: Table, catalogue: Catalogue
) -> None:
    canary = "Marie CANARI"
    path = csv_file("siret;id_salarie;date_sortie;heures;sexe", f"{SIRET};A;né le 12/03/1980;{canary};texte {canary}")
    found = check(read(path), table, catalogue=catalogue, key=KEY).anomalies
    assert found.select("column", "value").rows() == [(name, MASKED_TEXT) for name in ("date_sortie", "heures", "sexe")]
    assert "CANARI" not in found.write_csv()


def test_an_undeclared_header_with_a_telephone_is_masked(csv_file: Write, read: Read) -> None:
    raw = read(csv_file(f"{HEADER};Jean Dupont 06 12 34 56 78;Effectif au 31/12/2010", f"{SIRET};A;30/06/2024;x;y;3"))
    assert [(one.rule, one.column) for one in raw.anomalies] == [
        ("colonne_inconnue", "[masqué]"),
        ("colonne_inconnue", "Effectif au 31/12/2010"),
    ]
    assert "Dupont" not in repr(raw)


def test_a_file_named_after_a_person_is_read_and_named_otherwise(csv_file: Write, table: Table) -> None:
    lines = (HEADER, f"{SIRET};A;30/06/2024;x")
    first, second = (csv_file(*lines, name=f"{one}.csv") for one in (NIR, "jean.dupont@exemple.fr"))
    raws = [read_table(one, table, key=KEY) for one in (first, second)]
    names = [raw.frame["_file"].to_list() for raw in raws]
    assert names == [[shown_file(one.name, KEY)] for one in (first, second)]
    assert names[0] != names[1]
    refused = collect_table(first.with_suffix(".docx"), table, key=KEY)
    assert NIR not in repr(refused) + refused.anomalies[0].file


def test_a_sheet_named_after_a_person_is_named_otherwise(xlsx_file: Write, table: Table) -> None:
    rows = [HEADER.split(";"), [SIRET, "A", "30/06/2024", "x"]]
    path = xlsx_file({NIR: rows})
    raw = read_table(path, table, key=KEY)
    assert raw.frame["_sheet"].to_list() == [shown_name(NIR, KEY)]
    book = read_workbook(
        xlsx_file({"identite": [["SIRET", "Marie Dupond"]], table.name.fr: rows, NIR: [["x"]]}),
        {table.id: table},
        key=KEY,
    )
    assert [(one.rule, one.sheet, one.value) for one in book.anomalies] == [
        ("siret_format", "identite", MASKED_TEXT),
        ("feuille_inconnue", shown_name(NIR, KEY), ""),
    ]
    assert NIR not in repr(book)


def test_contacts_in_a_free_text_are_counted_and_said() -> None:
    free = Catalogue.load().table("structures")
    name = next(column.name for column in free.columns if column.free_text)
    texts = ["rappeler au 06 12 34 56 78", "a@b.fr", "en 2025, 12 emplois", None, NIR]
    frame = pl.DataFrame({"siret": [SIRET] * 5, "annee": ["2025"] * 5, "denomination": ["x"] * 5, name: texts})
    missing = {one.name: ["1"] * 5 for one in free.columns if one.required and one.name not in frame.columns}
    found = check(frame.with_columns(**{key: pl.Series(cells) for key, cells in missing.items()}), free, key=KEY)
    (said,) = found.anomalies.filter(rule="coordonnees_dans_texte").to_dicts()
    assert (said["severity"], said["column"], said["value"], said["row"]) == ("alerte", name, "", None)
    assert said["message"].startswith("3\u00a0cellules de «")
    assert reachable(pl.Series(texts)).to_list() == [True, True, False, False, True]


@pytest.mark.parametrize("key", [KEY, None])
def test_identifiers_that_are_names_are_counted_and_said(csv_file: Write, read: Read, key: bytes | None) -> None:
    persons = ("Marie Canari", "Jean-Luc d'Essai", "S 12", "MEX", "p-" + "0" * 24)
    raw = read(csv_file(HEADER, *(f"{SIRET};{one};30/06/2024;x" for one in persons)), key=key)
    (said,) = raw.anomalies
    assert (said.rule, said.severity, said.column, said.value) == (
        "identifiant_nominatif",
        "alerte",
        "id_salarie",
        "",
    )
    assert said.message.startswith("2\u00a0cellules")
    assert "Canari" not in repr(said)
    assert full_names(pl.Series(persons)) == 2


def test_what_reading_writes_is_not_read_from_a_sender(csv_file: Write) -> None:
    accounts = Catalogue.load().table("comptes")
    raw = read_table(csv_file("siret;annee;poste;montant;porte", f"{SIRET};2025;70;12;fec"), accounts, key=KEY)
    assert "porte" not in raw.frame.columns
    assert (raw.frame.height, raw.anomalies) == (1, ())
    given = pl.DataFrame({"siret": [SIRET], "annee": [2025], "poste": ["70"], "montant": [12], "porte": ["fec"]})
    assert check(given, accounts, key=KEY).accepted["porte"].to_list() == ["fec"]
