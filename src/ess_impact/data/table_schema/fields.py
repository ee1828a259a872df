"""Columns to fields of a Table Schema and back: standard words first, what they cannot say under one key of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from ess_impact.data.dates import YEARS
from ess_impact.data.parsing import parse_column
from ess_impact.data.table_schema.merge_patch import difference, merge
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Column, scale_of
from ess_impact.definitions.vocabulary import SCALES, ColumnType

OWN = "ess_impact"
"""Key of a descriptor that holds what the standard has no word for."""

PATTERNS: dict[ColumnType, str] = {
    ColumnType.SIRET: r"^[0-9]{14}$",
    ColumnType.SIREN: r"^[0-9]{9}$",
    ColumnType.RNA: r"^W[0-9][0-9A-Z][0-9]{7}$",
    ColumnType.DEPARTEMENT: (r"^(?:0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|97[1-8]|98[4678]|F(?:0[1-9]|[1-9][0-9]))$"),
    ColumnType.COMMUNE: r"^(?:[0-9]{2}|2[AB]|F[0-9])[0-9]{3}$",
}
"""What a canonical identifier looks like; the checksum of SIREN and SIRET is beyond a pattern."""

_TYPES = {
    ColumnType.BOOLEEN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.ANNEE: "year",
    ColumnType.ENTIER: "integer",
    **dict.fromkeys((ColumnType.EUROS, ColumnType.HEURES, ColumnType.QUANTITE, ColumnType.RATIO), "number"),
}
_READ = {"boolean": ColumnType.BOOLEEN, "date": ColumnType.DATE, "year": ColumnType.ANNEE, "integer": ColumnType.ENTIER}
_YES, _NO = "oui", "non"
_EARLIEST, _LATEST = (str(year) for year in YEARS)
_NATURAL_BOUNDS = {
    ColumnType.DATE: (f"{_EARLIEST}-01-01", f"{_LATEST}-12-31"),
    ColumnType.ANNEE: (_EARLIEST, _LATEST),
}
"""Bounds of every date, whatever the column: those that reading itself refuses to pass."""
_NAMED_ALIKE = (
    (ColumnType.SIRET, re.compile(r"^\^?(?:\\d|\[0-9\])\{14\}\$?$")),
    (ColumnType.SIREN, re.compile(r"^\^?(?:\\d|\[0-9\])\{9\}\$?$")),
    (ColumnType.RNA, re.compile(r"^\^?\[?W\]?(?:\\d|\[0-9\])\{9\}\$?$")),
)
_UNITS = (
    (ColumnType.EUROS, re.compile(r"€|\beuros?\b", re.IGNORECASE)),
    (ColumnType.HEURES, re.compile(r"\bheures?\b", re.IGNORECASE)),
)
_MAX_DIGITS = 30
_WITHOUT_KEY = (ColumnType.PERSONNE, ColumnType.TEXTE)


def to_field(column: Column, codelists: Mapping[str, Codelist]) -> dict[str, Any]:
    """Describe a column as a field.

    Parameters
    ----------
    column : Column
        The column.
    codelists : mapping of str to Codelist
        Lists it may name.

    Returns
    -------
    dict
        Field of a Table Schema; :func:`from_field` reads it back to the same column.
    """
    codes = codelists[column.codelist] if column.codelist is not None else None
    field: dict[str, Any] = {"name": column.name, "title": column.label.fr}
    if column.help is not None:
        field["description"] = column.help.fr
    if column.example is not None:
        field["example"] = canonical(column, column.example, codelists) or column.example
    field["type"] = _TYPES.get(column.type, "string")
    if column.type is ColumnType.BOOLEEN:
        field |= {"trueValues": [_YES], "falseValues": [_NO]}
    constraints = _constraints(column, codes)
    if constraints:
        field["constraints"] = constraints
    if codes is not None:
        field["categories"] = [{"value": row.code, "label": row.label.fr} for row in codes.codes]
    own = difference(column_of(field), _plain(column))
    return {**field, OWN: own} if own else field


def from_field(field: Mapping[str, Any]) -> dict[str, Any]:
    """Read a field, of ours or of somebody else.

    Parameters
    ----------
    field : mapping
        Field of a Table Schema, its ``name`` an identifier.

    Returns
    -------
    dict
        What :class:`Column` is made of.
    """
    return merge(column_of(field), field.get(OWN) or {})


def column_of(field: Mapping[str, Any]) -> dict[str, Any]:
    """Read the standard words of a field.

    Parameters
    ----------
    field : mapping
        Field of a Table Schema.

    Returns
    -------
    dict
        What :class:`Column` is made of; the list of a code is named after its column.
    """
    kind = _column_type(field)
    constraints = field.get("constraints") or {}
    column: dict[str, Any] = {
        "name": field["name"],
        "type": kind.value,
        "label": {"fr": str(field.get("title") or field["name"])},
    }
    if field.get("description"):
        column["help"] = {"fr": str(field["description"])}
    if constraints.get("required") is True:
        column["required"] = True
    if kind in (ColumnType.CODE, ColumnType.LISTE):
        column["codelist"] = field["name"]
    column |= _bounds(kind, constraints)
    if field.get("example") not in (None, ""):
        column["example"] = str(field["example"])
    return column


def codes_of(field: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the codes a field admits.

    Parameters
    ----------
    field : mapping
        Field of a Table Schema.

    Returns
    -------
    list of dict
        What :class:`Code` is made of, without repetition.
    """
    labels = {
        str(one.get("value")): str(one.get("label") or one.get("value"))
        for one in field.get("categories") or ()
        if isinstance(one, Mapping)
    }
    values = [str(one) for one in (field.get("constraints") or {}).get("enum") or labels]
    return [{"code": one, "label": {"fr": labels.get(one) or one}} for one in dict.fromkeys(values) if one]


