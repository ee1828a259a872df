"""What shown cells publish, as additive quantities, and how wide the interval of each hidden figure must stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ess_impact.definitions.indicators import (
    CollectedIndicator,
    DistinctMeasure,
    FractionMeasures,
    Measure,
    Proportion,
    ValueMeasure,
)
from ess_impact.engine.cells import Cells, Integers, UnitSums
from ess_impact.evaluation.secrecy.fields import Need, Quantity
from ess_impact.evaluation.secrecy.primary import counts_persons
from ess_impact.evaluation.secrecy.relations import Relation
from ess_impact.stats.disclosure import Flags, Floats


def measures_of(indicator: CollectedIndicator) -> list[Hashable]:
    """Name the measures an indicator publishes: equal names are the same figures.

    Parameters
    ----------
    indicator : CollectedIndicator
        The definition.

    Returns
    -------
    list
        Numerator then denominator, or the single value; the id alone where nothing is protected.
    """
    secrecy, measures = indicator.secrecy, indicator.measures
    if secrecy.unit not in ("personne", "entreprise"):
        return [indicator.id]
    base = (indicator.table, indicator.period.column, secrecy.unit, secrecy.column)
    if isinstance(measures, DistinctMeasure):
        return [(base, measures.value.column, frozenset({indicator.where, measures.value.where, None}))]
    parts = (
        {"numerator": measures.numerator, "denominator": measures.denominator}
        if isinstance(measures, FractionMeasures)
        else {"value": measures.value}
    )
    found: list[Hashable] = []
    for name, one in parts.items():
        conditions = {indicator.where, one.where, None}
        if isinstance(indicator, Proportion) and name == "numerator":
            conditions.add(indicator.measures.denominator.where)
        found.append((base, one.expr, frozenset(conditions)))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One additive part of what an indicator publishes.

    Attributes
    ----------
    name : hashable
        The same for the same figures of another indicator.
    values : ndarray of int, shape (g,)
        Aligned with the cells of the indicator.
    amount : bool
        Whether it sums amounts rather than rows.
    signed : bool
        Whether its definition subtracts: it may then be negative.
    largest : ndarray of int, optional
        Largest contribution of one enterprise.
    """

    name: Hashable
    values: Integers
    amount: bool = False
    signed: bool = False
    largest: Integers | None = None


def parts_of(cells: Cells) -> dict[str, Part]:
    """Split what an indicator publishes into parts that vary independently.

    Parameters
    ----------
    cells : Cells
        Its cells.

    Returns
    -------
    dict
        Role (``numerator``, ``rest`` of the denominator, ``denominator``, ``rows``, ``missing``) to part.
    """
    indicator, names = cells.indicator, measures_of(cells.indicator)
    units = cells.enterprises
    found = {"missing": Part(name=(*names, "missing"), values=cells.missing)}
    if indicator.kind in ("count", "proportion"):
        rest = cells.n - cells.numerator
        return found | {
            "numerator": Part(name=names[0], values=cells.numerator),
            "rest": Part(name=(*names, "rest"), values=rest),
        }
    found["rows"] = Part(name=(*names, "rows"), values=cells.n)
    measures = indicator.measures
    if isinstance(measures, DistinctMeasure):
        return found
    largest, dominant = (units.largest, units.dominant_n) if units else (None, None)
    if isinstance(measures, ValueMeasure):
        if indicator.kind in ("sum", "mean"):
            found["numerator"] = _part(names[0], cells.numerator, measures.value, largest)
        return found
    found["numerator"] = _part(names[0], cells.numerator, measures.numerator, largest)
    if _nested(cells):
        rest = cells.denominator - cells.numerator
        found["rest"] = _part((*names, "rest"), rest, measures.denominator)
    else:
        found["denominator"] = _part(names[1], cells.denominator, measures.denominator, dominant)
    return found


def _part(name: Hashable, values: Integers, measure: Measure, largest: Integers | None = None) -> Part:
    written = measure.expr or ""
    return Part(name=name, values=values, amount=bool(written), signed="-" in written, largest=largest)


def _nested(cells: Cells) -> bool:
    """Tell whether the numerator is known to be a part of the denominator."""
    measures = cells.indicator.measures
    return (
        isinstance(measures, FractionMeasures)
        and measures.numerator.expr == measures.denominator.expr
        and measures.denominator.where is None
        and not any(x < 0 or x > d for x, d in zip(cells.numerator, cells.denominator, strict=True))
    )


