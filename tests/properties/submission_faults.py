"""One thing wrong in a submission, and the anomaly it must give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from submission_strategies import Cells, Submission, broken_rules, numbers

from ess_impact.definitions.vocabulary import SCALES, ColumnType

BAD_CELLS: dict[ColumnType, tuple[tuple[str, str], ...]] = {
    ColumnType.SIRET: (("73282932000075", "siret_cle"), ("1,23E+13", "identifiant_tronque"), ("123", "siret_longueur")),
    ColumnType.SIREN: (("732829321", "siren_cle"), ("73282932A", "siren_format")),
    ColumnType.RNA: (("X621001234", "rna_format"),),
    ColumnType.DEPARTEMENT: (("99", "departement_inconnu"), ("Pas-de-Calais", "departement_inconnu")),
    ColumnType.COMMUNE: (("Arras", "commune_format"),),
    ColumnType.CODE: (("??", "code_inconnu"),),
    ColumnType.LISTE: (("??", "code_inconnu"),),
    ColumnType.BOOLEEN: (("peut-être", "oui_ou_non"),),
    ColumnType.DATE: (("31/02/2024", "date_impossible"), ("45000", "date_numero"), ("01/01/24", "annee_deux_chiffres")),
    ColumnType.ANNEE: (("24", "annee_illisible"), ("3000", "annee_impossible")),
    ColumnType.ENTIER: (("douze", "nombre_illisible"), ("1,5", "entier_attendu"), ("#N/A", "erreur_tableur")),
    ColumnType.EUROS: (("12 F", "nombre_illisible"), ("1.234", "nombre_ambigu"), ("1,2345", "decimales_excessives")),
    ColumnType.HEURES: (("35h15", "nombre_illisible"), ("1,001", "nombre_ambigu")),
    ColumnType.QUANTITE: (("1.234", "nombre_ambigu"), ("0,00001", "decimales_excessives")),
    ColumnType.RATIO: (("la moitié", "nombre_illisible"),),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong in cells, and the anomaly it must give: row (None for the file), column, rule."""

    cells: Cells
    row: int | None
    column: str
    rule: str
    lost: tuple[int, ...]
    """Positions of the rows that must not be accepted."""


Injection = Callable[[Any, Submission, Cells], Fault]


def unreadable_cell(draw: st.DrawFn, submission: Submission, cells: Cells) -> Fault:
    """A cell of the wrong kind."""
    names = [one.name for one in submission.table.asked_columns if one.type in BAD_CELLS]
    assume(names)
    name = draw(st.sampled_from(names))
    column = next(one for one in submission.table.columns if one.name == name)
    text, rule = draw(st.sampled_from(BAD_CELLS[column.type]))
    return _in_cell(draw, submission, cells, (name, text, rule))


def missing_value(draw: st.DrawFn, submission: Submission, cells: Cells) -> Fault:
    """A required cell left blank."""
    table = submission.table
    names = [one.name for one in table.columns if one.required]
    assume(names)
    fault = _in_cell(draw, submission, cells, (draw(st.sampled_from(names)), "", "valeur_manquante"))
    # A row where nothing is left, or nothing but what a template holds beforehand, is no row.
    filled = {name for name, value in submission.rows[fault.lost[0]].items() if value is not None}
    assume(filled - {fault.column} - set(table.prefilled))
    return fault


def out_of_range(draw: st.DrawFn, submission: Submission, cells: Cells) -> Fault:
    """A number beyond a bound, which breaks nothing else."""
    bounds = [
        (one, bound, rule, step)
        for one in submission.table.columns
        for bound, rule, step in ((one.min, "minimum", -1), (one.max, "maximum", 1))
        if bound is not None and one.type in SCALES and one.type is not ColumnType.ANNEE
    ]
    assume(bounds)
    column, bound, rule, step = draw(st.sampled_from(bounds))
    value = Decimal(str(bound)) + step
    fault = _in_cell(draw, submission, cells, (column.name, numbers(column.type, value)[0], rule))
    assume(
        not broken_rules(submission.table, submission.catalogue, {**submission.rows[fault.lost[0]], column.name: value})
    )
    return fault


def repeated_row(draw: st.DrawFn, submission: Submission, cells: Cells) -> Fault:
    """A row sent twice."""
    assume(submission.table.key)
    twin = draw(st.integers(1, len(submission.rows)))
    where = len(cells) + 1
    return Fault(cells=[*cells, cells[twin]], row=where, column=submission.table.key[0], rule="doublon", lost=())


def broken_rule(draw: st.DrawFn, submission: Submission, cells: Cells) -> Fault:
    """Two values that contradict each other."""
    table = submission.table
    assume(table.rules)
    position = draw(st.integers(0, len(submission.rows) - 1))
    a, _, b = table.rules[0].expr.split()
    low, high = submission.rows[position][a], submission.rows[position][b]
    assume(low is not None and high is not None and low < high)
    line = list(cells[position + 1])
    first, second = table.column_names.index(a), table.column_names.index(b)
    line[first], line[second] = line[second], line[first]
    changed = [*cells[: position + 1], line, *cells[position + 2 :]]
    return Fault(cells=changed, row=position + 2, column=a, rule="ordre", lost=(position,))


def missing_column(draw: st.DrawFn, submission: Submission, cells: Cells) -> Fault:
    """A required column that is not there."""
    table = submission.table
    names = [one.name for one in table.columns if one.required and one.name != table.owner]
    assume(names)
    name = draw(st.sampled_from(names))
    place = table.column_names.index(name)
    changed = [line[:place] + line[place + 1 :] for line in cells]
    return Fault(cells=changed, row=None, column=name, rule="colonne_absente", lost=tuple(range(len(submission.rows))))


def doubled_column(draw: st.DrawFn, submission: Submission, cells: Cells) -> Fault:
    """A column written twice."""
    asked = submission.table.asked_columns
    place = submission.table.columns.index(draw(st.sampled_from(asked)))
    changed = [[*line, line[place]] for line in cells]
    lost = tuple(range(len(submission.rows)))
    return Fault(cells=changed, row=None, column=str(cells[0][place]), rule="colonne_en_double", lost=lost)


def _in_cell(draw: st.DrawFn, submission: Submission, cells: Cells, fault: tuple[str, str, str]) -> Fault:
    name, text, rule = fault
    position = draw(st.integers(0, len(submission.rows) - 1))
    line = list(cells[position + 1])
    line[submission.table.column_names.index(name)] = text
    changed = [*cells[: position + 1], line, *cells[position + 2 :]]
    return Fault(cells=changed, row=position + 2, column=name, rule=rule, lost=(position,))


INJECTIONS: tuple[Injection, ...] = (
    unreadable_cell,
    missing_value,
    out_of_range,
    repeated_row,
    broken_rule,
    missing_column,
    doubled_column,
)


def without(submission: Submission, lost: Iterable[int]) -> Submission:
    """The same submission, less some rows."""
    gone = set(lost)
    return replace(submission, rows=tuple(row for number, row in enumerate(submission.rows) if number not in gone))
