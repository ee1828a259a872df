"""Entries of a ledger: balance, dates, numbering, opening balances."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from ess_impact.data.accounts.faults import Faults
from ess_impact.data.accounts.fiscal_year import FiscalYear
from ess_impact.text import format_date, format_number

ENTRY = ("journal", "number")
"""What tells an entry from another."""

_OPENING_CODES = ("AN", "RAN", "ANO", "ANX", "ANV")
_OPENING_LABEL = r"(?i)[àa][ \-]*nouveau"
_EXPORT_AGAIN = "Corrigez l'écriture dans le logiciel de comptabilité, puis exportez de nouveau le FEC."


def opening_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of the opening balances (à-nouveaux), told by their journal.

    Parameters
    ----------
    lines : polars.DataFrame
        Lines of the ledger.

    Returns
    -------
    polars.DataFrame
        Some of the lines.
    """
    code = pl.col("journal").str.to_uppercase().is_in(_OPENING_CODES)
    return lines.filter(code | pl.col("journal_label").str.contains(_OPENING_LABEL))


def opened_on(lines: pl.DataFrame, opening: pl.DataFrame, year: FiscalYear) -> FiscalYear:
    """Return the year opened on the day of its opening balances, where they tell.

    Parameters
    ----------
    lines : polars.DataFrame
        Lines of the ledger.
    opening : polars.DataFrame
        Those of the opening balances.
    year : FiscalYear
        Taken as twelve months long.

    Returns
    -------
    FiscalYear
        Unchanged when the opening balances have several days, no first of a month, or entries before them.
    """
    days = opening["day"].drop_nulls().unique().to_list()
    if len(days) != 1 or days[0].day != 1:
        return year
    shorter = lines.filter(pl.col("day").is_between(year.opening, days[0], closed="left")).height
    return year if shorter else year.opened_on(days[0], given=False)


def check_entries(lines: pl.DataFrame, opening: pl.DataFrame, year: FiscalYear, faults: Faults) -> None:
    """Report the faults that lines show together.

    Parameters
    ----------
    lines : polars.DataFrame
        Lines of the ledger.
    opening : polars.DataFrame
        Those of the opening balances.
    year : FiscalYear
        The financial year.
    faults : Faults
        Where faults are reported.
    """
    _check_accounts(lines, faults)
    # Some software dates opening balances the day before.
    eve = opening.filter(pl.col("day") == year.opening - timedelta(days=1))
    _check_days(lines.join(eve, on="line", how="anti") if eve.height else lines, year, faults)
    entries = _entries(lines)
    _check_balance(lines, entries, faults)
    _check_numbers(entries, faults)
    faults.add_lines(
        opening.filter(pl.col("account").str.contains("^[67]")).select("line", column=pl.lit("CompteNum")),
        "a_nouveaux_de_gestion",
        "les à-nouveaux portent un compte de charge ou de produit",
        "Les à-nouveaux ne reprennent que les classes 1 à 5 : vérifiez que l'exercice précédent a été clos.",
    )


