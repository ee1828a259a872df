"""What people really send, and what an attacker would: a clear French message, the right code, nothing executed."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import polars as pl
import pytest
from docutils.core import publish_string
from myst_parser.docutils_ import Parser
from openpyxl import Workbook, load_workbook

from ess_impact._resources import shipped
from ess_impact.report.charts import render
from ess_impact.report.frames import load_edition
from ess_impact.report.pages import write_pages

Run = CompletedProcess[str]
FORMULA = '=HYPERLINK("http://exemple.invalid","x")'
MARKUP = "<script>alert(1)</script>"
COMMAND = "=cmd|' /C calc'!A0"
BOMB = 1_200_000_000
"""Bytes of the zip bomb once inflated."""
MEMORY = 400_000
"""Kilobytes a process that refuses the bomb may use."""

SETTINGS = """\
departement: "62"
campagne: 2025
plan: pas_de_calais
date_reference: 2026-03-31
"""
WITH_DEFINITIONS = SETTINGS + "definitions: [indicateurs]\n"
INDICATOR = """\
id: essai
version: 1.0.0
valid_from: 2020-01-01
status: active
disponibilite: collecte
niveau: resultat
name: {fr: "Essai"}
definition: {fr: "Essai."}
rationale: {fr: "Essai."}
limitations: {fr: "Essai."}
unit: emplois
kind: sum
table: structures
period: {column: annee}
measures:
  value: {expr: effectif}
inference: aucune
secrecy: {unit: entreprise}
source: {provider: "Essai", dataset: "Essai"}
examples:
  - period: 2025
    rows:
      - {siret: "00000001800010", annee: "2025", denomination: A, epci: E, effectif: "10", etp: "8"}
    expect: {value: 10}
