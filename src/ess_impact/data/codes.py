"""Codes, lists of codes and yes-or-no answers, matched over their distinct values.

Same convention as :mod:`ess_impact.data.identifiers`: ``text`` in, ``value``, ``fault``, ``hint`` and coercions out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

from ess_impact.data.headers import fold
from ess_impact.data.identifiers import TEXT
from ess_impact.definitions.codelists import Codelist
from ess_impact.errors import did_you_mean

MAX_LISTED = 12
"""Choices quoted in a remedy."""

_BOOLEANS = {
    **dict.fromkeys(("oui", "o", "vrai", "true", "yes", "x", "1"), True),
    **dict.fromkeys(("non", "n", "faux", "false", "no", "0"), False),
}
_PLAIN_BOOLEANS = ("oui", "non")
_SEPARATORS = re.compile(r"[,;|\n]")


def parse_boolean(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Parse oui / non, vrai / faux, 1 / 0, x.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.

    Returns
    -------
    polars.LazyFrame
        With ``value`` (Boolean), ``fault`` and coercions.

    Examples
    --------
    >>> parse_boolean(pl.LazyFrame({"text": ["OUI", "0", "peut-être"]})).collect()["value"].to_list()
    [True, False, None]
    """
    words = TEXT.str.to_lowercase()
    value = words.replace_strict(list(_BOOLEANS), list(_BOOLEANS.values()), default=None, return_dtype=pl.Boolean)
    parsed = pl.col("value").is_not_null()
    return (
        cells.with_columns(value=value)
        .with_columns(fault=pl.when(TEXT.is_not_null() & ~parsed).then(pl.lit("oui_ou_non")))
        .with_columns((parsed & ~words.is_in(_PLAIN_BOOLEANS)).alias("~oui ou non écrit autrement"))
    )


def parse_code(cells: pl.LazyFrame, codelist: Codelist) -> pl.LazyFrame:
    """Parse one code: exact, else its label or a synonym without regard to case and accents.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.
    codelist : Codelist
        Codes admitted.

    Returns
    -------
    polars.LazyFrame
        With ``value``, ``fault``, ``hint`` and coercions.
    """
    return _mapped(cells, codelist, _lookup(codelist), list(wordings(codelist).values()))


def wordings(codelist: Codelist) -> dict[str, str]:
    """Return how each code is shown to people.

    Parameters
    ----------
    codelist : Codelist
        Codes admitted.

    Returns
    -------
    dict of str to str
        Code to its label, if each label is read as its own code and none starts like a formula; else to itself.
    """
    lookup = _lookup(codelist)
    worded = all(row.label.fr[:1].isalnum() and lookup(row.label.fr) == row.code for row in codelist.codes)
    return {row.code: row.label.fr if worded else row.code for row in codelist.codes}


def parse_list(cells: pl.LazyFrame, codelist: Codelist) -> pl.LazyFrame:
    """Parse codes separated by commas or semicolons.

    Parameters
    ----------
    cells : polars.LazyFrame
        Column ``text``.
    codelist : Codelist
        Codes admitted.

    Returns
    -------
    polars.LazyFrame
        With ``value`` (codes joined by ``","``, each once), ``fault``, ``hint`` and coercions.
    """
    lookup = _lookup(codelist)

    def parse(text: str) -> str | None:
        whole = lookup(text)
        if whole is not None:
            return whole
        words = [word.strip() for word in _SEPARATORS.split(text) if word.strip()]
        codes = [lookup(word) for word in words]
        found = [code for code in codes if code is not None]
        return ",".join(dict.fromkeys(found)) if found and len(found) == len(words) else None

    shown = list(wordings(codelist).values())
    return _mapped(cells, codelist, parse, list(codelist.values) if any(map(_SEPARATORS.search, shown)) else shown)


def _mapped(
    cells: pl.LazyFrame, codelist: Codelist, parse: Callable[[str], str | None], shown: list[str]
) -> pl.LazyFrame:
    frame = cells.collect()
    texts = frame["text"].unique(maintain_order=True).drop_nulls().to_list()
    values = {text: parse(text) for text in texts}
    unknown = [text for text, value in values.items() if value is None]
    spellings = [*codelist.values, *(label.fr for label in codelist.labels.values())]
    hints = {text: did_you_mean(text, spellings) or None for text in unknown[:200]}
    value = TEXT.replace_strict(list(values), list(values.values()), default=None, return_dtype=pl.String)
    hint = TEXT.replace_strict(list(hints), list(hints.values()), default=None, return_dtype=pl.String)
    quoted = ", ".join(f"« {word} »" for word in shown[:MAX_LISTED]) + ("…" if len(shown) > MAX_LISTED else "")
    missing = TEXT.is_not_null() & pl.col("value").is_null()
    return (
        frame.lazy()
        .with_columns(value=value)
        .with_columns(
            pl.when(missing).then(pl.lit("code_inconnu")).alias("fault"),
            pl.when(missing).then(pl.coalesce(hint, pl.lit(f"Choix admis : {quoted}."))).alias("hint"),
            (pl.col("value") != TEXT).alias("~libellé ou synonyme lu comme un code"),
        )
    )


def _lookup(codelist: Codelist) -> Callable[[str], str | None]:
    """Return the function that reads one code; spellings that could be two codes are left out."""
    exact = frozenset(codelist.values)
    known: dict[str, str | None] = {}
    for row in codelist.codes:
        for word in {fold(one) for one in (row.code, row.label.fr, row.label.en or "", *row.synonyms)}:
            known[word] = row.code if known.get(word, row.code) == row.code else None
    known.pop("", None)

    def read(text: str) -> str | None:
        if text in exact:
            return text
        # "60,7" is not the code 607: only words are compared loosely.
        return known.get(fold(text)) if any(map(str.isalpha, text)) else None

    return read
