"""Who sent what, when, what came of it and until when it is kept; and whom to remind."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from ess_impact.data.synthetic import write_example
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.campaign import Campaign, Settings
from ess_impact.evaluation.collecting import Collected, collect
from ess_impact.evaluation.register import keep_reports, keep_until, read_register, record, write_table
from ess_impact.evaluation.reminders import reminders, write_reminders

CATALOGUE = Catalogue.load()
A, B, C, D, E = "00000001800010", "00000002600013", "00000003400017", "00000004200010", "00000005900014"
HEADER = "siret;annee;denomination;epci;effectif;etp;femmes"
EXPECTED = "services/structures_attendues.csv"
EXITS = ["siret", "type_siae", "id_salarie", "date_recrutement", "date_sortie", "heures_travaillees"]

Folder = Callable[..., Campaign]


def structure(siret: str, name: str = "Association fictive", jobs: object = 3, year: int = 2025) -> str:
    return f"{siret};{year};{name};EPCI fictif 01;{jobs};1;1"


def workbook(path: Path, siret: str, sheets: Mapping[str, list[list[object]]]) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "identite"
    for row in (("Champ", "Valeur"), ("SIRET", siret)):
        book.worksheets[0].append(row)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path.parent.mkdir(exist_ok=True)
    book.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write consolidated files, all received on the same day, and open them as a campaign."""

    def write(files: Mapping[str, list[str]], **settings: object) -> Campaign:
        (tmp_path / "cle.txt").write_text("cle publique des tests", encoding="utf-8")
        for name, lines in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            received = datetime(2026, 2, 3, 12, tzinfo=UTC).timestamp()
            os.utime(path, (received, received))
        fields = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": date(2026, 3, 31)}
        plan = CATALOGUE.plan("pas_de_calais")
        opened = Settings.model_validate(fields | settings)
        return Campaign(folder=tmp_path, settings=opened, catalogue=CATALOGUE, plan=plan)

    return write


def remembered(campaign: Campaign) -> Collected:
    found = collect(campaign, keep=True)
    assert record(campaign, found) == ""
    return found


def test_every_file_is_in_the_register(folder: Folder) -> None:
    campaign = folder({
        "structures/structures.csv": [HEADER, structure(A), structure(B, jobs="x")],
        "services/notes.pdf": ["%PDF-1.4"],
        "veille/departements.csv": ["code_departement;annee;part_emploi_ess", "62;2024;0,1"],
    })  # fmt: skip
    workbook(
        campaign.folder / f"structures/{C}.xlsx",
        C,
        {"sorties": [EXITS, [C, "ACI", "S1", "02/01/2025", "03/02/2025", 9]]},
    )
    remembered(campaign)
    found = {one.fichier: one for one in read_register(campaign)}
    assert set(found) == {
        "structures/structures.csv", "services/notes.pdf", "veille/departements.csv", f"structures/{C}.xlsx",
    }  # fmt: skip
    csv_file = found["structures/structures.csv"]
    assert (csv_file.tables, csv_file.recu_le, csv_file.etat) == ("structures", "2026-02-03", "présent")
    assert (csv_file.lignes_lues, csv_file.lignes_acceptees, csv_file.rejets) == ("2", "1", "1")
    assert len(csv_file.sha256) == 64
    book = found[f"structures/{C}.xlsx"]
    assert (book.expediteur, book.tables, book.feuilles_absentes) == (C, "sorties", "structures")
    # Nobody knows what a refused file holds: the shortest term. Open data have none.
    terms = {name: one.conserver_jusqu_au for name, one in found.items()}
    assert terms == {
        "structures/structures.csv": "2029-03-31",
        f"structures/{C}.xlsx": "2027-09-30",
        "services/notes.pdf": "2027-09-30",
        "veille/departements.csv": "",
    }


def test_the_register_is_for_its_owner_and_is_no_submission(folder: Folder) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure(A)]})
    remembered(campaign)
    first = (campaign.folder / "registre/recus.csv").read_bytes()
    found = remembered(campaign)
    assert (campaign.folder / "registre/recus.csv").read_bytes() == first
    assert [one.file for one in found.received] == ["structures/structures.csv"]
    modes = {path.name: path.stat().st_mode & 0o777 for path in (campaign.folder / "registre").iterdir()}
    assert modes == {"recus.csv": 0o600, "magasin": 0o700}
    assert (campaign.folder / "registre").stat().st_mode & 0o777 == 0o700


def test_checking_writes_nothing(folder: Folder) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure(A)]})
    collect(campaign)
    assert not (campaign.folder / "registre").exists()


def test_a_resubmission_replaces_and_both_stay_listed(folder: Folder) -> None:
    first = {"structures/structures_a.csv": [HEADER, structure(A)]}
    campaign = folder(first | {"structures/structures_b.csv": [HEADER, structure(B)]})
    remembered(campaign)
    (campaign.folder / "structures/structures_b.csv").unlink()
    folder({"structures/structures_a.csv": [HEADER, structure(A, jobs=4)]})
    remembered(campaign)
    states = sorted((one.fichier[-5], one.etat) for one in read_register(campaign))
    assert states == [("a", "présent"), ("a", "remplacé"), ("b", "retiré")]
    folder(first)
    os.utime(campaign.folder / "structures/structures_a.csv", (0, 0))
    remembered(campaign)
    back = [(one.etat, one.recu_le) for one in read_register(campaign) if one.fichier.endswith("a.csv")]
    assert sorted(back) == [("présent", "2026-02-03"), ("remplacé", "2026-02-03")]


