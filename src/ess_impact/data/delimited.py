"""Text files with separators: strict decoding, separator read from the header, ragged rows found."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.decoding import decode_text
from ess_impact.data.grids import BadRow, Grid, build_grid

SEPARATORS = (";", ",", "\t", "|")
MAX_COLUMNS = 10_000
MAX_BYTES = 4_000_000_000
MAX_LINES = 20_000_000
MAX_RAGGED = 100_000
"""Rows cut into a wrong number of cells: beyond, it is the separator that is wrong."""

_LONGEST_HEADER = csv.field_size_limit()
_LONGEST_LINE = 10_000_000
_CHUNK = 50_000
_SLICE = 1 << 20
_RAGGED = "ligne_irreguliere"
_SPACE_BYTES = sorted({character.encode()[0] for character in "\x85\xa0\u1680\u2000\u2028\u202f\u205f\u3000"})
"""First bytes, in UTF-8, of the spaces that are not ASCII."""


def read_delimited(raw: bytes, name: str) -> Grid:
    """Read a CSV, TSV or TXT file, every cell as text.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        Name to quote in messages.

    Returns
    -------
    Grid
        Good rows; rows with too few or too many cells are in ``bad``.

    Raises
    ------
    FileRefusedError
        Empty, binary, undecodable, without any header, or out of proportion.
    """
    body, coercions = decode_text(raw, name)
    first = _first_line(body.lstrip(b"\n") if body.startswith(b"\n") else body)
    if not first.strip():
        raise FileRefusedError("fichier vide", rule="fichier_vide", where=name, fix="Envoyez le fichier rempli.")
    _check_width(first, name)
    separator = choose_separator(first)
    survey = _survey(body, separator)
    if survey.lines > MAX_LINES:
        raise FileRefusedError(
            f"plus de {MAX_LINES} lignes", rule="trop_de_lignes", where=name, fix="Découpez le fichier."
        )
    cut = _cut(body, separator, survey, name)
    grid = build_grid(cut.headers, cut.cells, cut.rows, bad=cut.bad, coercions=coercions, padded=cut.padded)
    return replace(grid, at_sign=b"@" in body)


def choose_separator(header: str) -> str:
    """Return the separator that cuts a header line into most cells.

    Parameters
    ----------
    header : str
        First line of the file.

    Returns
    -------
    str
        One of ``;``, ``,``, tab and ``|``; ``;`` when none is present.

    Examples
    --------
    >>> choose_separator('"Nom, prénom";SIRET;Montant')
    ';'
    """
    widths = {one: len(next(csv.reader([header], delimiter=one), [])) for one in SEPARATORS}
    return max(SEPARATORS, key=lambda one: widths[one])


def _first_line(body: bytes) -> str:
    end = body.find(b"\n")
    return (body if end < 0 else body[:end]).decode()


def _check_width(header: str, name: str) -> None:
    """Refuse a header out of proportion before it is cut."""
    if max(map(header.count, SEPARATORS)) >= MAX_COLUMNS:
        raise FileRefusedError(
            f"plus de {MAX_COLUMNS} colonnes", rule="trop_de_colonnes", where=name, fix="Vérifiez le séparateur."
        )
    if len(header) > _LONGEST_HEADER:
        raise FileRefusedError(
            "la première ligne est démesurée",
            rule="ligne_demesuree",
            where=name,
            fix="Écrivez les titres de colonnes sur la première ligne, et chaque enregistrement sur la sienne.",
        )


class Survey(NamedTuple):
    """Lines and separators of a text, and whether a cell may start with a space."""

    lines: int
    separators: int
    padded: bool


class Cut(NamedTuple):
    """A text once cut; ``padded`` is false when no cell starts with a space."""

    headers: list[str]
    cells: pl.DataFrame
    rows: pl.Series
    bad: list[BadRow]
    padded: bool = True


def _cut(body: bytes, separator: str, survey: Survey, name: str) -> Cut:
    regular = _cut_regular(body, separator, survey)
    if regular is not None:
        return regular
    return (_cut_quoted if b'"' in body else _cut_plain)(body.decode(), separator, name)


def _cut_regular(body: bytes, separator: str, survey: Survey) -> Cut | None:
    """Cut at once a text whose first line is the header and whose lines are all as many cells, quoted whole or not."""
    first, quotes = _first_line(body), body.count(b'"')
    headers = next(csv.reader([first], delimiter=separator), [])
    # A file whose lines are shorter than its header would be given room for as many cells as the header has.
    if survey.separators < survey.lines * (len(headers) - 1) or (quotes and not _quotes_wrap_cells(body, separator)):
        return None
    try:
        cells = pl.read_csv(
            body,
            separator=separator,
            schema={str(position): pl.String() for position in range(len(headers))},
            has_header=False,
            skip_rows=1,
            quote_char='"' if quotes else None,
        )
    except pl.exceptions.PolarsError:
        return None
    # No line is too short when cells, their quotes, as many separators as there should be and line ends make the text.
    read = cells.select(pl.sum_horizontal(pl.all().str.len_bytes().sum().cast(pl.Int64))).item()
    around = quotes - first.count('"') + cells.height * len(headers) - (not body.endswith(b"\n"))
    if cells.height != survey.lines - 1 or len(first.encode()) + 1 + read + around != len(body):
        return None
    rows = pl.int_range(2, survey.lines + 1, dtype=pl.Int64, eager=True)
    return Cut(headers, cells, rows, [], survey.padded or quotes > 0)


def _quotes_wrap_cells(body: bytes, separator: str) -> bool:
    """Say whether quotes stand around whole cells, and nowhere else: then nobody can read the text in another way."""
    text, met = np.frombuffer(body, dtype=np.uint8), 0
    edges = np.isin(np.arange(256), [ord(separator), ord("\n")])
    for start in range(0, len(text), _SLICE):
        places = np.flatnonzero(text[start : start + _SLICE] == ord('"')) + start
        opening, closing = places[met % 2 :: 2], places[1 - met % 2 :: 2]
        after = closing[closing < len(text) - 1] + 1
        if not (edges[text[opening[opening > 0] - 1]].all() and edges[text[after]].all()):
            return False
        met += len(places)
    return met % 2 == 0


def _survey(body: bytes, separator: str) -> Survey:
    text, cut, end = np.frombuffer(body, dtype=np.uint8), ord(separator), ord("\n")
    lines, separators, padded = int(not body.endswith(b"\n")), 0, False
    for start in range(0, len(text), _SLICE):
        part = text[start : start + _SLICE + 1]
        ends, cuts = part == end, part == cut
        lines += int(np.count_nonzero(ends[:_SLICE]))
        separators += int(np.count_nonzero(cuts[:_SLICE]))
        if not padded:
            first = (ends | cuts)[:-1]
            spaces = (part <= ord(" ")) & ~(ends | cuts) | np.isin(part, _SPACE_BYTES)
            padded = bool((first & spaces[1:]).any())
    return Survey(lines, separators, padded)


def _cut_plain(text: str, separator: str, name: str) -> Cut:
    """Cut a text without any quote: one line is one row."""
    lines = pl.DataFrame({"line": text.split("\n")}).with_row_index("row", offset=1)
    filled = rf"[^\s{re.escape(separator)}]"
    lines = lines.filter(pl.col("line").str.contains(filled))
    headers = str(lines["line"][0]).split(separator)
    width, body = len(headers), lines.slice(1)
    # Separators left after the last cell hold nothing: they are no fault.
    surplus = pl.col("line").str.count_matches(separator, literal=True).cast(pl.Int64) - (width - 1)
    body = body.with_columns(surplus=surplus)
    parts = pl.col("line").str.splitn(separator, width + 1).struct
    tail = ~parts.field(f"field_{width}").fill_null("").str.contains(filled)
    body = body.with_columns(good=(pl.col("surplus") == 0) | ((pl.col("surplus") > 0) & tail))
    good = body.filter("good")
    cells = good.select(pl.col("line").str.splitn(separator, width + 1)).unnest("line").drop(f"field_{width}")
    ragged = body.filter(~pl.col("good")).select("row", "surplus")
    if ragged.height > MAX_RAGGED:
        raise _too_ragged(name)
    bad = [_ragged(row, width + surplus, width) for row, surplus in ragged.rows()]
    return Cut(headers, cells, good["row"], bad)


def _cut_quoted(text: str, separator: str, name: str) -> Cut:
    """Cut a text with quotes, by the csv module: a quoted cell may hold separators and line ends."""
    bad: list[BadRow] = []
    rows = _guarded(enumerate(csv.reader(_lines(text, name), delimiter=separator), start=1), bad)
    headers = next((cells for _, cells in rows if any(map(str.strip, cells))), [])
    names = [str(position) for position in range(len(headers))]
    frames = [pl.DataFrame(schema={**dict.fromkeys(names, pl.String), "row": pl.Int64})]
    even = _even(rows, len(headers), bad, name)
    while chunk := list(islice(even, _CHUNK)):
        frames.append(pl.DataFrame(dict(zip((*names, "row"), zip(*chunk, strict=True), strict=True))))
    frame, swallowed = _without_swallowed(pl.concat(frames), names, separator)
    return Cut(headers, frame.drop("row"), frame["row"], sorted([*bad, *swallowed], key=lambda one: one.row))


def _lines(text: str, name: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > _LONGEST_LINE:
            raise FileRefusedError(
                f"la ligne {number} est démesurée",
                rule="ligne_demesuree",
                where=name,
                fix="Écrivez chaque enregistrement sur sa ligne.",
            )
        yield line


def _even(
    rows: Iterator[tuple[int, list[str]]], width: int, bad: list[BadRow], name: str
) -> Iterator[tuple[str | int, ...]]:
    """Yield the cells and the number of each row as wide as the header; report the others."""
    for number, cells in rows:
        kept = cells if len(cells) == width else _settle(number, cells, width, bad)
        if kept:
            yield (*kept, number)
        elif len(bad) > MAX_RAGGED:
            raise _too_ragged(name)


def _guarded(reader: Iterator[tuple[int, list[str]]], bad: list[BadRow]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows until the csv module gives up, which is reported as a bad row."""
    number = 0
    while True:
        try:
            number, cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            bad.append(_open_quote(number + 1))
            return
        yield number, cells


