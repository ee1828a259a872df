"""Which rows of an official file are départements, and under which code."""

from __future__ import annotations

import polars as pl

from ess_impact.data.official.journal import Journal

DEPARTEMENT_PATTERN = r"^(0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|97[12346])$"
"""Codes of the 101 départements; ``20`` (Corse), ``69D`` and ``69M`` are other territories."""

ALIASES = {"20A": "2A", "20B": "2B"}
"""Codes some DREES files use for the two départements of Corse."""

REGION_ALIASES = {"101": "01", "102": "02", "103": "03", "104": "04", "106": "06"}
"""Codes some DREES files use for the overseas regions."""

NOT_A_DEPARTEMENT = "ligne hors département (France, région, caisse, total) : écartée"
OTHER_TERRITORY = "territoire qui n'est pas un département (Corse entière, Rhône scindé) : ligne écartée"
CODE_REWRITTEN = "code de département réécrit (20A, 20B lus 2A, 2B)"
REGION_REWRITTEN = "code de région d'outre-mer réécrit (101 à 106 lus 01 à 06)"


def keep_departements(frame: pl.DataFrame, code: str, journal: Journal, *, kind: str | None = None) -> pl.DataFrame:
    """Keep the rows of départements, under their official code.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows of the file, as text.
    code : str
        Column of the territory code.
    journal : Journal
        Receives the number of rows left out and of codes rewritten.
    kind : str, optional
        Column that says what kind of territory a row is (``"Département"``, ``"Région"``...).

    Returns
    -------
    polars.DataFrame
        Rows of the 101 départements, ``code_departement`` added.
    """
    kept = frame if kind is None else frame.filter(pl.col(kind).str.strip_chars().eq_missing("Département"))
    journal.count(NOT_A_DEPARTEMENT, frame.height - kept.height)
    trimmed = pl.col(code).str.strip_chars()
    coded = kept.with_columns(trimmed.replace(ALIASES).alias("code_departement"))
    journal.count(CODE_REWRITTEN, coded.filter(trimmed.is_in(list(ALIASES))).height)
    valid = coded.filter(pl.col("code_departement").str.contains(DEPARTEMENT_PATTERN).fill_null(False))
    journal.count(OTHER_TERRITORY, coded.height - valid.height)
    return valid


def rewrite_region(frame: pl.DataFrame, region: str, journal: Journal) -> pl.DataFrame:
    """Add ``code_region``, overseas codes rewritten as the official geographic code has them.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows of the file, as text.
    region : str
        Column of the region code.
    journal : Journal
        Receives the number of codes rewritten.

    Returns
    -------
    polars.DataFrame
        The rows with ``code_region``.
    """
    trimmed = pl.col(region).str.strip_chars()
    journal.count(REGION_REWRITTEN, frame.filter(trimmed.is_in(list(REGION_ALIASES))).height)
    return frame.with_columns(trimmed.replace(REGION_ALIASES).alias("code_region"))