def test_a_folder_that_cannot_be_written_to_keeps_no_memory_and_works(folder: Folder) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure(A)]})
    (campaign.folder / "registre").write_text("un fichier", encoding="utf-8")
    found = collect(campaign, keep=True)
    assert found.checked["structures"].rows_accepted == 1
    assert "lecture seule" in record(campaign, found)
    assert read_register(campaign) == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a;b\n1;2\n", b"fichier;sha256\nx\n"])
def test_a_register_nobody_can_read_is_left_as_it_is(folder: Folder, content: bytes) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure(A)]})
    (campaign.folder / "registre").mkdir()
    (campaign.folder / "registre/recus.csv").write_bytes(content)
    assert read_register(campaign) == []
    assert "Registre illisible" in record(campaign, collect(campaign))
    assert (campaign.folder / "registre/recus.csv").read_bytes() == content


@pytest.mark.parametrize(
    ("reference", "tables", "expected"),
    [
        (date(2026, 3, 31), ["structures"], date(2029, 3, 31)),
        (date(2026, 3, 31), ["structures", "sorties"], date(2027, 9, 30)),
        (date(2026, 8, 31), ["sorties"], date(2028, 2, 29)),
        (date(2026, 3, 31), ["departements"], None),
        (date(2026, 3, 31), [], date(2027, 9, 30)),
    ],
)
def test_the_shortest_term_of_the_tables_prevails(reference: date, tables: list[str], expected: date | None) -> None:
    assert keep_until(reference, tables, CATALOGUE.tables) == expected


def test_no_cell_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", ["a", "b"], [{"a": "=1+1", "b": "x;y"}, {"a": "@x", "b": "-1"}])
    raw = (tmp_path / "t.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert rows == [["a", "b"], ["'=1+1", "x;y"], ["'@x", "'-1"]]


def test_each_structure_is_told_where_it_stands(folder: Folder) -> None:
    campaign = folder(
        {
            "structures/structures.csv": [
                HEADER, structure(A, "=Association piégée"), structure(B, jobs="x"), structure(D, year=2024),
            ],
            EXPECTED: [
                "siret;denomination;effectif", f"{A};Ancien nom;3", f"{B};Béta;3", f"{C};Gamma;3", f"{E};Epsilon;1",
            ],
        },
        attendus=EXPECTED,
    )  # fmt: skip
    rows = [EXITS, [E, "ACI", "S1", "02/01/2025", "03/02/2025", 900]]
    workbook(campaign.folder / f"structures/{E}.xlsx", E, {"structures": [HEADER.split(";")], "sorties": rows})
    found = {one.siret: one for one in reminders(campaign, collect(campaign))}
    assert {siret: one.statut for siret, one in found.items()} == {
        A: "complet", B: "à corriger", C: "rien reçu", E: "feuille manquante",
        D: "année autre que celle de la campagne",
    }  # fmt: skip
    assert next(iter(found)) == C
    assert found[A].denomination == "=Association piégée"
    assert (found[B].denomination, found[B].rejets, found[B].a_renvoyer) == ("Béta", 1, f"{B}.xlsx")
    assert (found[C].manque.startswith("tout l'envoi"), found[C].a_renvoyer) == (True, "")
    assert "2025" in found[D].manque
    assert {siret: one.attendue for siret, one in found.items()} == {A: "oui", B: "oui", C: "oui", D: "non", E: "oui"}
    path = write_reminders(campaign, collect(campaign))
    assert path == campaign.folder / "registre/relances.csv"
    assert "'=Association piégée" in path.read_text(encoding="utf-8-sig")


def test_the_example_reminds_the_silent_and_the_faulty(tmp_path: Path) -> None:
    summary = write_example(tmp_path, scale=0.01)
    campaign = Campaign.open(tmp_path)
    found = collect(campaign)
    told = reminders(campaign, found)
    statuses = {one.siret: one.statut for one in told}
    assert [one.siret for one in told if one.statut == "rien reçu"] == list(summary.silent)
    refused = next(one.file for one in summary.planted if one.kind == "fichier_corrompu")
    assert statuses[Path(refused).stem] == "à corriger"
    written = write_reminders(campaign, replace(found, expected=None), tmp_path / "ailleurs/relances.csv")
    rows = list(csv.DictReader(io.StringIO(written.read_text(encoding="utf-8-sig")), delimiter=";"))
    assert {row["attendue"] for row in rows} == {""}
    assert len(rows) == len(told) - len(summary.silent)


def test_reports_outlive_the_files_and_the_same_run_leaves_one_copy(folder: Folder, tmp_path: Path) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure(A)]})
    report = tmp_path / "sortie" / "anomalies.csv"
    report.parent.mkdir()
    for text in ("un", "un", "deux"):
        report.write_text(text, encoding="utf-8")
        keep_reports(campaign, [report, tmp_path / "absent.csv"])
    kept = sorted((campaign.register_folder / "rapports").iterdir())
    assert sorted((one / "anomalies.csv").read_text(encoding="utf-8") for one in kept) == ["deux", "un"]
    assert all(one.name.startswith("2026-03-31_") for one in kept)


def test_what_is_no_file_is_said_and_stops_nothing(folder: Folder) -> None:
    campaign = folder({"structures/structures.csv": [HEADER, structure(A)], "structures/envois/a.csv": [HEADER]})
    (campaign.folder / "structures/vide").mkdir()
    (campaign.folder / "structures/perdu.xlsx").symlink_to(campaign.folder / "nulle part")
    found = collect(campaign)
    said = found.anomalies.filter(rule="element_non_lu")
    assert said["file"].to_list() == ["structures/envois", "structures/perdu.xlsx"]
    assert set(said["severity"]) == {"alerte"}
    assert found.checked["structures"].rows_accepted == 1
