"""Table Schemas to pandera schemas and back: dates stay dates, bounds, codes and keys stay checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import polars as pl

from ess_impact.data.table_schema.merge_patch import difference, merge

if TYPE_CHECKING:
    import pandera.polars as pa

_KEPT = "table_schema"
"""Key of pandera's metadata that holds what pandera has no word for."""

_DTYPES: dict[str, Any] = {
    "string": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "datetime": pl.Datetime,
    "time": pl.Time,
    "year": pl.Int64,
}
_TYPES = {"String": "string", "Int64": "integer", "Float64": "number", "Boolean": "boolean"}
_DAYS: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
}
_WORDS = {
    "greater_than_or_equal_to": {"min_value": "minimum"},
    "greater_than": {"min_value": "exclusiveMinimum"},
    "less_than_or_equal_to": {"max_value": "maximum"},
    "less_than": {"max_value": "exclusiveMaximum"},
    "isin": {"allowed_values": "enum"},
    "str_matches": {"pattern": "pattern"},
    "str_length": {"min_value": "minLength", "max_value": "maxLength"},
}
"""Name of a pandera check, its statistics and the constraints they are."""
_OPEN, _CLOSE = "^(?:", ")$"


def to_pandera(descriptor: Mapping[str, Any]) -> pa.DataFrameSchema:
    """Compile a Table Schema to a pandera schema for polars.

    Parameters
    ----------
    descriptor : mapping
        A Table Schema.

    Returns
    -------
    pandera.polars.DataFrameSchema
        For typed columns in natural units; :func:`from_pandera` gives the descriptor back.
    """
    import pandera.polars as pa

    keys = descriptor.get("primaryKey") or []
    schema = pa.DataFrameSchema(
        {one["name"]: _column(one) for one in descriptor["fields"]},
        name=descriptor.get("name"),
        title=descriptor.get("title"),
        description=descriptor.get("description"),
        unique=[keys] if isinstance(keys, str) else list(keys),
        strict=False,
        coerce=False,
    )
    schema.metadata = {_KEPT: difference(_schema_words(schema), {**descriptor, "fields": None})}
    return schema


def from_pandera(schema: pa.DataFrameSchema) -> dict[str, Any]:
    """Write a pandera schema as a Table Schema.

    Parameters
    ----------
    schema : pandera.polars.DataFrameSchema
        From :func:`to_pandera`, possibly changed since, or any other whose checks are built-in ones.

    Returns
    -------
    dict
        Types, constraints and keys come from the columns and their checks, the rest from the metadata.
    """
    fields = [merge(_field_words(name, one), _kept(one.metadata)) for name, one in schema.columns.items()]
    return {**merge(_schema_words(schema), _kept(schema.metadata)), "fields": fields}


def _column(field: Mapping[str, Any]) -> pa.Column:
    import pandera.polars as pa

    constraints = field.get("constraints") or {}
    required = constraints.get("required") is True
    column = pa.Column(
        _DTYPES.get(str(field.get("type") or "string"), pl.String),
        checks=_checks(field, constraints),
        nullable=not required,
        required=required,
        unique=constraints.get("unique") is True,
        title=field.get("title"),
        description=field.get("description"),
    )
    column.metadata = {_KEPT: difference(_field_words(field["name"], column), field)}
    return column


def _checks(field: Mapping[str, Any], constraints: Mapping[str, Any]) -> list[pa.Check]:
    import pandera.polars as pa

    read: Callable[[Any], Any] = _DAYS.get(str(field.get("type"))) or (lambda value: value)
    builders: dict[str, Callable[[Any], pa.Check]] = {
        "minimum": lambda value: pa.Check.ge(read(value)),
        "exclusiveMinimum": lambda value: pa.Check.gt(read(value)),
        "maximum": lambda value: pa.Check.le(read(value)),
        "exclusiveMaximum": lambda value: pa.Check.lt(read(value)),
        "enum": lambda values: pa.Check.isin([read(value) for value in values]),
        "pattern": lambda value: pa.Check.str_matches(f"{_OPEN}{value}{_CLOSE}"),
    }
    checks = [build(constraints[word]) for word, build in builders.items() if constraints.get(word) is not None]
    shortest, longest = constraints.get("minLength"), constraints.get("maxLength")
    if shortest is not None or longest is not None:
        checks.append(pa.Check.str_length(min_value=shortest, max_value=longest))
    return checks


def _field_words(name: str, column: pa.Column) -> dict[str, Any]:
    """Say of a column what its type and checks say."""
    kind = str(column.dtype)
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.unique:
        constraints["unique"] = True
    for check in column.checks:
        for statistic, word in _WORDS.get(str(check.name), {}).items():
            value = (check.statistics or {}).get(statistic)
            if value is not None:
                constraints[word] = _plain(value)
    words = {"name": name, "title": column.title, "description": column.description}
    return {
        **{word: text for word, text in words.items() if text is not None},
        "type": _TYPES.get(kind, kind.partition("(")[0].lower()),
        **({"constraints": constraints} if constraints else {}),
    }


def _schema_words(schema: pa.DataFrameSchema) -> dict[str, Any]:
    words = {"name": schema.name, "title": schema.title, "description": schema.description}
    keys = [schema.unique] if isinstance(schema.unique, str) else schema.unique
    return {
        **{word: text for word, text in words.items() if text is not None},
        **({"primaryKey": list(keys)} if keys else {}),
    }


def _kept(metadata: Mapping[str, Any] | None) -> Mapping[str, Any]:
    kept = (metadata or {}).get(_KEPT)
    return kept if isinstance(kept, Mapping) else {}


def _plain(value: Any) -> Any:
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, str):
        wrapped = value.startswith(_OPEN) and value.endswith(_CLOSE)
        return value[len(_OPEN) : -len(_CLOSE)] if wrapped else value
    return [_plain(one) for one in value] if isinstance(value, (list, tuple, set, frozenset)) else value
