"""Files and sheets named after a person: read, purged and rewritten as any other, and named otherwise everywhere."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.campaign import Campaign, Settings
from ess_impact.evaluation.collecting import Collected, collect
from ess_impact.evaluation.erasure import erase, purge
from ess_impact.evaluation.register import read_register, record

CATALOGUE = Catalogue.load()
A, B = "00000001800010", "00000002600013"
NIR, MAIL = "185057800608436", "jean.canari@exemple.fr"
HEADER = "siret;annee;denomination;epci;effectif;etp;famille_ess"
ANSWER = f"{A};2025;Association fictive;EPCI fictif 01;3;1;association"
EXITS = "siret;type_siae;id_salarie;date_recrutement;date_sortie;heures_travaillees;categorie_sortie"
PERSON = "SALARIE-0042"


def workbook(**sheets: list[str]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line.split(";"))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def campaign_of(folder: Path, **files: bytes) -> Campaign:
    for name, content in {"cle.txt": b"cle publique des tests", **files}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    settings = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": date(2026, 3, 31)}
    plan = CATALOGUE.plan("pas_de_calais")
    return Campaign(folder=folder, settings=Settings.model_validate(settings), catalogue=CATALOGUE, plan=plan)


def remembered(campaign: Campaign) -> Collected:
    found = collect(campaign, keep=True)
    assert record(campaign, found) == ""
    return found


def kept(campaign: Campaign) -> bytes:
    return b"".join(one.read_bytes() for one in campaign.register_folder.rglob("*") if one.is_file())


@pytest.mark.parametrize("folder", ["structures", "comptes", "services"])
@pytest.mark.parametrize("stem", [NIR, MAIL])
def test_a_file_named_after_a_person_is_named_otherwise_everywhere(tmp_path: Path, folder: str, stem: str) -> None:
    files = {f"{folder}/{stem}.xlsx": b"pas un classeur", f"{folder}/{stem} 2.csv": b"a;b\n1;2\n"}
    good = {"structures/structures.csv": f"{HEADER}\n{ANSWER}\n".encode()}
    campaign = campaign_of(tmp_path, **files, **good)
    found = remembered(campaign)
    shown = {one.file for one in found.received} - set(good)
    assert len(shown) == 2
    assert all(one.startswith(f"{folder}/masqué-") for one in shown)
    assert shown == set(found.anomalies["file"])
    assert shown < {one.fichier for one in read_register(campaign)}
    assert stem not in found.anomalies.write_csv() + repr(found)
    assert stem.encode() not in kept(campaign)


def test_accounts_named_after_a_person_are_read_and_named_otherwise(tmp_path: Path) -> None:
    balance = f"SIRET;{A}\nCompte;Libellé;Solde\n641000;Salaires;12\n706000;Ventes;-12\n".encode()
    answer = f"{HEADER}\n{ANSWER}\n".encode()
    name = f"balance_2024_{NIR}.csv"
    found = remembered(campaign_of(tmp_path, **{f"comptes/{name}": balance, "structures/structures.csv": answer}))
    (file,) = {report.file for report in found.files} - {"structures/structures.csv"}
    assert file.startswith("comptes/balance_2024_masqué-")
    assert found.raw["comptes"]["_file"].unique().to_list() == [file]
    assert NIR not in repr(found) + repr(found.conversions) + found.anomalies.write_csv()


def test_rows_of_a_file_and_a_sheet_named_after_a_person_are_erased_then_purged(tmp_path: Path) -> None:
    exits = [EXITS, *(f"{A};ACI;{one};01/02/2022;03/02/2025;900;durable" for one in (PERSON, "SALARIE-0043"))]
    name = f"services/sorties_{MAIL}.xlsx"
    answer = f"{HEADER}\n{ANSWER}\n".encode()
    campaign = campaign_of(tmp_path, **{name: workbook(**{NIR: exits}), "structures/structures.csv": answer})
    found = remembered(campaign)
    assert found.raw["sorties"].height == 2
    assert MAIL not in repr(found)
    certificate = erase(campaign, PERSON, today=date(2026, 6, 1))
    (one,) = certificate.done
    assert (one.fichier.startswith("services/masqué-"), one.lignes) == (True, 1)
    assert remembered(campaign).raw["sorties"].height == 1
    deleted = purge(campaign, today=date(2028, 6, 1)).done
    assert one.fichier in {each.fichier for each in deleted}
    assert not (campaign.folder / name).exists()
    assert not [word for word in (NIR, MAIL) if word.encode() in kept(campaign)]


@pytest.mark.parametrize(("name", "doubted"), [(B, True), (A, False), (f"{B}_v2", True), ("envoi", False)])
def test_a_workbook_named_after_another_structure_is_doubted(tmp_path: Path, name: str, doubted: bool) -> None:
    book = workbook(identite=[f"SIRET;{A}"], structures=[HEADER, ANSWER])
    found = collect(campaign_of(tmp_path, **{f"structures/{name}.xlsx": book})).anomalies
    doubts = found.filter(rule="expediteur_different")
    assert doubts.select("severity", "siret").rows() == [("alerte", A)] * doubted
    assert not [text for text in doubts["message"] if A in text or B in text]
