"""DECP, données essentielles de la commande publique: the regulatory JSON (format 2.0.3) and its flat CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.official.deposit import Deposit, protected, raw_table
from ess_impact.data.official.glimpse import Glimpse
from ess_impact.data.official.journal import Journal
from ess_impact.data.official.json_lists import Element, JsonLists
from ess_impact.data.official.source import read_text_file
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table

CONTRACTS, CONCESSIONS = "marche", "contrat-concession"
"""Lists of the regulatory file."""

FLAT_MARK = frozenset({"id", "acheteur_id", "codeCPV", "dateNotification", "montant", "considerationsSociales"})
"""Header cells of the consolidated file: one row per contract, holder and modification."""

COLUMNS = (
    "acheteur_siret",
    "id_marche",
    "objet",
    "nature",
    "code_cpv",
    "procedure",
    "date_notification",
    "duree_mois",
    "montant",
    "montant_modifie",
    "modifications",
    "date_derniere_modification",
    "considerations_sociales",
    "considerations_environnementales",
    "lieu_execution",
    "type_lieu_execution",
    "siret_titulaire",
    "titulaires",
    "nombre_titulaires",
    "origine_france",
)
"""Columns of table ``marches``, in the order they are read."""

CONCESSION = "contrat de concession : non lu (la table porte sur les marchés)"
CPV_KEY = "code CPV écrit avec son caractère de contrôle : retiré"
FOREIGN_HOLDER = "titulaire sans SIRET (TVA, hors UE…) : gardé dans la liste, sans lien avec une structure"
OTHER_VERSION = "ligne d'un autre titulaire ou d'une modification du même marché : réunie"
NOT_GIVEN = frozenset({"", "NC", "CDL", "INX NC", "MQ NC", "nan", "null", "None"})
"""What buyers' software writes where it has no value."""

_HEAD = re.compile(rb'"marches"\s*:\s*[\[{]|"marche"\s*:\s*\[')
_POWER = re.compile(r"-?\d+(?:\.\d+)?[eE][+]?(\d{1,2})")
_CPV = re.compile(r"(\d{8})-\d")
_Rows = dict[str, str | int | None]


def is_regulatory(glimpse: Glimpse) -> bool:
    """Say whether a file is a regulatory DECP file.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From its first keys.
    """
    start = glimpse.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return glimpse.suffix == ".json" and start.startswith(b"{") and _HEAD.search(start[:4096]) is not None


def is_flat(glimpse: Glimpse) -> bool:
    """Say whether a file is the flat form of the DECP.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From the names of its columns.
    """
    return glimpse.header >= FLAT_MARK and bool(glimpse.header & {"titulaire_id", "titulaire_id_1"})


def load_regulatory(deposit: Deposit, table: Table) -> RawTable:
    """Read the contracts of a regulatory file, one at a time.

    Parameters
    ----------
    deposit : Deposit
        A JSON file in the format 2.0.3.
    table : Table
        Table ``marches``.

    Returns
    -------
    RawTable
        One row per contract; ``_row`` is its position in the list ``_sheet``. An element that is no contract is
        rejected with its position; concessions are counted apart.
    """
    journal = Journal(table=table.id, file=deposit.place, sheet=CONTRACTS)
    reader = JsonLists(deposit.path, deposit.place)
    found: list[_Rows] = []
    read = 0
    for element in reader.elements():
        read += 1
        if _is_concession(element):
            journal.count(CONCESSION, 1)
        elif isinstance(element.value, dict):
            found.append({**_contract(element.value, journal), "_row": element.position, "_sheet": element.list_name})
        else:
            journal.anomalies.append(_no_contract(element.position, journal))
    rows = pl.DataFrame(found, schema={**dict.fromkeys(COLUMNS, pl.String), "_row": pl.Int64, "_sheet": pl.String})
    return protected(raw_table(rows, table, journal, sha256=reader.sha256, rows_read=read), deposit)


