"""Tables to Table Schemas and back, losing nothing either way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ess_impact.data.table_schema.fields import OWN, PATTERNS, codes_of, from_field, to_field
from ess_impact.data.table_schema.merge_patch import difference, merge
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import RowRule, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import DefinitionError

STANDARD = "https://frictionlessdata.io/schemas/table-schema.json"
LICENCE = {
    "title": "Licence Ouverte 2.0 (Etalab)",
    "name": "etalab-2.0",
    "path": "https://spdx.org/licenses/etalab-2.0.html",
}
SIRET_CHECK, SIREN_CHECK, COMPARE_CHECK = "french-siret-value", "french-siren-value", "compare-columns-value"
"""Checks the Validata service adds to the standard; other readers of Table Schemas leave them alone."""

_KEYWORDS = ("économie sociale et solidaire", "évaluation", "collecte")
_CONTRIBUTORS = ({"title": "Projet ess-impact", "role": "author"},)
_SIRET_CHECKS = (SIRET_CHECK, "siret")
_COMPARISON = re.compile(r"^\s*([a-z]\w*)\s*(<=|>=|<|>|=)\s*([a-z]\w*)\s*$")
_SHAPES: dict[str, type | tuple[type, ...]] = {"constraints": Mapping, "categories": list, OWN: Mapping}
_SCHEMA_SHAPES: dict[str, type | tuple[type, ...]] = {
    "custom_checks": list,
    "sources": list,
    "primaryKey": (str, list),
    OWN: Mapping,
}
_LISTS = TypeAdapter(dict[str, Codelist])
_OURS = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A Table Schema once read.

    Attributes
    ----------
    table : Table
        What our checks can use of it.
    codelists : dict of str to Codelist
        Lists its columns name.
    rest : dict
        What a table has no word for, as a merge patch: :func:`to_table_schema` takes it back.
    """

    table: Table
    codelists: dict[str, Codelist]
    rest: dict[str, Any] = field(default_factory=dict)


