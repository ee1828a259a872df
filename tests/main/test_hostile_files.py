"""Files nobody should send: each is refused or read, within bounds, with a reason; the others go on.

Elsewhere: zip bomb, damaged workbook, .xlsm, formulas and markup as text (test_bad_input), official files
(test_official_hostile), what makes an archive unsafe (test_safe_workbooks), encodings (test_decoding).
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from stdnum import luhn

from ess_impact.report.checks import check_path

Run = CompletedProcess[str]
HEADER = ["siret", "annee", "denomination", "epci", "effectif", "etp"]
SETTINGS = 'departement: "62"\ncampagne: 2025\nplan: pas_de_calais\ndate_reference: 2026-03-31\n'
MEMORY = 1_500_000
"""Kilobytes that a process may use to refuse files of a hundred megabytes."""

SECONDS = 60
"""CPU seconds it may take."""


def siret(number: int) -> str:
    head = f"{number:08d}"
    head += luhn.calc_check_digit(head) + "0001"
    return head + luhn.calc_check_digit(head)


def row(number: int = 1, **cells: Any) -> list[Any]:
    good = dict(zip(HEADER, [siret(number), 2025, "Structure fictive", "EPCI fictif 01", 10, "8,5"], strict=True))
    return list({**good, **cells}.values())


def lines(*rows: list[Any], header: list[str] = HEADER) -> str:
    return "".join(";".join(map(str, cells)) + "\n" for cells in (header, *rows))


def workbook(*rows: list[Any], **sheets: list[list[Any]]) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, cells in {"structures": [HEADER, *rows], **sheets}.items():
        sheet = book.create_sheet(title)
        for line in cells:
            sheet.append(line)
    return book


def saved(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def altered(raw: bytes, *changes: tuple[str, bytes, bytes], **parts: bytes) -> bytes:
    """Replace bytes within parts of a workbook, and add parts."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    for name, before, after in changes:
        assert before in content[name], name
        content[name] = content[name].replace(before, after)
    return zipped({**content, **{name.replace("__", "/").replace("_", "."): part for name, part in parts.items()}})


def zipped(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def nested_zip() -> bytes:
    content = bytes(10_000_000)
    for _ in range(3):
        content = zipped({f"{number}.zip": content for number in range(10)})
    return content


SHEET = "xl/worksheets/sheet1.xml"
GOOD = saved(workbook(row()))
ENTITIES = b'<!DOCTYPE sst [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
TITLES = (b'name="autre"', b'name="structures"')
PASSWORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000) + "EncryptedPackage".encode("utf-16-le")

REFUSED: dict[str, tuple[bytes, str]] = {
    "archive_d_archives.xlsx": (nested_zip(), "pas_un_classeur"),
    "entites.xlsx": (altered(GOOD, xl__sharedStrings_xml=ENTITIES + b"<sst/>"), "xml_interdit"),
    "entites_utf16.xlsx": (altered(GOOD, xl__x_xml=ENTITIES.decode().encode("utf-16")), "xml_interdit"),
    "coin_lointain.xlsx": (altered(GOOD, (SHEET, b'r="F2"', b"r = 'XFD1048576'")), "bombe_zip"),
    "textes_annonces.xlsx": (altered(GOOD, xl__sharedStrings_xml=b'<sst uniqueCount="4294967295"/>'), "bombe_zip"),
    "macros_renommees.xlsx": (altered(GOOD, xl__vbaProject_bin=b"x"), "macros"),
    "macros.xlsm": (GOOD, "macros"),
    "mot_de_passe.xlsx": (PASSWORD, "classeur_protege"),
    "csv.xlsx": (lines(row()).encode(), "fichier_illisible"),
    "html.xlsx": (b"<html><table><tr><td>siret</td></tr></table></html>", "fichier_illisible"),
    "vide.xlsx": (b"", "fichier_illisible"),
    "titres_doubles.xlsx": (
        altered(saved(workbook(row(), autre=[])), ("xl/workbook.xml", *TITLES)),
        "feuille_en_double",
    ),
    "classeur.csv": (GOOD, "mauvaise_extension"),
    "pdf.csv": (b"%PDF-1.7\n%\xe2\xe3", "mauvaise_extension"),
    "html.csv": (b"\n<!DOCTYPE html><html><body>siret;annee</body></html>", "mauvaise_extension"),
    "image.csv": (b"\x89PNG\r\n\x1a\n\x00\x00", "fichier_binaire"),
    "comprime.csv": (gzip.compress(lines(row()).encode()), "fichier_binaire"),
    "octets_nuls.csv": (lines(row(denomination="A\x00B")).encode(), "fichier_binaire"),
    "utf16.csv": (lines(row()).encode("utf-16"), "fichier_binaire"),
    "utf16_sans_marque.csv": (lines(row()).encode("utf-16-le"), "fichier_binaire"),
    "deux_encodages.csv": (lines(row(denomination="Été")).encode() + "Été é".encode() + b"\xe9\n", "encodage_inconnu"),
    "colonnes.csv": ((";" * 1_000_000 + "\n").join(["", "a"]).encode(), "trop_de_colonnes"),
    "titre_sans_fin.csv": (b"siret" + b"x" * 1_000_000, "ligne_demesuree"),
    "irregulier_entre_guillemets.csv": (lines(row()).encode() + b'"x"\n' * 200_000, "ligne_irreguliere"),
    "irregulier.csv": (lines(row()).encode() + b"x\n" * 200_000, "ligne_irreguliere"),
    "vide.csv": (b"", "fichier_vide"),
    "blancs.csv": (b"\xef\xbb\xbf \n\t\n;;;\n", "fichier_vide"),
    "a\nb.csv": (lines(row()).encode(), "nom_de_fichier"),
    "\x1b[31mrouge.csv": (lines(row()).encode(), "nom_de_fichier"),
    "\u202egnp.csv": (lines(row()).encode(), "nom_de_fichier"),
    os.fsdecode(b"latin\xe9.csv"): (lines(row()).encode(), "nom_de_fichier"),
}
"""Name of the file to its content and to the rule it breaks."""