def load_flat(deposit: Deposit, table: Table) -> RawTable:
    """Read the flat form of the DECP: the rows of one contract become one.

    Parameters
    ----------
    deposit : Deposit
        A CSV file.
    table : Table
        Table ``marches``.

    Returns
    -------
    RawTable
        One row per contract, placed at its first row. Amount and duration are those of the lowest
        ``modification_id``, the amount as modified and the holders those of the highest.
    """
    source = read_text_file(deposit.path)
    journal = Journal(table=table.id, file=deposit.place)
    for label, number in source.coercions.items():
        journal.count(label, number)
    for bad in source.bad:
        journal.reject(bad)
    versions: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in source.frame.rows(named=True):
        buyer, name = _text(row["acheteur_id"]), _text(row["id"])
        # Without both, nothing says which rows are one contract: each stays alone, for the checks to report.
        key = (buyer, name) if buyer and name else ("", str(row["_row"]))
        versions.setdefault(key, []).append(row)
    found = [_flat_contract(rows, journal) for rows in versions.values()]
    journal.count(OTHER_VERSION, source.frame.height - len(found))
    rows = pl.DataFrame(found, schema={**dict.fromkeys(COLUMNS, pl.String), "_row": pl.Int64})
    read = source.frame.height + len(source.bad)
    return protected(raw_table(rows, table, journal, sha256=source.sha256, rows_read=read), deposit)


def _is_concession(element: Element) -> bool:
    """Say whether an element is a concession; the layout of 2019 mixes them with contracts."""
    kind = _text(_object(element.value).get("_type")) or ""
    return element.list_name == CONCESSIONS or "concession" in kind.casefold()


def _contract(contract: Mapping[str, Any], journal: Journal) -> _Rows:
    changes = _changes(contract)
    place = _object(contract.get("lieuExecution"))
    holders = next((found for change in reversed(changes) if (found := _holders(change))), _holders(contract))
    return {
        "acheteur_siret": _text(_object(contract.get("acheteur")).get("id")),
        "id_marche": _text(contract.get("id")),
        "objet": _text(contract.get("objet")),
        "nature": _text(contract.get("nature")),
        "code_cpv": _cpv(contract.get("codeCPV"), journal),
        "procedure": _text(contract.get("procedure")),
        "date_notification": _text(contract.get("dateNotification")),
        "duree_mois": _text(contract.get("dureeMois")),
        "montant": _number(contract.get("montant")),
        "montant_modifie": _number(_last(changes, "montant")),
        "modifications": str(len(changes)),
        "date_derniere_modification": _text(_last(changes, "dateNotificationModification")),
        "considerations_sociales": _choices(contract.get("considerationsSociales"), "considerationSociale"),
        "considerations_environnementales": _choices(
            contract.get("considerationsEnvironnementales"), "considerationEnvironnementale"
        ),
        "lieu_execution": _text(place.get("code")),
        "type_lieu_execution": _text(place.get("typeCode")),
        "origine_france": _number(contract.get("origineFrance")),
        **_holder_columns(holders, journal),
    }


def _flat_contract(rows: list[Mapping[str, Any]], journal: Journal) -> _Rows:
    ranks = [_rank(row.get("modification_id")) for row in rows]
    first = rows[ranks.index(min(ranks))]
    current = [row for row, rank in zip(rows, ranks, strict=True) if rank == max(ranks)]
    changed = max(ranks) > min(ranks)
    holders = [holder for row in current for holder in _flat_holders(row)]
    return {
        "acheteur_siret": _text(first["acheteur_id"]),
        "id_marche": _text(first["id"]),
        "objet": _text(first.get("objet")),
        "nature": _text(first.get("nature")),
        "code_cpv": _cpv(first["codeCPV"], journal),
        "procedure": _text(first.get("procedure")),
        "date_notification": _text(first["dateNotification"]),
        "duree_mois": _text(first.get("dureeMois")),
        "montant": _number(first["montant"]),
        "montant_modifie": _number(current[0]["montant"]) if changed else None,
        "modifications": str(max(ranks)),
        "date_derniere_modification": _text(current[0]["dateNotification"]) if changed else None,
        "considerations_sociales": _text(first["considerationsSociales"]),
        "considerations_environnementales": _text(first.get("considerationsEnvironnementales")),
        "lieu_execution": _text(first.get("lieuExecution_code")),
        "type_lieu_execution": _text(first.get("lieuExecution_typeCode")),
        "origine_france": _number(first.get("origineFrance")),
        **_holder_columns(list(dict.fromkeys(holders)), journal),
        "_row": int(rows[0]["_row"]),
    }


