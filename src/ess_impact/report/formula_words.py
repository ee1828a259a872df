"""What an indicator computes, in French words: expressions read through the labels of columns and codes."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import sqlglot
from sqlglot import exp

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.formula import parse_formula
from ess_impact.definitions.indicators import (
    Count,
    DerivedIndicator,
    DistinctCount,
    FractionMeasures,
    Indicator,
    Mean,
    Measure,
    Median,
    Proportion,
    Qualitative,
    Quantile,
    Rate,
    Ratio,
    StandardisedRate,
    Sum,
)
from ess_impact.definitions.tables import AnyColumn, Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.report.formula_latex import formula_words
from ess_impact.report.labels import in_sentence
from ess_impact.text import format_number

_COMPARED: dict[type[Any], str] = {
    exp.EQ: "est",
    exp.NEQ: "n'est pas",
    exp.GT: "dépasse",
    exp.GTE: "est au moins",
    exp.LT: "est inférieur à",
    exp.LTE: "est au plus",
}
_ARITHMETIC: dict[type[Any], str] = {exp.Add: "+", exp.Sub: "−", exp.Mul: "×"}


class Words:
    """French words for the expressions of one table.

    Parameters
    ----------
    catalogue : Catalogue
        Labels of columns, codes, lists and parameters.
    table : Table
        Table the expressions read.
    """

    def __init__(self, catalogue: Catalogue, table: Table) -> None:
        self._catalogue = catalogue
        self._columns: dict[str, AnyColumn] = catalogue.columns_of(table)
        self._conditions: dict[type[Any], Callable[[Any], str]] = {
            exp.Paren: lambda node: f"({self._condition(node.this)})",
            exp.And: lambda node: self._joined(node, "et"),
            exp.Or: lambda node: self._joined(node, "ou"),
            exp.Not: self._not,
            exp.In: lambda node: self._in(node, denied=False),
            exp.Between: self._between,
            exp.Is: lambda node: f"{self._value(node.this)} n'est pas renseigné",
            exp.Column: lambda node: f"{self._value(node)} est « oui »",
            exp.Boolean: lambda node: "toujours" if node.this else "jamais",
        }
        self._values: dict[type[Any], Callable[[Any], str]] = {
            exp.Paren: lambda node: f"({self._value(node.this)})",
            exp.Column: lambda node: f"« {self.column(node.name)} »",
            exp.Literal: lambda node: f"« {node.this} »" if node.is_string else format_number(_number(node.this)),
            exp.Neg: lambda node: f"−{self._value(node.this)}",
            exp.Abs: lambda node: f"valeur absolue de {self._value(node.this)}",
            exp.Coalesce: lambda node: ", à défaut ".join(self._value(one) for one in (node.this, *node.expressions)),
            exp.Case: self._case,
            exp.Anonymous: self._parameter,
            exp.Null: lambda node: "inconnu",
        }

    def column(self, name: str) -> str:
        """Name a column.

        Parameters
        ----------
        name : str
            Its identifier.

        Returns
        -------
        str
            Its French label, or the identifier itself.
        """
        found = self._columns.get(name)
        return found.label.fr if found else name

    def condition(self, text: str) -> str:
        """Say a condition.

        Parameters
        ----------
        text : str
            Expression of a definition, already checked.

        Returns
        -------
        str
            "« Catégorie de sortie » est dans la liste « Sorties dynamiques »".
        """
        return self._condition(sqlglot.parse_one(text, dialect="duckdb"))

    def amount(self, text: str) -> str:
        """Say a number.

        Parameters
        ----------
        text : str
            Expression of a definition, already checked.

        Returns
        -------
        str
            "« Heures réalisées » × 2".
        """
        return self._value(sqlglot.parse_one(text, dialect="duckdb"))

    def _condition(self, node: exp.Expr) -> str:
        if type(node) in _COMPARED:
            verb = _COMPARED[type(node)] + (" le même que" if _two_columns(node) else "")
            return f"{self._value(node.this)} {verb} {self._beside(node.this, node.expression)}"
        say = self._conditions.get(type(node))
        return say(node) if say else self._value(node)

    def _value(self, node: exp.Expr) -> str:
        if type(node) in _ARITHMETIC:
            return f"{self._value(node.this)} {_ARITHMETIC[type(node)]} {self._value(node.expression)}"
        say = self._values.get(type(node))
        return say(node) if say else node.sql(dialect="duckdb")

    def _joined(self, node: exp.And | exp.Or, word: str) -> str:
        parts = [one for one in node.flatten() if isinstance(one, exp.Expr)]
        other = exp.Or if isinstance(node, exp.And) else exp.And
        said = [f"({self._condition(one)})" if isinstance(one, other) else self._condition(one) for one in parts]
        return f" {word} ".join(said)

    def _not(self, node: exp.Not) -> str:
        inner = node.this.unnest() if isinstance(node.this, exp.Paren) else node.this
        if isinstance(inner, exp.In):
            return self._in(inner, denied=True)
        if isinstance(inner, exp.Is):
            return f"{self._value(inner.this)} est renseigné"
        if isinstance(inner, exp.Column):
            return f"{self._value(inner)} est « non »"
        return f"il n'est pas vrai que {self._condition(inner)}"

    def _in(self, node: exp.In, *, denied: bool) -> str:
        verb = "n'est pas" if denied else "est"
        field = node.args.get("field")
        if field is not None:
            name = field.expressions[0].this
            found = self._catalogue.codelists.get(name)
            return f"{self._value(node.this)} {verb} dans la liste « {found.name.fr if found else name} »"
        values = [self._beside(node.this, one) for one in node.expressions]
        listed = " ou ".join(filter(None, [", ".join(values[:-1]), values[-1]]))
        return f"{self._value(node.this)} {verb} {listed}"

    def _between(self, node: exp.Between) -> str:
        low, high = (self._beside(node.this, node.args[name]) for name in ("low", "high"))
        return f"{self._value(node.this)} est entre {low} et {high}"

    def _beside(self, column: exp.Expr, value: exp.Expr) -> str:
        """Say a value in the words of the column it is compared with."""
        known = self._columns.get(column.name) if isinstance(column, exp.Column) else None
        if known is None or not isinstance(value, exp.Literal):
            return self._value(value)
        if value.is_string:
            codelist = self._catalogue.codelists.get(known.codelist or "")
            label = codelist.labels.get(value.this) if codelist else None
            return f"« {label.fr} »" if label else f"« {value.this} »"
        return str(value.this) if known.type is ColumnType.ANNEE else self._value(value)

    def _case(self, node: exp.Case) -> str:
        said = [f"{self._value(one.args['true'])} si {self._condition(one.this)}" for one in node.args["ifs"]]
        default = node.args.get("default")
        otherwise = self._value(default) if default is not None else "inconnu"
        return f"({' ; '.join([*said, f'sinon {otherwise}'])})"

    def _parameter(self, node: exp.Anonymous) -> str:
        name = node.expressions[0].this if node.expressions else ""
        found = self._catalogue.parameters.get(name)
        return f"le paramètre « {found.name.fr if found else name} »"


def _two_columns(node: exp.Expr) -> bool:
    equality = isinstance(node, exp.EQ | exp.NEQ)
    return equality and isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Column)


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def in_words(catalogue: Catalogue, indicator: Indicator) -> str:
    """Say what an indicator computes.

    Parameters
    ----------
    catalogue : Catalogue
        Labels.
    indicator : Indicator
        Any definition of the catalogue.

    Returns
    -------
    str
        One French sentence, without final stop.
    """
    if isinstance(indicator, DerivedIndicator):
        return _derived(catalogue, indicator)
    return _said(indicator, Words(catalogue, catalogue.table(indicator.table)))


def _derived(catalogue: Catalogue, indicator: DerivedIndicator) -> str:
    names = {}
    for name, one in indicator.inputs.items():
        source = catalogue[one.indicator]
        along = ""
        if one.breakdown and not isinstance(source, DerivedIndicator):
            words = Words(catalogue, catalogue.table(source.table))
            along = f" par {in_sentence(words.column(one.breakdown))}"
            if one.modality is not None:
                only = f"{one.breakdown} = '{one.modality}'"
                along = f" ({words.condition(only)})"
        names[name] = f"« {source.name.fr} »{along}"
    if indicator.formula is not None:
        return formula_words(parse_formula(indicator.formula, list(names)), names)
    note = catalogue.methods.get(str(indicator.method))
    return f"méthode « {note.name.fr if note else indicator.method} » appliquée à {', '.join(names.values())}"


def _rows(words: Words, *conditions: str | None) -> str:
    """Say which rows are kept; conditions written with OR are put between parentheses when there are several."""
    kept = [one for one in conditions if one]
    said = [words.condition(one) for one in kept]
    grouped = [f"({one})" if len(said) > 1 and " ou " in one else one for one in said]
    return f"lignes où {' et '.join(grouped)}" if grouped else "toutes les lignes"


@singledispatch
def _said(indicator: Any, words: Words) -> str:
    return str(indicator.kind)


@_said.register
def _(indicator: Count, words: Words) -> str:
    return f"nombre de lignes ({_rows(words, indicator.where, indicator.measures.value.where)})"


@_said.register
def _(indicator: Sum, words: Words) -> str:
    return _of("somme", indicator, words)


@_said.register
def _(indicator: Mean, words: Words) -> str:
    return _of("moyenne", indicator, words)


@_said.register
def _(indicator: Median, words: Words) -> str:
    return _of("médiane", indicator, words)


@_said.register
def _(indicator: Quantile, words: Words) -> str:
    return _of(f"quantile d'ordre {format_number(indicator.quantile)}", indicator, words)


def _of(what: str, indicator: Sum | Mean | Median | Quantile, words: Words) -> str:
    value = indicator.measures.value
    return f"{what} de {words.amount(value.expr or '1')} ({_rows(words, indicator.where, value.where)})"


@_said.register
def _(indicator: Proportion, words: Words) -> str:
    top, bottom = indicator.measures.numerator, indicator.measures.denominator
    whole = _rows(words, indicator.where, bottom.where)
    return f"(parmi celles du dénominateur, {_rows(words, top.where)}) ÷ ({whole})"


@_said.register(Ratio)
@_said.register(Rate)
def _(indicator: Ratio | Rate, words: Words) -> str:
    quotient = _quotient(indicator.measures, indicator.where, words)
    return f"{quotient} × {format_number(indicator.per)}" if isinstance(indicator, Rate) else quotient


def _quotient(measures: FractionMeasures, where: str | None, words: Words) -> str:
    return f"({_summed(measures.numerator, where, words)}) ÷ ({_summed(measures.denominator, where, words)})"


def _summed(measure: Measure, where: str | None, words: Words) -> str:
    rows = _rows(words, where, measure.where)
    return f"somme de {words.amount(measure.expr)}, {rows}" if measure.expr else f"nombre de lignes, {rows}"


@_said.register
def _(indicator: DistinctCount, words: Words) -> str:
    value = indicator.measures.value
    rows = _rows(words, indicator.where, value.where)
    return f"nombre de valeurs différentes de « {words.column(value.column)} » ({rows})"


@_said.register
def _(indicator: StandardisedRate, words: Words) -> str:
    quotient = _quotient(indicator.measures, indicator.where, words)
    how = "poids" if indicator.standardisation == "direct" else "taux de référence"
    strata = f"par {in_sentence(words.column(indicator.strata))}, avec les {how} de la liste « {indicator.reference} »"
    return f"{quotient}, {strata}, × {format_number(indicator.per)}"


@_said.register
def _(indicator: Qualitative, words: Words) -> str:
    value = indicator.measures.value
    rows = _rows(words, indicator.where, value.where)
    whom = in_sentence(indicator.said_by.fr)
    return f"nombre de réponses de chaque modalité de « {words.column(value.column)} » ({rows}), d'après {whom}"
