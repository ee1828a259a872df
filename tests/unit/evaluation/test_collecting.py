"""Files of a campaign to accepted rows: one bad file never stops the others, and every row is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import NoAcceptedRowsError, ReadingError
from ess_impact.evaluation.campaign import Campaign, Settings
from ess_impact.evaluation.collecting import FileReport, collect, silent
from ess_impact.evaluation.expected import read_expected
from ess_impact.evaluation.indicators import evaluate, evaluate_collected

CATALOGUE = Catalogue.load()
A, B, C, D, E = "00000001800010", "00000002600013", "00000003400017", "00000004200010", "00000005900014"
HEADER = "siret;annee;denomination;epci;effectif;etp;famille_ess"
KEY = "cle publique des tests"

Folder = Callable[..., Campaign]


def structure(siret: str, year: int, jobs: int | str) -> str:
    return f"{siret};{year};Association fictive;EPCI fictif 01;{jobs};1;association"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write files and open them as a campaign."""

    def write(files: Mapping[str, Any], **settings: Any) -> Campaign:
        for name, content in ({"cle.txt": KEY} | dict(files)).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, dict):
                _workbook(path, content)
            else:
                text = "\n".join(content) + "\n" if isinstance(content, list) else content
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
        fields = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": date(2026, 3, 31)}
        return Campaign(
            folder=tmp_path,
            settings=Settings.model_validate(fields | settings),
            catalogue=CATALOGUE,
            plan=CATALOGUE.plan("pas_de_calais"),
        )

    return write


