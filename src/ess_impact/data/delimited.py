"""Text files with separators: strict decoding, separator read from the header, ragged rows found."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.grids import BadRow, Grid, build_grid

SEPARATORS = (";", ",", "\t", "|")
MAX_COLUMNS = 10_000
MAX_BYTES = 4_000_000_000
_CHUNK = 50_000
_RAGGED = "ligne_irreguliere"


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
        Empty, binary, undecodable, or without any header.
    """
    text, coercions = _decode(raw, name)
    first = text.lstrip("\n").split("\n", 1)[0]
    if not first.strip():
        raise FileRefusedError("fichier vide", rule="fichier_vide", where=name, fix="Envoyez le fichier rempli.")
    separator = choose_separator(first)
    cut = _cut_plain if '"' not in text else _cut_quoted
    headers, cells, rows, bad = cut(text, separator, name)
    return build_grid(headers, cells, rows, bad=bad, coercions=coercions)


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


def _decode(raw: bytes, name: str) -> tuple[str, dict[str, int]]:
    if b"\x00" in raw:
        raise FileRefusedError(
            "ce fichier n'est pas du texte (octets nuls)",
            rule="fichier_binaire",
            where=name,
            fix="Enregistrez-le au format « CSV UTF-8 » ou « Classeur Excel (.xlsx) ».",
        )
    coercions: dict[str, int] = {}
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        coercions = {"encodage cp1252": 1}
        text = _decode_cp1252(raw, name)
    return text.replace("\r\n", "\n").replace("\r", "\n"), coercions


def _decode_cp1252(raw: bytes, name: str) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        raise FileRefusedError(
            f"encodage inconnu : ni UTF-8 ni Windows-1252 (octet {error.start + 1})",
            rule="encodage_inconnu",
            where=name,
            fix="Enregistrez le fichier au format « CSV UTF-8 ».",
        ) from error


Cut = tuple[list[str], pl.DataFrame, pl.Series, list[BadRow]]


def _cut_plain(text: str, separator: str, name: str) -> Cut:
    """Cut a text without any quote: one line is one row."""
    lines = pl.DataFrame({"line": text.split("\n")}).with_row_index("row", offset=1)
    lines = lines.filter(pl.col("line").str.strip_chars().str.strip_chars(separator + " ") != "")
    headers = _bounded(str(lines["line"][0]).split(separator), name)
    width, body = len(headers), lines.slice(1)
    # Separators left after the last cell hold nothing: they are no fault.
    surplus = pl.col("line").str.count_matches(separator, literal=True).cast(pl.Int64) - (width - 1)
    body = body.with_columns(surplus=surplus)
    parts = pl.col("line").str.splitn(separator, width + 1).struct
    tail = parts.field(f"field_{width}").fill_null("").str.strip_chars(separator + " \t") == ""
    body = body.with_columns(good=(pl.col("surplus") == 0) | ((pl.col("surplus") > 0) & tail))
    good = body.filter("good")
    cells = good.select(pl.col("line").str.splitn(separator, width + 1)).unnest("line").drop(f"field_{width}")
    bad = [
        _ragged(row, width + surplus, width)
        for row, surplus in body.filter(~pl.col("good")).select("row", "surplus").rows()
    ]
    return headers, cells, good["row"], bad


def _cut_quoted(text: str, separator: str, name: str) -> Cut:
    """Cut a text with quotes, by the csv module: a quoted cell may hold separators and line ends."""
    bad: list[BadRow] = []
    rows = _guarded(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1), bad)
    headers = next((_bounded(cells, name) for _, cells in rows if any(map(str.strip, cells))), [])
    names = [str(position) for position in range(len(headers))]
    frames = [pl.DataFrame(schema={**dict.fromkeys(names, pl.String), "row": pl.Int64})]
    while chunk := list(islice(rows, _CHUNK)):
        even = []
        for number, cells in chunk:
            if len(cells) == len(headers):
                even.append((*cells, number))
            else:
                kept = _settle(number, cells, len(headers), bad)
                even += [(*kept, number)] if kept else []
        columns = zip(*even, strict=True)
        frames.append(pl.DataFrame(dict(zip((*names, "row"), columns, strict=True))) if even else frames[0])
    frame, swallowed = _without_swallowed(pl.concat(frames), names, separator)
    return headers, frame.drop("row"), frame["row"], sorted([*bad, *swallowed], key=lambda one: one.row)


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


def _bounded(headers: list[str], name: str) -> list[str]:
    if len(headers) > MAX_COLUMNS:
        raise FileRefusedError(
            f"plus de {MAX_COLUMNS} colonnes", rule="trop_de_colonnes", where=name, fix="Vérifiez le séparateur."
        )
    return headers


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
