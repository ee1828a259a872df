"""Write typed rows as the text files people really send: French spreadsheets or open data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a file writes its values.

    Attributes
    ----------
    separator : str
        Between two cells.
    decimal : str
        Decimal mark.
    date_format : str
        As ``strftime`` reads it.
    yes : str
        A true value.
    no : str
        A false value.
    encoding : str
        Encoding of the bytes.
    line_end : str
        Between two rows.
    """

    separator: str = ";"
    decimal: str = ","
    date_format: str = "%d/%m/%Y"
    yes: str = "oui"
    no: str = "non"
    encoding: str = "utf-8"
    line_end: str = "\n"


FRENCH = Dialect()
FRENCH_BOM = Dialect(encoding="utf-8-sig", line_end="\r\n")
FRENCH_WINDOWS = Dialect(encoding="cp1252", line_end="\r\n")
OPEN_DATA = Dialect(separator=",", decimal=".", date_format="%Y-%m-%d")
MA_CANTINE = Dialect(separator=",", decimal=".", date_format="%Y-%m-%d", yes="OUI", no="NON")


def to_text(frame: pl.DataFrame, dialect: Dialect) -> pl.DataFrame:
    """Turn typed columns into the text of their cells.

    Parameters
    ----------
    frame : polars.DataFrame
        Typed rows.
    dialect : Dialect
        Form of dates, numbers and booleans.

    Returns
    -------
    polars.DataFrame
        The same rows, String columns, null where the cell is empty.

    Examples
    --------
    >>> to_text(pl.DataFrame({"a": [1.5], "b": [True]}), FRENCH).row(0)
    ('1,5', 'oui')
    """
    return frame.select(_as_text(pl.col(name), kind, dialect) for name, kind in frame.schema.items())


def _as_text(column: pl.Expr, kind: pl.DataType, dialect: Dialect) -> pl.Expr:
    if kind == pl.Date:
        return column.dt.strftime(dialect.date_format)
    if kind == pl.Boolean:
        return column.replace_strict({True: dialect.yes, False: dialect.no}, return_dtype=pl.String)
    if kind == pl.Float64:
        text = column.cast(pl.String).str.strip_suffix(".0")
        return text.str.replace(".", dialect.decimal, literal=True)
    return column.cast(pl.String)


def write_text(path: Path, frame: pl.DataFrame, dialect: Dialect, *, headers: Mapping[str, str] | None = None) -> None:
    """Write text cells as one file.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    frame : polars.DataFrame
        String columns.
    dialect : Dialect
        Separator, encoding and line ends.
    headers : mapping of str to str, optional
        Header of each column, where it differs from its name.
    """
    named = frame.rename(dict(headers)) if headers else frame
    text = named.write_csv(separator=dialect.separator, line_terminator=dialect.line_end)
    path.write_bytes(text.encode(dialect.encoding))
