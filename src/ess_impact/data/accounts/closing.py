"""Closing entries: they bring charges and products to zero, without a word, against the result of the year (12)."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from ess_impact.data.accounts.entries import ENTRY
from ess_impact.data.accounts.faults import Faults
from ess_impact.text import plural

REDUCED = " (FEC réduit)"
"""End of the labels of journals in a reduced FEC: its closing entries were left out of it when it was made."""

_RESULT = "^(?:12|88|89)"
"""Accounts of the result, and of the closing balance sheet."""
_EQUITY = "^(?:1[012]|88|89)"
_MANAGEMENT = "^[67]"
_VOLUNTARY = "^8[67]"
_DAILY = (*ENTRY, "day")
"""What tells an entry from another, even when a number serves on several days."""
_GAP = pl.col("debit") - pl.col("credit")
_REMEDY = "Exportez de nouveau le FEC avant les écritures de clôture, comme l'administration le demande."


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What was found of the closing entries of a ledger.

    Attributes
    ----------
    lines : polars.DataFrame
        Their lines.
    isolated : bool
        False when some entries close accounts and do something else that cannot be told apart.
    """

    lines: pl.DataFrame = field(repr=False)
    isolated: bool = True


def without_closing(lines: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    """Set closing entries aside and say so; refuse a ledger brought to zero where they cannot be told.

    Parameters
    ----------
    lines : polars.DataFrame
        Lines of the ledger.
    faults : Faults
        Where faults are reported.

    Returns
    -------
    polars.DataFrame
        Lines of the year itself.
    """
    if _is_reduced(lines):
        return lines
    balances = _balances(lines)
    found = find_closing(lines, balances)
    kept = lines
    if found.lines.height:
        kept = lines.join(found.lines, on="line", how="anti", maintain_order="left")
        balances = _balances(kept)
        faults.add(
            "ecritures_de_cloture",
            f"le FEC contient {plural(found.lines.select(_DAILY).n_unique(), 'écriture')} de clôture "
            f"({plural(found.lines.height, 'ligne')}), qui ramènent à zéro les charges et les produits : "
            "elles ont été laissées de côté",
            _REMEDY + " Les montants lus sont ceux d'avant la clôture.",
            severity="alerte",
            row=int(found.lines["line"].sort()[0]),
        )
    if not found.isolated or _mostly_at_zero(balances) or _brought_to_zero(balances):
        faults.add(
            "cloture_non_isolee",
            "charges et produits sont ramenés à zéro, et les écritures de clôture ne se distinguent pas des autres",
            _REMEDY + " À défaut, envoyez la balance d'avant clôture.",
        )
    return kept


def find_closing(lines: pl.DataFrame, balances: pl.DataFrame) -> Closing:
    """Find the lines that bring charges, products and voluntary contributions back to zero.

    Parameters
    ----------
    lines : polars.DataFrame
        Lines of the ledger.
    balances : polars.DataFrame
        ``account``, ``gap`` and ``gross``, by account.

    Returns
    -------
    Closing
        Their lines.

    Notes
    -----
    Nothing but the zero tells a closing entry from a correction against account 12. Where most of what moved in charges
    and products ends at zero, other accounts of equity (10, 11) are taken for that of the result too.
    """
    mostly = _mostly_at_zero(balances)
    against = _members(balances, _EQUITY if mostly else _RESULT)
    gifts = _voluntary(lines, balances)
    suspects = _suspects(lines, against, mostly=mostly)
    if suspects.is_empty():
        return Closing(lines=gifts)
    account, gap = pl.col("account"), pl.col("gap")
    moves = _emptying(lines, suspects.filter("management"), balances)
    marked = suspects.join(moves.select(*_DAILY, "account", "empties"), on=[*_DAILY, "account"], how="left")
    part = marked.filter(pl.col("empties").fill_null(pl.col("against")))
    emptied = account.filter("empties")
    entries = part.group_by(_DAILY).agg(gap=_GAP.sum(), account=emptied, emptied=emptied.n_unique())
    closing = entries.filter((pl.col("emptied") > 0) & (gap == 0))
    # A correction may empty one account, among others; never two, nor any where most are empty.
    doubtful = entries.filter((pl.col("emptied") > (0 if mostly else 1)) & (gap != 0))
    found = part.join(closing, on=_DAILY, how="semi", maintain_order="left").select(lines.columns)
    return Closing(lines=pl.concat([found, gifts]), isolated=doubtful.is_empty() and not _has_missed(suspects, closing))


def _is_reduced(lines: pl.DataFrame) -> bool:
    labels = lines["journal_label"]
    return lines.height > 0 and labels[0].endswith(REDUCED) and bool(labels.str.ends_with(REDUCED).all())


def _balances(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.group_by("account").agg(
        gap=_GAP.sum(), gross=pl.col("debit").abs().sum() + pl.col("credit").abs().sum()
    )


def _members(balances: pl.DataFrame, pattern: str) -> pl.Series:
    return balances.filter(pl.col("account").str.contains(pattern))["account"]


def _suspects(lines: pl.DataFrame, against: pl.Series, *, mostly: bool) -> pl.DataFrame:
    """Return the entries that move charges or products and an account of ``against``, or nothing but them.

    Two columns are added: whether the line is of a charge or product (``management``), and of ``against``.
    """
    management, counterpart = pl.col("account").str.contains(_MANAGEMENT), pl.col("account").is_in(against.implode())
    if not mostly and against.is_empty():
        return lines.clear()
    keys = lines.filter(counterpart | (management if mostly else pl.lit(value=False))).select(_DAILY).unique()
    touched = lines.join(keys, on=_DAILY, how="semi", maintain_order="left")
    marked = touched.with_columns(management=management, against=counterpart)
    closes = pl.col("against").any().over(_DAILY) | pl.col("management").all().over(_DAILY)
    return marked.filter(pl.col("management").any().over(_DAILY) & closes)


def _emptying(lines: pl.DataFrame, suspects: pl.DataFrame, balances: pl.DataFrame) -> pl.DataFrame:
    """Say of each suspect entry which accounts it brings to zero.

    An account that ends at zero was emptied by the last suspect entry, and by those after which it was at zero. One
    that does not end there may still have been emptied on the last day, and moved again.
    """
    touched = lines.filter(pl.col("account").is_in(suspects["account"].unique().implode())).sort("day", "line")
    after = touched.with_row_index("order").select("line", "order", after=_GAP.cum_sum().over("account"))
    sums = suspects.group_by(*_DAILY, "account").agg(gap=_GAP.sum(), line=pl.col("line").max())
    moves = sums.join(after, on="line").join(balances.select("account", total="gap"), on="account")
    at_zero, last = pl.col("after") == 0, pl.col("order") == pl.col("order").max().over("account")
    ended = (pl.col("total") == 0) & (at_zero | last)
    moved_again = at_zero & (pl.col("day") == lines["day"].max())
    return moves.with_columns(empties=(pl.col("gap") != 0) & (ended | moved_again))


def _has_missed(suspects: pl.DataFrame, closing: pl.DataFrame) -> bool:
    """Say whether an entry made on a day of closing looks like one, on an account that no closing entry emptied."""
    emptied = closing["account"].explode().unique()
    pure = suspects.filter((pl.col("management") | pl.col("against")).all().over(_DAILY)).filter("management")
    same_day = pl.col("day").is_in(closing["day"].implode())
    others = pure.filter(same_day & ~pl.col("account").is_in(emptied.implode()))
    return others.join(closing, on=_DAILY, how="anti").height > 0


def _voluntary(lines: pl.DataFrame, balances: pl.DataFrame) -> pl.DataFrame:
    """Return the entries that bring voluntary contributions back to zero.

    Correcting a contribution also credits 86: only a ledger brought to zero holds closings of them.
    """
    account = pl.col("account")
    uses = account.str.starts_with("86")
    members = _members(balances, _VOLUNTARY)
    if members.is_empty() or balances.filter(uses)["gap"].sum() != 0:
        return lines.clear()
    keys = lines.filter(account.is_in(members.implode())).select(_DAILY).unique()
    touched = lines.join(keys, on=_DAILY, how="semi", maintain_order="left")
    only = account.str.contains(_VOLUNTARY).all().over(_DAILY)
    used = pl.when(uses).then(_GAP).otherwise(0)
    return touched.filter(only & (used.sum().over(_DAILY) < 0))


def _mostly_at_zero(balances: pl.DataFrame) -> bool:
    """Say whether most of what moved in charges and products lies in accounts that end at zero."""
    moved = balances.filter(pl.col("account").str.contains(_MANAGEMENT))
    return 2 * int(moved.filter(pl.col("gap") == 0)["gross"].sum()) > int(moved["gross"].sum())


def _brought_to_zero(balances: pl.DataFrame) -> bool:
    """Say whether charges and products, each as a whole, net to zero though there were some."""
    moved = balances.filter(pl.col("account").str.contains(_MANAGEMENT))
    net = moved.group_by(pl.col("account").str.slice(0, 1)).agg(pl.col("gap").sum())
    return bool(moved["gross"].sum()) and not (net["gap"] != 0).any()