def _workbook(path: Path, sheets: Mapping[str, list[list[Any]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def sent_by(siret: str, *rows: str) -> dict[str, list[list[Any]]]:
    identity = [["Champ", "Valeur"], ["SIRET", siret], ["Dénomination", "Association fictive"]]
    return {"identite": identity, "structures": [line.split(";") for line in (HEADER, *rows)]}


def accepted(campaign: Campaign, table: str = "structures") -> list[tuple[Any, ...]]:
    frame = collect(campaign).checked[table].accepted
    return sorted(frame.select("siret", "annee", "effectif").rows())


def test_files_of_one_table_are_put_together(folder: Folder) -> None:
    campaign = folder({
        "structures/structures_nord.csv": [HEADER, structure(A, 2025, 3)],
        "structures/structures_sud.csv": [HEADER, structure(B, 2025, 4)],
    })  # fmt: skip
    assert accepted(campaign) == [(A, 2025, 3), (B, 2025, 4)]


def test_rows_read_accepted_and_set_aside_add_up_for_each_file(folder: Folder) -> None:
    campaign = folder({
        "structures/structures.csv": [HEADER, structure(A, 2025, 3), structure(B, 2025, "x"), structure("1", 2025, 1)],
        "structures/structures_sud.csv": [HEADER, structure(C, 2025, 4)],
    })  # fmt: skip
    found = {one.file: (one.table, one.read, one.accepted, one.set_aside) for one in collect(campaign).files}
    assert found == {
        "structures/structures.csv": ("structures", 3, 1, 2),
        "structures/structures_sud.csv": ("structures", 1, 1, 0),
    }


def test_a_bad_file_stops_no_other(folder: Folder) -> None:
    campaign = folder({
        "structures/structures.csv": [HEADER, structure(A, 2025, 3)],
        "structures/structures_vide.csv": b"",
        "structures/autre.xlsx": b"PK\x03\x04 abime",
        "services/notes.pdf": b"%PDF-1.4",
        "veille/inconnu.csv": ["a;b", "1;2"],
        "veille/inconnu.pdf": b"%PDF-1.4",
    })  # fmt: skip
    found = collect(campaign)
    assert found.checked["structures"].rows_accepted == 1
    whole = found.anomalies.filter(pl.col("row").is_null())
    assert set(whole["file"]) == {
        "structures/structures_vide.csv", "structures/autre.xlsx", "services/notes.pdf", "veille/inconnu.csv",
        "veille/inconnu.pdf",
    }  # fmt: skip
    assert set(whole["severity"]) == {"rejet"}


def test_an_official_file_outside_the_folder_is_not_read(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("ailleurs") / "ess_share_departements.csv"
    outside.write_text("code_departement,nom,2022\n62,Département fictif 01,12.5\n", encoding="utf-8")
    campaign = folder({"structures/structures.csv": [HEADER, structure(A, 2025, 3)], "veille/vide.txt": b""})
    (campaign.folder / "veille" / "ess_share_departements.csv").symlink_to(outside)
    found = collect(campaign)
    assert set(found.checked) == {"structures"}
    assert "veille/ess_share_departements.csv" in set(found.anomalies["file"])


def test_anomalies_of_every_table_are_sorted_by_place(folder: Folder) -> None:
    campaign = folder({
        "structures/structures.csv": [HEADER, structure(B, 2025, "x"), structure(A, 2025, "x")],
        "services/cdess.csv": ["id_seance;date;type;college;sieges;presents", "S1;hier;pleniere;c1;3;2"],
    })  # fmt: skip
    found = collect(campaign).anomalies.select("table", "file", "row")
    assert found.rows() == [
        ("cdess", "services/cdess.csv", 2),
        ("structures", "structures/structures.csv", 2),
        ("structures", "structures/structures.csv", 3),
    ]


def test_a_workbook_replaces_the_rows_its_sender_had_in_the_consolidated_file(folder: Folder) -> None:
    odd = "000 000 018 00010"
    campaign = folder({
        "structures/structures.csv": [HEADER, structure(odd, 2025, 3), structure(B, 2025, 4), structure("", 2025, 1)],
        f"structures/{A}.xlsx": sent_by(A, structure(A, 2025, 30)),
    })  # fmt: skip
    found = collect(campaign)
    assert sorted(found.checked["structures"].accepted.select("siret", "effectif").rows()) == [(A, 30), (B, 4)]
    assert found.senders == (A,)
    assert {one.file: (one.read, one.accepted) for one in found.files} == {
        "structures/structures.csv": (3, 1), f"structures/{A}.xlsx": (1, 1),
    }  # fmt: skip


EXITS = [
    ["siret", "type_siae", "id_salarie", "date_sortie", "heures_travaillees", "categorie_sortie"],
    [A, "ACI", "S1", "2025-02-03", "900", "durable"],
]


@pytest.mark.parametrize(
    ("others", "missing"), [({}, 1), ({"structures/structures.csv": [HEADER, structure(A, 2025, 3)]}, 0)]
)
def test_a_workbook_without_the_common_sheet_is_told_unless_its_structure_is_known(
    folder: Folder, others: Any, missing: int
) -> None:
    partial = {"identite": sent_by(A)["identite"], "sorties": EXITS}
    found = collect(folder({f"structures/{A}.xlsx": partial, **others}))
    assert found.checked["sorties"].rows_accepted == 1
    assert found.senders == (A,)
    absent = found.anomalies.filter(pl.col("row").is_null() & (pl.col("table") == "structures"))
    assert absent.height == missing


def test_a_catalogue_without_a_common_table_expects_no_sheet(folder: Folder) -> None:
    partial = {"identite": sent_by(A)["identite"], "sorties": EXITS}
    campaign = folder({f"structures/{A}.xlsx": partial})
    tables = {name: table for name, table in CATALOGUE.tables.items() if name != "structures"}
    found = collect(replace(campaign, catalogue=replace(CATALOGUE, tables=tables)))
    assert found.anomalies.filter(pl.col("row").is_null()).height == 0


def test_a_table_without_owner_keeps_every_row(folder: Folder) -> None:
    header = "id_seance;date;type;college;sieges;presents"
    campaign = folder(
        {"services/cdess.csv": [header, "S1;2025-02-03;pleniere;c1;3;2", "S1;2025-02-03;pleniere;c2;3;1"]}
    )
    assert collect(campaign).checked["cdess"].rows_accepted == 2


def test_files_about_the_same_departements_are_merged(folder: Folder) -> None:
    campaign = folder({
        "veille/departements_emploi.csv": ["code_departement;annee;part_emploi_ess", "62;2024;0,1"],
        "veille/departements_rsa.csv": ["code_departement;annee;allocataires_rsa", "62;2024;50"],
    })  # fmt: skip
    frame = collect(campaign).checked["departements"].accepted
    assert frame.select("code_departement", "part_emploi_ess", "allocataires_rsa").rows() == [("62", 100_000, 50)]


def test_an_official_file_is_recognised_by_its_header(folder: Folder) -> None:
    lines = ["code_departement,nom,2022", "62,Département fictif 01,12.5"]
    campaign = folder({"veille/ess_share_departements.csv": lines})
    found = collect(campaign)
    assert found.checked["departements"].rows_accepted == 1
    assert found.files[0].table == "departements"


def test_conversions_are_counted_by_file(folder: Folder) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure("000 000 018 00010", 2025, "3,0")]})
    conversions = collect(campaign).conversions
    assert conversions
    assert {file for file, _, _ in conversions} == {"structures/structures.csv"}
    assert all(count >= 1 for _, _, count in conversions)


def test_progress_is_told_file_by_file_then_table_by_table(folder: Folder) -> None:
    told: list[tuple[str, int, int]] = []
    campaign = folder({
        "structures/structures.csv": [HEADER, structure(A, 2025, 3)],
        "services/cdess.csv": ["id_seance;date;type;college;sieges;presents", "S1;2025-02-03;pleniere;c1;3;2"],
    })  # fmt: skip
    collect(campaign, lambda *one: told.append(one))
    assert [(position, total) for _, position, total in told] == [(1, 2), (2, 2), (1, 2), (2, 2)]
    assert told[0][0] == "Lecture : structures.csv"
    assert told[2][0].startswith("Contrôle : ")
    assert silent("x", 1, 1) is None


@pytest.mark.parametrize(
    "files", [{}, {"structures/structures.csv": b""}, {"structures/structures.csv": HEADER + "\n"}]
)
def test_nothing_readable_is_an_error(folder: Folder, files: Any) -> None:
    with pytest.raises(ReadingError, match="aucun fichier lisible"):
        collect(folder(files))


def test_file_reports_count_what_was_set_aside() -> None:
    assert FileReport(file="a.csv", table="x", sha256="", read=5, accepted=3).set_aside == 2


EXPECTED = "services/structures_attendues.csv"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_expected_list_is_read_whatever_its_separator(folder: Folder, separator: str, mark: str) -> None:
    rows = [
        "siret;denomination;effectif",
        f"{B};X;12",
        "000 000 018 00010;Y;",
        f"{B};X;99",
        "pas un siret;Z;1",
        f"{C};W;beaucoup",
    ]
    campaign = folder({EXPECTED: mark + "\n".join(rows).replace(";", separator) + "\n"}, attendus=EXPECTED)
    found = read_expected(campaign)
    assert found is not None
    assert found.rows() == [(A, "Y", 0), (B, "X", 12), (C, "W", 0)]


def test_jobs_are_optional_in_the_expected_list(folder: Folder) -> None:
    found = read_expected(folder({EXPECTED: ["siret", A]}, attendus=EXPECTED))
    assert found is not None
    assert found.rows() == [(A, "", 0)]


def test_without_an_expected_list_nobody_is_expected(folder: Folder) -> None:
    assert read_expected(folder({})) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "introuvable"),
        ("nom;effectif\nX;3\n", "siret"),
        (b"", "illisible"),
        (b"siret;effectif\n\xff\xfe;3\n", "illisible"),
    ],
)
def test_an_expected_list_that_cannot_be_used_is_said(folder: Folder, content: Any, words: str) -> None:
    files = {} if content is None else {EXPECTED: content}
    with pytest.raises(ReadingError, match=words) as caught:
        read_expected(folder(files, attendus=EXPECTED))
    assert caught.value.where == "structures_attendues.csv"


