"""Rows emptied in what was received, and nothing else changed; files deleted when their term has come."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import UnknownNameError, UsageError
from ess_impact.evaluation.blanking import blank_rows, mentions
from ess_impact.evaluation.campaign import Campaign, Settings
from ess_impact.evaluation.collecting import Collected, collect
from ess_impact.evaluation.erasure import erase, purge
from ess_impact.evaluation.register import PURGED, read_register, record

CATALOGUE = Catalogue.load()
A, B = "00000001800010", "00000002600013"
PERSON, OTHER = "SALARIE-0042", "SALARIE-0043"
HEADER = "siret;type_siae;id_salarie;date_recrutement;date_sortie;heures_travaillees;categorie_sortie"
TODAY = date(2026, 6, 1)


def exit_of(siret: str, person: str, year: int = 2025) -> str:
    return f"{siret};ACI;{person};01/02/2022;03/02/{year};900;durable"


def workbook(siret: str, *persons: str) -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "identite"
    for row in (("Champ", "Valeur"), ("SIRET", siret)):
        book.worksheets[0].append(row)
    sheet = book.create_sheet("sorties")
    for line in (HEADER, *(exit_of(siret, person) for person in persons)):
        sheet.append(line.split(";"))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    files = {
        "cle.txt": b"cle publique des tests",
        "services/sorties.csv": "\r\n".join(
            [HEADER, exit_of(B, PERSON, 2023), exit_of(A, OTHER), exit_of(B, PERSON, 2024)]
        ).encode(),
        f"structures/{B}.xlsx": workbook(B, PERSON, OTHER, "SALARIE-0044"),
        "structures/structures.csv": (
            "siret;annee;denomination;epci;effectif;etp\n"
            + "".join(f"{one};2025;Association fictive;EPCI fictif 01;3;1\n" for one in (A, B))
        ).encode(),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    settings = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": date(2026, 3, 31)}
    plan = CATALOGUE.plan("pas_de_calais")
    return Campaign(folder=tmp_path, settings=Settings.model_validate(settings), catalogue=CATALOGUE, plan=plan)


def remembered(campaign: Campaign) -> Collected:
    found = collect(campaign, keep=True)
    assert record(campaign, found) == ""
    return found


def people(found: Collected) -> list[tuple[str, str, int]]:
    rows = found.raw["sorties"].select("siret", "id_salarie", "_row").rows()
    return sorted(rows)


def everything(folder: Path) -> list[tuple[str, bytes]]:
    """Every name and every byte of a folder, workbooks and readings unpacked."""
    found = []
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        found.append((path.name, content))
    return found


def test_after_an_erasure_no_byte_names_the_person(campaign: Campaign) -> None:
    before = remembered(campaign)
    pseudonym = next(person for _, person, row in people(before) if row == 2)
    assert any(PERSON.encode() in content for _, content in everything(campaign.folder))
    certificate = erase(campaign, f" {PERSON} ", today=TODAY)
    for name, content in everything(campaign.folder):
        assert not [word for word in (PERSON, pseudonym) if word in name or word.encode() in content], name
    after = remembered(campaign)
    gone = {one for one in people(before) if one[1] == pseudonym}
    assert people(after) == sorted(set(people(before)) - gone)
    assert after.checked["sorties"].accepted["id_salarie"].n_unique() == (
        before.checked["sorties"].accepted["id_salarie"].n_unique() - 1
    )
    assert {(one.fichier, one.lignes) for one in certificate.done} == {
        ("services/sorties.csv", 2), (f"structures/{B}.xlsx", 1),
    }  # fmt: skip


def test_the_certificate_says_what_was_done_without_naming_anybody(campaign: Campaign) -> None:
    remembered(campaign)
    certificate = erase(campaign, PERSON, today=TODAY)
    folder = campaign.folder / "registre/certificats"
    assert sorted(path.name for path in folder.iterdir()) == [
        "effacement-2026-06-01-1.json", "effacement-2026-06-01-1.txt",
    ]  # fmt: skip
    data = json.loads((folder / "effacement-2026-06-01-1.json").read_text(encoding="utf-8"))
    text = (folder / "effacement-2026-06-01-1.txt").read_text(encoding="utf-8")
    assert data["fichiers"][0]["sha256_avant"] != data["fichiers"][0]["sha256_apres"]
    assert "services/sorties.csv : réécrit (2 lignes vidées)" in text.replace("\xa0", " ").replace("\u202f", " ")
    listed = text.split("Ce qui ne peut pas être atteint :\n")[1].splitlines()
    assert [one[-1] for one in listed] == [*(";" for _ in listed[1:]), "."]
    assert len(certificate.reference) == 24
    again = erase(campaign, PERSON, today=TODAY)
    assert (again.done, again.reference) == ((), certificate.reference)
    assert "Rien trouvé" in (folder / "effacement-2026-06-01-2.txt").read_text(encoding="utf-8")
    states = {one.fichier: (one.etat, one.efface_le) for one in read_register(campaign)}
    assert states["services/sorties.csv"] == ("réécrit après effacement", "2026-06-01")
    assert states["structures/structures.csv"] == ("présent", "")


def test_a_pseudonym_designates_the_same_person(campaign: Campaign) -> None:
    pseudonym = next(person for _, person, row in people(collect(campaign)) if row == 2)
    dry = erase(campaign, pseudonym, today=TODAY, dry_run=True)
    assert {one.fichier: one.lignes for one in dry.done} == {"services/sorties.csv": 2, f"structures/{B}.xlsx": 1}


def test_a_trial_changes_nothing(campaign: Campaign) -> None:
    remembered(campaign)
    before = {path: path.read_bytes() for path in campaign.folder.rglob("*") if path.is_file()}
    certificate = erase(campaign, PERSON, today=TODAY, dry_run=True)
    assert "rien n'a été modifié" in certificate.text()
    assert before == {path: path.read_bytes() for path in campaign.folder.rglob("*") if path.is_file()}


@pytest.fixture
def shared(campaign: Campaign) -> Campaign:
    """The same identifier in a row of another structure."""
    path = campaign.folder / "services/sorties.csv"
    path.write_bytes(path.read_bytes() + f"\r\n{exit_of(A, PERSON)}".encode())
    return campaign


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_identifier_of_several_structures_needs_one(shared: Campaign, dry_run: bool) -> None:
    before = everything(shared.folder)
    with pytest.raises(UsageError, match=r"2 structures.*--structure") as raised:
        erase(shared, PERSON, today=TODAY, dry_run=dry_run)
    assert not [word for word in (PERSON, A, B) if word in str(raised.value)]
    assert sorted(everything(shared.folder)) == sorted(before)


def test_one_structure_only(shared: Campaign) -> None:
    certificate = erase(shared, PERSON, today=TODAY, structure=A)
    text = (shared.folder / "services/sorties.csv").read_text(encoding="utf-8")
    assert text.count(PERSON) == 2
    assert exit_of(A, PERSON) not in text
    assert [(one.fichier, one.lignes) for one in certificate.done] == [("services/sorties.csv", 1)]
    elsewhere = "ligne(s) où il est présent aussi chez une autre structure, non demandé"
    assert certificate.left == (
        f"structures/{B}.xlsx : 1 {elsewhere}", f"services/sorties.csv : 2 {elsewhere}",
    )  # fmt: skip
    again = erase(shared, PERSON, today=TODAY, structure=B)
    assert (sum(one.lignes for one in again.done), again.left) == (3, ())


def test_mentions_elsewhere_are_told_and_results_that_name_the_person_are_deleted(campaign: Campaign) -> None:
    path = campaign.folder / "services/sorties.csv"
    path.write_bytes(path.read_bytes() + f"\r\n{A};ACI;{PERSON}".encode())
    out = campaign.folder.parent / "sortie"
    (out / "results").mkdir(parents=True)
    (out / "anomalies.csv").write_text(f"personne;{PERSON}\n", encoding="utf-8")
    (out / "results/autre.csv").write_text(f"personne;{PERSON}9\n", encoding="utf-8")
    certificate = erase(campaign, PERSON, today=TODAY, outputs=[out])
    assert certificate.left == ("services/sorties.csv : 1 mention(s) hors des colonnes de personnes",)
    assert [path.name for path in out.rglob("*.csv")] == ["autre.csv"]
    assert "sortie/anomalies.csv" in {one.fichier for one in certificate.done}


@pytest.mark.parametrize("identifier", ["", "  ", A, A[:9]])
def test_an_enterprise_is_no_person(campaign: Campaign, identifier: str) -> None:
    with pytest.raises(UsageError, match="identifiant d'une personne"):
        erase(campaign, identifier, today=TODAY)


def test_a_file_that_cannot_be_rewritten_faithfully_is_left_and_told(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ess_impact.evaluation.erasure.blank_rows", lambda raw, rows: raw)
    before = (campaign.folder / "services/sorties.csv").read_bytes()
    certificate = erase(campaign, PERSON, today=TODAY)
    assert certificate.done == ()
    assert len(certificate.left) == 2
    assert (campaign.folder / "services/sorties.csv").read_bytes() == before
    assert not list(campaign.folder.rglob("effacement-*.csv"))


CSV: tuple[tuple[bytes, set[int], bytes], ...] = (
    (b"a;b\n1;2\n3;4\n", {2}, b"a;b\n\n3;4\n"),
    (b"a;b\r\n1;2\r\n3;4", {3}, b"a;b\r\n1;2\r\n"),
    (b"a;b\r1;2\r3;4\r", {2, 3}, b"a;b\r\r\r"),
    (b'a;b\n"x\ny";2\n3;"4"\n', {2}, b'a;b\n\n3;"4"\n'),
    (b'a;b\n"x\ny";2\n3;"4"\n', {3}, b'a;b\n"x\ny";2\n\n'),
    ("a;b\n1;\xe9\n\xe8;4\n".encode("cp1252"), {2}, "a;b\n\n\xe8;4\n".encode("cp1252")),
    ("\ufeffa;b\n1;é\n".encode(), {9}, "\ufeffa;b\n1;é\n".encode()),
)


@pytest.mark.parametrize(("raw", "rows", "expected"), CSV)
def test_the_rest_of_a_text_file_keeps_its_bytes(raw: bytes, rows: set[int], expected: bytes) -> None:
    assert blank_rows(raw, {"": rows}) == expected


def _values(raw: bytes) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(raw))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def _shared(raw: bytes) -> bytes:
    """Put the texts of a workbook where Excel and LibreOffice put them: one part for all sheets."""
    texts: list[bytes] = []

    def index(match: re.Match[bytes]) -> bytes:
        if match[2] not in texts:
            texts.append(match[2])
        return b'%s t="s"><v>%d</v></c>' % (match[1], texts.index(match[2]))

    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            text = re.sub(rb'(<c [^>]*?) t="inlineStr"><is>(.*?)</is></c>', index, old.read(name))
            kind = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%ssharedStrings+xml"/></Types>' % _KIND
            text = text.replace(b"</Types>", kind)
            if name.endswith("workbook.xml.rels"):
                link = b'<Relationship Id="rId99" Type="%s/sharedStrings" Target="sharedStrings.xml"/>' % _LINK
                text = text.replace(b"</Relationships>", link + b"</Relationships>")
            new.writestr(name, text)
        items = b"".join(b"<si>%s</si>" % one for one in texts)
        new.writestr("xl/sharedStrings.xml", b'<sst xmlns="%s">%s</sst>' % (_MAIN, items))
    return written.getvalue()


_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = b"application/vnd.openxmlformats-officedocument.spreadsheetml."


@pytest.mark.parametrize(("form", "parts"), [(_shared, ["xl/sharedStrings.xml"]), (bytes, [])])
def test_the_rest_of_a_workbook_keeps_its_cells_and_its_parts(form: Callable[[bytes], bytes], parts: list[str]) -> None:
    book = openpyxl.Workbook()
    first, second = book.worksheets[0], book.create_sheet("Autre & feuille")
    for row in (("nom", "note"), ("seul", "partagé"), ("reste", "=1+1")):
        first.append(row)
    second.append(("partagé",))
    written = io.BytesIO()
    book.save(written)
    raw = form(written.getvalue())
    emptied = blank_rows(raw, {first.title: {2}})
    expected = _values(raw)
    expected[first.title][1] = (None, None)
    assert _values(emptied) == expected
    assert (mentions(raw, "seul"), mentions(emptied, "seul"), mentions(emptied, "partagé")) == (1, 0, 1)
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(io.BytesIO(emptied)) as new:
        changed = [name for name in old.namelist() if old.read(name) != new.read(name)]
        assert old.namelist() == new.namelist()
    assert sorted(changed) == [*parts, "xl/worksheets/sheet1.xml"]
    assert blank_rows(raw, {"Autre & feuille": {1}}) != raw


@pytest.mark.parametrize(
    ("raw", "word", "number"),
    [(b"a;S-12;S-123", "S-12", 1), ("é;Né;né".encode("cp1252"), "né", 1), (b"PK\x03\x04 abime", "abime", 0)],
)
def test_mentions_are_whole_words(raw: bytes, word: str, number: int) -> None:
    assert mentions(raw, word) == number


Purged = Callable[..., set[str]]


@pytest.fixture
def purged(campaign: Campaign) -> Purged:
    def run(day: date, **options: object) -> set[str]:
        return {one.fichier for one in purge(campaign, today=day, **options).done}  # type: ignore[arg-type]

    return run


def test_files_are_deleted_after_their_term_and_not_before(campaign: Campaign, purged: Purged) -> None:
    remembered(campaign)
    term = {one.fichier: one.conserver_jusqu_au for one in read_register(campaign)}
    assert term == {
        "services/sorties.csv": "2027-09-30",
        f"structures/{B}.xlsx": "2027-09-30",
        "structures/structures.csv": "2029-03-31",
    }
    assert purged(date(2027, 9, 30)) == set()
    assert not (campaign.folder / "registre/certificats").exists()
    assert purged(date(2027, 10, 1), dry_run=True) == {"services/sorties.csv", f"structures/{B}.xlsx"}
    assert purged(date(2027, 10, 1), tables=["structures"]) == set()
    assert purged(date(2027, 10, 1)) == {"services/sorties.csv", f"structures/{B}.xlsx"}
    left = {path.relative_to(campaign.folder).as_posix() for path in campaign.folder.rglob("*") if path.is_file()}
    assert {name for name in left if not name.startswith("registre/")} == {"cle.txt", "structures/structures.csv"}
    assert len(list((campaign.folder / "registre/magasin").iterdir())) == 1
    remembered(campaign)
    states = {one.fichier: (one.etat, one.efface_le, one.lignes_lues) for one in read_register(campaign)}
    assert states["services/sorties.csv"] == (PURGED, "2027-10-01", "3")
    assert states["structures/structures.csv"][0] == "présent"
    assert "supprimé (à conserver jusqu'au 2027-09-30)" in next(
        (campaign.folder / "registre/certificats").glob("purge-*.txt")
    ).read_text(encoding="utf-8")


def test_what_the_register_does_not_know_is_left_and_told(campaign: Campaign, purged: Purged) -> None:
    remembered(campaign)
    path = campaign.folder / "services/sorties.csv"
    path.write_bytes(path.read_bytes() + b"\r\n")
    certificate = purge(campaign, today=date(2040, 1, 1))
    assert "services/sorties.csv" not in {one.fichier for one in certificate.done}
    assert path.exists()
    assert any("services/sorties.csv" in one for one in certificate.left)
    with pytest.raises(UnknownNameError):
        purged(date(2040, 1, 1), tables=["inconnue"])


def test_refused_rows_are_emptied_too(campaign: Campaign) -> None:
    path = campaign.folder / "services/sorties.csv"
    path.write_bytes(path.read_bytes() + f"\r\n{B};FAUX;{PERSON};hier;demain;x;y".encode())
    erase(campaign, PERSON, today=TODAY)
    assert PERSON.encode() not in path.read_bytes()
    assert collect(campaign).raw["sorties"].filter(pl.col("_row") == 5).is_empty()


def test_workbooks_about_persons_leave_the_output_folders_given(campaign: Campaign, tmp_path: Path) -> None:
    remembered(campaign)
    out = tmp_path / "sortie"
    (out / "anomalies").mkdir(parents=True)
    (out / "anomalies/anomalies.csv").touch()
    path = out / f"anomalies/{B}.xlsx"
    path.write_bytes(workbook(B, PERSON))
    book = openpyxl.load_workbook(path)
    book["sorties"].title = CATALOGUE.tables["sorties"].name.fr[:31]
    book.save(path)
    book["identite"].title, other = "Structures", out / f"anomalies/{A}.xlsx"
    del book[book.sheetnames[1]]
    book.save(other)
    received = campaign.folder / f"structures/{B}.xlsx"
    term = date(2027, 10, 1)
    assert purge(campaign, today=date(2027, 9, 30), outputs=[out]).done == ()
    dry = purge(campaign, today=term, outputs=[out], dry_run=True)
    assert (path.exists(), dry.left) == (True, ())
    assert f"sortie/anomalies/{B}.xlsx" in {one.fichier for one in dry.done}
    # Files received are no output, even when their folder is given for one.
    certificate = purge(campaign, today=term, tables=["mobilite"], outputs=[received.parent])
    assert (certificate.done, received.exists()) == ((), True)
    blind = purge(campaign, today=term)
    assert any("aucun dossier de sortie indiqué" in one for one in blind.left)
    assert path.exists()
    # The raw files are gone already; what was made from them still can be found.
    late = purge(campaign, today=term, outputs=[out])
    assert [one.fichier for one in late.done] == [f"sortie/anomalies/{B}.xlsx"]
    assert (path.exists(), other.exists()) == (False, True)
    assert "dossier de sortie : sortie (classeurs d'anomalies)" in late.searched