def canonical(column: Column, text: str, codelists: Mapping[str, Codelist]) -> str | None:
    """Rewrite a cell as a canonical file writes it: ISO dates, decimal point, codes, oui or non.

    Parameters
    ----------
    column : Column
        What the cell means.
    text : str
        The cell as people write it.
    codelists : mapping of str to Codelist
        Lists the column may name.

    Returns
    -------
    str or None
        None when the cell cannot be read.

    Examples
    --------
    >>> from ess_impact.definitions.vocabulary import Label
    >>> canonical(Column(name="prix", type=ColumnType.EUROS, label=Label(fr="Prix")), "1 234,50 €", {})
    '1234.5'
    """
    if column.type in _WITHOUT_KEY:
        return text
    value = parse_column(pl.Series([text]), column, codelists).values[0]
    if value is None:
        return None
    if column.type is ColumnType.BOOLEEN:
        return _YES if value else _NO
    return _number_text(Decimal(value) / scale_of(column.type)) if column.type in SCALES else str(value)


def _plain(column: Column) -> dict[str, Any]:
    return column.model_dump(mode="json", exclude_defaults=True)


def _constraints(column: Column, codes: Codelist | None) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.type in PATTERNS:
        constraints["pattern"] = PATTERNS[column.type]
    if codes is not None and column.type is ColumnType.CODE:
        constraints["enum"] = list(codes.values)
    if codes is not None and column.type is ColumnType.LISTE:
        one = "|".join(map(re.escape, codes.values))
        constraints["pattern"] = f"^(?:{one})(?:,(?:{one}))*$"
    low, high = _NATURAL_BOUNDS.get(column.type, (None, None))
    bounds = {"minimum": column.min or low, "maximum": column.max or high}
    return constraints | {name: _bound(column, text) for name, text in bounds.items() if text is not None}


def _bound(column: Column, text: str) -> str | int | float:
    if column.type is ColumnType.DATE:
        return text
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


def _bounds(kind: ColumnType, constraints: Mapping[str, Any]) -> dict[str, str]:
    natural = _NATURAL_BOUNDS.get(kind, ("", ""))
    if kind not in SCALES and kind is not ColumnType.DATE:
        return {}
    read: dict[str, str] = {}
    for name, word, own in zip(("min", "max"), ("minimum", "maximum"), natural, strict=True):
        text = _bound_text(kind, constraints.get(word))
        if text not in ("", own):
            read[name] = text
    return read


def _bound_text(kind: ColumnType, value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if kind is ColumnType.DATE:
        return str(value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return ""
    return _number_text(number) if number.is_finite() and abs(number.adjusted()) < _MAX_DIGITS else ""


def _number_text(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _column_type(field: Mapping[str, Any]) -> ColumnType:
    kind = str(field.get("type") or "string")
    if kind in _READ:
        return _READ[kind]
    constraints = field.get("constraints") or {}
    if kind == "number":
        return _number_type(field, constraints)
    if constraints.get("enum"):
        return ColumnType.CODE
    if codes_of(field):
        return ColumnType.LISTE
    return _identifier_type(str(constraints.get("pattern") or "")) if kind == "string" else ColumnType.TEXTE


def _number_type(field: Mapping[str, Any], constraints: Mapping[str, Any]) -> ColumnType:
    """Tell a share by its bounds, an amount by its words; any other number has at most three decimals."""
    low, high = (_bound_text(ColumnType.RATIO, constraints.get(word)) for word in ("minimum", "maximum"))
    if low and high and Decimal(low) >= 0 and Decimal(high) <= 1:
        return ColumnType.RATIO
    words = f"{field.get('title') or ''} {field.get('description') or ''}"
    return next((kind for kind, unit in _UNITS if unit.search(words)), ColumnType.QUANTITE)


def _identifier_type(pattern: str) -> ColumnType:
    exact = (kind for kind, ours in PATTERNS.items() if ours == pattern)
    alike = (kind for kind, shape in _NAMED_ALIKE if shape.match(pattern))
    return next(exact, next(alike, ColumnType.TEXTE))