def test_provenance_accounts_for_every_row_and_every_structure(folder: Folder) -> None:
    campaign = folder(
        {
            "structures/structures.csv": [
                HEADER, structure(A, 2025, 3), structure(B, 2025, "x"), structure(D, 2025, 3), structure(E, 2025, 3),
            ],
            "veille/departements.csv": ["code_departement;code_region;annee", "62;32;2024", "59;32;2024", "75;11;2024"],
            EXPECTED: ["siret;effectif", f"{A};10", f"{B};20", f"{C};30"],
        },
        attendus=EXPECTED,
    )  # fmt: skip
    results = evaluate(campaign, indicators=["emplois_ess"])
    found = results.provenance
    assert (found["campagne"], found["departement"], found["plan"], found["synthetique"]) == (
        2025,
        "62",
        "pas_de_calais",
        False,
    )
    assert found["date_reference"] == "2026-03-31"
    files = {one["fichier"]: one for one in found["fichiers"]}
    assert [
        files["structures/structures.csv"][name] for name in ("lignes_lues", "lignes_acceptees", "lignes_ecartees")
    ] == [4, 3, 1]
    assert len(files["structures/structures.csv"]["sha256"]) == 64
    # B sent something, were it wrong; C sent nothing; D and E were not expected.
    assert found["reponse"] == {"attendus": 3, "repondants": 1, "taux": pytest.approx(1 / 3)}
    assert found["silencieuses"] == 1
    assert found["comparaison"]["region"] == ["59", "62"]
    row = next(row for row in results.to_dict() if row["breakdown"] == "_T")
    assert (row["n_attendus"], row["n_repondants"], row["territory"]) == (3, 1, "62")
    assert row["couverture_emplois"] == pytest.approx(1 / 6)
    assert len(row["source_hash"]) == 16


