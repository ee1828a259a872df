"""The same file has the same verdict here, under frictionless 4 and 5 and hence on the Validata service."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ess_impact.data.checking import check
from ess_impact.data.reading import read_table
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType
from ess_impact.report.export_schemas import VALID, export_table_schemas
from ess_impact.report.schema_differences import STRICTER, TOLERATED

SHAPED = ("sorties", "clauses", "achats")
"""Tables whose files are cut, widened and doubled; wrong cells are tried once per type, over all tables."""
KEY = b"cle publique de test"
ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("frictionless_verdicts.py")

WRONG = {
    ColumnType.SIRET: "1234567890123",
    ColumnType.RNA: "A123",
    ColumnType.DEPARTEMENT: "99",
    ColumnType.COMMUNE: "Lens",
    ColumnType.CODE: "inconnu",
    ColumnType.LISTE: "BIO,inconnu",
    ColumnType.BOOLEEN: "peut-être",
    ColumnType.DATE: "2025-02-30",
    ColumnType.ANNEE: "25",
    **dict.fromkeys(SCALES.keys() - {ColumnType.ANNEE}, "beaucoup"),
}

Rows = list[list[str]]
Places = set[tuple[int | None, str | None]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file, the table it is meant for, and where its faults are."""

    table: str
    name: str
    rows: Rows
    faults: Places


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The shipped definitions."""
    return Catalogue.load()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Path:
    """Every schema with its examples."""
    folder = tmp_path_factory.mktemp("schemas")
    export_table_schemas(catalogue, folder)
    return folder


def _file(folder: Path, table: str, **cells: str) -> Rows:
    with (folder / table / VALID).open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file)) | cells
    return [list(row), list(row.values())]


def _cases(folder: Path, catalogue: Catalogue) -> Iterator[Case]:
    for name in SHAPED:
        yield from _shape_cases(catalogue.tables[name], _file(folder, name))
    seen: set[tuple[str, ColumnType]] = set()
    for table in catalogue.tables.values():
        for column in table.columns:
            for kind, text in _wrong(column).items():
                if (kind, column.type) not in seen:
                    seen.add((kind, column.type))
                    rows = _file(folder, table.id, **{column.name: text})
                    yield Case(table=table.id, name=f"{column.name} {kind}", rows=rows, faults={(2, column.name)})


def _shape_cases(table: Table, good: Rows) -> Iterator[Case]:
    name, (header, row) = table.id, good
    required = next(index for index, column in enumerate(table.columns) if column.required)
    free = next(index for index, column in enumerate(table.columns) if not column.required)
    yield Case(table=name, name="valide", rows=good, faults=set())
    yield Case(table=name, name="colonne en trop", rows=[[*header, "note"], [*row, "x"]], faults=set())
    yield Case(table=name, name="cellule en trop", rows=[header, [*row, "x"]], faults={(2, None)})
    yield Case(table=name, name="cellule manquante", rows=[header, row[:-1]], faults={(2, None)})
    yield Case(table=name, name="colonne facultative absente", rows=_without(good, free), faults=set())
    absent = {(None, header[required])}
    yield Case(table=name, name="colonne obligatoire absente", rows=_without(good, required), faults=absent)
    if table.key:
        yield Case(table=name, name="doublon", rows=[*good, row], faults={(3, None)})


def _without(rows: Rows, index: int) -> Rows:
    return [[*cells[:index], *cells[index + 1 :]] for cells in rows]


def _wrong(column: Column) -> dict[str, str]:
    wrong = {"faux": WRONG[column.type]} if column.type in WRONG else {}
    if column.required:
        wrong["vide"] = ""
    if column.min is not None:
        wrong["trop petit"] = str(float(column.min) - 1).removesuffix(".0")
    if column.max is not None:
        wrong["trop grand"] = str(float(column.max) + 1).removesuffix(".0")
    if column.type is ColumnType.DATE:
        wrong["avant 1900"] = "1899-12-31"
    return wrong


def _extra(title: str, cell: str) -> Callable[[Rows], Rows]:
    return lambda rows: [[*rows[0], title], *([*row, cell] for row in rows[1:])]


DIFFERENT: dict[str, tuple[str, dict[str, str] | Callable[[Rows], Rows]]] = {
    "virgule_decimale": ("sorties", {"heures_travaillees": "812,5"}),
    "milliers": ("clauses", {"heures_prevues": "1 400"}),
    "unite": ("subventions", {"montant": "24000 €"}),
    "date_francaise": ("sorties", {"date_sortie": "28/02/2025"}),
    "identifiant_espace": ("sorties", {"siret": "000 000 018 00010"}),
    "libelle": ("sorties", {"sexe": "Femmes"}),
    "separateur_de_liste": ("achats", {"categories_egalim": "BIO;LABEL_ROUGE"}),
    "oui_autrement": ("clauses", {"marche_acheve": "vrai"}),
    "espaces_autour": ("sorties", {"sexe": " F"}),
    "ligne_vide": ("cdess", lambda rows: [*rows, [""] * 6]),
    "titre_de_colonne": ("cdess", lambda rows: [["Séance", *rows[0][1:]], *rows[1:]]),
    "cle": ("sorties", {"siret": "00000001800011"}),
    "decimales": ("sorties", {"heures_travaillees": "812.1234"}),
    "trois_decimales": ("legumeries", {"tonnes_entrees": "84.512"}),
    "scientifique": ("sorties", {"heures_travaillees": "1e3"}),
    "nombre_trop_grand": ("departements", {"depenses_insertion_rsa": "1234567890123"}),
    "cellule_blanche": ("cdess", {"id_seance": "  "}),
    "donnee_personnelle": ("cdess", {"id_seance": "jean@exemple.fr"}),
    "colonne_personnelle": ("cdess", _extra("date de naissance", "1980-01-01")),
}
"""One file for each way of writing on which the verdicts differ."""


@pytest.fixture(scope="session")
def cases(published: Path, catalogue: Catalogue) -> list[Case]:
    """Files whose verdict is the same everywhere."""
    return list(_cases(published, catalogue))


@pytest.fixture(scope="session")
def different(published: Path) -> list[Case]:
    """Files on which they differ."""
    made = []
    for name, (table, edit) in DIFFERENT.items():
        rows = _file(published, table, **edit) if isinstance(edit, dict) else edit(_file(published, table))
        made.append(Case(table=table, name=name, rows=rows, faults=set()))
    return made


@pytest.fixture(scope="session")
def files(published: Path, cases: list[Case], different: list[Case]) -> list[Path]:
    """Every case as a file beside its schema: those that agree, those that differ, then the published examples."""
    written = []
    for number, case in enumerate([*cases, *different]):
        path = published / case.table / f"cas_{number}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(case.rows)
        written.append(path)
    return written + sorted(published.glob("*/exemple-*.csv"))


@pytest.fixture(scope="session", params=[4, 5])
def theirs(request: pytest.FixtureRequest, files: list[Path]) -> list[Places]:
    """What frictionless finds in every file, in one process: it takes a second to start."""
    interpreter = sys.executable if request.param == 5 else _frictionless_4()
    asked = json.dumps([[str(path), str(path.with_name("schema.json"))] for path in files])
    done = subprocess.run([interpreter, str(RUNNER)], input=asked, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return [{(row, name) for row, name in one} for one in json.loads(done.stdout)]


def _frictionless_4() -> str:
    own = ROOT / ".venv-f4" / "bin" / "python"
    interpreter = str(own) if own.is_file() else os.environ.get("FRICTIONLESS4_PYTHON", "")
    if not interpreter:
        pytest.skip("frictionless 4 absent : ni .venv-f4, ni FRICTIONLESS4_PYTHON")
    return interpreter


@pytest.fixture(scope="session")
def ours(files: list[Path], catalogue: Catalogue) -> list[Places]:
    """What we find in every file, apart from alertes and from row rules, which a Table Schema cannot say."""
    return [_ours(path, catalogue) for path in files]


def _ours(path: Path, catalogue: Catalogue) -> Places:
    table = catalogue.tables[path.parent.name]
    found = check(read_table(path, table), table, catalogue=catalogue, key=KEY).anomalies
    beyond = [rule.id for rule in table.rules]
    rejects = found.filter((found["severity"] == "rejet") & ~found["rule"].is_in(beyond))
    return {
        (row, None if rule in ("doublon", "ligne_irreguliere") else column)
        for row, column, rule in rejects.select("row", "column", "rule").rows()
    }


def test_same_faults_at_the_same_places(cases: list[Case], theirs: list[Places], ours: list[Places]) -> None:
    wrong = [
        (case.table, case.name, found, mine)
        for case, found, mine in zip(cases, theirs, ours, strict=False)
        if not found == mine == case.faults
    ]
    assert wrong == []
    assert len(cases) > 50


def test_differences_are_those_the_readme_names(
    cases: list[Case], different: list[Case], theirs: list[Places], ours: list[Places]
) -> None:
    start = len(cases)
    pairs = zip(different, theirs[start:], ours[start:], strict=False)
    verdicts = {case.name: (not found, not mine) for case, found, mine in pairs}
    accepted_here = {name for name, verdict in verdicts.items() if verdict == (False, True)}
    refused_here = {name for name, verdict in verdicts.items() if verdict == (True, False)}
    assert accepted_here == {one.id for one in TOLERATED}
    assert refused_here == {one.id for one in STRICTER}


def test_published_examples(files: list[Path], theirs: list[Places], ours: list[Places]) -> None:
    for path, found, mine in zip(files, theirs, ours, strict=True):
        if path.name.startswith("exemple-"):
            assert (not found, found) == (path.name == VALID, mine), path
