"""data·inclusion, schema v1: structures and services of social inclusion, checked by the schema's own models.

An optional extra: the package brings its models, this module what an evaluation can use of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.official.glimpse import Glimpse
from ess_impact.data.official.json_lists import JsonLists
from ess_impact.data.official.source import read_text_file
from ess_impact.errors import MissingExtraError

if TYPE_CHECKING:
    import pydantic

EXTRA = "inclusion"
STRUCTURES, SERVICES = "structures", "services"
_MARK = frozenset({"source", "id", "nom", "date_maj"})
_LISTS = ("thematiques", "publics", "modes_accueil", "zone_eligibilite", "modes_mobilisation", "mobilisable_par")
_NETWORKS = "reseaux_porteurs"
MOBILITY = "mobilite--"
"""Prefix of the mobility themes."""

STRUCTURE_COLUMNS = {
    "id": "id",
    "siret": "siret",
    "nom": "denomination",
    "commune": "nom_commune",
    "code_insee": "commune",
    _NETWORKS: _NETWORKS,
}
SERVICE_COLUMNS = {
    "id": "id",
    "structure_id": "structure_id",
    "type": "type",
    "code_insee": "commune",
    "thematiques": "thematiques",
}
"""Official field to column. Contacts, addresses and descriptions are checked, never kept."""

_FRENCH = {
    "missing": "champ obligatoire absent",
    "string_too_short": "texte trop court",
    "string_too_long": "texte trop long",
    "string_pattern_mismatch": "format inattendu",
    "string_type": "texte attendu",
    "enum": "valeur hors de la nomenclature",
    "date_from_datetime_parsing": "date illisible (AAAA-MM-JJ attendu)",
    "date_parsing": "date illisible (AAAA-MM-JJ attendu)",
    "url_parsing": "adresse de page mal formée",
    "float_parsing": "nombre attendu",
    "int_parsing": "nombre entier attendu",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """What one data·inclusion file holds.

    Attributes
    ----------
    kind : {"structures", "services"}
        Content of the file.
    frame : polars.DataFrame
        Valid rows: columns of ``STRUCTURE_COLUMNS`` or ``SERVICE_COLUMNS``, and ``_row``.
    anomalies : tuple of Anomaly
        One per fault of a row, with its place; never the value of a contact.
    sha256 : str
        Digest of the file.
    rows_read : int
        Rows met.
    """

    kind: Literal["structures", "services"]
    frame: pl.DataFrame = field(repr=False)
    anomalies: tuple[Anomaly, ...]
    sha256: str
    rows_read: int


def is_inclusion(glimpse: Glimpse) -> bool:
    """Say whether a file follows the data·inclusion schema.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From its columns, or from the keys of its first object.
    """
    if glimpse.suffix == ".json":
        start = glimpse.head.removeprefix(b"\xef\xbb\xbf").lstrip()
        return start.startswith(b"[") and all(f'"{name}"'.encode() in glimpse.head for name in _MARK)
    return glimpse.header >= _MARK and bool(glimpse.header & {"structure_id", "siret", "code_insee"})


def read_inclusion(path: Path | str) -> Inclusion:
    """Read structures or services, one model of the schema per row.

    Parameters
    ----------
    path : Path or str
        A JSON list of objects, or a CSV.

    Returns
    -------
    Inclusion
        Valid rows and the faults of the others.

    Raises
    ------
    MissingExtraError
        When the extra ``inclusion`` is not installed.
    FileRefusedError
        When the file cannot be read.
    """
    file = Path(path)
    models = _models()
    reader = _JsonRows(file) if file.suffix.casefold() == ".json" else _CsvRows(file)
    kind: Literal["structures", "services"] | None = None
    found: list[dict[str, Any]] = []
    faults: list[Anomaly] = []
    read = 0
    for row, values in reader.rows():
        read += 1
        kind = kind or ("services" if "structure_id" in values else "structures")
        kept, wrong = _checked(models[kind], values, row, file.name)
        faults += wrong
        if kept is not None:
            found.append({**kept, "_row": row})
    faults += reader.faults
    kind = kind or "structures"
    columns = STRUCTURE_COLUMNS if kind == STRUCTURES else SERVICE_COLUMNS
    rows = [{new: one.get(old) for old, new in columns.items()} | {"_row": one["_row"]} for one in found]
    frame = pl.DataFrame(rows, schema={**dict.fromkeys(columns.values(), pl.String), "_row": pl.Int64})
    met = read + len(reader.faults)
    return Inclusion(kind=kind, frame=frame, anomalies=tuple(faults), sha256=reader.sha256, rows_read=met)


def mobility_services(services: Inclusion, structures: Inclusion) -> pl.DataFrame:
    """Count the services of each structure by mobility theme.

    Parameters
    ----------
    services, structures : Inclusion
        Files of the two kinds.

    Returns
    -------
    polars.DataFrame
        Columns siret, theme, services; a structure without SIRET is under null.
    """
    themed = services.frame.with_columns(pl.col("thematiques").str.split(",")).explode("thematiques")
    mobile = themed.filter(pl.col("thematiques").str.starts_with(MOBILITY))
    known = structures.frame.select(pl.col("id").alias("structure_id"), "siret").unique("structure_id")
    joined = mobile.join(known, on="structure_id", how="left")
    counted = joined.group_by("siret", pl.col("thematiques").alias("theme")).agg(pl.len().alias("services"))
    return counted.sort("siret", "theme")


def _models() -> Mapping[str, type[pydantic.BaseModel]]:
    try:
        v1 = import_module("data_inclusion.schema.v1")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "lecture d'un fichier data·inclusion sans son schéma",
            fix=f"Installez l'extra « {EXTRA} » : pip install ess-impact[{EXTRA}].",
        ) from error
    return {STRUCTURES: v1.Structure, SERVICES: v1.Service}


class _JsonRows:
    faults: tuple[Anomaly, ...] = ()

    def __init__(self, path: Path) -> None:
        self._reader = JsonLists(path, path.name)

    @property
    def sha256(self) -> str:
        return self._reader.sha256

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for element in self._reader.elements():
            yield element.position, element.value if isinstance(element.value, dict) else {}


class _CsvRows:
    """Rows of a CSV: a list is written as JSON, or with commas."""

    def __init__(self, path: Path) -> None:
        self._source = read_text_file(path)
        self.faults = tuple(
            Anomaly(rule=bad.rule, message=bad.message, remedy=bad.remedy, row=bad.row, file=path.name)
            for bad in self._source.bad
        )

    @property
    def sha256(self) -> str:
        return self._source.sha256

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for row in self._source.frame.rows(named=True):
            yield int(row["_row"]), {name: _cell(name, row[name]) for name in row if name != "_row"}


def _cell(name: str, text: str | None) -> Any:
    if text is None or name not in (*_LISTS, _NETWORKS):
        return text
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return [text]
    return [word.strip() for word in text.strip("{}").split(",") if word.strip()]


def _checked(
    model: type[pydantic.BaseModel], values: dict[str, Any], row: int, file: str
) -> tuple[dict[str, str | None] | None, list[Anomaly]]:
    """Return the fields kept of a valid row, or its faults."""
    import pydantic

    try:
        valid = model.model_validate(values)
    except pydantic.ValidationError as error:
        return None, [_fault(one["loc"], one["type"], row, file) for one in error.errors(include_input=False)]
    kept = {**STRUCTURE_COLUMNS, **SERVICE_COLUMNS}
    return {name: _flat(getattr(valid, name)) for name in kept if hasattr(valid, name)}, []


def _flat(value: Any) -> str | None:
    if value is None:
        return None
    return ",".join(sorted(map(str, value))) if isinstance(value, (set, list)) else str(value)


def _fault(place: tuple[int | str, ...], kind: str, row: int, file: str) -> Anomaly:
    column = str(place[0]) if place else ""
    return Anomaly(
        rule="data_inclusion",
        file=file,
        row=row,
        column=column,
        message=f"Schéma data·inclusion v1 : {_FRENCH.get(kind, 'valeur non admise')}.",
        remedy="Corrigez la fiche chez son producteur, puis exportez de nouveau.",
    )
