"""Publish the tables as Table Schemas, one folder each, following French open-data practice."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ess_impact._version import __version__
from ess_impact.data.checking import check
from ess_impact.data.table_schema import to_table_schema
from ess_impact.data.table_schema.descriptors import LICENCE
from ess_impact.data.table_schema.fields import canonical
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType
from ess_impact.errors import DefinitionError
from ess_impact.report.schema_readme import escaped, schema_readme
from ess_impact.text import FORMULA_STARTS

VALID, INVALID = "exemple-valide.csv", "exemple-invalide.csv"
_KEY = b"exemple sans personne"
"""Pseudonyms of the example row are thrown away with its check."""
_TEXTS = (ColumnType.TEXTE, ColumnType.PERSONNE)
_WRONG = {
    ColumnType.SIRET: "123",
    ColumnType.SIREN: "12",
    ColumnType.RNA: "X1",
    ColumnType.DEPARTEMENT: "999",
    ColumnType.COMMUNE: "Lens",
    ColumnType.CODE: "code inconnu",
    ColumnType.LISTE: "code inconnu",
    ColumnType.BOOLEEN: "peut-être",
    ColumnType.DATE: "2025-13-45",
    ColumnType.ANNEE: "25",
}
_SAMPLES = {
    ColumnType.SIRET: "00000001800010",
    ColumnType.SIREN: "000000018",
    ColumnType.RNA: "W621000001",
    ColumnType.DEPARTEMENT: "62",
    ColumnType.COMMUNE: "62041",
    ColumnType.TEXTE: "texte",
    ColumnType.PERSONNE: "P0001",
    ColumnType.BOOLEEN: "oui",
    ColumnType.DATE: "2025-01-31",
    ColumnType.ANNEE: "2025",
}
"""Stand for a missing example of a required column."""


def export_table_schemas(
    catalogue: Catalogue, out: Path, *, tables: Sequence[str] | None = None, url: str = ""
) -> list[Path]:
    """Write a data package of the tables and one folder per table.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    out : pathlib.Path
        Folder to write; created where it is missing, its other files are left alone.
    tables : sequence of str, optional
        Ids of the tables; all by default.
    url : str, optional
        Public address where the folder will be put: schemas then say their own.

    Returns
    -------
    list of pathlib.Path
        Files written, in order: ``datapackage.json``, then those of each table.

    Raises
    ------
    UnknownNameError
        No table of that name.
    DefinitionError
        The examples of a table do not make a row it accepts.
    """
    named = [catalogue.table(name) for name in (catalogue.tables if tables is None else dict.fromkeys(tables))]
    # A schema says what a sender may write.
    chosen = [one.model_copy(update={"columns": one.asked_columns}) for one in named]
    files = {"datapackage.json": _json(_package(chosen, url))}
    for table in chosen:
        files |= {f"{table.id}/{name}": text for name, text in _folder(table, catalogue, url).items()}
    written = []
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        written.append(path)
    return written


def _folder(table: Table, catalogue: Catalogue, url: str) -> dict[str, str]:
    descriptor = to_table_schema(table, catalogue.codelists)
    base = f"{url.rstrip('/')}/{table.id}/" if url else ""
    published = {
        **descriptor,
        **({"homepage": url, "path": f"{base}schema.json"} if url else {}),
        "resources": [
            {"title": "Exemple valide (données fictives)", "name": "exemple-valide", "path": f"{base}{VALID}"},
            {"title": "Exemple invalide (données fictives)", "name": "exemple-invalide", "path": f"{base}{INVALID}"},
        ],
    }
    return {
        "schema.json": _json(published),
        "README.md": schema_readme(table, descriptor, catalogue.codelists),
        "CHANGELOG.md": _changelog(table),
        "LICENSE.md": _licence(table),
        VALID: _csv(table, [valid_row(table, catalogue)]),
        INVALID: _csv(table, [_invalid_row(table)]),
    }


def valid_row(table: Table, catalogue: Catalogue) -> dict[str, str]:
    """Return one row written canonically, from the examples of the columns.

    Parameters
    ----------
    table : Table
        The table.
    catalogue : Catalogue
        Its codelists and parameters.

    Returns
    -------
    dict of str to str
        Column to cell. An optional cell that a row rule doubts is left empty.

    Raises
    ------
    DefinitionError
        A required example breaks a rule.
    """
    row = {column.name: _sample(column, catalogue) for column in table.columns}
    optional = {column.name for column in table.columns if not column.required}
    for _ in range(len(row) + 1):
        cells = {name: [value or None] for name, value in row.items()}
        found = check(pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String)), table, catalogue=catalogue, key=_KEY)
        doubted = {name for name in found.anomalies["column"].unique() if row.get(name)}
        if found.anomalies.is_empty():
            return row
        if not doubted & optional:
            break
        row |= dict.fromkeys(doubted & optional, "")
    raise DefinitionError(
        "les exemples des colonnes ne forment pas une ligne que la table accepte",
        where=f"tables/{table.id}.yaml",
        fix=" ".join(found.anomalies["message"].unique(maintain_order=True).head(3)),
    )


def _sample(column: Column, catalogue: Catalogue) -> str:
    if column.example is not None:
        text = canonical(column, column.example, catalogue.codelists) or column.example
        return f"'{text}" if column.type in _TEXTS and text.startswith(FORMULA_STARTS) else text
    if not column.required:
        return ""
    if column.codelist is not None:
        return catalogue.codelists[column.codelist].values[0]
    return column.min or column.max or _SAMPLES.get(column.type, "0")


def _invalid_row(table: Table) -> dict[str, str]:
    return {column.name: _wrong(column) for column in table.columns}


def _wrong(column: Column) -> str:
    if column.type in _TEXTS:
        return "" if column.required else (column.example or "")
    return _WRONG.get(column.type, "beaucoup" if column.type in SCALES else "")


def _package(tables: Sequence[Table], url: str) -> dict[str, Any]:
    return {
        "profile": "data-package",
        "name": "ess-impact",
        "title": "Tables de l'évaluation de l'économie sociale et solidaire",
        "description": "Schémas des fichiers qu'ess-impact recueille, contrôle et évalue.",
        "version": __version__,
        **({"homepage": url} if url else {}),
        "licenses": [dict(LICENCE)],
        "resources": [
            {
                "name": table.id,
                "title": table.name.fr,
                "path": f"{table.id}/{VALID}",
                "profile": "tabular-data-resource",
                "schema": f"{table.id}/schema.json",
                "documentation": f"{table.id}/README.md",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
            }
            for table in tables
        ],
    }


def _changelog(table: Table) -> str:
    day = table.modified or table.created
    title = f"## {table.version}{f' ({day.isoformat()})' if day else ''}"
    first = table.created is not None and table.version == "1.0.0"
    what = "Première version publiée." if first else "Version en vigueur."
    return f"# Historique : {escaped(table.name.fr)}\n\n{title}\n\n- {what}\n"


def _licence(table: Table) -> str:
    return (
        f"# Licence\n\nLe schéma « {escaped(table.name.fr)} » est publié sous {LICENCE['title']}, identifiant SPDX "
        f"`{LICENCE['name']}`.\n\nTexte : <{LICENCE['path']}>\n\nVous pouvez le reproduire, le modifier et le "
        "diffuser, y compris à des fins commerciales, à condition de mentionner sa source (projet ess-impact) et la "
        "date de sa dernière mise à jour.\n"
    )


def _csv(table: Table, rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=table.column_names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
