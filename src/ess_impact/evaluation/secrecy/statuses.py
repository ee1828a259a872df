"""Statuses of cells: free, hidden, or hidden to protect another."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from ess_impact.definitions.indicators import CollectedIndicator, FractionMeasures
from ess_impact.engine.cells import Cells
from ess_impact.evaluation.secrecy.overlaps import Nested, nested_relations
from ess_impact.evaluation.secrecy.primary import disclosive, least_of
from ess_impact.evaluation.secrecy.protection import FREE, PRIMARY, protect
from ess_impact.evaluation.secrecy.quantities import Ledger, few_among, measures_of
from ess_impact.evaluation.secrecy.relations import Identity, Relation, identity, relations
from ess_impact.evaluation.secrecy.shares import nested_shares

UNPROTECTED = ("aucun", "deja_public")
"""Units that hide nothing: none, or public by law."""


def confidentiality(cells: Cells, *, min_count: int | None = None, sensitive: Collection[str] = ()) -> list[str]:
    """Give each cell of one indicator its status; see :func:`joint_confidentiality`.

    Parameters
    ----------
    cells : Cells
        g cells of one indicator.
    min_count : int, optional
        Campaign's threshold; the definition's own prevails when higher.
    sensitive : collection of str
        Columns that describe a sensitive group.

    Returns
    -------
    list of str
        g statuses: ``"F"`` free, ``"C"`` hidden, ``"D"`` hidden to protect another.
    """
    return joint_confidentiality([cells], min_count=min_count, sensitive=sensitive)[cells.indicator.id]


def joint_confidentiality(
    group: Sequence[Cells],
    *,
    min_count: int | None = None,
    sensitive: Collection[str] = (),
    nested: Nested | None = None,
) -> dict[str, list[str]]:
    """Give each cell its status: free, hidden, or hidden to protect another.

    Primary rules: :func:`ess_impact.evaluation.secrecy.primary.disclosive`. Secondary rule: least loss such that every
    hidden figure keeps an interval as wide as its level, what is left of a shown total could itself be shown, and
    relations determine no hidden cell (:func:`ess_impact.evaluation.secrecy.protection.protect`). Indicators that
    publish a same measure, or count among the same persons, hide the same cells: one would give the other back.

    Parameters
    ----------
    group : sequence of Cells
        Cells of the indicators of one table.
    min_count : int, optional
        Campaign's threshold; a definition's own prevails when higher.
    sensitive : collection of str
        Columns that describe a sensitive group.
    nested : Nested, optional
        Which places of a breakdown lie in those of another: what is left of the larger, once the smaller are taken
        away, is protected like a cell.

    Returns
    -------
    dict
        Indicator id to statuses, aligned with its cells.
    """
    found: dict[str, list[str]] = {}
    for members in linked(group):
        status = _status_of(members, min_count or 0, sensitive, nested or {})
        found |= {cells.indicator.id: [status[identity(key)] for key in cells.keys] for cells in members}
    return found


def linked(group: Sequence[Cells]) -> list[list[Cells]]:
    """Put together the indicators that publish a same measure, or count among the same persons, even through others.

    Parameters
    ----------
    group : sequence of Cells
        Cells of several indicators.

    Returns
    -------
    list of list of Cells
        Each indicator in one list; the order of the group does not matter. Every indicator about persons tells how
        many there are, known and unknown: hidden in one, that number is hidden in all.
    """
    found: list[tuple[set[Hashable], list[Cells]]] = []
    for cells in sorted(group, key=lambda one: one.indicator.id):
        names, members = {*measures_of(cells.indicator), _persons_of(cells.indicator)}, [cells]
        for one in [one for one in found if one[0] & names]:
            found.remove(one)
            names, members = names | one[0], one[1] + members
        found.append((names, members))
    return [members for _, members in found]


def _persons_of(indicator: CollectedIndicator) -> Hashable:
    """Name the persons among whom an indicator counts: its rows, known and unknown, are a figure of theirs."""
    if indicator.secrecy.unit != "personne":
        return indicator.id
    measures = indicator.measures
    whole = measures.denominator if isinstance(measures, FractionMeasures) else measures.value
    return indicator.table, indicator.period.column, frozenset({indicator.where, whole.where, None})


def _status_of(
    group: Sequence[Cells], min_count: int, sensitive: Collection[str], nested: Nested
) -> dict[Identity, str]:
    keys = list({identity(key): key for cells in group for key in cells.keys}.values())
    status = [FREE] * len(keys)
    if any(cells.indicator.secrecy.unit not in UNPROTECTED for cells in group):
        position = {identity(key): index for index, key in enumerate(keys)}
        places = [{position[identity(key)]: index for index, key in enumerate(cells.keys)} for cells in group]
        rules = _Rules(group, places, nested_shares(group), min_count, sensitive)
        status = [PRIMARY if rules.hide([place]) else FREE for place in range(len(keys))]
        sizes, links = rules.sizes(len(keys)), relations(keys)
        ledger = rules.ledger(status)
        for link in nested_relations(keys, nested):
            left = sizes[link.total] - sum(sizes[part] for part in link.parts)
            if not left:
                links.append(link)
            elif left > 0 and rules.few_left(ledger, link, left):
                # What no cell publishes is a hidden cell of its own.
                virtual = ledger.remainder(link)
                rules.require(ledger, link.total, virtual)
                status, sizes = [*status, PRIMARY], [*sizes, left]
                links.append(Relation(total=link.total, parts=(*link.parts, virtual)))
        if PRIMARY in status:
            quantities, needs = ledger.quantities()
            status = protect(status, links, sizes, rules.hide, quantities=quantities, needs=needs)
    return {identity(key): status[index] for index, key in enumerate(keys)}


@dataclass(frozen=True, slots=True)
class _Rules:
    """Primary rules over the union of the cells of several indicators."""

    group: Sequence[Cells]
    places: Sequence[dict[int, int]]
    shares: Sequence[tuple[int, int]]
    min_count: int
    sensitive: Collection[str]

    def hide(self, wheres: Sequence[int]) -> bool:
        """Tell whether cells taken together would have to be hidden, for one indicator at least."""
        return any(
            disclosive(cells, [place[where] for where in wheres if where in place], self.min_count, self.sensitive)
            for cells, place in zip(self.group, self.places, strict=True)
        ) or any(self._few_between(wide, narrow, wheres) for wide, narrow in self.shares)

    def _few_between(self, wide: int, narrow: int, wheres: Sequence[int]) -> bool:
        """Tell whether the cases of one share that are not those of another within it are too few."""
        places = self.places[wide], self.places[narrow]
        pairs = [(places[0][where], places[1][where]) for where in wheres if all(where in one for one in places)]
        between = sum(int(self.group[wide].numerator[a]) - int(self.group[narrow].numerator[b]) for a, b in pairs)
        least = least_of(self.group[wide], [index for index, _ in pairs], self.min_count, self.sensitive)
        return 0 < between < least

    def sizes(self, count: int) -> list[int]:
        """Return the rows behind each cell, unknown ones included."""
        found = [0] * count
        for cells, place in zip(self.group, self.places, strict=True):
            for where, index in place.items():
                found[where] = max(found[where], int(cells.n[index]) + int(cells.missing[index]))
        return found

    def few_left(self, ledger: Ledger, link: Relation, rows: int) -> bool:
        """Tell whether what is left of a total is about too few, for one indicator at least."""
        for cells, place in zip(self.group, self.places, strict=True):
            if link.total in place:
                least = least_of(cells, [place[link.total]], self.min_count, self.sensitive)
                if rows < least or few_among(cells, partial(ledger.left, link), least):
                    return True
        return False

    def ledger(self, status: Sequence[str]) -> Ledger:
        """Return what is published, and what each hidden cell must keep."""
        found = Ledger(len(status))
        for cells, place in zip(self.group, self.places, strict=True):
            found.add(cells, list(place))
        for where, one in enumerate(status):
            if one == PRIMARY:
                self.require(found, where, where)
        return found

    def require(self, ledger: Ledger, where: int, hidden: int) -> None:
        """Say what a hidden cell must keep, by the thresholds of a published one."""
        for cells, place in zip(self.group, self.places, strict=True):
            if where in place:
                least = least_of(cells, [place[where]], self.min_count, self.sensitive)
                ledger.require(cells, hidden, least)
