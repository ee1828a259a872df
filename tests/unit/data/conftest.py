"""A small table, its codelist and a catalogue of both, for the tests of the data layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from ess_impact.data.checking import Checked, check
from ess_impact.data.reading import RawTable, read_table
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Table

SIRET = "73282932000074"
OTHER = "55200044699999"
KEY = b"cle publique de test"
TYPES = {
    "siret": "siret",
    "id_salarie": "personne",
    "date_entree": "date",
    "date_sortie": "date",
    "heures": "heures",
    "montant": "euros",
    "effectif": "entier",
    "tonnes": "quantite",
    "part": "ratio",
    "annee": "annee",
    "sexe": "code",
    "themes": "liste",
    "actif": "booleen",
    "dep": "departement",
    "com": "commune",
    "rna": "rna",
    "libelle": "texte",
}
LABELS = {
    "siret": "SIRET",
    "id_salarie": "Identifiant du salarié",
    "date_entree": "Date d'entrée",
    "dep": "Département",
}


def _column(name: str, kind: str) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": kind, "label": {"fr": LABELS.get(name, name.capitalize())}}
    column |= {"codelist": "sexes"} if kind == "code" else {"codelist": "themes"} if kind == "liste" else {}
    column |= {"required": True} if name in ("siret", "id_salarie", "date_sortie") else {}
    column |= {"min": "0", "max": "4000"} if name == "heures" else {}
    return column | ({"synonyms": ["idBeneficiaire"]} if name == "siret" else {})


def make_table(**changes: Any) -> Table:
    return Table.model_validate(
        {
            "id": "sorties",
            "version": "1.0.0",
            "name": {"fr": "Sorties d'insertion"},
            "description": {"fr": "essai"},
            "provider": "service",
            "source": "essai",
            "key": ["siret", "id_salarie", "date_sortie"],
            "owner": "siret",
            "columns": [_column(name, kind) for name, kind in TYPES.items()],
            "derived": [
                {
                    "name": "siren",
                    "type": "siren",
                    "label": {"fr": "SIREN"},
                    "prefix": {"column": "siret", "length": 9},
                },
                {
                    "name": "duree",
                    "type": "entier",
                    "label": {"fr": "Durée"},
                    "days_between": ["date_entree", "date_sortie"],
                },
                {"name": "an_sortie", "type": "annee", "label": {"fr": "An"}, "year_of": "date_sortie"},
                {
                    "name": "bio",
                    "type": "booleen",
                    "label": {"fr": "Bio"},
                    "contains": {"column": "themes", "any_of": ["bio"]},
                },
                {"name": "longue", "type": "booleen", "label": {"fr": "L"}, "expr": "duree > 80 AND heures >= 150"},
            ],
            "rules": [
                {
                    "id": "sortie_apres_entree",
                    "expr": "date_sortie >= date_entree",
                    "message": {"fr": "la sortie précède l'entrée"},
                    "remedy": {"fr": "Corrigez l'une des deux dates."},
                },
                {
                    "id": "heures_connues",
                    "expr": "heures IS NOT NULL OR libelle IS NULL OR libelle <> 'complet'",
                    "severity": "alerte",
                    "message": {"fr": "heures absentes"},
                    "remedy": {"fr": "Remplissez les heures."},
                },
            ],
            **changes,
        }
    )


def _codelist(name: str, codes: Mapping[str, tuple[str, ...]]) -> Codelist:
    rows = [{"code": code, "label": {"fr": label}, "synonyms": more} for code, (label, *more) in codes.items()]
    return Codelist.model_validate({"id": name, "name": {"fr": name}, "source": "essai", "codes": rows})


CODELISTS = {
    "sexes": _codelist("sexes", {"F": ("Femme", "Mme"), "H": ("Homme", "M.")}),
    "themes": _codelist(
        "themes", {"bio": ("Agriculture biologique",), "local": ("Produit local, circuit court",), "607": ("Achats",)}
    ),
}


def make_catalogue(*tables: Table) -> Catalogue:
    return Catalogue(
        indicators={},
        tables={one.id: one for one in tables},
        codelists=CODELISTS,
        parameters={},
        plans={},
        methods={},
    )


@pytest.fixture(scope="session")
def table() -> Table:
    return make_table()


@pytest.fixture(scope="session")
def catalogue(table: Table) -> Catalogue:
    return make_catalogue(table)


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, encoding: str = "utf-8", name: str = "envoi.csv") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


@pytest.fixture
def xlsx_file(tmp_path: Path) -> Callable[..., Path]:
    def write(sheets: Mapping[str, list[list[Any]]], name: str = "envoi.xlsx") -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        path = tmp_path / name
        book.save(path)
        book.close()
        return path

    return write


@pytest.fixture
def check_cells(table: Table, catalogue: Catalogue) -> Callable[..., Checked]:
    """Check rows given as mappings of text; what is not given is filled with good values."""

    def run(*rows: dict[str, str | None], as_of: date | None = None) -> Checked:
        base = {"siret": SIRET, "date_sortie": "2024-06-30"}
        filled = [{**base, "id_salarie": f"A{number}", **row} for number, row in enumerate(rows)]
        frame = pl.DataFrame(filled, schema={name: pl.String for name in TYPES if any(name in row for row in filled)})
        return check(frame, table, catalogue=catalogue, key=KEY, as_of=as_of)

    return run


@pytest.fixture
def read(table: Table) -> Callable[..., RawTable]:
    return lambda path, **options: read_table(path, table, **options)