def _holder_columns(holders: list[tuple[str, str]], journal: Journal) -> dict[str, str | int | None]:
    """Return the first SIRET and every identifier, those that are no SIRET with their kind."""
    sirets = [name for kind, name in holders if kind == "SIRET"]
    journal.count(FOREIGN_HOLDER, len(holders) - len(sirets))
    listed = [name if kind == "SIRET" else f"{kind}:{name}" for kind, name in holders]
    return {
        "siret_titulaire": sirets[0] if sirets else None,
        "titulaires": ", ".join(listed) or None,
        "nombre_titulaires": str(len(holders)) if holders else None,
    }


def _holders(contract: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (kind, identifier) of the holders, once each; the layout of 2019 has one level less."""
    listed = contract.get("titulaires")
    objects = [_object(_object(one).get("titulaire", one)) for one in listed] if isinstance(listed, list) else []
    found = [(_text(one.get("typeIdentifiant")) or "SIRET", _text(one.get("id"))) for one in objects]
    return list(dict.fromkeys((kind, name) for kind, name in found if name))


def _flat_holders(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for end in ("", "_1", "_2", "_3"):
        name = _text(row.get(f"titulaire_id{end}"))
        if name:
            yield _text(row.get(f"titulaire_typeIdentifiant{end}")) or "SIRET", name


def _changes(contract: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the modifications in the order they were notified."""
    listed = contract.get("modifications")
    changes = [_object(_object(one).get("modification", one)) for one in listed] if isinstance(listed, list) else []
    return sorted((one for one in changes if one), key=lambda one: _text(one.get("dateNotificationModification")) or "")


def _last(changes: list[Mapping[str, Any]], name: str) -> Any:
    return next((one[name] for one in reversed(changes) if _text(one.get(name))), None)


def _choices(value: Any, name: str) -> str | None:
    """Return choices joined by commas, whether in a list, under their official name, or alone."""
    inner = value.get(name) if isinstance(value, dict) else value
    words = inner if isinstance(inner, list) else [inner]
    return ",".join(dict.fromkeys(word for one in words if (word := _text(one)))) or None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """Return a text or a number as written; a list, an object, or a mark of missing value is nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return None if text in NOT_GIVEN else text


def _number(value: Any) -> str | None:
    """Return a number without power of ten (``1.05e6``), anything else as written."""
    text = _text(value)
    power = _POWER.fullmatch(text) if text else None
    return format(Decimal(power[0]), "f") if power else text


def _rank(value: Any) -> int:
    text = _text(value) or "0"
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _cpv(value: Any, journal: Journal) -> str | None:
    text = _text(value)
    keyed = _CPV.fullmatch(text) if text else None
    journal.count(CPV_KEY, int(keyed is not None))
    return keyed[1] if keyed else text


def _no_contract(position: int, journal: Journal) -> Anomaly:
    return Anomaly(
        rule="element_inattendu",
        table=journal.table,
        file=journal.file,
        sheet=journal.sheet,
        row=position,
        message="Cet élément de la liste n'est pas un marché.",
        remedy="Corrigez-le dans le logiciel qui produit les données essentielles.",
    )
