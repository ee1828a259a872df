"""Personal data on reading: refused columns, emptied cells, keyed pseudonyms, names and values fit to be shown."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import PurePosixPath

import polars as pl

from ess_impact.data.anomalies import MASK
from ess_impact.data.headers import fold
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import SecrecyError

MIN_KEY_BYTES = 16
SAMPLE = 5_000
"""Cells looked at to tell what an undeclared column holds."""
MASKED_TEXT = "[texte masqué]"
"""Shown in place of a value that does not parse and may name a person."""

_PSEUDONYM = r"^p-[0-9a-f]{24}$"
_EMAIL = r"[^\s@;,<>]+@[^\s@;,<>]+\.[A-Za-z]{2,}"
_SHORTEST_EMAIL = len("a@b.fr")
_SHORTEST_NIR = {True: 15, False: 13}
"""Digits of a NIR, by whether its key must be there."""

_NIR_DIGITS = (
    r"[1-478](?:[ .\-\u00a0\u202f]?\d{2}){2}[ .\-\u00a0\u202f]?(?:\d{2}|2[ABab])"
    r"(?:[ .\-\u00a0\u202f]?\d{3}){2}(?:[ .\-\u00a0\u202f]?\d{2})?"
)
_NIR = rf"(?:^|[^0-9A-Za-z])({_NIR_DIGITS})(?:[^0-9A-Za-z]|$)"
_LIKELY_MONTH = r"^[12]\d{2}(?:0[1-9]|1[0-2]|2\d|3\d|4[0-2])(?:0[1-9]|[1-8]\d|9\d|2A|2B)\d{6}"
_FULL_DATE = r"^(?:(?P<a>\d{4})[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?P<b>\d{4}))(?:[ T].*)?$"
_BIRTH_YEARS = (1930, 2012)
_PHONE_DIGITS = r"(?:(?:\+|00)33[ .\-\u00a0\u202f]?(?:\(0\))?|0)[1-9](?:[ .\-\u00a0\u202f]?\d{2}){4}"
_PHONE = rf"(?:^|[^0-9]){_PHONE_DIGITS}(?:[^0-9]|$)"
_SHORTEST_PHONE = 10
_ALONE = r"(?<!\d)(?<!\d[ .\-]){}(?!\d)"
_NIR_IN_NAME = re.compile(_ALONE.format(_NIR_DIGITS))
_CONTACT_IN_NAME = re.compile(rf"{_EMAIL}|{_ALONE.format(_PHONE_DIGITS)}")
_BIRTH_IN_NAME = re.compile(
    r"(?<!\d)(?:\d{1,2}([-_. ])\d{1,2}\1(?P<a>(?:19|20)\d{2})|(?P<b>(?:19|20)\d{2})([-_. ])\d{1,2}\4\d{1,2})(?!\d)"
)
_EXTENSIONS = (".csv", ".tsv", ".txt", ".json", ".parquet", ".pdf", ".zip", ".ods", ".xls", ".xlsm", ".xlsx")
_FULL_NAME = r"^\p{L}[\p{L}'’.\-]*(?:\s+\p{L}[\p{L}'’.\-]*)+$"
_WORD = r"(?:^|[^\p{L}\p{N}])\p{L}[\p{L}.'’\-]*"
"""Letters that follow a digit (« 1er », « 12h30 ») are no word."""
_FOUR_WORDS = r"(?:\p{L}[\p{L}.'’\-]*\s+){3}\p{L}"
_CODES = (ColumnType.CODE, ColumnType.LISTE)
_QUOTED_AS_IS = (ColumnType.TEXTE, ColumnType.PERSONNE)
"""Texts are what was asked for; persons are always masked."""
_ENTERPRISE = (ColumnType.SIRET, ColumnType.SIREN)
_LIKE_A_PERSON = r"\p{Lu}\p{L}+\s+\p{Lu}\p{L}+|\d{8}"
_KEY_OF_THE_PROCESS = secrets.token_bytes(MIN_KEY_BYTES)
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


def reachable(cells: pl.Series, *, at_sign: bool = True) -> pl.Series:
    """Say which cells hold an e-mail, a telephone number or a social security number.

    Parameters
    ----------
    cells : polars.Series
        Text cells.
    at_sign : bool, default True
        Whether some cell may hold an ``@``.

    Returns
    -------
    polars.Series
        Boolean, false where the cell is null.
    """
    hit = nir_mask(cells) | _phone_mask(cells)
    return hit | _email_mask(cells) if at_sign else hit


def _phone_mask(cells: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"cell": cells})
    long_enough = pl.col("cell").str.len_bytes() >= _SHORTEST_PHONE
    return frame.select((long_enough & pl.col("cell").str.contains(_PHONE)).fill_null(False)).to_series()


def full_names(cells: pl.Series) -> int:
    """Count the identifiers of persons that look like a first name and a name.

    Parameters
    ----------
    cells : polars.Series
        Identifiers as written, or their pseudonyms.

    Returns
    -------
    int
        Cells made of letters alone, with a space.

    Examples
    --------
    >>> full_names(pl.Series(["Marie Exemple", "S 12", "MEX"]))
    1
    """
    return int(cells.str.strip_chars().str.contains(_FULL_NAME).sum())


def quotable(cells: pl.Series, kind: ColumnType) -> pl.Series:
    """Mask the cells at fault that may name a person, before they are quoted in an anomaly.

    Parameters
    ----------
    cells : polars.Series
        Text cells that do not parse.
    kind : ColumnType
        Type of their column.

    Returns
    -------
    polars.Series
        Same cells; ``[texte masqué]`` instead of one that holds an e-mail, a telephone number, a social security
        number or too many words: more than one (« 12 k€ », « trente » and « 31/02/2025 » are quoted, « né le
        12/03/1980 » is not); for codes, four words or two capitalised ones in a row, or eight digits in a row.

    Examples
    --------
    >>> quotable(pl.Series(["12 k€", "texte Marie DUPOND"]), ColumnType.EUROS).to_list()
    ['12 k€', '[texte masqué]']
    """
    if kind in _QUOTED_AS_IS or cells.is_empty():
        return cells
    written = cells.cast(pl.String)
    wordy = written.str.contains(_FOUR_WORDS) if kind in _CODES else written.str.count_matches(_WORD) > 1
    hidden = wordy.fill_null(False) | _email_mask(written)
    hidden |= nir_mask(written, keyed=kind in _ENTERPRISE)
    if kind not in _ENTERPRISE:
        hidden |= _phone_mask(written)
    if kind in _CODES:
        hidden |= written.str.contains(_LIKE_A_PERSON).fill_null(False)
    return pl.select(pl.when(hidden & (written != MASK)).then(pl.lit(MASKED_TEXT)).otherwise(written)).to_series()


def shown_file(path: str, key: bytes | None = None) -> str:
    """Return the name of a file as it may be shown and kept.

    Parameters
    ----------
    path : str
        Name, with its folders separated by ``/``.
    key : bytes, optional
        Key of the pseudonyms.

    Returns
    -------
    str
        Each part as :func:`shown_name`; the extension stays.

    Examples
    --------
    >>> shown_file("structures/73282932000074_20251231.xlsx")
    'structures/73282932000074_20251231.xlsx'
    """
    *folders, name = path.split("/")
    suffix = PurePosixPath(name).suffix
    suffix = suffix if suffix.lower() in _EXTENSIONS else ""
    stem = name.removesuffix(suffix)
    return "/".join([*(shown_name(folder, key) for folder in folders), shown_name(stem, key) + suffix])


def shown_name(name: str, key: bytes | None = None) -> str:
    """Return a title written by a sender as it may be shown and kept.

    Parameters
    ----------
    name : str
        Title of a sheet, name of a file without its extension.
    key : bytes, optional
        Key of the pseudonyms; without it, the digest changes from one process to the next.

    Returns
    -------
    str
        What looks like a social security number, an e-mail, a telephone number or a date of birth is replaced by
        ``masqué-`` and a keyed digest of the title: two titles stay two, and nobody finds the figures again.
    """
    digest = hashlib.blake2b(name.encode(errors="replace"), key=_secret(key or _KEY_OF_THE_PROCESS), digest_size=3)
    masked = f"masqué-{digest.hexdigest()}"

    def number(found: re.Match[str]) -> str:
        return masked if nir_mask(pl.Series([found[0]])).item() else found[0]

    def day(found: re.Match[str]) -> str:
        first, last = _BIRTH_YEARS
        return masked if first <= int(found["a"] or found["b"]) <= last else found[0]

    plain = _NIR_IN_NAME.sub(number, _CONTACT_IN_NAME.sub(masked, name))
    return _BIRTH_IN_NAME.sub(day, plain)


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
