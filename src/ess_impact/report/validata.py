"""Our anomalies in the report vocabulary of the Validata service, as its API answers (validata-table 0.12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ess_impact._version import __version__
from ess_impact.definitions.tables import Table

OTHER = "custom-check-error"
"""Type of a rule that Validata has no word for: checks across rows, tables or years."""
ROW_RULE = "row-constraint"
"""Type of the row rules of a table."""

_CELL = ("#table", "#row", "#cell")
_ROW = ("#table", "#row")
_LABEL = ("#table", "#header", "#label")
_TAGS: dict[str, tuple[str, ...]] = {
    "type-error": _CELL,
    "constraint-error": _CELL,
    "french-siret-value": _CELL,
    "french-siren-value": _CELL,
    "forbidden-value": _CELL,
    "truncated-value": _CELL,
    "row-error": _ROW,
    "primary-key": _ROW,
    "foreign-key": _ROW,
    "duplicate-row": _ROW,
    ROW_RULE: _ROW,
    OTHER: _ROW,
    "missing-label": _LABEL,
    "extra-label": _LABEL,
}
_WRONG_FILE = ("file-error", "Fichier illisible")
_DATE = ("type-error", "Format de date incorrect")
_YEAR = ("type-error", "Format d'année incorrect")
_NUMBER = ("type-error", "Format de nombre incorrect")
_FORMAT = ("constraint-error", "Format incorrect")

TYPES: dict[str, tuple[str, str]] = {
    "valeur_manquante": ("constraint-error", "Valeur manquante"),
    "code_inconnu": ("constraint-error", "Valeur incorrecte"),
    "minimum": ("constraint-error", "Valeur trop petite"),
    "maximum": ("constraint-error", "Valeur trop grande"),
    "doublon": ("primary-key", "Clé primaire"),
    "orphelin": ("foreign-key", "Clé étrangère"),
    "siret_format": _FORMAT,
    "siret_longueur": _FORMAT,
    "siret_cle": ("french-siret-value", "Numéro SIRET invalide"),
    "siren_format": _FORMAT,
    "siren_longueur": _FORMAT,
    "siren_cle": ("french-siren-value", "Numéro SIREN invalide"),
    "identifiant_tronque": ("truncated-value", "Valeur tronquée"),
    "rna_format": _FORMAT,
    "departement_inconnu": _FORMAT,
    "commune_format": _FORMAT,
    "oui_ou_non": ("type-error", "Valeur booléenne incorrecte"),
    **dict.fromkeys(("date_illisible", "date_impossible", "annee_deux_chiffres", "date_numero"), _DATE),
    "date_future": ("constraint-error", "Valeur trop grande"),
    **dict.fromkeys(("annee_illisible", "annee_impossible", "annee_date_complete"), _YEAR),
    **dict.fromkeys(("nombre_illisible", "nombre_ambigu", "nombre_trop_grand", "decimales_excessives"), _NUMBER),
    "entier_attendu": ("type-error", "Format entier incorrect"),
    "erreur_tableur": ("type-error", "Format incorrect"),
    "donnee_personnelle": ("forbidden-value", "Valeur interdite"),
    "ligne_irreguliere": ("row-error", "Nombre de cellules incorrect"),
    "guillemet_ouvert": ("row-error", "Guillemet non refermé"),
    "colonne_absente": ("missing-label", "Colonne manquante"),
    "colonne_en_double": ("duplicate-label", "En-têtes dupliquées"),
    "colonne_inconnue": ("extra-label", "Colonne surnuméraire"),
    "colonne_personnelle": ("extra-label", "Colonne surnuméraire"),
    "encodage_inconnu": ("encoding-error", "Erreur d'encodage"),
    "fichier_vide": ("source-error", "Fichier vide"),
    **dict.fromkeys(
        ("mauvaise_extension", "macros", "fichier_inconnu", "pas_un_classeur"),
        ("format-error", "Format de fichier refusé"),
    ),
    **dict.fromkeys(
        (
            "fichier_illisible",
            "fichier_binaire",
            "trop_gros",
            "hors_du_dossier",
            "bombe_zip",
            "classeur_illisible",
            "classeur_protege",
            "xml_interdit",
            "lecture_impossible",
            "archive_illisible",
            "fichier_tronque",
        ),
        _WRONG_FILE,
    ),
}
"""Rule of ours to type and title of theirs; a row rule of a table is :data:`ROW_RULE`, any other :data:`OTHER`."""


def validata_report(anomalies: pl.DataFrame, tables: Mapping[str, Table], *, rows: int, fields: int) -> dict[str, Any]:
    """Write anomalies as Validata would answer.

    Parameters
    ----------
    anomalies : polars.DataFrame
        Columns of ``ANOMALY_SCHEMA``.
    tables : mapping of str to Table
        Tables they may name.
    rows, fields : int
        Rows read, and columns known among them.

    Returns
    -------
    dict
        ``version``, ``date``, ``report`` and ``alertes``. Rejets are errors, with ``file``, ``sheet``, ``table``,
        ``siret``, ``rule``, ``severity`` and ``remedy`` beside Validata's words; alertes are warnings, which are
        sentences there, and are told in full in ``alertes``. No clock: ``date`` and ``seconds`` are null.

    Notes
    -----
    An error has ``type``, ``title``, ``message`` and ``tags``; where they make sense, ``rowNumber`` (as a spreadsheet
    shows it), ``fieldName``, ``fieldNumber`` (position in the table, from 1) and ``cell``.
    """
    told = [_error(row, tables.get(row["table"])) for row in anomalies.iter_rows(named=True)]
    errors = [one for one in told if one["severity"] == "rejet"]
    alerts = [one for one in told if one["severity"] != "rejet"]
    stats = {
        "errors": len(errors),
        "warnings": len(alerts),
        "fields": fields,
        "rows": rows,
        "rows_processed": rows,
        "seconds": None,
    }
    report = {"valid": not errors, "stats": stats, "errors": errors, "warnings": [_warning(one) for one in alerts]}
    return {"version": __version__, "date": None, "report": report, "alertes": alerts}


def _error(row: Mapping[str, Any], table: Table | None) -> dict[str, Any]:
    kind, title = _type_of(str(row["rule"]), table)
    tags = list(_TAGS.get(kind, ()))
    where: dict[str, Any] = {}
    if row["row"] is not None:
        where["rowNumber"] = row["row"]
    elif "#row" in tags:
        tags = ["#table"]
    if row["column"]:
        where["fieldName"] = row["column"]
        if table is not None and row["column"] in table.column_names:
            where["fieldNumber"] = table.column_names.index(row["column"]) + 1
        if row["row"] is not None:
            where["cell"] = row["value"]
    beside = ("severity", "rule", "remedy", "table", "file", "sheet", "siret")
    return {
        "type": kind,
        "title": title,
        "message": row["message"],
        "tags": tags,
        **where,
        **{name: row[name] for name in beside},
    }


def _type_of(rule: str, table: Table | None) -> tuple[str, str]:
    if rule in TYPES:
        return TYPES[rule]
    if table is not None and any(one.id == rule for one in table.rules):
        return ROW_RULE, "Contrainte de ligne"
    return OTHER, "Contrôle complémentaire"


def _warning(error: Mapping[str, Any]) -> str:
    sheet = f" [{error['sheet']}]" if error["sheet"] else ""
    row = f", ligne {error['rowNumber']}" if "rowNumber" in error else ""
    place = f"{error['file']}{sheet}{row}"
    return f"{error['title']} ({place}) : {error['message']}" if place else f"{error['title']} : {error['message']}"
