"""Whitelisted expressions: text to a typed sqlglot tree, with exact node types and nothing else.

The tree keeps SQL's three-valued logic: an unknown operand gives an unknown result; whoever compiles the tree decides,
openly, what becomes of the unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ess_impact.definitions.literals import fix_number
from ess_impact.definitions.value_types import FRENCH_KINDS, Kind, ValueType, value_type
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import ExpressionError, did_you_mean

MAX_LENGTH = 2_000
MAX_DEPTH = 16


_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_FORBIDDEN = re.compile(r"--|/\*|;|\"|`|\\")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Refused inside texts too: Spark reads a NUL and the figures after it as one octal number."""
_ISO_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an expression may name.

    Attributes
    ----------
    columns : mapping of str to ColumnType
        Columns of the table.
    codelists : mapping of str to tuple of str
        Codes of each list.
    parameters : mapping of str to Decimal
        Value of each dated parameter on the day of the computation.
    codes_of : mapping of str to tuple of str
        Codes a column may hold, to refuse a comparison that could never be true.
    """

    columns: Mapping[str, ColumnType]
    codelists: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Decimal]
    codes_of: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A typed expression, ready to be rendered for an engine.

    Attributes
    ----------
    text : str
        As written in the definition.
    tree : sqlglot.exp.Expr
        Normalised tree: lists expanded, numbers in stored integers, dates cast.
    type : ValueType
        Type of the result.
    columns : tuple of str
        Columns named, in order of appearance.
    """

    text: str
    tree: exp.Expr
    type: ValueType
    columns: tuple[str, ...]


def parse_expression(text: str, scope: Scope, *, expected: Kind | None = None) -> Expression:
    """Parse, whitelist and type an expression before any data is read.

    Parameters
    ----------
    text : str
        Comparison, ``AND`` / ``OR`` / ``NOT``, ``IN`` a list or ``IN codelist('x')``, ``BETWEEN``, ``IS NULL``,
        ``+ - *`` on numbers, ``CASE WHEN``, ``COALESCE``, ``ABS``, ``parametre('x')``, bare column names.
    scope : Scope
        What may be named.
    expected : {"bool", "number", "text", "date"}, optional
        Type the result must have.

    Returns
    -------
    Expression
        Typed tree.

    Raises
    ------
    ExpressionError
        Outside the whitelist, unknown name, types that do not meet, or too deep.

    Examples
    --------
    >>> scope = Scope(columns={"heures": ColumnType.HEURES}, codelists={}, parameters={}, codes_of={})
    >>> parse_expression("heures >= 150", scope, expected="bool").tree.sql()
    'heures >= 15000'
    """
    root = _parse(text)
    if _depth(root) > MAX_DEPTH:
        raise ExpressionError(f"expression de plus de {MAX_DEPTH} niveaux : {text[:80]}")
    tree, found = _Typer(scope).visit(root)
    if found.scale is None and found.kind == "number":
        tree, found = fix_number(tree, 1), ValueType(kind="number", scale=1)
    if expected is not None and found.kind not in (expected, "null"):
        raise ExpressionError(
            f"l'expression « {text} » donne {FRENCH_KINDS[found.kind]}, on attend {FRENCH_KINDS[expected]}"
        )
    names = list(dict.fromkeys(column.name for column in tree.find_all(exp.Column, bfs=False)))
    return Expression(text=text, tree=tree, type=found, columns=tuple(names))


def _parse(text: str) -> exp.Expr:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"expression de plus de {MAX_LENGTH} caractères")
    if _CONTROLS.search(text):
        raise ExpressionError("caractère de commande dans une expression")
    forbidden = _FORBIDDEN.search(_without_strings(text))
    if forbidden:
        raise ExpressionError(f"« {forbidden.group()} » est interdit dans l'expression « {text[:80]} »")
    if text.count("(") > MAX_DEPTH * 4 or _nesting(text) > MAX_DEPTH:
        raise ExpressionError(f"expression de plus de {MAX_DEPTH} niveaux : {text[:80]}")
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise ExpressionError(f"expression illisible : « {text[:80]} »", fix="Voir indicators/README.md.") from error
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(f"une expression et une seule est attendue : « {text[:80]} »")
    return trees[0]


