"""Accounts to lines of the income statement, by the plan of the entity and the day its year opened.

The lists are definitions (``indicators/codelists/comptes_*.yaml``): an account number, the days it is in force for a
year opened then, and the line it feeds. A number feeds every line it is listed for: 681120 is in 68, 681 and 6811.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import polars as pl

from ess_impact.data.accounts.faults import Faults
from ess_impact.data.accounts.fiscal_year import FiscalYear
from ess_impact.data.anomalies import FileRefusedError
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Code
from ess_impact.text import format_date

UNKNOWN = "inconnu"
_COMMON = "comptes_communs"
_PLANS = "plans_comptables"
_CHARGES = "^(?:6|86)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart of accounts as it stood when a year opened.

    Attributes
    ----------
    plan : str
        Code of ``plans_comptables``, or ``"inconnu"``.
    label : str
        French.
    rows : tuple of (account, line)
        Beginning of the account numbers, and the line of the statement they feed.
    """

    plan: str
    label: str
    rows: tuple[tuple[str, str], ...]


def choose_chart(catalogue: Catalogue, year: FiscalYear, accounts: Collection[str]) -> Chart:
    """Return the chart given for a year, else the one its accounts give away.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    year : FiscalYear
        First day, and family of the plan where it is given.
    accounts : collection of str
        Account numbers met.

    Returns
    -------
    Chart
        With the plan of associations where an account exists only there; unknown where nothing tells.

    Raises
    ------
    FileRefusedError
        The plan given had no version on that day.
    """
    plans = {row.code: row.label.fr for row in _in_force(catalogue, _PLANS, year.opening)}
    family = year.plan or _family_of(catalogue, year.opening, plans, accounts)
    plan = next((code for code in plans if code.split("_")[0] == family), UNKNOWN)
    if year.plan and plan == UNKNOWN:
        raise FileRefusedError(
            f"le plan « {year.plan} » n'a pas de version pour un exercice ouvert le {format_date(year.opening)}",
            rule="plan_sans_version",
            fix=f"Plans connus à cette date : {', '.join(plans.values())}.",
        )
    own = _in_force(catalogue, f"comptes_{plan}", year.opening) if plan != UNKNOWN else []
    rows = {(row.code, row.maps_to or row.code) for row in (*_in_force(catalogue, _COMMON, year.opening), *own)}
    return Chart(plan=plan, label=plans.get(plan, "plan comptable non reconnu"), rows=tuple(sorted(rows)))


def statement(balances: pl.DataFrame, chart: Chart) -> pl.DataFrame:
    """Sum accounts by line of the income statement.

    Parameters
    ----------
    balances : polars.DataFrame
        ``account``, ``gap`` (debits minus credits, cents) and ``line``.
    chart : Chart
        Which account feeds which line.

    Returns
    -------
    polars.DataFrame
        ``poste``, ``cents`` (charges as products positive) and ``line`` (the first that feeds it), by line.
    """
    prefixes = pl.DataFrame(chart.rows, schema=["prefix", "poste"], orient="row")
    fed = balances.join_where(prefixes, pl.col("account").str.starts_with(pl.col("prefix")))
    # A longer number of the same chart may send an account to the same line twice.
    once = fed.unique(["account", "poste", "line"])
    signed = pl.when(pl.col("account").str.contains(_CHARGES)).then(pl.col("gap")).otherwise(-pl.col("gap"))
    return once.group_by("poste").agg(signed.sum().alias("cents"), pl.col("line").min()).sort("poste")


def report_chart(chart: Chart, year: FiscalYear, balances: pl.DataFrame, faults: Faults) -> None:
    """Say which year and chart were taken without being given, and which accounts they leave out.

    Parameters
    ----------
    chart : Chart
        The chart.
    year : FiscalYear
        The financial year.
    balances : polars.DataFrame
        ``account``, ``gap`` and ``line``.
    faults : Faults
        Where faults are reported.
    """
    if not (year.plan and year.opening_given):
        told = " d'après les comptes employés : seuls les comptes communs à tous les plans sont lus"
        inferred = told if chart.plan == UNKNOWN else " (déduit des comptes employés)"
        faults.add(
            "exercice_deduit",
            f"exercice lu du {format_date(year.opening)} au {format_date(year.closing)}"
            f"{'' if year.opening_given else ' (ouverture déduite)'}, {chart.label}{'' if year.plan else inferred}",
            "Si c'est faux, ajoutez au nom du fichier « _ouvertureAAAAMMJJ » ou "
            "« _plan_pcg », « _plan_associations » ou « _plan_esms ».",
            severity="alerte",
        )
    roots = {prefix for prefix, _ in chart.rows}
    mapped = pl.any_horizontal(pl.col("account").str.starts_with(root) for root in sorted(roots))
    faults.add_lines(
        balances.filter(pl.col("account").str.contains("^[67]") & ~mapped).select(
            "line", column=pl.lit("CompteNum"), value=pl.col("account").str.slice(0, 3)
        ),
        "compte_hors_plan",
        f"ce compte de charge ou de produit n'entre dans aucun poste ({chart.label})",
        "Indiquez le plan de l'entité dans le nom du fichier, ou reclassez ce compte.",
        severity="alerte",
    )
    _check_voluntary(balances, faults)


def _check_voluntary(balances: pl.DataFrame, faults: Faults) -> None:
    sums = [
        balances.filter(pl.col("account").str.starts_with(root)).select(pl.col("gap").sum()).item()
        for root in ("86", "87")
    ]
    if sums[0] + sums[1] != 0:
        faults.add(
            "contributions_volontaires",
            "emplois (86) et ressources (87) des contributions volontaires ne sont pas égaux",
            "Vérifiez la valorisation du bénévolat : les deux côtés doivent être du même montant.",
            severity="alerte",
        )


def _in_force(catalogue: Catalogue, name: str, day: date) -> list[Code]:
    return [row for row in catalogue.codelists[name].codes if row.valid_on(day)]


def _family_of(catalogue: Catalogue, opening: date, plans: Collection[str], accounts: Collection[str]) -> str:
    """Return the family that alone knows one of the accounts met."""
    general = {row.code for row in _in_force(catalogue, "comptes_pcg", opening)}
    general |= {row.code for row in _in_force(catalogue, _COMMON, opening)}
    own = next((code for code in plans if code.startswith("associations")), "")
    marks = {row.code for row in _in_force(catalogue, f"comptes_{own}", opening)} - general if own else set()
    return "associations" if any(one.startswith(tuple(marks)) for one in accounts) else ""
