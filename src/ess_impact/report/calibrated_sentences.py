"""What the answers become once weighted to stand for every structure expected, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ess_impact.report.calibrated_frames import CalibratedFigure
from ess_impact.report.frames import IndicatorView
from ess_impact.text import format_interval, format_number, format_value, typeset

REFUSED: Mapping[str, str] = {
    "marge_vide": "aucune structure d’une des classes de la liste n’a répondu",
    "sans_convergence": "aucun jeu de poids raisonnables ne reproduit la liste",
    "observations_insuffisantes": "il y a trop peu de réponses",
    "denominateur_nul": "aucun cas connu n’entre dans le calcul",
}
"""Why there is no calibrated estimate, by reason code; what is not here is not worth a sentence."""
_EVEN = 0.99
"""Share of the answers that the calibration leaves, from which it costs nothing worth saying."""
_VARIABLES: Mapping[str, str] = {
    "tranche_effectif": "classe d’effectif",
    "famille_ess": "famille de l’ESS",
    "effectif": "effectif",
}


def calibrated_sentences(view: IndicatorView, rows: Sequence[CalibratedFigure]) -> list[str]:
    """Say the calibrated estimate that stands beside a headline figure.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    rows : sequence of CalibratedFigure
        Its calibrated estimates.

    Returns
    -------
    list of str
        One sentence, or none: nothing was calibrated for that period, or the figure is hidden.
    """
    figure = view.headline
    if figure is None or figure.hidden:
        return []
    beside = [one for one in rows if (one.period_start, one.territory) == (figure.period_start, figure.territory)]
    return [typeset(text) for one in beside if (text := _sentence(one))]


def _sentence(row: CalibratedFigure) -> str:
    if row.value is None:
        why = REFUSED.get(row.reason or "")
        return f"Les réponses n’ont pas pu être redressées : {why}." if why else ""
    if row.low is None or row.high is None:
        return ""
    known = [_VARIABLES.get(one, one) for one in (row.variables or "").split(", ")]
    on = known[0] if len(known) == 1 else f"{', '.join(known[:-1])} et {known[-1]}"
    asked = format_number(row.n_expected or 0)
    return (
        f"Redressée pour représenter les {asked} structures attendues (calage sur : {on}), "
        f"la valeur serait de {format_value(row.value, row.unit)} (intervalle à 95 % : "
        f"{format_interval(row.low, row.high, row.unit)}){_cost(row)}."
    )


def _cost(row: CalibratedFigure) -> str:
    """Say what the unequal weights of the calibration lose, by Kish's effective size."""
    worth, known = round(row.n_effective or 0), row.n_respondents or 0
    if not worth:
        return ""
    answers = f"les {format_number(known)} réponses"
    if worth >= _EVEN * known:
        return f" ; les poids du calage sont presque égaux, et {answers} gardent leur précision"
    return f" ; les poids du calage étant inégaux, {answers} n’en valent plus que {format_number(worth)}"