def _settle(number: int, cells: list[str], width: int, bad: list[BadRow]) -> list[str]:
    """Return the cells of a row too long by blanks only, none of a blank row; report any other."""
    if not any(map(str.strip, cells)):
        return []
    if len(cells) > width and not any(map(str.strip, cells[width:])):
        return cells[:width]
    swallowed = any("\n" in cell for cell in cells)
    bad.append(_open_quote(number) if swallowed else _ragged(number, len(cells), width))
    return []


def _without_swallowed(frame: pl.DataFrame, names: list[str], separator: str) -> tuple[pl.DataFrame, list[BadRow]]:
    """Set aside rows one cell of which holds what looks like whole rows: a quote was left open."""
    if len(names) < 2:
        return frame, []
    several = pl.any_horizontal(pl.col(name).str.contains("\n", literal=True) for name in names)
    suspects = [
        number
        for *cells, number in frame.filter(several).rows()
        if any(line.count(separator) >= len(names) - 1 for cell in cells for line in cell.split("\n"))
    ]
    return frame.filter(~pl.col("row").is_in(suspects)), [_open_quote(number) for number in suspects]


def _too_ragged(name: str) -> FileRefusedError:
    return FileRefusedError(
        f"plus de {MAX_RAGGED} lignes n'ont pas autant de cellules que l'en-tête",
        rule=_RAGGED,
        where=name,
        fix="Vérifiez le séparateur et la ligne de titres.",
    )


def _ragged(row: int, has: int, expected: int) -> BadRow:
    return BadRow(
        row=row,
        rule=_RAGGED,
        message=f"La ligne a {has} cellule{'s' if has > 1 else ''}, l'en-tête en a {expected}.",
        remedy="Vérifiez les séparateurs de la ligne ; entourez de guillemets un texte qui en contient.",
    )


def _open_quote(row: int) -> BadRow:
    return BadRow(
        row=row,
        rule="guillemet_ouvert",
        message="Un guillemet ouvert n'est pas refermé : les lignes suivantes ont été avalées par cette cellule.",
        remedy="Fermez le guillemet, ou retirez-le, puis renvoyez le fichier.",
    )
