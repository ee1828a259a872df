"""Check the codes of every table against dated nomenclatures and, where given, the Sirene register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from ess_impact.data.checking import Checked
from ess_impact.data.nomenclatures import wording
from ess_impact.data.nomenclatures.families import LEGAL, differing_families, legal_column
from ess_impact.data.nomenclatures.findings import as_alertes
from ess_impact.data.nomenclatures.periods import communes, naf, of_codelist
from ess_impact.data.nomenclatures.register import registered, registered_facts, siret_before
from ess_impact.data.nomenclatures.validity import INDEX, misused, window
from ess_impact.data.nomenclatures.wording import Wording
from ess_impact.data.setting_aside import set_aside
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column
from ess_impact.definitions.vocabulary import ColumnType

_FICTITIOUS = "F"
"""First letter of the codes of the example: no real commune has it."""


def check_nomenclatures(
    checked: Mapping[str, Checked], catalogue: Catalogue, *, sirene: pl.DataFrame | None = None
) -> dict[str, Checked]:
    """Check codes against the nomenclatures in force on the day of each row.

    Parameters
    ----------
    checked : mapping of str to Checked
        Tables, by id.
    catalogue : Catalogue
        Definitions; columns are found by type (``commune``, ``siret`` …), codelist or declared ``nomenclature``.
    sirene : polars.DataFrame, optional
        Extract of the Sirene register, see :func:`ess_impact.data.nomenclatures.register.registered_facts`. Without
        it, nothing is compared with the register.

    Returns
    -------
    dict of str to Checked
        Same ids, alertes added: a code that is merely old or unknown says nothing of the figures beside it, so every
        row still counts.

    Examples
    --------
    >>> from ess_impact.data.checking import check
    >>> from ess_impact.definitions.catalogue import Catalogue
    >>> rows = {"siret": ["73282932000074"], "annee": ["2025"], "denomination": ["Essai"], "epci": ["X"]}
    >>> frame = pl.DataFrame({**rows, "effectif": ["1"], "etp": ["1"], "commune": ["62549"]})
    >>> one = check_nomenclatures({"structures": check(frame, "structures")}, Catalogue.load())["structures"]
    >>> one.anomalies["message"].to_list()
    ["« Commune » : la commune 62549 (Marconne) n'existe plus depuis le 01/01/2025."]
    """
    return {name: _check(one, catalogue, sirene) for name, one in checked.items()}


def _check(one: Checked, catalogue: Catalogue, sirene: pl.DataFrame | None) -> Checked:
    if one.accepted.is_empty():
        return one
    found = [*_dated(one, catalogue), differing_families(one, catalogue, _registered_category(one, sirene))]
    if sirene is not None:
        found += registered_facts(one, sirene)
    alertes = [as_alertes(one, column, rows) for column, rows in found if rows.height]
    return set_aside(one, pl.concat(alertes)) if alertes else one


def _registered_category(one: Checked, sirene: pl.DataFrame | None) -> pl.Series | None:
    """Return the legal category of each row in the register, for those who left it blank."""
    column = legal_column(one.table)
    siret = siret_before(one.table, column) if column else ""
    if sirene is None or not siret or "categorie_juridique" not in sirene.columns:
        return None
    return registered(one, siret, sirene, "categorie_juridique")


def _dated(one: Checked, catalogue: Catalogue) -> Iterator[tuple[str, pl.DataFrame]]:
    days = window(one.table)
    for column in one.table.columns:
        judged = _nomenclature(column, catalogue)
        if judged is None:
            continue
        periods, words = judged
        rows = one.accepted.select(column.name, *days).with_row_index(INDEX)
        if words is wording.COMMUNE:
            rows = rows.filter(~pl.col(column.name).str.starts_with(_FICTITIOUS))
        faults = misused(rows, column, periods)
        if faults.height:
            yield column.name, words.say(faults, dict(periods.select("code", "label").iter_rows()))


def _nomenclature(column: Column, catalogue: Catalogue) -> tuple[pl.DataFrame, Wording] | None:
    """Return the periods of the codes a column may hold; None for a column that no date bounds."""
    if column.type is ColumnType.COMMUNE or column.nomenclature == "commune":
        return communes(), wording.COMMUNE
    if column.nomenclature == "naf":
        return naf(), wording.NAF
    name = LEGAL if column.nomenclature == "categorie_juridique" else column.codelist
    codelist = catalogue.codelists.get(name or "")
    if codelist is None:
        return None
    if name == LEGAL:
        return of_codelist(codelist), wording.LEGAL_CATEGORY
    bounded = any(row.valid_from or row.valid_to for row in codelist.codes)
    return (of_codelist(codelist), wording.CODE) if bounded else None
