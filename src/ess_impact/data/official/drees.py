"""DREES, aide sociale: RSA recipients, gross insertion spending and population, by département and year."""

from __future__ import annotations

import polars as pl

from ess_impact.data.official.journal import Journal
from ess_impact.data.official.numbers import (
    THOUSANDS_TO_UNITS,
    parse_decimal,
    rescale,
    rewrite_whole,
    rewrite_year,
)
from ess_impact.data.official.source import Source
from ess_impact.data.official.territories import keep_departements, rewrite_region

YEAR_REWRITTEN = "année écrite en nombre décimal (2019.0) : réécrite"
EUROS = "milliers d'euros convertis en euros"
BLANK = "ligne sans valeur pour la colonne lue : écartée"
BLANK_DUPLICATE = "doublon de (département, année) sans valeur : écarté"
SAME_DUPLICATE = "doublon identique de (département, année) : écarté"
OVERSEAS_ZERO = "DROM 2009-2010 (Mayotte 2011) : zéro lu comme manquant"
OTHER_PAYER_ZERO = "dépense portée par une autre collectivité (Corse depuis 2018) : zéro lu comme manquant"
OVERSEAS_START = 2012
"""First year from which an overseas zero is no longer the mark of an RSA not yet in force (Mayotte: 2012)."""

_KEY = ["code_departement", "annee"]


def extract_recipients(source: Source, journal: Journal) -> pl.DataFrame:
    """Read RSA recipients from ``MINSOCsl.csv``.

    ``RSAalloc`` holds the allocataires; ``RSAbenef`` holds the covered population and ``RSApopcouv`` the adults,
    whatever their names say: neither is read. Recipients are counted where their Caf is, not where they live, and
    the series breaks on 1 January 2016.

    Parameters
    ----------
    source : Source
        The file.
    journal : Journal
        Receives what is left out, rewritten or doubted.

    Returns
    -------
    polars.DataFrame
        Columns code_departement, nom, annee, allocataires_rsa, ``_row``; all text but ``_row``.
    """
    rows = _departement_years(source, journal)
    values = [rewrite_whole(text) for text in rows["RSAalloc"]]
    rows = _one_row_per_key(rows, pl.Series("allocataires_rsa", values, pl.String), journal)
    checked = [_recipients(row, journal) for row in rows.rows(named=True)]
    return _finish(rows, "allocataires_rsa", checked)


def extract_spending(source: Source, journal: Journal) -> pl.DataFrame:
    """Read gross RSA insertion spending from ``ASDEPsldepenses.csv`` (k EUR).

    ``DepBruteInsertionRSA`` is what helps recipients into work, CUI left out; ``DepBruteInsertion`` would add the
    RSA benefit itself, twenty times larger.

    Parameters
    ----------
    source : Source
        The file.
    journal : Journal
        Receives what is left out, rewritten or doubted.

    Returns
    -------
    polars.DataFrame
        Columns code_departement, nom, code_region, annee, depenses_insertion_rsa (euros), ``_row``.
    """
    rows = rewrite_region(_departement_years(source, journal), "Code.region", journal)
    values = [rescale(text, THOUSANDS_TO_UNITS, 2) for text in rows["DepBruteInsertionRSA"]]
    rows = _one_row_per_key(rows, pl.Series("depenses_insertion_rsa", values, pl.String), journal)
    journal.count(EUROS, rows.height)
    checked = [_spending(row, journal) for row in rows.rows(named=True)]
    return _finish(rows, "depenses_insertion_rsa", checked)


def extract_population(source: Source, journal: Journal) -> pl.DataFrame:
    """Read the population on 1 January from ``PopDepartementales.csv``.

    Parameters
    ----------
    source : Source
        The file.
    journal : Journal
        Receives what is left out or rewritten.

    Returns
    -------
    polars.DataFrame
        Columns code_departement, nom, code_region, annee, population, ``_row``.
    """
    rows = rewrite_region(_departement_years(source, journal), "Code.region", journal)
    values = [rewrite_whole(text) for text in rows["popTOT"]]
    rows = _one_row_per_key(rows, pl.Series("population", values, pl.String), journal)
    return _finish(rows, "population", rows["population"].to_list())


