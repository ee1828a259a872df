"""Hash of a definition: it changes with anything that changes a figure, and with nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import DerivedIndicator, Indicator, StandardisedRate
from ess_impact.definitions.tables import Table

_WORDS = {
    "version", "valid_from", "status", "replaces", "replaced_by", "disponibilite", "niveau", "name", "definition",
    "rationale", "limitations", "direction", "diffusion", "source", "aligned_with", "a_verifier", "tags", "examples",
    "uncertainty_reason", "said_by", "secrecy", "previous", "breaks",
}  # fmt: skip
"""Fields that describe a figure without changing it."""
_COLUMN = {"name", "type", "required", "codelist", "min", "max"}


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
    linked = [catalogue.tables[link.table] for link in table.foreign_keys if link.brings or link.sums]
    computed = {"own": own, "tables": [_table(one) for one in (table, *linked)]}
    named = _listed(catalogue, computed, [table, *linked])
    if isinstance(indicator, StandardisedRate):
        named.add(indicator.reference)
    text = str(computed)
    dated = {
        name for one in (table, *linked) for way in one.derived if way.parameter for name in way.parameter.parameters
    }
    parameters = {
        name: one for name, one in catalogue.parameters.items() if name in dated or _calls(text, "parametre", name)
    }
    return computed | {
        "lists": {
            name: [(row.code, str(row.weight)) for row in catalogue.codelists[name].codes] for name in sorted(named)
        },
        "parameters": {
            name: [(str(row.valid_from), str(row.value)) for row in one.values]
            for name, one in sorted(parameters.items())
        },
    }


def _table(table: Table) -> dict[str, Any]:
    """Everything of a table that decides which rows count and what they hold; alerts only comment."""
    facts = table.model_dump(mode="json", include={"id", "key", "owner", "territory", "foreign_keys"})
    facts["columns"] = [one.model_dump(mode="json", include=_COLUMN, exclude_none=True) for one in table.columns]
    facts["derived"] = [one.model_dump(mode="json", exclude={"label"}, exclude_none=True) for one in table.derived]
    facts["rules"] = [(rule.id, rule.expr) for rule in table.rules if rule.severity == "rejet"]
    rejecting = [rule for rule in table.cross_checks if rule.severity == "rejet"]
    if rejecting:
        words = {"message", "remedy", "severity"}
        facts["cross_checks"] = [rule.model_dump(mode="json", exclude=words) for rule in rejecting]
    return facts


def _listed(catalogue: Catalogue, computed: dict[str, Any], tables: list[Table]) -> set[str]:
    text = str(computed)
    admitted = {one.codelist for table in tables for one in table.all_columns if one.codelist}
    return {name for name in catalogue.codelists if name in admitted or _calls(text, "codelist", name)}


def _calls(text: str, function: str, name: str) -> bool:
    """Tell whether expressions call ``function('name')``, however it is spaced or cased."""
    return re.search(rf"\b{function}\s*\(\s*\\?'{re.escape(name)}\\?'\s*\)", text, re.IGNORECASE) is not None