def to_table_schema(
    table: Table, codelists: Mapping[str, Codelist], *, rest: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Describe a table as a Table Schema, the French way.

    Parameters
    ----------
    table : Table
        The table.
    codelists : mapping of str to Codelist
        Lists its columns name.
    rest : mapping, optional
        What :func:`from_table_schema` could not keep in the table.

    Returns
    -------
    dict
        Valid under frictionless 4 and 5; nothing in it depends on the day it is made.
    """
    descriptor: dict[str, Any] = {
        "$schema": STANDARD,
        "name": table.id,
        "title": table.name.fr,
        "description": table.description.fr,
        "keywords": [*_KEYWORDS, table.name.fr],
        "countryCode": "FR",
        "version": table.version,
        **{name: day.isoformat() for name, day in _days(table).items() if day is not None},
        "licenses": [dict(LICENCE)],
        "sources": [{"title": table.source}],
        "contributors": [dict(one) for one in _CONTRIBUTORS],
        "fields": [to_field(column, codelists) for column in table.columns],
        **({"primaryKey": list(table.key)} if table.key else {}),
        "missingValues": [""],
    }
    checks = custom_checks(table)
    if checks:
        descriptor["custom_checks"] = checks
    own = difference(_standard(descriptor), _whole(table, codelists))
    if own:
        descriptor[OWN] = own
    return _by_list(merge(_by_name(descriptor), rest)) if rest else descriptor


def from_table_schema(descriptor: Mapping[str, Any]) -> Imported:
    """Read a Table Schema, of ours or of somebody else.

    Parameters
    ----------
    descriptor : mapping
        The parsed ``schema.json``.

    Returns
    -------
    Imported
        ``to_table_schema(one.table, one.codelists, rest=one.rest)`` is the descriptor again, keys whose value is null
        apart.

    Raises
    ------
    DefinitionError
        No field, or words that are not those of a Table Schema.
    """
    names = _column_names(descriptor)
    ours = _renamed(descriptor, names)
    whole = merge(_standard(ours), descriptor.get(OWN) or {})
    codelists = whole.pop("codelists", {})
    try:
        table = Table.model_validate(whole)
        lists = _LISTS.validate_python(codelists)
    except ValidationError as error:
        raise DefinitionError(
            f"ce Table Schema ne fait pas une table : {error.errors()[0]['msg']}",
            where=str(descriptor.get("name") or "schema.json"),
        ) from error
    rest = difference(_by_name(to_table_schema(table, lists)), _by_name(descriptor, names))
    return Imported(table=table, codelists=lists, rest=rest)


def custom_checks(table: Table) -> list[dict[str, Any]]:
    """Return the checks of a table that Validata knows and the standard does not.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    list of dict
        Checksums of SIRET and SIREN, and the row rules that reject and only compare two columns.
    """
    identifiers = {ColumnType.SIRET: SIRET_CHECK, ColumnType.SIREN: SIREN_CHECK}
    checks: list[dict[str, Any]] = [
        {"name": identifiers[column.type], "params": {"column": column.name}}
        for column in table.columns
        if column.type in identifiers
    ]
    for rule in table.rules:
        compared = comparison(rule, table)
        if compared is not None:
            first, operator, second = compared
            checks.append({"name": COMPARE_CHECK, "params": {"column": first, "op": operator, "column2": second}})
    return checks


def comparison(rule: RowRule, table: Table) -> tuple[str, str, str] | None:
    """Return the two columns a rejecting rule compares, and how.

    Parameters
    ----------
    rule : RowRule
        A rule of the table.
    table : Table
        The table.

    Returns
    -------
    tuple of str or None
        First column, operator, second column; None for a rule that says more, or that only warns.
    """
    found = _COMPARISON.match(rule.expr)
    if rule.severity != "rejet" or found is None or not {found[1], found[3]} <= set(table.column_names):
        return None
    return found[1], {"=": "=="}.get(found[2], found[2]), found[3]


def _days(table: Table) -> dict[str, Any]:
    return {"created": table.created, "lastModified": table.modified}


def _whole(table: Table, codelists: Mapping[str, Codelist]) -> dict[str, Any]:
    named = {column.codelist for column in table.all_columns if column.codelist is not None}
    lists = {name: codelists[name].model_dump(mode="json", exclude_defaults=True) for name in sorted(named)}
    return {
        **table.model_dump(mode="json", exclude_defaults=True, exclude={"columns"}),
        **({"codelists": lists} if lists else {}),
        "columns": [column.model_dump(mode="json", exclude_defaults=True) for column in table.columns],
    }


def _standard(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """Read the standard words of a descriptor whose fields already have names of ours."""
    name = str(descriptor.get("name") or "table")
    title = str(descriptor.get("title") or name)
    first = next((one for one in descriptor.get("sources") or () if isinstance(one, Mapping)), {})
    version = str(descriptor.get("version") or "")
    fields = _with_siret(descriptor)
    columns = [from_field(one) for one in fields]
    keys = descriptor.get("primaryKey") or ()
    days = {"created": descriptor.get("created"), "modified": descriptor.get("lastModified")}
    read: dict[str, Any] = {
        "id": _identifier(name),
        "version": version if re.fullmatch(r"\d+\.\d+\.\d+", version) else "0.0.0",
        "name": {"fr": title},
        "description": {"fr": str(descriptor.get("description") or title)},
        "provider": "service",
        "source": str(first.get("title") or title),
        **{word: day for word, day in days.items() if re.fullmatch(r"\d{4}-\d\d-\d\d", str(day))},
        **({"key": [keys] if isinstance(keys, str) else list(keys)} if keys else {}),
        "columns": columns,
    }
    lists = _lists(fields, columns, read["source"])
    return {**read, "codelists": lists} if lists else read


def _lists(fields: list[dict[str, Any]], columns: list[dict[str, Any]], source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one, column in zip(fields, columns, strict=True):
        codes, name = codes_of(one), column.get("codelist")
        if codes and isinstance(name, str):
            title = {"fr": str(one.get("title") or one["name"])}
            found.setdefault(name, {"id": name, "name": title, "source": source, "codes": codes})
    return found


def _with_siret(descriptor: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields, those that Validata checks as SIRET having the pattern of one."""
    checked = {
        str(one["params"].get("column"))
        for one in descriptor.get("custom_checks") or ()
        if isinstance(one, Mapping) and one.get("name") in _SIRET_CHECKS and isinstance(one.get("params"), Mapping)
    }
    fields = [dict(one) for one in descriptor["fields"]]
    for one in fields:
        constraints = one.get("constraints") or {}
        if one.get(_WAS, one["name"]) in checked and "pattern" not in constraints and "enum" not in constraints:
            one["constraints"] = {**constraints, "pattern": PATTERNS[ColumnType.SIRET]}
    return fields


_WAS = "_was"


def _renamed(descriptor: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Give fields names of ours; the name they had is a synonym, so that their files are still read."""
    given = {str(one["name"]): name for one, name in zip(descriptor["fields"], names, strict=True)}
    fields = []
    for one, name in zip(descriptor["fields"], names, strict=True):
        was = str(one["name"])
        known = {} if was == name else {_WAS: was, OWN: {"synonyms": [was], **(one.get(OWN) or {})}}
        fields.append({**one, **known, "name": name})
    keys = descriptor.get("primaryKey") or []
    keys = [keys] if isinstance(keys, str) else keys
    return {**descriptor, "fields": fields, "primaryKey": [given.get(str(key), str(key)) for key in keys]}


def _column_names(descriptor: Mapping[str, Any]) -> list[str]:
    fields = descriptor.get("fields")
    where = str(descriptor.get("name") or "schema.json")
    if not isinstance(fields, list) or not fields:
        raise DefinitionError("ce Table Schema n'a aucun champ", where=where)
    if not all(isinstance(one, Mapping) and isinstance(one.get("name"), str) and one["name"] for one in fields):
        raise DefinitionError("chaque champ d'un Table Schema a un nom", where=where)
    wrong = [*_misshapen(descriptor, _SCHEMA_SHAPES), *(name for one in fields for name in _misshapen(one, _SHAPES))]
    if wrong:
        raise DefinitionError(f"« {wrong[0]} » n'a pas la forme que veut un Table Schema", where=where)
    names: list[str] = []
    for one in fields:
        plain = _identifier(one["name"])
        taken = (plain if number == 1 else f"{plain}_{number}" for number in range(1, len(fields) + 1))
        names.append(next(name for name in taken if name not in names))
    return names


def _misshapen(document: Mapping[str, Any], shapes: Mapping[str, type | tuple[type, ...]]) -> Iterator[str]:
    for name, shape in shapes.items():
        value = document.get(name)
        if value is not None and not isinstance(value, shape):
            yield name
        if name == "constraints" and isinstance(value, Mapping):
            yield from _misshapen(value, {"enum": list})


def _identifier(name: str) -> str:
    """Write a name as our identifiers are: ``idBeneficiaire`` becomes ``id_beneficiaire``."""
    if _OURS.fullmatch(name):
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    words = re.sub(r"[^a-z0-9]+", "_", spaced).strip("_")
    return (words if words[:1].isalpha() else f"c_{words}".rstrip("_"))[:_MAX_NAME]


def _by_name(descriptor: Mapping[str, Any], names: list[str] | None = None) -> dict[str, Any]:
    """Turn the list of fields into an object, which a merge patch can change field by field."""
    fields = descriptor["fields"]
    keys = [one["name"] for one in fields] if names is None else names
    return {**descriptor, "fields": dict(zip(keys, fields, strict=True))}


def _by_list(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    return {**descriptor, "fields": list(descriptor["fields"].values())}
