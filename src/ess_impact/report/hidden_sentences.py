"""What is said in the place of a table of which statistical secrecy leaves nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ess_impact.definitions.indicators import DerivedIndicator, Indicator
from ess_impact.report.frames import Figure, IndicatorView
from ess_impact.report.labels import Names, in_sentence
from ess_impact.text import enumerate_fr, plural

_WHY = {
    "personne": "trop peu de personnes y sont comptées, ou l’une des cellules permettrait d’en "
    "retrouver une autre par soustraction",
    "entreprise": (
        "trop peu d’entreprises y sont comptées, l’une y pèse presque tout, ou l’une des cellules permettrait d’en "
        "retrouver une autre par soustraction"
    ),
}
_DERIVED = "elles sont tirées de valeurs elles-mêmes masquées"


def nothing_shown(figures: Sequence[Figure]) -> bool:
    """Tell whether every cell of a table is hidden.

    Parameters
    ----------
    figures : sequence of Figure
        Its rows.

    Returns
    -------
    bool
        False for a table without rows.
    """
    return bool(figures) and all(one.hidden for one in figures)


def hidden_sentence(indicator: Indicator, figures: Sequence[Figure]) -> str:
    """Say how many cells are hidden, and why.

    Parameters
    ----------
    indicator : Indicator
        Its rule of secrecy.
    figures : sequence of Figure
        Rows of which all are hidden.

    Returns
    -------
    str
        One sentence, without a number that could be read back.
    """
    cells = plural(len(figures), "cellule masquée", "cellules, toutes masquées")
    why = _DERIVED if isinstance(indicator, DerivedIndicator) else _WHY.get(indicator.secrecy.unit, "")
    return f"{cells} par le secret statistique" + (f"\u00a0: {why}." if why else ".")


def hidden_breakdowns(view: IndicatorView, names: Names) -> tuple[str, str] | None:
    """Say of which breakdowns nothing may be shown, all in one sentence.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    names : Names
        Labels.

    Returns
    -------
    tuple of (str, str) or None
        Names of the breakdowns, and why; None where each shows something.
    """
    empty = [name for name, figures in view.breakdowns.items() if nothing_shown(figures)]
    if not empty:
        return None
    labels = [in_sentence(names.breakdown(view.indicator, name)) for name in empty]
    figures = [one for name in empty for one in view.breakdowns[name]]
    return f"Par {enumerate_fr(labels)}", hidden_sentence(view.indicator, figures)
