"""JSON merge patch (RFC 7396): what must be added, changed or removed to go from one document to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

Document = Mapping[str, Any]


def difference(source: Document, target: Document) -> dict[str, Any]:
    """Return the patch that turns a document into another.

    Parameters
    ----------
    source, target : mapping
        JSON objects; a key whose value is null says nothing and is taken for absent.

    Returns
    -------
    dict
        Empty when they are equal; null marks a key to remove.

    Examples
    --------
    >>> difference({"a": 1, "b": {"c": 2}}, {"b": {"c": 3}})
    {'a': None, 'b': {'c': 3}}
    """
    patch: dict[str, Any] = {name: None for name in source if target.get(name) is None}
    for name, value in target.items():
        here = source.get(name)
        if value is None or same(here, value):
            continue
        both = isinstance(here, Mapping) and isinstance(value, Mapping)
        patch[name] = difference(cast("Document", here), value) if both else value
    return patch


def merge(source: Document, patch: Document) -> dict[str, Any]:
    """Apply a patch.

    Parameters
    ----------
    source : mapping
        The document.
    patch : mapping
        From :func:`difference`.

    Returns
    -------
    dict
        A new document.

    Examples
    --------
    >>> merge({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"c": 3}})
    {'b': {'c': 3}}
    """
    merged = {name: value for name, value in source.items() if name not in patch}
    for name, value in patch.items():
        if isinstance(value, Mapping):
            here = source.get(name)
            merged[name] = merge(here if isinstance(here, Mapping) else {}, value)
        elif value is not None:
            merged[name] = value
    return {name: merged[name] for name in (*source, *patch) if name in merged}


def same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are equal: true is not 1, and 1 is not 1.0.

    Parameters
    ----------
    one, other : object
        JSON values.

    Returns
    -------
    bool
        Equality of type and value.

    Examples
    --------
    >>> same(1, True), same([1, {"a": 2}], [1, {"a": 2}])
    (False, True)
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)