def test_without_expected_nor_departements_there_is_less_to_say(folder: Folder) -> None:
    found = evaluate(folder({"structures/structures.csv": [HEADER, structure(A, 2025, 3)]})).provenance
    assert "reponse" not in found
    assert found["comparaison"] == {"pairs": list(CATALOGUE.plan("pas_de_calais").peers)}


def test_nobody_expected_gives_no_rate(folder: Folder) -> None:
    files = {"structures/structures.csv": [HEADER, structure(A, 2025, 3)], EXPECTED: ["siret;effectif"]}
    found = evaluate(folder(files, attendus=EXPECTED)).provenance
    assert found["reponse"] == {"attendus": 0, "repondants": 0, "taux": None}


def test_a_table_the_plan_requires_must_have_a_row(folder: Folder) -> None:
    campaign = folder(
        {"services/cdess.csv": ["id_seance;date;type;college;sieges;presents", "S1;2025-02-03;pleniere;c1;3;2"]}
    )
    plan = campaign.plan.model_copy(update={"required_tables": ("cdess", "structures")})
    needing = Campaign(folder=campaign.folder, settings=campaign.settings, catalogue=CATALOGUE, plan=plan)
    with pytest.raises(NoAcceptedRowsError, match=r"structures(?!.*cdess)"):
        evaluate_collected(needing, collect(needing))


def test_the_source_hash_follows_the_files_and_not_their_names(folder: Folder) -> None:
    def hash_of(**files: Any) -> str:
        campaign = folder({f"structures/{name}.csv": rows for name, rows in files.items()})
        row = evaluate(campaign, indicators=["emplois_ess"]).to_dict()[0]
        for name in files:
            (campaign.folder / f"structures/{name}.csv").unlink()
        return str(row["source_hash"])

    first, second = [HEADER, structure(A, 2025, 3)], [HEADER, structure(B, 2025, 3)]
    assert hash_of(structures_a=first, structures_b=second) == hash_of(structures_x=second, structures_y=first)
    assert hash_of(structures_a=first) != hash_of(structures_a=second)


def test_an_expected_list_saved_by_a_french_spreadsheet_is_read(folder: Folder) -> None:
    text = f"siret;denomination;effectif\r\n{A};Épicerie fictive;7\r\n"
    found = read_expected(folder({EXPECTED: text.encode("cp1252")}, attendus=EXPECTED))
    assert found is not None
    assert found.rows() == [(A, "Épicerie fictive", 7)]


