"""Small files written by hand in the official layouts; every figure in them is invented."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table

Write = Callable[..., Path]

COLUMNS = {
    "departements": {
        "code_departement": "departement",
        "nom": "texte",
        "code_region": "texte",
        "annee": "annee",
        "part_emploi_ess": "ratio",
        "allocataires_rsa": "entier",
        "depenses_insertion_rsa": "euros",
        "population": "entier",
    },
    "cantines": {
        "annee": "annee",
        "siret": "siret",
        "departement": "departement",
        "declarant": "texte",
        "secteurs": "texte",
        "type_gestion": "texte",
        "part_bio": "ratio",
        "part_egalim_hors_bio": "ratio",
    },
}


def _table(name: str, columns: Mapping[str, str]) -> Table:
    label = {"fr": name}
    asked = [{"name": one, "type": kind, "label": {"fr": one}} for one, kind in columns.items()]
    document = {"id": name, "version": "1.0.0", "name": label, "description": label, "columns": asked}
    return Table.model_validate({**document, "provider": "ouverte", "source": "essai"})


@pytest.fixture(scope="session")
def tables() -> dict[str, Table]:
    """The two tables official files feed."""
    return {name: _table(name, columns) for name, columns in COLUMNS.items()}


@pytest.fixture
def write_csv(tmp_path: Path) -> Write:
    """Write a CSV of text cells and return its path."""

    def write(name: str, rows: Sequence[str], *, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(rows) + "\n", encoding=encoding)
        return path

    return write


@pytest.fixture
def write_itdd(tmp_path: Path) -> Write:
    """Write a workbook laid out as Insee's ITDD file: a block of régions, then one of départements."""

    def write(departements: Sequence[Sequence[object]], *, label: str = "", name: str = "ITDD.xlsx") -> Path:
        import openpyxl

        workbook = openpyxl.Workbook()
        workbook.active.title = "Social"
        workbook.create_sheet("Environnement")
        sheet = workbook.create_sheet("Economie")
        label = label or "Poids de l'économie sociale dans les emplois salariés du territoire (%)"
        for block, rows in (("REGIONS", [["11", "Région fictive", 60, 7.1, 6.9]]), ("DEPARTEMENTS", departements)):
            sheet.append(["Indicateurs- Dimension Economique"])
            sheet.append([None, block])
            sheet.append([None, None, "Taux d'emploi (%)", label, None, "Effort de recherche (%)"])
            sheet.append([None, "Année", "2013", "2014", "2008", "2013"])
            for row in rows:
                sheet.append(list(row))
        path = tmp_path / name
        workbook.save(path)
        return path

    return write


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    """The catalogue of the product: what official files feed must pass its checks."""
    return Catalogue.load()
