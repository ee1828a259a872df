"""Which methods of interval each kind of indicator admits, and what they ask of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ess_impact.errors import did_you_mean

AUTO, NONE = "auto", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A method a definition may ask for.

    Attributes
    ----------
    kinds : tuple of str
        Kinds of indicators it applies to.
    rows : {"any", "independent", "clustered"}
        Whether the indicator may, must not or must declare a ``cluster``.
    note : str
        Id of the note that explains it.
    """

    kinds: tuple[str, ...]
    note: str
    rows: Literal["any", "independent", "clustered"] = "any"


METHODS: Mapping[str, Admitted] = {
    "wilson": Admitted(kinds=("proportion",), note="intervalle_wilson"),
    "clopper_pearson": Admitted(kinds=("proportion",), note="intervalle_clopper_pearson", rows="independent"),
    "rao_scott": Admitted(kinds=("proportion",), note="proportions_grappes", rows="clustered"),
    "logit_robuste": Admitted(kinds=("proportion",), note="proportions_grappes", rows="clustered"),
    "imbens_manski": Admitted(kinds=("proportion",), note="bornes_et_alea", rows="independent"),
    "student": Admitted(kinds=("mean",), note="intervalle_student", rows="independent"),
    "ratio_linearise": Admitted(kinds=("ratio", "mean"), note="ratio_linearise"),
    "fieller": Admitted(kinds=("ratio", "mean"), note="fieller"),
    "byar": Admitted(kinds=("rate", "count"), note="intervalle_byar"),
    "poisson_exact": Admitted(kinds=("rate", "count"), note="intervalle_byar"),
    "dobson": Admitted(kinds=("standardised_rate",), note="standardisation"),
    "ordre": Admitted(kinds=("median", "quantile"), note="quantiles", rows="independent"),
    "woodruff": Admitted(kinds=("median", "quantile"), note="quantiles"),
    "bootstrap": Admitted(kinds=("median", "quantile"), note="bootstrap"),
    "bca": Admitted(kinds=("median", "quantile"), note="bootstrap_bca"),
}
"""Method to what it admits, in the order in which they are listed to people."""


def methods_of(kind: str) -> tuple[str, ...]:
    """Return the methods a kind of indicator admits.

    Parameters
    ----------
    kind : str
        Kind of indicator.

    Returns
    -------
    tuple of str
        Empty where there is no interval to choose.

    Examples
    --------
    >>> methods_of("rate")
    ('byar', 'poisson_exact')
    """
    return tuple(name for name, one in METHODS.items() if kind in one.kinds)


def uncertainty_fault(asked: str, kind: str, *, clustered: bool) -> str:
    """Say why an indicator cannot have the interval it asks for.

    Parameters
    ----------
    asked : str
        ``auto``, ``none`` or the id of a method.
    kind : str
        Kind of the indicator.
    clustered : bool
        Whether it declares a ``cluster``.

    Returns
    -------
    str
        The fault in French, "" where there is none.

    Examples
    --------
    >>> uncertainty_fault("wilson", "proportion", clustered=True)
    ''
    """
    if asked in (AUTO, NONE):
        return ""
    admitted = methods_of(kind)
    if asked not in admitted:
        return f"« uncertainty: {asked} » ne va pas avec « kind: {kind} ». {_choices(asked, admitted)}"
    rows = METHODS[asked].rows
    if rows == "independent" and clustered:
        return f"« uncertainty: {asked} » suppose des lignes indépendantes, et l'indicateur déclare « cluster »"
    if rows == "clustered" and not clustered:
        return f"« uncertainty: {asked} » demande « cluster » : ce que les lignes partagent"
    return ""


def _choices(asked: str, admitted: Sequence[str]) -> str:
    near = did_you_mean(asked, admitted)
    return near or f"Valeurs admises : {', '.join((AUTO, NONE, *admitted))}."
