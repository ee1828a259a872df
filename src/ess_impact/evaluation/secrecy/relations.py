"""Additive relations between published cells: a total, and the parts it is the sum of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from ess_impact.definitions.indicators import Breakdown
from ess_impact.engine.cells import TOTAL, CellKey
from ess_impact.stats.disclosure import Matrix

Identity = tuple[str, int, tuple[tuple[str, str], ...]]
"""Territory, year and (column, modality) pairs, whatever the order of the columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A total and the parts it is the sum of, as positions of cells."""

    total: int
    parts: tuple[int, ...]

    @property
    def members(self) -> tuple[int, ...]:
        """The total, then its parts."""
        return (self.total, *self.parts)


def relations(keys: Sequence[CellKey]) -> list[Relation]:
    """List every total that is the sum of other published cells.

    Parameters
    ----------
    keys : sequence of CellKey
        Published cells.

    Returns
    -------
    list of Relation
        A crossing sums to each of its margins and to the total; territories sum to their whole.
    """
    positions = {identity(key): index for index, key in enumerate(keys)}
    parts: dict[tuple[int, Breakdown, str], list[int]] = {}
    for index, key in enumerate(keys):
        for name, parent in _parents(key):
            total = positions.get(identity(parent))
            if total is not None:
                parts.setdefault((total, tuple(sorted(key.breakdown)), name), []).append(index)
    return [Relation(total=total, parts=tuple(found)) for (total, _, _), found in parts.items()]


def identity(key: CellKey) -> Identity:
    """Return what makes two keys the same cell.

    Parameters
    ----------
    key : CellKey
        Place of a cell.

    Returns
    -------
    Identity
        The same for ``zone*sexe`` and ``sexe*zone``.
    """
    return key.territory, key.year, tuple(sorted(zip(key.breakdown, key.modality, strict=True)))


def _parents(key: CellKey) -> Iterable[tuple[str, CellKey]]:
    pairs = sorted(zip(key.breakdown, key.modality, strict=True))
    for size in range(len(pairs)):
        for kept in combinations(pairs, size):
            names, codes = tuple(name for name, _ in kept), tuple(code for _, code in kept)
            label = ",".join(names)
            yield label, CellKey(territory=key.territory, year=key.year, breakdown=names, modality=codes)
    if key.territory != TOTAL:
        yield TOTAL, CellKey(territory=TOTAL, year=key.year, breakdown=key.breakdown, modality=key.modality)


def without_empty(links: Sequence[Relation], sizes: Sequence[int]) -> list[Relation]:
    """Drop empty cells from relations: hidden or not, they are known to be empty.

    Parameters
    ----------
    links : sequence of Relation
        Relations.
    sizes : sequence of int
        Size of each cell.

    Returns
    -------
    list of Relation
        Those whose total and at least one part hold something.
    """
    kept = [(one.total, tuple(part for part in one.parts if sizes[part] > 0)) for one in links if sizes[one.total] > 0]
    return [Relation(total=total, parts=parts) for total, parts in kept if parts]


def components(links: Sequence[Relation], count: int) -> list[list[int]]:
    """Group the cells that relations connect.

    Parameters
    ----------
    links : sequence of Relation
        Relations.
    count : int
        Number of cells.

    Returns
    -------
    list of list of int
        Positions, sorted; the groups in the order of their first cell.
    """
    root = list(range(count))

    def find(index: int) -> int:
        while root[index] != index:
            root[index] = root[root[index]]
            index = root[index]
        return index

    for link in links:
        for part in link.parts:
            one, other = sorted((find(link.total), find(part)))
            root[other] = one
    groups: dict[int, list[int]] = {}
    for index in range(count):
        groups.setdefault(find(index), []).append(index)
    return list(groups.values())


def relation_matrix(links: Sequence[Relation], count: int) -> Matrix:
    """Write relations as rows: parts minus total.

    Parameters
    ----------
    links : sequence of Relation
        r relations.
    count : int
        Number m of cells.

    Returns
    -------
    sparse array, shape (r, m)
        -1, 0 or +1.
    """
    from scipy.sparse import csr_array

    rows = [row for row, link in enumerate(links) for _ in link.members]
    columns = [index for link in links for index in link.members]
    signs = [sign for link in links for sign in (-1.0, *[1.0] * len(link.parts))]
    return csr_array((signs, (rows, columns)), shape=(len(links), count))
