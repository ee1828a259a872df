"""The sheet of an indicator on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ess_impact.report.indicator_sheet import IndicatorSheet, WorkedExample
from ess_impact.text import format_date, typeset

_CODES = 12
"""Codes of a list that are written out."""


def sheet_text(sheet: IndicatorSheet, *, dialect: str = "duckdb") -> str:
    """Write the sheet of an indicator.

    Parameters
    ----------
    sheet : IndicatorSheet
        From :func:`~ess_impact.report.indicator_sheet.indicator_sheet`.
    dialect : str, default "duckdb"
        Dialect of the SQL shown.

    Returns
    -------
    str
        Plain text, in French; LaTeX and SQL as they are.
    """
    parts = [
        f"{sheet.name}\n{sheet.id}, version {sheet.version}, empreinte {sheet.digest}",
        *(f"{term} : {text}" for term, text in _prose(sheet)),
        "\n".join([*(f"{term} : {text}" for term, text in sheet.facts), *_source(sheet)]),
        "\n".join([f"Calcul : {sheet.formula}", *_latex(sheet)]),
        *_blocks(sheet),
        f"SQL ({dialect}) :\n{_indented(sheet.sql[dialect].splitlines())}",
        *(_example(place, one) for place, one in enumerate(sheet.examples, start=1) if one.header),
        "\n".join(["Historique :", *_history(sheet)]),
    ]
    return typeset_prose(parts)


def typeset_prose(parts: Sequence[str]) -> str:
    """Join paragraphs, with the spaces and apostrophes of print where they are prose.

    Parameters
    ----------
    parts : sequence of str
        Paragraphs; lines indented by four spaces are code and stay as they are.

    Returns
    -------
    str
        Paragraphs apart by an empty line.

    Examples
    --------
    >>> typeset_prose(["Quoi : l'ESS", "SQL :\\n    'x' ; y"])
    "Quoi\\xa0: l’ESS\\n\\nSQL\\xa0:\\n    'x' ; y"
    """
    lines = "\n\n".join(parts).split("\n")
    return "\n".join(line if line.startswith("    ") else typeset(line) for line in lines)


def _prose(sheet: IndicatorSheet) -> Iterator[tuple[str, str]]:
    yield "Quoi", sheet.definition
    yield "Pourquoi", sheet.rationale
    yield "Limites", sheet.limitations


def _source(sheet: IndicatorSheet) -> Iterator[str]:
    yield f"Source : {sheet.source}" + (f" ({sheet.source_url})" if sheet.source_url else "")
    if sheet.method:
        yield f"Méthode : {sheet.method[1]} (methods/{sheet.method[0]}.md)"


def _latex(sheet: IndicatorSheet) -> Iterator[str]:
    yield f"    {sheet.latex}"
    for symbol, words in sheet.symbols:
        yield f"    {symbol} : {words}"


def _blocks(sheet: IndicatorSheet) -> Iterator[str]:
    if sheet.numbers:
        lines = [
            f"  {one.name} : {one.value}, depuis le {format_date(one.valid_from)} "
            f"({one.source}){' – à vérifier' if one.unsure else ''}"
            for one in sheet.numbers
        ]
        yield "\n".join(["Paramètres :", *lines])
    if sheet.lists:
        lines = [
            f"  {one.name} ({one.source}){' – à vérifier' if one.unsure else ''} : {_short(one.codes)}"
            for one in sheet.lists
        ]
        yield "\n".join(["Nomenclatures :", *lines])
    if sheet.to_check:
        yield "\n".join(["À vérifier :", *(f"  {one}" for one in sheet.to_check)])


def _short(codes: Sequence[str]) -> str:
    left = len(codes) - _CODES
    return " ; ".join(codes[:_CODES]) + (f" ; et {left} autres" if left > 0 else "")


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _example(place: int, example: WorkedExample) -> str:
    table = [example.header, *example.rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(example.header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    gives = ", ".join(f"{label} : {value}" for label, value in example.gives)
    return f"Exemple {place} :\n{_indented(lines)}\n  donne : {gives}"


def _history(sheet: IndicatorSheet) -> Iterator[str]:
    for one in sheet.history:
        until = f" jusqu'au {format_date(one.until)}" if one.until else ", en vigueur"
        why = f" : {one.change}" if one.change else ""
        yield f"  {one.version}, depuis le {format_date(one.since)}{until}{why}"
    for gap in sheet.breaks:
        yield f"  Rupture de série le {format_date(gap.date)} : {gap.label.fr} ({gap.source})"