def test_provenance_does_not_say_how_many_persons_a_structure_follows(folder: Folder) -> None:
    def exits(siret: str, count: int) -> list[list[str]]:
        return [EXITS[0], *([siret, "ACI", f"S{n}", "03/02/2025", "900,5", "durable"] for n in range(count))]

    books = {f"structures/{one}.xlsx": sent_by(one, structure(one, 2025, 3)) for one in (A, B, C)}
    for count, (name, sheets) in enumerate(books.items(), start=3):
        sheets["sorties"] = exits(name[11:25], count)
    found = evaluate(folder(books)).provenance
    people = [one for one in found["fichiers"] if one["table"] == "sorties"]
    assert [(one["fichier"], one["lignes_lues"]) for one in people] == [("structures/ (3 classeurs)", 12)]
    assert len(people[0]["sha256"]) == 64
    assert {one["fichier"] for one in found["fichiers"] if one["table"] == "structures"} == set(books)
    # A date or an hour converted in a row of a person counts that person.
    assert not [one for one in found["conversions"] if one["fichier"] in books and one["nombre"] >= 3]


EXPORT = {
    "services/fluxIAE_Structure.csv": [
        "DEB|ASP", "structure_id_siae|structure_denomination|structure_siret_actualise", f"7|Chantier|{A}", "FIN|ASP",
    ],
    "services/fluxIAE_ContratMission.csv": [
        "DEB|ASP",
        "contrat_id_ctr|contrat_id_pph|contrat_id_structure|contrat_mesure_disp_code|contrat_type_contrat|"
        "contrat_date_embauche|contrat_date_sortie_definitive|contrat_motif_sortie_id",
        "1|1001|7|ACI_DC|0|04/03/2024|28/02/2025|1",
        "FIN|ASP",
    ],
}  # fmt: skip


def test_an_official_file_of_the_services_is_read_again_when_what_completes_it_changes(folder: Folder) -> None:
    campaign = folder(EXPORT)
    assert collect(campaign, keep=True).raw["sorties"]["siret"].to_list() == [A]
    path = campaign.folder / "services/fluxIAE_Structure.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(A, B), encoding="utf-8")
    assert collect(campaign, keep=True).raw["sorties"]["siret"].to_list() == [B]


def test_accounts_take_the_siret_of_the_structure_that_bears_their_siren(folder: Folder) -> None:
    name = f"comptes/{A[:9]}_balance_2025.csv"
    files = {
        name: ["Compte;Libellé;Solde", "101000;x;-400,00", "641100;x;400,00"],
        "structures/structures.csv": [HEADER, structure("000 000 018 00028", 2025, 3), structure(A, 2025, 3)],
    }
    campaign = folder(files)
    found = collect(campaign, keep=True)
    assert set(found.raw["comptes"]["siret"]) == {A}
    assert {one.file: one.tables for one in found.received}[name] == ("comptes",)
    kept = list((campaign.folder / "registre/magasin").iterdir())
    (campaign.folder / "structures/structures.csv").write_text(
        "\n".join([HEADER, structure(B, 2025, 3)]), encoding="utf-8"
    )
    again = collect(campaign, keep=True)
    assert again.checked["comptes"].rows_accepted == 0
    assert found.checked["comptes"].rows_accepted == 1
    assert len(kept) == 2


def test_the_sirene_stock_of_the_folder_is_compared_with_what_is_sent(folder: Folder) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure(A, 2025, 3), structure(B, 2025, 3)]})
    stock = pl.DataFrame(
        {
            "siren": [A[:9]], "siret": [A], "codeCommuneEtablissement": ["62041"],
            "etatAdministratifEtablissement": ["A"], "activitePrincipaleEtablissement": ["88.10A"],
            "trancheEffectifsEtablissement": ["01"], "etablissementSiege": [True],
            "caractereEmployeurEtablissement": ["O"],
        }
    )  # fmt: skip
    (campaign.folder / "veille").mkdir()
    stock.write_parquet(campaign.folder / "veille/stock.parquet")
    found = collect(campaign)
    unknown = found.anomalies.filter(pl.col("rule") == "siret_hors_sirene")
    assert unknown.select("siret", "severity").rows() == [(B, "alerte")]
    assert {one.file for one in found.received} == {"structures/structures.csv", "veille/stock.parquet"}
    (campaign.folder / "veille/stock.parquet").rename(campaign.folder / "veille/a.parquet")
    stock.write_parquet(campaign.folder / "veille/b.parquet")
    refused = collect(campaign).anomalies.filter(pl.col("file") == "veille/a.parquet")
    assert refused.height == 1
