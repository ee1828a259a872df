"""Two shares of one whole, one within the other: what lies between them is a number of persons too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

from ess_impact.definitions.indicators import Proportion
from ess_impact.engine.cells import Cells
from ess_impact.evaluation.secrecy.quantities import measures_of
from ess_impact.evaluation.secrecy.relations import Identity, identity


def nested_shares(group: Sequence[Cells]) -> list[tuple[int, int]]:
    """Find the proportions of persons whose numerator holds that of another, of the same denominator.

    Parameters
    ----------
    group : sequence of Cells
        Cells of the indicators of one table.

    Returns
    -------
    list of (int, int)
        Positions in the group, the wider share first. A share that is nowhere smaller than another counts as wider:
        where that is chance, more is hidden than needed.
    """
    whole = {
        index: measures_of(cells.indicator)[1]
        for index, cells in enumerate(group)
        if isinstance(cells.indicator, Proportion) and cells.indicator.secrecy.unit == "personne"
    }
    cases = {
        index: {identity(key): int(one) for key, one in zip(group[index].keys, group[index].numerator, strict=True)}
        for index in whole
    }
    return [
        (wide, narrow)
        for wide, narrow in permutations(whole, 2)
        if whole[wide] == whole[narrow] and _holds(cases[wide], cases[narrow])
    ]


def _holds(wide: Mapping[Identity, int], narrow: Mapping[Identity, int]) -> bool:
    common = wide.keys() & narrow.keys()
    return all(wide[one] >= narrow[one] for one in common) and any(wide[one] > narrow[one] for one in common)
