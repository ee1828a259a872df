"""The last check before anything is written: a publication is attacked as a whole, and refused if it gives way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import polars as pl

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import Breakdown, DerivedIndicator, Indicator
from ess_impact.definitions.sensitive import crossed_sensitive, place_columns, sensitive_columns
from ess_impact.definitions.tables import Table
from ess_impact.engine.cells import TOTAL
from ess_impact.errors import SecrecyError
from ess_impact.evaluation.secrecy.audit import audit
from ess_impact.evaluation.secrecy.breaches import refuse
from ess_impact.evaluation.secrecy.differencing import audit_against
from ess_impact.evaluation.secrecy.overlaps import Nested, nested_places
from ess_impact.evaluation.secrecy.protection import FREE


def sensitive_of(catalogue: Catalogue, table: Table) -> frozenset[str]:
    """Return the columns of a table that describe a sensitive group, brought ones included.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    table : Table
        The table.

    Returns
    -------
    frozenset of str
        Their names.
    """
    return sensitive_columns(catalogue.columns_of(table))


def nested_of(catalogue: Catalogue, table: Table, frame: pl.DataFrame) -> Nested:
    """Return which places of a table lie in which, as its rows tell.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    table : Table
        The table.
    frame : polars.DataFrame
        Its accepted rows.

    Returns
    -------
    Nested
        Empty with fewer than two columns of places.
    """
    names = [name for name in place_columns(catalogue.columns_of(table)) if name in frame.columns]
    return nested_places(frame, names)


def refuse_crossings(catalogue: Catalogue, chosen: Iterable[Indicator], crossings: Sequence[Breakdown]) -> None:
    """Refuse breakdowns asked for on the spot that cross two sensitive groups, as definitions are.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    chosen : iterable of Indicator
        Indicators asked for.
    crossings : sequence of Breakdown
        Breakdowns in place of those of the definitions.

    Raises
    ------
    SecrecyError
        Two sensitive columns would meet.
    """
    for one in chosen:
        if isinstance(one, DerivedIndicator):
            continue
        asked = one.model_copy(update={"breakdowns": tuple(crossings)})
        for _, names in crossed_sensitive(asked, catalogue.columns_of(catalogue.table(one.table))):
            raise SecrecyError(
                f"« {one.id} » : deux colonnes sensibles croisées ({', '.join(names)})",
                fix="Santé, handicap, détention et asile ne se croisent jamais : gardez-en une.",
            )


Change = TypeVar("Change")


def without_hidden_years(
    changes: Mapping[tuple[str, str, int], Change], rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str, int], Change]:
    """Drop changes from a year that is hidden: today's figure minus the change would give it back.

    Parameters
    ----------
    changes : mapping
        Indicator, territory (``_T`` for the whole) and year to the change since the year before.
    rows : sequence of mapping
        Rows of results of the indicator, secrecy applied.

    Returns
    -------
    dict
        Those between two years that are shown.
    """
    totals = [row for row in rows if row["breakdown"] == TOTAL]
    # A table of one territory has no whole above it: its only total is keyed as one.
    single = all(row["territory"] != TOTAL for row in totals)
    hidden = {
        (TOTAL if single else row["territory"], row["period_start"].year)
        for row in totals
        if row["conf_status"] != FREE
    }
    return {key: one for key, one in changes.items() if (key[1], key[2] - 1) not in hidden}


def check_publication(
    frame: pl.DataFrame,
    catalogue: Catalogue,
    tables: Mapping[str, pl.DataFrame],
    *,
    min_count: int | None = None,
    beside: Iterable[pl.DataFrame] = (),
    former: pl.DataFrame | None = None,
) -> None:
    """Refuse what gives a hidden cell away: alone, with the other files, or with the publication before.

    Parameters
    ----------
    frame : polars.DataFrame
        ``results/indicateurs`` as it will be written.
    catalogue : Catalogue
        Definitions.
    tables : mapping of str to polars.DataFrame
        Accepted rows: which places lie in which.
    min_count : int, optional
        Campaign's threshold.
    beside : iterable of polars.DataFrame
        Other result files.
    former : polars.DataFrame, optional
        Results published before.

    Raises
    ------
    SecrecyError
        Names every cell at risk, never its value (exit code 5).
    """
    known = {name: catalogue.table(name) for name in tables if name in catalogue.tables}
    found = audit(
        frame,
        catalogue,
        min_count=min_count,
        sensitive={name: sensitive_of(catalogue, table) for name, table in known.items()},
        nested={name: nested_of(catalogue, table, tables[name]) for name, table in known.items()},
        beside=beside,
    )
    against = () if former is None else audit_against(frame, former, catalogue, min_count=min_count)
    refuse(sorted({*found, *against}))