"""


def _said(done: Run, code: int, *words: str) -> None:
    """Assert the code, a message on standard error with these words, and no traceback."""
    spoken = re.sub(r"[\s│╭╮╰╯─]+", " ", done.stderr)
    assert done.returncode == code, done.stderr
    assert [word for word in words if word not in spoken] == [], done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "interne" not in spoken


def _evaluate(ess_impact: Callable[..., Run], folder: Path, *options: object) -> Run:
    return ess_impact("evaluate", folder, "--out", folder.parent / "sortie", "--no-book", *options)


# Campaign folder and settings ----------------------------------------------------------------------------------------


def test_absent_folder(ess_impact, tmp_path: Path) -> None:
    _said(_evaluate(ess_impact, tmp_path / "nulle part"), 4, "nulle part", "introuvable", "Vérifiez le chemin.")


def test_empty_folder(ess_impact, tmp_path: Path) -> None:
    (tmp_path / "vide").mkdir()
    _said(_evaluate(ess_impact, tmp_path / "vide"), 4, "campagne.yaml", "ess-impact example")
    assert list((tmp_path / "vide").iterdir()) == []
    assert not (tmp_path / "sortie").exists()


def test_settings_without_any_file(ess_impact, small_campaign) -> None:
    _said(_evaluate(ess_impact, small_campaign(structures=None)), 4, "aucun fichier lisible", "structures/")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            SETTINGS.replace("pas_de_calais", "pas_de_calai"),
            ["campagne.yaml:3", "plan introuvable", "« pas_de_calais »"],
        ),
        (SETTINGS.replace("pas_de_calais", "mon_plan.yaml"), ["campagne.yaml:3", "plan introuvable"]),
        (SETTINGS + "diffusions: public\n", ["campagne.yaml:5", "clé inconnue", "Vouliez-vous dire « diffusion » ?"]),
        (SETTINGS + "campagne: 2024\n", ["campagne.yaml:5", "« campagne » écrite deux fois"]),
        (SETTINGS + "definitions: &a [x]\nsecret: *a\n", ["campagne.yaml:6", "alias"]),
        (SETTINGS.replace("2026-03-31", "31/03/2026"), ["campagne.yaml:4", "date_reference", "date attendue"]),
        (SETTINGS.replace("2025", "hier"), ["campagne.yaml:2", "nombre entier attendu"]),
        (SETTINGS.replace('"62"', '"62'), ["campagne.yaml:", "YAML incorrect"]),
        (SETTINGS + "moteur: !!python/object/apply:os.system [id]\n", ["campagne.yaml:5"]),
        ("[]", ["campagne.yaml:1", "clé : valeur"]),
    ],
    ids=["plan", "fichier de plan", "clé inconnue", "doublon", "alias", "date", "année", "guillemet", "objet", "liste"],
)
def test_bad_settings(ess_impact, small_campaign, settings: str, words: list[str]) -> None:
    folder = small_campaign(settings)
    _said(_evaluate(ess_impact, folder), 3, *words)
    assert not (folder.parent / "sortie").exists()


@pytest.mark.parametrize("name", ["../..", "/etc", "indicateurs/../../x"])
def test_settings_that_leave_the_folder(ess_impact, small_campaign, name: str) -> None:
    done = _evaluate(ess_impact, small_campaign(SETTINGS + f"definitions: [{name}]\n"))
    _said(done, 2, "sort du dossier de campagne")


def test_a_link_out_of_the_folder_is_not_followed(ess_impact, small_campaign, tmp_path: Path) -> None:
    (tmp_path / "ailleurs.csv").write_text("siret;annee\nsecret;2025\n", encoding="utf-8")
    folder = small_campaign()
    (folder / "structures/structures_2.csv").symlink_to(tmp_path / "ailleurs.csv")
    assert _evaluate(ess_impact, folder).returncode == 0
    (found,) = _anomalies(folder)
    assert (found["file"], found["rule"]) == ("structures_2.csv", "hors_du_dossier")


# Definitions ---------------------------------------------------------------------------------------------------------


BAD_EXPRESSIONS = {
    "division": ('"effectif / 2"', "division.yaml:16"),
    "fonction": ("\"read_text('/etc/passwd')\"", "fonction.yaml:16"),
    "requete": ('"(SELECT 1)"', "requete.yaml:16"),
    "suite": ('"effectif; DROP TABLE x"', "suite.yaml:16"),
    "profonde": ('"' + "(" * 5_000 + "effectif" + ")" * 5_000 + '"', "profonde.yaml:16"),
    "colonne": ("efectif", "Vouliez-vous dire « effectif » ?"),
    "texte": ("denomination", "texte.yaml:16"),
}
BAD_DOCUMENTS = {
    "genre": (("kind: sum", "kind: summ"), "genre.yaml:12", "« sum »"),
    "cle": (("niveau:", "nivo:"), "cle.yaml:6", "clé inconnue « nivo »", "« niveau »"),
    "doublon": (("kind: sum", "unit: euros"), "doublon.yaml:12", "« unit » écrite deux fois"),
    "alias": (("unit: emplois", "unit: &u emplois\ndirection: *u"), "alias.yaml:12", "alias"),
    "absent": (("status: active\n", ""), "absent.yaml:", "status", "champ obligatoire absent"),
    "emplois_ess": (("rien", "rien"), "emplois_ess.yaml:1", "« emplois_ess » déjà défini"),
}


def test_expressions_outside_the_whitelist(ess_impact, small_campaign) -> None:
    """All at once, each with its file and line; nothing is read, nothing is run."""
    definitions = {
        name: INDICATOR.replace("id: essai", f"id: {name}").replace("expr: effectif", f"expr: {text}")
        for name, (text, _) in BAD_EXPRESSIONS.items()
    }
    folder = small_campaign(WITH_DEFINITIONS, **definitions)
    words = [f"{len(BAD_EXPRESSIONS)} fautes", *(word for _, word in BAD_EXPRESSIONS.values())]
    _said(_evaluate(ess_impact, folder), 3, *words)
    assert not (folder.parent / "sortie").exists()


def test_documents_that_cannot_be_accepted(ess_impact, small_campaign) -> None:
    definitions = {
        name: INDICATOR.replace("id: essai", f"id: {name}").replace(*change)
        for name, (change, *_) in BAD_DOCUMENTS.items()
    }
    folder = small_campaign(WITH_DEFINITIONS, **definitions)
    _said(_evaluate(ess_impact, folder), 3, *(word for _, *words in BAD_DOCUMENTS.values() for word in words))
    assert not (folder.parent / "sortie").exists()


# Files ---------------------------------------------------------------------------------------------------------------


def _anomalies(folder: Path) -> list[dict[str, str]]:
    path = folder.parent / "sortie/anomalies/anomalies.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of a few hundred kilobytes that inflates to more than a gigabyte."""
    path = tmp_path_factory.mktemp("bombe") / "00000007500010.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(BOMB // 1_000_000):
                part.write(b" " * 1_000_000)
    return path


def _workbook(path: Path, siret: str, rows: list[dict[str, Any]]) -> Path:
    book = Workbook()
    identity = book.active
    identity.title = "identite"
    for line in (["Champ", "Valeur"], ["SIRET", siret]):
        identity.append(line)
    sheet = book.create_sheet("Structures et emplois")
    for number, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)], start=1):
        for place, cell in enumerate(cells, start=1):
            sheet.cell(number, place).value = cell
            sheet.cell(number, place).data_type = "s" if isinstance(cell, str) else "n"
    book.save(path)
    return path