@dataclass(slots=True)
class Ledger:
    """Quantities of several indicators that share measures, over the union of their cells.

    Attributes
    ----------
    count : int
        Number m of cells of the union.
    vectors : dict
        Name of a part to its values, shape (m,): NaN where it is hidden or not published.
    published : dict
        Name of a part to the cells that hold it, shown or hidden, shape (m,).
    signed : set
        Names of the parts that may be negative.
    known : dict
        Name of a part to what the largest contributor of each cell brings, shape (m,).
    alone : dict
        Name of a part to the cells that one enterprise fills alone.
    needs : dict
        Cell and names of the parts whose sum is a figure, to its level and whether it is zero.
    """

    count: int
    vectors: dict[Hashable, Floats] = field(default_factory=dict)
    published: dict[Hashable, Flags] = field(default_factory=dict)
    signed: set[Hashable] = field(default_factory=set)
    known: dict[Hashable, Floats] = field(default_factory=dict)
    alone: dict[Hashable, set[int]] = field(default_factory=dict)
    needs: dict[tuple[int, tuple[Hashable, ...]], tuple[float, bool]] = field(default_factory=dict)

    def add(self, cells: Cells, places: Sequence[int]) -> None:
        """Add what an indicator publishes.

        Parameters
        ----------
        cells : Cells
            Its cells; NaN where a figure is hidden.
        places : sequence of int
            Position of each in the union.
        """
        where = np.asarray(places, dtype=np.intp)
        for part in parts_of(cells).values():
            values = self.vectors.setdefault(part.name, np.full(self.count, np.nan))
            given = np.asarray(part.values, dtype=np.float64)
            told = np.isfinite(given)
            values[where[told]] = given[told]
            self.published.setdefault(part.name, np.zeros(self.count, dtype=bool))[where] = True
            if part.signed or (given[told] < 0).any():
                self.signed.add(part.name)
            known = self.known.setdefault(part.name, np.zeros(self.count))
            alone = self.alone.setdefault(part.name, set())
            if cells.enterprises is not None:
                _add_contributors(part, cells.enterprises, places, known, alone)

    def require(self, cells: Cells, place: int, least: int) -> None:
        """Add what one hidden cell of an indicator must keep.

        Parameters
        ----------
        cells : Cells
            Cells of the indicator.
        place : int
            Position of the cell in the union.
        least : int
            Persons or enterprises below which the cell is hidden.
        """
        for figure in figures_of(cells):
            names = tuple(part.name for part in figure)
            value = abs(math.fsum(self.vectors[name][place] for name in names))
            share = 1 / cells.indicator.secrecy.max_share - 1
            level = share * value if figure[0].amount else float(least)
            if level and math.isfinite(value):
                former = self.needs.get((place, names), (0.0, False))
                self.needs[place, names] = (max(level, former[0]), not value)

    def left(self, link: Relation, part: Part) -> float:
        """Return what remains of a part of a total once its parts are taken away.

        Parameters
        ----------
        link : Relation
            The total may hold more than its parts.
        part : Part
            One of what is published.

        Returns
        -------
        float
            NaN where a member is hidden or not published.
        """
        values = self.vectors[part.name]
        return float(values[link.total] - values[list(link.parts)].sum())

    def remainder(self, link: Relation) -> int:
        """Add the cell that is left of a total once its parts are taken away.

        Parameters
        ----------
        link : Relation
            The total holds more than its parts.

        Returns
        -------
        int
            Position of the new cell.
        """
        parts = list(link.parts)
        for name, values in self.vectors.items():
            self.vectors[name] = np.append(values, values[link.total] - values[parts].sum())
            published = self.published[name]
            self.published[name] = np.append(published, published[link.total] and published[parts].all())
            self.known[name] = np.append(self.known[name], 0.0)
        self.count += 1
        return self.count - 1

    def quantities(self) -> tuple[list[Quantity], list[Need]]:
        """Return the quantities and the needs, by position.

        Returns
        -------
        tuple
            Quantities; needs that name them.
        """
        used = list(dict.fromkeys(name for _, names in self.needs for name in names))
        numbers = {name: number for number, name in enumerate(used)}
        quantities = [
            Quantity(
                values=self.vectors[name],
                known=self.known[name],
                signed=name in self.signed,
                alone=frozenset(self.alone[name]),
            )
            for name in used
        ]
        needs = [
            Need(cell=place, quantities=tuple(sorted(numbers[name] for name in names)), level=level, nil=nil)
            for (place, names), (level, nil) in self.needs.items()
        ]
        return quantities, sorted(needs, key=lambda one: (one.cell, one.quantities))


def _add_contributors(part: Part, units: UnitSums, places: Sequence[int], known: Floats, alone: set[int]) -> None:
    """Note who attacks an amount: the largest of those who share a cell, or the one that fills it alone."""
    for index, place in enumerate(places if part.amount else ()):
        if int(units.units[index]) == 1:
            alone.add(place)
        elif part.largest is not None:
            known[place] = max(known[place], float(part.largest[index]))


def few_among(cells: Cells, number: Callable[[Part], float], least: int) -> bool:
    """Tell whether some number of persons, or of enterprises, is too small to be told.

    Parameters
    ----------
    cells : Cells
        Cells of an indicator.
    number : callable
        From a part of what it publishes to the number looked at, that of a cell or what is left of one; NaN where it
        is hidden.
    least : int
        Numbers from 1 to this one, excluded, are too small.

    Returns
    -------
    bool
        Enterprises: by known rows alone. Persons: by rows, and by the parts of them that the indicator counts.
    """
    counted = [figure for figure in figures_of(cells) if not figure[0].amount]
    kept = counted if counts_persons(cells.indicator)[1] else counted[-1:]
    if cells.indicator.secrecy.unit == "entreprise":
        kept = [counted[-1][:-1]]
    return any(0 < sum(number(part) for part in figure) < least for figure in kept)


def figures_of(cells: Cells) -> list[tuple[Part, ...]]:
    """List the figures of an indicator that must stay uncertain where a cell is hidden.

    Parameters
    ----------
    cells : Cells
        Cells of the indicator.

    Returns
    -------
    list of tuple of Part
        Each figure is the sum of its parts: numbers of rows, all rows together, amounts.
    """
    parts = parts_of(cells)
    counted = [one for role, one in parts.items() if role != "missing" and not one.amount]
    if "rows" in parts and not counts_persons(cells.indicator)[1]:
        counted = [parts["rows"]]
    rows = [parts["rows"]] if "rows" in parts else [parts["numerator"], parts["rest"]]
    amounts = [one for one in parts.values() if one.amount]
    return [*((one,) for one in counted), (*rows, parts["missing"]), *((one,) for one in amounts)]