def _departement_years(source: Source, journal: Journal) -> pl.DataFrame:
    rows = keep_departements(source.frame, "Code.departement", journal, kind="TypeTerritoire")
    years = [rewrite_year(text) for text in rows["Annee"]]
    journal.count(YEAR_REWRITTEN, sum(new != old for new, old in zip(years, rows["Annee"], strict=True)))
    names = pl.col("Territoire").str.strip_chars().alias("nom")
    return rows.with_columns(pl.Series("annee", years, pl.String), names)


def _one_row_per_key(rows: pl.DataFrame, values: pl.Series, journal: Journal) -> pl.DataFrame:
    """Add a column and keep one row with a value per département and year; a second, different one is reported."""
    value = values.name
    rows = rows.with_columns(values)
    dated = rows.filter(pl.col("annee").is_not_null())
    filled = dated.filter(pl.col(value).is_not_null())
    blank = dated.filter(pl.col(value).is_null())
    lone = blank.join(filled, on=_KEY, how="anti").unique(_KEY).height
    journal.count(BLANK, lone)
    journal.count(BLANK_DUPLICATE, blank.height - lone)
    first = filled.unique(_KEY, keep="first", maintain_order=True)
    others = filled.join(first, on="_row", how="anti").join(
        first.select(*_KEY, pl.col(value).alias("_kept")), on=_KEY, how="left"
    )
    same = others.filter(pl.col(value) == pl.col("_kept"))
    journal.count(SAME_DUPLICATE, same.height)
    for row in others.filter(pl.col(value) != pl.col("_kept")).rows(named=True):
        journal.doubt(
            row["_row"],
            value,
            row[value],
            rule="doublon",
            message=f"Deux valeurs pour {row['nom']} en {row['annee']} : {row['_kept']} est gardée.",
            remedy="Vérifiez le fichier officiel et retirez la ligne fausse.",
        )
    return pl.concat([first, rows.filter(pl.col("annee").is_null())])


def _recipients(row: dict[str, str], journal: Journal) -> str | None:
    text = row["allocataires_rsa"]
    if parse_decimal(text) != 0:
        return text
    if row["code_departement"].startswith("97") and row["annee"] < str(OVERSEAS_START):
        journal.count(OVERSEAS_ZERO, 1)
    else:
        journal.doubt(
            int(row["_row"]),
            "allocataires_rsa",
            "0",
            rule="zero_invraisemblable",
            message=f"Aucun allocataire du RSA pour {row['nom']} en {row['annee']} : lu comme manquant.",
            remedy="Vérifiez la valeur auprès de la DREES.",
        )
    return None


def _spending(row: dict[str, str], journal: Journal) -> str | None:
    text = row["depenses_insertion_rsa"]
    amount = parse_decimal(text)
    if amount is None or amount > 0:
        return text
    if amount == 0 and _is_zero(row["DepBruteInsertion"]):
        journal.count(OTHER_PAYER_ZERO, 1)
    elif amount == 0 and _is_zero(row["DepBruteRSA"]):
        journal.count(OVERSEAS_ZERO, 1)
    else:
        said = "négative" if amount < 0 else "nulle alors que du RSA a été versé"
        journal.doubt(
            int(row["_row"]),
            "depenses_insertion_rsa",
            text,
            rule="depense_invraisemblable",
            message=f"Dépense d'insertion {said} pour {row['nom']} en {row['annee']} : lue comme manquante.",
            remedy="Rien à faire, sauf si la DREES a publié une correction.",
        )
    return None


def _is_zero(text: str | None) -> bool:
    return parse_decimal(text) == 0


def _finish(rows: pl.DataFrame, value: str, values: list[str | None]) -> pl.DataFrame:
    kept = [name for name in ("code_departement", "nom", "code_region", "annee", value) if name in rows.columns]
    return rows.with_columns(pl.Series(value, values, pl.String)).select(*kept, "_row")