@pytest.fixture(scope="module")
def after_bad_files(ess_impact, bomb: Path, row, sirets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven sound structures, and beside them a bomb, a damaged file, macros, a false .csv and hostile names."""
    folder = tmp_path_factory.mktemp("pièges") / "campagne"
    (folder / "structures").mkdir(parents=True)
    (folder / "campagne.yaml").write_text(SETTINGS, encoding="utf-8")
    names = [FORMULA, MARKUP, COMMAND]
    rows = [row(siret, epci=MARKUP if place < 3 else COMMAND) for place, siret in enumerate(sirets[:6])]
    rows += [row(siret, epci=FORMULA, denomination=name) for siret, name in zip(OTHERS, names, strict=True)]
    rows += [row(FORMULA, denomination="SIRET piégé"), row(sirets[6], effectif=MARKUP, denomination=COMMAND)]
    lines = [list(rows[0]), *(list(one.values()) for one in rows)]
    with (folder / "structures/structures.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(lines)
    (folder / "structures" / bomb.name).write_bytes(bomb.read_bytes())
    good = _workbook(folder / "structures/00000012500013.xlsx", "00000012500013", [row("00000012500013")])
    (folder / "structures/abime.xlsx").write_bytes(good.read_bytes()[:2_000])
    (folder / "structures/macros.xlsm").write_bytes(good.read_bytes())
    (folder / "structures/structures_faux.csv").write_bytes(good.read_bytes())
    (folder / "structures/vide.xlsx").write_bytes(b"")
    done = _evaluate(ess_impact, folder)
    _said(done, 0)
    return folder


OTHERS = ("00000008300014", "00000009100017", "00000010900017")


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("structures/00000007500010.xlsx", "bombe_zip"),
        ("structures/abime.xlsx", "fichier_illisible"),
        ("structures/vide.xlsx", "fichier_illisible"),
        ("structures/macros.xlsm", "macros"),
        ("structures/structures_faux.csv", "mauvaise_extension"),
    ],
)
def test_a_bad_file_is_one_anomaly_with_its_remedy(after_bad_files: Path, file: str, rule: str) -> None:
    (found,) = [one for one in _anomalies(after_bad_files) if one["file"] == file]
    assert (found["rule"], found["severity"]) == (rule, "rejet")
    assert found["message"].endswith(".")
    assert found["remedy"].endswith(".")


def test_other_structures_are_not_affected(after_bad_files: Path) -> None:
    results = pl.read_parquet(after_bad_files.parent / "sortie/results/indicateurs.parquet")
    total = results.filter(indicator="emplois_ess", breakdown="_T").row(0, named=True)
    assert (total["value"], total["n"]) == (100.0, 10)


def test_hostile_text_is_inert_in_every_csv(after_bad_files: Path) -> None:
    cells = []
    for path, separator in [("anomalies/anomalies.csv", ";"), ("results/indicateurs.csv", ",")]:
        with (after_bad_files.parent / "sortie" / path).open(encoding="utf-8-sig", newline="") as file:
            cells += [cell for line in csv.reader(file, delimiter=separator) for cell in line]
    assert {f"'{FORMULA}", f"'{COMMAND}", MARKUP} <= set(cells)
    numbers = re.compile(r"-\d+(\.\d+)?(e-?\d+)?$")
    assert [cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and not numbers.match(cell)] == []


def test_hostile_text_is_inert_in_every_workbook(after_bad_files: Path) -> None:
    found = []
    for path in sorted((after_bad_files.parent / "sortie/anomalies").glob("*.xlsx")):
        cells = [cell for sheet in load_workbook(path).worksheets for line in sheet.iter_rows() for cell in line]
        assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}, path.name
        assert not any(cell.hyperlink for cell in cells)
        assert b"<f>" not in b"".join(_parts(path))
        found += [cell.value for cell in cells]
    assert {COMMAND, MARKUP} <= set(found)


def _parts(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_hostile_text_is_escaped_in_pages_and_charts(after_bad_files: Path) -> None:
    edition = load_edition(after_bad_files.parent / "sortie/results", "public")
    pages, charts = write_pages(edition, shipped("book"))
    lines = [line for page in pages for line in page.text.splitlines()]
    alternatives = [line for line in lines if line.startswith(":alt:")]
    assert not any("<script" in line for line in lines if line not in alternatives)
    assert any("&lt;script&gt;alert" in line for line in lines)
    assert "<script" not in render(charts["emplois_ess"])
    (hostile,) = {line for line in alternatives if "<script" in line and "Établissements" in line}
    figure = f"```{{figure}} x.svg\n{hostile}\n\nTitre\n```\n"
    shown = publish_string(
        figure, parser=Parser(), writer_name="html5", settings_overrides={"output_encoding": "unicode"}
    )
    assert "<script" not in shown
    assert "&lt;script&gt;alert" in shown


def test_a_zip_bomb_is_refused_without_being_inflated_in_memory(bomb: Path) -> None:
    code = (
        "from pathlib import Path\nfrom ess_impact.cli import main\ntry:\n    main()\n"
        "finally:\n    print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, "check", bomb], capture_output=True, text=True, check=False)
    _said(done, 4, "rien de lisible", "rchive démesurée")
    assert int(done.stdout.split()[-1]) < MEMORY


def test_a_needed_table_without_an_accepted_row(ess_impact, small_campaign, row) -> None:
    folder = small_campaign(structures=[row("00000001800011"), row("00000002600014")])
    _said(_evaluate(ess_impact, folder), 1, "aucune ligne acceptée", "structures", "anomalies/anomalies.csv")
    assert [one["rule"] for one in _anomalies(folder)] == ["siret_cle", "siret_cle"]
    assert not (folder.parent / "sortie/results").exists()


def test_a_failed_run_leaves_no_result_of_another_campaign(ess_impact, small_campaign, row, sirets) -> None:
    """Old figures beside new anomalies would be taken for this campaign's."""
    folder = small_campaign()
    assert _evaluate(ess_impact, folder).returncode == 0
    lines = (folder / "structures/structures.csv").read_text(encoding="utf-8").replace(";10;", ";dix;")
    (folder / "structures/structures.csv").write_text(lines, encoding="utf-8")
    _said(_evaluate(ess_impact, folder), 1, "aucune ligne acceptée")
    assert not (folder.parent / "sortie/results/indicateurs.csv").exists()


def test_an_output_folder_that_cannot_be_written(ess_impact, small_campaign, tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("", encoding="utf-8")
    _said(ess_impact("evaluate", small_campaign(), "--out", tmp_path / "fichier/out", "--no-book"), 2, "fichier")


# Command line --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        (["show", "taux_sortie_dynamique"], ["inconnu", "Vouliez-vous dire « taux_sorties_dynamiques »"]),
        (["sql", "emplois_ess", "--dialect", "klingon"], ["valeur refusée pour --dialect", "duckdb"]),
        (["list", "--objective", "o99"], ["objectif inconnu", "o1"]),
        (["evaluer"], ["evaluer"]),
        (["evaluate"], ["DOSSIER"]),
        (["evaluate", "ici", "--out", "la", "--vite"], ["--vite"]),
        (["evaluate", "ici", "--out", "la", "--engine", "sparc"], ["--engine", "duckdb"]),
        (["template", "--out", "modele.ods"], ["modele.ods", ".xlsx"]),
        (["template", "--out", "modele.xlsx", "--table", "structure"], ["structure", "« structures »"]),
        (["example", "ici", "--scale", "7"], ["--scale"]),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_usage(ess_impact, tmp_path: Path, monkeypatch, words: list[str], spoken: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    _said(ess_impact(*words), 2, *spoken)
    assert list(tmp_path.iterdir()) == []


def test_usage_is_told_in_french(ess_impact) -> None:
    spoken = ess_impact("evaluate", "ici", "--vite").stderr
    assert "No such option" not in spoken
    assert "Missing" not in spoken


def _interrupted(running: subprocess.Popen[str]) -> str:
    """Press Ctrl-C as people do, again when nothing happens: an import of a library may swallow the first."""
    for _ in range(4):
        running.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return running.communicate(timeout=6)[1]
    running.kill()
    return running.communicate()[1]


def test_an_interrupted_run_says_so(campaign_folder: Path, tmp_path: Path) -> None:
    code = (
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from ess_impact.cli import main\nprint('prêt', flush=True)\nmain()"
    )
    words = ["evaluate", campaign_folder, "--out", tmp_path / "out", "--no-book"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline() == "prêt\n"
        time.sleep(1)
        err = _interrupted(running)
    assert running.returncode == 130, err
    assert "Interrompu" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out/results").exists()


def test_a_terminal_without_unicode_is_no_failure() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ess_impact.cli import main; main()", "list", "--objective", "o1"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    _said(done, 0)
    assert "taux_sorties_dynamiques" in done.stdout
