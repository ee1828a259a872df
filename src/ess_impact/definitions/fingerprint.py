"""Hash of a definition: it changes with anything that changes a figure, and with nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import DerivedIndicator, Indicator, StandardisedRate
from ess_impact.definitions.tables import Table

_WORDS = {
    "version", "valid_from", "status", "replaces", "replaced_by", "disponibilite", "niveau", "name", "definition",
    "rationale", "limitations", "direction", "diffusion", "source", "aligned_with", "a_verifier", "tags", "examples",
    "uncertainty_reason", "said_by", "secrecy",
}  # fmt: skip
"""Fields that describe a figure without changing it."""


def definition_hash(catalogue: Catalogue, indicator: Indicator) -> str:
    """Return the hash of everything that changes the figures of an indicator.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions the indicator rests on.
    indicator : Indicator
        The indicator.

    Returns
    -------
    str
        First 16 hexadecimal digits of a SHA-256.
    """
    text = json.dumps(_computation(catalogue, indicator), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _computation(catalogue: Catalogue, indicator: Indicator) -> dict[str, Any]:
    own = indicator.model_dump(mode="json", exclude=_WORDS, by_alias=True)
    if isinstance(indicator, DerivedIndicator):
        inputs = {one.indicator: catalogue[one.indicator] for one in indicator.inputs.values()}
        return {"own": own, "inputs": {name: definition_hash(catalogue, one) for name, one in sorted(inputs.items())}}
    table = catalogue.table(indicator.table)
    lists = {
        name: codelist.values for name, codelist in catalogue.codelists.items() if f"codelist('{name}')" in str(own)
    }
    if isinstance(indicator, StandardisedRate):
        reference = catalogue.codelists[indicator.reference]
        lists[reference.id] = tuple(f"{row.code}={row.weight}" for row in reference.codes)
    return {
        "own": own,
        "table": _table(catalogue, table),
        "lists": dict(sorted(lists.items())),
        "parameters": _parameters(catalogue, own, table),
    }


def _table(catalogue: Catalogue, table: Table) -> dict[str, Any]:
    derived = [one.model_dump(mode="json", exclude={"label"}, exclude_none=True) for one in table.derived]
    rules = [(rule.id, rule.expr) for rule in table.rules if rule.severity == "rejet"]
    return {"types": {name: kind.value for name, kind in table.types().items()}, "derived": derived, "rules": rules}


def _parameters(catalogue: Catalogue, own: dict[str, Any], table: Table) -> dict[str, Any]:
    text = str(own) + str([one.expr for one in table.derived])
    return {
        name: [(str(row.valid_from), str(row.value)) for row in parameter.values]
        for name, parameter in sorted(catalogue.parameters.items())
        if f"parametre('{name}')" in text
    }