def _without_strings(text: str) -> str:
    """Blank the quoted literals, so that a dash inside a code is not taken for a comment."""
    return re.sub(r"'[^'\\]*'", "''", text)


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in _without_strings(text):
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    repeated = len(re.findall(r"\bnot\b|\bcase\b", text, flags=re.IGNORECASE))
    return max(deepest, repeated // 2, text.count("- -"))


def _depth(node: exp.Expr) -> int:
    deepest, stack = 0, [(node, 1)]
    while stack:
        current, depth = stack.pop()
        # A chain of AND or OR is flat for a reader: it does not count as depth.
        deepest = max(deepest, depth)
        for child in current.iter_expressions():
            flat = isinstance(current, (exp.And, exp.Or)) and type(child) is type(current)
            stack.append((child, depth if flat else depth + 1))
    return deepest


Typed = tuple[exp.Expr, ValueType]


class _Typer:
    """Rebuild a tree from whitelisted nodes only, typing it on the way up."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._handlers: dict[type[Any], Callable[..., Typed]] = {
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: (exp.Boolean(this=bool(node.this)), ValueType(kind="bool")),
            exp.Null: lambda node: (exp.Null(), ValueType(kind="null")),
            exp.Paren: self._paren,
            exp.And: self._logical,
            exp.Or: self._logical,
            exp.Not: self._not,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Is: self._is_null,
            exp.Add: self._sum,
            exp.Sub: self._sum,
            exp.Mul: self._product,
            exp.Neg: self._sign,
            exp.Abs: self._sign,
            exp.Case: self._case,
            exp.Coalesce: self._coalesce,
            exp.Anonymous: self._parameter,
        }
        self._handlers.update(dict.fromkeys(_COMPARISONS, self._comparison))

    def visit(self, node: exp.Expr | None) -> Typed:
        if node is None:
            # The parser lets an operator stand without its operand.
            raise ExpressionError("il manque un membre à l'expression")
        handler = self._handlers.get(type(node))
        if handler is None:
            raise ExpressionError(f"« {node.sql()[:60]} » : opération non admise ({type(node).__name__})")
        result: Typed = handler(node)
        return result

    def _only(self, node: exp.Expr, *names: str) -> None:
        extra = [name for name, value in node.args.items() if value not in (None, False, []) and name not in names]
        if extra:
            raise ExpressionError(f"« {node.sql()[:60]} » : forme non admise ({', '.join(extra)})")

    def _column(self, node: exp.Column) -> Typed:
        self._only(node, "this")
        identifier = node.this
        if not isinstance(identifier, exp.Identifier) or identifier.args.get("quoted"):
            raise ExpressionError(f"nom de colonne non admis : « {node.sql()[:60]} »")
        name = str(identifier.this)
        found = self._scope.columns.get(name)
        if found is None:
            raise ExpressionError(f"colonne inconnue « {name[:60]} »", fix=did_you_mean(name, self._scope.columns))
        return exp.column(name), value_type(found)

    def _literal(self, node: exp.Literal) -> Typed:
        if node.is_string:
            return exp.Literal.string(node.this), ValueType(kind="text")
        try:
            value = Decimal(node.this)
        except InvalidOperation as error:
            raise ExpressionError(f"nombre illisible : {node.this[:40]}") from error
        return exp.Literal.number(str(value)), ValueType(kind="number")

    def _parameter(self, node: exp.Anonymous) -> Typed:
        name, argument = str(node.this).lower(), node.expressions
        if name != "parametre" or len(argument) != 1 or not _is_string(argument[0]):
            raise ExpressionError(f"fonction non admise : « {node.sql()[:60]} »")
        wanted = argument[0].this
        if wanted not in self._scope.parameters:
            raise ExpressionError(f"paramètre inconnu « {wanted} »", fix=did_you_mean(wanted, self._scope.parameters))
        return exp.Literal.number(str(self._scope.parameters[wanted])), ValueType(kind="number")

    def _paren(self, node: exp.Paren) -> Typed:
        inner, found = self.visit(node.this)
        return exp.Paren(this=inner), found

    def _logical(self, node: exp.And | exp.Or) -> Typed:
        left, right = self._bool(node.this), self._bool(node.expression)
        return type(node)(this=left, expression=right), ValueType(kind="bool")

    def _not(self, node: exp.Not) -> Typed:
        return exp.Not(this=exp.paren(self._bool(node.this), copy=False)), ValueType(kind="bool")

    def _bool(self, node: exp.Expr) -> exp.Expr:
        tree, found = self.visit(node)
        if found.kind not in ("bool", "null"):
            raise ExpressionError(f"« {node.sql()[:60]} » n'est pas un vrai ou faux")
        return tree

    def _comparison(self, node: exp.Binary) -> Typed:
        left, right, found = self._compared(node.this, node.expression)
        if found.kind in ("text", "bool") and not isinstance(node, (exp.EQ, exp.NEQ)):
            raise ExpressionError(f"« {node.sql()[:60]} » : un texte ne se compare que par = ou <>")
        self._check_code(node.this, node.expression)
        self._check_code(node.expression, node.this)
        return type(node)(this=_enclosed(left), expression=_enclosed(right)), ValueType(kind="bool")

    def _check_code(self, column: exp.Expr, value: exp.Expr) -> None:
        if not isinstance(column, exp.Column) or not _is_string(value):
            return
        codes = self._scope.codes_of.get(column.name)
        if codes is not None and value.this not in codes:
            raise ExpressionError(
                f"« {value.this} » n'est pas un code de « {column.name} »", fix=did_you_mean(value.this, codes)
            )

    def _in(self, node: exp.In) -> Typed:
        self._only(node, "this", "expressions", "field")
        field = node.args.get("field")
        values = self._listed(field) if field is not None else node.expressions
        if not values:
            raise ExpressionError(f"liste vide : « {node.sql()[:60]} »")
        tree: exp.Expr = node.this
        items: list[exp.Expr] = []
        for value in values:
            if not isinstance(value, (exp.Literal, exp.Neg)):
                raise ExpressionError(f"« {value.sql()[:60]} » : une liste ne contient que des valeurs")
            self._check_code(node.this, value)
            tree, item, _ = self._compared(node.this, value)
            items.append(item)
        return exp.In(this=_enclosed(tree), expressions=items), ValueType(kind="bool")

    def _listed(self, field: exp.Expr) -> list[exp.Expr]:
        arguments = field.expressions if isinstance(field, exp.Anonymous) else []
        if str(field.this).lower() != "codelist" or len(arguments) != 1 or not _is_string(arguments[0]):
            raise ExpressionError(f"après IN, une liste ou codelist('nom') : « {field.sql()[:60]} »")
        name = arguments[0].this
        codes = self._scope.codelists.get(name)
        if codes is None:
            raise ExpressionError(f"codelist inconnue « {name} »", fix=did_you_mean(name, self._scope.codelists))
        return [exp.Literal.string(code) for code in codes]

    def _between(self, node: exp.Between) -> Typed:
        self._only(node, "this", "low", "high")
        this, low, found = self._compared(node.this, node.args["low"])
        _, high, _ = self._compared(node.this, node.args["high"])
        if found.kind not in ("number", "date"):
            raise ExpressionError(f"« {node.sql()[:60]} » : BETWEEN compare des nombres ou des dates")
        return exp.Between(this=this, low=low, high=high), ValueType(kind="bool")

    def _is_null(self, node: exp.Is) -> Typed:
        if type(node.expression) is not exp.Null:
            raise ExpressionError(f"« {node.sql()[:60]} » : seuls IS NULL et IS NOT NULL sont admis")
        return exp.Is(this=_enclosed(self.visit(node.this)[0]), expression=exp.Null()), ValueType(kind="bool")

    def _sum(self, node: exp.Add | exp.Sub) -> Typed:
        left, right, found = self._meet(node.this, node.expression)
        if found.kind != "number":
            raise ExpressionError(f"« {node.sql()[:60]} » : + et - ne s'appliquent qu'à des nombres")
        return type(node)(this=left, expression=right), found

    def _product(self, node: exp.Mul) -> Typed:
        (left, left_type), (right, right_type) = self.visit(node.this), self.visit(node.expression)
        if left_type.kind != "number" or right_type.kind != "number":
            raise ExpressionError(f"« {node.sql()[:60]} » : × ne s'applique qu'à des nombres")
        if left_type.scale is None and right_type.scale is None:
            return exp.Mul(this=left, expression=right), ValueType(kind="number")
        left = left if left_type.scale else fix_number(left, 1)
        right = right if right_type.scale else fix_number(right, 1)
        scale = (left_type.scale or 1) * (right_type.scale or 1)
        unit = "×".join(sorted(filter(None, (left_type.unit, right_type.unit))))
        return exp.Mul(this=left, expression=right), ValueType(kind="number", scale=scale, unit=unit)

    def _sign(self, node: exp.Neg | exp.Abs) -> Typed:
        inner, found = self.visit(node.this)
        if found.kind != "number":
            raise ExpressionError(f"« {node.sql()[:60]} » : un nombre est attendu")
        return type(node)(this=inner), found

    def _case(self, node: exp.Case) -> Typed:
        self._only(node, "ifs", "default")
        default = node.args.get("default") or exp.Null()
        results = [branch.args["true"] for branch in node.args["ifs"]] + [default]
        trees, found = self._unify(results)
        branches = [
            exp.If(this=self._bool(branch.this), true=tree)
            for branch, tree in zip(node.args["ifs"], trees, strict=False)
        ]
        return exp.Case(ifs=branches, default=trees[-1]), found

    def _coalesce(self, node: exp.Coalesce) -> Typed:
        self._only(node, "this", "expressions", "is_nvl")
        trees, found = self._unify([node.this, *node.expressions])
        return exp.Coalesce(this=trees[0], expressions=trees[1:]), found

    def _meet(self, left: exp.Expr, right: exp.Expr) -> tuple[exp.Expr, exp.Expr, ValueType]:
        (one, other), found = self._unify([left, right])
        return one, other, found

    def _compared(self, left: exp.Expr, right: exp.Expr) -> tuple[exp.Expr, exp.Expr, ValueType]:
        """Bare numbers on both sides meet no column: they are whole numbers, like all that is stored."""
        one, other, found = self._meet(left, right)
        if found.kind == "number" and found.scale is None:
            return fix_number(one, 1), fix_number(other, 1), found
        return one, other, found

    def _unify(self, nodes: list[exp.Expr]) -> tuple[list[exp.Expr], ValueType]:
        typed = [self.visit(node) for node in nodes]
        kinds = {found.kind for _, found in typed} - {"null"}
        if kinds == {"date", "text"}:
            return [_as_date(tree, found) for tree, found in typed], ValueType(kind="date")
        if len(kinds) > 1:
            shown = " et ".join(sorted(FRENCH_KINDS[kind] for kind in kinds))
            raise ExpressionError(f"types incompatibles dans « {nodes[0].sql()[:60]} » : {shown}")
        kind: Kind = next(iter(kinds), "null")
        if kind != "number":
            return [tree for tree, _ in typed], ValueType(kind=kind)
        numbers = [found for _, found in typed if found.kind == "number" and found.scale is not None]
        scales = {(found.scale, found.unit) for found in numbers}
        if len(scales) > 1:
            raise ExpressionError(f"unités incompatibles dans « {nodes[0].sql()[:60]} »")
        if not numbers or numbers[0].scale is None:
            return [tree for tree, _ in typed], ValueType(kind="number")
        scale = numbers[0].scale
        trees = [
            fix_number(tree, scale) if found.kind == "number" and found.scale is None else tree for tree, found in typed
        ]
        return trees, numbers[0]


_BOOLEANS = (*_COMPARISONS, exp.In, exp.Between, exp.Is, exp.Not, exp.And, exp.Or)


def _enclosed(tree: exp.Expr) -> exp.Expr:
    """Put a true or false that is itself compared between parentheses: engines differ on what binds first."""
    return exp.Paren(this=tree) if isinstance(tree, _BOOLEANS) else tree


def _is_string(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _as_date(tree: exp.Expr, found: ValueType) -> exp.Expr:
    if found.kind != "text":
        return tree
    if not _is_string(tree) or not _ISO_DATE.match(tree.this):
        raise ExpressionError(f"une date s'écrit 'AAAA-MM-JJ' : « {tree.sql()[:60]} »")
    try:
        date.fromisoformat(tree.this)
    except ValueError as error:
        raise ExpressionError(f"date impossible : {tree.this}") from error
    return exp.Cast(this=tree, to=exp.DataType.build("date"))