GOOD_SIRETS = [siret(number) for number in range(1, 8)]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of seven sound structures among every file above, and a link that leads outside."""
    folder = tmp_path_factory.mktemp("hostile") / "campagne"
    (folder / "structures").mkdir(parents=True)
    (folder / "campagne.yaml").write_text(SETTINGS, encoding="utf-8")
    rows = [row(number) for number in range(1, 8)]
    (folder / "structures/structures.csv").write_text(lines(*rows), encoding="utf-8")
    for name, (content, _) in REFUSED.items():
        (folder / f"structures/structures_{name}").write_bytes(content)
    outside = folder.parent / "ailleurs.csv"
    outside.write_text(lines(row(99)), encoding="utf-8")
    (folder / "structures/structures_lien.csv").symlink_to(outside)
    return folder


@pytest.fixture(scope="module")
def evaluated(ess_impact: Callable[..., Run], campaign: Path) -> Run:
    start = time.process_time()
    done = ess_impact("evaluate", campaign, "--out", campaign.parent / "sortie", "--no-book")
    assert time.process_time() - start < SECONDS
    return done


@pytest.fixture(scope="module")
def found(evaluated: Run, campaign: Path) -> list[dict[str, str]]:
    with (campaign.parent / "sortie/anomalies/anomalies.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def shown(name: str) -> str:
    """A file name once nothing in it acts on what shows it."""
    return "".join("\ufffd" if one in "\x1b\u202e" or "\ud800" <= one <= "\udfff" else one for one in name)


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: ascii(name)[1:-1])
def test_a_hostile_file_is_one_rejet_with_a_reason(found: list[dict[str, str]], name: str) -> None:
    (one,) = [one for one in found if one["file"] == f"structures/structures_{shown(name)}"]
    assert (one["rule"], one["severity"], one["row"]) == (REFUSED[name][1], "rejet", "")
    assert one["message"].endswith(".")
    assert one["remedy"].endswith(".")


def test_the_others_go_on(evaluated: Run, found: list[dict[str, str]], campaign: Path) -> None:
    assert (evaluated.returncode, evaluated.stderr) == (0, "")
    assert f"{len(REFUSED) + 1} fichiers refusés" in evaluated.stdout
    results = pl.read_parquet(campaign.parent / "sortie/results/indicateurs.parquet")
    total = results.filter(indicator="emplois_ess", breakdown="_T").row(0, named=True)
    assert (total["value"], total["n"]) == (70.0, 7)


def test_a_link_that_leads_outside_is_not_read(found: list[dict[str, str]], campaign: Path) -> None:
    assert [one["rule"] for one in found if one["file"].endswith("structures_lien.csv")] == ["hors_du_dossier"]
    assert siret(99) not in "".join(path.read_text() for path in (campaign.parent / "sortie").rglob("*.csv"))


def test_nothing_written_acts_on_a_terminal(ess_impact: Callable[..., Run], campaign: Path, evaluated: Run) -> None:
    done = ess_impact("check", campaign / "structures")
    assert done.returncode == 1
    for text in (done.stdout, done.stderr, evaluated.stdout):
        assert not {"\x1b", "\u202e", "\x00"} & set(text)
    assert "interne" not in done.stderr


# Exit codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["entites.xlsx", "mot_de_passe.xlsx", "macros.xlsm", "colonnes.csv", "octets_nuls.csv"]
)
def test_code_4_and_a_reason_where_nothing_is_readable(
    ess_impact: Callable[..., Run], campaign: Path, name: str
) -> None:
    done = ess_impact("check", campaign / f"structures/structures_{name}")
    assert (done.returncode, done.stdout) == (4, "")
    assert f"structures_{name} : rien de lisible (" in done.stderr
    assert "nregistrez-le" in done.stderr or "séparateur" in done.stderr
    assert ("macros" in done.stderr) == name.endswith(".xlsm")


@pytest.mark.parametrize("kind", ["folder", "broken", "loop", "pipe", "device", "absent", "headers_only"])
def test_what_is_no_file_of_data(ess_impact: Callable[..., Run], tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("structures.xlsx" if kind == "folder" else "structures.csv")
    {
        "folder": path.mkdir,
        "broken": lambda: path.symlink_to("nulle_part.csv"),
        "loop": lambda: path.symlink_to(path.name),
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "absent": lambda: None,
        "headers_only": lambda: path.write_text(lines(), encoding="utf-8"),
    }[kind]()
    done = ess_impact("check", path)
    assert (done.returncode, done.stdout) == (4, "")
    assert any(
        words in done.stderr for words in ("introuvable", "ni un fichier ni un dossier", "rien de lisible (aucun")
    )


def test_a_file_one_may_not_read(
    ess_impact: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "structures.csv"
    path.write_text(lines(row()), encoding="utf-8")

    read = Path.read_bytes

    def denied(self: Path) -> bytes:
        if self.name == path.name:
            raise PermissionError(13, "Permission denied", str(self))
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", denied)
    done = ess_impact("check", path)
    assert done.returncode == 4
    assert "vous avez le droit de le lire" in done.stderr


@pytest.mark.parametrize(
    "setting",
    ["definitions: [../ailleurs]", "attendus: ../../etc/passwd", "cle_pseudonymes: ../cle.txt", "plan: ../p.yaml"],
)
def test_settings_do_not_leave_the_folder(ess_impact: Callable[..., Run], tmp_path: Path, setting: str) -> None:
    folder = tmp_path / "campagne"
    (folder / "structures").mkdir(parents=True)
    (folder / "structures/structures.csv").write_text(lines(row()), encoding="utf-8")
    name, _, _ = setting.partition(":")
    kept = [line for line in SETTINGS.splitlines() if not line.startswith(f"{name}:")]
    (folder / "campagne.yaml").write_text("\n".join([*kept, setting]), encoding="utf-8")
    done = ess_impact("evaluate", folder, "--out", tmp_path / "sortie", "--no-book")
    assert done.returncode == 2
    assert "sort du dossier de campagne" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["campagne"]


def test_odd_names_on_the_command_line(
    ess_impact: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ici").mkdir()
    (tmp_path / "-rf.csv").write_text(lines(row()), encoding="utf-8")
    (tmp_path / "=1+1.csv").write_text(lines(row(effectif="dix")), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "ici")
    assert ess_impact("check", "../-rf.csv").returncode == 0
    monkeypatch.chdir(tmp_path)
    assert ess_impact("check", "--", "-rf.csv").returncode == 0
    assert ess_impact("check", "--out", "retour", "=1+1.csv").returncode == 1
    with (tmp_path / "retour/anomalies.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [one["file"] for one in csv.DictReader(file, delimiter=";")] == ["'=1+1.csv"]


# Files that are odd, and read ----------------------------------------------------------------------------------------


def checked(path: Path, table: str = "structures") -> tuple[pl.DataFrame, list[tuple[Any, ...]]]:
    """Accepted rows, and the place and rule of what is wrong."""
    collected = check_path(path, table=table).collected
    return collected.checked[table].accepted, collected.anomalies.select("row", "column", "rule").rows()


CACHED = altered(
    saved(workbook(row(denomination="=cmd|' /C calc'!A0"))), (SHEET, b"</f><v></v>", b"</f><v>Ma structure</v>")
)
CACHED = altered(CACHED, (SHEET, b'<c r="C2">', b'<c r="C2" t="str">'))
MIXED = lines(row(1, denomination="Été")).encode() + ";".join(map(str, row(2, denomination="Âge d'or"))).encode(
    "cp1252"
)

READ: dict[str, tuple[bytes, int, list[tuple[Any, ...]]]] = {
    "retours_seuls.csv": (lines(row()).replace("\n", "\r").encode(), 1, []),
    "encodages_par_ligne.csv": (MIXED, 2, []),
    "texte_tres_long.csv": (lines(row(denomination="z" * 1_000_000)).encode(), 1, []),
    "guillemet.csv": ((lines(row()) + '"' + lines(row(2), row(3))).encode(), 1, [(3, "", "guillemet_ouvert")]),
    "ligne_tres_large.csv": ((lines(row()) + "x;" * 100_000).encode(), 1, [(3, "", "ligne_irreguliere")]),
    "formule_calculee.xlsx": (CACHED, 1, []),
    "formule_sans_valeur.xlsx": (
        saved(workbook(row(effectif="=5+5"), row(2))), 1, [(2, "effectif", "erreur_tableur")]),
    "cellule_en_erreur.xlsx": (saved(workbook(row(effectif="#N/A"), row(2))), 1, [(2, "effectif", "erreur_tableur")]),
    "nombres_en_texte.xlsx": (saved(workbook(row(effectif="10", annee="2025", etp=8.5))), 1, []),
    "siret_en_nombre.xlsx": (saved(workbook(row(siret=73282932000074, effectif=10.000000000000002))), 1, []),
    "siret_arrondi.xlsx": (saved(workbook(row(siret=7.32829e13), row(2))), 1, [(2, "siret", "identifiant_tronque")]),
    "siret_arrondi.csv": (lines(row(siret="7,32829E+13"), row(2)).encode(), 1, [(2, "siret", "identifiant_tronque")]),
    "feuille_masquee.xlsx": (
        altered(GOOD, ("xl/workbook.xml", b'state="visible"', b'state="veryHidden"')), 1, []),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_an_odd_file_is_read_or_said_wrong_never_silently(tmp_path: Path, name: str) -> None:
    content, rows, anomalies = READ[name]
    (tmp_path / name).write_bytes(content)
    accepted, found = checked(tmp_path / name)
    assert (accepted.height, found) == (rows, anomalies)
    assert accepted["effectif"].to_list() == [10] * rows


def test_what_was_read_is_what_was_written(tmp_path: Path) -> None:
    names = {}
    for name in ("encodages_par_ligne.csv", "formule_calculee.xlsx"):
        (tmp_path / name).write_bytes(READ[name][0])
        names[name] = checked(tmp_path / name)[0]["denomination"].to_list()
    assert list(names.values()) == [["Été", "Âge d'or"], ["Ma structure"]]


def test_a_siret_rounded_by_a_spreadsheet_never_passes(tmp_path: Path) -> None:
    """One in a hundred has right keys all the same."""
    rounded = next(
        one for one in range(732_820_000, 732_830_000) if luhn.is_valid(f"{one}") and luhn.is_valid(f"{one}00000")
    )
    (tmp_path / "a.xlsx").write_bytes(saved(workbook(row(siret=rounded * 100_000), row(2))))
    accepted, found = checked(tmp_path / "a.xlsx")
    assert (accepted.height, found) == (1, [(2, "siret", "identifiant_tronque")])


def test_merged_headers_are_told(tmp_path: Path) -> None:
    book = workbook(row())
    book.worksheets[0].merge_cells("A1:B1")
    book.save(tmp_path / "a.xlsx")
    accepted, found = checked(tmp_path / "a.xlsx")
    assert (accepted.height, found) == (0, [(None, "", "colonne_inconnue"), (None, "annee", "colonne_absente")])


def test_days_counted_from_1904(tmp_path: Path) -> None:
    header = ["id_seance", "date", "type", "college", "sieges", "presents"]
    book = workbook(cdess=[header, ["S1", datetime(2025, 3, 14), "pleniere", "c1", 10, 5]])
    book.remove(book["structures"])
    book.epoch = CALENDAR_MAC_1904
    book.save(tmp_path / "a.xlsx")
    accepted, found = checked(tmp_path / "a.xlsx", "cdess")
    assert (accepted["date"].to_list(), found) == ([date(2025, 3, 14)], [])


# Bounds --------------------------------------------------------------------------------------------------------------


def test_files_of_a_hundred_megabytes_are_refused_within_bounds(tmp_path: Path) -> None:
    """In a process of its own, whose memory and time are measured, and bounded so that a failure harms nobody."""
    folder = tmp_path / "structures"
    folder.mkdir()
    heavy = {
        "bon": lines(row()).encode(),
        "titres": b"siret" + b";" * 100_000_000,
        "une_ligne": lines(row(2)).encode() + b"y" * 100_000_000,
        "guillemets": lines(row(3)).encode() + b'"a"' + b";" * 30_000_000,
        "lignes_vides": lines(row(4)).encode() + b"\n" * 30_000_000,
        "large_et_vide": b";".join(b"c%d" % number for number in range(9_999)) + b"\n" * 300_000,
    }
    for name, content in heavy.items():
        (folder / f"structures_{name}.csv").write_bytes(content)
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))\n"
        "from ess_impact.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, "check", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert int(done.stdout.split()[-1]) < MEMORY
    for words in ("Plus de 10000 colonnes", "La ligne a 1 cellule", "est démesurée", "Plus de 20000000 lignes"):
        assert words in done.stdout
