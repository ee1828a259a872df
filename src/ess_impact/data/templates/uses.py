"""Which indicators each column of a table feeds."""

from __future__ import annotations

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.needs import needs_of


def columns_fed(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return, for each column asked for, the indicators it feeds, directly or through a derived column.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    dict
        (table id, column name) to the French names of the indicators, sorted.
    """
    fed: dict[tuple[str, str], set[str]] = {}
    for indicator in catalogue.values():
        if indicator.status != "retired":
            for place in needs_of(catalogue, indicator).every:
                fed.setdefault(place, set()).add(indicator.name.fr)
    return {place: tuple(sorted(names)) for place, names in fed.items()}