def _entries(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the entries: first line, debits minus credits, whether an amount is unknown and days several.

    Lines of an entry mostly follow each other: runs of lines are summed by differences of running totals, then runs of
    the same entry together, which is several times cheaper than grouping lines.
    """
    changes = [pl.col(name) != pl.col(name).shift(1) for name in (*ENTRY, "day")]
    gap = pl.col("debit") - pl.col("credit")
    totals = {"gap": gap.fill_null(0).cum_sum(), "unknown": gap.is_null().cum_sum().cast(pl.Int64)}
    running = lines.select(*ENTRY, "line", "day", first=pl.any_horizontal(changes).fill_null(True), **totals)
    before = [pl.col(name).shift(1, fill_value=0).alias(f"{name}_before") for name in totals]
    runs = running.with_columns(before).filter("first")
    last = {name: running[name][-1] if lines.height else 0 for name in totals}
    sums = [
        (pl.col(f"{name}_before").shift(-1, fill_value=last[name]) - pl.col(f"{name}_before")).alias(name)
        for name in totals
    ]
    return (
        runs.select(*ENTRY, "line", "day", *sums)
        .filter(pl.col("number") != "")
        .group_by(ENTRY)
        .agg(
            pl.col("line").min(),
            pl.col("gap").sum(),
            pl.col("unknown").sum() > 0,
            several_days=pl.col("day").min() != pl.col("day").max(),
        )
    )


def _check_accounts(lines: pl.DataFrame, faults: Faults) -> None:
    account = pl.col("account")
    if lines["account"].unique().str.contains(r"^[1-8]\d\d").all():
        return
    wrong = ~account.str.contains(r"^\d{3}") & (account != "")
    faults.add_lines(
        lines.filter(wrong).select("line", column=pl.lit("CompteNum"), value="account"),
        "compte_illisible",
        "les trois premiers caractères du compte ne sont pas des chiffres",
        "Donnez à ce compte un numéro du plan comptable.",
    )
    faults.add_lines(
        lines.filter(account.str.contains("^[09]") & ~wrong).select(
            "line", column=pl.lit("CompteNum"), value=account.str.slice(0, 3)
        ),
        "compte_hors_classe",
        "le compte n'appartient à aucune des classes 1 à 8",
        "Retirez du FEC la comptabilité analytique (classe 9) et les comptes d'attente hors plan.",
        severity="alerte",
    )


def _check_days(lines: pl.DataFrame, year: FiscalYear, faults: Faults) -> None:
    written = f"du {format_date(year.opening)} au {format_date(year.closing)}"
    remedy = "Corrigez la date, ou le nom du fichier si l'exercice se termine un autre jour."
    if not year.opening_given:
        remedy += " Exercice de plus de douze mois : ajoutez « _ouvertureAAAAMMJJ » au nom du fichier."
    faults.add_lines(
        lines.filter(~pl.col("day").is_between(year.opening, year.closing)).select(
            "line", column=pl.lit("EcritureDate"), value=pl.col("day").dt.strftime("%Y%m%d")
        ),
        "date_hors_exercice",
        f"l'écriture est hors de l'exercice ({written})",
        remedy,
    )


def _check_balance(lines: pl.DataFrame, entries: pl.DataFrame, faults: Faults) -> None:
    """Report entries that do not balance, in cents; one with a missing amount is not judged."""
    wrong = entries.filter((pl.col("gap") != 0) & ~pl.col("unknown"))
    faults.add_lines(
        wrong.select("line", "gap"),
        "ecriture_desequilibree",
        "l'écriture qui commence à cette ligne n'est pas équilibrée",
        _EXPORT_AGAIN,
        detail=lambda one: written_gap(one["gap"]),
    )
    total = int(lines["debit"].sum()) - int(lines["credit"].sum())
    if total and wrong.is_empty() and not entries["unknown"].any():
        faults.add("fec_desequilibre", f"le FEC n'est pas équilibré : {written_gap(total)}", _EXPORT_AGAIN)


def written_gap(cents: int) -> str:
    """Write by how much debits and credits differ.

    Parameters
    ----------
    cents : int
        Debits minus credits.

    Returns
    -------
    str
        French.

    Examples
    --------
    >>> written_gap(-1205)
    '12,05 € de trop au crédit'
    """
    whole, rest = divmod(abs(cents), 100)
    return f"{format_number(whole)},{rest:02d} € de trop au {'débit' if cents > 0 else 'crédit'}"


def _check_numbers(entries: pl.DataFrame, faults: Faults) -> None:
    """Report numbers used on several days, and sequences that skip one."""
    faults.add_lines(
        entries.filter("several_days").select("line", column=pl.lit("EcritureNum")),
        "numero_en_double",
        "le numéro de cette écriture sert à plusieurs dates du même journal",
        "Chaque écriture a son numéro : vérifiez l'export. Les montants ont été lus.",
        severity="alerte",
    )
    faults.add_lines(
        _skips(entries).with_columns(column=pl.lit("EcritureNum")),
        "numero_manquant",
        "la numérotation saute avant cette écriture",
        "Vérifiez que l'export contient toutes les écritures ; une suite propre au logiciel s'explique.",
        severity="alerte",
        detail=_written_skip,
    )


def _skips(entries: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers missing in each sequence.

    There is one for all journals where no number serves twice, unless they are sparse (1001 to 1010 in one journal,
    2001 to 2010 in another); else one by journal.
    """
    named = entries.select("line", "journal", "number", head=pl.col("number").str.strip_chars_end("0123456789"))
    tail = pl.col("number").str.slice(pl.col("head").str.len_chars())
    ranked = named.with_columns(rank=tail.cast(pl.Int64, strict=False)).drop_nulls("rank")
    rank = pl.col("rank")
    facts = [rank.n_unique().alias("distinct"), rank.min().alias("least"), rank.max().alias("most")]
    heads = ranked.group_by("head").agg(*facts, shared=(rank.n_unique() == pl.len()))
    shared = heads.filter(pl.col("shared") & (pl.col("most") - pl.col("least") < 2 * pl.col("distinct")))["head"]
    common = pl.when(pl.col("head").is_in(shared.implode())).then(pl.lit("")).otherwise(pl.col("journal"))
    ranked = ranked.with_columns(journal=common)
    # Few sequences skip a number: only those are sorted.
    by = ["journal", "head"]
    broken = ranked.group_by(by).agg(*facts).filter(pl.col("most") - pl.col("least") >= pl.col("distinct"))
    ordered = ranked.join(broken, on=by, how="semi").sort(*by, "rank")
    stepped = ordered.with_columns(before=rank.shift(1).over(by))
    return stepped.filter(rank > pl.col("before") + 1).select("line", first=pl.col("before") + 1, last=rank - 1)


def _written_skip(one: Mapping[str, Any]) -> str:
    first, last = one["first"], one["last"]
    return f"il manque le numéro {first}" if first == last else f"il manque les numéros {first} à {last}"
