"""Personal data on reading: refused columns, emptied cells, keyed pseudonyms."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import polars as pl

from ess_impact.data.anomalies import MASK
from ess_impact.data.headers import fold
from ess_impact.errors import SecrecyError

MIN_KEY_BYTES = 16
SAMPLE = 5_000
"""Cells looked at to tell what an undeclared column holds."""

_PSEUDONYM = r"^p-[0-9a-f]{24}$"
_EMAIL = r"[^\s@;,<>]+@[^\s@;,<>]+\.[A-Za-z]{2,}"
_SHORTEST_EMAIL = len("a@b.fr")
_SHORTEST_NIR = {True: 15, False: 13}
"""Digits of a NIR, by whether its key must be there."""

_NIR = (
    r"(?:^|[^0-9A-Za-z])([1-478](?:[ .\-\u00a0\u202f]?\d{2}){2}[ .\-\u00a0\u202f]?(?:\d{2}|2[ABab])"
    r"(?:[ .\-\u00a0\u202f]?\d{3}){2}(?:[ .\-\u00a0\u202f]?\d{2})?)(?:[^0-9A-Za-z]|$)"
)
_LIKELY_MONTH = r"^[12]\d{2}(?:0[1-9]|1[0-2]|2\d|3\d|4[0-2])(?:0[1-9]|[1-8]\d|9\d|2A|2B)\d{6}"
_FULL_DATE = r"^(?:(?P<a>\d{4})[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?P<b>\d{4}))(?:[ T].*)?$"
_BIRTH_YEARS = (1930, 2012)
_HEADERS = {
    "numéro de sécurité sociale": ("nir", "numss", "nss", "numsecu", "nosecu", "securitesociale", "nirpp"),
    "adresse électronique": ("mail", "email", "courriel", "mel", "adressemail", "adresseelectronique"),
    "date de naissance": ("naissance", "birth", "ddn", "dob", "neele", "nele", "datenaiss"),
}
_PARTS = {
    "numéro de sécurité sociale": ("securitesociale", "numerosecu", "numsecu"),
    "adresse électronique": ("email", "courriel", "adressemail", "adresseelectronique"),
    "date de naissance": ("naissance", "birth", "datenaiss"),
}


def personal_header(header: str) -> str | None:
    """Say what personal data a header announces.

    Parameters
    ----------
    header : str
        Header of a column no table declares.

    Returns
    -------
    str or None
        Kind of data, in French; None when the header announces nothing.

    Examples
    --------
    >>> personal_header("Date de naissance du salarié")
    'date de naissance'
    >>> personal_header("Commune") is None
    True
    """
    folded = fold(header)
    words = {fold(word) for word in re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", header))}
    for kind, whole in _HEADERS.items():
        if folded in whole or words & set(whole) or any(part in folded for part in _PARTS[kind]):
            return kind
    return None


def personal_content(cells: pl.Series) -> str | None:
    """Say what personal data the cells of an undeclared column hold.

    Parameters
    ----------
    cells : polars.Series
        Text cells, null where blank.

    Returns
    -------
    str or None
        Kind of data, in French: one NIR or e-mail is enough, birth dates must be most of the column.
    """
    filled = cells.drop_nulls().cast(pl.String)
    if filled.is_empty():
        return None
    if _email_mask(filled).any():
        return "adresse électronique"
    if nir_mask(filled).any():
        return "numéro de sécurité sociale"
    years = filled.head(SAMPLE).str.strip_chars().str.extract_groups(_FULL_DATE).struct.unnest()
    year = years.select(pl.coalesce("a", "b").cast(pl.Int64)).to_series()
    likely = year.is_between(*_BIRTH_YEARS).fill_null(False).sum()
    return "date de naissance" if likely * 2 > len(year) else None


def mask_cells(
    frame: pl.DataFrame, columns: Iterable[str], *, identifiers: Iterable[str] = (), at_sign: bool = True
) -> pl.DataFrame:
    """Replace the cells that look like a NIR or an e-mail by a mask, which checking then reports.

    Parameters
    ----------
    frame : polars.DataFrame
        Cells as read.
    columns : iterable of str
        Columns to look at; those that are not text are left alone.
    identifiers : iterable of str, optional
        SIRET and SIREN columns: there, thirteen digits are a truncated SIRET rather than a NIR without its key.
    at_sign : bool, default True
        Whether some cell may hold an ``@``; if not, e-mails are not looked for.

    Returns
    -------
    polars.DataFrame
        Same shape.
    """
    spared = set(identifiers)
    masked = {}
    for name in columns:
        cells = frame[name]
        if cells.dtype != pl.String or not (cells.str.len_bytes() >= _SHORTEST_EMAIL).any():
            continue
        hit = nir_mask(cells, keyed=name in spared)
        hit = hit | _email_mask(cells) if at_sign else hit
        if hit.any():
            masked[name] = pl.when(hit.fill_null(False)).then(pl.lit(MASK)).otherwise(pl.col(name))
    return frame.with_columns(**masked) if masked else frame


def nir_mask(cells: pl.Series, *, keyed: bool = False) -> pl.Series:
    """Say which cells hold what looks like a social security number.

    Parameters
    ----------
    cells : polars.Series
        Text cells.
    keyed : bool, default False
        Only numbers of fifteen digits.

    Returns
    -------
    polars.Series
        Boolean, false where the cell is null.
    """
    long_enough = cells.str.len_bytes() >= _SHORTEST_NIR[keyed]
    if not long_enough.any():
        return pl.repeat(False, len(cells), dtype=pl.Boolean, eager=True)
    frame = pl.DataFrame({"cell": cells}).with_columns(
        nir=pl.when(long_enough).then(pl.col("cell")).str.extract(_NIR, 1)
    )
    if frame["nir"].null_count() == frame.height:
        return pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    number = pl.col("nir").str.replace_all(r"[ .\-\u00a0\u202f]", "").str.to_uppercase()
    corsica = number.str.replace(r"^(.{5})2A", "${1}19").str.replace(r"^(.{5})2B", "${1}18")
    key = corsica.str.slice(13, 2).cast(pl.Int64, strict=False)
    keyed_right = (97 - corsica.str.slice(0, 13).cast(pl.Int64, strict=False) % 97) == key
    long = number.str.len_bytes() == 15
    likely = number.str.contains(_LIKELY_MONTH)
    found = (long & (keyed_right | likely)) if keyed else (likely | (long & keyed_right))
    return frame.select(found.fill_null(False).alias("hit")).to_series()


def _email_mask(cells: pl.Series) -> pl.Series:
    at = cells.str.contains("@", literal=True).fill_null(False)
    return (at & cells.str.contains(_EMAIL)).fill_null(False) if at.any() else at


def pseudonyms(cells: pl.Series, key: bytes | None) -> pl.Series:
    """Replace identifiers of persons by keyed pseudonyms.

    Parameters
    ----------
    cells : polars.Series
        Identifiers, as text; null stays null, a pseudonym or a mask stays itself.
    key : bytes or None
        Secret key of the campaign, at least 16 bytes.

    Returns
    -------
    polars.Series
        ``"p-"`` and 24 hexadecimal digits: the same person has the same pseudonym under the same key.

    Raises
    ------
    SecrecyError
        An identifier must be replaced and there is no key, or it is too short.

    Examples
    --------
    >>> pseudonyms(pl.Series(["A1"]), b"0123456789abcdef").to_list()
    ['p-afcfca1a9ff5102776cb83fe']
    """
    clear = cells.unique().drop_nulls()
    clear = clear.filter(~clear.str.contains(_PSEUDONYM) & (clear != MASK))
    if clear.is_empty():
        return cells
    secret = _secret(key)
    known = {name: _pseudonym(name, secret) for name in clear.to_list()}
    return cells.replace(list(known), list(known.values()))


def _secret(key: bytes | None) -> bytes:
    if key is None:
        raise SecrecyError(
            "des personnes sont nommées et aucune clé de pseudonymisation n'est donnée",
            fix="Indiquez « cle_pseudonymes » dans campagne.yaml (ou l'argument key).",
        )
    if len(key) < MIN_KEY_BYTES:
        raise SecrecyError(
            f"clé de pseudonymisation trop courte : {len(key)} octets",
            fix=f"Une clé compte au moins {MIN_KEY_BYTES} octets tirés au hasard.",
        )
    return hashlib.blake2b(key, digest_size=64).digest()


def _pseudonym(name: str, secret: bytes) -> str:
    return "p-" + hashlib.blake2b(name.strip().encode(), key=secret, digest_size=12, person=b"ess-impact").hexdigest()
