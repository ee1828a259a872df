"""How far an erasure and a purge reach: kept reports, outputs, files nobody reads, a register somebody saved again."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import UsageError
from ess_impact.evaluation.blanking import mask_word, mentions, near_mentions
from ess_impact.evaluation.campaign import Campaign, Settings
from ess_impact.evaluation.certificates import Certificate
from ess_impact.evaluation.collecting import collect
from ess_impact.evaluation.erasure import erase, purge
from ess_impact.evaluation.outputs import written_files
from ess_impact.evaluation.register import PURGED, mark, read_register, record, register_fault
from ess_impact.evaluation.terms import read_day

CATALOGUE = Catalogue.load()
A, PERSON = "00000001800010", "SALARIE-0042"
HEADER = "siret;type_siae;id_salarie;date_recrutement;date_sortie;heures_travaillees;categorie_sortie"
TODAY, LATER = date(2026, 6, 1), date(2040, 1, 1)
EXITS = "services/sorties.csv"

Make = Callable[..., Campaign]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(*persons: str, **files: str) -> Campaign:
        folder = tmp_path / "campagne"
        rows = [f"{A};ACI;{one};01/02/2024;03/02/2025;900;durable" for one in (*persons, "SALARIE-0099")]
        for name, text in {"cle.txt": "cle publique des tests", EXITS: "\n".join([HEADER, *rows]), **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        fields = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": date(2026, 3, 31)}
        plan = CATALOGUE.plan("pas_de_calais")
        return Campaign(folder=folder, settings=Settings.model_validate(fields), catalogue=CATALOGUE, plan=plan)

    return write


@pytest.fixture
def known(make: Make) -> Campaign:
    campaign = make(PERSON)
    assert record(campaign, collect(campaign, keep=True)) == ""
    return campaign


def told(certificate: Certificate, words: str) -> bool:
    return any(words in one for one in certificate.left)


def test_the_reports_kept_no_longer_name_the_person(known: Campaign) -> None:
    kept = known.folder / "registre/rapports/2026-03-31_abc"
    kept.mkdir(parents=True)
    (kept / "anomalies.csv").write_text(f"valeur\n{PERSON}\nautre\n", encoding="utf-8")
    (kept / "note.bin").write_bytes(b"\xff\xfe" + PERSON.encode("utf-16-le"))
    dry = erase(known, PERSON, today=TODAY, dry_run=True)
    assert PERSON in (kept / "anomalies.csv").read_text(encoding="utf-8")
    certificate = erase(known, PERSON, today=TODAY)
    assert [one.fichier for one in certificate.done] == [one.fichier for one in dry.done]
    assert "registre/rapports/2026-03-31_abc/anomalies.csv" in {one.fichier for one in certificate.done}
    assert (kept / "anomalies.csv").read_text(encoding="utf-8") == "valeur\n[masqué]\nautre\n"
    assert not (kept / "note.bin").exists()


@pytest.mark.parametrize("kind", ["inside", "itself", "above", "other", "absent"])
def test_only_a_folder_of_results_is_cleaned(make: Make, tmp_path: Path, kind: str) -> None:
    campaign = make(PERSON)
    places = {"inside": campaign.folder / "sortie", "itself": campaign.folder, "above": tmp_path}
    place = places.get(kind, tmp_path / "ailleurs")
    if kind != "absent":
        place.mkdir(exist_ok=True)
        (place / "note.txt").write_text(PERSON, encoding="utf-8")
    with pytest.raises(UsageError, match="sortie"):
        erase(campaign, PERSON, today=TODAY, outputs=[place])
    assert PERSON in (campaign.folder / EXITS).read_text(encoding="utf-8")
    assert kind == "absent" or (place / "note.txt").exists()


def test_only_what_a_run_writes_is_looked_at(make: Make, tmp_path: Path) -> None:
    campaign, out = make(PERSON), tmp_path / "sortie"
    ours = ["journal.json", "anomalies.csv", f"{A}.xlsx", "anomalies/fichier-x-1.xlsx", "results/a.csv", "book/b.html"]
    for name in (*ours, "mon_classeur.xlsx", "anomalies/note.txt"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(PERSON, encoding="utf-8")
    (out / "results/lien.csv").symlink_to(campaign.folder / EXITS)
    assert written_files(out, campaign.folder) == sorted(out / name for name in ours)
    erase(campaign, PERSON, today=TODAY, outputs=[out])
    left = sorted(one.name for one in out.rglob("*") if one.is_file())
    assert left == ["lien.csv", "mon_classeur.xlsx", "note.txt"]


def test_what_nobody_reads_is_always_told(make: Make) -> None:
    campaign = make(**{"structures/sous/a.csv": "x", "structures/.cache.csv": "x"})
    (campaign.folder / "services/sorties_2.csv").write_bytes(f"siret;id_salarie\n{A};{PERSON}\n".encode("utf-16"))
    (campaign.folder / "structures/vieux.xls").write_bytes(b"\xd0\xcf\x11\xe0\0" + PERSON.encode("utf-16-le"))
    certificate = erase(campaign, PERSON, today=TODAY)
    assert certificate.done == ()
    for name in ("services/sorties_2.csv", "structures/vieux.xls"):
        assert told(certificate, f"{name} : illisible")
        assert told(certificate, f"{name} : 1 mention(s)")
    for name in ("structures/sous/a.csv", "structures/.cache.csv"):
        assert told(certificate, f"{name} : fichier que l'outil ne lit pas")


@pytest.mark.parametrize(
    ("typed", "asked"),
    [("salarie-0042", PERSON), ("SALARIE -0042", PERSON), ("SALARIE\u00a0-0042", PERSON), ("042", "42"), ("42.0", "42"),
     ("z7", "Z7"), (unicodedata.normalize("NFD", "ÉLÉONORE"), "ÉLÉONORE")],
)  # fmt: skip
def test_other_spellings_are_told_and_left(make: Make, typed: str, asked: str) -> None:
    campaign = make(typed)
    certificate = erase(campaign, asked, today=TODAY)
    assert certificate.done == ()
    assert told(certificate, "proche")
    assert typed in (campaign.folder / EXITS).read_text(encoding="utf-8")


def test_words_in_every_form() -> None:
    assert mentions("a;né".encode("utf-16"), "né") == 1
    assert near_mentions(b"A 42;a42;xA42", "A42") == 2
    assert near_mentions("PERS\xa0042".encode("cp1252"), "PERS042") == 1
    assert mask_word(b"\xffPERS042", "PERS042") == b"\xffPERS042"
    assert mask_word(b"PERS042;PERS0421", "PERS042") == "[masqué];PERS0421".encode()


@pytest.mark.parametrize("structure", ["abc", "00000001800011"])
def test_a_structure_is_a_siret(make: Make, structure: str) -> None:
    with pytest.raises(UsageError, match="SIRET"):
        erase(make(PERSON), PERSON, today=TODAY, structure=structure)


def test_a_siret_may_be_written_with_spaces(make: Make) -> None:
    assert len(erase(make(PERSON), PERSON, today=TODAY, structure="000 000 018\u00a000010").done) == 1


def test_the_store_is_said_to_be_what_it_is(known: Campaign, tmp_path: Path) -> None:
    assert "1 lecture supprimée" in erase(known, PERSON, today=TODAY).searched[-1].replace("\u00a0", " ")
    assert "0 lecture" in erase(known, PERSON, today=TODAY).searched[-1].replace("\u00a0", " ")
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    (elsewhere / "these.odt").write_text("x", encoding="utf-8")
    store = known.folder / "registre/magasin"
    store.rmdir()
    store.symlink_to(elsewhere)
    assert told(erase(known, PERSON, today=TODAY), "c'était un lien, retiré")
    assert not store.is_symlink()
    assert (elsewhere / "these.odt").exists()


def _line(campaign: Campaign, name: str, until: str) -> str:
    digest = hashlib.sha256((campaign.folder / name).read_bytes()).hexdigest()
    return f"{name};{digest};;sorties;2020-01-01;1;1;0;0;;{until};présent;\n"


def _rewrite(campaign: Campaign, change: Callable[[str], str]) -> Path:
    path = campaign.folder / "registre/recus.csv"
    path.write_text(change(path.read_text(encoding="utf-8-sig")), encoding="utf-8")
    return path


def test_only_files_received_are_deleted(known: Campaign) -> None:
    (known.folder / "campagne.yaml").write_text("x", encoding="utf-8")
    names = ("cle.txt", "services/../campagne.yaml")
    _rewrite(known, lambda text: text + "".join(_line(known, one, "2020-01-01") for one in names))
    certificate = purge(known, today=TODAY)
    assert certificate.done == ()
    assert all(told(certificate, f"{one} : inscrit au registre") for one in names)
    assert (known.folder / "cle.txt").exists()


@pytest.mark.parametrize(
    ("text", "found"),
    [("2027-09-30", date(2027, 9, 30)), ("30/09/2027", date(2027, 9, 30)), ("1/2/2027", date(2027, 2, 1)),
     ("09/30/2027", None), ("30/09/27", None), ("46295", None), ("", None)],
)  # fmt: skip
def test_days_of_a_spreadsheet(text: str, found: date | None) -> None:
    assert read_day(text) == found


def test_a_term_saved_by_a_spreadsheet_is_the_same_term(known: Campaign) -> None:
    _rewrite(known, lambda text: text.replace("2027-09-30", "30/09/2027"))
    assert purge(known, today=date(2027, 9, 30)).done == ()
    assert len(purge(known, today=date(2027, 10, 1), dry_run=True).done) == 1
    _rewrite(known, lambda text: text.replace("30/09/2027", "sept. 2027"))
    certificate = purge(known, today=LATER)
    assert certificate.done == ()
    assert told(certificate, "date de conservation illisible")


def test_a_file_that_cannot_be_deleted_is_told_and_the_rest_is_written(
    known: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.unlink

    def locked(self: Path, missing_ok: bool = False) -> None:
        if self.suffix in {".csv", ".arrow"}:
            raise PermissionError(13, "occupé")
        original(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", locked)
    certificate = purge(known, today=LATER)
    assert certificate.done == ()
    assert told(certificate, f"{EXITS} : suppression impossible")
    assert told(certificate, "magasin des lectures")
    assert len(list((known.folder / "registre/certificats").iterdir())) == 2
    kept = known.folder / "registre/rapports/x"
    kept.mkdir(parents=True)
    (kept / "a.bin").write_bytes(b"\xff" + PERSON.encode())
    assert told(erase(known, PERSON, today=TODAY), "lecture(s) impossible(s) à supprimer")


def test_a_line_written_twice_is_purged_once(known: Campaign) -> None:
    _rewrite(known, lambda text: text + text.splitlines()[1] + "\n")
    assert len(purge(known, today=LATER).done) == 1
    assert {one.etat for one in read_register(known)} == {PURGED}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(";", ","),
        lambda text: text + "trop;court\n",
        lambda text: "x" * 200_000,
        lambda text: text[3:],
    ],
)
def test_a_damaged_register_is_never_written_over(known: Campaign, change: Callable[[str], str]) -> None:
    path = _rewrite(known, change)
    before = path.read_bytes()
    assert "Registre illisible" in record(known, collect(known))
    certificate = purge(known, today=LATER)
    assert certificate.done == ()
    assert told(certificate, "Registre illisible")
    assert told(erase(known, PERSON, today=TODAY), "Registre illisible")
    assert path.read_bytes() == before
    assert (known.folder / EXITS).exists()


def test_a_register_that_is_a_link_is_not_written(known: Campaign, tmp_path: Path) -> None:
    moved = tmp_path / "ailleurs"
    (known.folder / "registre").rename(moved)
    (known.folder / "registre").symlink_to(moved)
    before = (moved / "recus.csv").read_bytes()
    assert "lien" in register_fault(known)
    assert "lien" in record(known, collect(known, keep=True))
    assert mark(known, {("a", "b")}, PURGED, TODAY) == [register_fault(known)]
    certificate = erase(known, PERSON, today=TODAY)
    assert told(certificate, "le magasin qu'il désigne n'a pas été vidé")
    assert told(certificate, "registre/rapports : c'est un lien")
    assert (moved / "recus.csv").read_bytes() == before
    assert list((moved / "magasin").iterdir())
